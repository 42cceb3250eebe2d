"""Adding items to a list where it stands in the text, and taking one out again.

Taking out the item that was added last restores the text.
"""

import re

from pushgateway_lab.scrape_config.edit import Edit, cut_lines, insert_lines
from pushgateway_lab.scrape_config.nodes import Node
from pushgateway_lab.scrape_config.source import (
    after_blank_lines,
    after_line,
    after_own_comments,
    after_properties,
    column,
    ends_line,
    has_blank_line,
    line_start,
    newline,
    next_token,
    without_last_break,
)

Span = tuple[int, int]

_COMMENT_ON_LINE = re.compile(r"[ \t]*(?P<comma>,?)[ \t]*#")
_COMMA = re.compile(r"\s*,")


def dash(text: str, sequence: Node, position: int) -> int:
    """Return the index of the dash of a block sequence's item."""
    if position == 0:
        return after_properties(text, sequence.start)
    return next_token(text, sequence.children[position - 1].end)


def append_to_block(text: str, sequence: Node, item: list[str]) -> Edit:
    """Add an item, given as its lines without indentation, at the end of a block sequence.

    A ``|`` scalar that ends the text without line break would change its value if anything
    followed it: the new item is then put before the one that ends with it.
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
    if _separated_by_blank_lines(text, sequence) and not keeps_blank_lines:
        lines = ["", *lines]
    return insert_lines(text, position, lines)


def remove_from_block(text: str, sequence: Node, position: int) -> Edit:
    """Take an item out of a block sequence, with the blank line that `append_to_block` put."""
    items = sequence.children
    own_dash = dash(text, sequence, position)
    indent = column(text, own_dash)
    start = line_start(text, own_dash)
    end = after_own_comments(text, items[position].end, indent)
    if position > 0:
        if items[position - 1].end == start:  # a ``|+`` scalar: it would keep blank lines below
            return Edit(start, after_blank_lines(text, end), "")
        before = after_own_comments(text, items[position - 1].end, indent)
        if without_last_break(text, start) == before:  # a blank line stands between
            start = before
    return cut_lines(text, start, end)


def ends_in_open_block_scalar(text: str, node: Node) -> bool:
    """Return whether the text ends with the node's ``|`` or ``>`` scalar and no line break."""
    while node.children and not node.alias:
        node = node.children[-1]
    return node.style in {"|", ">"} and node.end == len(text) and not ends_line(text, node.end)


def _separated_by_blank_lines(text: str, sequence: Node) -> bool:
    """Return whether the owner leaves a blank line between the last two items."""
    items = sequence.children
    if len(items) == 1:
        return False
    last_dash = dash(text, sequence, len(items) - 1)
    before = after_own_comments(text, items[-2].end, column(text, last_dash))
    return has_blank_line(text, before, line_start(text, last_dash))


def append_to_flow(text: str, opening: int, items: list[Span], item: str) -> list[Edit]:
    """Add an item at the end of a flow collection, laid out as its other items are.

    `opening` is the index of its bracket, `items` are the spans of what it holds: a sequence's
    items, a mapping's entries.
    """
    if not items:
        return [Edit(opening + 1, opening + 1, item)]
    start, end = items[-1]
    indent = text[line_start(text, start) : start]
    if indent.strip():
        return [Edit(end, end, _separator(text, items) + item)]
    comment = _COMMENT_ON_LINE.match(text, end)
    has_comma = text[next_token(text, end)] == ","
    if comment is None or has_comma != bool(comment["comma"]):
        return [Edit(end, end, "," + newline(text, end) + indent + item)]
    line = insert_lines(text, after_line(text, end), [indent + item + comment["comma"]])
    return [line] if has_comma else [Edit(end, end, ","), line]


def remove_from_flow(text: str, items: list[Span], position: int) -> list[Edit]:
    """Take an item out of a flow collection, with the comma that it no longer needs."""
    start, end = items[position]
    if position == 0:
        follows = _COMMA.match(text, end)
        until = items[1][0] if len(items) > 1 else follows.end() if follows else end
        return [Edit(start, until, "")]
    before = items[position - 1][1]
    if "#" not in text[before:start]:
        return [Edit(before, end, "")]
    return _remove_below_comment(text, before, start, end)


def _remove_below_comment(text: str, before: int, start: int, end: int) -> list[Edit]:
    """Take out an item, but not the comment between it and the one before."""
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


def _separator(text: str, items: list[Span]) -> str:
    """Return what stands between the last two items, if it is no more than a comma and blanks."""
    if len(items) > 1:
        between = text[items[-2][1] : items[-1][0]]
        if between.replace(",", "", 1).isspace():
            return between
    return ", "
