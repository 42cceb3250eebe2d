"""Merge a job into a configuration, and remove it."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
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
def merge_job(
    text: str, job: Mapping[str, Any], corrected: Mapping[str, str] = MappingProxyType({})
) -> str:
    """Return the configuration with the job, and all other text unchanged.

    If the file has a job with that name, its wrong fields are corrected, and missing fields and targets
    are added; its other fields and targets stay. Else the job is added after the last one, in the style of
    the file. The function is idempotent: a configuration with the right job is returned unchanged.

    + text: a prometheus.yml, at most `LONGEST` bytes of UTF-8
    + job: as in the file: ``job_name``, fields with a single value, for example ``honor_labels``, or with a mapping,
      for example ``basic_auth``, and one group of ``static_configs`` (Prometheus's documentation, `scrape_config`). Of a
      mapping in the file, only wrong and missing parts change, and ``password_file`` takes the place of ``password``
    + corrected: targets that must not be in the job -> the target of `job` in the place of each

    Raises:
        ScrapeConfigError: the configuration cannot be read, is beyond a limit, or cannot be edited
            without changing more than the job; with the line.
        ValueError: the job has fields that are not supported.

    Example:
        merge_job(text, {"job_name": "pushgateway", "honor_labels": True,
                         "static_configs": [{"targets": ["localhost:9091"]}]})
    """
    wanted = wanted_job(job, corrected)
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
    """Return the configuration without the job of that name, and all other text unchanged.

    It is the inverse of `merge_job`: if that added the job, the result is the earlier text, character for
    character. A configuration without the job is returned unchanged.

    + text: a prometheus.yml, at most `LONGEST` bytes of UTF-8

    Raises:
        ScrapeConfigError: as `merge_job`.

    Example:
        remove_job(merge_job(text, {"job_name": "a"}), "a") == text
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
    """Return the edited text; raise ScrapeConfigError unless it has the wanted meaning."""
    text = apply(before.document.text, edits)
    refuse_long(bytes_of(before.byte_order_mark + text), _WITH_JOB)
    try:
        if not edits or is_right(text):
            return before.byte_order_mark + text
    except ScrapeConfigError:
        pass  # the edited text is not YAML
    line = line_at(text, min(edit.start for edit in edits))
    reason = "this cannot be changed without changing what other lines mean; do it by hand"
    raise ScrapeConfigError(line, reason)
