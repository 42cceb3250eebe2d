"""The findings about a Prometheus on another host: its file is not looked at, only what it has loaded.

The settings name it, see `pushgateway_lab.installations.prometheus_is_elsewhere`.
"""

from collections.abc import Callable

from pushgateway_lab import installations
from pushgateway_lab.installations.denied import why_denied
from pushgateway_lab.lab.checks import done, still_open, unknown, wrong
from pushgateway_lab.lab.excerpts import excerpt
from pushgateway_lab.lab.jobs import loaded_job
from pushgateway_lab.lab.look import Look
from pushgateway_lab.lab.results import Finding

Judge = Callable[[Look], Finding]


def if_elsewhere(there: Judge, here: Judge) -> Judge:
    """Return a check that judges a Prometheus on another host by `there`, and one on this host by `here`."""

    def judge(look: Look) -> Finding:
        is_elsewhere = installations.prometheus_is_elsewhere(look.snapshot, look.settings)
        return there(look) if is_elsewhere else here(look)

    return judge


def answers(look: Look) -> Finding:
    """Check that Prometheus answers this host."""
    if denied := why_denied(look.snapshot, look.settings):
        return wrong(f"It is on another host. {denied}")
    if look.snapshot.loaded is None:
        return wrong(f"{_it(look)} does not answer this host.")
    return done(f"{_it(look)} answers.")


def job(look: Look) -> Finding:
    """Check that Prometheus has loaded the lab's job."""
    name = excerpt(look.settings.pushgateway_job_name)
    if look.snapshot.loaded is None:
        return _silent(look)
    if loaded_job(look) is None:
        return still_open(
            f"{_it(look)} has no job {name!r} yet. It goes into the configuration file there."
        )
    return done(f"{_it(look)} has the job {name!r}.")


def honor_labels(look: Look) -> Finding:
    """Check that the job, as Prometheus has loaded it, has honor_labels: true."""
    found = loaded_job(look)
    if found is None:
        return job(look)
    if found.honor_labels:
        return done("The job has honor_labels: true.")
    return wrong(
        f"The job of the Prometheus at {_url(look)} has no honor_labels: true, so it renames the pushed labels to "
        "exported_job and exported_instance."
    )


def loaded(look: Look) -> Finding:
    """Check that the last reload of Prometheus succeeded."""
    if look.snapshot.loaded is None:
        return _silent(look)
    if not look.snapshot.loaded.last_reload_successful:
        return wrong(f"{_it(look)} rejected its file at the last reload: see its log there.")
    return job(look)


def disk_space(look: Look) -> Finding:
    """Tell that the samples are on another host."""
    return done(f"The samples are on the host of the Prometheus at {_url(look)}.")


def _silent(look: Look) -> Finding:
    return unknown(f"{_it(look)} does not answer this host.")


def _it(look: Look) -> str:
    return f"The Prometheus at {_url(look)}, on another host,"


def _url(look: Look) -> str:
    return excerpt(look.settings.prometheus_url)
