"""Moments, in seconds since 1970, as dates."""

from datetime import UTC, datetime


def in_utc(at: float | None) -> datetime | None:
    """A moment as a date, to the second; None if there is none, or none that a calendar has.

    Times come from hosts: an endless one, or one in milliseconds, must not cost the report.
    """
    if at is None:
        return None
    try:
        return datetime.fromtimestamp(at, UTC).replace(microsecond=0)
    except (ValueError, OverflowError, OSError):
        return None
