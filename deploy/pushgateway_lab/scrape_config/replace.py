"""Replace a job by another one, in its place."""

from collections.abc import Mapping
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from pushgateway_lab.scrape_config.document import read
from pushgateway_lab.scrape_config.meaning import Meanings
from pushgateway_lab.scrape_config.memory import spare_memory
from pushgateway_lab.scrape_config.merge import merge_job, remove_job
from pushgateway_lab.scrape_config.nodes import Kind, Node


class Change(NamedTuple):
    """A change of whole lines of a text.

    + first: the index of the first line that is taken out, from 0; new lines go before it
    + end: the index after the last line that is taken out; equal to `first` if none is
    + lines: the new lines, without their line ends
    """

    first: int
    end: int
    lines: tuple[str, ...]


@spare_memory
def replace_job(text: str, name: str, job: Mapping[str, Any]) -> str | None:
    """Return the configuration with a job in place of the one of that name, and all other text unchanged.

    A field of the old job that the new one does not have is gone. An old job that means the same stays. If there is no job of that name, the new one is
    added, as by `pushgateway_lab.scrape_config.merge_job`.

    + text: a prometheus.yml, at most `LONGEST` bytes of UTF-8
    + name: the name of the old job
    + job: the new job, as for `merge_job`

    Returns None if not whole lines would be replaced, as in a list in brackets: then a line with the new job would
    have text of its owner, too.

    Raises:
        ScrapeConfigError: as `merge_job`.

    Example:
        replace_job(text, "push_gateway", {"job_name": "pushgateway", "honor_labels": True})
    """
    without = remove_job(text, name)
    merged = merge_job(without, job)
    gone, added = changes(text, without), changes(without, merged)
    if len(added) != 1 or added[0].first != added[0].end:
        return None
    if not gone:
        return merged
    if len(gone) != 1 or gone[0].lines:
        return None
    lines = text.splitlines(keepends=True)
    first, end = _without_blank(lines, gone[0].first, gone[0].end)
    new = added[0].lines
    begin, last = _without_blank(new, 0, len(new))
    ending = "\r\n" if lines[first].endswith("\r\n") else "\n"
    replaced = ending.join(new[begin:last]) + (ending if lines[end - 1][-1] == "\n" else "")
    result = "".join([*lines[:first], replaced, *lines[end:]])
    if merge_job(result, job) != result:
        return None
    is_right = name == job["job_name"] and _texts_of_jobs(text) == _texts_of_jobs(result)
    return text if is_right and merge_job(text, job) == text else result


def _texts_of_jobs(text: str) -> list[object]:
    return [_texts(job) for job in read(text, Meanings()).jobs]


def _texts(node: Node) -> object:
    """Return a node's scalars without their quotes, in nested lists."""
    return node.text if node.kind is Kind.SCALAR else sorted(map(repr, map(_texts, node.children)))


def changes(old: str, new: str) -> list[Change]:
    r"""Return the changes of lines that make the new text from the old one, in their order.

    Example:
        >>> changes("a\nb\n", "a\nc\n")
        [Change(first=1, end=2, lines=('c',))]
    """
    before, after = old.splitlines(), new.splitlines()
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    return [
        Change(first, end, tuple(after[begin:last]))
        for kind, first, end, begin, last in matcher.get_opcodes()
        if kind != "equal"
    ]


def _without_blank(lines: list[str] | tuple[str, ...], first: int, end: int) -> tuple[int, int]:
    """Return a range of lines without blank ones at its beginning and its end."""
    while first < end - 1 and not lines[first].strip():
        first += 1
    while end - 1 > first and not lines[end - 1].strip():
        end -= 1
    return first, end
