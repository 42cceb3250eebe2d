"""The order in which a configuration's jobs have their fields."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from pushgateway_lab.scrape_config.nodes import Kind, Node


class FieldOrder(NamedTuple):
    """The order of fields in jobs.

    + jobs: of each job that votes, the names of its fields in order, each with whether it is a single value
    """

    jobs: list[dict[str, bool]]

    def fields_before(self, name: str) -> set[str]:
        """Return the fields that most jobs have before the named one, of those with both."""
        votes: Counter[str] = Counter()
        for fields in self.jobs:
            if name in fields:
                above = list(fields).index(name)
                for place, other in enumerate(fields):
                    votes[other] += 1 if place < above else -1
        return {other for other, surplus in votes.items() if surplus > 0}

    def arranged(self, job: Mapping[str, Any]) -> dict[str, Any]:
        """Return a new job with its fields in the order of the other jobs, else in its own.

        Where no job has both of two fields, ``static_configs`` is placed as in relation to other fields
        with a single value, and other fields alphabetically if the jobs are in alphabetical order.
        """
        names: list[str] = []
        for name in job:
            below = (place for place, other in enumerate(names) if self._must_precede(name, other))
            names.insert(next(below, len(names)), name)
        return {name: job[name] for name in names}

    def _must_precede(self, name: str, other: str) -> bool:
        votes = self._votes(name, other)
        if votes or name == "job_name":
            return votes > 0
        if other == "job_name":
            return name < other and self._is_alphabetical()
        return name == "static_configs" and self._votes_on_targets() > 0

    def _votes(self, one: str, other: str) -> int:
        """Return how many more jobs have one field before the other than after it."""
        votes = 0
        for fields in self.jobs:
            if one in fields and other in fields:
                votes += next(1 if name == one else -1 for name in fields if name in {one, other})
        return votes

    def _votes_on_targets(self) -> int:
        """Return how many more jobs have static_configs before fields with a single value than after them."""
        votes = 0
        for fields in self.jobs:
            below = None
            for name, is_single in fields.items():
                if name == "static_configs":
                    below = 0
                elif is_single and name != "job_name":
                    votes += 1 if below is not None else -1 if "static_configs" in fields else 0
        return votes

    def _is_alphabetical(self) -> bool:
        """Return whether most jobs are in alphabetical order, and not only by chance with the name first."""
        votes = 0
        for fields in self.jobs:
            names = list(fields)
            votes += 1 if names == sorted(names) and names[0] != "job_name" else -1
        return votes > 0


def order_of(jobs: Iterable[Node]) -> FieldOrder:
    """Return the order of the fields of jobs."""
    return FieldOrder(
        [
            {key.text: value.kind is Kind.SCALAR for key, value in job.entries()}
            for job in jobs
            if not job.alias and job.children
        ]
    )
