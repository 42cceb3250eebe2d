"""The HTTP APIs of the Pushgateway and of Prometheus, as far as the deploys need them.

Each client takes a `requests` session, so that it reaches what listens on a host's own loopback
(`pushgateway_lab.connection.session`) as well as any URL.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

import requests

from pushgateway_lab.connection import reason

TIMEOUT = 10
"""Seconds for one request: both programs answer from memory."""


class ApiError(Exception):
    """A request was not answered, or answered with an error; the message is the server's own."""


class Group(NamedTuple):
    """A group of the Pushgateway: its grouping key, and when it was last pushed to."""

    labels: dict[str, str]
    pushed_at: float
    """Seconds since 1970; 0 if no push to it ever succeeded."""


class Sample(NamedTuple):
    """One sample as Prometheus returns it for an instant query."""

    labels: dict[str, str]
    value: str

    def __str__(self) -> str:
        labels = dict(self.labels)
        name = labels.pop("__name__", "")
        inner = ", ".join(f'{key}="{_escaped(value)}"' for key, value in sorted(labels.items()))
        return f"{name}{{{inner}}} {self.value}"


class Target(NamedTuple):
    """A scrape target as Prometheus sees it."""

    job: str
    url: str
    health: str
    last_error: str


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


class _Api:
    """Requests to one server, with its errors as `ApiError`."""

    name: str

    def __init__(self, session: requests.Session, url: str) -> None:
        self._session = session
        self.url = url.rstrip("/")

    def _request(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        try:
            response = self._session.request(method, f"{self.url}{path}", timeout=TIMEOUT, **kwargs)
        except requests.RequestException as error:
            raise ApiError(
                f"{self.name} does not answer at {self.url}: {str(reason(error)).rpartition(': ')[2]}"
            ) from error
        if not response.ok:
            words = response.text.strip() or response.reason
            raise ApiError(f"{self.name} answered {response.status_code}: {words}")
        return response

    def _get(self, path: str, **params: str) -> Any:
        return self._request("GET", path, params=params).json()["data"]

    def is_ready(self) -> bool:
        """Whether the server says that it is ready (``/-/ready``)."""
        try:
            self._request("GET", "/-/ready")
        except ApiError:
            return False
        return True


class Pushgateway(_Api):
    """The Pushgateway's API (its README, "API" and "Query API")."""

    name = "The Pushgateway"

    def push(self, labels: Mapping[str, str], body: str) -> None:
        """Replace the metrics of a group by `body`, in the text exposition format."""
        self._request("PUT", f"/metrics{group_path(labels)}", data=body.encode())

    def delete(self, labels: Mapping[str, str]) -> None:
        """Delete exactly the group with these labels. Deletion is queued: see `groups`."""
        self._request("DELETE", f"/metrics{group_path(labels)}")

    def groups(self) -> list[Group]:
        """All groups it holds."""
        return [
            Group(each["labels"], _pushed_at(each)) for each in self._get("/api/v1/metrics") or ()
        ]

    def flags(self) -> dict[str, str]:
        """The flags it runs with, defaults included."""
        flags: dict[str, str] = self._get("/api/v1/status")["flags"]
        return flags


def _pushed_at(group: Mapping[str, Any]) -> float:
    metrics = group.get("push_time_seconds", {}).get("metrics") or [{"value": 0}]
    return float(metrics[0]["value"])


def group_path(labels: Mapping[str, str]) -> str:
    """The path of a group: ``/job/<job>{/<label>/<value>}``, job first.

    Source: Pushgateway's README, "URL".
    """
    names = ["job", *(name for name in labels if name != "job")]
    return "".join(f"/{name}/{quote(labels[name], safe='')}" for name in names)


class Prometheus(_Api):
    """Prometheus's HTTP API."""

    name = "Prometheus"

    def query(self, expression: str) -> list[Sample]:
        """The samples an instant query returns now."""
        result = self._get("/api/v1/query", query=expression)["result"]
        return [Sample(each["metric"], each["value"][1]) for each in result]

    def targets(self) -> list[Target]:
        """The active targets."""
        return [
            Target(
                job=each["discoveredLabels"].get("job", ""),
                url=each["scrapeUrl"],
                health=each["health"],
                last_error=each["lastError"],
            )
            for each in self._get("/api/v1/targets", state="active")["activeTargets"]
        ]

    def config(self) -> str:
        """The loaded configuration as YAML, defaults written out, secrets left out."""
        config: str = self._get("/api/v1/status/config")["yaml"]
        return config
