"""The style of a configuration's owner: quotes, indentation, flow or block. The majority of jobs decides."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from string import ascii_letters
from typing import NamedTuple, TypeVar

from pushgateway_lab.scrape_config.brackets import Brackets, brackets_of, walk
from pushgateway_lab.scrape_config.document import Configuration
from pushgateway_lab.scrape_config.field_order import FieldOrder, order_of
from pushgateway_lab.scrape_config.nodes import Kind, Node
from pushgateway_lab.scrape_config.sequence import dash
from pushgateway_lab.scrape_config.source import column, line_start
from pushgateway_lab.scrape_config.votes import MOST_VOTERS, majority

T = TypeVar("T")

_QUOTES = ("'", '"')
_MOST_NODES_OF_JOB = 200
_MOST_NODES = 10_000  # of the whole file, read where no job shows its style

# A list in the text, with its key, and a mapping with its key.
_KeyedList = tuple[Node, Node]
_KeyedMapping = tuple[Node, Node]

_BEGINS_WORD = frozenset(ascii_letters + "/_")


class Style(NamedTuple):
    """The style of jobs.

    + flow: whether a job is in brackets, ``{job_name: ...}``, or has one line per field
    + dash_alone: whether a job's dash has a line of its own
    + key_indent: columns from a job's dash to its keys
    + key_quote: the quote around keys; empty for none
    + name_quote: the quote around job names; empty for none
    + target_quote: the quote around targets; empty for none
    + text_quote: the quote around other values; empty for none
    + mapping_quote: the same for the values in a job's mappings, such as basic_auth
    + list_indent: columns from a key to the dashes of its list
    + groups: ``[`` for static_configs in brackets, ``{`` for dashes with mappings in braces, else empty
    + targets_indent: the same as list_indent for targets; None if they are in brackets, ``[one, two]``
    + mappings_indent: columns from a key to the keys of its mapping; None if mappings are in braces, ``{a: b}``
    + brackets: padding, commas and colons
    + order: the order of a job's fields
    """

    flow: bool
    dash_alone: bool
    key_indent: int
    key_quote: str
    name_quote: str
    target_quote: str
    text_quote: str
    mapping_quote: str
    list_indent: int
    groups: str
    targets_indent: int | None
    mappings_indent: int | None
    brackets: Brackets
    order: FieldOrder


def learn(configuration: Configuration, own: Node | None = None) -> Style:
    """Return the style of a configuration.

    Where the jobs show nothing, it is the style of other lists and quotes in the file.

    + own: a job that is repaired; its style has priority over that of the majority
    """
    text, root = configuration.document.text, configuration.document.root
    jobs = configuration.jobs[-MOST_VOTERS:]

    def choose(vote: Callable[[Node], T | None]) -> T | None:
        own_vote = vote(own) if own else None
        return majority(map(vote, jobs)) if own_vote is None else own_vote

    dash_alone, key_indent = majority(_dashes(configuration)) or (False, 2)
    name_quote = choose(_name_quote)
    if name_quote is None:
        nodes = islice(walk(root), _MOST_NODES)
        name_quote = next((node.style for node in nodes if node.style in _QUOTES), "")
    target_quote, key_quote = choose(_target_quote), choose(_key_quote)
    if key_quote is None:
        key_quote = next((key.style for key, _ in root.entries()), "")
    mapping_quote = choose(_mapping_quote)
    return Style(
        flow=_in_flow(configuration, jobs),
        dash_alone=dash_alone,
        key_indent=key_indent,
        key_quote=key_quote,
        name_quote=name_quote,
        target_quote=name_quote or "'" if target_quote is None else target_quote,
        text_quote=key_quote,
        mapping_quote=key_quote if mapping_quote is None else mapping_quote,
        list_indent=_list_indent(configuration, choose),
        groups=choose(_groups) or "",
        targets_indent=choose(lambda job: _targets_indent(text, job))
        if choose(_has_target_lines)
        else None,
        mappings_indent=None if choose(_has_braces) else _mappings_indent(configuration, choose),
        brackets=brackets_of(text, own, jobs, root),
        order=order_of(jobs),
    )


def quote_of_targets(targets: Node) -> str:
    """Return the quote for new targets of a list: that of the last target.

    In brackets it is never empty, unless the owner writes ``[localhost:9090]``: Prometheus accepts a colon
    without quotes there, but not every parser does.
    """
    last = targets.children[-1]
    if last.style not in {"", *_QUOTES} or (
        targets.style and not last.style and ":" not in last.text
    ):
        return "'"
    return last.style


def _in_flow(configuration: Configuration, jobs: list[Node]) -> bool:
    value, root = configuration.value, configuration.document.root
    if value is None or not value.children:
        return bool(root.style)
    return bool(value.style or majority(job.style for job in jobs if not job.alias))


def _dashes(configuration: Configuration) -> Iterator[tuple[bool, int]]:
    """Yield `dash_alone` and `key_indent` of each job that votes."""
    text, value = configuration.document.text, configuration.value
    if value is None or value.style:
        return
    for position in range(len(value.children))[-MOST_VOTERS:]:
        start, job = dash(text, value, position), value.children[position]
        gap = text[start + 1 : job.start]
        if not gap.strip(" \r\n"):
            yield bool(gap.strip(" ")), column(text, job.start) - column(text, start)


def _key_quote(job: Node) -> str | None:
    return next((key.style for key, _ in job.entries()), None)


def _name_quote(job: Node) -> str | None:
    name = job.get("job_name")
    return name.style if name and name.style in {"", *_QUOTES} else None


def _targets(job: Node) -> _KeyedList | None:
    """Return a job's first list of targets."""
    return next(_lists([job], "static_configs", "targets"), None)


def _target_quote(job: Node) -> str | None:
    targets = _targets(job)
    return quote_of_targets(targets[1]) if targets else None


def _has_target_lines(job: Node) -> bool | None:
    targets = _targets(job)
    return not targets[1].style if targets else None


def _targets_indent(text: str, job: Node) -> int | None:
    targets = _targets(job)
    return _indent(text, targets) if targets and not targets[1].style else None


def _groups(job: Node) -> str | None:
    static_configs = next(_lists([job], "static_configs"), None)
    if static_configs is None or job.style:
        return None
    return static_configs[1].style or static_configs[1].children[0].style


def _mappings(job: Node) -> Iterator[_KeyedMapping]:
    """Yield a job's fields that are mappings, such as basic_auth; no aliases."""
    for key, value in job.entries():
        if value.kind is Kind.MAPPING and value.children and not value.alias:
            yield key, value


def _has_braces(job: Node) -> bool | None:
    return next((bool(mapping.style) for _, mapping in _mappings(job)), None)


def _mapping_quote(job: Node) -> str | None:
    """Return the quote of the first text in a job's mappings; a plain number or boolean is no text."""
    values = (value for _, mapping in _mappings(job) for _, value in mapping.entries())
    texts = (value for value in values if value.kind is Kind.SCALAR and not value.alias)
    return next((value.style for value in texts if value.style in _QUOTES or _is_word(value)), None)


def _is_word(value: Node) -> bool:
    is_boolean = value.text.lower() in {"true", "false", "yes", "no", "on", "off"}
    return value.is_plain and value.text[:1] in _BEGINS_WORD and not is_boolean


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


def _list_indent(
    configuration: Configuration,
    choose: Callable[[Callable[[Node], int | None]], int | None],
) -> int:
    """Return the columns from keys to dashes: of static_configs, other lists in jobs, lists in the file."""
    text, root = configuration.document.text, configuration.document.root

    def of_static_configs(job: Node) -> int | None:
        return next(_indents(text, _lists([job], "static_configs")), None)

    def of_any(job: Node) -> int | None:
        return next(_indents(text, job.entries()), None)

    for vote in (of_static_configs, of_any):
        if (indent := choose(vote)) is not None:
            return indent
    everything = islice(walk(root), _MOST_NODES)
    entries = chain.from_iterable(node.entries() for node in everything)
    return next(_indents(text, chain(_lists([root], "scrape_configs"), entries)), 2)


def _mappings_indent(
    configuration: Configuration,
    choose: Callable[[Callable[[Node], int | None]], int | None],
) -> int:
    """Return the columns from keys to the keys of their mappings: of fields of jobs, of any in jobs, in the file."""
    text, root = configuration.document.text, configuration.document.root

    def first(mappings: Iterable[_KeyedMapping]) -> int | None:
        return next(
            (
                column(text, value.children[0].start) - column(text, key.start)
                for key, value in mappings
                if not value.style and line_start(text, value.start) > key.start
            ),
            None,
        )

    def of_fields(job: Node) -> int | None:
        return first(_mappings(job))

    def of_any(job: Node) -> int | None:
        inner = islice(walk(job), _MOST_NODES_OF_JOB)
        return first(chain.from_iterable(map(_mappings, inner)))

    for vote in (of_fields, of_any):
        if (indent := choose(vote)) is not None:
            return max(indent, 1)
    everything = islice(walk(root), _MOST_NODES)
    return max(first(chain.from_iterable(map(_mappings, everything))) or 2, 1)


def _indents(text: str, entries: Iterable[_KeyedList]) -> Iterator[int]:
    """Yield the indents of the lists with dashes among a mapping's entries."""
    for key, value in entries:
        if value.kind is Kind.SEQUENCE and not value.style and not value.alias:
            yield _indent(text, (key, value))


def _indent(text: str, keyed: _KeyedList) -> int:
    """Return the columns from a key to the dashes of its list."""
    key, sequence = keyed
    return max(column(text, dash(text, sequence, 0)) - column(text, key.start), 0)
