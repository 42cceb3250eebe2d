"""Scrape jobs that a trainee wrote instead of the lab's job: under another name, or with a misspelt one.

verify reports them as wrong; prepare and reset name them, and remove them with ``lab_reset``.
"""

from collections.abc import Sequence
from typing import NamedTuple

from pushgateway_lab import scrape_config
from pushgateway_lab.lab.excerpts import excerpt
from pushgateway_lab.scrape_config import Job, same_target


class Mistaken(NamedTuple):
    """A job that stands in the place of the lab's job.

    + scrapes: the target that it shares with the lab's job; None: only its name resembles the lab job's
    + scrapes_others: whether it scrapes other targets, too, so that it may be somebody's own job
    """

    job: Job
    scrapes: str | None
    scrapes_others: bool

    @property
    def in_words(self) -> str:
        """The job, its line, and what is wrong with it."""
        wrong = (
            f"which scrapes {excerpt(self.scrapes)}"
            if self.scrapes
            else "whose name resembles the lab job's"
        )
        return f"the job {excerpt(self.job.name)!r} (line {self.job.line}), {wrong}"


def mistaken_jobs(jobs: Sequence[Job], target: str, name: str) -> list[Mistaken]:
    """Return the jobs in the place of the lab's job: those that scrape the Pushgateway come first.

    + target: the target of the lab's job, as HOST:PORT
    + name: the name of the lab's job

    Example:
        mistaken_jobs(find_jobs(text), "localhost:9091", "pushgateway")
    """
    scraping = scrape_config.jobs_scraping(list(jobs), target, besides=name)
    found = [Mistaken(job, target, _scrapes_others(job, target)) for job in scraping]
    near = (job for job in jobs if job.name != name and _are_alike(job.name, name))
    return found + [Mistaken(job, None, False) for job in near if job not in scraping]


def _scrapes_others(job: Job, target: str) -> bool:
    return job.has_discovery or not all(same_target(target, each) for each in job.targets)


def _are_alike(name: str, other: str) -> bool:
    letters = ["".join(filter(str.isalnum, each)).lower() for each in (name, other)]
    return letters[0] == letters[1]
