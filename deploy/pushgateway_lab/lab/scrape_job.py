"""Task 4.2.1: Prometheus scrapes the Pushgateway and keeps the pushed labels (honor_labels)."""

from pushgateway_lab import installations, scrape_config
from pushgateway_lab.formats.answers import Target
from pushgateway_lab.formats.durations import seconds_of
from pushgateway_lab.lab import gateway
from pushgateway_lab.lab.checks import Check, done, still_open, unknown, wrong
from pushgateway_lab.lab.commands import command, join
from pushgateway_lab.lab.complaints import told
from pushgateway_lab.lab.excerpts import excerpt, listed
from pushgateway_lab.lab.identity import BUILD_INFO, STARTED, is_of_another
from pushgateway_lab.lab.look import Look
from pushgateway_lab.lab.mistaken_jobs import mistaken_jobs
from pushgateway_lab.lab.results import Finding
from pushgateway_lab.scrape_config import Job, LimitError, ScrapeConfigError

DISCOVERY = 5
"""Seconds after a reload within which Prometheus begins to scrape a new target."""

_COMPARED = ("honor_labels", "scheme", "metrics_path", "static_configs")
"""The fields that `_facts` returns."""

_LONGEST_INTERVAL = 366 * 86400.0
"""Seconds; longer intervals count as this one."""


def _jobs_in_file(look: Look) -> tuple[Job, ...]:
    """Return the jobs in the configuration file.

    Raises:
        ScrapeConfigError: the file is missing, or it cannot be read.
    """
    config = look.snapshot.config
    if config is None:
        raise ScrapeConfigError(None, look.snapshot.config_in_words("the file"))
    return scrape_config.known_jobs(scrape_config.decode(config.data))


def job_in_file(look: Look) -> Job | None:
    """Return the lab's job in the configuration file; None if it is missing or cannot be read."""
    try:
        return _named(look, _jobs_in_file(look))
    except ScrapeConfigError:
        return None


def loaded_job(look: Look) -> Job | None:
    """Return the lab's job in Prometheus's loaded configuration; None if it is missing or cannot be read."""
    loaded = look.snapshot.loaded
    try:
        return _named(look, loaded.jobs) if loaded else None
    except ScrapeConfigError:  # another program may answer on that port
        return None


def _named(look: Look, jobs: tuple[Job, ...]) -> Job | None:
    return next((job for job in jobs if job.name == look.settings.pushgateway_job_name), None)


def _edit(look: Look) -> str | None:
    return join("\n", command("sudoedit", look.settings.prometheus_config_path), _reload(look))


def _reload(look: Look) -> str:
    """Return the command that makes Prometheus read its file; one that does not run is started."""
    commands = installations.prometheus(look.settings).service.commands
    is_down = look.snapshot.prometheus.exists and not look.snapshot.prometheus.is_active
    return commands.start if is_down else commands.reload


def _let_read(look: Look) -> str | None:
    path = look.settings.prometheus_config_path
    readable = join(
        "; ",
        command("sudo", "chgrp", installations.prometheus(look.settings).group, path),
        command("sudo", "chmod", "g+r", path),
    )
    return join("\n", readable, _reload(look))


def _file(look: Look) -> str:
    return excerpt(look.settings.prometheus_config_path)


def job(look: Look) -> Finding:
    """Check that the configuration file has the job, with its name."""
    found = _job(look)
    if look.file_of_settings is None:
        return found
    other = excerpt(look.file_of_settings)
    note = f"Prometheus reads {_file(look)} (its flag --config.file), and not {other}."
    return found._replace(says=f"{found.says} {note}")


def _job(look: Look) -> Finding:
    path, name = _file(look), excerpt(look.settings.pushgateway_job_name)
    if look.snapshot.config is None:
        says = f"{look.snapshot.config_in_words(path)} The job needs a file that can be read."
        if look.snapshot.config_state == "absent":
            return still_open(says)
        return wrong(says, _let_read(look) if look.snapshot.config_state == "unreadable" else None)
    try:
        jobs = _jobs_in_file(look)
    except ScrapeConfigError as error:
        is_limit = isinstance(error, LimitError)
        why = str(error) if is_limit else told(str(error), look.settings)
        return wrong(f"{path} cannot be read: {why}", _edit(look))
    found = _named(look, jobs)
    if found:
        return done(f"The job {name} is in {path}, line {found.line}.{_twice(look, jobs)}")
    if instead := _instead(look, jobs):
        return instead
    return still_open(
        f"{path} has no job {name!r} yet. It goes under scrape_configs, with honor_labels: true and "
        f"the target {excerpt(gateway.target(look))}.",
        _edit(look),
    )


def _twice(look: Look, jobs: tuple[Job, ...]) -> str:
    name = look.settings.pushgateway_job_name
    others = scrape_config.jobs_scraping(list(jobs), gateway.target(look), besides=name)
    if not others:
        return ""
    named = listed([f"{excerpt(other.name)!r} (line {other.line})" for other in others], str)
    return (
        f" Its metrics are there twice, because another job scrapes the Pushgateway, too: {named}."
    )


def _instead(look: Look, jobs: tuple[Job, ...]) -> Finding | None:
    """Return the finding of a job in another file, with another name or with another target."""
    path, name = _file(look), look.settings.pushgateway_job_name
    shown = excerpt(name)
    if loaded_job(look) is None and _targets(look, name):
        return wrong(
            f"Prometheus scrapes a job {shown!r}, but {path} does not have it: it is in a file that "
            f"scrape_config_files names. The task asks for it in {path}.",
            _edit(look),
        )
    for each in mistaken_jobs(jobs, gateway.target(look), name):
        other, line = excerpt(each.job.name), each.job.line
        if each.scrapes:
            return wrong(
                f"{path} scrapes the Pushgateway as job {other!r} (line {line}), not {shown!r}, so "
                f'{{job="{shown}"}} finds nothing.',
                _edit(look),
            )
        return wrong(
            f"{path} has a job {other!r} (line {line}), not {shown!r}, and it does not scrape "
            f"{excerpt(gateway.target(look))}.",
            _edit(look),
        )
    return None


def _no_job(look: Look) -> str:
    name = excerpt(look.settings.pushgateway_job_name)
    return f"The file has no job {name!r} that can be read: see the check above."


def honor_labels(look: Look) -> Finding:
    """Check that the job in the file has honor_labels: true."""
    found = job_in_file(look)
    if not found:
        return still_open(_no_job(look))
    if found.honor_labels:
        return done("The job has honor_labels: true.")
    return wrong(
        f"The job (line {found.line}) has no honor_labels: true. Without it, Prometheus renames the "
        "pushed labels to exported_job and exported_instance, and sets its own job and instance.",
        _edit(look),
    )


def accepted(look: Look) -> Finding:
    """Check that Prometheus can load the configuration file."""
    path = _file(look)
    if look.snapshot.config_state == "unreadable":
        return wrong(look.snapshot.config_in_words(path), _let_read(look))
    if look.verdict is None:
        if look.snapshot.has_loaded_file:
            return done(f"Prometheus has loaded {path} as it is now.")
        if look.snapshot.config is None:
            return unknown(look.snapshot.config_in_words(path))
        return unknown(f"promtool is missing on this host, so {path} cannot be checked.")
    if look.verdict.accepted:
        return done(f"promtool accepts {path}.")
    return wrong(
        f"promtool rejects {path}. It says:\n{told(look.verdict.words, look.settings)}", _edit(look)
    )


def is_loaded(look: Look) -> Finding:
    """Check that Prometheus has loaded the job as it is in the file."""
    loaded = look.snapshot.loaded
    if loaded is None:
        return unknown("Prometheus does not answer, so its loaded configuration is unknown.")
    mine, theirs = job_in_file(look), loaded_job(look)
    if not loaded.last_reload_successful:
        return _refused(look)
    if mine is None:
        if theirs:
            return wrong(
                f"Prometheus has loaded the job {excerpt(theirs.name)}, but it is no longer in the file.",
                _edit(look),
            )
        return still_open(_no_job(look))
    differing = _differing(look, mine, theirs)
    if theirs is None or differing:
        older = f"has an older form of the job ({listed(differing)})"
        what = "does not have the job yet" if theirs is None else older
        return wrong(
            f"{_file(look)} was edited but not reloaded: Prometheus {what}.",
            _reload(look),
            at=look.snapshot.config.changed_at if look.snapshot.config else None,
        )
    return done("Prometheus has loaded the job.", at=loaded.last_reload_success_at)


def _differing(look: Look, mine: Job, theirs: Job | None) -> tuple[str, ...]:
    """Return the fields in which the job in the file is not what Prometheus has loaded."""
    config, loaded = look.snapshot.config, look.snapshot.loaded
    if theirs is None or config is None or loaded is None:
        return ()
    if look.snapshot.has_loaded_file:
        # Nothing was written since the reload. Only what differs in any release of Prometheus counts.
        pairs = zip(_COMPARED, _facts(mine), _facts(theirs), strict=True)
        return tuple(name for name, one, other in pairs if one != other)
    return scrape_config.differing_fields(
        scrape_config.decode(config.data), loaded.config, mine.name
    )


def _facts(job: Job) -> tuple[object, ...]:
    return job.honor_labels, job.scheme, job.metrics_path, sorted(job.targets)


def _refused(look: Look) -> Finding:
    shown = _file(look)
    if "permission denied" in look.reload_error:
        return wrong(
            f"Prometheus may not read {shown}. It says:\n{told(look.reload_error, look.settings)}",
            _let_read(look),
        )
    if look.verdict and look.verdict.accepted:
        return wrong(
            f"Prometheus rejected {shown} at the last reload. The file is valid now, but Prometheus was "
            "not reloaded since.",
            _reload(look),
        )
    words = look.reload_error or (look.verdict.words if look.verdict else "")
    why = told(words, look.settings) if words else "its log does not say why"
    return wrong(
        f"The last reload failed: Prometheus rejected {shown} and keeps the configuration it had. It says:\n"
        f"{why}",
        _edit(look),
    )


def target(look: Look) -> Finding:
    """Check that Prometheus reaches the job's targets."""
    loaded = loaded_job(look)
    if loaded is None:
        return still_open("Prometheus has not loaded the job, so it scrapes nothing for it.")
    targets = _targets(look, loaded.name)
    if not loaded.targets and not targets:
        return wrong("The job has no target.", _edit(look))
    for each in targets:
        if each.health == "down":
            return _down(look, each, loaded)
    if not targets or any(each.health != "up" for each in targets):
        return _not_scraped_yet(look, loaded, targets)
    if another := scraped_instead(look):
        return wrong(
            f"Prometheus scrapes {listed(another)}: that is another Pushgateway. The one of this host is at "
            f"{excerpt(gateway.target(look))}.",
            _edit(look),
        )
    return done(f"Prometheus scrapes {listed([each.url for each in targets])}.")


def scraped_instead(look: Look) -> list[str]:
    """Return the URLs of the job's targets that are another Pushgateway than that of the host."""
    loaded = loaded_job(look)
    targets = _targets(look, loaded.name) if loaded else []
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
            _edit(look),
        )
    return still_open(f"The target is not scraped yet; it will be within {seconds:.0f} s.")


def _targets(look: Look, name: str) -> list[Target]:
    return [each for each in look.targets if each.job == name]


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
    targets = _targets(look, look.settings.pushgateway_job_name)
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
                _edit(look),
            )
    if look.snapshot.pushgateway.exists and look.snapshot.pushgateway_argv is None:
        return wrong(says, installations.pushgateway(look.settings).service.commands.start)
    wanted = look.settings.pushgateway_targets or (gateway.target(look),)
    scraped = each.url.partition("//")[2].partition("/")[0]
    if not any(scrape_config.same_target(address, scraped) for address in wanted):
        return wrong(f"{says}\nThe Pushgateway is at {listed(wanted)}.", _edit(look))
    if look.pushgateway_status is not None and "connection refused" in each.last_error:
        seconds = seconds_to_next_scrape(look)
        return still_open(
            f"{says}\nThe Pushgateway answers now; the next scrape is in {seconds:.0f} s."
        )
    return wrong(says, _edit(look))


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
    last = [each.last_scrape for each in _targets(look, look.settings.pushgateway_job_name)]
    if not any(last):
        return interval + DISCOVERY
    return max(0.0, min(last) + interval - look.now)


def scraped_since(look: Look, moment: float) -> bool:
    """Return whether Prometheus has scraped all targets of the job since a moment (seconds since 1970)."""
    loaded = loaded_job(look)
    scrapes = [each.last_scrape for each in _targets(look, loaded.name)] if loaded else []
    return bool(scrapes) and min(scrapes) > moment


def default_metrics(look: Look) -> Finding:
    """Check that the lab page's query for the job returns a default metric of the Pushgateway."""
    name, shown = look.settings.pushgateway_job_name, excerpt(look.settings.pushgateway_job_name)
    samples = look.samples(BUILD_INFO)
    if samples is None:
        return unknown("Prometheus does not answer.")
    loaded, targets = loaded_job(look), _targets(look, name)
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
            _edit(look),
        )
    return still_open(f'{{job="{shown}"}} returns nothing yet.')


CHECKS = (
    Check("job", "The job is in the file", job),
    Check("honor_labels", "honor_labels is true", honor_labels),
    Check("accepted", "The file is accepted", accepted),
    Check("loaded", "Prometheus has loaded it", is_loaded),
    Check("target_up", "The target is up", target, (STARTED,)),
    Check("default_metrics", "The default metrics are there", default_metrics, (BUILD_INFO,)),
)
