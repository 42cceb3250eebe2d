"""The causes of failed scrapes: why Prometheus could not scrape a target of the lab's job."""

from ipaddress import ip_address

from pushgateway_lab import installations, scrape_config
from pushgateway_lab.formats.answers import Target
from pushgateway_lab.formats.telemetry import CLOCK
from pushgateway_lab.installations import ports
from pushgateway_lab.lab import gateway
from pushgateway_lab.lab.checks import still_open, wrong
from pushgateway_lab.lab.commands import command
from pushgateway_lab.lab.config_edits import edit, lines_to_write, to_correct
from pushgateway_lab.lab.excerpts import excerpt, listed
from pushgateway_lab.lab.jobs import in_line, job_in_file
from pushgateway_lab.lab.look import Look
from pushgateway_lab.lab.results import Finding
from pushgateway_lab.lab.scrape_access import login, wanted_fields
from pushgateway_lab.lab.scrape_errors import is_of_certificate, is_unauthorized
from pushgateway_lab.lab.scrape_times import next_scrape
from pushgateway_lab.scrape_config import Job
from pushgateway_lab.services import Commands

_BETWEEN = ("proxy_url", "proxy_from_environment")

_REFUSED, _TOO_SLOW = "connection refused", "context deadline exceeded"
"""Parts of Prometheus's words about a scrape that failed; those about access are in `pushgateway_lab.lab.scrape_errors`."""


def why_failed(look: Look, each: Target, loaded: Job) -> Finding:
    """Return the finding of a target that is down: the cause, and the command that mends it."""
    says = f"Prometheus cannot scrape {excerpt(each.url)}: {excerpt(each.last_error)}"
    for find in (_blanks, _no_pushgateway, _wrong_request, _unresolved, _not_yet, _untrusted):
        if found := find(look, each, loaded):
            return found._replace(says=f"{says}\n{found.says}")
    if look.pushgateway_status is None:
        return wrong(
            f"{says}\nThe Pushgateway does not answer: see the task Host.", _service(look).restart
        )
    if is_unauthorized(each.last_error):
        found = _wrong_login(look, loaded)
        return found._replace(says=f"{says}\n{found.says}")
    if edits := lines_to_write(look, job_in_file(look)):
        return wrong(f"{says}\n{edits}", edit(look))
    if _TOO_SLOW in each.last_error:
        return still_open(f"{says}\nThe Pushgateway answers now; {next_scrape(look)}.")
    return wrong(
        f"{says}\nThe Pushgateway answers, and the job is right: something on this host rejects what Prometheus "
        "sends, such as a firewall or a setting of Prometheus's unit (systemctl cat)."
    )


def _wrong_login(look: Look, loaded: Job) -> Finding:
    """Return the finding of a job that gives no password, or a wrong one."""
    asks = "The Pushgateway asks for a password"
    wanted = login(wanted_fields(look.snapshot, look.settings))
    if wanted is None:
        return wrong(f"{asks}: the job needs basic_auth, with the right one.", edit(look))
    where = in_line(job_in_file(look), "basic_auth")
    if loaded.login is None:
        return to_correct(look, f"{asks}, and the job has no basic_auth.")
    if loaded.login.username != wanted.username:
        user = excerpt(wanted.username)
        return to_correct(
            look, f"{asks}: the username in the job's basic_auth{where} is not {user!r}."
        )
    if loaded.login.password_file != wanted.password_file:
        file = wanted.password_file
        return to_correct(
            look, f"{asks}: the job's basic_auth{where} has no password_file: {file}."
        )
    return wrong(
        f"{asks}. The job is right, but {wanted.password_file} has another password, or Prometheus has kept an older one: "
        "the trainer runs bootstrap again."
    )


def _service(look: Look) -> Commands:
    return installations.pushgateway(look.snapshot, look.settings).service.commands


def _blanks(look: Look, each: Target, loaded: Job) -> Finding | None:
    del each
    for written in loaded.targets:
        if (right := scrape_config.without_blanks(written)) != written:
            return to_correct(
                look,
                f"The target {excerpt(written)!r} has a blank or an invisible character within its quotes, which "
                f"Prometheus keeps. The right one is {excerpt(right)!r}.",
            )
    return None


def _no_pushgateway(look: Look, each: Target, loaded: Job) -> Finding | None:
    """Return the finding of a target on a host whose Pushgateway is missing or does not run."""
    del each, loaded
    unit, settings = look.snapshot.pushgateway, look.settings
    if settings.pushgateway_targets or settings.pushgateway_url or look.pushgateway_status:
        return None
    if not unit.exists:
        return wrong("There is no Pushgateway on this host: see the task Host.")
    if look.snapshot.pushgateway_argv is None:
        command = _service(look).start if unit.is_stopped else _service(look).restart
        return wrong("The Pushgateway does not run: see the task Host.", command)
    return None


def _wrong_request(look: Look, each: Target, loaded: Job) -> Finding | None:
    """Return the finding of a job that asks at another place, or in another way, than it should."""
    wanted = look.settings.pushgateway_targets or (gateway.target(look),)
    scraped = each.url.partition("//")[2].partition("/")[0]
    if not any(scrape_config.same_target(address, scraped) for address in wanted):
        return to_correct(look, f"The Pushgateway is at {listed(wanted)}.")
    mine = job_in_file(look)
    for name in _BETWEEN:
        if name in loaded.inherited:
            return to_correct(
                look,
                f"Prometheus asks through a proxy: the job has {name}{in_line(mine, name)}.",
            )
    if found := another_path(look, loaded):
        return found
    scheme = gateway.url(look).partition(":")[0]
    if loaded.scheme != scheme:
        return to_correct(
            look,
            f"The Pushgateway speaks {scheme}, but the job's scheme is {excerpt(loaded.scheme)}"
            f"{in_line(mine, 'scheme')}.",
        )
    return None


def another_path(look: Look, loaded: Job) -> Finding | None:
    """Return the finding of a job that asks at another path than that of the Pushgateway's metrics."""
    path = gateway.metrics_path(look)
    if loaded.metrics_path == path:
        return None
    return to_correct(
        look,
        f"The Pushgateway shows its metrics at {excerpt(path)}, but the job's metrics_path is "
        f"{excerpt(loaded.metrics_path)}{in_line(job_in_file(look), 'metrics_path')}.",
    )


def _unresolved(look: Look, each: Target, loaded: Job) -> Finding | None:
    """Return the finding of a target whose name stands for no address at which the Pushgateway listens."""
    del loaded
    name, _, port = each.address.rpartition(":")
    listeners = [own for own in look.snapshot.pushgateway_listeners if str(own.port) == port]
    if not listeners or name.strip("[]") != name or _is_address(name):
        return None
    hosts = look.snapshot.names.hosts
    found = hosts.get(name.lower(), ())
    if any(ports.blocks(own, f"[{one}]:{port}") for own in listeners for one in found):
        return None
    if not found and "no such host" not in each.last_error:
        return None
    stands = f"stands for {listed(found)}" if found else "stands for no address"
    where = listed([own.where for own in listeners])
    address = (
        "127.0.0.1" if any(ports.blocks(own, f"127.0.0.1:{port}") for own in listeners) else "::1"
    )
    return wrong(
        f"In /etc/hosts, {excerpt(name)} {stands}, but the Pushgateway listens on {where}.\n"
        f"In /etc/hosts, add:\n{address} {excerpt(name)}",
        command("sudoedit", "/etc/hosts"),
    )


def _is_address(name: str) -> bool:
    try:
        return bool(ip_address(name))
    except ValueError:
        return False


def _not_yet(look: Look, each: Target, loaded: Job) -> Finding | None:
    """Return the finding of a Pushgateway that answers since the last scrape: open only until the next one."""
    del loaded
    if look.pushgateway_status is None:
        return None
    if look.telemetry:
        is_older = each.last_scrape <= look.telemetry.started_at + CLOCK
    else:
        is_older = _REFUSED in each.last_error
    return still_open(f"The Pushgateway answers now; {next_scrape(look)}.") if is_older else None


def _untrusted(look: Look, each: Target, loaded: Job) -> Finding | None:
    """Return the finding of a Pushgateway whose certificate Prometheus does not accept; a restart would not help."""
    del loaded
    if not is_of_certificate(each.last_error):
        return None
    if edits := lines_to_write(look, job_in_file(look)):
        return wrong(edits, edit(look))
    if look.pushgateway_status is None:
        return wrong("The toolkit does not accept that certificate either: see the task Host.")
    return wrong(
        "The job is right, but that is not the certificate of this host: the trainer runs bootstrap or prepare, which send the "
        "right files, or sets other ones."
    )
