"""Operations on the groups of a Pushgateway: list them, push one, delete some, wipe all.

    pyinfra -y HOST pushgateway_lab.groups.list
    pyinfra -y HOST pushgateway_lab.groups.push labels='{"job": "backup"}' body='backup_files 42'
    pyinfra -y HOST pushgateway_lab.groups.delete labels='{"job": "backup"}'
    pyinfra -y HOST pushgateway_lab.groups.delete matchers='job="backup"'
    pyinfra -y HOST pushgateway_lab.groups.wipe confirm=True

The requests start on the host itself. They need no rights there, with one exception: a password over plain
http needs root, because only root can check that the Pushgateway receives it. The URL and the credentials
come from the host's settings (``pushgateway_url`` and those after it).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
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
from pushgateway_lab.formats.characters import shown
from pushgateway_lab.formats.exposition import ExpositionError
from pushgateway_lab.formats.grouping import GroupingError, written
from pushgateway_lab.formats.words import further
from pushgateway_lab.host.looking import snapshot_of
from pushgateway_lab.http.api import ApiError, Pushgateway
from pushgateway_lab.installations.flags import ADMIN_API
from pushgateway_lab.pushgateway.client import client
from pushgateway_lab.pushgateway.held_groups import (
    DELETE_TIMEOUT,
    LISTED,
    as_json,
    await_gone,
    counted_groups,
    delete_groups,
    described,
    equal,
    not_there,
    say_each,
    selection,
)
from pushgateway_lab.run import host_settings, json_output
from pushgateway_lab.run.failure import cleanly, function, noop, say
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.settings import Settings, SettingsError, values

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
    if not isinstance(replace, bool):
        raise HostError(f"replace is {shown(replace)}; write replace=True or replace=False.")
    yield from function(_push, group, metrics, replace, _gateway(url))


def _metrics(body: str | None, src: str | None) -> str:
    if (body is None) == (src is None):
        raise HostError("Give the metrics with exactly one of body and src.")
    if src is None and not isinstance(body, str):
        raise HostError(
            f"body is {shown(body)}, not a text with metrics such as 'backup_files 42'."
        )
    if src is not None and not isinstance(src, str):
        raise HostError(f"src is {shown(src)}, not the path of a file.")
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
def delete(
    labels: Mapping[str, str] | str | None = None,
    url: str | None = None,
    matchers: str | Sequence[str] | None = None,
) -> Iterator[PyinfraCommand]:
    """Delete groups, and wait until they are gone: the group with exactly these labels, or all that match.

    With ``--dry``, it only names these groups.

    + labels: the grouping key, including the job, as a mapping or as JSON
    + url: the Pushgateway's URL as seen from the host; None: from the settings
    + matchers: instead of `labels`: label matchers as in PromQL, all of which a group has to match; with a list of
      such texts, one of them has to fit

    **Examples:**

    .. code:: python

        from pushgateway_lab import groups

        groups.delete(
            name="Delete the group of the old backup server",
            labels={"job": "backup", "instance": "db1"},
        )

        groups.delete(
            name="Delete all groups of a job",
            matchers='job="backup"',
        )
    """
    if (labels is None) == (matchers is None):
        raise HostError(
            "Name the groups with exactly one of labels and matchers, as in matchers='job=\"backup\"'."
        )
    group = None if labels is None else grouping.parse_labels(labels, any_name=True)
    fits = selection(matchers)
    gateway = _gateway(url)
    held = gateway.groups()
    found = [each for each in held if fits(each.labels)] if group is None else equal(group, held)
    host, is_executing = ctx_host.get(), context.state.is_executing
    if found:
        if not is_executing:
            say_each(host, f"Would delete {counted_groups(found)}:", found)
        yield from function(delete_groups, found, gateway)
        return
    none = f"no group {written(group)}" if group else "no group that matches"
    if is_executing:
        says = not_there(group, held) if group else f"There is {none}, so nothing was deleted."
        say(host, says, "yellow")
    noop(host, f"there is {none}")


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
            f"A wipe deletes everything that this Pushgateway holds ({counted_groups(held)}), whoever pushed "
            "it. To confirm the wipe, pass confirm=True."
        )
    if gateway.flags().get(ADMIN_API) != "true":
        raise HostError(_admin_api_off(ctx_host.get()))
    yield from function(_wipe, held, gateway)


def _admin_api_off(host: Host) -> str:
    settings = host_settings.for_host(host)
    place = installations.pushgateway(snapshot_of(host, settings), settings).flags_place
    return (
        "The admin API of this Pushgateway is off, so it cannot be wiped. To turn it on, run "
        "deploy/bootstrap.py with pushgateway_admin_api=True; or add --web.enable-admin-api to "
        f"{place} and restart the Pushgateway. Deleting single groups does not need the admin API."
    )


def _wipe(host: Host, held: Sequence[Group], gateway: Pushgateway) -> None:
    try:
        gateway.wipe()
        left = await_gone(host, gateway, held)
    except ApiError as error:
        is_off = error.status == HTTPStatus.NOT_FOUND
        raise HostError(_admin_api_off(host) if is_off else f"Not wiped: {error}") from error
    if left:
        raise HostError(
            f"The Pushgateway still has {left} of {counted_groups(held)} {DELETE_TIMEOUT} s after the wipe. "
            "Check its log, then run this again."
        )
    say(host, f"Wiped {counted_groups(held)}", "green")


@operation(is_idempotent=True)
@cleanly
@_explained
def list(  # noqa: A001 - the name on pyinfra's command line
    matchers: str | Sequence[str] | None = None, url: str | None = None
) -> Iterator[PyinfraCommand]:
    """Print the groups that a Pushgateway holds, with their metrics and last pushes. Changes nothing.

    With ``--json``, the document has them as ``groups``.

    + matchers: as for `delete`; None: all groups
    + url: the Pushgateway's URL as seen from the host; None: from the settings

    **Example:**

    .. code:: python

        from pushgateway_lab import groups

        groups.list(
            name="What does this Pushgateway hold?",
            matchers='job="backup"',
        )
    """
    host, fits = ctx_host.get(), selection(matchers)
    held = _gateway(url).groups()
    found = sorted(
        (each for each in held if fits(each.labels)), key=lambda each: written(each.labels)
    )
    which = "" if matchers is None else f" of {len(held)}"
    say(host, f"{counted_groups(found)}{which}{':' if found else ''}")
    for each in found[:LISTED]:
        say(host, f"  {described(each)}")
    if len(found) > LISTED:
        say(host, f"  and {further(len(found) - LISTED, 'group')}; --json has all")
    json_output.add("groups", {host.name: [as_json(each) for each in found]})
    noop(host, "listed")
    yield from ()


def delete_all(host: Host, settings: Settings, going: Sequence[Group]) -> None:
    """Delete these groups of the host's own Pushgateway. See `pushgateway_lab.pushgateway.held_groups`."""
    delete_groups(host, going, client(host, settings))


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
