"""Clients of the HTTP APIs of the Pushgateway and of Prometheus.

Each client uses a `requests` session: one from `pushgateway_lab.http.connection.session` sends its requests from
a host, so it reaches the host's loopback; a plain `requests.Session` sends them from this machine.
`pushgateway_lab.http.access` gives a session a password and certificates.
"""

import re
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.client import IncompleteRead
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

import requests
from urllib3 import Timeout
from urllib3.exceptions import NewConnectionError, ProtocolError, ReadTimeoutError

from pushgateway_lab.formats import answers, exposition
from pushgateway_lab.formats.answers import AnswerError, Group, Sample, Target
from pushgateway_lab.formats.grouping import UTF8_NAMES, group_path, held_path, is_ambiguous
from pushgateway_lab.formats.telemetry import Telemetry, parse_telemetry
from pushgateway_lab.http import exchange
from pushgateway_lab.http.access import PasswordWithheldError
from pushgateway_lab.http.connection import reason
from pushgateway_lab.http.exchange import SHOWN, BadAnswerError, Deadline
from pushgateway_lab.run.visible import start_of

T = TypeVar("T")

TIMEOUT = 10
"""Seconds for a whole request, repetitions included: both programs answer from memory."""

READY_TIMEOUT = 3
"""Seconds for the answer to a readiness check."""

WIPE_TIMEOUT = 300
"""Seconds for the answer to a wipe: older releases take minutes for thousands of groups."""

WORDS = 400
"""The largest number of characters of a server's error text in a message."""

PAUSES = (0.1, 0.4)
"""Seconds before each repetition of a request that may be repeated."""

# Debian 13 has 1.11.0, which dereferences a nil pointer instead of answering 400.
_HUNG_UP = (
    "It closed the connection, but is ready: release 1.11.0 does so when it rejects a push. Is there a "
    "metric with this name and another type, or the same series in another group?"
)

_LOG_IN = ". Check {0}_username and the setting that its password comes from."

_TRUST = ". Set {0}_ca_file to the certificates of its authority; with pushgateway_tls_lab_ca, use the machine that issued it."

_TEXT_FORMAT = "text/plain; version=0.0.4; charset=utf-8"


class ApiError(Exception):
    """A request failed: there was no answer, a malformed answer or an error status.

    For an error status, the message quotes the server, escaped and cut.

    + status: the HTTP status of an error; None if there was no answer or a malformed one
    """

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class _Api:
    """Requests to one server; errors are raised as `ApiError`.

    Each request has a deadline and size limits, which `pushgateway_lab.http.exchange` sets on the session.
    Redirects are not followed.
    """

    name: str
    server: str
    """The first word of its settings."""

    def __init__(self, session: requests.Session, url: str) -> None:
        if "@" in urlsplit(url).netloc:
            raise ValueError("a password in the URL: give it with pushgateway_lab.Access")
        exchange.limit(session)
        self._session = session
        self.url = url.rstrip("/")

    def _request(self, method: str, path: str, timeout: float = TIMEOUT, **kwargs: Any) -> bytes:
        """Send a request, and return the body of the answer.

        + timeout: seconds for the request and its repetitions, from connecting to the last byte

        Raises:
            ApiError: the request failed.
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
                raise self._bad(f"its body is incomplete: {_words(error)}") from error
            is_late = deadline.is_over or _is_timeout(error)
            words = f"it timed out after {timeout:g} s" if is_late else _words(error)
            next_step = _TRUST.format(self.server) if _is_untrusted(words) else ""
            raise ApiError(
                f"{self.name} does not answer at {self.url}: {words}{next_step}"
            ) from error
        except ValueError as error:  # from a redirect: requests parses it, but does not follow it
            raise self._bad(f"its headers are malformed: {start_of(str(error), SHOWN)}") from error
        status = response.status_code
        if status >= 300:  # noqa: PLR2004 - neither API redirects a correct request
            words = start_of(response.content.strip() or response.reason or "", WORDS)
            next_step = _LOG_IN.format(self.server) if status == HTTPStatus.UNAUTHORIZED else ""
            raise ApiError(f"{self.name} answered {status}: {words}{next_step}", status)
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
            _ = response.content  # read here, so that _send repeats a request whose answer is lost
        return response

    def _bad(self, what: str) -> ApiError:
        return ApiError(
            f"{self.name} at {self.url} sent an invalid answer, an error of that server: {what}"
        )

    def _get(self, path: str, read: Callable[[Any], T], **params: str) -> T:
        """Send a GET request, and return the parsed data of its answer.

        + read: parses the data; a function of `pushgateway_lab.formats.answers`
        + params: the query parameters
        """
        body = self._request("GET", path, params=params)
        try:
            return read(answers.parse_answer(body))
        except AnswerError as error:
            raise self._bad(f"its body is unexpected: {error}") from error

    def is_ready(self) -> bool:
        """Return whether the server reports that it is ready (``/-/ready``)."""
        try:
            self._request("GET", "/-/ready", timeout=READY_TIMEOUT)
        except ApiError:
            return False
        return True


def _inner(error: Exception) -> Exception:
    inner = reason(error) if isinstance(error, requests.RequestException) else error
    if (
        isinstance(inner, ProtocolError) and inner.args
    ):  # its first argument is a sentence, its last one the cause
        inner = inner.args[-1]
    return inner if isinstance(inner, Exception) else error


def _is_timeout(error: Exception) -> bool:
    return isinstance(error, requests.Timeout) or isinstance(
        _inner(error), TimeoutError | ReadTimeoutError
    )


_OF_OPENSSL = re.compile(r"^\[?(?:SSL: )?[A-Z0-9_]+\] |[\s.]*\(_ssl\.c:\d+\)$")
"""The parts of a message of Python's module ssl that say nothing to its reader."""

_NO_TLS = "it speaks no TLS there: is it http, and not https?"


def _words(error: Exception) -> str:
    words = str(_inner(error)).rpartition(": ")[2]
    if "WRONG_VERSION_NUMBER" in words:
        return _NO_TLS
    return start_of(_OF_OPENSSL.sub("", words), SHOWN)


def _is_untrusted(words: str) -> bool:
    return "issuer certificate" in words or "self-signed" in words or "self signed" in words


def _may_repeat(method: str, error: requests.RequestException) -> bool:
    """Return whether a failed request may be sent again: it did not arrive, or it is a GET.

    A push or delete that may have arrived is not repeated: somebody else may have pushed to the group since,
    and the repetition would undo that push.
    """
    if isinstance(reason(error), NewConnectionError):
        return True
    lost = isinstance(error, requests.ConnectionError | requests.exceptions.ChunkedEncodingError)
    return method == "GET" and lost and not isinstance(error, requests.exceptions.SSLError)


class Pushgateway(_Api):
    """The Pushgateway's API (its README, "API", "Query API" and "Admin API")."""

    name = "The Pushgateway"
    server = "pushgateway"

    def push(self, labels: Mapping[str, str], body: str) -> None:
        """Replace all metrics of a group (PUT).

        + labels: the grouping key, including the job
        + body: the metrics in the text exposition format

        Raises:
            GroupingError, ExpositionError: the labels or the body are invalid; nothing was sent.
        """
        self._push("PUT", labels, body)

    def add(self, labels: Mapping[str, str], body: str) -> None:
        """Replace the metrics of a group that `body` names, and keep its other metrics (POST). See `push`."""
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
        """Delete exactly the group with these labels. The Pushgateway queues the deletion: `groups` shows the result.

        + labels: as `groups` returns them; a label may have any name

        Raises:
            GroupingError: no group can have these labels; nothing was sent.
        """
        decodes_names = is_ambiguous(labels) and self.flags().get(UTF8_NAMES) == "true"
        self._request("DELETE", f"/metrics{held_path(labels, decodes_names=decodes_names)}")

    def wipe(self) -> None:
        """Delete all groups. Without the admin API, this raises an `ApiError` with status 404."""
        self._request("PUT", "/api/v1/admin/wipe", timeout=WIPE_TIMEOUT)

    def groups(self) -> list[Group]:
        """Return all groups of the Pushgateway."""
        return self._get("/api/v1/metrics", answers.groups)

    def flags(self) -> dict[str, str]:
        """Return the Pushgateway's flags, including defaults."""
        return self.status()["flags"]

    def status(self) -> dict[str, dict[str, str]]:
        """Return the Pushgateway's ``flags`` and ``build_information``."""
        return self._get("/api/v1/status", answers.status)

    def telemetry(self) -> Telemetry:
        """Return the Pushgateway's metrics about itself; they are at ``/metrics`` unless a flag says otherwise."""
        try:
            return parse_telemetry(self._request("GET", "/metrics"))
        except AnswerError as error:
            raise self._bad(f"its body is unexpected: {error}") from error


class Prometheus(_Api):
    """Prometheus's HTTP API."""

    name = "Prometheus"
    server = "prometheus"

    def query(self, expression: str) -> list[Sample]:
        """Return the samples of an instant query in PromQL, evaluated now."""
        return self._get("/api/v1/query", answers.samples, query=expression)

    def targets(self, job: str = "") -> list[Target]:
        """Return the active targets.

        + job: only those of this job; older releases, 2.42 among them, answer with those of all jobs nevertheless
        """
        pool = {"scrapePool": job} if job else {}
        return self._get("/api/v1/targets", answers.targets, state="active", **pool)

    def config(self) -> str:
        """Return the loaded configuration as YAML, with defaults and without secrets."""
        return self._get("/api/v1/status/config", answers.config)
