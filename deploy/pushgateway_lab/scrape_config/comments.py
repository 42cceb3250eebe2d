"""Comment lines below an item: whether they are about it, or about the next item.

An item is a job, another list item or an entry of a mapping.
"""

import re
from collections.abc import Iterator

from pushgateway_lab.scrape_config.source import BREAKS, after_blank_lines, after_line

_COMMENT_LINE = re.compile(
    f"(?P<indent>[ \t]*)#(?P<gap>[ \t]*)(?P<words>[^{BREAKS}]*)(?:\r\n|[{BREAKS}]|\\Z)"
)

# The beginning of YAML that is commented out, and not of a sentence.
_COMMENTED_OUT = re.compile(r"""-(?:\s|$)|[#\[{]|['"]?[\w.$/-]+['"]?[ \t]*:(?:\s|$)""")
_DASH = re.compile(r"-(?:\s|$)")


def after_own_comments(text: str, index: int, indent: int) -> int:
    """Return the end of an item that ends at the index, with its comment lines.

    Comment lines below the item belong to it if they are indented deeper than `indent`, with the blank lines
    between them. So do lines that are commented out further left, if the text behind the # is deeper.
    Other comment lines and blank lines belong to the next item.

    Example, for an item with indent 2; of its three comment lines, two belong to it:
        - job_name: a
      #   scheme: https
      #   metrics_path: /b
      # - job_name: c
    """
    end = after_line(text, index)
    has_own = False
    for line in _comment_lines(text, end):
        left, words = len(line["indent"]), line["words"]
        is_deeper = left + max(len(line["gap"]) - 1, 0) > indent
        is_own = left > indent or (is_deeper and (has_own or _COMMENTED_OUT.match(words)))
        if is_own:
            end, has_own = line.end(), True
        elif words or not has_own:
            break
    return end


def commented_dash(text: str, index: int, least: int, usual: int) -> int | None:
    """Return the column that the dash of a list item has when it is no comment any more; None without one.

    It is the first one below a line. The # of ``# - `` is deleted with the blank behind it. With more blanks,
    or further left than the item can be, the # was put before the line, with a blank, without one, or in
    place of one.

    + index: the end of that line
    + least: the least column that the item may have
    + usual: the column that it has if the comment allows several
    """
    for line in _comment_lines(text, after_line(text, index)):
        if _DASH.match(line["words"]):
            left, behind = len(line["indent"]), len(line["gap"])
            without = left + behind - bool(behind)
            is_moved = (left < least or behind > 1) and usual - without in {0, 1, 2}
            return usual if is_moved else max(without, least)
    return None


def _comment_lines(text: str, start: int) -> Iterator[re.Match[str]]:
    """Yield the comment lines below each other from the start of a line; blank lines are skipped."""
    while line := _COMMENT_LINE.match(text, after_blank_lines(text, start)):
        yield line
        start = line.end()
