"""Add items to a list in the text, and remove an item.

The removal of the item that was added last restores the text.
"""

import re

from pushgateway_lab.scrape_config.comments import after_own_comments, commented_dash
from pushgateway_lab.scrape_config.edit import Edit, cut_lines, insert_lines
from pushgateway_lab.scrape_config.nodes import Node
from pushgateway_lab.scrape_config.source import (
    after_blank_lines,
    after_line,
    after_properties,
    column,
    ends_line,
    line_start,
    newline,
    next_token,
)

Span = tuple[int, int]

_COMMENT_ON_LINE = re.compile(r"[ \t]*(?P<comma>,?)[ \t]*#")
_COMMA = re.compile(r"\s*,")
_PADDED_NOTHING = re.compile(r" +[\]}]")


def dash(text: str, sequence: Node, position: int) -> int:
    """Return the index of the dash of an item of a block sequence."""
    if position == 0:
        return after_properties(text, sequence.start)
    return next_token(text, sequence.children[position - 1].end)


def append_to_block(text: str, sequence: Node, item: list[str], blank_lines: int) -> Edit:
    """Return the edit that adds an item at the end of a block sequence.

    If the text ends with a ``|`` scalar without line break, the item goes before the last one: the
    scalar's value would change if text followed it.

    + item: its lines, without indentation
    + blank_lines: the number of blank lines above it
    """
    items = sequence.children
    last_dash = dash(text, sequence, len(items) - 1)
    lines = [" " * column(text, last_dash) + line for line in item]
    after = items
    if ends_in_open_block_scalar(text, sequence):
        after = items[:-1]
    if not after:
        return insert_lines(text, line_start(text, last_dash), lines)
    position = after_own_comments(text, after[-1].end, column(text, last_dash))
    keeps_blank_lines = ends_line(text, after[-1].end) and position == after[-1].end
    if not keeps_blank_lines:
        lines = [""] * blank_lines + lines
    return insert_lines(text, position, lines)


def fill(text: str, key: Node, value: Node, items: list[list[str]], list_indent: int) -> Edit:
    """Return the edit that gives a key without a value a list with dashes.

    The dashes are in the column of an item that is commented out below, so that it can be used later.

    + items: the lines of each item, without indentation
    + list_indent: columns from the key to the dashes, if no item is commented out
    """
    indent = column(text, key.start)
    usual = indent + list_indent
    dashes = commented_dash(text, value.end, indent, usual)
    margin = " " * (usual if dashes is None else dashes)
    position = after_own_comments(text, value.end, indent)
    return insert_lines(text, position, [margin + line for item in items for line in item])


def remove_from_block(text: str, sequence: Node, position: int) -> Edit:
    """Return the edit that removes an item of a block sequence, with the blank lines of `append_to_block`."""
    items = sequence.children
    own_dash = dash(text, sequence, position)
    indent = column(text, own_dash)
    start = line_start(text, own_dash)
    end = after_own_comments(text, items[position].end, indent)
    if position > 0:
        if (
            items[position - 1].end == start
        ):  # a ``|+`` scalar, whose value includes blank lines below
            return Edit(start, after_blank_lines(text, end), "")
        before = after_own_comments(text, items[position - 1].end, indent)
        if after_blank_lines(text, before) == start:
            start = before
        above = items[position - 1]
        follows_scalar = not text[above.end : start].strip() and _last_leaf(above).style in {
            "|",
            ">",
        }
        if end == len(text) and follows_scalar:
            # The line break above is part of that scalar's value.
            return Edit(start, end, "")
    return cut_lines(text, start, end)


def _last_leaf(node: Node) -> Node:
    while node.children and not node.alias:
        node = node.children[-1]
    return node


def ends_in_open_block_scalar(text: str, node: Node) -> bool:
    """Return whether the text ends with a ``|`` or ``>`` scalar of the node, without line break."""
    last = _last_leaf(node)
    return last.style in {"|", ">"} and last.end == len(text) and not ends_line(text, last.end)


def append_to_flow(
    text: str, opening: int, items: list[Span], item: str, comma: str = ", "
) -> list[Edit]:
    """Return the edits that add an item at the end of a flow collection, in the layout of its other items.

    + opening: the index of its bracket
    + items: the spans of a sequence's items, or of a mapping's entries
    + comma: the comma, with a blank or without, if the collection has no two items that show it
    """
    if not items:
        padding = " " if _PADDED_NOTHING.match(text, opening + 1) else ""
        return [Edit(opening + 1, opening + 1, padding + item)]
    start, end = items[-1]
    indent = text[line_start(text, start) : start]
    if indent.strip():
        return [Edit(end, end, _separator(text, items, comma) + item)]
    comment = _COMMENT_ON_LINE.match(text, end)
    has_comma = text[next_token(text, end)] == ","
    if comment is None or has_comma != bool(comment["comma"]):
        return [Edit(end, end, "," + newline(text, end) + indent + item)]
    line = insert_lines(text, after_line(text, end), [indent + item + comment["comma"]])
    return [line] if has_comma else [Edit(end, end, ","), line]


def remove_from_flow(text: str, items: list[Span], position: int) -> list[Edit]:
    """Return the edits that remove an item of a flow collection, with its comma."""
    start, end = items[position]
    if position == 0:
        follows = _COMMA.match(text, end)
        until = items[1][0] if len(items) > 1 else follows.end() if follows else end
        is_padded = (
            len(items) == 1 and _PADDED_NOTHING.match(text, until) and text[start - 1] == " "
        )
        return [Edit(start - bool(is_padded), until, "")]
    before = items[position - 1][1]
    if "#" not in text[before:start]:
        return [Edit(before, end, "")]
    return _remove_below_comment(text, before, start, end)


def _remove_below_comment(text: str, before: int, start: int, end: int) -> list[Edit]:
    """Return the edits that remove an item and keep the comment between it and the item before."""
    follows = _COMMA.match(text, end)
    if follows is None:
        comma = next_token(text, before)
        edits = [Edit(comma, comma + 1, "")]
    else:
        edits, end = [], follows.end()
    first, last = line_start(text, start), after_line(text, end)
    if text[first:start].strip() or text[end:last].strip():
        return [*edits, Edit(start, end, "")]
    return [*edits, cut_lines(text, first, last)]


def _separator(text: str, items: list[Span], comma: str) -> str:
    """Return the text between the last two items if it is a comma, with blanks or without."""
    if len(items) > 1:
        between = text[items[-2][1] : items[-1][0]]
        if "," in between and not between.replace(",", "", 1).strip():
            return between
    return comma
