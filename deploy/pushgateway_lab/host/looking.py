"""Looking at a host, and remembering what was seen: one look serves all that is decided on it.

What is seen is for `pushgateway_lab.facts.snapshot`, and for `pushgateway_lab.course.questions`, which looks at
more. Hosts must be pyinfra's own, as `ctx_host.get()`: `context.host` stands for another host later.
"""

import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from pyinfra.api.host import Host

from pushgateway_lab import installations
from pushgateway_lab.facts import snapshot
from pushgateway_lab.facts.snapshot import Answer, IncompleteError, Snapshot
from pushgateway_lab.host.fact import HostSnapshot
from pushgateway_lab.pruning import files as prune_files
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.run.run import Run
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


class _Seen(NamedTuple):
    """What the last look at a host found, and when by `time.monotonic`.

    + found: its snapshot, and what else it saw: one object of each class; or why it failed
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
    """Return the snapshot of a host; taken now, unless a good one is remembered.

    Raises:
        HostError: the host could not be looked at; nothing is known about it.
    """
    return remembered(host, Snapshot) or remember(
        host,
        lambda: ask(host, settings, lambda answer: snapshot.parse_snapshot(answer.said)),
        lambda found: found,
    )


def remembered(host: Host, kind: type[T]) -> T | None:
    """Return what is known about a host without looking; None if nothing is.

    + kind: the class of what is wanted: `Snapshot`, or what a look that sees more was remembered with

    Raises:
        HostError: the host could not be looked at a moment ago.
    """
    seen = _seen(host).get(host)
    if seen is None or time.monotonic() - seen.at > GOOD_FOR:
        return None
    if isinstance(seen.found, HostError):
        raise seen.found
    return next((each for each in seen.found if isinstance(each, kind)), None)


def remember(host: Host, take: Callable[[], T], snapshot_of: Callable[[T], Snapshot]) -> T:
    """Take a look at a host, and remember what it returns, and its snapshot, until something is changed.

    Raises:
        HostError: as `take` did; `snapshot_of` does, too, instead of waiting once more for a host that hangs.
    """
    try:
        taken = take()
    except HostError as error:
        _seen(host)[host] = _Seen(time.monotonic(), error)
        raise
    _seen(host)[host] = _Seen(time.monotonic(), (snapshot_of(taken), taken))
    return taken


def remember_also(host: Host, found: T) -> T:
    """Remember something else that was seen of a host, with its last look; return it."""
    seen = _seen(host).get(host)
    if seen is not None and not isinstance(seen.found, HostError):
        _seen(host)[host] = seen._replace(found=(*seen.found, found))
    return found


def snapshot_now(host: Host, settings: Settings) -> Snapshot:
    """Return the snapshot of a host, taken now."""
    forget(host)
    return snapshot_of(host, settings)


def snapshot_within(host: Host, settings: Settings, seconds: float) -> Snapshot:
    """Return the snapshot of a host, taken within the last `seconds` or now."""
    seen = _seen(host).get(host)
    if seen is not None and time.monotonic() - seen.at > seconds:
        forget(host)
    return snapshot_of(host, settings)


def forget(host: Host) -> None:
    """Forget what was seen of a host, because it was changed: the next `snapshot_of` looks."""
    _seen(host).pop(host, None)


def ask(host: Host, settings: Settings, read: Callable[[Answer], T], further: str = "") -> T:
    """Ask a host for its snapshot, and more, in one round trip.

    + read: what is made of the answer
    + further: see `pushgateway_lab.host.fact.HostSnapshot`

    Raises:
        HostError: it did not answer, or `read` could make nothing of what it said; or a secret that it is
            to compare cannot be read here.
    """
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
