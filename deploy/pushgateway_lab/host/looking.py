"""Looking at a host, and remembering what was seen: one look serves all that is decided on it.

What is seen is for `pushgateway_lab.host.snapshot`, and for `pushgateway_lab.lab.look`, which looks at more.
"""

import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

from pyinfra.api.host import Host
from pyinfra.context import ctx_host

from pushgateway_lab import installations
from pushgateway_lab.host import snapshot
from pushgateway_lab.host.snapshot import HostSnapshot, IncompleteError, Snapshot
from pushgateway_lab.pruning import files as prune_files
from pushgateway_lab.run.errors import HostError
from pushgateway_lab.run.shell import after_mark, given_arguments, new_mark, run
from pushgateway_lab.settings import Settings

TIMEOUT = 9
"""Seconds for a host to be looked at. A tenth of one is usual; a host that hangs must not hold up a class."""

TIMEOUT_PER_HOST = 0.1
"""Seconds more for each further host of the run: all are looked at at once, from one core."""

GOOD_FOR = 30
"""Seconds for which a look counts where nothing was changed since. Between what pyinfra shows and what it
does, somebody may have been asked, and minutes lie."""

T = TypeVar("T")


class Answer(NamedTuple):
    """What a host said.

    + said: see `pushgateway_lab.host.snapshot.lines_of`
    + mark: the line that it began behind
    + earliest, latest: between these it was said, by this machine's clock, in seconds since 1970
    """

    said: dict[str, list[str]]
    mark: str
    earliest: float
    latest: float


class _Seen(NamedTuple):
    """What a look found, and when by `time.monotonic`."""

    at: float
    found: Snapshot | HostError


_seen: WeakKeyDictionary[Host, _Seen] = WeakKeyDictionary()


def look(settings: Settings) -> Snapshot:
    """The snapshot of the host in context; taken now, unless a good one is remembered.

    Raises:
        HostError: the host could not be looked at; nothing is known about it.
    """
    return remembered() or remember(
        lambda: ask(settings, lambda answer: snapshot.parse(answer.said)), lambda found: found
    )


def remembered() -> Snapshot | None:
    """What is known about the host in context without looking; None if nothing is.

    Raises:
        HostError: it could not be looked at a moment ago.
    """
    seen = _seen.get(ctx_host.get())
    if seen is None or time.monotonic() - seen.at > GOOD_FOR:
        return None
    if isinstance(seen.found, HostError):
        raise seen.found
    return seen.found


def remember(take: Callable[[], T], snapshot_of: Callable[[T], Snapshot]) -> T:
    """Take a look, and have `look` return its snapshot, until something is changed.

    Raises:
        HostError: as `take` did; `look` does, too, instead of waiting once more for a host that hangs.
    """
    # Not context.host, which stands for another host a moment later.
    host = ctx_host.get()
    try:
        taken = take()
    except HostError as error:
        _seen[host] = _Seen(time.monotonic(), error)
        raise
    _seen[host] = _Seen(time.monotonic(), snapshot_of(taken))
    return taken


def look_again(settings: Settings) -> Snapshot:
    """The snapshot of the host in context, taken now."""
    forget()
    return look(settings)


def look_within(settings: Settings, seconds: float) -> Snapshot:
    """The snapshot of the host in context, taken within the last `seconds` or now."""
    seen = _seen.get(ctx_host.get())
    if seen is not None and time.monotonic() - seen.at > seconds:
        forget()
    return look(settings)


def forget() -> None:
    """Say that the host in context was changed: the next `look` looks."""
    _seen.pop(ctx_host.get(), None)


def ask(settings: Settings, read: Callable[[Answer], T], further: str = "") -> T:
    """Ask the host in context for its snapshot, and more, in one round trip.

    + read: what is made of the answer
    + further: see `pushgateway_lab.host.snapshot.HostSnapshot`

    Raises:
        HostError: it did not answer, or `read` could make nothing of what it said; or a secret that it is
            to compare cannot be read here.
    """
    host = ctx_host.get()
    arguments = _arguments(host, settings)
    sudo = {"_sudo": arguments.pop("_sudo")} if "_sudo" in arguments else {}
    secrets = prune_files.compared_on_host(settings)
    seconds = settings.lab_look_timeout or TIMEOUT + TIMEOUT_PER_HOST * (
        len(host.state.activated_hosts) - 1
    )
    mark = new_mark()
    # The host ends it a little earlier, and so can tell where it stood.
    command = HostSnapshot().command(
        further=further,
        mark=mark,
        seconds=max(seconds - 1, 0.5),
        secrets_follow=secrets is not None,
        **arguments,
    )
    command.connector_arguments.update(sudo)  # type: ignore[typeddict-item]
    asked_at = time.time()
    _, output = run(host, command, secrets, deadline=seconds, what="the look at the host")
    if not (output.stdout_lines or output.stderr_lines) and time.time() - asked_at < seconds - 1:
        raise HostError("The connection broke: the host gave no answer.")
    try:
        said = snapshot.lines_of(after_mark(output.stdout_lines, mark) or [])
        return read(Answer(said, mark, asked_at, time.time()))
    except IncompleteError as error:
        if time.time() - asked_at < seconds - 1:
            raise _makes_no_sense(output.stderr or repr(error)) from error
        place = f" The look stood at: {error.at}." if error.at else ""
        raise HostError(
            f"It connected, but did not answer within {seconds:g} s (the look at the host).{place}"
        ) from error
    except (ValueError, KeyError, IndexError, TypeError, EOFError, OSError) as error:
        raise _makes_no_sense(output.stderr or repr(error)) from error


def _makes_no_sense(reason: str) -> HostError:
    return HostError(
        "The host could not be looked at, so nothing was done to it. Its answer makes no sense: "
        f"{reason.strip()}"
    )


def _arguments(host: Host, settings: Settings) -> dict[str, Any]:
    """What `HostSnapshot` takes on a host.

    sudo is left to pyinfra where a password is known or somebody can be asked for one.
    """
    given = given_arguments(host)
    paths: dict[str, Any] = {
        "config_path": settings.prometheus_config_path,
        "servers": installations.look_variables(settings),
        "prometheus_url": settings.prometheus_url,
    }
    wants_sudo = given.get("_sudo") and not given.get("_su_user")
    if not wants_sudo or given.get("_sudo_password") or sys.stdin.isatty():
        return paths
    return paths | {"_sudo": False, "with_sudo": True, "as_user": given.get("_sudo_user") or ""}
