"""Looking at a host, and remembering what was seen: one look serves all that is decided on it.

What is seen is for `pushgateway_lab.snapshot`, and for `pushgateway_lab.lab.look`, which looks at more.
"""

import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

from paramiko import SSHException
from pyinfra.api.host import Host
from pyinfra.context import ctx_host

from pushgateway_lab import prune_files, snapshot
from pushgateway_lab.failure import HostError
from pushgateway_lab.settings import Settings
from pushgateway_lab.shell import given_arguments, run
from pushgateway_lab.snapshot import HostSnapshot, Snapshot

TIMEOUT = 60
"""Seconds for a host to be looked at; one is usual, a host that hangs must not hold up a class."""

GOOD_FOR = 30
"""Seconds for which a look counts where nothing was changed since. Between what pyinfra shows and what it
does, somebody may have been asked, and minutes lie."""

T = TypeVar("T")


class Answer(NamedTuple):
    """What a host said.

    + said: see `pushgateway_lab.snapshot.lines_of`
    + earliest, latest: between these it was said, by this machine's clock, in seconds since 1970
    """

    said: dict[str, list[str]]
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


def forget() -> None:
    """Say that the host in context was changed: the next `look` looks."""
    _seen.pop(ctx_host.get(), None)


def ask(settings: Settings, read: Callable[[Answer], T], further: str = "") -> T:
    """Ask the host in context for its snapshot, and more, in one round trip.

    + read: what is made of the answer
    + further: see `pushgateway_lab.snapshot.HostSnapshot`

    Raises:
        HostError: it did not answer, or `read` could make nothing of what it said; or a secret that it is
            to compare cannot be read here.
    """
    host = ctx_host.get()
    arguments = _arguments(host, settings)
    sudo = {"_sudo": arguments.pop("_sudo")} if "_sudo" in arguments else {}
    secrets = prune_files.compared_on_host(settings)
    command = HostSnapshot().command(
        further=further, secrets_follow=secrets is not None, **arguments
    )
    command.connector_arguments.update({"_timeout": TIMEOUT, **sudo})  # type: ignore[typeddict-item]
    asked_at = time.time()
    try:
        _, output = run(host, command, stdin=secrets)
    except TimeoutError as error:
        raise HostError(f"It connected, but did not answer within {TIMEOUT} s.") from error
    except (OSError, EOFError, SSHException) as error:
        raise HostError(f"The connection broke: {error!r}") from error
    try:
        return read(Answer(snapshot.lines_of(output.stdout_lines), asked_at, time.time()))
    except (ValueError, KeyError, IndexError, TypeError, EOFError, OSError) as error:
        reason = output.stderr.strip() or repr(error)
        raise HostError(
            f"The host could not be looked at, so nothing was done to it. Its answer makes no sense: {reason}"
        ) from error


def _arguments(host: Host, settings: Settings) -> dict[str, Any]:
    """What `HostSnapshot` takes on a host.

    sudo is left to pyinfra where a password is known or somebody can be asked for one.
    """
    given = given_arguments(host)
    paths: dict[str, Any] = {
        "config_path": settings.prometheus_config_path,
        "prometheus_unit": settings.prometheus_unit,
        "prometheus_url": settings.prometheus_url,
    }
    wants_sudo = given.get("_sudo") and not given.get("_su_user")
    if not wants_sudo or given.get("_sudo_password") or sys.stdin.isatty():
        return paths
    return paths | {"_sudo": False, "with_sudo": True, "as_user": given.get("_sudo_user") or ""}
