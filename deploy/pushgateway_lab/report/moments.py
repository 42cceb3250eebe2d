"""Moments, in seconds since 1970, as dates."""

from datetime import UTC, datetime


def in_utc(at: float | None) -> datetime | None:
    """Return a moment as a date, to the second; None for None and for times that `datetime` does not have.

    Times come from hosts: an infinite one, or one in milliseconds, must not break the report.
    """
    if at is None:
        return None
    try:
        return datetime.fromtimestamp(at, UTC).replace(microsecond=0)
    except (ValueError, OverflowError, OSError):
        return None
