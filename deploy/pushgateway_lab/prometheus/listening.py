"""Set the listen address of Prometheus, or note that others reach it."""

import time
from collections.abc import Iterator

from pyinfra.api.command import PyinfraCommand, StringCommand
from pyinfra.api.host import Host
from pyinfra.api.operation import operation
from pyinfra.context import ctx_host, ctx_state

from pushgateway_lab import installations
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.host import service_control, transaction
from pushgateway_lab.host.flags_note import note_flags
from pushgateway_lab.host.looking import forget, snapshot_of
from pushgateway_lab.installations import exposure, prometheus_address
from pushgateway_lab.installations.debian import PROMETHEUS_DEFAULTS
from pushgateway_lab.prometheus.loading import wait_until_it_answers
from pushgateway_lab.run.failure import cleanly, function, noop, tell
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.settings import Settings

LISTEN_TIMEOUT = 5
"""Seconds for a Prometheus that answers to be seen on its address alone."""


def is_done(seen: Snapshot, settings: Settings) -> bool:
    """Return whether Prometheus listens on the address of the settings, if they have one.

    Raises:
        HostError: see `pushgateway_lab.installations.prometheus_address.text`.
    """
    return prometheus_address.is_right(seen, settings)


def notes(seen: Snapshot, settings: Settings) -> Iterator[str]:
    """Yield a sentence for the trainer about a Prometheus that others reach, and what closes it."""
    found = exposure.open_prometheus(seen)
    if found is None or settings.prometheus_listen_address is not None:
        return
    says = f"Prometheus listens on {found.where}: everybody who can reach that port can read all of its series. To close it,"
    if seen.has_own_prometheus or not seen.prometheus.exists:
        yield f"{says} set prometheus_listen_address=127.0.0.1:{found.port}."
        return
    installation = installations.prometheus(seen, settings)
    yield (
        f"{says} write --web.listen-address=127.0.0.1:{found.port} to {installation.flags_place}, and restart it; "
        "prometheus_listen_address does that for a Prometheus that this toolkit installed."
    )


@operation()
@cleanly
def listens(settings: Settings) -> Iterator[PyinfraCommand]:
    """Set the listen address of a Prometheus that this toolkit installed, and restart it.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`

    **Example:**

    .. code:: python

        listening.listens(
            name="Set the listen address of Prometheus",
            settings=host_settings.for_host(ctx_host.get()),
        )
    """
    host = ctx_host.get()
    seen = snapshot_of(host, settings)
    tell(host, notes(seen, settings))
    if is_done(seen, settings):
        noop(host, "Prometheus listens where it should")
        return
    if not seen.prometheus.exists and not ctx_state.get().is_executing:
        yield StringCommand("true")  # a dry run on a bare host: it is not installed yet
        return
    prometheus_address.check(seen, settings)
    old, new = seen.prometheus_flags_text, prometheus_address.text(seen, settings)
    transaction.show_diff(host, PROMETHEUS_DEFAULTS, old or "", new)
    yield from function(_listen, settings, old, new)


def _listen(host: Host, settings: Settings, old: str | None, new: str) -> None:
    if new != old:
        note_flags(host, PROMETHEUS_DEFAULTS, "ARGS", old, new)
        transaction.put(host, PROMETHEUS_DEFAULTS, old, new.encode("utf-8", "surrogateescape"))
    service = installations.prometheus(snapshot_of(host, settings), settings).service
    service_control.restart(host, service, enable=False)
    forget(host)
    wait_until_it_answers(host, settings)
    # A look sees the sockets before it asks Prometheus, which may have begun to listen in between.
    deadline = time.monotonic() + LISTEN_TIMEOUT
    while not is_done(snapshot_of(host, settings), settings):
        if time.monotonic() > deadline:
            raise HostError(
                f"Prometheus does not listen on {settings.prometheus_listen_address} alone, though ARGS in "
                f"{PROMETHEUS_DEFAULTS} says so. Check what else gives it flags: {service.commands.log}"
            )
        time.sleep(0.2)
        forget(host)
