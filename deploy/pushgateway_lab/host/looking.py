"""Look at a host, and remember the result: all decisions about a host use the same look.

`pushgateway_lab.facts.snapshot` defines and parses the snapshot; `pushgateway_lab.course.questions` extends the
look. Pass pyinfra's own host objects, as from `ctx_host.get()`: the proxy `context.host` points to another host
later.
"""

import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from pyinfra.api.host import Host

from pushgateway_lab import installations
from pushgateway_lab.facts import look_output
from pushgateway_lab.facts.look_output import Answer, IncompleteError
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.facts.snapshot_parser import parse_snapshot
from pushgateway_lab.facts.web_file import WEB_USERS, parse_web_texts
from pushgateway_lab.formats.secret_lines import joined, to_compare
from pushgateway_lab.host import script_access
from pushgateway_lab.host.fact import HostSnapshot
from pushgateway_lab.pruning import files as prune_files
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.run.run import Run
from pushgateway_lab.run.shell import after_mark, given_arguments, new_mark, run
from pushgateway_lab.run.sudo import refusal
from pushgateway_lab.settings import Settings
from pushgateway_lab.web import wanted_files

TIMEOUT = 9
"""Seconds for the look at one host. It usually takes 0.1 s; a host that hangs must not delay a class."""

TIMEOUT_PER_HOST = 0.1
"""Additional seconds for each further host of the run: all hosts are looked at in parallel, on one core."""

GOOD_FOR = 30
"""Seconds for which a look is valid if nothing was changed. Minutes can pass between pyinfra's question
whether to go on and the user's answer."""

T = TypeVar("T")


class _Seen(NamedTuple):
    """The result of the last look at a host.

    + at: the time of the look, by `time.monotonic`
    + found: the snapshot and other results, one object of each class; or the error of the look
    """

    at: float
    found: tuple[object, ...] | HostError


class _Looks:
    """The last look at each host of a run."""

    def __init__(self, run: Run) -> None:
        del run
        self.seen: dict[Host, _Seen] = {}


def _seen(host: Host) -> dict[Host, _Seen]:
    return Run.of(host.state).part(_Looks).seen


def snapshot_of(host: Host, settings: Settings) -> Snapshot:
    """Return the snapshot of a host: the remembered one if it is valid, else a new one.

    Raises:
        HostError: the look failed; nothing is known about the host.
    """
    return remembered(host, Snapshot) or remember(
        host,
        lambda: ask(host, settings, lambda answer: parse_snapshot(answer.said)),
        lambda found: found,
    )


def remembered(host: Host, kind: type[T]) -> T | None:
    """Return a valid result of the last look at a host, without a new look; None if there is none.

    + kind: the class of the result: `Snapshot`, or the class of another remembered result

    Raises:
        HostError: the last look failed, within `GOOD_FOR`.
    """
    seen = _seen(host).get(host)
    if seen is None or time.monotonic() - seen.at > GOOD_FOR:
        return None
    if isinstance(seen.found, HostError):
        raise seen.found
    return next((each for each in seen.found if isinstance(each, kind)), None)


def remember(host: Host, take: Callable[[], T], snapshot_of: Callable[[T], Snapshot]) -> T:
    """Look at a host, remember the result and its snapshot until the next `forget`, and return the result.

    + take: looks at the host, and returns the result
    + snapshot_of: returns the snapshot in a result

    Raises:
        HostError: `take` raised it. The error is remembered, so no later call waits again for a host that hangs.
    """
    try:
        taken = take()
    except HostError as error:
        _seen(host)[host] = _Seen(time.monotonic(), error)
        raise
    _seen(host)[host] = _Seen(time.monotonic(), (snapshot_of(taken), taken))
    return taken


def remember_also(host: Host, found: T) -> T:
    """Remember a further result with the last look at a host, and return this result."""
    seen = _seen(host).get(host)
    if seen is not None and not isinstance(seen.found, HostError):
        _seen(host)[host] = seen._replace(found=(*seen.found, found))
    return found


def snapshot_now(host: Host, settings: Settings) -> Snapshot:
    """Return a new snapshot of a host. Raises as `snapshot_of`."""
    forget(host)
    return snapshot_of(host, settings)


def snapshot_within(host: Host, settings: Settings, seconds: float) -> Snapshot:
    """Return a snapshot of a host that is at most `seconds` old. Raises as `snapshot_of`."""
    seen = _seen(host).get(host)
    if seen is not None and time.monotonic() - seen.at > seconds:
        forget(host)
    return snapshot_of(host, settings)


def settings_in_use(
    host: Host,
    settings: Settings,
    look: Callable[[Host, Settings], object] = snapshot_of,
    *,
    sets_address: bool = False,
) -> Settings:
    """Return the settings of a host with what runs there in place of defaults: units, configuration file, URL.

    A host that cannot be looked at keeps its settings; the next look at it raises the error.

    + look: takes the look, and has it remembered
    + sets_address: see `pushgateway_lab.installations.settings_in_use`
    """
    try:
        look(host, settings)
        seen = snapshot_of(host, settings)
        return installations.settings_in_use(seen, settings, sets_address=sets_address)
    except HostError:
        return settings


def forget(host: Host) -> None:
    """Forget the last look at a host, because the host was changed; the next `snapshot_of` looks again."""
    _seen(host).pop(host, None)


def ask(host: Host, settings: Settings, read: Callable[[Answer], T], further: str = "") -> T:
    """Run a look on a host in one round trip, and return the parsed answer.

    + read: parses the answer
    + further: see `pushgateway_lab.host.fact.HostSnapshot`

    Raises:
        HostError: the host did not answer, `read` could not parse its answer, or a secret for the
            host cannot be fetched on this machine, or must not be sent.
    """
    to_prometheus = script_access.to_prometheus(settings)
    arguments = _arguments(host, settings, to_prometheus.url)
    sudo = {"_sudo": arguments.pop("_sudo")} if "_sudo" in arguments else {}
    compared = to_compare([*prune_files.secrets_of(settings), *wanted_files.secrets_of(settings)])
    secrets = joined(compared, to_prometheus.secrets)
    seconds = settings.lab_look_timeout or TIMEOUT + TIMEOUT_PER_HOST * (
        len(host.state.activated_hosts) - 1
    )
    mark = new_mark()
    # The host ends the look a second earlier, so that it can report which part was not done.
    command = HostSnapshot().command(
        further=further,
        mark=mark,
        seconds=max(seconds - 1, 0.5),
        secrets_follow=bool(secrets.lines),
        **arguments,
    )
    command.connector_arguments.update(sudo)  # type: ignore[typeddict-item]
    asked_at = time.time()
    what = "the look at the host"
    _, output = run(host, command, secrets=secrets, deadline=seconds, what=what)
    if not (output.stdout_lines or output.stderr_lines) and time.time() - asked_at < seconds - 1:
        raise HostError("The connection broke: the host gave no answer.")
    lines = after_mark(output.stdout_lines, mark)
    if lines is None and (refused := refusal(host, given_arguments(host) | sudo, output)):
        raise HostError(f"{refused}\nNothing was changed.")
    try:
        said = look_output.lines_of(lines or [])
        said[WEB_USERS] = wanted_files.fitting_users(parse_web_texts(said), settings)
        return read(Answer(said, mark, asked_at, time.time()))
    except IncompleteError as error:
        if time.time() - asked_at < seconds - 1:
            said_instead = output.stderr or (output.stdout if lines is None else "")
            raise _unexpected(said_instead or repr(error)) from error
        place = f" The look stopped at: {error.at}." if error.at else ""
        raise HostError(
            f"It connected, but did not answer within {seconds:g} s ({what}).{place}"
        ) from error
    except (ValueError, KeyError, IndexError, TypeError, EOFError, OSError) as error:
        raise _unexpected(output.stderr or repr(error)) from error


def _unexpected(reason: str) -> HostError:
    return HostError(
        f"The look at the host failed, so nothing was changed. Unexpected answer: {reason.strip()}"
    )


def _arguments(host: Host, settings: Settings, prometheus_url: str) -> dict[str, Any]:
    """Return the arguments of `HostSnapshot` for a host.

    pyinfra runs sudo itself if it knows the password or can ask somebody for it.
    """
    given = given_arguments(host)
    paths: dict[str, Any] = {
        "config_path": settings.prometheus_config_path,
        "servers": installations.look_variables(settings),
        "prometheus_url": prometheus_url,
        "given": settings.given,
        "job_name": settings.pushgateway_job_name,
    }
    wants_sudo = given.get("_sudo") and not given.get("_su_user")
    if not wants_sudo or given.get("_sudo_password") or sys.stdin.isatty():
        return paths
    return paths | {"_sudo": False, "with_sudo": True, "as_user": given.get("_sudo_user") or ""}
