"""The Pushgateway's metrics about itself: when it started, and the requests that it has answered. Pure."""

import math
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from pushgateway_lab.formats.answers import AnswerError

_REQUESTS = "pushgateway_http_requests_total"
_STARTED = "process_start_time_seconds"
# Exactly the labels of the Pushgateway's own metrics: a pushed metric of the same name also has a job.
_LINE = re.compile(
    rf"^(?:{_STARTED}|{_REQUESTS}"
    r'\{code="(?P<code>[0-9]{3})",handler="(?P<handler>[a-z0-9/_-]{1,40})",method="[a-z]{1,10}"\})'
    r" (?P<value>[0-9.eE+]{1,30})$",
    re.MULTILINE,
)

CLOCK = 1.0
"""Seconds by which `Telemetry.started_at` may be wrong: it is derived from the boot time in whole seconds."""

_ACCEPTED = frozenset({200, 202})
_REFUSED = 400


class Telemetry(NamedTuple):
    """The metrics of a Pushgateway about itself. The counts begin anew with each start.

    + started_at: when its process started, in seconds since 1970
    + requests: handler (``push``, ``delete``, ``wipe``, ...) and HTTP status -> number of answered requests
    """

    started_at: float
    requests: Mapping[tuple[str, int], int]

    @property
    def pushes(self) -> int:
        """The number of accepted pushes."""
        return self._accepted("push")

    @property
    def refused_pushes(self) -> int:
        """The number of refused pushes."""
        return self.requests.get(("push", _REFUSED), 0)

    @property
    def deletions(self) -> int:
        """The number of deletions of one group, also of groups that did not exist."""
        return self._accepted("delete")

    @property
    def wipes(self) -> int:
        """The number of wipes."""
        return self._accepted("wipe")

    def _accepted(self, handler: str) -> int:
        return sum(self.requests.get((handler, code), 0) for code in _ACCEPTED)


def parse_telemetry(body: bytes) -> Telemetry:
    """Return the metrics in the answer of a Pushgateway to ``GET /metrics``.

    Raises:
        AnswerError: the start time is not there: this is another program's answer.
    """
    counted: dict[tuple[str, int], int] = {}
    started_at = None
    for handler, code, value in _values(body.decode(errors="replace")):
        if not handler:
            started_at = value
        else:
            counted[handler, int(code)] = counted.get((handler, int(code)), 0) + int(value)
    if started_at is None:
        raise AnswerError(f"expected the Pushgateway's own metrics, {_STARTED} among them")
    return Telemetry(started_at, counted)


def _values(text: str) -> Iterator[tuple[str, str, float]]:
    for match in _LINE.finditer(text):
        try:
            value = float(match["value"])
        except ValueError:
            continue
        if math.isfinite(value):
            yield match["handler"] or "", match["code"] or "", value
