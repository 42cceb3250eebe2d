"""Checks of the flags with which the Pushgateway runs: admin API, listen address, persistence."""

from pushgateway_lab import installations
from pushgateway_lab.installations import exposure
from pushgateway_lab.installations.address import listen_addresses
from pushgateway_lab.installations.flags import (
    ADMIN_API,
    LISTEN_ADDRESS,
    PERSISTENCE,
    Flag,
    FlagError,
    parse_flags,
)
from pushgateway_lab.lab import gateway
from pushgateway_lab.lab.checks import done, noted, wrong
from pushgateway_lab.lab.commands import command, join
from pushgateway_lab.lab.excerpts import excerpt, lines, listed
from pushgateway_lab.lab.look import Look
from pushgateway_lab.lab.results import Finding
from pushgateway_lab.run.host_error import HostError


def admin_api(look: Look) -> Finding:
    """Check that the running Pushgateway has the admin API on or off, as the settings want it."""
    installation = installations.pushgateway(look.snapshot, look.settings)
    running = _running_flag(look, ADMIN_API)
    if running is None:
        return gateway.is_silent(look)
    if (running == "true") == look.settings.pushgateway_admin_api:
        return done(
            "The admin API is on."
            if running == "true"
            else "The admin API is off, as the settings want it."
        )
    if running == "true":
        return wrong(
            "The admin API is on, though pushgateway_admin_api is False.",
            installation.to_edit_flags(),
        )
    flag = Flag(ADMIN_API, value=True)
    if installations.pushgateway_is_elsewhere(look.snapshot, look.settings):
        return wrong(
            f"The admin API of the Pushgateway at {excerpt(gateway.url(look))} is off, so a wipe answers 404; single groups "
            f"can be deleted. It needs {flag} on its host."
        )
    if _is_written(look, flag):
        return wrong(
            f"The admin API is off, so a wipe answers 404. {excerpt(installation.flags_place)} has {flag}, but "
            "the Pushgateway runs without it: it was not restarted since, or its service does not use that.",
            installation.service.commands.restart,
        )
    return wrong(
        "The admin API is off, so a wipe answers 404; single groups can be deleted.",
        installation.to_edit_flags(flag),
    )


def _is_written(look: Look, flag: Flag) -> bool:
    """Return whether the file with the Pushgateway's flags has this one."""
    try:
        return flag in installations.pushgateway(look.snapshot, look.settings).written_flags(
            look.snapshot
        )
    except FlagError:
        return False


def listens(look: Look) -> Finding:
    """Check that the running Pushgateway listens on the addresses of the settings."""
    if installations.pushgateway_is_elsewhere(look.snapshot, look.settings):
        return gateway.elsewhere(look)
    listeners = look.snapshot.pushgateway_listeners
    if not listeners:
        return gateway.is_silent(look)
    try:
        wanted = listen_addresses(installations.plan(look.snapshot, look.settings).flags)
    except (HostError, ValueError) as error:
        return wrong(lines(str(error), each=600))
    installation = installations.pushgateway(look.snapshot, look.settings)
    where = listed([each.where for each in listeners])
    if not all(any(exposure.is_at(each, address) for each in listeners) for address in wanted):
        return wrong(
            f"The Pushgateway listens on {where}, but should listen on {listed(wanted)}: everybody who "
            f"reaches it can push and wipe. Either {installation.flags_place} has another address, or "
            "the Pushgateway was not restarted since. The trainer runs deploy/prepare.py, which "
            "corrects both.",
            installation.to_see_flags,
        )
    return _as_wanted(look, f"The Pushgateway listens on {where}.")


def _as_wanted(look: Look, says: str) -> Finding:
    """Return the finding of a Pushgateway that listens where it should; a note if everybody who reaches it can wipe it."""
    listeners = look.snapshot.pushgateway_listeners
    if all(each.is_on_loopback for each in listeners):
        return done(says)
    running = parse_flags((look.snapshot.pushgateway_argv or ())[1:])
    if exposure.is_closed(look.snapshot, running):
        return done(f"{says} It asks for a password or a client certificate.")
    if not exposure.has_admin_api(running):
        return done(f"{says} Everybody who reaches it can push.")
    says = f"{says} Everybody who reaches it can push and wipe."
    if look.settings.pushgateway_allow_open_admin_api:
        return done(f"{says} pushgateway_allow_open_admin_api allows that.")
    installation = installations.pushgateway(look.snapshot, look.settings)
    closed = Flag(LISTEN_ADDRESS, f"127.0.0.1:{listeners[0].port}")
    return noted(
        f"{says} To close it, write {closed} to {excerpt(installation.flags_place)}, in place of another address.",
        installation.to_edit_flags(closed),
    )


def persistence(look: Look) -> Finding:
    """Tell whether pushed groups survive a restart; both are right."""
    file = _running_flag(look, PERSISTENCE)
    if file is None:
        return gateway.is_silent(look)
    if not file:
        return done("Persistence is off: a restart deletes all groups.")
    # Another program than that of the installation may persist to no file by default.
    if look.unwritable is not None and file.rpartition("/")[0] in ("", look.unwritable):
        return _not_saved(look, look.unwritable)
    return done(f"Persistence is on: groups are saved to {excerpt(file)} and survive a restart.")


def _not_saved(look: Look, directory: str) -> Finding:
    """Return the finding of a Pushgateway that may not write to the directory to which it persists."""
    service = installations.pushgateway(look.snapshot, look.settings).service
    says = f"Groups do not survive a restart: the Pushgateway's user may not write in {excerpt(directory)}, or it is not there."
    if not look.changed_by:
        group = installations.prometheus(look.snapshot, look.settings).group
        return wrong(
            says,
            join(
                "; ",
                command("sudo", "mkdir", "-p", directory),
                command("sudo", "chown", group, directory),
                command("sudo", "chmod", "u+rwx", directory),
            ),
        )
    return wrong(
        f"{says} {listed(look.changed_by)} changes {excerpt(service.name)}: take out what changes its user, or what it "
        "may write.",
        join(
            "\n",
            command("sudoedit", *look.changed_by),
            f"sudo systemctl daemon-reload && {service.commands.restart}",
        ),
    )


def _running_flag(look: Look, name: str) -> str | None:
    running = gateway.running_flags(look)
    return None if running is None else str(running.get(name, ""))
