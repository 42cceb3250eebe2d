"""What the scrape configs of a configuration say (Prometheus' documentation, `scrape_config`)."""

from functools import lru_cache
from typing import NamedTuple

from pushgateway_lab.scrape_config.document import read
from pushgateway_lab.scrape_config.errors import ScrapeConfigError
from pushgateway_lab.scrape_config.fields import Fields, fields_of, is_true, items_of, scalar_text
from pushgateway_lab.scrape_config.meaning import Meanings
from pushgateway_lab.scrape_config.memory import spare_memory
from pushgateway_lab.scrape_config.nodes import Kind, Node

_LOOPBACK = {"localhost", "127.0.0.1", "[::1]"}


class Job(NamedTuple):
    """A scrape config, as Prometheus reads it.

    + name: its job name, empty when it has none
    + line: the line of the file it starts on
    + honor_labels: whether labels that were pushed survive the scrape
    + scrape_interval: as written, or None where the global one applies
    + scheme: ``http`` or ``https``
    + metrics_path: the path it scrapes
    + targets: all targets of its ``static_configs``, as written
    """

    name: str
    line: int
    honor_labels: bool
    scrape_interval: str | None
    scheme: str
    metrics_path: str
    targets: tuple[str, ...]


@spare_memory
def find_jobs(text: str) -> list[Job]:
    """Return all jobs of a configuration, in the order of the file.

    Raises ScrapeConfigError for a text that cannot be read as a configuration.
    """
    return [_job(node) for node in read(text, Meanings()).jobs]


def known_jobs(text: str) -> tuple[Job, ...]:
    """Return the same as `find_jobs`, remembered: the hosts of a class mostly have the same files.

    Raises ScrapeConfigError as `find_jobs` does; that a text cannot be read is remembered, too.
    """
    found = _remembered(text)
    if isinstance(found, ScrapeConfigError):
        raise type(found)(found.line, found.reason)
    return found


# Texts of up to 2 MB each: more would be too much memory.
@lru_cache(maxsize=32)
def _remembered(text: str) -> tuple[Job, ...] | ScrapeConfigError:
    try:
        return tuple(find_jobs(text))
    except ScrapeConfigError as error:
        return error


def _job(node: Node) -> Job:
    fields = fields_of(node)
    return Job(
        name=scalar_text(fields.get("job_name")),
        line=node.line,
        honor_labels=is_true(fields.get("honor_labels")),
        scrape_interval=scalar_text(fields.get("scrape_interval")) or None,
        scheme=scalar_text(fields.get("scheme")) or "http",
        metrics_path=scalar_text(fields.get("metrics_path")) or "/metrics",
        targets=tuple(target.text for target in targets_of(fields)),
    )


def name_of(job: Node) -> str:
    """Return a job's name, empty when it has none."""
    return scalar_text(fields_of(job).get("job_name"))


def targets_of(fields: Fields) -> list[Node]:
    """Return all static targets of a job that has these fields."""
    return [
        target
        for group in items_of(fields.get("static_configs"))
        for target in items_of(fields_of(group).get("targets"))
        if target.kind is Kind.SCALAR
    ]


@spare_memory
def scrape_config_files(text: str) -> tuple[str, ...]:
    """Return the files (patterns, as written) in which Prometheus looks for further jobs.

    Raises ScrapeConfigError for a text that cannot be read as a configuration.
    """
    fields = fields_of(read(text, Meanings()).document.root)
    return tuple(item.text for item in items_of(fields.get("scrape_config_files")))


def same_target(one: str, other: str) -> bool:
    """Return whether two targets are the same address; the names of loopback are one host."""
    return _address(one) == _address(other)


def _address(target: str) -> tuple[str, str]:
    host, _, port = target.strip().lower().rpartition(":")
    return ("localhost" if host in _LOOPBACK else host), port


def jobs_scraping(jobs: list[Job], target: str, *, besides: str) -> list[Job]:
    """Return the jobs, besides the one of that name, that scrape the target already."""
    return [
        job
        for job in jobs
        if job.name != besides and any(same_target(target, own) for own in job.targets)
    ]
