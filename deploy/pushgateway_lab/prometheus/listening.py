"""Set the listen address of Prometheus, or note that others reach it."""

from collections.abc import Iterator

from pyinfra.api.command import PyinfraCommand, StringCommand
from pyinfra.api.host import Host
from pyinfra.api.operation import operation
from pyinfra.context import ctx_host, ctx_state

from pushgateway_lab import installations
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.host import flags_change, transaction
from pushgateway_lab.host.flags_change import FlagsChange
from pushgateway_lab.host.flags_note import FlagsFile
from pushgateway_lab.host.looking import snapshot_of
from pushgateway_lab.installations import environment_file, exposure, prometheus_address
from pushgateway_lab.installations.debian import PROMETHEUS_DEFAULTS
from pushgateway_lab.installations.flags import LISTEN_ADDRESS, Flag
from pushgateway_lab.prometheus.loading import wait_until_it_answers
from pushgateway_lab.run.failure import cleanly, function, noop, tell
from pushgateway_lab.settings import Settings

LISTEN_TIMEOUT = 60
"""Seconds for a started Prometheus to listen on its address alone; it does so before it reads its write-ahead log."""


def is_done(seen: Snapshot, settings: Settings) -> bool:
    """Return whether Prometheus listens on the address of the settings, if they have one.

    Raises:
        HostError: see `pushgateway_lab.installations.prometheus_address.text`.
    """
    return prometheus_address.is_right(seen, settings)


def notes(seen: Snapshot, settings: Settings) -> Iterator[str]:
    """Yield sentences for the trainer about a Prometheus of no service, and one that others reach, with what closes it."""
    if lone := seen.lone.get("prometheus"):
        yield (
            f"Prometheus is process {lone.pid}, which no service started, so it is used as it is. Any user of the host may have "
            "started it."
        )
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

    If it does not come up, its old flags come back. A change that a killed run left unfinished is taken back, also without
    the setting.

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
    transaction.show_diff(host, PROMETHEUS_DEFAULTS, old or "", new or "")
    yield from function(_listen, settings, new)


def _listen(host: Host, settings: Settings, new: str | None) -> None:
    seen = snapshot_of(host, settings)
    flags_change.make(host, settings, _change(seen, settings, new))
    wait_until_it_answers(host, settings)


def _change(seen: Snapshot, settings: Settings, new: str | None) -> FlagsChange:
    wanted = settings.prometheus_listen_address
    words = f"{Flag(LISTEN_ADDRESS, wanted)} (prometheus_listen_address)" if wanted else "its flags"
    return FlagsChange(
        file=FlagsFile("prometheus", PROMETHEUS_DEFAULTS, environment_file.ARGS),
        title="Prometheus",
        service=installations.prometheus(seen, settings).service,
        now=seen.prometheus_flags_text,
        new=new,
        unfinished=seen.unfinished_flags("prometheus"),
        runs=seen.prometheus.is_active,
        words=words,
        settings="prometheus_listen_address" if wanted else f"ARGS in {PROMETHEUS_DEFAULTS}",
        seconds=LISTEN_TIMEOUT,
        is_up=lambda now: prometheus_address.listens_right(now, settings),
    )
