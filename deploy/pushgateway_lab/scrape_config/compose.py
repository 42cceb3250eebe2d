"""Build the tree of nodes, with their places, from a text.

The parser does not check for duplicate keys and undefined aliases; this module does, with the rules of
Prometheus.
"""

import re
from collections.abc import Callable
from typing import Any

from pushgateway_lab.scrape_config.errors import ScrapeConfigError, quoted, shortened
from pushgateway_lab.scrape_config.limits import (
    MOST_VALUES,
    refuse_deep,
    refuse_documents,
    refuse_many,
)
from pushgateway_lab.scrape_config.meaning import (
    EMPTY,
    Meanings,
    scalar_content,
    size_of,
    undefined_alias,
)
from pushgateway_lab.scrape_config.nodes import Anchor, Document, Kind, Node
from pushgateway_lab.scrape_config.parse import Events, parse
from pushgateway_lab.scrape_config.source import line_at, next_token
from pushgateway_lab.scrape_config.templates import refusal

# The header of a block scalar that keeps its trailing blank lines, after its anchor and tag.
_KEEPS_BLANK_LINES = re.compile(r"(?:[&!]\S*\s+)*[|>][0-9-]*\+")

# Short cuts for lookups that happen 100,000 times in a file of 1 MB.
_SCALAR = Kind.SCALAR
_node = Node._make
_NO_CHILDREN: list[Node] = []


def compose(text: str, meanings: Meanings) -> Document:
    """Return the document of a text.

    + text: without byte order mark
    + meanings: gives the nodes their numbers

    Raises:
        ScrapeConfigError: the text is not YAML, Prometheus would refuse it, it is beyond a limit, or it
            has a second document that is not empty, which Prometheus would ignore; with the line.
    """
    return parse(text, lambda events: _Composer(text, events, meanings).document())


class _Composer:
    """Builds the tree from the parser's events.

    It corrects some positions of the events: a block collection ends with its last leaf and not at the
    next token, an empty value is at the place where it would be written, and a block scalar ends before
    trailing blank lines that are not part of it.
    """

    def __init__(self, text: str, events: Events, meanings: Meanings) -> None:
        self.text = text
        self.next_event, self.colon = events
        self.meanings, self.number = meanings, meanings.number
        self.anchors: dict[str, Node | None] = {}
        self.shared: dict[int, Anchor] = {}
        self.end = 0  # of the last node so far
        self.depth = 0
        self.values = 1  # the root

    def document(self) -> Document:
        self.next_event()  # the stream starts
        if not _starts_document(self.next_event()):
            number = self.number(EMPTY)
            nothing = Node(_SCALAR, len(self.text), len(self.text), 1, number)
            return Document(self.text, nothing, len(self.text), {}, 1, [])
        event = self.next_event()
        root = _BUILDERS[type(event).__name__](self, event)
        end, start = self.next_event(), self.next_event()
        position = start.start_mark.index if _starts_document(start) else len(self.text)
        if end.explicit:
            position = end.start_mark.index
        following = self.following(start)
        return Document(self.text, root, position, self.shared, self.size(root), following)

    def following(self, start: Any) -> list[int]:
        """Return the meanings of the empty documents, of which the event starts the first.

        Prometheus reads the first document alone: a job in another one would never be scraped.
        """
        meanings = []
        while _starts_document(start):
            event = self.next_event()
            node = self.scalar(event) if type(event).__name__ == "ScalarEvent" else None
            if node is None or not node.is_null:
                line = line_at(self.text, start.start_mark.index)
                reason = (
                    "a second document starts here, and Prometheus reads only the first; keep one"
                )
                raise ScrapeConfigError(line, reason)
            meanings.append(node.meaning)
            refuse_documents(len(meanings), start.start_mark.line + 1)
            self.next_event()
            start = self.next_event()
        return meanings

    def size(self, root: Node) -> int:
        """Return the number of values, with those that aliases repeat."""
        if not self.shared:
            return self.values
        size = size_of(root.meaning, self.meanings.contents())
        what = "the aliases (*) in this file repeat values: in total there are"
        refuse_many(size, what, advice="use fewer aliases")
        return size

    def scalar(self, event: Any) -> Node:
        start, end = event.start_mark.index, event.end_mark.index
        if start == end:
            start = end = self.place_of_nothing(start)
        elif event.style in {"|", ">"}:
            end = self.end_of_block_scalar(start, end)
        self.end = end
        content = scalar_content(event, self.colon)
        number = self.number(content)
        line, style = event.start_mark.line + 1, event.style or ""
        node = _node(
            (_SCALAR, start, end, line, number, content[0], style, content[2], False, _NO_CHILDREN)
        )
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        return node

    def place_of_nothing(self, index: int) -> int:
        """Return the index at which an empty value would be written: after its colon or dash.

        + index: the parser's mark, which may be as late as the next token
        """
        token = next_token(self.text, self.end)
        return token + 1 if token < index and self.text[token] in ":-?" else self.end

    def end_of_block_scalar(self, start: int, end: int) -> int:
        """Return the end of a block scalar; trailing blank lines belong to it only with ``+``."""
        if _KEEPS_BLANK_LINES.match(self.text, start):
            return end
        while self.text[end - 1] in "\r\n":
            end -= 1
        return end

    def alias(self, event: Any) -> Node:
        start, line, name = event.start_mark.index, event.start_mark.line + 1, event.anchor
        if name not in self.anchors:
            raise undefined_alias(event)
        node = self.anchors[name]
        if node is None:
            name = shortened(name)
            raise ScrapeConfigError(line, f"*{name} refers to &{name}, which contains it")
        self.end = event.end_mark.index
        self.shared[node.start] = Anchor(name, node.line, line)
        return node._replace(start=start, end=self.end, line=line, alias=True)

    def sequence(self, event: Any) -> Node:
        return self.collection(Kind.SEQUENCE, "[", event, self.children(event))

    def mapping(self, event: Any) -> Node:
        children = self.children(event)
        keys = {key.text for key in children[::2] if key.kind is _SCALAR}
        if len(keys) < len(children) / 2:
            self.refuse_odd_keys(children[::2])
        return self.collection(Kind.MAPPING, "{", event, children)

    def children(self, start: Any) -> list[Node]:
        """Return the nodes of the collection that the event starts."""
        if start.anchor is not None:
            self.anchors[start.anchor] = None
        self.depth += 1
        refuse_deep(self.depth, start.start_mark.line + 1)
        self.end = start.end_mark.index
        nodes = []
        while build := _BUILDERS.get(type(event := self.next_event()).__name__):
            nodes.append(build(self, event))
            self.values += 1
            if self.values > MOST_VALUES:
                refuse_many(self.values, "up to here there are", event.start_mark.line + 1)
        if start.flow_style and self.text[event.end_mark.index - 1] in "]}":
            self.end = event.end_mark.index  # a single pair in a list has no brackets
        self.depth -= 1
        return nodes

    def collection(self, kind: Kind, bracket: str, start: Any, children: list[Node]) -> Node:
        number = self.number((bracket, start.ctag, *[child.meaning for child in children]))
        index, line = start.start_mark.index, start.start_mark.line + 1
        style = bracket if start.flow_style else ""
        node = _node((kind, index, self.end, line, number, "", style, start.ctag, False, children))
        if start.anchor is not None:
            self.anchors[start.anchor] = node
        return node

    def refuse_odd_keys(self, keys: list[Node]) -> None:
        """Raise ScrapeConfigError for keys that Prometheus rejects: collections and duplicates."""
        seen: set[str] = set()
        for key in keys:
            if key.kind is not Kind.SCALAR:
                raise refusal(self.text, key.start, f"a {key.kind.value} used as a key")
            if key.text in seen and not key.is_merge_key:
                raise ScrapeConfigError(key.line, f"the key {quoted(key.text)} is there twice")
            seen.add(key.text)


_BUILDERS: dict[str, Callable[[_Composer, Any], Node]] = {
    "ScalarEvent": _Composer.scalar,
    "AliasEvent": _Composer.alias,
    "SequenceStartEvent": _Composer.sequence,
    "MappingStartEvent": _Composer.mapping,
}


def _starts_document(event: Any) -> bool:
    """Return whether an event starts a document; if not, it ends the stream."""
    return type(event).__name__ == "DocumentStartEvent"
