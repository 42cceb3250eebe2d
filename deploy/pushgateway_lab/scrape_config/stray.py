"""Find a field of a job that is written at another place, under a similar name or with an unsuitable value."""

from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import NamedTuple

from pushgateway_lab.scrape_config.document import read
from pushgateway_lab.scrape_config.jobs import name_of
from pushgateway_lab.scrape_config.meaning import Meanings
from pushgateway_lab.scrape_config.memory import spare_memory
from pushgateway_lab.scrape_config.nodes import Kind, Node

_ALIKE = 0.85
"""The least likeness of two names (`difflib.SequenceMatcher.ratio`): of honor_labels and honour_label, it is 0.91."""


class Stray(NamedTuple):
    """An entry of a job that may stand for a field.

    + name: the entry's key, as written
    + line: its line in the file, counted from 1
    + within: the field of the job around it, such as ``static_configs`` or ``labels``; empty if it is a field of the
      job itself
    + is_text: its value is a text, because it is in quotes
    """

    name: str
    line: int
    within: str
    is_text: bool


@spare_memory
def stray_fields(text: str, job_name: str, field: str) -> tuple[Stray, ...]:
    """Return the entries of a job whose key is a field's name or a similar one, in the order of the file.

    Prometheus ignores or rejects them: all but the field at its place, with a value that is no text.

    + text: a prometheus.yml, at most `LONGEST` bytes of UTF-8
    + field: for example ``honor_labels``

    Raises:
        ScrapeConfigError: as `pushgateway_lab.scrape_config.find_jobs`.

    Example:
        stray_fields("scrape_configs: [{job_name: a, honor_label: true}]", "a", "honor_labels")[0].line == 1
    """
    jobs = (job for job in read(text, Meanings()).jobs if name_of(job) == job_name)
    return tuple(_strays(next(jobs, None), field, ""))


def _strays(node: Node | None, field: str, within: str) -> Iterator[Stray]:
    if node is None or node.alias:
        return
    if node.kind is Kind.SEQUENCE:
        for item in node.children:
            yield from _strays(item, field, within)
    for key, value in node.entries():
        if _is_alike(key.text, field):
            is_text = value.kind is Kind.SCALAR and not value.is_plain
            yield Stray(key.text, key.line, within, is_text)
        yield from _strays(value, field, key.text)


def _is_alike(name: str, field: str) -> bool:
    one, other = _letters(name), _letters(field)
    return one == other or (
        len(name) < 2 * len(field) and SequenceMatcher(None, one, other).ratio() >= _ALIKE
    )


def _letters(name: str) -> str:
    return "".join(filter(str.isalnum, name)).lower()
