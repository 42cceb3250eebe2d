"""How a transaction on a file of a host ended."""

from enum import StrEnum, auto
from typing import NamedTuple


class Result(StrEnum):
    """How a transaction ended; the head of ``files/replace-config.sh`` explains each."""

    WRITTEN = auto()
    TAKEN = auto()
    CONFLICT = auto()
    INCOMPLETE = auto()
    REJECTED = auto()
    REFUSED = auto()
    KEPT = auto()
    UNRESTORED = auto()
    BUSY = auto()
    UNSAFE = auto()
    FAILED = auto()


RESULTS = {each.value: each for each in Result}
"""Each word that the script prints -> its result."""


class Outcome(NamedTuple):
    """How a transaction ended, and the reason in the words of the script, promtool or Prometheus."""

    result: Result
    words: str
