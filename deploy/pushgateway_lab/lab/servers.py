"""The task Host: the state that the trainer prepares before the lab begins."""

import re
from collections.abc import Sequence

from pushgateway_lab import installations
from pushgateway_lab.installations import Installation, exposure, ports
from pushgateway_lab.installations.address import url_of
from pushgateway_lab.installations.denied import why_denied
from pushgateway_lab.installations.flags import (
    LISTEN_ADDRESS,
    Flag,
    parse_flags,
)
from pushgateway_lab.lab import gateway, remote, running_flags, taken_port
from pushgateway_lab.lab.checks import Check, done, noted, still_open, unknown, wrong
from pushgateway_lab.lab.complaints import told
from pushgateway_lab.lab.config_edits import to_correct_rejected
from pushgateway_lab.lab.excerpts import excerpt, lines, listed
from pushgateway_lab.lab.look import Look
from pushgateway_lab.lab.remote import if_elsewhere
from pushgateway_lab.lab.results import Finding
from pushgateway_lab.pruning import layout
from pushgateway_lab.services import SYSTEMD, Service, ServiceState

LEAST_FREE = 500_000_000
"""The least free bytes for Prometheus's samples: ten times the need of a day of the lab."""

_CONFIG_FLAG = re.compile(r"--config\.file=\\*\"?([^\s\"\\)]+)")
"""Prometheus's words for the file that it could not load."""

USUAL_ADDRESS = ":9090"
"""The default listen address of Prometheus (its --help)."""

_URL_FLAGS = (LISTEN_ADDRESS, "web.external-url", "web.route-prefix")
"""The flags of Prometheus that change its URL."""

_FLAG_ERRORS = (
    "unknown long flag",
    "unknown short flag",
    "try --help",
    "error parsing command line",
)
"""The words of both servers for flags that they cannot parse (kingpin's, and the servers' own)."""

CLOCK = 5.0
"""The most seconds by which a host's clock may differ from this machine's."""

PREPARE = "the trainer runs deploy/prepare.py, which installs it"


def prometheus_runs(look: Look) -> Finding:
    """Check that Prometheus's service is active, and that Prometheus answers."""
    service = installations.prometheus(look.snapshot, look.settings).service
    if found := taken_port.of_prometheus(look) or _service_is_wrong(
        look, service, look.snapshot.prometheus
    ):
        if look.verdict and not look.verdict.accepted:
            return to_correct_rejected(
                look,
                look.verdict.words,
                lambda file: f"promtool rejects {file}: see 4.2.1. {found.says}",
            )
        return found
    if look.snapshot.loaded is None and "curl" not in look.snapshot.tools:
        return unknown(
            "curl is missing on this host, so Prometheus cannot be asked.",
            "sudo apt-get install curl",
        )
    if look.snapshot.prometheus_starts:
        return still_open(
            "Prometheus starts: it answers 503 until it has read its write-ahead log, which may take minutes."
        )
    if look.snapshot.loaded is None:
        return _no_answer(look, service)
    return _answers(look)


def _answers(look: Look) -> Finding:
    """Return the finding of a Prometheus that answers; a note if its flags move it."""
    if look.snapshot.url_found is not None and (moved := _moved_by_flags(look)):
        installation = installations.prometheus(look.snapshot, look.settings)
        return noted(
            f"Prometheus runs, but not where the lab's page has it. {moved} To move it back, take them out of "
            f"{excerpt(installation.flags_place)}. The toolkit finds it there; prometheus_url need not be set.",
            installation.to_edit_flags(),
        )
    if found := exposure.open_prometheus(look.snapshot):
        return done(
            f"Prometheus runs. It listens on {found.where}: everybody who can reach that port can read all of its series. "
            "prometheus_listen_address closes a Prometheus that this toolkit installed."
        )
    return done("Prometheus runs.")


def _no_answer(look: Look, service: Service) -> Finding:
    """Return the finding of a Prometheus that runs and does not answer at the URL of the settings."""
    if denied := why_denied(look.snapshot, look.settings):
        return wrong(f"{excerpt(service.name)} is active, and cannot be asked. {denied}")
    url = excerpt(look.settings.prometheus_url)
    says = f"{excerpt(service.name)} is active, but Prometheus does not answer at {url}."
    if moved := _moved_by_flags(look):
        place = installations.prometheus(look.snapshot, look.settings).flags_place
        return wrong(
            f"{says} {moved} Either they are taken out of {excerpt(place)}, or the trainer sets prometheus_url.",
            installations.prometheus(look.snapshot, look.settings).to_edit_flags(),
        )
    if elsewhere := ports.elsewhere(look.snapshot, look.settings):
        return wrong(f"{says} It listens on {elsewhere.where}: the trainer sets prometheus_url.")
    return wrong(f"{says} It may hang: restart it.", service.commands.restart)


def _moved_by_flags(look: Look) -> str | None:
    """Return a sentence about the flags that put Prometheus at another URL; None if there are none."""
    given = parse_flags(look.prometheus_argv[1:])
    # Without their values: an external URL may hold a password.
    flags = [f"--{each.name}" for each in given if each.name in _URL_FLAGS]
    if not flags:
        return None
    if look.snapshot.url_found is None and _is_at_url_of_settings(look, given):
        return None
    return f"Its flags put it at {excerpt(url_of(given, USUAL_ADDRESS))}: {listed(flags)}."


def _is_at_url_of_settings(look: Look, given: Sequence[Flag]) -> bool:
    wanted = look.settings.prometheus_url.rstrip("/").replace("//localhost", "//127.0.0.1")
    try:
        return url_of(given, USUAL_ADDRESS) == wanted
    except ValueError:  # no URL, so it does not say where Prometheus is
        return True


def pushgateway_runs(look: Look) -> Finding:
    """Check that the Pushgateway's service is active, and that the Pushgateway answers."""
    if installations.pushgateway_is_elsewhere(look.snapshot, look.settings):
        return gateway.elsewhere(look)
    service = installations.pushgateway(look.snapshot, look.settings).service
    if found := taken_port.of_pushgateway(look) or _service_is_wrong(
        look, service, look.snapshot.pushgateway
    ):
        return found
    if look.pushgateway_status is None:
        return gateway.does_not_answer(look)
    return done("The Pushgateway runs.")


def _service_is_wrong(look: Look, service: Service, state: ServiceState) -> Finding | None:
    shown, commands = excerpt(service.name), service.commands
    if not state.exists:
        return still_open(f"There is no {shown} on this host: {PREPARE}.")
    if state.is_masked:
        return wrong(f"{shown} is masked, so it cannot start.", commands.allow_and_start)
    if state.is_stopped:
        return wrong(f"{shown} is inactive: somebody stopped it.", commands.enable_and_start)
    if not state.runs:
        return _not_up(look, service, state)
    return None


def at_boot(look: Look) -> Finding:
    """Tell whether both servers start at boot. That they do not is wrong only if ``lab_at_boot`` wants it."""
    seen, settings = look.snapshot, look.settings
    found = (
        (installations.prometheus(seen, settings).service, seen.prometheus),
        (installations.pushgateway(seen, settings).service, seen.pushgateway),
    )
    left = [service for service, state in found if state.exists and not _starts_at_boot(state)]
    if not left:
        return done("What is on this host starts at boot.")
    says = (
        f"Not started at boot, so not there after a reboot: {listed([each.name for each in left])}."
    )
    fix = "\n".join(each.commands.enable for each in left)
    return wrong(says, fix) if settings.lab_at_boot else noted(says, fix)


def _starts_at_boot(state: ServiceState) -> bool:
    # Neither enabled nor disabled: another unit starts it.
    return not state.is_disabled and state.name.endswith(".service")


def _not_up(look: Look, service: Service, state: ServiceState) -> Finding:
    """Return the finding of a service that ends by itself; its flags are wrong if its log says so."""
    says = f"{excerpt(service.name)} does not stay up: its state is {excerpt(state.state)}.{_log(look, service)}"
    log = look.logs.get(service.title, "")
    named = _CONFIG_FLAG.search(log)
    is_elsewhere = named and named[1] != look.settings.prometheus_config_path
    if not is_elsewhere and not any(words in log for words in _FLAG_ERRORS):
        return wrong(says, service.commands.log)
    servers: tuple[Installation, ...] = (
        installations.prometheus(look.snapshot, look.settings),
        installations.pushgateway(look.snapshot, look.settings),
    )
    found = next(each for each in servers if each.service.name == service.name)
    return wrong(
        f"{says}\nA flag is wrong: check {excerpt(found.flags_place)}.", found.to_edit_flags()
    )


def _log(look: Look, service: Service) -> str:
    """Return the end of a service's log, as a further sentence; nothing if the look has no log of it."""
    log = look.logs.get(service.title, "").strip()
    return f" Its log ends with:\n{told(log, look.settings)}" if log else ""


def prune(look: Look) -> Finding:
    """Check that the prune, if there is one, runs and its last run succeeded."""
    seen, after = look.snapshot, look.settings.pushgateway_prune_after
    if not seen.prune_files:
        if after is None:
            return done("Old groups are not pruned.")
        return wrong(
            "pushgateway_prune_after is set, but there is no prune on this host: the trainer runs "
            "deploy/prepare.py, which installs it."
        )
    service, timer = (SYSTEMD.service(name) for name in layout.UNITS)
    if seen.service(service.name).has_failed:
        # The program and systemd write this log: it quotes no configuration file.
        log = lines(look.logs.get(service.title, "").strip(), each=300)
        ending = f" Its log ends with:\n{log}" if log else ""
        return wrong(f"The last prune of old groups failed.{ending}", service.commands.log)
    if not seen.service(timer.name).is_active:
        return wrong(
            f"The prune of old groups is installed, but {timer.name} is inactive.",
            timer.commands.enable_and_start,
        )
    return done("Old groups are pruned.")


def versions(look: Look) -> Finding:
    """Tell the versions of both servers and of the operating system."""
    prometheus, pushgateway = map(look.snapshot.packages.get, installations.PACKAGES)
    parts = [
        f"{name} {excerpt(running)}"
        if isinstance(running, str) and running
        else f"{name} {excerpt(package or '')} (installed, does not answer)"
        for name, running, package in (
            ("Prometheus", look.prometheus_version, prometheus),
            ("Pushgateway", gateway.version(look), pushgateway),
        )
        if running or package is not None
    ]
    if not parts:
        return unknown("Neither Prometheus nor the Pushgateway was found on this host.")
    return done(f"{', '.join(parts)} on {excerpt(look.snapshot.os)}.")


def disk_space(look: Look) -> Finding:
    """Check that the file system of Prometheus's samples has `LEAST_FREE` bytes free."""
    if look.disk is None:
        runs = look.snapshot.prometheus.is_active
        why = "has no write-ahead log open" if runs else "does not run"
        return unknown(f"The disk of Prometheus's samples is unknown: Prometheus {why}.")
    free, size = look.disk
    room = f"{_gigabytes(free)} of {_gigabytes(size)} GB are free for Prometheus's samples."
    if free < LEAST_FREE:
        return wrong(f"Only {room} When the disk is full, Prometheus stores no samples.", "df -h")
    return done(room)


def _gigabytes(size: int) -> str:
    return f"{min(size, 10**24) / 1e9:.1f}"  # a host may send a number too large for a float


def clock(look: Look) -> Finding:
    """Check that the host's clock agrees with this machine's, and is not before the course's begin."""
    if look.began_at is not None and look.began_at > look.now + CLOCK:
        return wrong(
            f"By this host's clock, the course begins in {look.began_at - look.now:.0f} s, so no work "
            "counts until then: the clock was changed after the trainer prepared the host. The trainer "
            "runs deploy/reset.py, which records the beginning anew."
        )
    if abs(look.ahead) <= CLOCK:
        return done("The clock agrees with the trainer's.")
    direction = "ahead of" if look.ahead > 0 else "behind"
    return wrong(
        f"The clock is {abs(look.ahead):.0f} s {direction} the trainer's, and so are the times in "
        "Prometheus's graphs.",
        "sudo timedatectl set-ntp true; timedatectl",
    )


CHECKS = (
    Check("prometheus", "Prometheus runs", if_elsewhere(remote.answers, prometheus_runs)),
    Check("pushgateway", "The Pushgateway runs", pushgateway_runs),
    Check("at_boot", "Start at boot", at_boot),
    Check("admin_api", "The admin API is on", running_flags.admin_api),
    Check("listen_address", "The Pushgateway listens", running_flags.listens),
    Check("persistence", "Persistence", running_flags.persistence),
    Check("prune", "Old groups", prune),
    Check("versions", "Versions", versions),
    Check("disk_space", "Room for samples", if_elsewhere(remote.disk_space, disk_space)),
    Check("clock", "The clock", clock),
)
