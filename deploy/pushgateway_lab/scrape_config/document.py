"""The places in a prometheus.yml at which jobs are added, changed and removed."""

from typing import NamedTuple

from pushgateway_lab.scrape_config.compose import compose
from pushgateway_lab.scrape_config.errors import ScrapeConfigError
from pushgateway_lab.scrape_config.fields import fields_of
from pushgateway_lab.scrape_config.limits import refuse_long
from pushgateway_lab.scrape_config.meaning import Meanings
from pushgateway_lab.scrape_config.nodes import Document, Kind, Node
from pushgateway_lab.scrape_config.shape import refuse_odd_targets, refuse_other_formats
from pushgateway_lab.scrape_config.source import BYTE_ORDER_MARK, bytes_of
from pushgateway_lab.scrape_config.templates import refusal


class Configuration(NamedTuple):
    """The places in a prometheus.yml.

    + byte_order_mark: the mark before the document's text; empty if there is none
    + document: the text without the mark, as a tree
    + key: the key ``scrape_configs``; None if it is missing
    + value: the value of that key; None if it is missing
    + jobs: the items of that value
    """

    byte_order_mark: str
    document: Document
    key: Node | None
    value: Node | None
    jobs: list[Node]


def read(text: str, meanings: Meanings) -> Configuration:
    """Return the places in a configuration.

    + meanings: gives the nodes their numbers, and keeps them

    Raises:
        ScrapeConfigError: the text is not YAML or beyond a limit, or the root, ``scrape_configs``, one of
            its jobs or one of their targets is of the wrong kind; with the line.
    """
    refuse_long(bytes_of(text))
    mark = BYTE_ORDER_MARK if text.startswith(BYTE_ORDER_MARK) else ""
    document = compose(text.removeprefix(mark), meanings)
    root = document.root
    if not (root.kind is Kind.MAPPING or root.is_empty):
        reason = f"the file holds a {root.kind.value} and not a mapping with scrape_configs in it"
        raise refusal(document.text, root.start, reason)
    refuse_other_formats(root)
    found = ((key, value) for key, value in root.entries() if key.text == "scrape_configs")
    key, value = next(found, (None, None))
    return Configuration(mark, document, key, value, _jobs(document, value))


def _jobs(document: Document, value: Node | None) -> list[Node]:
    text, root = document.text, document.root
    merge_key = next((key for key, _ in root.entries() if key.is_merge_key), None)
    if merge_key is not None and fields_of(root).get("scrape_configs") is not value:
        reason = "scrape_configs comes through a merge key (<<); write it out in the file's root"
        raise ScrapeConfigError(merge_key.line, reason)
    if value is None or value.is_null:
        return []
    if value.kind is not Kind.SEQUENCE:
        reason = f"scrape_configs must be a list of jobs, and is a {value.kind.value}"
        raise refusal(text, value.start, reason)
    for job in value.children:
        if job.kind is not Kind.MAPPING:
            reason = f"each item of scrape_configs must be a job, and this is a {job.kind.value}"
            raise refusal(text, job.start, reason)
        refuse_odd_targets(text, job)
    return value.children
