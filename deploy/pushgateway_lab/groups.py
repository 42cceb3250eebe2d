"""Operations on the groups of a Pushgateway: push one, delete one, wipe all.

    pyinfra -y HOST pushgateway_lab.groups.push labels='{"job": "backup"}' body='backup_files 42'
    pyinfra -y HOST pushgateway_lab.groups.delete labels='{"job": "backup"}'
    pyinfra -y HOST pushgateway_lab.groups.wipe confirm=True

The requests start on the host itself. They need no rights there, with one exception: a password over plain
http needs root, because only root can check that the Pushgateway receives it. The URL and the credentials
come from the host's settings (``pushgateway_url`` and those after it).
"""

import time
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from http import HTTPStatus
from pathlib import Path
from typing import ParamSpec

from pyinfra import context
from pyinfra.api.command import PyinfraCommand
from pyinfra.api.host import Host
from pyinfra.api.operation import operation
from pyinfra.context import ctx_host

from pushgateway_lab import installations
from pushgateway_lab.formats import exposition, grouping
from pushgateway_lab.formats.answers import Group
from pushgateway_lab.formats.exposition import ExpositionError
from pushgateway_lab.formats.grouping import GroupingError, written
from pushgateway_lab.http.api import ApiError, Pushgateway
from pushgateway_lab.installations.flags import ADMIN_API
from pushgateway_lab.pushgateway.client import client
from pushgateway_lab.run import host_settings
from pushgateway_lab.run.failure import cleanly, function, noop, say
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.run.interrupt import interruptible
from pushgateway_lab.settings import Settings, SettingsError, values

DELETE_TIMEOUT = 60
"""Seconds to wait for queued deletions."""

POLL = 0.1
"""Seconds between two requests for the remaining groups."""

NAMED = 10
"""The largest number of groups that a message names."""

P = ParamSpec("P")


def _explained(act: Callable[P, Iterator[PyinfraCommand]]) -> Callable[P, Iterator[PyinfraCommand]]:
    """Turn errors in arguments, settings and answers into a `HostError`, which fails only this host."""

    @wraps(act)
    def run(*args: P.args, **kwargs: P.kwargs) -> Iterator[PyinfraCommand]:
        try:
            yield from act(*args, **kwargs)
        except (ApiError, ExpositionError, GroupingError, SettingsError) as error:
            raise HostError(str(error)) from error

    return run


@operation()
@cleanly
@_explained
def push(
    labels: Mapping[str, str] | str,
    body: str | None = None,
    src: str | None = None,
    replace: bool = True,
    url: str | None = None,
) -> Iterator[PyinfraCommand]:
    """Push metrics to a group.

    + labels: the grouping key, including the job, as a mapping or as JSON
    + body: metrics in the text exposition format; a missing last newline is added
    + src: a file with these metrics on this machine, instead of `body`
    + replace: True replaces all metrics of the group (PUT); False keeps metrics with other names (POST)
    + url: the Pushgateway's URL as seen from the host; None: from the settings

    This operation is not idempotent: each push sets the push time of the group.

    **Examples:**

    .. code:: python

        from pushgateway_lab import groups

        groups.push(
            name="Push the result of the backup",
            labels={"job": "backup", "instance": "db1"},
            body="backup_files 42",
        )

        groups.push(
            name="Push metrics from a file and keep the group's other metrics",
            labels={"job": "backup"},
            src="backup.prom",
            replace=False,
        )
    """
    group = grouping.parse_labels(labels)
    metrics = _metrics(body, src)
    yield from function(_push, group, metrics, replace, _gateway(url))


def _metrics(body: str | None, src: str | None) -> str:
    if (body is None) == (src is None):
        raise HostError("Give the metrics with exactly one of body and src.")
    if src is None and not isinstance(body, str):
        raise HostError(f"body is {body!r}, not a text with metrics such as 'backup_files 42'.")
    try:
        text = Path(src).read_bytes().decode() if src else body or ""
    except (OSError, UnicodeDecodeError) as error:
        raise HostError(f"src: {src} cannot be read here: {error}") from error
    if src is None and not text.endswith("\n"):
        text += "\n"  # hard to type on a command line
    try:
        exposition.check_exposition(text)
    except ExpositionError as error:
        raise HostError(f"{src or 'body'}: {error}") from error
    return text


def _push(
    host: Host, labels: dict[str, str], metrics: str, replace: bool, gateway: Pushgateway
) -> None:
    try:
        (gateway.push if replace else gateway.add)(labels, metrics)
    except ApiError as error:
        raise HostError(f"Not pushed to {written(labels)}: {error}") from error
    say(host, f"Pushed to {written(labels)}", "green")


@operation()
@cleanly
@_explained
def delete(labels: Mapping[str, str] | str, url: str | None = None) -> Iterator[PyinfraCommand]:
    """Delete the group with exactly these labels, and wait until it is gone.

    + labels: the grouping key, including the job, as a mapping or as JSON
    + url: the Pushgateway's URL as seen from the host; None: from the settings

    **Example:**

    .. code:: python

        from pushgateway_lab import groups

        groups.delete(
            name="Delete the group of the old backup server",
            labels={"job": "backup", "instance": "db1"},
        )
    """
    group, gateway = grouping.parse_labels(labels), _gateway(url)
    held = gateway.groups()
    if any(each.labels == group for each in held):
        yield from function(_delete, group, gateway)
        return
    if context.state.is_executing:
        say(context.host, _not_there(group, held), "yellow")
    noop(context.host, f"there is no group {written(group)}")


def _not_there(labels: dict[str, str], held: list[Group]) -> str:
    """Return a message that the group does not exist; it names other groups with the same job."""
    others = sorted(written(each.labels) for each in held if each.labels["job"] == labels["job"])
    message = f"There is no group {written(labels)}, so nothing was deleted."
    if not others:
        return message
    more = [f"  and {len(others) - NAMED} more"] if len(others) > NAMED else []
    hint = "A deletion must name all labels of a group. Groups with the same job:"
    return "\n".join([f"{message} {hint}", *(f"  {other}" for other in others[:NAMED]), *more])


def _delete(host: Host, labels: dict[str, str], gateway: Pushgateway) -> None:
    try:
        before = [each for each in gateway.groups() if each.labels == labels]
        gateway.delete(labels)
        left = _await_gone(host, gateway, before)
    except ApiError as error:
        raise HostError(f"{written(labels)} was not deleted: {error}") from error
    if left:
        raise HostError(
            f"{written(labels)} was deleted, but the Pushgateway still has it after {DELETE_TIMEOUT} s. "
            "Is the Pushgateway busy? Check its log, then run this again."
        )
    say(host, f"Deleted {written(labels)}", "green")


def delete_all(host: Host, settings: Settings, going: list[Group]) -> None:
    """Delete these groups one by one, and wait until they are gone.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`
    + going: the groups to delete

    Raises:
        HostError: a deletion failed, or a group is still there after `DELETE_TIMEOUT`.
    """
    gateway = client(host, settings)
    try:
        for group in going:
            gateway.delete(group.labels)
        left = _await_gone(host, gateway, going)
    except (ApiError, GroupingError) as error:
        raise HostError(f"Not all groups were deleted: {error}. Run this again.") from error
    if left:
        raise HostError(
            f"The Pushgateway still has {left} of {_counted(going)} after {DELETE_TIMEOUT} s. "
            "Run this again."
        )
    say(
        host,
        f"Deleted {_counted(going)}: {', '.join(written(each.labels) for each in going[:NAMED])}",
    )


def _await_gone(host: Host, gateway: Pushgateway, groups: list[Group]) -> int:
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


@operation()
@cleanly
@_explained
def wipe(confirm: bool = False, url: str | None = None) -> Iterator[PyinfraCommand]:
    """Delete all groups, whoever pushed them, and wait until they are gone. Needs the admin API.

    + confirm: must be True, else the operation fails and deletes nothing
    + url: the Pushgateway's URL as seen from the host; None: from the settings

    **Example:**

    .. code:: python

        from pushgateway_lab import groups

        groups.wipe(
            name="Delete all groups after the course",
            confirm=True,
        )
    """
    gateway = _gateway(url)
    held = gateway.groups()
    if not held:
        noop(context.host, "there are no groups")
        return
    if confirm is not True:
        raise HostError(
            f"A wipe deletes everything that this Pushgateway holds ({_counted(held)}), whoever pushed "
            "it. To confirm the wipe, pass confirm=True."
        )
    if gateway.flags().get(ADMIN_API) != "true":
        raise HostError(_admin_api_off(ctx_host.get()))
    yield from function(_wipe, held, gateway)


def _admin_api_off(host: Host) -> str:
    place = installations.pushgateway(host_settings.for_host(host)).flags_place
    return (
        "The admin API of this Pushgateway is off, so it cannot be wiped. To turn it on, run "
        "deploy/bootstrap.py with pushgateway_admin_api=True; or add --web.enable-admin-api to "
        f"{place} and restart the Pushgateway. Deleting single groups does not need the admin API."
    )


def _wipe(host: Host, held: list[Group], gateway: Pushgateway) -> None:
    try:
        gateway.wipe()
        left = _await_gone(host, gateway, held)
    except ApiError as error:
        is_off = error.status == HTTPStatus.NOT_FOUND
        raise HostError(_admin_api_off(host) if is_off else f"Not wiped: {error}") from error
    if left:
        raise HostError(
            f"The Pushgateway still has {left} of {_counted(held)} {DELETE_TIMEOUT} s after the wipe. "
            "Check its log, then run this again."
        )
    say(host, f"Wiped {_counted(held)}", "green")


def _counted(groups: list[Group]) -> str:
    return f"{len(groups)} group{'' if len(groups) == 1 else 's'}"


def _gateway(url: str | None) -> Pushgateway:
    """Return a client of the Pushgateway of the host in context."""
    host = ctx_host.get()  # not context.host: this proxy points to another host later
    wanted = host_settings.for_host(host)
    if url is not None:
        try:
            url = values.url("http", "https")(url)
        except ValueError as error:
            raise HostError(f"url {error}") from error
    return client(host, wanted, url)
