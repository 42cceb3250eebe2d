"""Prometheus's durations, as in ``scrape_interval: 1m30s``."""

import re

_SECONDS = {"y": 31536000, "w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1, "ms": 0.001}

# Prometheus: configuration, <duration>. ASCII digits alone: Python's \d takes those of all scripts.
DURATION = re.compile(
    "(?=[0-9])" + "".join(rf"(?:(?P<{unit}>[0-9]{{1,19}}){unit})?" for unit in _SECONDS)
)

LONGEST = 292 * 365 * 86400
"""Seconds; Prometheus counts nanoseconds in 64 bits, and refuses what is longer."""


def seconds_of(duration: str) -> float:
    """Return the seconds of a Prometheus duration such as 15s or 1m30s.

    Raises:
        ValueError: it is none, or longer than Prometheus takes.
    """
    match = DURATION.fullmatch(duration)
    if not match:
        raise ValueError(f"{duration[:40]!r} is no duration such as 15s or 1m30s")
    seconds = sum(int(number or 0) * _SECONDS[unit] for unit, number in match.groupdict().items())
    if seconds > LONGEST:
        raise ValueError(f"{duration[:40]!r} is longer than 292 years")
    return seconds
