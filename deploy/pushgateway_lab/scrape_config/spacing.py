"""The blank lines of an owner: between the items of a list, and between the sections of the file."""

from itertools import pairwise

from pushgateway_lab.scrape_config.comments import after_own_comments
from pushgateway_lab.scrape_config.nodes import Node
from pushgateway_lab.scrape_config.source import (
    after_line,
    blank_lines_at,
    has_blank_line,
    line_start,
)
from pushgateway_lab.scrape_config.votes import MOST_VOTERS, majority

_MOST = 3  # blank lines in a row
_MANY_SECTIONS = 3


def blank_lines_between(text: str, items: list[Node], indent: int) -> int | None:
    """Return the number of blank lines between most items of a block list; None if it has one item.

    + indent: the column of the list's dashes
    """
    pairs = pairwise(items[-MOST_VOTERS:])
    return majority(_blank_lines(text, one, other, indent) for one, other in pairs)


def _blank_lines(text: str, one: Node, other: Node, indent: int) -> int:
    start, end = after_own_comments(text, one.end, indent), line_start(text, other.start)
    directly = min(blank_lines_at(text, start), _MOST)
    return directly or int(has_blank_line(text, start, end))


def has_blank_lines_between_sections(text: str, root: Node, least: int = 2) -> bool:
    """Return whether a blank line is between all sections of a configuration, its root's entries.

    + least: the least number of sections; with fewer, the result is False
    """
    spans = root.spans()[-MOST_VOTERS:]
    return len(spans) >= least and all(
        has_blank_line(text, after_line(text, end), line_start(text, start))
        for (_, end), (start, _) in pairwise(spans)
    )


def blank_lines_between_jobs(text: str, root: Node, jobs: list[Node], indent: int) -> int:
    """Return the number of blank lines between jobs; of a single one, that between many sections."""
    between = blank_lines_between(text, jobs, indent)
    if between is None:
        return int(has_blank_lines_between_sections(text, root, _MANY_SECTIONS))
    return between
