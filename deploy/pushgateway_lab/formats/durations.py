"""Durations in Prometheus's notation, as in ``scrape_interval: 1m30s``."""

import re

_SECONDS = {"y": 31536000, "w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1, "ms": 0.001}

# Prometheus: configuration, <duration>. [0-9], because Python's \d matches the digits of all scripts.
DURATION = re.compile(
    "(?=[0-9])" + "".join(rf"(?:(?P<{unit}>[0-9]{{1,19}}){unit})?" for unit in _SECONDS)
)

LONGEST = 292 * 365 * 86400
"""The most seconds: Prometheus counts nanoseconds in 64 bits and refuses longer durations."""


def seconds_of(duration: str) -> float:
    """Return the seconds of a Prometheus duration such as 15s or 1m30s.

    Raises:
        ValueError: the text is not a duration, or longer than Prometheus accepts.
    """
    match = DURATION.fullmatch(duration)
    if not match:
        raise ValueError(f"{duration[:40]!r} is not a duration such as 15s or 1m30s")
    seconds = sum(int(number or 0) * _SECONDS[unit] for unit, number in match.groupdict().items())
    if seconds > LONGEST:
        raise ValueError(f"{duration[:40]!r} is longer than 292 years")
    return seconds
