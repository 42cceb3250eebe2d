"""The task Host: what the lab stands on. Whoever does the lab finds this done."""

from pushgateway_lab import flags, pushgateway
from pushgateway_lab.failure import HostError
from pushgateway_lab.lab.checks import Check, done, still_open, unknown, wrong
from pushgateway_lab.lab.look import Look
from pushgateway_lab.lab.results import Finding
from pushgateway_lab.packages import PUSHGATEWAY
from pushgateway_lab.snapshot import PUSHGATEWAY_UNIT, Unit

LEAST_FREE = 500_000_000
"""Bytes below which Prometheus may soon be unable to write; a day of a lab takes a tenth of it."""

CLOCK = 5.0
"""Seconds by which a host's clock may differ: beyond, times on this page and on the host disagree."""

PREPARE = "deploy/prepare.py, by the trainer, installs what is missing"
RESTART = f"sudo systemctl restart {PUSHGATEWAY_UNIT.removesuffix('.service')}"


def prometheus_runs(look: Look) -> Finding:
    """Prometheus's unit is active and enabled, and Prometheus answers."""
    unit = look.snapshot.unit(look.settings.prometheus_unit)
    if found := _unit_is_wrong(unit):
        if look.verdict and not look.verdict.accepted:
            path = look.settings.prometheus_config_path
            return found._replace(says=f"{found.says} promtool refuses {path}: see 4.2.1.")
        return found
    if look.snapshot.loaded is None:
        return wrong(
            f"{unit.name} is active, but Prometheus does not answer at {look.settings.prometheus_url}.",
            f"sudo journalctl -u {unit.name} -n 20",
        )
    return done("Prometheus runs, and starts when the host does.")


def pushgateway_runs(look: Look) -> Finding:
    """The Pushgateway's unit is active and enabled, and the Pushgateway answers."""
    if found := _unit_is_wrong(look.snapshot.pushgateway):
        return found
    if look.pushgateway_status is None:
        return wrong(
            "Its unit is active, but the Pushgateway does not answer.",
            f"sudo journalctl -u {PUSHGATEWAY_UNIT} -n 20",
        )
    return done("The Pushgateway runs, and starts when the host does.")


def _unit_is_wrong(unit: Unit) -> Finding | None:
    name = unit.name.removesuffix(".service")
    if not unit.exists:
        return still_open(f"There is no {unit.name} on this host: {PREPARE}.")
    if unit.unit_file_state.startswith("masked") or unit.load_state == "masked":
        return wrong(
            f"{unit.name} is masked: somebody forbade it to run.",
            f"sudo systemctl unmask {name} && sudo systemctl enable --now {name}",
        )
    if unit.active_state != "active":
        return wrong(
            f"{unit.name} is {unit.active_state}.",
            f"sudo systemctl enable --now {name}; systemctl status {name}",
        )
    if unit.unit_file_state == "disabled":
        return wrong(
            f"{unit.name} runs, but would not start with the host: it is disabled.",
            f"sudo systemctl enable {name}",
        )
    return None


def admin_api(look: Look) -> Finding:
    """The running Pushgateway has the admin API on, or off where the settings say so."""
    running = _running_flag(look, flags.ADMIN_API)
    if running is None:
        return _does_not_run(look)
    if (running == "true") == look.settings.pushgateway_admin_api:
        return done(
            "The admin API is on."
            if running == "true"
            else "The admin API is off, as the settings want it."
        )
    if running == "true":
        return wrong(
            "The admin API is on, though pushgateway_admin_api is False.",
            f"sudoedit {pushgateway.DEFAULTS} && {RESTART}",
        )
    if flags.ADMIN_API in (look.snapshot.defaults or ""):
        return wrong(
            f"The admin API is off, so wiping answers 404. {pushgateway.DEFAULTS} has "
            f"--{flags.ADMIN_API}, but the Pushgateway runs without it: it was not restarted since, or "
            "its unit does not use ARGS.",
            RESTART,
        )
    return wrong(
        "The admin API is off, so wiping answers 404; deleting single groups works.",
        f'sudoedit {pushgateway.DEFAULTS}   # ARGS="... --{flags.ADMIN_API}"\n{RESTART}',
    )


def listens(look: Look) -> Finding:
    """The running Pushgateway listens where the lab's page and the settings look for it."""
    listeners = look.snapshot.pushgateway_listeners
    if not listeners:
        return _does_not_run(look)
    try:
        wanted = pushgateway.listen_addresses(pushgateway.plan(look.snapshot, look.settings))
    except HostError as error:
        return wrong(str(error))
    ports = {int(address.rpartition(":")[2]) for address in wanted}
    where = ", ".join(f"{listener.address}:{listener.port}" for listener in listeners)
    if ports - {listener.port for listener in listeners}:
        return wrong(
            f"The Pushgateway listens on {where}, but {pushgateway.DEFAULTS} and the settings say "
            f"{', '.join(wanted)}: it was not restarted since they were changed.",
            RESTART,
        )
    return done(f"It listens on {where}.")


def persistence(look: Look) -> Finding:
    """Whether what is pushed survives a restart; either is right, and good to know."""
    file = _running_flag(look, "persistence.file")
    if file is None:
        return _does_not_run(look)
    if not file:
        return done("It does not persist: a restart loses what was pushed.")
    return done(f"It persists what was pushed to {file}.")


def _running_flag(look: Look, name: str) -> str | None:
    status = look.pushgateway_status
    return None if status is None else str(status["flags"].get(name, ""))


def _does_not_run(look: Look) -> Finding:
    del look
    return unknown("The Pushgateway does not answer, so this cannot be seen.")


def versions(look: Look) -> Finding:
    """Which releases run."""
    status = look.pushgateway_status
    build = status["build_information"]["version"] if status else None
    running = [("Prometheus", look.prometheus_version), ("Pushgateway", build)]
    packages = {"Prometheus": "prometheus", "Pushgateway": PUSHGATEWAY}
    parts = [
        f"{name} {version}"
        if version
        else f"{name} {look.snapshot.packages[packages[name]]} (installed, does not answer)"
        for name, version in running
        if version or packages[name] in look.snapshot.packages
    ]
    if not parts:
        return unknown("Neither is installed here, as far as can be seen.")
    return done(f"{', '.join(parts)} on {look.snapshot.os}.")


def disk_space(look: Look) -> Finding:
    """There is room for what Prometheus writes."""
    if look.disk is None:
        return unknown("Prometheus does not run, so where it writes cannot be seen.")
    free, size = look.disk
    room = f"{free / 1e9:.1f} of {size / 1e9:.1f} GB are free where Prometheus writes."
    if free < LEAST_FREE:
        return wrong(f"Only {room} It stops taking samples when there is no room.", "df -h")
    return done(room)


def clock(look: Look) -> Finding:
    """The host's clock agrees with this machine's."""
    if abs(look.ahead) <= CLOCK:
        return done("The clock agrees with the trainer's.")
    direction = "ahead of" if look.ahead > 0 else "behind"
    return wrong(
        f"The clock is {abs(look.ahead):.0f} s {direction} the trainer's; Prometheus's graphs will be "
        "off by that much.",
        "sudo timedatectl set-ntp true; timedatectl",
    )


CHECKS = (
    Check("prometheus", "Prometheus runs", prometheus_runs),
    Check("pushgateway", "The Pushgateway runs", pushgateway_runs),
    Check("admin_api", "The admin API is on", admin_api),
    Check("listen_address", "The Pushgateway listens", listens),
    Check("persistence", "Persistence", persistence),
    Check("versions", "Versions", versions),
    Check("disk_space", "Room for samples", disk_space),
    Check("clock", "The clock", clock),
)
