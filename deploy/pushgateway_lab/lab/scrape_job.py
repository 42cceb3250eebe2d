"""Task 4.2.1: Prometheus scrapes the Pushgateway and keeps the pushed labels (honor_labels)."""

from pushgateway_lab import scrape_config
from pushgateway_lab.lab import gateway, remote
from pushgateway_lab.lab.checks import Check, done, still_open, unknown, wrong
from pushgateway_lab.lab.complaints import told
from pushgateway_lab.lab.config_edits import (
    edit,
    edit_file,
    lines_to_write,
    reload,
    to_correct,
    to_correct_rejected,
    to_let_read,
)
from pushgateway_lab.lab.excerpts import excerpt, listed
from pushgateway_lab.lab.jobs import job_in_file, jobs_in_file, loaded_job, named, text_of_file
from pushgateway_lab.lab.look import Look
from pushgateway_lab.lab.mistaken_jobs import mistaken_jobs
from pushgateway_lab.lab.rejection import rejected
from pushgateway_lab.lab.remote import if_elsewhere
from pushgateway_lab.lab.results import Finding
from pushgateway_lab.scrape_config import Job, LimitError, ScrapeConfigError

_HONOR_LABELS = "honor_labels"
_PARTS = ("static_configs", "labels", "targets", "params", "tls_config")

_COMPARED = (_HONOR_LABELS, "scheme", "metrics_path", "static_configs")
"""The fields that `_facts` returns."""

_IN_PART = "while applying the new configuration"
"""Prometheus's words for a configuration of which one part was rejected (its cmd/prometheus/main.go, reloadConfig)."""


def _file(look: Look) -> str:
    return excerpt(look.settings.prometheus_config_path)


def job(look: Look) -> Finding:
    """Check that the configuration file has the job, with its name."""
    found = _job(look)
    if look.file_of_settings is None:
        return found
    other = excerpt(look.file_of_settings)
    note = (
        f"Prometheus reads {_file(look)} (its flag --config.file, or its default), and not {other}."
    )
    return found._replace(says=f"{note} {found.says}")


def _job(look: Look) -> Finding:
    path, name = _file(look), excerpt(look.settings.pushgateway_job_name)
    if look.snapshot.config is None:
        says = f"{look.snapshot.config_in_words(path)} The job needs a file that can be read."
        if look.snapshot.config_state == "absent":
            return still_open(says)
        return (
            to_let_read(look, says) if look.snapshot.config_state == "unreadable" else wrong(says)
        )
    try:
        jobs = jobs_in_file(look)
    except ScrapeConfigError as error:
        is_limit = isinstance(error, LimitError)
        why = str(error) if is_limit else told(str(error), look.settings)
        return wrong(f"{path} cannot be read: {why}", edit(look))
    found = named(look, jobs)
    if found:
        return done(f"The job {name} is in {path}, line {found.line}.{_twice(look, jobs)}")
    return _instead(look, jobs) or _missing(look)


def _missing(look: Look) -> Finding:
    says = f"{_file(look)} has no job {excerpt(look.settings.pushgateway_job_name)!r} yet."
    if lines := lines_to_write(look, None):
        return still_open(f"{says} {lines}", edit(look))
    return still_open(
        f"{says} It goes under scrape_configs, with honor_labels: true and the target "
        f"{excerpt(gateway.target(look))}.",
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
        says = f"{path} has a job {other!r} (line {line}), not {shown!r}, and it does not scrape "
        says += f"{excerpt(gateway.target(look))}."
        if each.scrapes:
            says = (
                f"{path} scrapes the Pushgateway as job {other!r} (line {line}), not {shown!r}, so "
                f'{{job="{shown}"}} finds nothing.'
            )
        lines = lines_to_write(look, None if each.scrapes_others else each.job)
        return wrong(f"{says}\n{lines}" if lines else says, edit(look))
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
    written = _written_instead(look, found)
    return to_correct(
        look,
        f"The job (line {found.line}) has no honor_labels: true{written}. Without it, Prometheus renames the pushed "
        "labels to exported_job and exported_instance, and sets its own job and instance.",
    )


def _written_instead(look: Look, found: Job) -> str:
    """Return what a job has instead of honor_labels: true, as a part of a sentence; empty if it has nothing."""
    strays = scrape_config.stray_fields(text_of_file(look), found.name, _HONOR_LABELS)
    if not strays:
        return ""
    stray = strays[0]
    if stray.within:
        where = stray.within if stray.within in _PARTS else "another field"
        why = f"is under {where}, where it is no field of the job"
    elif not stray.name.isascii():
        codes = listed([f"U+{ord(each):04X}" for each in stray.name if not each.isascii()])
        why = (
            f"has a character in its name that looks like a blank or a letter and is none ({codes})"
        )
    elif stray.name != _HONOR_LABELS:
        why = f"is misspelt: {excerpt(stray.name)!r}"
    elif stray.is_text:
        why = "has a value in quotes, which is a text"
    else:
        why = "has another value"
    return f": the one in line {stray.line} {why}"


def accepted(look: Look) -> Finding:
    """Check that Prometheus can load the configuration file."""
    path = _file(look)
    if look.snapshot.config_state == "unreadable":
        return to_let_read(look, look.snapshot.config_in_words(path))
    if look.verdict is None:
        if look.snapshot.has_loaded_file:
            return done(f"Prometheus has loaded {path} as it is now.")
        if look.snapshot.config is None:
            return unknown(look.snapshot.config_in_words(path))
        return unknown(f"promtool is missing on this host, so {path} cannot be checked.")
    if look.verdict.accepted:
        return done(f"promtool accepts {path}.")
    words = look.verdict.words
    why = told(words, look.settings)
    return to_correct_rejected(
        look, words, lambda file: f"promtool rejects {file}. It says:\n{why}"
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
            reload(look),
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
        says = (
            f"Prometheus may not read {shown}. It says:\n{told(look.reload_error, look.settings)}"
        )
        if look.snapshot.config is None:
            return to_let_read(look, says)
        return wrong(
            f"{says}\nIts user may read the file now. If a reload still fails, the unit hides the file "
            "(ProtectHome=, InaccessiblePaths=): move it to /etc/prometheus.",
            reload(look),
        )
    if look.verdict and look.verdict.accepted:
        return wrong(
            f"Prometheus rejected {shown} at the last reload. The file is valid now, but Prometheus was "
            "not reloaded since.",
            reload(look),
        )
    words = look.reload_error or (look.verdict.words if look.verdict else "")
    why = told(words, look.settings) if words else "its log does not say why"
    if _IN_PART in look.reload_error:
        where = rejected(look.verdict.words if look.verdict else "", shown)
        other = excerpt(where.path) if where.path != look.settings.prometheus_config_path else None
        return wrong(
            f"Prometheus took the scrape jobs of {shown} at the last reload, but not all else: it rejected "
            f"{other or 'a file that the configuration names, such as a rules file'}. It says:\n{why}",
            edit_file(look, where.path) if other else edit(look),
        )
    return to_correct_rejected(
        look,
        look.verdict.words if look.verdict else words,
        lambda file: (
            f"The last reload failed: Prometheus rejected {file} and keeps the configuration it had. It says:\n{why}"
        ),
    )


CHECKS = (
    Check("job", "The job is in the file", if_elsewhere(remote.job, job)),
    Check("honor_labels", "honor_labels is true", if_elsewhere(remote.honor_labels, honor_labels)),
    Check("accepted", "The file is accepted", if_elsewhere(remote.loaded, accepted)),
    Check("loaded", "Prometheus has loaded it", if_elsewhere(remote.loaded, is_loaded)),
)
