"""The Pushgateway as a service: its flags, and that it runs with them.

Its package comes from `pushgateway_lab.install.packages`, its groups are reached by `pushgateway_lab.http.api`.
"""

import time
from collections.abc import Iterator
from functools import partial
from ipaddress import ip_address
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from pyinfra import context
from pyinfra.api.command import PyinfraCommand, StringCommand
from pyinfra.api.host import Host
from pyinfra.api.operation import operation
from pyinfra.context import ctx_host

from pushgateway_lab.host import transaction as config_file
from pushgateway_lab.host.looking import forget, look, look_again, look_within
from pushgateway_lab.host.snapshot import PUSHGATEWAY_UNIT, Snapshot
from pushgateway_lab.install.packages import HOLD
from pushgateway_lab.pushgateway import flags
from pushgateway_lab.pushgateway.flags import Flag, FlagError
from pushgateway_lab.run.failure import HostError, cleanly, function, noop, say
from pushgateway_lab.run.host_files import script
from pushgateway_lab.run.shell import START_TIMEOUT as UNIT_TIMEOUT
from pushgateway_lab.run.shell import ask, asked
from pushgateway_lab.settings import Settings

if TYPE_CHECKING:
    from pushgateway_lab.http.api import Pushgateway

DEFAULTS = "/etc/default/prometheus-pushgateway"
START_TIMEOUT = 15
"""Seconds for a started Pushgateway to listen; reading what it persisted takes most of them."""


LISTENER_GOOD_FOR = 1
"""Seconds for which it counts who was seen to listen, where a password goes to that port."""


class Plan(NamedTuple):
    """What the Pushgateway of a host is to be.

    + flags: the whole command line it is to run with
    + defaults: the text its `DEFAULTS` is to have
    """

    flags: tuple[Flag, ...]
    defaults: str


def plan(seen: Snapshot, settings: Settings) -> Plan:
    """The flags an administrator chose, with what the settings add or replace.

    Raises:
        HostError: its ARGS cannot be read, or its unit does not use them.
    """
    try:
        present = flags.parse(flags.arguments(seen.defaults))
        wanted = flags.merge(present, settings)
        defaults = flags.edit(seen.defaults, wanted)
        words = flags.arguments(defaults)
    except FlagError as error:
        raise HostError(f"{DEFAULTS}: {error}. Mend that line, then run this again.") from error
    exec_start = seen.pushgateway.exec_start or "prometheus-pushgateway $ARGS"
    command_line = flags.command_line(exec_start, words)
    if command_line is not None:
        return Plan(command_line, defaults)
    # Somebody's own unit, with flags of its own: right if it has what is wanted already.
    own = flags.parse(exec_start.split()[1:])
    if flags.same(own, flags.merge(own, settings)):
        return Plan(own, seen.defaults or "")
    raise HostError(
        f"{PUSHGATEWAY_UNIT} starts '{exec_start}', which does not use $ARGS from {DEFAULTS}. "
        f"Give it these flags in the unit: {' '.join(map(str, flags.merge(own, settings)))}"
    )


def listen_addresses(wanted: Plan) -> list[str]:
    """The addresses a Pushgateway with these flags listens on, as HOST:PORT."""
    given = [str(flag.value) for flag in wanted.flags if flag.name == flags.LISTEN_ADDRESS]
    return given or [":9091"]


def local_address(wanted: Plan) -> str:
    """Where to reach it on the host itself, as HOST:PORT."""
    host, _, port = listen_addresses(wanted)[0].rpartition(":")
    return f"{'localhost' if _is_everywhere(host) or _is_loopback(host) else host}:{port}"


def url(wanted: Plan) -> str:
    """Its URL on the host itself."""
    values = {flag.name: str(flag.value) for flag in wanted.flags}
    # Without a route prefix, it is the path of the external URL (the Pushgateway's --help).
    external = urlsplit(values.get("web.external-url", "")).path
    prefix = (values.get("web.route-prefix") or external).strip("/")
    host, _, port = listen_addresses(wanted)[0].rpartition(":")
    address = (
        f"127.0.0.1:{port}" if _is_everywhere(host) or host == "localhost" else f"{host}:{port}"
    )
    return f"http://{address}/{prefix}".rstrip("/")


def running_url(seen: Snapshot, settings: Settings) -> str:
    """Where the Pushgateway of a host answers: as set, else as it runs, else as it is to run."""
    if settings.pushgateway_url:
        return settings.pushgateway_url
    if seen.pushgateway_argv:
        return url(Plan(flags.parse(seen.pushgateway_argv[1:]), ""))
    return url(plan(seen, settings))


def client(host: Host, settings: Settings, address: str | None = None) -> "Pushgateway":
    """Return a client of the host's Pushgateway; `address` is its URL where the caller knows it.

    A password goes over plain http only to a socket of the Pushgateway's unit: before each such request
    the host is looked at, unless it was within `LISTENER_GOOD_FOR`. For that long somebody who takes the
    port of a Pushgateway that ends may be told the password; TLS leaves no time.

    Raises:
        HostError: a file that the settings name cannot be read, or the password must not go there.
    """
    # Only now: the HTTP clients cost 0.1 s to import, which a host that is right does not need.
    from pushgateway_lab.http import access
    from pushgateway_lab.http.api import Pushgateway
    from pushgateway_lab.http.connection import session

    address = address or settings.pushgateway_url or running_url(look(host, settings), settings)
    allowed = access.to_pushgateway(settings)
    if allowed.username is None or urlsplit(address).scheme == "https":
        return Pushgateway(session(host, allowed), address)
    if problem := access.why_not_plain(address):
        raise HostError(problem)
    seen = look(host, settings)
    if not seen.is_root:
        raise HostError(access.why_not_there(address, seen))
    check = partial(_check_listener, host, settings)
    return Pushgateway(session(host, allowed, check), access.addressed(address))


def _check_listener(host: Host, settings: Settings, url: str) -> None:
    """Raise `PasswordWithheldError` unless the Pushgateway itself listens where a URL leads."""
    from pushgateway_lab.http import access

    try:
        seen = look_within(host, settings, LISTENER_GOOD_FOR)
    except HostError as error:
        raise access.PasswordWithheldError(f"The password is not sent: {error}") from error
    if problem := access.why_not_there(url, seen):
        raise access.PasswordWithheldError(problem)


def _is_everywhere(host: str) -> bool:
    return host in ("", "0.0.0.0", "[::]")  # noqa: S104 - recognised, not bound to


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


@operation()
@cleanly
def run_with_flags(settings: Settings) -> Iterator[PyinfraCommand]:
    """Have the Pushgateway run, enabled at boot, with the flags it is to have.

    It is restarted only when it runs with other flags.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`
    """
    host = ctx_host.get()
    seen = look(host, settings)
    if not seen.pushgateway.exists and not context.state.is_executing:
        yield StringCommand("true")  # a dry run on a bare host: its package comes first
        return
    wanted = plan(seen, settings)
    _report(host, wanted)
    if _is_right(seen, wanted):
        noop(host, "the Pushgateway runs with its flags")
        return
    config_file.show_diff(host, DEFAULTS, seen.defaults or "", wanted.defaults)
    if _must_restart(seen, wanted):
        yield from function(_refuse_data_loss, settings, seen)
    if wanted.defaults != (seen.defaults or ""):
        yield from function(_write_defaults, seen.defaults, wanted.defaults)
    yield StringCommand(script("release-pushgateway.sh", {"hold": HOLD}))
    how = "restart" if _must_restart(seen, wanted) else "start"
    variables = {"unit": PUSHGATEWAY_UNIT, "how": how}
    yield from asked("start-unit.sh", variables, deadline=UNIT_TIMEOUT)
    yield from function(_see_it_listen, settings, wanted)
    forget(host)


def _is_right(seen: Snapshot, wanted: Plan) -> bool:
    return (
        seen.pushgateway.is_active
        and seen.pushgateway.unit_file_state not in ("disabled", "masked")
        and wanted.defaults == (seen.defaults or "")
        and not _must_restart(seen, wanted)
    )


def _must_restart(seen: Snapshot, wanted: Plan) -> bool:
    """Whether it runs, but with other flags than it should."""
    if seen.pushgateway_argv is None:
        return False
    return not flags.same(flags.parse(seen.pushgateway_argv[1:]), wanted.flags)


def _report(host: Host, wanted: Plan) -> None:
    """Say, once a run, what an administrator chose that a trainer should know."""
    if not context.state.is_executing:
        return
    for address in listen_addresses(wanted):
        name = address.rpartition(":")[0]
        if not _is_loopback(name):
            say(
                host,
                f"The Pushgateway listens on {address}, as {DEFAULTS} says; whoever reaches that "
                "port can push and, with the admin API, wipe. To change it, set "
                "pushgateway_listen_address.",
                "yellow",
            )
    if Flag(flags.ADMIN_API, value=False) in wanted.flags:
        say(host, f"The admin API is off, as {DEFAULTS} says; wiping will not work.", "yellow")


def _write_defaults(host: Host, old: str | None, new: str) -> None:
    data = new.encode("utf-8", "surrogateescape")
    expected = config_file.ABSENT
    if old is not None:
        expected = config_file.digest_of(old.encode("utf-8", "surrogateescape"))
    outcome = config_file.replace(host, DEFAULTS, expected, data, seconds=60)
    if outcome.result != "written":
        raise HostError(
            f"{DEFAULTS} was not written ({outcome.result}) {outcome.words}".rstrip()
            + ". Run this again."
        )


def _refuse_data_loss(host: Host, settings: Settings, seen: Snapshot) -> None:
    """A Pushgateway that keeps its groups in memory only loses them when it restarts."""
    from pushgateway_lab.http import api

    if settings.pushgateway_allow_data_loss:
        return
    try:
        gateway = client(host, settings, running_url(seen, settings))
        persists = gateway.flags().get("persistence.file")
        groups = 0 if persists else len(gateway.groups())
    except api.ApiError as error:
        raise HostError(
            f"{error}. Whether it holds groups that a restart would lose is not known, so it was not "
            "restarted. To restart it all the same, set pushgateway_allow_data_loss=True."
        ) from error
    if groups:
        raise HostError(
            f"The Pushgateway must be restarted to change its flags, but holds {groups} pushed "
            f"group{'s' if groups > 1 else ''} and does not persist them (no --persistence.file). "
            "It was not restarted. Delete the groups, or set pushgateway_allow_data_loss=True."
        )


def _see_it_listen(host: Host, settings: Settings, wanted: Plan) -> None:
    """Wait until it runs with exactly these flags and listens where they say."""
    ports = {int(address.rpartition(":")[2]) for address in listen_addresses(wanted)}
    deadline = time.monotonic() + START_TIMEOUT
    while True:
        seen = look_again(host, settings)
        listening = {listener.port for listener in seen.pushgateway_listeners}
        if _is_right(seen, wanted) and ports <= listening:
            return
        if time.monotonic() > deadline or seen.pushgateway.active_state == "failed":
            break
        time.sleep(0.2)
    journal = "\n".join(ask(host, "unit-log.sh", {"unit": PUSHGATEWAY_UNIT}))
    raise HostError(
        f"The Pushgateway does not run as it should with {' '.join(map(str, wanted.flags))}: "
        f"its unit is {seen.pushgateway.active_state}. Its log ends with:\n{journal}\n"
        f"Check {DEFAULTS} and: journalctl -u {PUSHGATEWAY_UNIT}"
    )
