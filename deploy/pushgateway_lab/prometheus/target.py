"""See that Prometheus scrapes the lab's job: a host is converged only if the job's targets are up."""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pyinfra.api.command import PyinfraCommand
from pyinfra.api.host import Host
from pyinfra.api.operation import operation
from pyinfra.context import ctx_host

from pushgateway_lab import installations
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.formats.answers import Target
from pushgateway_lab.formats.durations import seconds_of
from pushgateway_lab.host.looking import snapshot_now, snapshot_of
from pushgateway_lab.lab.scrape_access import uses_tls
from pushgateway_lab.lab.scrape_errors import is_unauthorized
from pushgateway_lab.prometheus.access_fields import lacks_certificates
from pushgateway_lab.prometheus.api_client import api_client
from pushgateway_lab.prometheus.job import job
from pushgateway_lab.run.failure import cleanly, function, noop
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.run.interrupt import interruptible
from pushgateway_lab.scrape_config import same_target
from pushgateway_lab.settings import Settings

if TYPE_CHECKING:
    from pushgateway_lab.http.api import Prometheus

DISCOVERY_TIMEOUT = 15
"""Seconds for a newly loaded job to have targets: Prometheus updates them every five seconds."""

LONGEST = 86400
"""The longest wait in seconds, even if Prometheus reports a longer scrape interval."""

_POLL = 0.5
"""Seconds between two questions to Prometheus; each costs the host less than a millisecond, a look a tenth of a second."""


def scrape_interval(seen: Snapshot, settings: Settings) -> float:
    """Return the scrape interval of the lab's job in seconds, as Prometheus reports it; at most `LONGEST`."""
    jobs = {each.name: each for each in seen.loaded.jobs} if seen.loaded else {}
    ours = jobs.get(settings.pushgateway_job_name)
    try:
        return min(seconds_of((ours and ours.scrape_interval) or "1m"), LONGEST)
    except (ValueError, OverflowError):  # another program may answer on Prometheus's port
        return seconds_of("1m")


def is_up(seen: Snapshot, settings: Settings) -> bool:
    """Return whether Prometheus reports each target of the lab's job as up. See `problem`.

    Raises:
        HostError: see `pushgateway_lab.installations.plan`.
    """
    return problem(seen, settings) is None


def problem(seen: Snapshot, settings: Settings) -> str | None:
    """Return why the lab's job is not scraped; None if Prometheus reports each wanted target as up.

    Targets that somebody else added to the job do not count.

    Raises:
        HostError: see `pushgateway_lab.installations.plan`.
    """
    name = settings.pushgateway_job_name
    if seen.targets is None:
        return f"Prometheus does not report the targets of the job {name}."
    ours = [each for each in seen.targets if each.job == name]
    for address in job(seen, settings)["static_configs"][0]["targets"]:
        found = [each for each in ours if same_target(each.address, address)]
        if not found:
            return without_target(seen, settings, address)
        for each in found:
            if each.health != "up":
                return why_down(each)
    return None


def without_target(seen: Snapshot, settings: Settings, address: str) -> str:
    """Return a sentence that Prometheus has no such target of the lab's job, and why that may be.

    + address: of the wanted target, as HOST:PORT
    """
    target = f"target {address} of the job {settings.pushgateway_job_name}"
    if not installations.prometheus_is_elsewhere(seen, settings):
        if lacks_certificates(seen, settings):
            return f"Prometheus has no {target}. It could not read a file of the job's tls_config when it loaded the job."
        return f"Prometheus has no {target}. Do the job's relabel_configs drop it?"
    scheme = "https" if uses_tls(settings) else "http"
    is_closed = uses_tls(settings) or settings.pushgateway_user is not None
    same = "the same settings for its password and TLS, " if is_closed else ""
    return (
        f"The Prometheus at {settings.prometheus_url}, on another host, has no {target}. Run bootstrap on that host, too, "
        f"with {same}pushgateway_url={scheme}://{address} and pushgateway_targets={address}"
    )


def why_down(target: Target) -> str:
    """Return a sentence with Prometheus's reason why a target is not up."""
    if target.health == "unknown":
        return f"Prometheus has not scraped {target.url} yet."
    advice = _advice(target.last_error)
    return f"Prometheus cannot scrape {target.url}: {target.last_error}.{advice}"


def _advice(error: str) -> str:
    """Return a sentence about the cause of Prometheus's error; empty if there is nothing to add."""
    if is_unauthorized(error):
        return (
            " That server wants a password: set pushgateway_username and its password (docs/secrets.md), so that the job gives "
            "it. If both are set, compare them with the users in the server's web configuration file."
        )
    if "status 404" in error:
        return (
            " That server has its metrics under another path: set metrics_path in the job, or check the "
            "Pushgateway's flags --web.route-prefix, --web.external-url and --web.telemetry-path."
        )
    if "lookup " in error:
        return " Prometheus does not know that name: check /etc/hosts, in its container if it runs in one."
    return " Nothing listens there." if "connection refused" in error else ""


@operation()
@cleanly
def up(settings: Settings) -> Iterator[PyinfraCommand]:
    """Wait until Prometheus has scraped the targets of the lab's job; fail the host if it cannot.

    The wait lasts for one scrape interval and `DISCOVERY_TIMEOUT` at most.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`

    **Example:**

    .. code:: python

        target.up(
            name="See the target up",
            settings=host_settings.for_host(ctx_host.get()),
        )
    """
    host = ctx_host.get()
    if is_up(snapshot_of(host, settings), settings):
        noop(host, "the job's targets are up")
        return
    yield from function(_await_scrape, settings)


def _await_scrape(host: Host, settings: Settings) -> None:
    first = snapshot_of(host, settings)
    bound = scrape_interval(first, settings) + DISCOVERY_TIMEOUT
    deadline = time.monotonic() + bound
    seen = first
    prometheus = api_client(host, settings)
    with interruptible(host.state):
        while problem(seen, settings) and time.monotonic() < deadline:
            if _scrapes(seen, settings) > _scrapes(first, settings) > 0:
                break  # Prometheus has tried again since
            time.sleep(_POLL)
            seen = seen._replace(targets=_targets(prometheus, settings))
    if why := problem(snapshot_now(host, settings), settings):
        raise HostError(
            f"The target of the scrape job {settings.pushgateway_job_name} is not up. {why} Correct that, then run "
            "this again."
        )


def _targets(prometheus: "Prometheus", settings: Settings) -> tuple[Target, ...] | None:
    """Return the targets of the lab's job that Prometheus reports now; None if it does not report them."""
    from pushgateway_lab.http.api import ApiError

    try:
        return tuple(prometheus.targets(settings.pushgateway_job_name))
    except ApiError:
        return None


def _scrapes(seen: Snapshot, settings: Settings) -> float:
    """Return the time of the oldest last scrape among the wanted targets that are down; 0 if unknown.

    Other targets do not count: those of the last configuration stay for some seconds.
    """
    wanted = job(seen, settings)["static_configs"][0]["targets"]
    down = [
        each.last_scrape
        for each in seen.targets or ()
        if each.job == settings.pushgateway_job_name
        and each.health == "down"
        and any(same_target(each.address, own) for own in wanted)
    ]
    return min(down, default=0)
