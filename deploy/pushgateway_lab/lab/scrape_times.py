"""The times of scrapes: how often Prometheus scrapes the lab's job, when it did last, and when it will next."""

from pushgateway_lab.formats.durations import seconds_of
from pushgateway_lab.lab.jobs import loaded_job
from pushgateway_lab.lab.look import Look
from pushgateway_lab.scrape_config import Job

DISCOVERY = 5
"""Seconds after a reload within which Prometheus begins to scrape a new target."""

_LONGEST_INTERVAL = 366 * 86400.0
"""Seconds; longer intervals count as this one."""


def interval_of(loaded: Job | None) -> float:
    """Return the scrape interval of a loaded job in seconds; Prometheus's default for None or other text."""
    try:
        return min(seconds_of((loaded and loaded.scrape_interval) or "1m"), _LONGEST_INTERVAL)
    except (ValueError, OverflowError):  # thousands of digits are too many for a float
        return 60


def loaded_since(look: Look) -> float:
    """Return the seconds since the last successful reload."""
    loaded = look.snapshot.loaded
    return look.now - loaded.last_reload_success_at if loaded else 0


def is_recent(look: Look, moment: float) -> bool:
    """Return whether a moment (seconds since 1970) is within the last two scrape intervals."""
    interval = interval_of(loaded_job(look))
    return moment > look.now - 2 * interval - DISCOVERY


def interval(look: Look) -> float | None:
    """Return the seconds between two scrapes of the Pushgateway; None if Prometheus does not scrape it."""
    loaded = loaded_job(look)
    return interval_of(loaded) if loaded else None


def seconds_to_next_scrape(look: Look) -> float:
    """Return the seconds until Prometheus scrapes the job's targets next."""
    interval = interval_of(loaded_job(look))
    last = [each.last_scrape for each in look.targets_of(look.settings.pushgateway_job_name)]
    if not any(last):
        return interval + DISCOVERY
    return max(0.0, min(last) + interval - look.now)


def scraped_since(look: Look, moment: float) -> bool:
    """Return whether Prometheus has scraped all targets of the job since a moment (seconds since 1970)."""
    loaded = loaded_job(look)
    scrapes = [each.last_scrape for each in look.targets_of(loaded.name)] if loaded else []
    return bool(scrapes) and min(scrapes) > moment


def next_scrape(look: Look) -> str:
    """Return a part of a sentence with the seconds until the next scrape."""
    return f"the next scrape is in {seconds_to_next_scrape(look):.0f} s"
