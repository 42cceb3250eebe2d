"""A hostile host does not hold up its class: it hangs, floods or lies beside a converged host."""

import re
from collections.abc import Callable, Iterator

import pytest

from attackers import Attacker
from expectations import BOOTSTRAP, CONFIG, DEFAULTS, FAST, INSTALLED, prometheus_runs
from labhost import Host, HostSpec, PyinfraCommand
from measuring import Ran, measured

pytestmark = pytest.mark.xdist_group("attacks on the class")

PATIENCE = 60
"""Seconds; a run takes 3 to 11 on two idle cores."""

VERIFY = "deploy/verify.py"
LOADED = {"status": "success", "data": {"yaml": "scrape_configs: []\n"}}


@pytest.fixture(scope="module")
def pair(boot_module_hosts: Callable[..., list[Host]]) -> list[Host]:
    """A host that stays converged, and a host that becomes hostile."""
    hosts = boot_module_hosts(*[HostSpec(packages=INSTALLED)] * 2)
    for host in hosts:
        prometheus_runs(host)
    return hosts


@pytest.fixture
def bad(pair: list[Host]) -> Iterator[Host]:
    host = pair[1]
    before = host.read(CONFIG)
    yield host
    host.run("systemctl stop 'attacker-*'; rm -f /usr/local/bin/* /root/.bashrc", check=False)
    host.write(CONFIG, before)
    host.run("systemctl reset-failed; systemctl restart prometheus prometheus-pushgateway")
    prometheus_runs(host)


@pytest.fixture
def run(pair: list[Host], pyinfra_command: PyinfraCommand) -> Callable[..., Ran]:
    def ran(*arguments: str, **data: object) -> Ran:
        data = {"lab_look_timeout": 15, **data}
        process = pyinfra_command.start(pair, "-y", *arguments, data=data)
        return measured(pyinfra_command, process, PATIENCE)

    return ran


def _unharmed(ran: Ran, pair: list[Host]) -> None:
    """Fail unless the other host has its row, the run ended in time, and its memory stayed small."""
    assert re.search(
        rf"^{pair[0].name} +(not prepared|prepared|configured)", ran.stdout, re.MULTILINE
    ), ran.stdout
    assert f"{pair[1].name} " in ran.stdout
    assert "Traceback" not in ran.stderr, ran.stderr
    assert "Unexpected error" not in ran.stdout + ran.stderr
    assert "mistake" not in ran.stdout + ran.stderr
    assert ran.seconds < PATIENCE
    assert ran.megabytes < 250


@pytest.mark.parametrize(
    "behaviour", ["hang", "drip", "endless", "zeros", "deep", "truncated", "bomb"]
)
@pytest.mark.parametrize("port", [9090, 9091])
def test_a_server_that_does_not_mean_well(
    behaviour: str, port: int, bad: Host, pair: list[Host], run: Callable[..., Ran]
) -> None:
    unit = "prometheus" if port == 9090 else "prometheus-pushgateway"
    bad.run(f"systemctl stop {unit}")
    Attacker(bad).serve(port, behaviour)
    _unharmed(run(VERIFY), pair)


def test_a_prometheus_that_answers_each_question_without_end(
    bad: Host, pair: list[Host], run: Callable[..., Ran]
) -> None:
    """It answers like a Prometheus at first, and all further questions with 20 MB of random labels."""
    bad.run("systemctl stop prometheus prometheus-pushgateway")
    metrics = (
        "prometheus_config_last_reload_successful 1\n"
        "prometheus_config_last_reload_success_timestamp_seconds 1.79e+09\n"
    )
    labels = {f"l{number}": "x" * 90 for number in range(200)}
    groups = [{"labels": {"job": f"j{number}", **labels}} for number in range(1000)]
    attacker = Attacker(bad)
    attacker.serve(
        9090, answers={"/metrics": metrics, "/api/v1/status/config": LOADED, "*": "x" * 20_000_000}
    )
    attacker.serve(9091, answers={"*": {"status": "success", "data": groups}})
    _unharmed(run(VERIFY), pair)


@pytest.mark.parametrize("megabytes", [8, 32])
def test_a_configuration_of_one_endless_line(
    megabytes: int, bad: Host, pair: list[Host], run: Callable[..., Ran]
) -> None:
    bad.run(
        f"{{ printf 'scrape_configs: ['; yes '{{job_name: a}}, ' | tr -d '\\n' | "
        f"head -c {megabytes}000000; }} >{CONFIG}"
    )
    ran = run(VERIFY)
    _unharmed(ran, pair)
    assert "is larger than 2000000 bytes" in ran.stdout
    assert "is larger than 2000000 bytes" in run(BOOTSTRAP, **FAST).stderr


def test_a_configuration_that_is_as_large_and_as_odd_as_it_may_be(
    bad: Host, pair: list[Host], run: Callable[..., Ran]
) -> None:
    bad.run(f"{{ printf 'a: ['; yes 'x,' | tr -d '\\n' | head -c 1990000; printf ']'; }} >{CONFIG}")
    ran = run(VERIFY)
    _unharmed(ran, pair)
    assert "values, and at most 150,000 are read" in ran.stdout


@pytest.mark.parametrize("program", ["systemctl", "find", "base64", "promtool", "journalctl"])
def test_a_program_of_the_host_s_that_hangs(
    program: str, bad: Host, pair: list[Host], run: Callable[..., Ran]
) -> None:
    bad.write(f"/usr/local/bin/{program}", b"#!/bin/sh\nexec sleep 300\n")
    bad.run(f"chmod 755 /usr/local/bin/{program}")
    bad.write(CONFIG, bad.read(CONFIG) + b"\n# so that it is not loaded as it is\n")
    ran = run(VERIFY)
    _unharmed(ran, pair)
    assert bad.run("pgrep -fc 'slee[p] 300'", check=False).stdout == "0\n", "it goes on on the host"


def test_a_budget_ends_the_looking(bad: Host, pair: list[Host], run: Callable[..., Ran]) -> None:
    bad.write("/usr/local/bin/systemctl", b"#!/bin/sh\nexec sleep 300\n")
    bad.run("chmod 755 /usr/local/bin/systemctl")
    ran = run(VERIFY, lab_budget=2, lab_look_timeout=40)
    _unharmed(ran, pair)
    assert "The time limit of this run expired before the host answered" in ran.stdout
    assert ran.seconds < 30


def test_what_a_shell_prints_before_is_not_the_answer(
    bad: Host, pair: list[Host], run: Callable[..., Ran]
) -> None:
    """Noise in the form of an answer, without a newline at its end, and noise on standard error."""
    bad.write(
        "/root/.bashrc",
        b"printf 'snapshot 2\\nuid 1000\\nuser nobody\\nend\\nresult taken\\nHTTP/1.1 500'; echo noise >&2\n",
    )
    ran = run(VERIFY)
    _unharmed(ran, pair)
    assert "not looked at" not in ran.stdout
    bad.run(f"sed -i 's/^ARGS=.*/ARGS=\"\"/' {DEFAULTS}")
    changed = run(BOOTSTRAP, **FAST)
    assert "Proven: pushed" in changed.stderr, changed.stderr
    assert f"[{bad.name}] failed" not in changed.stderr


def test_the_login_user_s_curlrc_is_not_read(
    bad: Host, pair: list[Host], run: Callable[..., Ran]
) -> None:
    assert run(BOOTSTRAP, **FAST).stdout == ""
    bad.write("/root/.curlrc", b"include\nproxy = http://127.0.0.1:9\nmax-time = 0.001\n")
    ran = run(VERIFY)
    bad.run("rm /root/.curlrc")
    _unharmed(ran, pair)
    assert re.search(rf"^{bad.name} +configured +done +done", ran.stdout, re.MULTILINE), ran.stdout
