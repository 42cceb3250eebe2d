"""The comment that records the state of scrape_configs before the job was added.

With a job in it, a list that was missing looks like one that was null. The comment is inside the job's own
text, so no comment of the owner elsewhere is mistaken for it.
"""

import re

_COMMENT = "# before this job was added, scrape_configs {}"
_FOUND = re.compile(
    _COMMENT.format(
        r"(?:was (missing|empty|~|null|Null|NULL)|(and the blank line above were missing))\s"
    )
)

MISSING = "missing"
MISSING_WITH_BLANK_LINE = "and the blank line above were missing"
EMPTY = "empty"


def marker(was: str) -> str:
    """Return the comment.

    + was: `MISSING`, `MISSING_WITH_BLANK_LINE`, `EMPTY`, or the word for null in the file
    """
    return _COMMENT.format(was if was == MISSING_WITH_BLANK_LINE else f"was {was}")


def marked(text: str, start: int, end: int) -> str | None:
    """Return the state in a comment between two indexes; None if there is no comment."""
    found = _FOUND.search(text, start, end)
    return found.group(1) or found.group(2) if found else None
