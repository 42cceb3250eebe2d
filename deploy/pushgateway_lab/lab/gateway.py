"""The Pushgateway of a host, for people there: where it answers, how to ask it, and why it does not."""

import shlex

from pushgateway_lab import pushgateway
from pushgateway_lab.failure import HostError
from pushgateway_lab.lab.checks import unknown, wrong
from pushgateway_lab.lab.look import Look
from pushgateway_lab.lab.results import Finding
from pushgateway_lab.snapshot import PUSHGATEWAY_UNIT

_USUAL = "http://localhost:9091"
"""Where the lab's page has it."""

_UNAUTHORIZED, _BAD_REQUEST, _NOT_FOUND = 401, 400, 404


def url(look: Look) -> str:
    """Where it answers, as somebody on the host writes it."""
    if look.settings.pushgateway_url:
        return look.settings.pushgateway_url  # a certificate may be for that name alone
    try:
        found = pushgateway.running_url(look.snapshot, look.settings)
    except HostError:
        return _USUAL
    return found.replace("//127.0.0.1:", "//localhost:")


def target(look: Look) -> str:
    """What the scrape job is to scrape, as HOST:PORT."""
    if look.settings.pushgateway_targets:
        return look.settings.pushgateway_targets[0]
    try:
        return pushgateway.local_address(pushgateway.plan(look.snapshot, look.settings))
    except HostError:
        return _USUAL.removeprefix("http://")


def curl(look: Look) -> str:
    """The command that asks it: curl, which asks for a password where one is wanted."""
    user = look.settings.pushgateway_username
    return f"curl --user {shlex.quote(user)}" if user else "curl"


def is_silent(look: Look) -> Finding:
    """That nothing is known, where it did not answer."""
    says, fix = _why(look)
    return unknown(says, fix)


def does_not_answer(look: Look) -> Finding:
    """That it does not answer though its unit is active."""
    says, fix = _why(look)
    return unknown(says, fix) if "curl" not in look.snapshot.tools else wrong(says, fix)


def _why(look: Look) -> tuple[str, str | None]:
    if "curl" not in look.snapshot.tools:
        return (
            "There is no curl on this host to ask the Pushgateway with.",
            "sudo apt-get install curl",
        )
    if not look.snapshot.pushgateway.exists:
        return "There is no Pushgateway on this host.", None
    if look.snapshot.pushgateway.active_state != "active":
        start = f"sudo systemctl start {PUSHGATEWAY_UNIT.removesuffix('.service')}"
        return "The Pushgateway does not run.", start
    if reason := _refusals(look).get(look.gateway_status or 0):
        return f"The Pushgateway {reason}.", None
    return (
        f"Its unit is active, but the Pushgateway does not answer at {url(look)}.",
        f"sudo journalctl -u {PUSHGATEWAY_UNIT} -n 20",
    )


def _refusals(look: Look) -> dict[int, str]:
    return {
        _UNAUTHORIZED: "wants a password: the trainer sets pushgateway_username and its password",
        _BAD_REQUEST: "speaks TLS: the trainer sets pushgateway_url to its https address",
        _NOT_FOUND: f"answers, but not at {url(look)}: the trainer sets pushgateway_url",
    }
