"""A ``ProxyCommand`` that ends is noticed at once, with what it said. Real processes."""

import time
from collections.abc import Callable, Iterator

import pytest

from pushgateway_lab.run.proxy_command import Command, EndedError


@pytest.fixture
def run() -> Iterator[Callable[[str], Command]]:
    """Return `run(command line)`, with a timeout of 5 s."""
    started: list[Command] = []

    def run(command_line: str) -> Command:
        command = Command(command_line)
        command.settimeout(5)
        started.append(command)
        return command

    yield run
    for command in started:
        command.close()
        with command.process:
            pass


def test_a_command_that_answers(run: Callable[[str], Command]) -> None:
    command = run("exec cat")
    command.send(b"SSH-2.0-x\r\n")
    assert command.recv(64) == b"SSH-2.0-x\r\n"
    assert command.process.stdin is not None
    command.process.stdin.close()
    assert command.recv(64) == b""
    command.process.wait()
    command.close()
    command.close()


def test_a_command_that_says_nothing(run: Callable[[str], Command]) -> None:
    command = run("sleep 60")
    command.settimeout(0.05)
    with pytest.raises(TimeoutError):
        command.recv(64)
    command.close()
    assert command.process.wait() == -15


@pytest.mark.parametrize("wait", [0, 0.2])
def test_a_command_that_ends(run: Callable[[str], Command], wait: float) -> None:
    command = run(f"sh -c 'sleep {wait}; echo refused >&2; sleep 0.1'")
    began = time.monotonic()
    for _ in range(2):
        with pytest.raises(EndedError) as error:
            command.recv(64)
        assert error.value.said == "refused"
    command.process.wait()
    with pytest.raises(EndedError):
        command.send(b"SSH-2.0-x\r\n")
    assert time.monotonic() - began < 2


def test_a_command_whose_child_holds_its_output_open(run: Callable[[str], Command]) -> None:
    command = run("sh -c 'echo refused >&2; exec >&-; exec sleep 60'")
    began = time.monotonic()
    with pytest.raises(EndedError, match="refused"):
        command.recv(64)
    assert time.monotonic() - began < 2
