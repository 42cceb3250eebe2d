"""The comment that tells how the file was before, where its text alone could not.

A list that was missing or explicitly null looks the same with a job in it. The comment is part of
the job's own text, so that nothing an owner writes elsewhere can be taken for it.
"""

import re

_COMMENT = "# before this job was added, scrape_configs was {}"
_FOUND = re.compile(_COMMENT.format(r"(missing|empty|~|null|Null|NULL)\s"))

MISSING = "missing"
EMPTY = "empty"


def marker(was: str) -> str:
    """Return the comment: the list was `MISSING`, or `EMPTY`, or the word that stood there."""
    return _COMMENT.format(was)


def marked(text: str, start: int, end: int) -> str | None:
    """Return what a comment between two indexes says the list was, or None."""
    found = _FOUND.search(text, start, end)
    return found.group(1) if found else None
