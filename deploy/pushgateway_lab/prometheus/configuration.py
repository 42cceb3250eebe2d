"""Operations on the scrape job in Prometheus's configuration file.

The file belongs to its administrator: one job is added, repaired or removed, and nothing else changes.
"""

from base64 import b64decode
from collections.abc import Callable, Iterator
from typing import NamedTuple

from pyinfra.api.command import PyinfraCommand, StringCommand
from pyinfra.api.host import Host
from pyinfra.api.operation import operation
from pyinfra.context import ctx_host, ctx_state

from pushgateway_lab import installations, scrape_config, services
from pushgateway_lab.facts import added, remains
from pushgateway_lab.facts.outcome import LOADED, Outcome, Result
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.formats.file_text import digest_of
from pushgateway_lab.host import looking, transaction
from pushgateway_lab.host.looking import forget, snapshot_of
from pushgateway_lab.prometheus.job import (
    IncludedFile,
    config_text,
    has_job,
    managed,
    merged,
    notes,
    refuse_included,
    without_job,
)
from pushgateway_lab.prometheus.loading import wait_until_it_answers
from pushgateway_lab.prometheus.outcomes import ATTEMPTS, explain, remarks
from pushgateway_lab.run.failure import cleanly, function, noop, say, tell
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.run.shell import ask
from pushgateway_lab.settings import Settings


class Included(NamedTuple):
    """A snapshot, and the files that the configuration includes."""

    snapshot: Snapshot
    files: tuple[IncludedFile, ...]


def is_merged(seen: Snapshot, settings: Settings) -> bool:
    """Return whether the file has the lab's job as the settings want it.

    Raises:
        HostError: see `merged`.
    """
    if installations.prometheus_is_elsewhere(seen, settings):
        return True
    text, wanted = merged(seen, settings)
    return text == wanted


@operation()
@cleanly
def scrape_job(settings: Settings) -> Iterator[PyinfraCommand]:
    """Add or repair the lab's job in Prometheus's configuration file, and reload Prometheus.

    promtool checks the new file first. If Prometheus rejects it, the old file is restored.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`

    **Example:**

    .. code:: python

        configuration.scrape_job(
            name="Merge the scrape job",
            settings=host_settings.for_host(ctx_host.get()),
        )
    """
    host = ctx_host.get()
    seen = snapshot_of(host, settings)
    if installations.prometheus_is_elsewhere(seen, settings):
        noop(host, "Prometheus is on another host")
        return
    if seen.config is None and not ctx_state.get().is_executing:
        yield StringCommand("true")  # a dry run on a bare host: the package will bring the file
        return
    text, wanted = merged(seen, settings)
    tell(host, notes(seen, settings))
    if wanted == text:
        noop(
            host, f"the job {settings.pushgateway_job_name} is in {settings.prometheus_config_path}"
        )
        return
    tell(host, managed(seen, settings))
    transaction.show_diff(host, settings.prometheus_config_path, text, wanted)
    yield from function(_refuse_included, settings)
    yield from function(wait_until_it_answers, settings)
    yield from function(change_file, settings, merged)
    forget(host)


def is_removed(seen: Included, settings: Settings) -> bool:
    """Return whether the lab's job is neither in the file nor in an included file.

    Raises:
        HostError: see `without_job` and `refuse_included`.
    """
    if installations.prometheus_is_elsewhere(seen.snapshot, settings):
        return True
    text, wanted = without_job(seen.snapshot, settings)
    if text != wanted:
        return False
    refuse_included(seen.files, settings)
    return True


def remove_scrape_job(host: Host, settings: Settings) -> Iterator[PyinfraCommand]:
    """Yield the commands that remove the lab's job from Prometheus's configuration file and reload Prometheus.

    See `without_job`.
    """
    seen = snapshot_of(host, settings)
    if installations.prometheus_is_elsewhere(seen, settings):
        noop(host, "Prometheus is on another host")
        return
    if seen.config is None and not ctx_state.get().is_executing:
        noop(host, "there is no configuration file yet")
        return
    if is_removed(look_at_included(host, settings), settings):
        noop(
            host,
            f"the job {settings.pushgateway_job_name} is not in {settings.prometheus_config_path}",
        )
        return
    path = settings.prometheus_config_path
    transaction.show_diff(host, path, *without_job(seen, settings))
    yield from function(wait_until_it_answers, settings)
    yield from function(change_file, settings, without_job)
    forget(host)


def look_at_included(host: Host, settings: Settings) -> Included:
    """Return the snapshot of a host with the files that the configuration includes.

    With ``scrape_config_files``, this takes another round trip; without, there are no such files.

    Raises:
        HostError: see `pushgateway_lab.host.looking.snapshot_of` and `config_text`.
    """
    seen = snapshot_of(host, settings)
    known = looking.remembered(host, Included)
    if known is None:
        files: tuple[IncludedFile, ...] = ()
        if not installations.prometheus_is_elsewhere(seen, settings):
            files = _included_files(host, seen, settings, config_text(seen, settings))
        known = looking.remember_also(host, Included(seen, files))
    return known


def _included_files(
    host: Host, seen: Snapshot, settings: Settings, text: str
) -> tuple[IncludedFile, ...]:
    """Read the included files; their patterns are relative to the directory of the configuration file."""
    patterns = scrape_config.scrape_config_files(text)
    if not patterns:
        return ()
    variables = {
        "path": settings.prometheus_config_path,
        "service": seen.prometheus.name,
        "process": str(seen.prometheus_pid),
        "patterns": "\n".join(patterns),
        "longest": str(scrape_config.LONGEST),
    }
    functions = ["whose.sh", *services.FUNCTIONS]
    lines = (
        line.partition(" ")
        for line in ask(host, "read-included.sh", variables, functions=functions)
    )
    return tuple(
        IncludedFile(*(b64decode(each).decode(errors="replace") for each in (path, data)))
        for path, _, data in lines
    )


def _refuse_included(host: Host, settings: Settings) -> None:
    seen = look_at_included(host, settings)
    if not has_job(config_text(seen.snapshot, settings), settings):
        refuse_included(seen.files, settings)


def change_file(
    host: Host, settings: Settings, change: Callable[[Snapshot, Settings], tuple[str, str]]
) -> None:
    """Change the current file; if somebody else changed it meanwhile, start again with the new file.

    + change: returns the current and the wanted text of the file
    """
    outcome = Outcome(Result.CONFLICT, "")
    for _ in range(ATTEMPTS):
        seen = snapshot_of(host, settings)
        text, wanted = change(seen, settings)
        if wanted == text:
            return
        expected = digest_of(text.encode())
        outcome = transaction.replace_and_reload(
            host, settings, expected, wanted.encode(), is_loaded=seen.has_loaded_file
        )
        forget(host)
        if outcome.result is not Result.CONFLICT:
            break
    if outcome.result not in LOADED:
        raise HostError(explain(seen, settings, outcome))
    note = added.note_after(seen, settings, text, wanted)
    if note != seen.added_targets:
        variables = {"note": added.NOTE, "word": note}
        ask(host, "note.sh", variables, functions=remains.NOTE_FUNCTIONS)
    if told := remarks(outcome):
        say(host, told, "yellow")
