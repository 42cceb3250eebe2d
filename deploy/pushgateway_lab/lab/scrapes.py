"""Task 4.2.1: the scrapes of the lab's job. Its targets are up, and are the Pushgateway of this host."""

from pushgateway_lab import scrape_config
from pushgateway_lab.formats.answers import Target
from pushgateway_lab.installations import ports
from pushgateway_lab.lab import gateway
from pushgateway_lab.lab.checks import Check, done, still_open, unknown, wrong
from pushgateway_lab.lab.commands import command
from pushgateway_lab.lab.config_edits import reload, to_correct
from pushgateway_lab.lab.excerpts import excerpt, listed
from pushgateway_lab.lab.failed_scrapes import another_path, why_failed
from pushgateway_lab.lab.identity import BUILD_INFO, STARTED, is_of_another
from pushgateway_lab.lab.jobs import in_line, job_in_file, loaded_job
from pushgateway_lab.lab.look import Look
from pushgateway_lab.lab.results import Finding
from pushgateway_lab.lab.scrape_access import is_same_login, login, wanted_fields
from pushgateway_lab.lab.scrape_times import DISCOVERY, interval_of, loaded_since, scraped_since
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.scrape_config import Job

_RELABEL, _METRIC_RELABEL = "relabel_configs", "metric_relabel_configs"
_TLS = "tls_config"


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
            return why_failed(look, each, loaded)
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
    seconds = interval_of(loaded) + DISCOVERY
    if not look.says_targets:
        return unknown("Prometheus does not answer the question for its targets.")
    if not targets and loaded_since(look) > seconds:
        if _TLS in loaded.inherited and _RELABEL not in loaded.inherited:
            return _without_pool(look, loaded)
        relabel = in_line(job_in_file(look), _RELABEL)
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
        f"{_TLS}{in_line(job_in_file(look), _TLS)}{such}. If its user may read the file now, reload Prometheus.",
        reload(look),
    )


def labels_of_targets(look: Look) -> frozenset[tuple[str, str]]:
    """Return the labels, with values, that the job adds to pushed metrics: those of its static_configs."""
    targets = look.targets_of(look.settings.pushgateway_job_name)
    return frozenset(label for each in targets for label in each.labels.items())


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
    if loaded and up and scraped_since(look, look.now - interval_of(loaded)):
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
            f"{in_line(mine, _RELABEL)} set the label job, {nothing}",
        )
    wanted = look.settings.pushgateway_targets or (gateway.target(look),)
    is_ours = any(scrape_config.same_target(address, up.address) for address in wanted)
    if is_ours and _METRIC_RELABEL in loaded.lines:
        under = _other_jobs(look, up)
        where = f"under the job {listed(under)}" if under != [""] else "without the label job"
        what = f"store the metrics {where}" if under else "drop its metrics"
        return to_correct(
            look,
            f"Prometheus scrapes {url}, but metric_relabel_configs of the job{in_line(mine, _METRIC_RELABEL)} "
            f"{what}, {nothing}",
        )
    if is_ours and (found := another_path(look, loaded)):
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
