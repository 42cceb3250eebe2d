"""Task 4.2.1: the scrapes of the lab's job. Its targets are up, and are the Pushgateway of this host."""

from ipaddress import ip_address

from pushgateway_lab import installations, scrape_config
from pushgateway_lab.formats.answers import Target
from pushgateway_lab.formats.durations import seconds_of
from pushgateway_lab.formats.telemetry import CLOCK
from pushgateway_lab.installations import ports
from pushgateway_lab.lab import gateway
from pushgateway_lab.lab.checks import Check, done, still_open, unknown, wrong
from pushgateway_lab.lab.commands import command
from pushgateway_lab.lab.config_edits import edit, lines_to_write, reload, to_correct
from pushgateway_lab.lab.excerpts import excerpt, listed
from pushgateway_lab.lab.identity import BUILD_INFO, STARTED, is_of_another
from pushgateway_lab.lab.jobs import job_in_file, loaded_job
from pushgateway_lab.lab.look import Look
from pushgateway_lab.lab.results import Finding
from pushgateway_lab.lab.scrape_access import is_same_login, login, wanted_fields
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.scrape_config import Job
from pushgateway_lab.services import Commands

DISCOVERY = 5
"""Seconds after a reload within which Prometheus begins to scrape a new target."""

_BETWEEN = ("proxy_url", "proxy_from_environment")
_RELABEL, _METRIC_RELABEL = "relabel_configs", "metric_relabel_configs"
_TLS = "tls_config"

# Prometheus's words for scrapes that failed.
_REFUSED, _TOO_SLOW, _UNAUTHORIZED, _CERTIFICATE = (
    "connection refused",
    "context deadline exceeded",
    "HTTP status 401",
    "x509: ",
)

_LONGEST_INTERVAL = 366 * 86400.0
"""Seconds; longer intervals count as this one."""


def target(look: Look) -> Finding:
    """Check that Prometheus reaches the job's targets."""
    loaded = loaded_job(look)
    if loaded is None:
        return still_open("Prometheus has not loaded the job, so it scrapes nothing for it.")
    targets = look.targets_of(loaded.name)
    if found := _wrong_targets(look, loaded, targets) or _before_pushgateway(look, targets):
        return found
    for each in targets:
        if each.health == "down":
            return _down(look, each, loaded)
    if not targets or any(each.health != "up" for each in targets):
        return _not_scraped_yet(look, loaded, targets)
    if another := scraped_instead(look):
        return to_correct(
            look,
            f"Prometheus scrapes {listed(another)}: that is another Pushgateway. The one of this host is at "
            f"{excerpt(gateway.target(look))}.",
        )
    return done(f"Prometheus scrapes {listed([each.url for each in targets])}.")


def _wrong_targets(look: Look, loaded: Job, targets: list[Target]) -> Finding | None:
    """Return the finding of wrong targets of the loaded job, whether they are up or down; None if nothing is wrong."""
    if not loaded.targets and not targets:
        return to_correct(look, "The job has no target.")
    wanted = login(wanted_fields(look.snapshot, look.settings))
    names = gateway.ambiguous(look, loaded.targets)
    if names and loaded.login and is_same_login(loaded.login, wanted):
        return to_correct(
            look,
            f"Prometheus sends the password to {listed(names)}, also at an address where any local user of the host can "
            f"listen. The Pushgateway is at {excerpt(gateway.target(look))}.",
        )
    return None


def _before_pushgateway(look: Look, targets: list[Target]) -> Finding | None:
    """Return the finding of another program that gets what is sent to ``localhost``; None if there is none."""
    if not any("://localhost:" in each.url for each in targets):
        return None
    try:
        first = ports.before_pushgateway(look.snapshot, look.settings)
    except (HostError, ValueError):  # another check says so
        return None
    return first and wrong(
        f"Another program listens on [::1]:{first.port}. localhost stands for ::1, too, which Prometheus and curl try "
        "first: that program gets what is meant for the Pushgateway. Find it, and stop it.",
        command("sudo", "ss", "-lntp", f"sport = :{first.port}"),
    )


def scraped_instead(look: Look) -> list[str]:
    """Return the URLs of the job's targets that are another Pushgateway than that of the host."""
    loaded = loaded_job(look)
    targets = look.targets_of(loaded.name) if loaded else []
    return [each.url for each in targets if each.health == "up" and _is_unwanted(look, each)]


def _is_unwanted(look: Look, each: Target) -> bool:
    """Return whether a target is another Pushgateway than that of the host, and the settings do not name it."""
    wanted = look.settings.pushgateway_targets or ()
    is_wanted = any(scrape_config.same_target(each.address, address) for address in wanted)
    return not is_wanted and is_of_another(look, each)


def _not_scraped_yet(look: Look, loaded: Job, targets: list[Target]) -> Finding:
    seconds = _seconds(loaded.scrape_interval) + DISCOVERY
    if not look.says_targets:
        return unknown("Prometheus does not answer the question for its targets.")
    if not targets and _loaded_since(look) > seconds:
        if _TLS in loaded.inherited and _RELABEL not in loaded.inherited:
            return _without_pool(look, loaded)
        relabel = _in_line(job_in_file(look), _RELABEL)
        return to_correct(
            look,
            f"Prometheus has loaded the job, but scrapes none of its targets: relabel_configs{relabel} drop them.",
        )
    return still_open(f"The target is not scraped yet; it will be within {seconds:.0f} s.")


def _without_pool(look: Look, loaded: Job) -> Finding:
    """Return the finding of a job whose certificates Prometheus could not read when it loaded the job.

    It tries again only when it loads the job again. This was tried with Prometheus 2.24, 2.42, 2.53 and 3.5.
    """
    such = f", such as {excerpt(loaded.ca_file)}" if loaded.ca_file else ""
    return wrong(
        "Prometheus has loaded the job, but scrapes none of its targets: it could not read a file of the job's "
        f"{_TLS}{_in_line(job_in_file(look), _TLS)}{such}. If its user may read the file now, reload Prometheus.",
        reload(look),
    )


def _loaded_since(look: Look) -> float:
    """Return the seconds since the last successful reload."""
    loaded = look.snapshot.loaded
    return look.now - loaded.last_reload_success_at if loaded else 0


def is_recent(look: Look, moment: float) -> bool:
    """Return whether a moment (seconds since 1970) is within the last two scrape intervals."""
    loaded = loaded_job(look)
    interval = _seconds(loaded.scrape_interval if loaded else None)
    return moment > look.now - 2 * interval - DISCOVERY


def labels_of_targets(look: Look) -> frozenset[tuple[str, str]]:
    """Return the labels, with values, that the job adds to pushed metrics: those of its static_configs."""
    targets = look.targets_of(look.settings.pushgateway_job_name)
    return frozenset(label for each in targets for label in each.labels.items())


def interval(look: Look) -> float | None:
    """Return the seconds between two scrapes of the Pushgateway; None if Prometheus does not scrape it."""
    loaded = loaded_job(look)
    return _seconds(loaded.scrape_interval) if loaded else None


def _down(look: Look, each: Target, loaded: Job) -> Finding:
    says = f"Prometheus cannot scrape {excerpt(each.url)}: {excerpt(each.last_error)}"
    for find in (_blanks, _no_pushgateway, _wrong_request, _unresolved, _not_yet, _untrusted):
        if found := find(look, each, loaded):
            return found._replace(says=f"{says}\n{found.says}")
    if look.pushgateway_status is None:
        return wrong(
            f"{says}\nThe Pushgateway does not answer: see the task Host.", _service(look).restart
        )
    if _UNAUTHORIZED in each.last_error:
        found = _wrong_login(look, loaded)
        return found._replace(says=f"{says}\n{found.says}")
    if edits := lines_to_write(look, job_in_file(look)):
        return wrong(f"{says}\n{edits}", edit(look))
    if _TOO_SLOW in each.last_error:
        return still_open(f"{says}\nThe Pushgateway answers now; {_next_scrape(look)}.")
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
    where = _in_line(job_in_file(look), "basic_auth")
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
                f"Prometheus asks through a proxy: the job has {name}{_in_line(mine, name)}.",
            )
    if found := _another_path(look, loaded):
        return found
    scheme = gateway.url(look).partition(":")[0]
    if loaded.scheme != scheme:
        return to_correct(
            look,
            f"The Pushgateway speaks {scheme}, but the job's scheme is {excerpt(loaded.scheme)}"
            f"{_in_line(mine, 'scheme')}.",
        )
    return None


def _another_path(look: Look, loaded: Job) -> Finding | None:
    """Return the finding of a job that asks at another path than that of the Pushgateway's metrics."""
    path = gateway.metrics_path(look)
    if loaded.metrics_path == path:
        return None
    return to_correct(
        look,
        f"The Pushgateway shows its metrics at {excerpt(path)}, but the job's metrics_path is "
        f"{excerpt(loaded.metrics_path)}{_in_line(job_in_file(look), 'metrics_path')}.",
    )


def _in_line(mine: Job | None, field: str) -> str:
    """Return the line of a field in the configuration file, as a part of a sentence; empty if it is not there."""
    line = mine.lines.get(field) if mine else None
    return f" (line {line})" if line else ""


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
    return still_open(f"The Pushgateway answers now; {_next_scrape(look)}.") if is_older else None


def _untrusted(look: Look, each: Target, loaded: Job) -> Finding | None:
    """Return the finding of a Pushgateway whose certificate Prometheus does not accept; a restart would not help."""
    del loaded
    if _CERTIFICATE not in each.last_error:
        return None
    if edits := lines_to_write(look, job_in_file(look)):
        return wrong(edits, edit(look))
    if look.pushgateway_status is None:
        return wrong("The toolkit does not accept that certificate either: see the task Host.")
    return wrong(
        "The job is right, but that is not the certificate of this host: the trainer runs bootstrap or prepare, which send the "
        "right files, or sets other ones."
    )


def _next_scrape(look: Look) -> str:
    return f"the next scrape is in {seconds_to_next_scrape(look):.0f} s"


def _seconds(interval: str | None) -> float:
    """Return the seconds of a loaded scrape interval; Prometheus's default for None or other text."""
    try:
        return min(seconds_of(interval or "1m"), _LONGEST_INTERVAL)
    except (ValueError, OverflowError):  # thousands of digits are too many for a float
        return 60


def seconds_to_next_scrape(look: Look) -> float:
    """Return the seconds until Prometheus scrapes the job's targets next."""
    loaded = loaded_job(look)
    interval = _seconds(loaded.scrape_interval if loaded else None)
    last = [each.last_scrape for each in look.targets_of(look.settings.pushgateway_job_name)]
    if not any(last):
        return interval + DISCOVERY
    return max(0.0, min(last) + interval - look.now)


def scraped_since(look: Look, moment: float) -> bool:
    """Return whether Prometheus has scraped all targets of the job since a moment (seconds since 1970)."""
    loaded = loaded_job(look)
    scrapes = [each.last_scrape for each in look.targets_of(loaded.name)] if loaded else []
    return bool(scrapes) and min(scrapes) > moment


def default_metrics(look: Look) -> Finding:
    """Check that the lab page's query for the job returns a default metric of the Pushgateway."""
    name, shown = look.settings.pushgateway_job_name, excerpt(look.settings.pushgateway_job_name)
    samples = look.samples(BUILD_INFO)
    if samples is None:
        return unknown("Prometheus does not answer.")
    loaded, targets = loaded_job(look), look.targets_of(name)
    # Only targets of now: Prometheus returns samples of an earlier target for some minutes.
    scraped = {each.labels.get("instance") for each in targets}
    found = (each.labels for each in samples if each.labels.get("job") == name)
    if loaded and any(labels.get("instance") in scraped for labels in found):
        return done(f'{{job="{shown}"}} returns the default metrics.')
    up = next((each for each in targets if each.health == "up"), None)
    if loaded and up and scraped_since(look, look.now - _seconds(loaded.scrape_interval)):
        return _without_defaults(look, loaded, up)
    return still_open(f'{{job="{shown}"}} returns nothing yet.')


def _without_defaults(look: Look, loaded: Job, up: Target) -> Finding:
    """Return the finding of a target that is up, and whose default metrics are not there under the job's name."""
    name, url = excerpt(look.settings.pushgateway_job_name), excerpt(up.url)
    nothing = f'so {{job="{name}"}} finds nothing.'
    mine, renamed = job_in_file(look), up.labels.get("job")
    if renamed is not None and renamed != look.settings.pushgateway_job_name:
        return to_correct(
            look,
            f"Prometheus scrapes {url}, but names the job {excerpt(renamed)!r}: a label or relabel_configs"
            f"{_in_line(mine, _RELABEL)} set the label job, {nothing}",
        )
    wanted = look.settings.pushgateway_targets or (gateway.target(look),)
    is_ours = any(scrape_config.same_target(address, up.address) for address in wanted)
    if is_ours and _METRIC_RELABEL in loaded.lines:
        under = _other_jobs(look, up)
        where = f"under the job {listed(under)}" if under != [""] else "without the label job"
        what = f"store the metrics {where}" if under else "drop its metrics"
        return to_correct(
            look,
            f"Prometheus scrapes {url}, but metric_relabel_configs of the job{_in_line(mine, _METRIC_RELABEL)} "
            f"{what}, {nothing}",
        )
    if is_ours and (found := _another_path(look, loaded)):
        return found
    if is_ours and look.pushgateway_status is not None:
        return still_open(
            f'{{job="{name}"}} returns nothing yet: the first scrape was only just now.'
        )
    says = f'{{job="{name}"}} has no metrics of a Pushgateway: {url} is another program'
    return wrong(f"{says}. See the task Host.") if is_ours else to_correct(look, f"{says}.")


def _other_jobs(look: Look, up: Target) -> list[str]:
    """Return the job labels under which the default metrics of a target are stored."""
    return sorted(
        {
            excerpt(each.labels.get("job", ""))
            for each in look.samples(BUILD_INFO) or ()
            if each.labels.get("instance") == up.labels.get("instance")
        }
    )


CHECKS = (
    Check("target_up", "The target is up", target, (STARTED,)),
    Check("default_metrics", "The default metrics are there", default_metrics, (BUILD_INFO,)),
)
