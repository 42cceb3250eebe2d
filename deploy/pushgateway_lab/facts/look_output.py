"""The output of a look at a host: lines of a name and a value. Pure.

``files/snapshot.sh`` and ``files/look-at-lab.sh`` print it; `pushgateway_lab.facts.snapshot` and
`pushgateway_lab.lab.look` parse its values.
"""

from base64 import b64decode
from collections.abc import Iterable
from typing import NamedTuple

VERSION = "5"


class Answer(NamedTuple):
    """The answer of a host to a look.

    + said: see `lines_of`
    + mark: the line after which the answer began
    + earliest, latest: the host printed the answer between these times, in seconds since 1970 by this
      machine's clock
    """

    said: dict[str, list[str]]
    mark: str
    earliest: float
    latest: float


class IncompleteError(ValueError):
    """The output of a look is incomplete; ``at`` is the last part that it reached, empty if unknown."""

    def __init__(self, at: str) -> None:
        super().__init__("the answer is incomplete, or of another version")
        self.at = at


def lines_of(output: Iterable[str]) -> dict[str, list[str]]:
    """Split the output of ``files/snapshot.sh``, and return the values of each name.

    Raises:
        IncompleteError: the output has another version, or is incomplete.
    """
    said: dict[str, list[str]] = {}
    for line in output:
        name, _, value = line.partition(" ")
        if name == "end":
            break
        said.setdefault(name, []).append(value)
    else:
        raise IncompleteError(said.get("at", [""])[-1])
    if said.get("snapshot") != [VERSION]:
        raise IncompleteError("")
    return said


def decoded(value: str) -> str:
    """Return the text in a base64 value."""
    return b64decode(value, validate=True).decode("utf-8", "surrogateescape")


def argv_of(value: str) -> tuple[str, ...]:
    """Return the words of a command line in a base64 value: the content of ``/proc/PID/cmdline``."""
    return tuple(decoded(value).rstrip("\0").split("\0"))


def pair_of(value: str) -> tuple[str, str]:
    """Return the first word of a value, and the rest.

    Example:
        >>> pair_of("prometheus 3.5.3")
        ('prometheus', '3.5.3')
    """
    first, _, second = value.partition(" ")
    return first, second
