"""The style of an owner's lists and mappings in brackets: padding, commas and colons."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from pushgateway_lab.scrape_config.nodes import Kind, Node
from pushgateway_lab.scrape_config.source import after_properties
from pushgateway_lab.scrape_config.votes import majority

_MOST_NODES = 10_000  # of the whole file, read where no job has brackets
_MOST_NODES_OF_JOB = 200


class Brackets(NamedTuple):
    """The text within brackets.

    + words: the padding of lists of single values, ``[ one, two ]``: a blank or nothing
    + mappings: the padding of lists of mappings
    + braces: the padding of mappings, ``{ a: b }``
    + comma: the comma, with a blank behind it or without
    + colon: the same for the colon behind a key in quotes; behind other keys, YAML needs a blank
    """

    words: str
    mappings: str
    braces: str
    comma: str
    colon: str


class _Vote(NamedTuple):
    """One collection's, or one job's, answer to each question; None if it shows nothing."""

    words: str | None = None
    mappings: str | None = None
    braces: str | None = None
    comma: str | None = None
    colon: str | None = None


def brackets_of(text: str, own: Node | None, jobs: Iterable[Node], root: Node) -> Brackets:
    """Return the style of brackets.

    + own: a job whose style has priority
    + jobs: the jobs whose majority decides
    + root: of the file, for what the jobs do not show
    """
    chosen = _first(_choices(text, own, jobs, root))
    of_lists = next((padding for padding in chosen[:2] if padding is not None), "")
    return Brackets(
        words=of_lists if chosen.words is None else chosen.words,
        mappings=of_lists if chosen.mappings is None else chosen.mappings,
        braces=chosen.braces or "",
        comma=chosen.comma or (chosen.colon == ":" and ",") or ", ",
        colon=chosen.colon or ": ",
    )


def _choices(text: str, own: Node | None, jobs: Iterable[Node], root: Node) -> Iterator[_Vote]:
    """Yield the choices in the order of their priority; the next one is made only if something is open."""
    if own:
        yield _vote_of_job(text, own)
    yield _most([_vote_of_job(text, job) for job in jobs])
    yield _most([_vote(text, node) for node in islice(walk(root), _MOST_NODES)])


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and all nodes in it, in the order of the text; not those that aliases repeat."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        if not node.alias:
            waiting += reversed(node.children)


def _vote_of_job(text: str, job: Node) -> _Vote:
    return _first(_vote(text, node) for node in islice(walk(job), _MOST_NODES_OF_JOB) if node.style)


def _most(votes: list[_Vote]) -> _Vote:
    return _Vote(*(majority(answers) for answers in zip(*votes, strict=True)))


def _first(votes: Iterable[_Vote]) -> _Vote:
    """Return the first answer to each question."""
    found = _Vote()
    for vote in votes:
        found = _Vote(*(b if a is None else a for a, b in zip(found, vote, strict=True)))
        if None not in found:
            break
    return found


def _vote(text: str, node: Node) -> _Vote:
    """Return the answers of a collection in brackets; it shows no padding at a line's end."""
    if node.alias or not node.children or node.style not in {"[", "{"}:
        return _Vote()
    spans = node.spans()
    opening = after_properties(text, node.start)
    gap = text[opening + 1 : spans[0][0]]
    padding = " " if gap and not gap.strip(" ") else None if gap else ""
    between = text[spans[0][1] : spans[1][0]] if len(spans) > 1 else ""
    comma = {",": ",", ", ": ", "}.get(between)
    if node.kind is Kind.SEQUENCE:
        if node.children[0].kind is Kind.MAPPING:
            return _Vote(mappings=padding, comma=comma)
        return _Vote(words=padding, comma=comma)
    key, value = node.children[:2]
    colon = {":": ":", ": ": ": "}.get(text[key.end : value.start]) if key.style else None
    return _Vote(braces=padding, comma=comma, colon=colon)
