"""A YAML text as a tree of nodes, each with its place in the text and its meaning.

The tree serves to find places in the text. It is never written back, so text that is not edited stays as
its owner typed it.
"""

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import NamedTuple


class Kind(Enum):
    """The kind of a node, in words that operators know."""

    SCALAR = "single value"
    SEQUENCE = "list"
    MAPPING = "mapping"


class Node(NamedTuple):
    """One value in the text.

    + kind: scalar, sequence or mapping; of an alias, the kind of the node it refers to
    + start: index of its first character, its anchor and tag included
    + end: index after its last character, and after the blank lines that a ``|+`` scalar keeps
    + line: its first line, counted from 1
    + meaning: a number, equal for all nodes with the same meaning, regardless of quotes and layout; of an
      alias, the number of the node it refers to
    + text: a scalar's value
    + style: a scalar's quotes, or ``|`` or ``>``, empty for a plain one; ``[`` or ``{`` for a
      collection in flow style, empty for one in block style
    + tag: its explicit tag
    + alias: whether the text has ``*name`` here; then its children are at another place
    + children: a sequence's items; a mapping's keys and values, in turn
    """

    kind: Kind
    start: int
    end: int
    line: int
    meaning: int
    text: str = ""
    style: str = ""
    tag: str | None = None
    alias: bool = False
    children: "list[Node]" = []  # noqa: RUF012 - nobody changes it

    @property
    def is_plain(self) -> bool:
        """Whether it is a scalar whose type Prometheus guesses from its text."""
        return self.kind is Kind.SCALAR and not self.style and self.tag is None

    @property
    def is_empty(self) -> bool:
        """Whether the text has no value here (an anchor does not count)."""
        return self.is_plain and not self.text

    @property
    def is_null(self) -> bool:
        """Whether Prometheus reads it as null (YAML 1.1, type null)."""
        return self.is_plain and self.text in {"", "~", "null", "Null", "NULL"}

    @property
    def is_merge_key(self) -> bool:
        """Whether it is, as a key, a merge key (YAML 1.1, type merge)."""
        return self.is_plain and self.text == "<<"

    def entries(self) -> "Iterator[tuple[Node, Node]]":
        """Return the pairs of a mapping's keys and values; none for other kinds."""
        children = self.children if self.kind is Kind.MAPPING else []
        return zip(children[::2], children[1::2], strict=True)

    def spans(self) -> list[tuple[int, int]]:
        """Return start and end of each item of a sequence, or of each entry of a mapping."""
        if self.kind is Kind.MAPPING:
            return [(key.start, value.end) for key, value in self.entries()]
        return [(item.start, item.end) for item in self.children]

    def entry(self, key: str) -> "tuple[Node, Node] | None":
        """Return a key of the mapping itself with its value, without merge keys; None if it is missing."""
        children = self.children if self.kind is Kind.MAPPING else []
        for place in range(0, len(children), 2):
            if children[place].text == key:
                return children[place], children[place + 1]
        return None

    def get(self, key: str) -> "Node | None":
        """Return the value of a key of the mapping itself, without merge keys; None if it is missing."""
        entry = self.entry(key)
        return entry[1] if entry else None


class Anchor(NamedTuple):
    """An anchor that an alias uses.

    + name: without the &
    + line: the line of its node, counted from 1
    + last_used_in: the line of the last alias
    """

    name: str
    line: int
    last_used_in: int


class Document(NamedTuple):
    """The document of a text, which may be followed by empty ones.

    + root: its value; an empty scalar if there is none
    + end: index of the end of its content: the ``...`` line, the next ``---`` line, or the end of the text
    + shared: the anchors that aliases use, by the start of the anchored node
    + values: the number of its values, with those that aliases repeat
    + following: the meanings of the empty documents below, which Prometheus does not read
    """

    text: str
    root: Node
    end: int
    shared: Mapping[int, Anchor]
    values: int
    following: list[int]
