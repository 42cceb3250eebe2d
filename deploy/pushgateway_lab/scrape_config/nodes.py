"""A YAML text as a tree of nodes that know where they stand and what they mean.

The tree is for finding places in the text. It is never written back: what is not edited stays as
its owner typed it.
"""

from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple


class Kind(Enum):
    """What a node is, in the words an operator knows."""

    SCALAR = "single value"
    SEQUENCE = "list"
    MAPPING = "mapping"


class Node(NamedTuple):
    """One value in the text.

    + kind: scalar, sequence or mapping; an alias has the kind of what it stands for
    + start: index of its first character, its anchor and tag included
    + end: index just after its last character; past the blank lines that a ``|+`` scalar keeps
    + line: the line it starts on
    + meaning: the number it has in common with every node that means the same, whatever their
      quotes and layout; an alias has the number of what it stands for
    + text: a scalar's value
    + style: a scalar's quotes, or ``|`` or ``>``, empty for a plain one; ``[`` or ``{`` for a
      collection in flow style, empty for one in block style
    + tag: its explicit tag
    + alias: it stands here as ``*name``; its children stand elsewhere
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
        """Whether nothing is written where the value would be (an anchor does not count)."""
        return self.is_plain and not self.text

    @property
    def is_null(self) -> bool:
        """Whether Prometheus reads it as no value (YAML 1.1, type null)."""
        return self.is_plain and self.text in {"", "~", "null", "Null", "NULL"}

    @property
    def is_merge_key(self) -> bool:
        """Whether, as a key, it merges other mappings into its own (YAML 1.1, type merge)."""
        return self.is_plain and self.text == "<<"

    def entries(self) -> "Iterator[tuple[Node, Node]]":
        """Return a mapping's keys with their values; nothing for other kinds."""
        children = self.children if self.kind is Kind.MAPPING else []
        return zip(children[::2], children[1::2], strict=True)

    def spans(self) -> list[tuple[int, int]]:
        """Return where the items of a sequence, or the entries of a mapping, start and end."""
        if self.kind is Kind.MAPPING:
            return [(key.start, value.end) for key, value in self.entries()]
        return [(item.start, item.end) for item in self.children]

    def get(self, key: str) -> "Node | None":
        """Return what the mapping itself holds under the key; merge keys are not followed."""
        return next((value for name, value in self.entries() if name.text == key), None)


class Document(NamedTuple):
    """The one document of a text.

    + root: its value; an empty scalar when there is none
    + end: index where its content ends: at the ``...`` line, or else at the end of the text
    + shared: where the nodes start that aliases stand for
    + values: how many values it holds, those included that aliases repeat
    """

    text: str
    root: Node
    end: int
    shared: frozenset[int]
    values: int
