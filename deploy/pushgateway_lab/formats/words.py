"""Numbers with the words that they count.

Python 3.9 and its standard library, because the prune's program on the hosts uses this module.
"""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """Return a number with a noun in the singular or the plural.

    Example:
        >>> counted(1, "group"), counted(5000, "group")
        ('1 group', '5000 groups')
    """
    return f"{number} {noun if number == 1 else f'{noun}s'}"


def further(number: int, noun: str) -> str:
    """Return a phrase about what was left out, with a comma for thousands.

    Example:
        >>> further(1, "line"), further(5000, "line")
        ('1 more line', '5,000 more lines')
    """
    return f"{number:,} more {noun if number == 1 else f'{noun}s'}"
