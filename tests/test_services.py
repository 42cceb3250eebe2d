"""Services of systemd: their states in words, and commands for people."""

import pytest

from pushgateway_lab.services import SYSTEMD, ServiceState


def shown(**properties: str) -> ServiceState:
    """Return the state of a unit with this output of ``systemctl show``."""
    says = {"Id": "a.service", "LoadState": "loaded", "ActiveState": "active", "MainPID": "7"}
    lines = [f"{name}={value}" for name, value in (says | properties).items()]
    return SYSTEMD.states(lines)["a.service"]


@pytest.mark.parametrize(
    ("state", "runs", "is_active", "is_stopped", "has_failed"),
    [
        ("active", True, True, False, False),
        ("activating", False, True, False, False),
        ("reloading", False, True, False, False),
        ("deactivating", False, False, False, False),
        ("inactive", False, False, True, False),
        ("failed", False, False, False, True),
        ("", False, False, False, False),
    ],
)
def test_how_a_service_is(
    state: str, runs: bool, is_active: bool, is_stopped: bool, has_failed: bool
) -> None:
    found = shown(ActiveState=state)
    assert (found.runs, found.is_active, found.is_stopped, found.has_failed) == (
        runs,
        is_active,
        is_stopped,
        has_failed,
    )
    assert found.state == state
    assert found.main_pid == 7


@pytest.mark.parametrize(
    ("load", "file", "exists", "is_masked", "is_enabled", "is_disabled"),
    [
        ("loaded", "enabled", True, False, True, False),
        ("loaded", "enabled-runtime", True, False, False, False),
        ("loaded", "disabled", True, False, False, True),
        ("loaded", "static", True, False, False, False),
        ("masked", "masked", True, True, False, False),
        ("masked", "", True, True, False, False),
        ("loaded", "masked-runtime", True, True, False, False),
        ("not-found", "", False, False, False, False),
        ("", "", False, False, False, False),
    ],
)
def test_whether_it_is_there_and_starts_with_the_host(
    load: str,
    file: str,
    *,
    exists: bool,
    is_masked: bool,
    is_enabled: bool,
    is_disabled: bool,
) -> None:
    found = shown(LoadState=load, UnitFileState=file)
    assert (found.exists, found.is_masked, found.is_enabled, found.is_disabled) == (
        exists,
        is_masked,
        is_enabled,
        is_disabled,
    )


def test_a_service_that_nobody_knows_does_not_exist() -> None:
    unknown = ServiceState("a.service")
    assert not unknown.exists
    assert not unknown.is_active
    assert unknown.is_stopped


def test_its_command_line_and_what_it_can() -> None:
    found = shown(
        ExecStart="{ path=/bin/a ; argv[]=/bin/a --x=1 $ARGS ; ignore_errors=no ; start_time=[n/a] }",
        CanReload="yes",
        NeedDaemonReload="yes",
    )
    assert found.command_line == "/bin/a --x=1 $ARGS"
    assert found.can_reload
    assert found.is_outdated
    plain = shown(ExecStart="", CanReload="no", NeedDaemonReload="no")
    assert not plain.command_line
    assert not plain.can_reload
    assert not plain.is_outdated


def test_several_are_told_apart() -> None:
    lines = ["Id=a.service", "ActiveState=active", "", "Id=b.timer", "ActiveState=failed", "", ""]
    states = SYSTEMD.states(lines)
    assert {name: state.state for name, state in states.items()} == {
        "a.service": "active",
        "b.timer": "failed",
    }
    assert SYSTEMD.states([]) == {}


def test_what_a_person_types() -> None:
    commands = SYSTEMD.service("prometheus.service").commands
    assert commands.reload == "sudo systemctl reload prometheus"
    assert commands.enable_and_start == "sudo systemctl enable --now prometheus"
    assert commands.allow_and_start == (
        "sudo systemctl unmask prometheus && sudo systemctl enable --now prometheus"
    )
    assert commands.log == "sudo journalctl -u prometheus.service -n 20"
    by_signal = SYSTEMD.service("prometheus.service", can_reload=False).commands
    assert by_signal.reload == "sudo systemctl kill -s HUP prometheus"


@pytest.mark.parametrize(
    ("name", "reload"),
    [
        ("-Hattacker.service", "sudo systemctl reload -- -Hattacker"),
        ("a';id;'", """sudo systemctl reload 'a'"'"';id;'"'"''"""),
        ("a.timer", "sudo systemctl reload a.timer"),
    ],
)
def test_a_name_is_never_an_option_or_a_program(name: str, reload: str) -> None:
    assert SYSTEMD.service(name).commands.reload == reload
