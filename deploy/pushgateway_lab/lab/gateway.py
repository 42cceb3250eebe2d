"""The Pushgateway of a host, for people there: where it answers, how to ask it, and why it does not."""

from collections.abc import Mapping
from urllib.parse import quote

from pushgateway_lab import installations
from pushgateway_lab.installations import address
from pushgateway_lab.lab.checks import unknown, wrong
from pushgateway_lab.lab.commands import command
from pushgateway_lab.lab.excerpts import excerpt
from pushgateway_lab.lab.look import GROUPS, STATUS, Look
from pushgateway_lab.lab.results import Finding
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.services import Service

_USUAL = "http://localhost:9091"
"""Where the lab's page has it."""

# RFC 3986, 3.2.2 and 3.3; curl takes brackets and braces in a path for a pattern of many URLs.
_IN_ADDRESS = "!$&'()*+,;=:@[]%"
_IN_PATH = "/!$&'()*+,;=:@%"

_UNAUTHORIZED, _BAD_REQUEST, _NOT_FOUND = 401, 400, 404


def url(look: Look) -> str:
    """Return the Pushgateway's URL as seen on the host, without blanks and without patterns of curl's.

    It may hold characters of the shell; `pushgateway_lab.lab.commands.command` quotes them.
    """
    if look.settings.pushgateway_url:
        return _escaped(look.settings.pushgateway_url)  # a certificate may be for that name alone
    try:
        found = installations.running_url(look.snapshot, look.settings)
    except (HostError, ValueError):  # flags that make no URL
        return _USUAL
    return _escaped(found).replace("//127.0.0.1:", "//localhost:")


def _escaped(address: str) -> str:
    scheme, _, rest = address.partition("://")
    server, slash, path = rest.partition("/")
    # What is no Unicode is none of a URL either.
    server = quote(server, safe=_IN_ADDRESS, errors="replace")
    return f"{scheme}://{server}{slash}{quote(path, safe=_IN_PATH, errors='replace')}"


def target(look: Look) -> str:
    """What the scrape job is to scrape, as HOST:PORT."""
    if look.settings.pushgateway_targets:
        return look.settings.pushgateway_targets[0]
    try:
        return address.local_address(installations.plan(look.snapshot, look.settings).flags)
    except (HostError, ValueError):
        return _USUAL.removeprefix("http://")


def curl(look: Look) -> str:
    """The command that asks it: curl, which asks for a password where one is wanted."""
    user = look.settings.pushgateway_username
    return (user and command("curl", "--user", user)) or "curl"


def running_flags(look: Look) -> Mapping[str, str] | None:
    """The flags with which it runs, as it says; None if it does not say."""
    status = look.pushgateway_status
    return None if status is None else status["flags"]


def version(look: Look) -> str | None:
    """Its release, as it says; None if it does not say."""
    status = look.pushgateway_status
    return None if status is None else status["build_information"]["version"]


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
    if not look.snapshot.pushgateway.runs:
        return "The Pushgateway does not run.", _service(look).commands.start
    if why := look.unread.get(GROUPS) or look.unread.get(STATUS):
        return f"What answers at {excerpt(url(look))} cannot be read: {excerpt(why)}.", None
    if reason := _refusals(look).get(look.gateway_status or 0):
        return f"The Pushgateway {reason}.", None
    return (
        f"Its unit is active, but the Pushgateway does not answer at {excerpt(url(look))}.",
        _service(look).commands.log,
    )


def _service(look: Look) -> Service:
    return installations.pushgateway(look.settings).service


def _refusals(look: Look) -> dict[int, str]:
    return {
        _UNAUTHORIZED: "wants a password: the trainer sets pushgateway_username and its password",
        _BAD_REQUEST: "speaks TLS: the trainer sets pushgateway_url to its https address",
        _NOT_FOUND: f"answers, but not at {excerpt(url(look))}: the trainer sets pushgateway_url",
    }
