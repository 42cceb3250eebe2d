"""The smoke push: push a metric, wait until Prometheus has it with its own labels, delete it."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple
from uuid import uuid4

from pyinfra.api.host import Host

from pushgateway_lab import installations, scrape_config
from pushgateway_lab.facts import proof, remains
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.formats.answers import Group, Sample, Target
from pushgateway_lab.formats.durations import seconds_of
from pushgateway_lab.host.looking import forget, snapshot_now, snapshot_of
from pushgateway_lab.http.api import ApiError, Prometheus, Pushgateway
from pushgateway_lab.prometheus.api_client import api_client
from pushgateway_lab.prometheus.job import job
from pushgateway_lab.prometheus.target import (
    DISCOVERY_TIMEOUT,
    LONGEST,
    why_down,
    without_target,
)
from pushgateway_lab.pushgateway.client import client
from pushgateway_lab.run.failure import say
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.run.interrupt import interruptible
from pushgateway_lab.run.run import Run
from pushgateway_lab.run.shell import ask
from pushgateway_lab.settings import Settings
from pushgateway_lab.smoke import JOB

METRIC = "pushgateway_lab_smoke_pushed_at_seconds"

ABANDONED = 600
"""The age in seconds after which a smoke group is known to be left by a killed run."""

DELETE_TIMEOUT = 30
"""Seconds to wait for a queued deletion."""

POLL = 0.25
"""Seconds between two requests."""


class Smoke(NamedTuple):
    """One smoke push: the clients of both servers, and the labels of its group."""

    gateway: Pushgateway
    prometheus: Prometheus
    labels: dict[str, str]


def prove(host: Host, settings: Settings) -> None:
    """Push a metric to a host's Pushgateway, wait until Prometheus has scraped it, and delete it.

    Then note on the host what was proven; an earlier note is deleted first, see `pushgateway_lab.facts.proof`.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`

    Raises:
        HostError: the metric did not arrive, arrived with other labels, or was not deleted; with the reason.
    """
    seen = snapshot_of(host, settings)
    if installations.prometheus_is_elsewhere(seen, settings):
        seen = snapshot_now(host, settings)  # the same run may have merged the job on that host
    address = installations.planned_url(seen, settings)
    smoke = Smoke(
        client(host, settings, address),
        api_client(host, settings),
        {"job": JOB, "instance": f"{_name_of(host)}-{uuid4().hex[:12]}"},
    )
    if seen.proven:
        _note(host, "")
    try:
        _sweep(smoke)
        _await_targets(smoke, seen, settings)
        bound = settings.pushgateway_smoke_timeout or _two_scrapes(smoke, settings)
        with interruptible(host.state), _deleted_at_the_end(host, smoke):
            started = time.monotonic()
            smoke.gateway.push(smoke.labels, f"# TYPE {METRIC} gauge\n{METRIC} {time.time():.3f}\n")
            sample = _await(smoke, settings, bound)
            arrived = time.monotonic() - started
        _see_it_gone(smoke)
    except ApiError as error:
        raise HostError(f"The smoke push failed: {error}") from error
    say(
        host,
        f"Proven: pushed, scraped after {arrived:.1f} s with its own labels, deleted:",
        "green",
    )
    say(host, f"  {sample}", "green")
    _note(host, proof.fingerprint(seen, settings))
    forget(host)


def _note(host: Host, proven: str) -> None:
    variables = {"note": proof.NOTE, "word": proven}
    ask(host, "note.sh", variables, functions=remains.NOTE_FUNCTIONS)


def _name_of(host: Host) -> str:
    return socket.gethostname() if host.name == "@local" else host.name.removeprefix("@")


def _await_targets(smoke: Smoke, seen: Snapshot, settings: Settings) -> None:
    deadline = time.monotonic() + DISCOVERY_TIMEOUT
    while not _targets(smoke, settings):
        if time.monotonic() > deadline:
            address = job(seen, settings)["static_configs"][0]["targets"][0]
            raise HostError(
                f"After {DISCOVERY_TIMEOUT} s: {without_target(seen, settings, address)}"
            )
        time.sleep(POLL)


def _targets(smoke: Smoke, settings: Settings) -> list[Target]:
    name = settings.pushgateway_job_name
    return [target for target in smoke.prometheus.targets() if target.job == name]


def _two_scrapes(smoke: Smoke, settings: Settings) -> float:
    """Return two scrape intervals of the job in seconds, as Prometheus reports them."""
    config = smoke.prometheus.config()
    try:
        jobs = {each.name: each for each in scrape_config.find_jobs(config)}
        ours = jobs.get(settings.pushgateway_job_name)
        return min(2 * seconds_of((ours and ours.scrape_interval) or "1m"), LONGEST)
    except ValueError as error:  # another program may answer on Prometheus's port
        raise HostError(
            f"The smoke push failed: the configuration from Prometheus is invalid: {error}"
        ) from error


def _await(smoke: Smoke, settings: Settings, bound: float) -> Sample:
    """Wait for the pushed sample, and return it.

    Raises:
        HostError: it did not arrive within `bound` seconds, or has other labels.
    """
    deadline = time.monotonic() + bound
    while True:
        for sample in smoke.prometheus.query(METRIC):
            if sample.labels.get("exported_instance") == smoke.labels["instance"]:
                raise HostError(
                    f"The push arrived as {sample}: its job and instance became exported_job and "
                    "exported_instance, so honor_labels is not in effect in the scrape job "
                    f"{sample.labels.get('job')}. Set honor_labels: true there and reload Prometheus."
                )
            if smoke.labels.items() <= sample.labels.items():
                return sample
        if time.monotonic() > deadline:
            raise HostError(_why_it_did_not_arrive(smoke, settings, bound))
        time.sleep(POLL)


def _why_it_did_not_arrive(smoke: Smoke, settings: Settings, bound: float) -> str:
    message = f"The push did not arrive in Prometheus within {bound:.0f} s"
    targets = _targets(smoke, settings)
    for target in targets:
        if target.health == "down":
            return f"{message}. {why_down(target)}"
    return (
        f"{message}. Prometheus scrapes {', '.join(target.url for target in targets)}: is that the "
        f"Pushgateway at {smoke.gateway.url}? To wait longer, set pushgateway_smoke_timeout (seconds)."
    )


def _see_it_gone(smoke: Smoke) -> None:
    """Wait until the Pushgateway has done the deletion, which it queues."""
    deadline = time.monotonic() + DELETE_TIMEOUT
    while any(group.labels == smoke.labels for group in _own_groups(smoke)):
        if time.monotonic() > deadline:
            raise HostError(
                f"The group {smoke.labels} was deleted, but the Pushgateway still has it after "
                f"{DELETE_TIMEOUT} s. Check the Pushgateway's log, then run this again."
            )
        time.sleep(POLL)


def _sweep(smoke: Smoke) -> None:
    """Delete the groups that killed runs left."""
    for group in _own_groups(smoke):
        if group.pushed_at < time.time() - ABANDONED:
            smoke.gateway.delete(group.labels)


def _own_groups(smoke: Smoke) -> list[Group]:
    return [group for group in smoke.gateway.groups() if group.labels.get("job") == JOB]


@contextmanager
def _deleted_at_the_end(host: Host, smoke: Smoke) -> Iterator[None]:
    """Delete the group at the end of the block, or on disconnect if the block does not end."""

    def delete_late() -> None:
        try:
            smoke.gateway.delete(smoke.labels)
        except ApiError as error:
            say(
                host,
                f"The group {smoke.labels} of the smoke push was not deleted: {error}",
                "yellow",
            )

    take_back = Run.of(host.state).on_disconnect(host, delete_late)
    try:
        yield
    finally:
        smoke.gateway.delete(smoke.labels)
        take_back()
