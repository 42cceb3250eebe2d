"""Task 4.2.1: Prometheus scrapes the Pushgateway and keeps the pushed labels (honor_labels)."""

from pushgateway_lab import installations, scrape_config
from pushgateway_lab.lab import gateway
from pushgateway_lab.lab.checks import Check, done, still_open, unknown, wrong
from pushgateway_lab.lab.commands import command, join
from pushgateway_lab.lab.complaints import told
from pushgateway_lab.lab.excerpts import excerpt, listed
from pushgateway_lab.lab.look import Look
from pushgateway_lab.lab.mistaken_jobs import mistaken_jobs
from pushgateway_lab.lab.results import Finding
from pushgateway_lab.scrape_config import Job, LimitError, ScrapeConfigError

_COMPARED = ("honor_labels", "scheme", "metrics_path", "static_configs")
"""The fields that `_facts` returns."""


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


def edit(look: Look) -> str | None:
    """Return the commands that edit the configuration file and make Prometheus read it."""
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
        return wrong(f"{path} cannot be read: {why}", edit(look))
    found = _named(look, jobs)
    if found:
        return done(f"The job {name} is in {path}, line {found.line}.{_twice(look, jobs)}")
    if instead := _instead(look, jobs):
        return instead
    return still_open(
        f"{path} has no job {name!r} yet. It goes under scrape_configs, with honor_labels: true and "
        f"the target {excerpt(gateway.target(look))}.",
        edit(look),
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
    if loaded_job(look) is None and look.targets_of(name):
        return wrong(
            f"Prometheus scrapes a job {shown!r}, but {path} does not have it: it is in a file that "
            f"scrape_config_files names. The task asks for it in {path}.",
            edit(look),
        )
    for each in mistaken_jobs(jobs, gateway.target(look), name):
        other, line = excerpt(each.job.name), each.job.line
        if each.scrapes:
            return wrong(
                f"{path} scrapes the Pushgateway as job {other!r} (line {line}), not {shown!r}, so "
                f'{{job="{shown}"}} finds nothing.',
                edit(look),
            )
        return wrong(
            f"{path} has a job {other!r} (line {line}), not {shown!r}, and it does not scrape "
            f"{excerpt(gateway.target(look))}.",
            edit(look),
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
        edit(look),
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
        f"promtool rejects {path}. It says:\n{told(look.verdict.words, look.settings)}", edit(look)
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
                edit(look),
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
        edit(look),
    )


CHECKS = (
    Check("job", "The job is in the file", job),
    Check("honor_labels", "honor_labels is true", honor_labels),
    Check("accepted", "The file is accepted", accepted),
    Check("loaded", "Prometheus has loaded it", is_loaded),
)
