"""Both servers as processes of no service, and the check that servers start at boot."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from looks import encoded, look, unit
from pushgateway_lab import installations, prune
from pushgateway_lab.facts import listeners
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.install import preflight
from pushgateway_lab.installations import LonePushgateway, flags
from pushgateway_lab.installations.lone import LonePrometheus
from pushgateway_lab.lab import servers
from pushgateway_lab.lab.results import State
from pushgateway_lab.pushgateway import running
from pushgateway_lab.run.host_error import HostError
from snapshots import BOTH, GATEWAY, PROMETHEUS, argv, listen, seen, settings
from snapshots import flags as flags_text

LONE = (
    f"process prometheus 70 {encoded('0::/user.slice/x.scope')}",
    f"process pushgateway 71 {encoded('0::/user.slice/x.scope')}",
)


def alone(*command: str, lines: Sequence[str] = ()) -> Snapshot:
    """Return the snapshot of a host with both servers as processes of no service."""
    return seen("service_manager systemd", "tool curl", *LONE, argv(*command), *lines)


def test_a_process_of_no_service_is_used_as_it_is() -> None:
    found = alone("./pushgateway", "--log.level", "debug", lines=[flags_text('ARGS="--x"\n')])
    prometheus, own = (
        installations.prometheus(found, settings()),
        installations.pushgateway(found, settings()),
    )
    assert isinstance(prometheus, LonePrometheus)
    assert isinstance(own, LonePushgateway)
    plan = own.plan(found, settings())
    assert list(map(str, plan.flags)) == ["--log.level=debug"]
    # The file of a package that was removed is not changed.
    assert plan.text == 'ARGS="--x"\n'
    assert running.is_done(found, settings())
    assert running.is_done(found, settings(lab_at_boot=True))
    assert not running.is_restart_due(found, settings(pushgateway_admin_api=False))
    assert installations.missing_packages(found, settings()) == []


@pytest.mark.parametrize(
    ("command", "data", "wanted"),
    [
        ("./pushgateway --web.enable-admin-api", {}, None),
        ("./pushgateway", {}, "./pushgateway --web.enable-admin-api"),
        ("./pushgateway --a b", {}, "./pushgateway --a=b --web.enable-admin-api"),
        (
            "./pushgateway --web.listen-address=:1 --web.enable-admin-api --web.listen-address=:2",
            {"pushgateway_listen_address": "127.0.0.1:1"},
            "./pushgateway --web.enable-admin-api --web.listen-address=127.0.0.1:1",
        ),
    ],
)
def test_the_flags_that_a_process_lacks_are_told(
    command: str, data: Mapping[str, Any], wanted: str | None
) -> None:
    found = alone(*command.split())
    own = installations.pushgateway(found, settings(**data))
    assert isinstance(own, LonePushgateway)
    assert own.missing(settings(**data)) == wanted
    told = [each for each in running.notes(found, settings(**data)) if "without auth" not in each]
    assert "is process 71, which no service started, so it is used as it is" in told[0]
    if wanted is None:
        assert told[0].endswith("Any user of the host may have started it.")
    else:
        assert told[0].endswith(f"It should run as: {wanted}")


@pytest.mark.parametrize(
    "address", ["x", "", ":http", "127.0.0.1", ":-1", ":1e3", ":\u0663", "a\x1bb:1", "[::1"]
)
def test_any_address_of_a_process_can_be_read(address: str) -> None:
    found = alone("pushgateway", f"--web.listen-address={address}", lines=[listen("127.0.0.1", 3)])
    preflight.check_pushgateway(found, settings())
    assert running.is_done(found, settings())
    process, *others = reversed(list(running.notes(found, settings())))
    assert "is process 71, which no service started" in process
    assert all("without authentication" in each for each in others)


def test_what_a_person_types_for_a_process() -> None:
    found = alone("./pushgateway", "a b")
    own = installations.pushgateway(found, settings())
    assert own.to_edit_flags() == "kill 71\n./pushgateway 'a b' &"
    assert own.to_edit_flags(flags.Flag("c", "d")) == "kill 71\n./pushgateway 'a b' --c=d &"
    assert own.to_see_flags == "tr '\\0' ' ' </proc/71/cmdline"
    commands = installations.prometheus(found, settings()).service.commands
    assert commands.reload == "sudo kill -HUP 70"
    assert commands.disable_and_stop == "kill 70"
    assert all(each.startswith("# process 70 has no") for each in (commands.start, commands.enable))


def test_a_process_of_no_service_gets_no_password_and_no_prune() -> None:
    url = "http://127.0.0.1:9091"
    socket = (listen("127.0.0.1", 9091, "7"), "pushgateway_socket socket:[7]")
    assert listeners.why_not_there(url, seen(*BOTH, *socket), "pushgateway") is None
    found = alone("pushgateway", lines=socket)
    assert "process 71, which no service started" in str(
        listeners.why_not_there(url, found, "pushgateway")
    )
    with pytest.raises(HostError, match="so the prune cannot be installed"):
        prune.is_done(found, settings(pushgateway_prune_after="1h"))
    assert prune.is_done(found, settings())


# The check of the start at boot


@pytest.mark.parametrize(
    ("lines", "left"),
    [
        (BOTH, []),
        ((*unit(PROMETHEUS), *unit(GATEWAY, enabled="static")), []),
        ((*unit(PROMETHEUS), *unit(GATEWAY, enabled="disabled")), [GATEWAY]),
        ((*unit(PROMETHEUS, enabled="disabled"), *unit(GATEWAY, enabled="disabled")), [PROMETHEUS, GATEWAY]),
        (unit(PROMETHEUS, enabled="disabled"), [PROMETHEUS]),
        (unit(PROMETHEUS, enabled="disabled", load="not-found"), []),
        ((*LONE, argv("pushgateway")), ["process 70", "process 71"]),
    ],
)  # fmt: skip
def test_what_does_not_start_at_boot_is_noted_or_wrong(
    lines: Sequence[str], left: list[str]
) -> None:
    finding = servers.at_boot(look(*lines))
    assert finding.state is State.DONE
    wanted = servers.at_boot(look(*lines, data={"lab_at_boot": True}))
    if not left:
        assert finding.fix is None
        assert wanted == finding
        return
    assert wanted.state is State.WRONG
    assert (wanted.says, wanted.fix) == (finding.says, finding.fix)
    assert all(name in finding.says for name in left)
    assert finding.fix
    assert len(finding.fix.splitlines()) == len(left)
    enable = [f"sudo systemctl enable {name.removesuffix('.service')}" for name in left]
    if "process 70" not in left:
        assert finding.fix.splitlines() == enable
