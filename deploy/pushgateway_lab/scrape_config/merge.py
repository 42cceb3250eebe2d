"""Merging a job into a configuration, and removing it."""

from collections.abc import Callable, Mapping
from typing import Any

from pushgateway_lab.scrape_config.add import add_job
from pushgateway_lab.scrape_config.document import Configuration, read
from pushgateway_lab.scrape_config.edit import Edit, apply
from pushgateway_lab.scrape_config.errors import ScrapeConfigError, quoted
from pushgateway_lab.scrape_config.guard import is_merged, is_removed
from pushgateway_lab.scrape_config.jobs import name_of
from pushgateway_lab.scrape_config.limits import refuse_long, refuse_many
from pushgateway_lab.scrape_config.meaning import Meanings
from pushgateway_lab.scrape_config.memory import spare_memory
from pushgateway_lab.scrape_config.nodes import Node
from pushgateway_lab.scrape_config.remove import remove_job_at
from pushgateway_lab.scrape_config.repair import repair_job
from pushgateway_lab.scrape_config.source import bytes_of, line_at
from pushgateway_lab.scrape_config.wanted import wanted_job

_WITH_JOB = "the file with the job in it"


@spare_memory
def merge_job(text: str, job: Mapping[str, Any]) -> str:
    """Return the configuration with the job in it, and everything else as it was.

    `job` is written as in the configuration: ``job_name``, further fields with a single value
    such as ``honor_labels``, and one group of ``static_configs``. A job of that name is given the
    fields and targets that it lacks or has otherwise, and keeps all its own; if there is none, one
    is added after the last job, in the style of the file. A configuration that is right already is
    returned as it is.

    Raises ScrapeConfigError for a configuration that cannot be read, or that cannot be changed
    without changing more than the job, and ValueError for a job that is not supported.
    """
    wanted = wanted_job(job)
    meanings = Meanings()
    before = read(text, meanings)
    present = _only_job(before, wanted.name)
    edits = repair_job(before, present, wanted) if present else add_job(before, wanted)
    if edits:
        refuse_many(before.document.values + wanted.values, f"{_WITH_JOB} has")
    return _proven(
        before, edits, lambda result: is_merged(before.document, result, meanings, wanted)
    )


@spare_memory
def remove_job(text: str, job_name: str) -> str:
    """Return the configuration without the job of that name, and everything else as it was.

    A configuration to which `merge_job` added the job is restored to the character; one without
    the job is returned as it is. Raises ScrapeConfigError as `merge_job` does.
    """
    meanings = Meanings()
    before = read(text, meanings)
    present = _only_job(before, job_name)
    edits = [] if present is None else remove_job_at(before, before.jobs.index(present))
    return _proven(
        before, edits, lambda result: is_removed(before.document, result, meanings, job_name)
    )


def _only_job(configuration: Configuration, name: str) -> Node | None:
    found = [job for job in configuration.jobs if name_of(job) == name]
    if len(found) > 1:
        reason = (
            f"there is a job {quoted(name)} in line {found[0].line} already; keep one of the two"
        )
        raise ScrapeConfigError(found[1].line, reason)
    return found[0] if found else None


def _proven(before: Configuration, edits: list[Edit], is_right: Callable[[str], bool]) -> str:
    """Return the edited text, or raise ScrapeConfigError if it does not mean what it should."""
    text = apply(before.document.text, edits)
    refuse_long(bytes_of(before.byte_order_mark + text), _WITH_JOB)
    try:
        if not edits or is_right(text):
            return before.byte_order_mark + text
    except ScrapeConfigError:
        pass  # it is not even YAML any more
    line = line_at(text, min(edit.start for edit in edits))
    reason = "this cannot be changed without changing what other lines mean; do it by hand"
    raise ScrapeConfigError(line, reason)
