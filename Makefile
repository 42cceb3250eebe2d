# make help lists the commands.

PYTHON ?= python3
SMOKE ?= auto
WORKERS ?= 4
SHELL_FILES := $(wildcard files/*.sh tests/labhost/*.sh tests/labhost/recipe/*.sh) .ci/run
LABHOST := PYTHONPATH=tests .venv/bin/python -m labhost
BOOTSTRAP := .venv/bin/pyinfra -y "$$($(LABHOST) status inventory)" deploy/bootstrap.py

.PHONY: help
help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup: .venv/locked ## create .venv with the dependencies locked in requirements.txt

.venv/locked: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) -V). Try: make setup PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "$(PYTHON) cannot make virtual environments. On Debian or Ubuntu: apt-get install python3-venv"; exit 1; }
	@test ! -L .venv || { echo ".venv is a link: remove it, or make setup where it points to"; exit 1; }
	$(PYTHON) -m venv --clear .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@.venv/bin/python -m compileall -q deploy # pyinfra itself writes no byte code
	@touch $@

.PHONY: lab
lab: lab-packages .venv/locked ## boot a disposable lab host on this machine and bootstrap it (needs root)
	@$(LABHOST) up >/dev/null
	$(BOOTSTRAP) --data pushgateway_smoke=$(SMOKE)
	@ssh="$$($(LABHOST) status ssh 2>/dev/null)"; \
	echo; echo "Look around:    $$ssh"; \
	set -- $$(od -An -tu1 -N5 /dev/urandom); here=127.$$1.$$2.$$3; port=$$((20000 + ($$4 * 256 + $$5) % 10000)); \
	echo "Its web pages:  $$ssh -N -L $$here:$$port:localhost:9090 -L $$here:$$((port + 1)):localhost:9091"; \
	echo "                then http://$$here:$$port (Prometheus), http://$$here:$$((port + 1)) (Pushgateway)."; \
	echo "                This address is random: a web page in your browser could push to localhost:9091."; \
	echo "Use it:         .venv/bin/pyinfra -y $$($(LABHOST) status inventory) deploy/verify.py (or another deploy)"; \
	echo "Prove it again: make lab SMOKE=always"; \
	echo "Take it down:   make lab-down"

.PHONY: lab-down
lab-down: ## remove that lab host
	@if [ -x .venv/bin/python ]; then $(LABHOST) down; else echo "no lab host is up"; fi

.PHONY: lab-packages
lab-packages:
	@sh tests/labhost/debian-packages.sh lab

.PHONY: test-packages
test-packages:
	@sh tests/labhost/debian-packages.sh test

.PHONY: test
test: test-packages .venv/locked lint unit hosts ## run all checks and all tests, on real hosts, too (needs root)

.PHONY: docs
docs: .venv/locked ## write docs/settings.md from the code
	.venv/bin/python -m pushgateway_lab.settings.page >docs/settings.md

.PHONY: lint
lint: .venv/locked ## check format, lint, types, imports, shell files, known vulnerabilities of dependencies
	.venv/bin/ruff format --check --quiet .
	.venv/bin/ruff check --quiet .
	.venv/bin/mypy
	.venv/bin/lint-imports --no-logo --no-cache
	.venv/bin/deptry --no-ansi deploy
	.venv/bin/deptry --no-ansi --ignore DEP004 deploy tests benchmarks # these may import the dev group
	.venv/bin/bandit --quiet -c pyproject.toml -r deploy inventories benchmarks tests config.py
	.venv/bin/python tests/lock_audit.py requirements.txt
	@command -v shellcheck >/dev/null || { echo "shellcheck is missing. On Debian or Ubuntu: apt-get install shellcheck"; exit 1; }
	shellcheck $(SHELL_FILES)

.PHONY: unit
unit: .venv/locked ## run the tests that need no host
	.venv/bin/pytest -q -n 2 -m "not hosts"

.PHONY: hosts
hosts: .venv/locked ## run the tests on real hosts (needs root); those that fail once more, one at a time
	.venv/bin/pytest -q -n $(WORKERS) --dist loadgroup --durations 30 -m hosts || { \
	    [ $$? -eq 1 ] || exit 2; \
	    echo "Those that failed run once more, one at a time: a fault fails again, a busy machine does not."; \
	    .venv/bin/pytest --last-failed --last-failed-no-failures none --maxfail 1 -m hosts; }

.PHONY: mutations
mutations: .venv/locked ## make 90 small mistakes in the pure modules: which do the tests without hosts not notice?
	.venv/bin/python benchmarks/mutations.py $(ARGS)

.PHONY: faults
faults: test-packages .venv/locked ## run the long fault tests on real hosts: kill a transaction 50 times, and more (needs root)
	FAULT_ROUNDS=50 .venv/bin/pytest -q -n $(WORKERS) tests/test_transaction_faults.py

.PHONY: bench
bench: test-packages .venv/locked benchmarks/.venv/made ## compare the speed with bare pyinfra, stock operations and Ansible (needs root)
	PYTHONPATH=tests .venv/bin/python benchmarks/fleet.py $(ARGS)

benchmarks/.venv/made: benchmarks/rivals/requirements.txt
	$(PYTHON) -m venv --clear benchmarks/.venv
	benchmarks/.venv/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

.PHONY: format
format: .venv/locked ## format the code
	.venv/bin/ruff check --fix --quiet .
	.venv/bin/ruff format --quiet .

.PHONY: lock
lock: ## update and lock all dependencies (needs uv)
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --upgrade \
		--generate-hashes --no-emit-index-url --no-annotate \
		--custom-compile-command "make lock" -o requirements.txt
