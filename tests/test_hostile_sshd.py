"""Hostile SSH servers do not hold up a class: each is in one run with a converged host."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

import paramiko
import pytest

from attackers import hostile_host, hostile_sshd
from expectations import INSTALLED, VERIFY
from labhost import Host, PyinfraCommand
from measuring import Ran, measured

pytestmark = [pytest.mark.lab_host(packages=INSTALLED), pytest.mark.xdist_group("hostile sshd")]

_PATIENCE = 30

# Behaviour -> words of the toolkit's message.
BEFORE_LOGIN = {
    "silent": "Not reached: it accepted the connection, but sent no SSH banner within ",
    "drip": "Not reached: it accepted the connection, but sent no SSH banner within ",
    "lines": "Not reached: it accepted the connection, but sent no SSH banner within ",
    "endless": "Not reached: it sent over 65536 bytes before the login",
    "version": "Not reached: it sent an SSH banner, but did not finish the key exchange within ",
    "kex": "Not reached: it sent an SSH banner, but did not finish the key exchange within ",
    "chatter": "Not reached: it sent over 65536 bytes before the login",
    "login": "Not reached: it exchanged keys, but did not answer the authentication within ",
}
AFTER_LOGIN = {
    "channel": "It connected, but did not answer within 6",
    "exec": "It connected, but did not answer within 6",
    "unended": "It connected, but did not answer within 6",
    "flood": "it sent more than 12 MB, or 100000 lines, and was cut off",
    "packet": "The connection broke: ",
}


@pytest.fixture
def verify(
    module_host: Host, pyinfra_command: PyinfraCommand, tmp_path: Path
) -> Iterator[Callable[[Iterable[str]], Ran]]:
    """Return `verify(behaviours)`: one run with the good host and a hostile host for each behaviour."""
    with ExitStack() as stack:

        def run(behaviours: Iterable[str]) -> Ran:
            hosts = [
                hostile_host(
                    each,
                    stack.enter_context(hostile_sshd(each)),
                    tmp_path / each,
                    module_host.ssh_key,
                )
                for each in behaviours
            ]
            process = pyinfra_command.start(
                [module_host, *hosts], "-y", VERIFY, data={"lab_look_timeout": 6}
            )
            return measured(pyinfra_command, process, _PATIENCE)

        yield run


@pytest.mark.parametrize("said", [BEFORE_LOGIN, AFTER_LOGIN], ids=["before login", "after login"])
def test_servers_that_hang_or_flood_hold_up_nobody(
    module_host: Host, verify: Callable[[Iterable[str]], Ran], said: dict[str, str]
) -> None:
    ran = verify(said)
    # The good host has its row, and each hostile host has its error.
    assert re.search(rf"^{module_host.name} +(not )?prepared", ran.stdout, re.MULTILINE), ran.stdout
    for behaviour, words in said.items():
        assert re.search(rf"^{behaviour} +not looked at ", ran.stdout, re.MULTILINE), behaviour
        assert re.search(rf"\[{behaviour}\] +.*{re.escape(words)}", ran.stderr), ran.stderr
    assert "Traceback" not in ran.stderr
    # 5 to 9 s on two idle cores.
    assert ran.seconds < _PATIENCE
    assert ran.megabytes < 250


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [("silent", "sent no SSH banner"), ("exec", "did not answer within 1 s (the look)")],
)
def test_who_uses_pyinfra_as_a_library_without_gevents_patches(
    tmp_path: Path, behaviour: str, said: str
) -> None:
    key = tmp_path / "key"
    paramiko.ECDSAKey.generate().write_private_key_file(str(key))
    with hostile_sshd(behaviour) as port:
        data = hostile_host("hostile", port, tmp_path / "hostile", key).pyinfra_data()
        script = f"""
from pyinfra.api import Config, Inventory, State
from pyinfra.api.connect import connect_all
from pyinfra.context import ctx_state
from pushgateway_lab.run import patches
from pushgateway_lab.run import shell
patches.apply()
state = State(Inventory(([("hostile", {data!r})], {{}})), Config(CONNECT_TIMEOUT=2))
with ctx_state.use(state):
    host = state.inventory.get_host("hostile")
    host.connect(raise_exceptions=True)
    shell.run(host, "true", deadline=1, what="the look")
"""
        done = subprocess.run(
            [sys.executable, "-c", script],
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1] / "deploy")},
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
    # Not the last line: gevent may print more while the process ends.
    ends = [line for line in done.stderr.splitlines() if re.match(r"[a-z_.]+\.\w+Error: ", line)]
    assert any(said in line for line in ends), done.stderr
