"""The place that an archive comes from, as the cache sees it, and the digest that is expected of it."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, Protocol, TypeVar

from pushgateway_lab.releases.release import Release
from pushgateway_lab.releases.release_error import ReleaseError

BLOCK = 64 << 10
"""Bytes that are read at once."""

T = TypeVar("T")


class Expected(NamedTuple):
    """The digest that an archive must have.

    + sha256: the digest
    + source: where it came from, and what it protects against, for people
    """

    sha256: str
    source: str


class Origin(Protocol):
    """The place that an archive comes from.

    + place, sums_place: the URL or path of the archive, and of its ``sha256sums.txt``
    + timeout: seconds for each of them
    """

    release: Release
    place: str
    sums_place: str
    timeout: float

    def blocks(self) -> Iterator[bytes]:
        """Yield the bytes of the archive."""

    def sums(self) -> bytes:
        """Return the bytes of ``sha256sums.txt``."""

    def in_time(self, act: Callable[[], T]) -> T:
        """Call `act`, and end it at the timeout.

        Raises:
            ReleaseError: it was not done by then.
        """


def limited(blocks: Iterable[bytes], most: int, place: str, next_step: str) -> Iterator[bytes]:
    """Yield blocks, at most `most` bytes in all.

    + place: of the file, for people
    + next_step: what to do if it is larger

    Raises:
        ReleaseError: it is larger.
    """
    count = 0
    for block in blocks:
        count += len(block)
        if count > most:
            raise too_large(place, most, next_step)
        yield block


def too_large(place: str, most: int, next_step: str) -> ReleaseError:
    """Return the error about a file that is too large. Arguments as for `limited`."""
    return ReleaseError(f"{place} is larger than {most >> 10} KB, which is refused: {next_step}.")
