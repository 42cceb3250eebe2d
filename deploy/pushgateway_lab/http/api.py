"""The HTTP APIs of the Pushgateway and of Prometheus.

Each client takes a `requests` session: `pushgateway_lab.http.connection.session` reaches what listens on a
host's own loopback, a plain `requests.Session` any URL. `pushgateway_lab.http.access` gives a session the
password and the certificates that a server asks for.
"""

import time
from collections.abc import Callable, Mapping
from http.client import IncompleteRead
from typing import Any, NamedTuple, TypeVar, cast
from urllib.parse import urlsplit

import requests
from urllib3 import Timeout
from urllib3.exceptions import NewConnectionError, ProtocolError, ReadTimeoutError

from pushgateway_lab.formats import answers, exposition
from pushgateway_lab.formats.answers import AnswerError, Group, Sample, Series, Target
from pushgateway_lab.formats.grouping import group_path
from pushgateway_lab.http import exchange
from pushgateway_lab.http.access import PasswordWithheldError
from pushgateway_lab.http.connection import reason
from pushgateway_lab.http.exchange import SHOWN, BadAnswerError, Deadline
from pushgateway_lab.run.visible import start_of

T = TypeVar("T")

TIMEOUT = 10
"""Seconds for a whole request, repeated or not: both programs answer from memory."""

READY_TIMEOUT = 3
"""Seconds for the answer whether a server is ready."""

WIPE_TIMEOUT = 300
"""Seconds for the answer to a wipe: older releases take minutes for thousands of groups."""

WORDS = 400
"""The most characters of a server's words that are passed on with a status that tells of an error."""

PAUSES = (0.1, 0.4)
"""Seconds before each further attempt at a request that may be repeated."""

# Debian 13 has 1.11.0, where a nil pointer is met on the way to the answer 400.
_HUNG_UP = (
    "It hung up, but is ready: release 1.11.0 does so when it refuses a push. Is there a metric of "
    "this name with another type, or the same series in another group?"
)

_TEXT_FORMAT = "text/plain; version=0.0.4; charset=utf-8"


class ApiError(Exception):
    """A request failed: there was no answer, or a wrong one.

    With an error's status, the message has the server's own words, escaped and cut.

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
    """Requests to one server, with its errors as `ApiError`.

    Each has a deadline and limits to what is read, see `pushgateway_lab.http.exchange`, which the session is
    given. Redirects are not followed.
    """

    name: str

    def __init__(self, session: requests.Session, url: str) -> None:
        if "@" in urlsplit(url).netloc:
            raise ValueError("a password in the URL: give it with pushgateway_lab.access.Access")
        exchange.limit(session)
        self._session = session
        self.url = url.rstrip("/")

    def _request(self, method: str, path: str, timeout: float = TIMEOUT, **kwargs: Any) -> bytes:
        """Return the body of the answer to a request.

        + timeout: seconds for the request and its repetitions, from connecting to the last byte
        """
        deadline = Deadline(timeout)
        try:
            with exchange.ended_by(deadline):
                response = self._send(method, path, deadline, **kwargs)
        except PasswordWithheldError as error:
            raise ApiError(str(error)) from error
        except BadAnswerError as error:
            raise self._bad(str(error)) from error
        except (requests.RequestException, OSError) as error:
            if isinstance(_inner(error), IncompleteRead):
                raise self._bad(f"its body is not whole: {_words(error)}") from error
            is_late = deadline.is_over or _is_timeout(error)
            words = f"it timed out, {timeout:g} s are over" if is_late else _words(error)
            raise ApiError(f"{self.name} does not answer at {self.url}: {words}") from error
        except ValueError as error:  # of a redirect, which requests reads though it does not follow
            raise self._bad(f"its headers are malformed: {start_of(str(error), SHOWN)}") from error
        status = response.status_code
        if status >= 300:  # noqa: PLR2004 - neither API redirects what is asked rightly
            words = start_of(response.content.strip() or response.reason or "", WORDS)
            raise ApiError(f"{self.name} answered {status}: {words}", status)
        return response.content

    def _send(self, method: str, path: str, deadline: Deadline, **kwargs: Any) -> requests.Response:
        for pause in PAUSES:
            try:
                return self._attempt(method, path, deadline, **kwargs)
            except requests.RequestException as error:
                if deadline.is_over or not _may_repeat(method, error):
                    raise
            time.sleep(min(pause, deadline.left()))
        return self._attempt(method, path, deadline, **kwargs)

    def _attempt(
        self,
        method: str,
        path: str,
        deadline: Deadline,
        headers: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> requests.Response:
        response = self._session.request(
            method,
            f"{self.url}{path}",
            headers={"Accept-Encoding": "identity", **(headers or {})},
            allow_redirects=False,
            stream=True,
            timeout=cast("float", Timeout(total=deadline.left())),  # requests passes it on
            **kwargs,
        )
        with response:
            _ = response.content  # read here, where a loss is repeated
        return response

    def _bad(self, what: str) -> ApiError:
        return ApiError(
            f"{self.name} at {self.url} gave a bad answer, which is that server's fault: {what}"
        )

    def _get(self, path: str, read: Callable[[Any], T], **params: str) -> T:
        """Send a GET request and parse the data of its answer with `read`, a function of `pushgateway_lab.formats.answers`."""
        body = self._request("GET", path, params=params)
        try:
            return read(answers.parse_answer(body))
        except AnswerError as error:
            raise self._bad(f"its body is not what {self.name} says: {error}") from error

    def is_ready(self) -> bool:
        """Whether the server says that it is ready (``/-/ready``)."""
        try:
            self._request("GET", "/-/ready", timeout=READY_TIMEOUT)
        except ApiError:
            return False
        return True


def _inner(error: Exception) -> Exception:
    inner = reason(error) if isinstance(error, requests.RequestException) else error
    if isinstance(inner, ProtocolError) and inner.args:  # which says when, and holds what
        inner = inner.args[-1]
    return inner if isinstance(inner, Exception) else error


def _is_timeout(error: Exception) -> bool:
    return isinstance(error, requests.Timeout) or isinstance(
        _inner(error), TimeoutError | ReadTimeoutError
    )


def _words(error: Exception) -> str:
    return start_of(str(_inner(error)).rpartition(": ")[2], SHOWN)


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
        exposition.check_exposition(body)
        try:
            self._request(method, path, data=body.encode(), headers={"Content-Type": _TEXT_FORMAT})
        except ApiError as error:
            cause = error.__cause__
            is_lost = isinstance(cause, requests.ConnectionError) and not _is_timeout(cause)
            if is_lost and self.is_ready():
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
            return Reload(*answers.reload_state(self._request("GET", "/metrics")))
        except AnswerError as error:
            raise self._bad(f"its metrics are not those of Prometheus: {error}") from error
