"""Edits of a text: replace a span, insert lines, cut lines.

`cut_lines` is the inverse of `insert_lines`; so the removal of a job restores the file.
"""

from typing import NamedTuple

from pushgateway_lab.scrape_config.source import ends_line, newline, without_last_break


class Edit(NamedTuple):
    """A text that replaces the text between two indexes; with equal indexes, it is inserted."""

    start: int
    end: int
    text: str


def apply(text: str, edits: list[Edit]) -> str:
    """Return the text with all edits made; edits at the same place in the given order."""
    parts, position = [], 0
    for edit in sorted(edits, key=lambda edit: edit.start):
        parts += [text[position : edit.start], edit.text]
        position = edit.end
    return "".join([*parts, text[position:]])


def insert_lines(text: str, index: int, lines: list[str]) -> Edit:
    """Return the edit that inserts lines at the start of a line, or at the end of the text.

    If the text ends without a line break, the new text does, too.
    """
    line_break = newline(text, index)
    block = line_break.join(lines)
    if index == len(text) and text and not ends_line(text, index):
        return Edit(index, index, line_break + block)
    return Edit(index, index, block + line_break)


def cut_lines(text: str, start: int, end: int) -> Edit:
    """Return the edit that deletes the lines between two indexes, as the inverse of `insert_lines`."""
    if end == len(text) and not ends_line(text, end):
        start = without_last_break(text, start)
    return Edit(start, end, "")
