"""Prometheus's durations, as in ``scrape_interval: 1m30s``."""

import re

# Prometheus: configuration, <duration>
_SECONDS = {"y": 31536000, "w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1, "ms": 0.001}


def seconds_of(duration: str) -> float:
    """Seconds of a Prometheus duration such as 15s or 1m30s.

    Raises:
        ValueError: it is none.
    """
    parts = re.findall(r"(\d+)(ms|[ywdhms])", duration)
    if not parts or "".join(number + unit for number, unit in parts) != duration:
        raise ValueError(f"{duration!r} is no duration such as 15s or 1m30s")
    return sum(int(number) * _SECONDS[unit] for number, unit in parts)
