"""The scrape configs of a configuration as data (Prometheus's documentation, `scrape_config`)."""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from pushgateway_lab.scrape_config.document import read
from pushgateway_lab.scrape_config.errors import ScrapeConfigError
from pushgateway_lab.scrape_config.fields import fields_of, is_true, items_of, scalar_text
from pushgateway_lab.scrape_config.meaning import Meanings
from pushgateway_lab.scrape_config.memory import spare_memory
from pushgateway_lab.scrape_config.nodes import Node
from pushgateway_lab.scrape_config.targets import address_of, targets_of

# The fields that change the request to a target, or its address (Prometheus's documentation, `scrape_config`).
_INHERITED = (
    "scheme",
    "metrics_path",
    "params",
    "basic_auth",
    "authorization",
    "bearer_token",
    "bearer_token_file",
    "oauth2",
    "tls_config",
    "proxy_url",
    "proxy_from_environment",
    "http_headers",
    "relabel_configs",
)


class Login(NamedTuple):
    """The ``basic_auth`` of a job, without a password in the file itself.

    + username: empty if it has none
    + password_file: as written; empty if it has none
    """

    username: str
    password_file: str


class Job(NamedTuple):
    """A scrape config, as Prometheus reads it.

    + name: its job_name; empty if it has none
    + line: its first line in the file, counted from 1
    + honor_labels: whether pushed labels survive the scrape
    + scrape_interval: as written, for example ``15s``; None if the global one applies
    + scheme: ``http`` or ``https``
    + metrics_path: the path of the scrape
    + targets: all targets of its ``static_configs``, as written
    + has_discovery: whether it has targets from service discovery, too (``..._sd_configs``)
    + inherited: the names of its fields that change how each of its targets is scraped
    + login: its ``basic_auth``; None without one
    + tls_config: the name of each part of its ``tls_config`` -> the text of its value; empty without one
    + lines: the name of each of its fields -> the field's line in the file, counted from 1
    """

    name: str
    line: int
    honor_labels: bool
    scrape_interval: str | None
    scheme: str
    metrics_path: str
    targets: tuple[str, ...]
    has_discovery: bool = False
    inherited: tuple[str, ...] = ()
    login: Login | None = None
    tls_config: Mapping[str, str] = MappingProxyType({})
    lines: Mapping[str, int] = MappingProxyType({})

    @property
    def ca_file(self) -> str:
        """The file with the authorities that it trusts, as written; empty without one."""
        return self.tls_config.get("ca_file", "")


@spare_memory
def find_jobs(text: str) -> list[Job]:
    """Return all jobs of a configuration, in the order of the file.

    + text: a prometheus.yml, at most `LONGEST` bytes of UTF-8

    Raises:
        ScrapeConfigError: the text is not a configuration, or beyond a limit; with the line.

    Example:
        find_jobs("scrape_configs: [{job_name: node}]")[0].name == "node"
    """
    return [_job(node) for node in read(text, Meanings()).jobs]


def known_jobs(text: str) -> tuple[Job, ...]:
    """Return the jobs as `find_jobs` does, from a cache: most hosts of a class have the same file.

    Raises:
        ScrapeConfigError: as `find_jobs`; errors are cached, too.

    Example:
        known_jobs("scrape_configs: [{job_name: node}]")[0].line == 1
    """
    found = _remembered(text)
    if isinstance(found, ScrapeConfigError):
        raise type(found)(found.line, found.reason)
    return found


# Not more texts: each may have 2 MB.
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
        has_discovery=any(name.endswith("_sd_configs") for name in fields),
        inherited=tuple(name for name in _INHERITED if name in fields),
        login=_login(fields.get("basic_auth")),
        tls_config=_texts(fields.get("tls_config")),
        lines={name: field.line for name, field in fields.items()}
        | {key.text: key.line for key, _ in node.entries()},
    )


def _login(field: Node | None) -> Login | None:
    if field is None or field.is_null:
        return None
    return Login(_text(field, "username"), _text(field, "password_file"))


def _texts(field: Node | None) -> dict[str, str]:
    """Return the texts of all parts of a field; empty if the field is missing or no mapping."""
    parts = {} if field is None else fields_of(field)
    return {name: scalar_text(part) for name, part in parts.items()}


def _text(field: Node | None, part: str) -> str:
    """Return the text of a part of a field; empty if the field or the part is missing."""
    return "" if field is None else scalar_text(fields_of(field).get(part))


def name_of(job: Node) -> str:
    """Return a job's name; an empty text if it has none."""
    return scalar_text(fields_of(job).get("job_name"))


@spare_memory
def scrape_config_files(text: str) -> tuple[str, ...]:
    """Return the files in which Prometheus looks for further jobs: glob patterns, as written.

    Raises:
        ScrapeConfigError: as `find_jobs`.

    Example:
        scrape_config_files("scrape_config_files: [jobs/*.yml]") == ("jobs/*.yml",)
    """
    fields = fields_of(read(text, Meanings()).document.root)
    return tuple(item.text for item in items_of(fields.get("scrape_config_files")))


def jobs_scraping(jobs: list[Job], target: str, *, besides: str) -> list[Job]:
    """Return the jobs that scrape a target.

    + target: HOST:PORT
    + besides: the name of a job that does not count

    Example:
        jobs_scraping(find_jobs(text), "localhost:9091", besides="pushgateway")
    """
    address = address_of(target)
    return [
        job
        for job in jobs
        if job.name != besides and any(address_of(own) == address for own in job.targets)
    ]
