"""Sudo in any language: when a password is asked for, and what is said when sudo refuses. No host."""

import sys
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pyinfra.connectors import util
from pyinfra.connectors.util import CommandOutput, OutputLine

from pushgateway_lab.run import sudo

GERMAN = "sudo: Ein Passwort ist notwendig"
ENGLISH = "sudo: a password is required"


def output(*lines: str) -> CommandOutput:
    return CommandOutput([OutputLine("stderr", line) for line in lines])


class Remote:
    """A host that answers a question in English, and records whether it was asked."""

    def __init__(self, answer: str = ENGLISH, **data: Any) -> None:
        self.connector_data: dict[str, Any] = {}
        self.print_prefix = "[vm] "
        self.data = data
        self.asked: list[str] = []
        self._answer = answer

    def run_shell_command(self, command: object) -> tuple[bool, CommandOutput]:
        """Answer as pyinfra's host does."""
        self.asked.append(str(command))
        return False, output(self._answer)


def run(
    monkeypatch: pytest.MonkeyPatch,
    host: Remote,
    *said: str,
    given: Mapping[str, Any] | None = None,
    terminal: bool = True,
) -> list[str]:
    """Run a command that fails with `said` until there is a password; return what happened."""
    happened: list[str] = []

    def execute() -> tuple[int, CommandOutput]:
        happened.append("run")
        return (0, output()) if host.connector_data else (1, output(*said))

    def getpass(prompt: str) -> str:
        happened.append(prompt)
        return "secret"

    monkeypatch.setattr(util, "getpass", getpass)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: terminal))
    sudo.bound(lambda: None)(cast(Any, host), given or {"_sudo": True}, execute)
    return happened


@pytest.mark.parametrize("said", [(GERMAN,), ("sudo: unable to resolve host", GERMAN), (ENGLISH,)])
def test_the_password_is_asked_for_in_any_language(
    monkeypatch: pytest.MonkeyPatch, said: tuple[str, ...]
) -> None:
    host = Remote()
    assert run(monkeypatch, host, *said) == ["run", "[vm] sudo password: ", "run"]
    assert host.connector_data == {"prompted_sudo_password": "secret"}
    assert host.asked == ["LC_ALL=C sudo -H -n sh -c true"]


def test_sudo_is_asked_about_the_same_user(monkeypatch: pytest.MonkeyPatch) -> None:
    host = Remote()
    run(monkeypatch, host, GERMAN, given={"_sudo": True, "_sudo_user": "a b"})
    assert host.asked == ["LC_ALL=C sudo -H -n -u 'a b' sh -c true"]


@pytest.mark.parametrize(
    ("said", "answer", "given", "terminal"),
    [
        (GERMAN, "sudo: unknown user x", {"_sudo": True}, True),
        (GERMAN, ENGLISH, {}, True),
        (GERMAN, ENGLISH, {"_sudo": True, "_sudo_password": "x"}, True),
        ("E: no space", ENGLISH, {"_sudo": True}, True),
        (GERMAN, ENGLISH, {"_sudo": True}, False),
    ],
)
def test_nothing_is_asked_where_it_would_not_help(
    monkeypatch: pytest.MonkeyPatch,
    said: str,
    answer: str,
    given: dict[str, Any],
    *,
    terminal: bool,
) -> None:
    assert run(monkeypatch, Remote(answer), said, given=given or {"a": 1}, terminal=terminal) == [
        "run"
    ]


@pytest.mark.parametrize(
    ("given", "said", "says"),
    [
        (
            {"_sudo": True, "_sudo_password": "x"},
            "Sorry, try again.",
            "The sudo password of trainer is wrong on this host. sudo says: Sorry, try again.",
        ),
        (
            {"_sudo": True, "_sudo_password": "x"},
            "Das hat nicht funktioniert, bitte nochmal probieren.",
            "sudo did not start a command: the password of trainer may be wrong, or this user may not",
        ),
        ({"_sudo": True}, GERMAN, f"sudo did not start a command. It says: {GERMAN}"),
        ({"_sudo": True}, "This account is not available.", None),
        (
            {"_su_user": "root"},
            "su: Authentication failure",
            "su did not start a command as root. It",
        ),
        ({}, ENGLISH, None),
    ],
)
def test_what_is_said_when_a_command_did_not_start(
    given: dict[str, Any], said: str, says: str | None
) -> None:
    host: Any = Remote(ssh_user="trainer")
    found = sudo.refusal(host, given, output(said))
    assert (found is None) is (says is None)
    assert (found or "").startswith(says or "")
