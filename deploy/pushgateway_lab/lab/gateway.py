"""The Pushgateway of a host, in words for people: its URL, the command to ask it, why it does not answer."""

from collections.abc import Iterable, Mapping
from urllib.parse import quote, urlsplit

from pushgateway_lab import installations
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.installations import address, web_files
from pushgateway_lab.installations.flags import TELEMETRY_PATH
from pushgateway_lab.lab import certificate
from pushgateway_lab.lab.checks import done, unknown, wrong
from pushgateway_lab.lab.commands import command
from pushgateway_lab.lab.excerpts import excerpt
from pushgateway_lab.lab.look import GROUPS, STATUS, Look
from pushgateway_lab.lab.results import Finding, State
from pushgateway_lab.lab.scrape_access import is_ambiguous, local_target
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.services import Service
from pushgateway_lab.settings import Settings

_USUAL = "http://localhost:9091"
"""The URL on the lab's page."""

# RFC 3986, 3.2.2 and 3.3. Without brackets and braces in a path: curl expands them to several URLs.
_IN_ADDRESS = "!$&'()*+,;=:@[]%"
_IN_PATH = "/!$&'()*+,;=:@%"

_LONGEST_ERROR = 600  # characters

_UNAUTHORIZED, _BAD_REQUEST, _NOT_FOUND = 401, 400, 404


def url(look: Look) -> str:
    """Return the Pushgateway's URL as seen on the host, percent-encoded so that curl expands nothing in it.

    It may hold shell characters; `pushgateway_lab.lab.commands.command` quotes them.
    """
    if look.settings.pushgateway_url:
        return _escaped(look.settings.pushgateway_url)  # its certificate may have only that name
    try:
        found = _escaped(installations.running_url(look.snapshot, look.settings))
        urlsplit(found)
    except (HostError, ValueError):  # the flags give no URL
        return _USUAL
    # The name also stands for ::1, where anybody on the host can listen, and ask for the password.
    is_open = look.settings.pushgateway_user and found.startswith("http:")
    return found if is_open else found.replace("//127.0.0.1:", "//localhost:")


def _escaped(address: str) -> str:
    scheme, _, rest = address.partition("://")
    server, slash, path = rest.partition("/")
    server = quote(server, safe=_IN_ADDRESS, errors="replace")  # it may hold lone surrogates
    return f"{scheme}://{server}{slash}{quote(path, safe=_IN_PATH, errors='replace')}"


def target(look: Look) -> str:
    """Return the target that the scrape job needs, as HOST:PORT."""
    return target_of(look.snapshot, look.settings)


def target_of(seen: Snapshot, settings: Settings) -> str:
    """Return the target that the scrape job needs, as HOST:PORT; the usual one if the flags give none."""
    if settings.pushgateway_targets:
        return settings.pushgateway_targets[0]
    try:
        return local_target(seen, settings)
    except (HostError, ValueError):
        return _USUAL.removeprefix("http://")


def ambiguous(look: Look, targets: Iterable[str]) -> list[str]:
    """Return the targets to which Prometheus should not send the password; see `scrape_access.is_ambiguous`."""
    seen, settings = look.snapshot, look.settings
    try:
        return [each for each in targets if is_ambiguous(seen, settings, each)]
    except HostError:  # the flags give no address
        return []


def metrics_path(look: Look) -> str:
    """Return the path at which the running Pushgateway shows its metrics; the usual one if it does not answer."""
    flags = running_flags(look)
    if flags is None:
        return address.USUAL_METRICS_PATH
    prefix = urlsplit(url(look)).path.rstrip("/")
    return f"{prefix}/{(flags.get(TELEMETRY_PATH) or address.USUAL_METRICS_PATH).lstrip('/')}"


def curl(look: Look) -> str:
    """Return the curl command for the Pushgateway, with options but without the password.

    The options are those of ``lab_curl_options``; without them, those that reach a Pushgateway of this toolkit, and curl
    asks for the password of the user name at the terminal.
    """
    if options := look.settings.lab_curl_options:
        return command("curl", *options) or "curl"
    words = ["curl"]
    if look.settings.pushgateway_user:
        words += ["--user", look.settings.pushgateway_user]
    if web_files.SCRAPE_AUTHORITIES in look.snapshot.web_files and url(look).startswith("https:"):
        words += ["--cacert", web_files.SCRAPE_AUTHORITIES]
    return command(*words) or "curl"


def running_flags(look: Look) -> Mapping[str, str] | None:
    """Return the flags that the running Pushgateway reports; None if it does not answer."""
    status = look.pushgateway_status
    return None if status is None else status["flags"]


def version(look: Look) -> str | None:
    """Return the version that the running Pushgateway reports; None if it does not answer."""
    status = look.pushgateway_status
    return None if status is None else status["build_information"]["version"]


def is_silent(look: Look) -> Finding:
    """Return the finding "unknown" of a Pushgateway that did not answer, with the reason."""
    if installations.pushgateway_is_elsewhere(look.snapshot, look.settings):
        return elsewhere(look)._replace(state=State.UNKNOWN)
    says, fix = _why(look)
    return unknown(says, fix)


def does_not_answer(look: Look) -> Finding:
    """Return the finding of a Pushgateway whose unit is active and which did not answer."""
    says, fix = _why(look)
    return unknown(says, fix) if "curl" not in look.snapshot.tools else wrong(says, fix)


def elsewhere(look: Look) -> Finding:
    """Return the finding of a Pushgateway on another host: whether it answers this host."""
    where = f"The Pushgateway at {excerpt(url(look))}, on another host,"
    if look.pushgateway_status is None:
        return wrong(f"{where} does not answer this host. {refusal(look)}".rstrip())
    return done(f"{where} answers.")


def refusal(look: Look) -> str:
    """Return why the Pushgateway, or this toolkit, refused a request, and the next step; empty if neither did."""
    if reason := _refusals(look).get(look.gateway_status or 0):
        return f"The Pushgateway {reason}."
    return excerpt(look.gateway_error, _LONGEST_ERROR)


def _why(look: Look) -> tuple[str, str | None]:
    if "curl" not in look.snapshot.tools:
        return (
            "curl is missing on this host, so the Pushgateway cannot be asked.",
            "sudo apt-get install curl",
        )
    if not look.snapshot.pushgateway.exists:
        return "There is no Pushgateway on this host.", None
    if not look.snapshot.pushgateway.runs:
        return "The Pushgateway does not run.", _service(look).commands.start
    if why := look.unread.get(GROUPS) or look.unread.get(STATUS):
        return f"Unexpected answer at {excerpt(url(look))}: {excerpt(why)}.", None
    why_tls = certificate.problem(look, url(look))
    if refused := why_tls or f"{refusal(look)} {certificate.in_words(look)}".strip():
        return refused, None
    return (
        f"The Pushgateway's unit is active, but it does not answer at {excerpt(url(look))}.",
        _service(look).commands.restart,
    )


def _service(look: Look) -> Service:
    return installations.pushgateway(look.snapshot, look.settings).service


def _refusals(look: Look) -> dict[int, str]:
    user = look.settings.pushgateway_user
    source = next(iter(look.settings.password_sources("pushgateway")), None)
    if look.settings.pushgateway_basic_auth_users:
        next_step = (
            "runs deploy/bootstrap.py or deploy/prepare.py, which write the users of the settings"
        )
    else:
        next_step = f"compares pushgateway_username and {source} with its web configuration file"
    refused = (
        f"refuses the password of the user {excerpt(user)}: the trainer {next_step}"
        if user
        else "asks for a password: the trainer sets pushgateway_username and its password (docs/secrets.md)"
    )
    return {
        _UNAUTHORIZED: refused,
        _BAD_REQUEST: "expects TLS: the trainer sets pushgateway_url to its https address",
        _NOT_FOUND: f"answers 404 at {excerpt(url(look))}: the trainer sets pushgateway_url to the "
        "right address",
    }
