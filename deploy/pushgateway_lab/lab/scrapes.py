"""Task 4.2.1: the scrapes of the lab's job. Its targets are up, and are the Pushgateway of this host."""

from pushgateway_lab import installations, scrape_config
from pushgateway_lab.formats.answers import Target
from pushgateway_lab.formats.durations import seconds_of
from pushgateway_lab.lab import gateway
from pushgateway_lab.lab.checks import Check, done, still_open, unknown, wrong
from pushgateway_lab.lab.excerpts import excerpt, listed
from pushgateway_lab.lab.identity import BUILD_INFO, STARTED, is_of_another
from pushgateway_lab.lab.look import Look
from pushgateway_lab.lab.results import Finding
from pushgateway_lab.lab.scrape_job import edit, loaded_job
from pushgateway_lab.scrape_config import Job

DISCOVERY = 5
"""Seconds after a reload within which Prometheus begins to scrape a new target."""

_LONGEST_INTERVAL = 366 * 86400.0
"""Seconds; longer intervals count as this one."""


def target(look: Look) -> Finding:
    """Check that Prometheus reaches the job's targets."""
    loaded = loaded_job(look)
    if loaded is None:
        return still_open("Prometheus has not loaded the job, so it scrapes nothing for it.")
    targets = look.targets_of(loaded.name)
    if not loaded.targets and not targets:
        return wrong("The job has no target.", edit(look))
    for each in targets:
        if each.health == "down":
            return _down(look, each, loaded)
    if not targets or any(each.health != "up" for each in targets):
        return _not_scraped_yet(look, loaded, targets)
    if another := scraped_instead(look):
        return wrong(
            f"Prometheus scrapes {listed(another)}: that is another Pushgateway. The one of this host is at "
            f"{excerpt(gateway.target(look))}.",
            edit(look),
        )
    return done(f"Prometheus scrapes {listed([each.url for each in targets])}.")


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
        return wrong(
            "Prometheus has loaded the job, but scrapes none of its targets. Do its relabel_configs drop "
            "them?",
            edit(look),
        )
    return still_open(f"The target is not scraped yet; it will be within {seconds:.0f} s.")


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
    for written in loaded.targets:
        if (right := scrape_config.without_blanks(written)) != written:
            return wrong(
                f"{says}\nThe target {excerpt(written)!r} has a blank or an invisible character within its "
                f"quotes, which Prometheus keeps. Write {excerpt(right)!r}.",
                edit(look),
            )
    if look.snapshot.pushgateway.exists and look.snapshot.pushgateway_argv is None:
        return wrong(says, installations.pushgateway(look.settings).service.commands.start)
    wanted = look.settings.pushgateway_targets or (gateway.target(look),)
    scraped = each.url.partition("//")[2].partition("/")[0]
    if not any(scrape_config.same_target(address, scraped) for address in wanted):
        return wrong(f"{says}\nThe Pushgateway is at {listed(wanted)}.", edit(look))
    if look.pushgateway_status is not None and "connection refused" in each.last_error:
        seconds = seconds_to_next_scrape(look)
        return still_open(
            f"{says}\nThe Pushgateway answers now; the next scrape is in {seconds:.0f} s."
        )
    return wrong(says, edit(look))


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
        return wrong(
            f'{{job="{shown}"}} has no metrics of a Pushgateway: {excerpt(up.url)} is another program, '
            "or its first scrape was only just now.",
            edit(look),
        )
    return still_open(f'{{job="{shown}"}} returns nothing yet.')


CHECKS = (
    Check("target_up", "The target is up", target, (STARTED,)),
    Check("default_metrics", "The default metrics are there", default_metrics, (BUILD_INFO,)),
)
