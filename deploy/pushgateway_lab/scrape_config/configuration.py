"""What Prometheus reads in its configuration: the scrape configs, and what each of them says.

The rules are those of Prometheus' configuration documentation and of go-yaml v2, which it decodes
with; each was tried against Prometheus 2.42.
"""

from typing import NamedTuple

from pushgateway_lab.scrape_config.compose import compose
from pushgateway_lab.scrape_config.errors import ScrapeConfigError
from pushgateway_lab.scrape_config.meaning import Meanings
from pushgateway_lab.scrape_config.nodes import Document, Kind, Node
from pushgateway_lab.scrape_config.source import BYTE_ORDER_MARK

_TRUE = {"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"}
_LOOPBACK = {"localhost", "127.0.0.1", "[::1]"}


class Configuration(NamedTuple):
    """The places in a prometheus.yml.

    + mark: the byte order mark that stands before the document's text, or nothing
    + key: the key ``scrape_configs``, or None when it is missing
    + value: what it holds, or None
    + jobs: the items of that list
    """

    mark: str
    document: Document
    key: Node | None
    value: Node | None
    jobs: list[Node]


def read(text: str, meanings: Meanings) -> Configuration:
    """Return the places in a configuration; `meanings` is filled with what its nodes mean.

    Raises ScrapeConfigError for text that is not YAML, and where the root, ``scrape_configs`` or
    one of its items is of the wrong kind.
    """
    mark = BYTE_ORDER_MARK if text.startswith(BYTE_ORDER_MARK) else ""
    document = compose(text.removeprefix(mark), meanings)
    root = document.root
    if not (root.kind is Kind.MAPPING or root.is_empty):
        reason = f"the file holds a {root.kind.value} and not a mapping with scrape_configs in it"
        raise ScrapeConfigError(root.line, reason)
    found = ((key, value) for key, value in root.entries() if key.text == "scrape_configs")
    key, value = next(found, (None, None))
    return Configuration(mark, document, key, value, _jobs(root, value))


def _jobs(root: Node, value: Node | None) -> list[Node]:
    if any(key.is_merge_key and "scrape_configs" in effective(root) for key, _ in root.entries()):
        reason = "scrape_configs comes through a merge key (<<); write it out in the file's root"
        raise ScrapeConfigError(root.line, reason)
    if value is None or value.is_null:
        return []
    if value.kind is not Kind.SEQUENCE:
        reason = f"scrape_configs must be a list of jobs, and is a {value.kind.value}"
        raise ScrapeConfigError(value.line, reason)
    for job in value.children:
        if job.kind is not Kind.MAPPING:
            reason = f"each item of scrape_configs must be a job, and this is a {job.kind.value}"
            raise ScrapeConfigError(job.line, reason)
    return value.children


def effective(mapping: Node) -> dict[str, Node]:
    """Return a mapping's fields as Prometheus sees them, merge keys followed.

    In go-yaml v2 a merge key counts where it stands: it overrides what is above it, too. Of
    several merged mappings the first counts most (https://yaml.org/type/merge.html).
    """
    fields = {key.text: value for key, value in mapping.entries()}
    if "<<" not in fields:
        return fields
    fields = {}
    for key, value in mapping.entries():
        if not key.is_merge_key:
            fields[key.text] = value
            continue
        sources = reversed(value.children) if value.kind is Kind.SEQUENCE else [value]
        for source in sources:
            fields.update(effective(source))
    return fields


def is_true(field: Node | None) -> bool:
    """Return whether Prometheus reads a field of type boolean as true; a missing one is false."""
    if field is None or not (field.is_plain or field.tag == "tag:yaml.org,2002:bool"):
        return False
    return field.text in _TRUE


class Job(NamedTuple):
    """A scrape config, as Prometheus reads it.

    + name: its job name, empty when it has none
    + line: the line of the file it starts on
    + honor_labels: whether labels that are pushed survive the scrape
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


def find_jobs(text: str) -> list[Job]:
    """Return all jobs of a configuration, in the file's order.

    Raises ScrapeConfigError for a text that `merge_job` refuses whatever the job.
    """
    return [job_of(node) for node in read(text, Meanings()).jobs]


def job_of(node: Node) -> Job:
    """Return what a scrape config says."""
    fields = effective(node)
    interval = fields.get("scrape_interval")
    return Job(
        name=job_name(node),
        line=node.line,
        honor_labels=is_true(fields.get("honor_labels")),
        scrape_interval=None if interval is None or interval.is_null else interval.text,
        scheme=_text(fields.get("scheme")) or "http",
        metrics_path=_text(fields.get("metrics_path")) or "/metrics",
        targets=tuple(target.text for group in groups(fields) for target in targets(group)),
    )


def job_name(node: Node) -> str:
    """Return the name of a scrape config, empty when it has none."""
    return _text(effective(node).get("job_name"))


def groups(fields: dict[str, Node]) -> list[Node]:
    """Return the target groups among a job's fields."""
    static_configs = fields.get("static_configs")
    if static_configs is None or static_configs.kind is not Kind.SEQUENCE:
        return []
    return static_configs.children


def targets(group: Node) -> list[Node]:
    """Return the targets of a target group."""
    found = effective(group).get("targets")
    if found is None or found.kind is not Kind.SEQUENCE:
        return []
    return [target for target in found.children if target.kind is Kind.SCALAR]


def _text(value: Node | None) -> str:
    return "" if value is None or value.is_null else value.text


def scrape_config_files(text: str) -> tuple[str, ...]:
    """Return the files (patterns, as written) in which Prometheus looks for further jobs."""
    found = effective(read(text, Meanings()).document.root).get("scrape_config_files")
    if found is None or found.kind is not Kind.SEQUENCE:
        return ()
    return tuple(item.text for item in found.children if item.kind is Kind.SCALAR)


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
