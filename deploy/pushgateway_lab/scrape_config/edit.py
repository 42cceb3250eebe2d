"""Changing text in places: replacing a span, adding whole lines, cutting them out again.

Adding and cutting are each other's inverse. That is what makes removing a job restore the file.
"""

from typing import NamedTuple

from pushgateway_lab.scrape_config.source import ends_line, newline, without_last_break


class Edit(NamedTuple):
    """Text that takes the place of what stands between two indexes; equal ones insert."""

    start: int
    end: int
    text: str


def apply(text: str, edits: list[Edit]) -> str:
    """Return the text with all edits made; those at the same place in the order given."""
    parts, position = [], 0
    for edit in sorted(edits, key=lambda edit: edit.start):
        parts += [text[position : edit.start], edit.text]
        position = edit.end
    return "".join([*parts, text[position:]])


def insert_lines(text: str, index: int, lines: list[str]) -> Edit:
    """Add lines where a line starts, or at the end of the text.

    A text whose last line has no line break gets lines of which the last has none either.
    """
    line_break = newline(text, index)
    block = line_break.join(lines)
    if index == len(text) and text and not ends_line(text, index):
        return Edit(index, index, line_break + block)
    return Edit(index, index, block + line_break)


def cut_lines(text: str, start: int, end: int) -> Edit:
    """Cut out the lines between two indexes, undoing `insert_lines`."""
    if end == len(text) and not ends_line(text, end):
        start = without_last_break(text, start)
    return Edit(start, end, "")
