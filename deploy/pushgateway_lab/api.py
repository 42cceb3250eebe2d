"""The HTTP APIs of the Pushgateway and of Prometheus.

Each client takes a `requests` session: `pushgateway_lab.connection.session` reaches what listens on a
host's own loopback, a plain `requests.Session` any URL. `pushgateway_lab.access` gives a session the
password and the certificates that a server asks for.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

import requests
from urllib3.exceptions import NewConnectionError, ProtocolError

from pushgateway_lab import answers, exposition
from pushgateway_lab.answers import AnswerError, Group, Sample, Series, Target
from pushgateway_lab.connection import reason
from pushgateway_lab.grouping import group_path

T = TypeVar("T")

TIMEOUT = 10
"""Seconds without an answer that end a request: both programs answer from memory."""

WIPE_TIMEOUT = 300
"""Seconds for the answer to a wipe: older releases take minutes for thousands of groups."""

PAUSES = (0.1, 0.4)
"""Seconds before each further attempt at a request that may be repeated."""

# Debian 13 has 1.11.0, where a nil pointer is met on the way to the answer 400.
_HUNG_UP = (
    "It hung up, but is ready: release 1.11.0 does so when it refuses a push. Is there a metric of "
    "this name with another type, or the same series in another group?"
)

_TEXT_FORMAT = "text/plain; version=0.0.4; charset=utf-8"


class ApiError(Exception):
    """A request was not answered, or answered with an error; the message is the server's own.

    + status: the HTTP status, None if there was no answer
    """

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class Reload(NamedTuple):
    """How Prometheus fared with its configuration file."""

    successful: bool
    """Whether the last attempt to load it succeeded."""
    succeeded_at: float
    """When one last did, in seconds since 1970."""


class _Api:
    """Requests to one server, with its errors as `ApiError`."""

    name: str

    def __init__(self, session: requests.Session, url: str) -> None:
        self._session = session
        self.url = url.rstrip("/")

    def _request(
        self, method: str, path: str, timeout: float = TIMEOUT, **kwargs: Any
    ) -> requests.Response:
        try:
            response = self._send(method, path, timeout=timeout, **kwargs)
        except (requests.RequestException, OSError) as error:
            raise ApiError(f"{self.name} does not answer at {self.url}: {_words(error)}") from error
        status = response.status_code
        if status >= 300:  # noqa: PLR2004 - neither API redirects what is asked rightly
            words = response.text.strip() or response.reason
            raise ApiError(f"{self.name} answered {status}: {words}", status)
        return response

    def _send(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        for pause in PAUSES:
            try:
                return self._session.request(
                    method, f"{self.url}{path}", allow_redirects=False, **kwargs
                )
            except requests.RequestException as error:
                if not _may_repeat(method, error):
                    raise
            time.sleep(pause)
        return self._session.request(method, f"{self.url}{path}", allow_redirects=False, **kwargs)

    def _get(self, path: str, read: Callable[[Any], T], **params: str) -> T:
        """What `read` makes of the data of an answer: a function of `pushgateway_lab.answers`."""
        response = self._request("GET", path, params=params)
        try:
            return read(answers.parse(response.content))
        except AnswerError as error:
            raise ApiError(f"What answers at {self.url} is not {self.name}: {error}") from error

    def is_ready(self) -> bool:
        """Whether the server says that it is ready (``/-/ready``)."""
        try:
            self._request("GET", "/-/ready")
        except ApiError:
            return False
        return True


def _words(error: Exception) -> str:
    inner = reason(error) if isinstance(error, requests.RequestException) else error
    if isinstance(inner, ProtocolError):  # which says when, and holds what
        inner = inner.args[-1]
    return str(inner).rpartition(": ")[2]


def _may_repeat(method: str, error: requests.RequestException) -> bool:
    """Whether a request may be sent again: it never arrived, or it only asks.

    What changes a group is not repeated once it may have arrived. Somebody else may have pushed to
    that group since, and a repeated push or delete would undo that.
    """
    if isinstance(reason(error), NewConnectionError):
        return True
    lost = isinstance(error, requests.ConnectionError | requests.exceptions.ChunkedEncodingError)
    return method == "GET" and lost and not isinstance(error, requests.exceptions.SSLError)


class Pushgateway(_Api):
    """The Pushgateway's API (its README, "API", "Query API" and "Admin API")."""

    name = "The Pushgateway"

    def push(self, labels: Mapping[str, str], body: str) -> None:
        """Replace the metrics of a group by `body`, in the text exposition format.

        Raises:
            GroupingError, ExpositionError: labels or body cannot be pushed; nothing was sent.
        """
        self._push("PUT", labels, body)

    def add(self, labels: Mapping[str, str], body: str) -> None:
        """Replace those metrics of a group that `body` names, and keep its others. See `push`."""
        self._push("POST", labels, body)

    def _push(self, method: str, labels: Mapping[str, str], body: str) -> None:
        path = f"/metrics{group_path(labels)}"
        exposition.check(body)
        try:
            self._request(method, path, data=body.encode(), headers={"Content-Type": _TEXT_FORMAT})
        except ApiError as error:
            if isinstance(error.__cause__, requests.ConnectionError) and self.is_ready():
                raise ApiError(f"{error}. {_HUNG_UP}") from error
            raise

    def delete(self, labels: Mapping[str, str]) -> None:
        """Delete exactly the group with these labels. Deletion is queued: see `groups`.

        Raises:
            GroupingError: no group can have these labels; nothing was sent.
        """
        self._request("DELETE", f"/metrics{group_path(labels)}")

    def wipe(self) -> None:
        """Delete all groups. Needs the admin API: without it, an `ApiError` with status 404."""
        self._request("PUT", "/api/v1/admin/wipe", timeout=WIPE_TIMEOUT)

    def groups(self) -> list[Group]:
        """All groups it holds."""
        return self._get("/api/v1/metrics", answers.groups)

    def contents(self) -> Any:
        """All it holds, as it says it: see `pushgateway_lab.answers.groups`."""
        return self._get("/api/v1/metrics", lambda data: data)

    def flags(self) -> dict[str, str]:
        """The flags it runs with, defaults included."""
        return self.status()["flags"]

    def status(self) -> dict[str, dict[str, str]]:
        """Its ``flags`` and ``build_information``."""
        return self._get("/api/v1/status", answers.status)


class Prometheus(_Api):
    """Prometheus's HTTP API."""

    name = "Prometheus"

    def query(self, expression: str) -> list[Sample]:
        """The samples an instant query returns now."""
        return self._get("/api/v1/query", answers.samples, query=expression)

    def query_range(self, expression: str, start: float, end: float, step: float) -> list[Series]:
        """The series a range query returns: times in seconds since 1970, step in seconds."""
        times = {"start": f"{start:.3f}", "end": f"{end:.3f}", "step": f"{step:g}"}
        return self._get("/api/v1/query_range", answers.series, query=expression, **times)

    def targets(self) -> list[Target]:
        """The active targets."""
        return self._get("/api/v1/targets", answers.targets, state="active")

    def config(self) -> str:
        """The loaded configuration as YAML, defaults written out, secrets left out."""
        return self._get("/api/v1/status/config", answers.config)

    def reload_state(self) -> Reload:
        """Whether it took its configuration file the last time it was told to, and when it did."""
        try:
            return Reload(*answers.reload_state(self._request("GET", "/metrics").content))
        except AnswerError as error:
            raise ApiError(f"What answers at {self.url} is not Prometheus: {error}") from error
