"""The comment that records the state of scrape_configs before the job was added.

With a job in it, a list that was missing looks like one that was null. The comment is inside the job's own
text, so no comment of the owner elsewhere is mistaken for it.
"""

import re

_COMMENT = "# before this job was added, scrape_configs was {}"
_FOUND = re.compile(_COMMENT.format(r"(missing|empty|~|null|Null|NULL)\s"))

MISSING = "missing"
EMPTY = "empty"


def marker(was: str) -> str:
    """Return the comment.

    + was: `MISSING`, `EMPTY`, or the word for null in the file
    """
    return _COMMENT.format(was)


def marked(text: str, start: int, end: int) -> str | None:
    """Return the state in a comment between two indexes; None if there is no comment."""
    found = _FOUND.search(text, start, end)
    return found.group(1) if found else None
