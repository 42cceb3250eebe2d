"""The style of a configuration's owner: quotes, indentation, flow or block."""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import NamedTuple

from pushgateway_lab.scrape_config.document import Configuration
from pushgateway_lab.scrape_config.nodes import Kind, Node
from pushgateway_lab.scrape_config.sequence import dash
from pushgateway_lab.scrape_config.source import after_properties, column

_QUOTES = ("'", '"')

# A list in the text, with its key.
_KeyedList = tuple[Node, Node]


class Style(NamedTuple):
    """The style of jobs.

    + flow: whether a job is in brackets, ``{job_name: ...}``, or has one line per field
    + dash_alone: whether a job's dash has a line of its own
    + key_indent: columns from a job's dash to its keys
    + key_quote: the quote around keys; empty for none
    + name_quote: the quote around job names; empty for none
    + target_quote: the quote around targets; empty for none
    + list_indent: columns from a key to the dashes of its list
    + targets_indent: the same for targets; None if they are in brackets, ``[one, two]``
    + padding: the text between these brackets and the targets: a blank or nothing
    """

    flow: bool
    dash_alone: bool
    key_indent: int
    key_quote: str
    name_quote: str
    target_quote: str
    list_indent: int
    targets_indent: int | None
    padding: str


def learn(configuration: Configuration, nearest: Node | None = None) -> Style:
    """Return the style of a configuration: that of the nearest job, or else of the last jobs.

    Without jobs, it is the style of other lists and quotes in the file.
    """
    text, root = configuration.document.text, configuration.document.root
    jobs = [*([nearest] if nearest else []), *reversed(configuration.jobs)]
    list_indents = (_indent(text, keyed) for keyed in _block_lists(configuration, jobs))
    targets = next(_lists(jobs, "static_configs", "targets"), None)
    quote = next((name.style for name in _names(jobs)), None)
    dash_alone, key_indent = next(_dashes(configuration), (False, 2))
    if quote is None:
        quote = next((node.style for node in _walk(root) if node.style in _QUOTES), "")
    return Style(
        flow=_in_flow(configuration, jobs),
        dash_alone=dash_alone,
        key_indent=key_indent,
        key_quote=next((key.style for node in [*jobs, root] for key, _ in node.entries()), ""),
        name_quote=quote,
        target_quote=quote_of_targets(targets[1]) if targets else quote or "'",
        list_indent=next(list_indents, 2),
        targets_indent=_indent(text, targets) if targets and not targets[1].style else None,
        padding=_padding(text, targets[1]) if targets and targets[1].style else "",
    )


def quote_of_targets(targets: Node) -> str:
    """Return the quote for new targets of a list: that of the last target.

    In brackets it is never empty, unless the owner writes ``[localhost:9090]``: Prometheus accepts a colon
    without quotes there, but not every parser does.
    """
    last = targets.children[-1]
    if targets.style and not last.style and ":" not in last.text:
        return "'"
    return last.style


def _in_flow(configuration: Configuration, jobs: list[Node]) -> bool:
    value, root = configuration.value, configuration.document.root
    if value is None or not value.children:
        return bool(root.style)
    return bool(value.style or next((job.style for job in jobs if not job.alias), ""))


def _dashes(configuration: Configuration) -> Iterator[tuple[bool, int]]:
    """Yield `dash_alone` and `key_indent` of each job, the last job first."""
    text, value = configuration.document.text, configuration.value
    if value is None or value.style:
        return
    for position in reversed(range(len(value.children))):
        start, job = dash(text, value, position), value.children[position]
        gap = text[start + 1 : job.start]
        if not gap.strip(" \r\n"):
            yield bool(gap.strip(" ")), column(text, job.start) - column(text, start)


def _names(jobs: list[Node]) -> Iterator[Node]:
    names = (job.get("job_name") for job in jobs)
    return (name for name in names if name and name.style in {"", *_QUOTES})


def _lists(mappings: Iterable[Node], *path: str) -> Iterator[_KeyedList]:
    """Yield the lists under a path of keys, also in mappings that are items of lists; no aliases."""
    for mapping in mappings:
        for key, value in mapping.entries():
            if key.text != path[0] or value.alias or not value.children:
                continue
            if path[1:]:
                yield from _lists(value.children, *path[1:])
            elif value.kind is Kind.SEQUENCE:
                yield key, value


def _block_lists(configuration: Configuration, jobs: list[Node]) -> Iterator[_KeyedList]:
    """Yield lists with dashes, the most similar to a job's static_configs first."""
    everything = _walk(configuration.document.root)
    root = [configuration.document.root]
    return (
        keyed
        for keyed in chain(
            _lists(jobs, "static_configs"),
            _lists(root, "scrape_configs"),
            ((key, value) for node in everything for key, value in node.entries()),
        )
        if keyed[1].kind is Kind.SEQUENCE and not keyed[1].style and not keyed[1].alias
    )


def _walk(node: Node) -> Iterator[Node]:
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        if not node.alias:
            waiting += reversed(node.children)


def _indent(text: str, keyed: _KeyedList) -> int:
    """Return the columns from a key to the dashes of its list."""
    key, sequence = keyed
    return max(column(text, dash(text, sequence, 0)) - column(text, key.start), 0)


def _padding(text: str, sequence: Node) -> str:
    return " " if text[after_properties(text, sequence.start) + 1] == " " else ""
