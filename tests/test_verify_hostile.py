"""verify on hosts with a hostile user: a link to a secret, labels of megabytes, odd flags."""

import json
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from attackers import Attacker
from expectations import CONFIG, DEFAULTS, INSTALLED, PREPARE, VERIFY, prometheus_runs, rows
from labhost import Host, PyinfraResult
from waiting import wait_for_port, wait_on_host

Run = Callable[..., PyinfraResult]

pytestmark = pytest.mark.lab_host(packages=INSTALLED)

SHADOW = "root:$6$S3cr3tSalt$H4shH4sh.x/y:19000:0:99999:7:::\nstudent:$y$j9T$S3cr3t$z:1:0:9:7:::\n"
PIECES = ("S3c", "H4s", "$6$", "19000", "99999", "j9T")
TOLD = "lab_quote_files=True"


def all_of(directory: Path) -> str:
    return "".join(file.read_text() for file in directory.iterdir() if file.is_file())


def test_a_link_to_a_secret_shows_nothing_of_it(
    module_host: Host, run_pyinfra: Run, tmp_path: Path
) -> None:
    host = module_host
    prometheus_runs(host)
    host.write("/srv/secret", SHADOW.encode())
    host.run(f"chgrp prometheus /srv/secret; chmod 0640 /srv/secret; cp -a {CONFIG} /srv/kept")
    for times, reload in ((1, "reload"), (2, "restart")):
        host.run(f"ln -sf /srv/secret {CONFIG}; systemctl {reload} prometheus", check=False)
        complaints = "journalctl -u prometheus -o cat | grep -c 'type config.plain'"
        wait_on_host(host, f"[ $({complaints}) -ge {times} ]")
        result = run_pyinfra(host, "-y", VERIFY, "--data", f"report={tmp_path}")
        told = all_of(tmp_path)
        assert "Traceback" not in result.output
        assert not [piece for piece in PIECES if piece in result.output + told]
        finding = json.dumps(rows(tmp_path)[host.name])
        assert "field \\u2026 not found in type config.plain" in finding
        assert "line 2: field" in finding
        assert TOLD in finding

    asked = run_pyinfra(host, "-y", VERIFY, "--data", f"report={tmp_path}", "--data", TOLD)
    assert "S3cr3tSalt" in all_of(tmp_path)
    assert TOLD not in asked.stdout

    host.run(f"rm {CONFIG}; cp -a /srv/kept {CONFIG}; systemctl reset-failed prometheus")
    host.run("systemctl restart prometheus")
    prometheus_runs(host)


def test_what_a_local_user_pushes_is_told_shortly(
    module_host: Host, run_pyinfra: Run, tmp_path: Path
) -> None:
    host, attacker = module_host, Attacker(module_host)
    assert run_pyinfra(host, "-y", PREPARE).returncode == 0
    began = "$(cat /var/lib/pushgateway-lab/course-began)"
    wait_on_host(host, f'[ "$(date +%s)" -gt "{began}" ]')
    body = f'prometheus_training_labs_completed_total{{x="{"A" * 1_000_000}"}} 4\n'
    host.write("/srv/body", body.encode())
    odd = "x';touch%20%2Ftmp%2Fpwned;'%0A%1B]52;c;x%07"
    for to in ("prometheus_training", odd):
        attacker.run(
            f"curl -sf --globoff --data-binary @/srv/body {shlex.quote(f'localhost:9091/metrics/job/{to}')}"
        )
    result = run_pyinfra(host, "-y", VERIFY, "--data", f"report={tmp_path}")
    assert len(result.stdout) < 20_000
    assert len(all_of(tmp_path)) < 200_000
    found = [check for task in rows(tmp_path)[host.name]["tasks"] for check in task["checks"]]
    pushed = next(check for check in found if check["name"] == "labs_completed_pushed")
    assert pushed["state"] == "wrong"
    assert "more characters" in pushed["says"]
    fixes = [check["fix"] for check in found if check["fix"]]
    assert any("metrics/job/" in fix for fix in fixes)
    for fix in fixes:
        host.run(f"curl() {{ :; }}; sudo() {{ :; }}; sudoedit() {{ :; }}; {fix}")
    assert host.run("ls /tmp").stdout.count("pwned") == 0
    for number in range(6):
        attacker.run(f"curl -sf --data-binary @/srv/body localhost:9091/metrics/job/j{number}")
    too_much = run_pyinfra(host, "-y", VERIFY)
    assert ": the answers have more than 6000000 bytes" in too_much.stdout
    assert len(too_much.stdout) < 20_000
    host.run("curl -sf -X PUT localhost:9091/api/v1/admin/wipe")


def test_a_fix_holds_a_route_prefix_as_it_is(
    module_host: Host, run_pyinfra: Run, tmp_path: Path
) -> None:
    """A trainee may choose any flag; the command to copy must not run anything else."""
    host = module_host
    host.run(f"sed -i 's|ARGS=\"|&--web.route-prefix=/x;touch$IFS/tmp/pwned; |' {DEFAULTS}")
    host.run("systemctl restart prometheus-pushgateway")
    wait_for_port(host, 9091)
    run_pyinfra(host, "-y", VERIFY, "--data", f"report={tmp_path}")
    found = [check for task in rows(tmp_path)[host.name]["tasks"] for check in task["checks"]]
    fixes = [check["fix"] for check in found if "/x;touch" in (check["fix"] or "")]
    for fix in fixes:
        host.run(f"curl() {{ :; }}; {fix}")
    assert fixes
    assert host.run("ls /tmp").stdout.count("pwned") == 0
