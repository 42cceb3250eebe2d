"""The choice of the majority: each job of a configuration has one vote on each question of style."""

from collections import Counter
from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")

MOST_VOTERS = 200
"""Of more jobs, the last ones vote: 5,000 would take a fifth of the time of a merge."""


def majority(votes: Iterable[T | None]) -> T | None:
    """Return the choice with the most votes, of equal ones that of the last voter; None without votes.

    + votes: one of each job, in the order of the file; None for a job that shows nothing

    Example:
        majority(["'", '"', None, "'"]) == "'"
    """
    cast = [vote for vote in votes if vote is not None]
    chosen = Counter(reversed(cast)).most_common(1)
    return chosen[0][0] if chosen else None
