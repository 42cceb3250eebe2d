"""Both servers in somebody's units, with their flags in the unit or in a file of their own."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from looks import encoded, unit
from pushgateway_lab import installations
from pushgateway_lab.facts.found import UnitFile
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.installations import exec_start, flags
from pushgateway_lab.installations.unit import UnitPrometheus, UnitPushgateway
from pushgateway_lab.installations.variable import VariablePrometheus, VariablePushgateway
from pushgateway_lab.pushgateway import running
from pushgateway_lab.run.host_error import HostError
from snapshots import GATEWAY, PROMETHEUS, argv, listen, seen, settings
from snapshots import flags as flags_text

UNIT = f"/etc/systemd/system/{GATEWAY}"
DROP_IN = f"{UNIT}.d/pushgateway-lab.conf"
DEFAULTS = "--web.listen-address=127.0.0.1:9091 --web.enable-admin-api"
CONNECTED = (
    listen("0.0.0.0", 9091, "7"),
    "pushgateway_socket socket:[7]",
    "port_in_use 2383",
)
"""Lines of a Pushgateway to which another host has a connection."""


def shown(name: str, command: str, *properties: str) -> list[str]:
    """Return lines of a service with this command, as systemctl shows it."""
    lines = [line for line in unit(name) if not line.startswith("service ExecStart")]
    value = f"{{ path=/x ; argv[]={command} ; ignore_errors=no ; pid=7 }}"
    return [*lines[:-1], f"service ExecStart={value}", *(f"service {each}" for each in properties), "service "]  # fmt: skip


def in_unit(*lines: str, shows: str | None = None, drop_in: str | None = None) -> list[str]:
    """Return lines of a Pushgateway in somebody's unit with these lines.

    + shows: its command, as systemctl shows it
    + drop_in: the text of the toolkit's drop-in
    """
    command = shows or lines[-1].partition("=")[2]
    return [
        *shown(GATEWAY, command),
        f"flags_file {DROP_IN}",
        unit_file(UNIT, *lines),
        *([flags_text(drop_in), f"unit_file {encoded(DROP_IN)} {encoded(drop_in)}"] if drop_in else []),
    ]  # fmt: skip


def unit_file(path: str, *lines: str) -> str:
    """Return the line of a file that defines the unit."""
    return f"unit_file {encoded(path)} {encoded(chr(10).join(['[Service]', *lines, '']))}"


def command_in(text: str) -> str:
    """Return the command in the text of a drop-in; empty if there is no text."""
    if not text:
        return ""
    before, _, command = text.rpartition("\nExecStart=")
    assert before.endswith("[Service]\nExecStart=")
    assert GATEWAY in text
    return command.removesuffix("\n")


def planned(*lines: str, **data: Any) -> str:
    """Return the command in the drop-in that a host gets; empty if it needs none."""
    found = seen(*lines)
    plan = installations.plan(found, settings(**data))
    command = command_in(plan.text)
    # What runs with this plan has its flags: nothing restarts it again.
    own_files = [each for each in found.unit_files if each.path != DROP_IN]
    files = [*own_files, UnitFile(DROP_IN, plan.text)]
    own = exec_start.exec_start(files) or ""
    assert flags.same(exec_start.flags_of(own, files), plan.flags)
    return command


# In a unit


@pytest.mark.parametrize(
    ("command", "data", "wanted"),
    [
        (f"/bin/pushgateway {DEFAULTS}", {}, ""),
        ("/bin/pushgateway", {}, f"/bin/pushgateway {DEFAULTS}"),
        (
            '/bin/pushgateway --persistence.file="/var/lib/x" --web.listen-address=":9091"',
            {},
            '/bin/pushgateway --persistence.file="/var/lib/x" --web.listen-address=":9091" --web.enable-admin-api',
        ),
        # An explicit setting replaces a flag; a default does not.
        (
            "/bin/pushgateway --web.listen-address=:9092 --web.enable-admin-api",
            {},
            "",
        ),
        (
            "/bin/pushgateway --web.listen-address=:9092 --web.enable-admin-api",
            {"pushgateway_listen_address": "127.0.0.1:9091"},
            "/bin/pushgateway --web.enable-admin-api --web.listen-address=127.0.0.1:9091",
        ),
        (
            f"/bin/pushgateway {DEFAULTS}",
            {"pushgateway_admin_api": False},
            "/bin/pushgateway --web.listen-address=127.0.0.1:9091 --no-web.enable-admin-api",
        ),
        # A repeated address is kept, unless it was set.
        ("/bin/pushgateway --web.listen-address=:1 --web.listen-address=:2 --web.enable-admin-api", {}, ""),
        (
            "/bin/pushgateway --web.listen-address=127.0.0.1:1 --web.listen-address=:2 --web.enable-admin-api",
            {"pushgateway_listen_address": "127.0.0.1:1"},
            "/bin/pushgateway --web.enable-admin-api --web.listen-address=127.0.0.1:1",
        ),
    ],
)  # fmt: skip
def test_a_unit_gets_a_drop_in_if_it_needs_one(
    command: str, data: Mapping[str, Any], wanted: str
) -> None:
    assert planned(*in_unit(f"ExecStart={command}"), **data) == wanted
    # A drop-in that is no longer right is written anew, from the unit's own command; without need, it goes.
    old = f"# old\n[Service]\nExecStart=\nExecStart=/bin/old {DEFAULTS}\n"
    assert planned(*in_unit(f"ExecStart={command}", drop_in=old), **data) == wanted


def test_the_drop_in_follows_the_unit() -> None:
    first = installations.plan(seen(*in_unit("ExecStart=/bin/pushgateway")), settings())
    same = in_unit("ExecStart=/bin/pushgateway", drop_in=first.text)
    assert installations.plan(seen(*same), settings()) == first
    other = in_unit("ExecStart=/opt/pushgateway --log.level=debug", drop_in=first.text)
    assert planned(*other) == f"/opt/pushgateway --log.level=debug {DEFAULTS}"


def test_an_address_that_other_hosts_use_is_kept() -> None:
    own = "ExecStart=/bin/pushgateway"
    assert planned(*in_unit(own)) == f"/bin/pushgateway {DEFAULTS}"
    kept = installations.plan(seen(*in_unit(own), *CONNECTED), settings()).text
    assert command_in(kept) == "/bin/pushgateway --web.enable-admin-api"
    # It stays kept without a connection, as long as the drop-in is there; not against a setting.
    later = in_unit(own, drop_in=kept)
    assert planned(*later) == "/bin/pushgateway --web.enable-admin-api"
    given = {"pushgateway_listen_address": "127.0.0.1:9091"}
    assert planned(*later, **given) == f"/bin/pushgateway {DEFAULTS}"
    # A drop-in with the address is no reason to keep another one.
    first = installations.plan(seen(*in_unit(own)), settings()).text
    assert planned(*in_unit(own, drop_in=first)) == f"/bin/pushgateway {DEFAULTS}"


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (["User=x"], "has no ExecStart"),
        (["ExecStart=/bin/pushgateway 'x"], "the quotes in the command"),
        (["ExecStart=/bin/pushgateway --web.external-url=http://%H/"], "has a specifier"),
        (["EnvironmentFile=/etc/x", "ExecStart=/bin/pushgateway ${X}"], "may be in an EnvironmentFile"),
    ],
)  # fmt: skip
def test_a_unit_whose_flags_are_unknown_is_refused(lines: Sequence[str], says: str) -> None:
    with pytest.raises(HostError, match=says) as error:
        installations.plan(seen(*in_unit(*lines, shows="/bin/x")), settings())
    assert GATEWAY in str(error.value)


def test_a_unit_whose_flags_are_unknown_is_right_if_its_process_has_them() -> None:
    lines = in_unit("ExecStart=/bin/pushgateway --web.external-url=http://%H/ $X", shows="/bin/x")
    runs = argv("pushgateway", "--web.external-url=http://vm/", *DEFAULTS.split())
    found = seen(*lines, runs)
    plan = installations.plan(found, settings())
    assert plan.text == ""
    assert running.is_done(found, settings())
    with pytest.raises(HostError, match="has a specifier"):
        installations.plan(seen(*lines, argv("pushgateway", "--web.external-url=http://vm/")), settings())  # fmt: skip
    with pytest.raises(HostError, match="has a specifier"):
        installations.plan(found, settings(pushgateway_admin_api=False))


def test_a_new_flag_that_systemd_would_interpret_is_refused() -> None:
    given = settings(pushgateway_extra_flags={"log.format": "%h"})
    with pytest.raises(HostError, match="a character that systemd interprets"):
        installations.plan(seen(*in_unit("ExecStart=/bin/pushgateway")), given)


def test_what_a_person_types_for_a_unit() -> None:
    own = installations.pushgateway(seen(*in_unit("ExecStart=/bin/pushgateway")), settings())
    assert isinstance(own, UnitPushgateway)
    assert own.is_drop_in
    assert not own.is_enabled_by_us
    assert own.flags_file == DROP_IN
    assert own.flags_place == f"ExecStart in {UNIT}"
    restart = "sudo systemctl daemon-reload && sudo systemctl restart prometheus-pushgateway"
    assert own.to_edit_flags() == f"sudoedit {UNIT}\n{restart}"
    example = flags.Flag("a", "b")
    assert own.to_edit_flags(example) == f"sudoedit {UNIT}   # ExecStart=... --a=b\n{restart}"
    assert own.to_see_flags == f"systemctl cat prometheus-pushgateway\n{restart}"
    # The last file that has a command.
    further = unit_file(f"{UNIT}.d/my own.conf", "ExecStart=", "ExecStart=/b")
    user = unit_file(f"{UNIT}.d/user.conf", "User=x")
    lines = (*in_unit("ExecStart=/bin/pushgateway"), further, user)
    own = installations.pushgateway(seen(*lines), settings())
    assert own.flags_place == f"ExecStart in {UNIT}.d/my own.conf"
    assert own.to_edit_flags().startswith(f"sudoedit '{UNIT}.d/my own.conf'\n")


def test_a_prometheus_in_a_unit() -> None:
    lines = shown(PROMETHEUS, "/bin/prometheus --x", "FragmentPath=/etc/x", "User=u", "Group=")
    own = installations.prometheus(seen(*lines), settings())
    assert isinstance(own, UnitPrometheus)
    assert own.group == "u"
    assert own.flags_place == "ExecStart in /etc/x"
    assert own.service.commands.reload == "sudo systemctl reload prometheus"
    assert own.to_restore_config is None
    packaged = seen(*shown(PROMETHEUS, "/usr/bin/prometheus $ARGS"))
    assert isinstance(installations.prometheus(packaged, settings()), VariablePrometheus)
    no_reload = [line.replace("CanReload=yes", "CanReload=no") for line in lines]
    own = installations.prometheus(seen(*no_reload), settings())
    assert own.service.commands.reload == "sudo systemctl kill -s HUP prometheus"


# In a file with a variable


def in_file(command: str, text: str | None) -> Snapshot:
    """Return the snapshot of a Pushgateway with this command and this EnvironmentFile."""
    lines = [*shown(GATEWAY, command), "flags_file /etc/default/pushgateway"]
    return seen(*lines, *([] if text is None else [flags_text(text)]))


@pytest.mark.parametrize(
    ("command", "text", "wanted", "runs"),
    [
        ("/bin/p $OPTS", None, f'OPTS="{DEFAULTS}"\n', DEFAULTS),
        ("/bin/p $OPTS", "# ours\nARGS=--x\nOPTS=--y\n", f'# ours\nARGS=--x\nOPTS="--y {DEFAULTS}"\n', f"--y {DEFAULTS}"),
        ("/bin/p --web.listen-address=:9091 $OPTS --b", 'OPTS="--c"\n', 'OPTS="--c --web.enable-admin-api"\n',
         "--web.listen-address=:9091 --c --web.enable-admin-api --b"),
        (f"/bin/p {DEFAULTS} $OPTS", 'OPTS=""\n', 'OPTS=""\n', DEFAULTS),
        (f"/bin/p {DEFAULTS} $OPTS", None, "", DEFAULTS),
        # Further variables.
        ("/bin/p --web.listen-address=${ADDR} $OPTS", "ADDR=:9092\nOPTS=\n",
         'ADDR=:9092\nOPTS="--web.enable-admin-api"\n', "--web.listen-address=:9092 --web.enable-admin-api"),
        ("/bin/p $OPTS $MORE", 'OPTS=\nMORE="--a --b"\n', f'OPTS="{DEFAULTS}"\nMORE="--a --b"\n', f"--a --b {DEFAULTS}"),
        # A flag that is both beside the variable and in it.
        ("/bin/p --a=1 $OPTS", f'OPTS="--a=1 {DEFAULTS}"\n', f'OPTS="--a=1 {DEFAULTS}"\n', f"--a=1 --a=1 {DEFAULTS}"),
    ],
)  # fmt: skip
def test_a_variable_gets_what_is_not_beside_it(
    command: str, text: str | None, wanted: str, runs: str
) -> None:
    found = in_file(command, text)
    own = installations.pushgateway(found, settings())
    assert isinstance(own, VariablePushgateway)
    assert own.flags_place == "OPTS in /etc/default/pushgateway"
    assert not own.is_enabled_by_us
    plan = own.plan(found, settings())
    assert plan.text == wanted
    assert flags.same(plan.flags, flags.parse_flags(runs.split()))
    again = in_file(command, plan.text or None)
    assert own.plan(again, settings()).text == plan.text
    assert flags.same(own.plan(again, settings()).flags, plan.flags)


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ("/bin/p --web.listen-address=:9091 $OPTS", ""),
        ("/bin/p --web.listen-address=${ADDR} $OPTS", "ADDR=:9091\n"),
        ("/bin/p $OPTS $ADDR", "ADDR=--web.listen-address=:9091\n"),
    ],
)
def test_a_flag_beside_the_variable_is_not_replaced(command: str, text: str) -> None:
    given = settings(pushgateway_listen_address="127.0.0.1:9091")
    with pytest.raises(HostError, match=r"with --web\.listen-address=:9091, which is not in OPTS"):
        installations.plan(in_file(command, text), given)


def test_a_variable_in_braces_is_one_word_so_flags_are_not_written_there() -> None:
    found = in_file("/bin/p ${OPTS}", "OPTS=--a\n")
    assert not isinstance(installations.pushgateway(found, settings()), VariablePushgateway)


def test_a_variable_that_cannot_be_read_is_refused() -> None:
    for text in ("OPTS='--a\n", "OPTS=\nMORE='--a\n"):
        with pytest.raises(HostError, match=r"/etc/default/pushgateway: line [12]: the quotes of"):
            installations.plan(in_file("/bin/p $OPTS $MORE", text), settings())
