"""The groups that a Pushgateway holds: choose some by their labels, describe them, delete them."""

import time
from collections.abc import Callable, Mapping, Sequence

from pyinfra.api.host import Host

from pushgateway_lab.formats.answers import Group
from pushgateway_lab.formats.characters import shown
from pushgateway_lab.formats.grouping import GroupingError, decoded_name, written
from pushgateway_lab.formats.matchers import matches_any, parse_matchers
from pushgateway_lab.formats.words import counted, further
from pushgateway_lab.http.api import ApiError, Pushgateway
from pushgateway_lab.report.moments import in_utc
from pushgateway_lab.run.failure import say
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.run.interrupt import interruptible
from pushgateway_lab.settings import values

DELETE_TIMEOUT = 60
"""Seconds to wait for queued deletions."""

POLL = 0.1
"""Seconds between two requests for the remaining groups."""

NAMED = 10
"""The largest number of groups that a message names."""

LISTED = 1000
"""The largest number of groups that a list on the terminal names."""


def selection(matchers: object) -> Callable[[Mapping[str, str]], bool]:
    """Return the predicate for labels that fit the matchers of an operation; without matchers, all fit.

    Raises:
        HostError: they are no matchers.
    """
    if matchers is None:
        return lambda _: True
    try:
        parsed = [parse_matchers(each) for each in values.selectors(matchers)]
    except ValueError as error:
        raise HostError(f"matchers = {shown(matchers)}: {error}") from error
    return lambda labels: matches_any(parsed, dict(labels))


def equal(labels: dict[str, str], held: Sequence[Group]) -> Sequence[Group]:
    """Return the group with these labels, in a sequence; its names may be written as in a URL, U__foo_2e_bar."""
    decoded = {decoded_name(name): value for name, value in labels.items()}
    wanted = next((each for each in (labels, decoded) if any(each == o.labels for o in held)), None)
    return [each for each in held if each.labels == wanted]


def not_there(labels: dict[str, str], held: Sequence[Group]) -> str:
    """Return a message that the group does not exist; it names other groups with the same job."""
    others = sorted(written(each.labels) for each in held if each.labels["job"] == labels["job"])
    message = f"There is no group {written(labels)}, so nothing was deleted."
    if not others:
        return message
    more = [f"  and {len(others) - NAMED} more"] if len(others) > NAMED else []
    hint = "A deletion must name all labels of a group. Groups with the same job:"
    return "\n".join([f"{message} {hint}", *(f"  {other}" for other in others[:NAMED]), *more])


def described(group: Group) -> str:
    """Return a line about a group: its labels, its metrics, and its last push."""
    pushed, failed = in_utc(group.pushed_at or None), in_utc(group.failed_at or None)
    metrics = counted(len(group.metrics), "metric")
    parts = [metrics, f"pushed {pushed:%Y-%m-%d %H:%M:%S} UTC" if pushed else "never pushed"]
    if failed and group.failed_at > group.pushed_at:
        parts.append(f"the last push, {failed:%Y-%m-%d %H:%M:%S} UTC, was refused")
    return f"{written(group.labels)}  {', '.join(parts)}"


def as_json(group: Group) -> dict[str, object]:
    """Return a group for a JSON document: labels, times in seconds since 1970, names of metrics."""
    return {
        "labels": group.labels,
        "pushed_at": group.pushed_at,
        "failed_at": group.failed_at,
        "metrics": sorted(group.metrics),
    }


def counted_groups(groups: Sequence[Group]) -> str:
    """Return the number of groups, with the word."""
    return counted(len(groups), "group")


def delete_groups(host: Host, going: Sequence[Group], gateway: Pushgateway) -> None:
    """Delete these groups one by one, and wait until they are gone.

    + going: at least one group

    Raises:
        HostError: a deletion failed, or a group is still there after `DELETE_TIMEOUT`.
    """
    is_one = len(going) == 1
    name = written(going[0].labels) if is_one else counted_groups(going)
    try:
        for group in going:
            gateway.delete(group.labels)
        left = await_gone(host, gateway, going)
    except (ApiError, GroupingError) as error:
        what = f"{name} was not" if is_one else f"Not all of {name} were"
        raise HostError(f"{what} deleted: {str(error).rstrip('.')}. Run this again.") from error
    if left:
        what = name if is_one else f"{left} of {name}"
        raise HostError(
            f"The Pushgateway still has {what} {DELETE_TIMEOUT} s after the deletion. Is it busy? Check its log, "
            "then run this again."
        )
    if is_one:
        say(host, f"Deleted {name}", "green")
    else:
        say_each(host, f"Deleted {name}:", going, "green")


def say_each(host: Host, heading: str, groups: Sequence[Group], color: str | None = None) -> None:
    """Print a heading and a line for each group, at most `LISTED`."""
    say(host, heading, color)
    for line in sorted(written(each.labels) for each in groups[:LISTED]):
        say(host, f"  {line}", color)
    if len(groups) > LISTED:
        say(host, f"  and {further(len(groups) - LISTED, 'group')}", color)


def await_gone(host: Host, gateway: Pushgateway, groups: Sequence[Group]) -> int:
    """Wait until groups are gone or have a newer push; return the number that is left at the end."""
    waited_for = {_identity(group) for group in groups}
    deadline = time.monotonic() + DELETE_TIMEOUT
    with interruptible(host.state):
        while True:
            left = sum(_identity(group) in waited_for for group in gateway.groups())
            if not left or time.monotonic() > deadline:
                return left
            time.sleep(POLL)


def _identity(group: Group) -> tuple[str, float]:
    return written(group.labels), group.pushed_at
