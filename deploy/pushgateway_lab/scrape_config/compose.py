"""Reading: from text to the tree of nodes that know where they stand.

What the parser leaves to its callers is checked here as Prometheus checks it: duplicate keys,
undefined aliases.
"""

import re
from collections.abc import Callable
from typing import Any

from pushgateway_lab.scrape_config.errors import ScrapeConfigError
from pushgateway_lab.scrape_config.meaning import EMPTY, Meanings, scalar_content, undefined_alias
from pushgateway_lab.scrape_config.nodes import Document, Kind, Node
from pushgateway_lab.scrape_config.parse import Events, parse, refusal
from pushgateway_lab.scrape_config.source import line_at, next_token

# Far deeper than any configuration; without a limit a hostile file would exhaust the stack.
_DEEPEST = 100

# The head of a block scalar that keeps its trailing blank lines, after its anchor and tag.
_KEEPS_BLANK_LINES = re.compile(r"(?:[&!]\S*\s+)*[|>][0-9-]*\+")

# Short cuts for what happens 100,000 times in a file of 1 MB.
_SCALAR = Kind.SCALAR
_node = Node._make
_NO_CHILDREN: list[Node] = []


def compose(text: str, meanings: Meanings) -> Document:
    """Return the one document of a text that has no byte order mark.

    The nodes get their numbers from `meanings`. Raises ScrapeConfigError, with the line, for what
    is not YAML and for what Prometheus refuses wherever it stands; and for a second document, which
    Prometheus would silently ignore.
    """
    return parse(text, lambda events: _Composer(text, events, meanings).document())


class _Composer:
    """Builds the tree from the parser's events.

    What the events' positions do not say as one needs it is put right here: a block collection
    ends with its last leaf and not at the next token, an empty value is where it would be written,
    and a block scalar ends before trailing blank lines that are not part of it.
    """

    def __init__(self, text: str, events: Events, meanings: Meanings) -> None:
        self.text = text
        self.next_event, self.colon = events
        self.number = meanings.number
        self.anchors: dict[str, Node | None] = {}
        self.shared: set[int] = set()
        self.end = 0  # of the last thing that is part of a node
        self.depth = 0
        self.builders: dict[str, Callable[[Any], Node]] = {
            "ScalarEvent": self.scalar,
            "AliasEvent": self.alias,
            "SequenceStartEvent": self.sequence,
            "MappingStartEvent": self.mapping,
        }

    def document(self) -> Document:
        self.next_event()  # the stream starts
        if not _starts_document(self.next_event()):
            number = self.number(EMPTY)
            nothing = Node(_SCALAR, len(self.text), len(self.text), 1, number)
            return Document(self.text, nothing, len(self.text), frozenset())
        event = self.next_event()
        root = self.builders[type(event).__name__](event)
        end = self.next_event()
        if _starts_document(following := self.next_event()):
            line = line_at(self.text, following.start_mark.index)
            raise ScrapeConfigError(line, "a second document starts here; keep only one")
        position = end.start_mark.index if end.explicit else len(self.text)
        return Document(self.text, root, position, frozenset(self.shared))

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
        """Return where an empty value would be written: after its colon or dash.

        The parser's mark, `index`, may be as far away as the next token.
        """
        token = next_token(self.text, self.end)
        return token + 1 if token < index and self.text[token] in ":-?" else self.end

    def end_of_block_scalar(self, start: int, end: int) -> int:
        """Return where a block scalar ends: trailing blank lines are its own only with ``+``."""
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
            raise ScrapeConfigError(line, f"*{name} stands inside the very &{name} it refers to")
        self.end = event.end_mark.index
        self.shared.add(node.start)
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
        """Return the nodes up to the end of the collection that the event starts."""
        if start.anchor is not None:
            self.anchors[start.anchor] = None
        self.depth += 1
        if self.depth > _DEEPEST:
            reason = f"more than {_DEEPEST} levels deep; this cannot be a Prometheus configuration"
            raise ScrapeConfigError(start.start_mark.line + 1, reason)
        self.end = start.end_mark.index
        nodes = []
        while build := self.builders.get(type(event := self.next_event()).__name__):
            nodes.append(build(event))
        if start.flow_style and self.text[event.end_mark.index - 1] in "]}":
            self.end = event.end_mark.index  # a single pair in a list has no brackets of its own
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
        """Refuse keys that Prometheus refuses: collections, and the same one twice."""
        seen: set[str] = set()
        for key in keys:
            if key.kind is not Kind.SCALAR:
                raise refusal(self.text, key.start, f"a {key.kind.value} used as a key")
            if key.text in seen and not key.is_merge_key:
                raise ScrapeConfigError(key.line, f"the key {key.text!r} is there twice")
            seen.add(key.text)


def _starts_document(event: Any) -> bool:
    """Return whether a document starts, rather than the stream ends."""
    return type(event).__name__ == "DocumentStartEvent"
