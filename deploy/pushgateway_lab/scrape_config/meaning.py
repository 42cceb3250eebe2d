"""The meaning of a text as a number: texts with equal numbers mean the same.

Each scalar and each collection gets the number of its content; an alias gets the number of the node it
refers to. Quotes, comments, layout and anchors are not part of the meaning. So a comparison of two files, or
of two parts of one, is a comparison of numbers.
"""

from typing import Any

from pushgateway_lab.scrape_config.errors import ScrapeConfigError, shortened
from pushgateway_lab.scrape_config.nodes import Kind, Node
from pushgateway_lab.scrape_config.parse import Events, parse

_STARTS = {"SequenceStartEvent", "MappingStartEvent"}
_ENDS = {"SequenceEndEvent": "[", "MappingEndEvent": "{"}

# The content of a node. A scalar: its text, whether its type is guessed from the text, its tag.
# A collection: its bracket, its tag, the numbers of its items, or of its keys and values in turn.
Content = tuple[Any, ...]
EMPTY: Content = ("", True, None)

# The largest size: with aliases, a size can have more digits than fit into memory.
_COUNTED = 10**12


class Meanings:
    """The numbers of all contents so far. Texts that are compared share one object."""

    def __init__(self) -> None:
        self._numbers: dict[Content, int] = {}

    def number(self, content: Content) -> int:
        """Return the number of a content."""
        return self._numbers.setdefault(content, len(self._numbers))

    def contents(self) -> list[Content]:
        """Return the content of each number, at the index of that number."""
        return list(self._numbers)


def meaning_of(text: str, meanings: Meanings) -> list[int]:
    """Return the number of each document of a text.

    Raises:
        ScrapeConfigError: the text is not YAML, or an alias refers to nothing.
    """
    return parse(text, lambda events: _documents(events, meanings))


def _documents(events: Events, meanings: Meanings) -> list[int]:
    anchors: dict[str, int] = {}
    outer: list[tuple[Any, list[int]]] = []  # the open collections, each with its items so far
    siblings: list[int] = []
    for event in iter(events.next, None):
        node, name = event, type(event).__name__
        if name == "ScalarEvent":
            number = meanings.number(scalar_content(event, events.colon))
        elif name == "AliasEvent":
            if event.anchor not in anchors:
                raise undefined_alias(event)
            number = anchors[event.anchor]
        elif name in _ENDS:
            children = siblings
            node, siblings = outer.pop()
            number = meanings.number((_ENDS[name], node.ctag, *children))
        else:
            if name in _STARTS:
                outer.append((event, siblings))
                siblings = []
            continue
        siblings.append(number)
        if node.anchor is not None:
            anchors[node.anchor] = number
    return siblings


def undefined_alias(event: Any) -> ScrapeConfigError:
    """Return the error for an alias that refers to nothing."""
    name = shortened(event.anchor)
    reason = f"*{name} refers to nothing: there is no &{name} above it"
    return ScrapeConfigError(event.start_mark.line + 1, reason)


def scalar_content(event: Any, colon: str) -> Content:
    """Return the content of a scalar; `colon` is as in `Events`."""
    text = event.value.replace(colon, ":") if colon else event.value
    return text, event.implicit[0], event.ctag


def parts_of(number: int, bracket: str, contents: list[Content]) -> list[int]:
    """Return the numbers of a sequence's items, or of a mapping's keys and values in turn.

    + bracket: ``[`` for a sequence, ``{`` for a mapping; for other nodes the result is empty
    """
    first, second, *parts = contents[number]
    return [] if first != bracket or isinstance(second, bool) else parts


def size_of(number: int, contents: list[Content]) -> int:
    """Return the number of values in a node, with aliases written out; at most 10**12."""
    sizes: list[int] = []
    for part in range(number + 1):  # the parts of a collection have smaller numbers
        children = parts_of(part, "[", contents) + parts_of(part, "{", contents)
        sizes.append(min(1 + sum(sizes[child] for child in children), _COUNTED))
    return sizes[number]


def node_of(number: int, contents: list[Content]) -> Node:
    """Return a node of that meaning, without a place in a text.

    Equal parts are one node of the tree: written out, a few lines of aliases can need more memory than
    there is.
    """
    needed: set[int] = set()
    waiting = [number]
    while waiting:
        part = waiting.pop()
        if part not in needed:
            needed.add(part)
            waiting += parts_of(part, "[", contents) + parts_of(part, "{", contents)
    nodes: dict[int, Node] = {}
    for part in sorted(needed):  # the parts of a collection have smaller numbers
        nodes[part] = _node(part, contents[part], nodes)
    return nodes[number]


def _node(number: int, content: Content, nodes: dict[int, Node]) -> Node:
    first, second, *rest = content
    if isinstance(second, bool):
        style = "" if second or rest[0] else '"'
        return Node(Kind.SCALAR, 0, 0, 0, number, first, style, rest[0])
    kind = Kind.SEQUENCE if first == "[" else Kind.MAPPING
    children = [nodes[part] for part in rest]
    return Node(kind, 0, 0, 0, number, "", "", second, children=children)
