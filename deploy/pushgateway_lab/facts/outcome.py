"""The outcomes of a transaction on a file of a host."""

from enum import StrEnum, auto
from typing import NamedTuple


class Result(StrEnum):
    """The words with which a transaction ends; the head of ``files/replace-config.sh`` explains each."""

    WRITTEN = auto()
    TAKEN = auto()
    OVERRULED = auto()
    CONFLICT = auto()
    INCOMPLETE = auto()
    REJECTED = auto()
    UNLOADED = auto()
    REFUSED = auto()
    KEPT = auto()
    UNRESTORED = auto()
    BUSY = auto()
    UNSAFE = auto()
    FAILED = auto()


CLOSED_NOTE = "/var/lib/pushgateway-lab/closed"
"""The file on a host in which a transaction notes the modes of directories, see ``files/close-directory.sh``."""

LOADED = frozenset({Result.TAKEN, Result.OVERRULED})
"""The results with which Prometheus has loaded the file."""

RESULTS = {each.value: each for each in Result}
"""Each word that the script prints -> its result."""


class Outcome(NamedTuple):
    """The result of a transaction, and the reason in the words of the script, promtool or Prometheus."""

    result: Result
    words: str
