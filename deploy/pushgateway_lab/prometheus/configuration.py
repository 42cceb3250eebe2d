"""Prometheus's side of the lab: the scrape job in its configuration, and that it is loaded.

The configuration file belongs to somebody else: one job is added or repaired, nothing beside it.
"""

import json
import shlex
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from pyinfra import context
from pyinfra.api.command import PyinfraCommand, StringCommand
from pyinfra.api.host import Host
from pyinfra.api.operation import operation
from pyinfra.context import ctx_host

from pushgateway_lab import installations, scrape_config
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.host import transaction
from pushgateway_lab.host.looking import forget, look, look_again
from pushgateway_lab.host.transaction import Outcome, Result
from pushgateway_lab.installations import address
from pushgateway_lab.lab.excerpts import excerpt, lines
from pushgateway_lab.run.errors import HostError
from pushgateway_lab.run.failure import cleanly, function, noop, say
from pushgateway_lab.run.shell import ask
from pushgateway_lab.scrape_config import ScrapeConfigError
from pushgateway_lab.services import MANAGER
from pushgateway_lab.settings import Settings

ATTEMPTS = 5
"""How often a merge starts anew because somebody else wrote the file in between."""

START_TIMEOUT = 60
"""Seconds for a starting Prometheus to answer; replaying its write-ahead log takes most of them."""

LONGEST_LINE = 1000
"""Characters of a line of what promtool and Prometheus say that are shown."""


def job(seen: Snapshot, settings: Settings) -> dict[str, Any]:
    """The scrape job of the lab (task 4.2.1), as the settings want it."""
    targets = settings.pushgateway_targets or (
        address.local_address(installations.plan(seen, settings).flags),
    )
    interval = settings.pushgateway_scrape_interval
    return {
        "job_name": settings.pushgateway_job_name,
        **({"scrape_interval": interval} if interval else {}),
        "honor_labels": True,
        "static_configs": [{"targets": list(targets)}],
    }


def text_of(seen: Snapshot, settings: Settings) -> str:
    """The text of the configuration file.

    Raises:
        HostError: there is no such file, or it is no text.
    """
    if seen.config is None and seen.config_state != "absent":
        says = seen.config_in_words(settings.prometheus_config_path)
        raise HostError(f"{says} Mend that, then run this again.")
    if seen.config is None:
        raise HostError(
            f"{settings.prometheus_config_path} is absent. If Prometheus reads another "
            "file (see --config.file in its unit), set prometheus_config_path. If it was deleted: the "
            f"text before this toolkit's first change is in {settings.prometheus_config_path}"
            ".before-pushgateway-lab, and the one of its package comes back with "
            f"{installations.prometheus(settings).to_restore_config}"
        )
    try:
        return scrape_config.decode(seen.config.data)
    except ScrapeConfigError as error:
        raise HostError(_unusable(settings, error)) from error


def merged(seen: Snapshot, settings: Settings) -> tuple[str, str]:
    """The text of the configuration file as it is, and as it is to be.

    Raises:
        HostError: the file cannot be understood well enough to change it, or must not be written.
    """
    text = text_of(seen, settings)
    try:
        wanted = _merged_text(text, json.dumps(job(seen, settings)))
    except ScrapeConfigError as error:
        raise HostError(_unusable(settings, error)) from error
    return text, _writable(seen, settings, text, wanted)


def _writable(seen: Snapshot, settings: Settings, text: str, wanted: str) -> str:
    """Return the wanted text, where it may be written."""
    if wanted != text and seen.config_obstacle:
        raise HostError(explain(settings, Outcome(Result.UNSAFE, seen.config_obstacle)))
    return wanted


def without_job(seen: Snapshot, settings: Settings) -> tuple[str, str]:
    """The text of the configuration file as it is, and as it is without the lab's job.

    Raises:
        HostError: the file cannot be understood well enough to change it, or must not be written.
    """
    text = text_of(seen, settings)
    try:
        wanted = scrape_config.remove_job(text, settings.pushgateway_job_name)
    except ScrapeConfigError as error:
        raise HostError(_unusable(settings, error)) from error
    return text, _writable(seen, settings, text, wanted)


# The hosts of a class mostly have the same files: what was worked out for one holds for the next.
@lru_cache(maxsize=32)
def _merged_text(text: str, job: str) -> str:
    return scrape_config.merge_job(text, json.loads(job))


def _unusable(settings: Settings, error: ScrapeConfigError) -> str:
    return f"{settings.prometheus_config_path}: {error}\nNothing was written and nothing reloaded."


@operation()
@cleanly
def scrape_job(settings: Settings) -> Iterator[PyinfraCommand]:
    """Have the lab's job in Prometheus's configuration, and Prometheus take it.

    The new text is judged by promtool first, replaces the old one at once, and is taken back if
    Prometheus refuses it.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`
    """
    host = ctx_host.get()
    seen = look(host, settings)
    if seen.config is None and not context.state.is_executing:
        yield StringCommand("true")  # a dry run on a bare host: its package brings the file
        return
    text, wanted = merged(seen, settings)
    _warn_of_others(host, text, job(seen, settings))
    if wanted == text:
        noop(
            host, f"the job {settings.pushgateway_job_name} is in {settings.prometheus_config_path}"
        )
        return
    transaction.show_diff(host, settings.prometheus_config_path, text, wanted)
    yield from function(_refuse_included, settings, text)
    yield from function(_wait_until_it_answers, settings)
    yield from function(_change, settings, merged)
    forget(host)


@operation()
@cleanly
def no_scrape_job(settings: Settings) -> Iterator[PyinfraCommand]:
    """Have the lab's job out of Prometheus's configuration, whoever wrote it, and Prometheus know.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`
    """
    host = ctx_host.get()
    seen = look(host, settings)
    if seen.config is None and not context.state.is_executing:
        noop(host, "there is no configuration yet")
        return
    text, wanted = without_job(seen, settings)
    if wanted == text:
        _refuse_included(host, settings, text)
        noop(
            host,
            f"the job {settings.pushgateway_job_name} is not in {settings.prometheus_config_path}",
        )
        return
    transaction.show_diff(host, settings.prometheus_config_path, text, wanted)
    yield from function(_wait_until_it_answers, settings)
    yield from function(_change, settings, without_job)
    forget(host)


def _warn_of_others(host: Host, text: str, wanted: dict[str, Any]) -> None:
    """Say, once a run, that a target is scraped twice."""
    if not context.state.is_executing:
        return
    name = wanted["job_name"]
    jobs = scrape_config.find_jobs(text)
    for target in wanted["static_configs"][0]["targets"]:
        for other in scrape_config.jobs_scraping(jobs, target, besides=name):
            say(
                host,
                f"The job {excerpt(other.name)} (line {other.line}) scrapes {target} as well, so every "
                "pushed metric is there twice. Remove it, or use it: set "
                f"pushgateway_job_name={shlex.quote(excerpt(other.name))}",
                "yellow",
            )


def _refuse_included(host: Host, settings: Settings, text: str) -> None:
    """A job in a file named under scrape_config_files: the same name twice, and nothing is loaded.

    Raises:
        HostError: the job is in such a file, where this toolkit does not change it.
    """
    name = settings.pushgateway_job_name
    if any(each.name == name for each in scrape_config.known_jobs(text)):
        return
    for path, included in _included_files(host, settings, scrape_config.scrape_config_files(text)):
        try:
            jobs = scrape_config.find_jobs(included)
        except ScrapeConfigError:
            continue  # promtool will judge it
        for each in jobs:
            if each.name == name:
                raise HostError(
                    f"The job {name} is in {excerpt(path)} (line {each.line}), which "
                    f"{settings.prometheus_config_path} names under scrape_config_files. Nothing was "
                    "changed. Take it out of that file, or choose another name with pushgateway_job_name."
                )


def _included_files(
    host: Host, settings: Settings, patterns: tuple[str, ...]
) -> Iterator[tuple[str, str]]:
    """Path and text of the files that these patterns name; they are relative to the file's place."""
    if not patterns:
        return
    variables = {
        "path": settings.prometheus_config_path,
        "service": installations.prometheus(settings).service.name,
        "patterns": "\n".join(patterns),
        "longest": str(scrape_config.LONGEST),
    }
    for line in ask(host, "read-included.sh", variables, functions=["whose.sh", MANAGER.functions]):
        path, _, data = line.partition(" ")
        yield b64decode(path).decode(errors="replace"), b64decode(data).decode(errors="replace")


def _change(
    host: Host, settings: Settings, change: Callable[[Snapshot, Settings], tuple[str, str]]
) -> None:
    """Change the file as it is now; anew, if somebody changed it before the text was there.

    + change: the text of the file as a snapshot has it, and as it is to be
    """
    outcome = Outcome(Result.CONFLICT, "")
    for _ in range(ATTEMPTS):
        seen = look(host, settings)
        text, wanted = change(seen, settings)
        if wanted == text:
            return
        expected = transaction.digest_of(text.encode())
        outcome = transaction.replace_and_reload(host, settings, expected, wanted.encode())
        forget(host)
        if outcome.result != "conflict":
            break
    if outcome.result != "taken":
        raise HostError(explain(settings, outcome))
    _pass_on(host, outcome.words)


def _pass_on(host: Host, verdict: str) -> None:
    """Show what promtool found in a file that it accepts, as rules that are there twice."""
    found = [
        line
        for line in verdict.splitlines()
        if line.strip() and not line.lstrip().startswith(("Checking ", "SUCCESS: "))
    ]
    if found:
        told = _told("\n".join(found))
        say(host, f"promtool accepts the file, and says about it:\n{told}", "yellow")


def _told(words: str) -> str:
    """Return the words of a program, cut to a readable length."""
    return lines(words, each=LONGEST_LINE)


_EXPLANATIONS = {
    "conflict": (
        f"{{path}} was changed by somebody else {ATTEMPTS} times while this run worked on it. It is "
        "as they left it. Run this again when they are done."
    ),
    "incomplete": "The new text did not arrive whole. {path} was not changed. Run this again.",
    "busy": "{words}. {path} was not changed. Run this again when that run is done.",
    "rejected": (
        "promtool refuses {path} as it would be. Nothing was changed. It says:\n{words}\n"
        "Mend the file, or the settings of the job, then run this again."
    ),
    "refused": (
        "Prometheus did not take the new {path}; the file is what it was. It says:\n{words}\n"
        "Mend what it names, then run this again. More: {log}"
    ),
    "kept": (
        "Prometheus did not take {path}, and somebody changed it meanwhile, so it was left as it is. "
        "It says:\n{words}\nMend the file, then run this again. More: {log}"
    ),
    "unrestored": (
        "Prometheus did not take the new {path}, and the old text could not be put back; it is in "
        "{path}.before-pushgateway-lab. It says:\n{words}\nMore: {log}"
    ),
    "unsafe": (
        "{path} was not changed: {words}, so somebody else could have root write elsewhere. Give every "
        "directory on the way to it to root or to one user (chown), with no write permission for others "
        "(chmod go-w), then run this again."
    ),
    "failed": (
        "{path} could not be replaced and was not changed: {words}\n"
        "Make room there or make it writable (df, findmnt, lsattr), then run this again."
    ),
}


def explain(settings: Settings, outcome: Outcome) -> str:
    """What a transaction on the configuration file that did not end well means, and what to do."""
    explanation = _EXPLANATIONS.get(outcome.result, "{path}: {words}")
    return explanation.format(
        path=settings.prometheus_config_path,
        words=_told(outcome.words),
        log=_log(settings),
    )


def _log(settings: Settings) -> str:
    return installations.prometheus(settings).service.commands.log


@operation()
@cleanly
def loaded(settings: Settings, *, with_job: bool = True) -> Iterator[PyinfraCommand]:
    """Have Prometheus run with the configuration file as it is: reload it when it does not.

    + settings: of the host, see `pushgateway_lab.run.host_settings.for_host`
    + with_job: whether the lab's job is to be among what is loaded, or is not
    """
    host = ctx_host.get()
    seen = look(host, settings)
    if seen.config is not None and seen.config.has_leftovers:
        yield from function(_sweep, settings)
    elif is_loaded(seen, settings, with_job=with_job):
        noop(host, "Prometheus has loaded the file as it is")
        return
    yield from function(_reload, settings, with_job=with_job)
    forget(host)


def _sweep(host: Host, settings: Settings) -> None:
    """Remove what a run that was killed left beside the files it was about to replace."""
    for path in (settings.prometheus_config_path, installations.pushgateway(settings).flags_file):
        transaction.sweep(host, path)
    forget(host)


def is_loaded(seen: Snapshot, settings: Settings, *, with_job: bool = True) -> bool:
    """Whether what Prometheus runs with is the file as it is now.

    Prometheus tells when it last took its file and shows what it took, with all defaults written
    out, so text cannot be compared. The file is loaded if it has not changed in any way (ctime) since
    then, the last reload did not fail, and the lab's job is there and honors labels; or is not there.
    """
    if seen.loaded is None or seen.config is None:
        return False
    name = settings.pushgateway_job_name
    ours = next((each for each in seen.loaded.jobs if each.name == name), None)
    as_wanted = ours is not None and ours.honor_labels if with_job else ours is None
    return (
        seen.loaded.last_reload_successful
        and seen.loaded.last_reload_success_at >= seen.config.changed_at
        and as_wanted
    )


def _reload(host: Host, settings: Settings, *, with_job: bool = True) -> None:
    _wait_until_it_answers(host, settings)
    if is_loaded(look(host, settings), settings, with_job=with_job):
        return
    outcome = transaction.reload(host, settings)
    if outcome.result == "refused":
        raise HostError(
            f"Prometheus did not take {settings.prometheus_config_path}. It says:\n{_told(outcome.words)}\n"
            f"Mend what it names, then run this again. More: {_log(settings)}"
        )
    if outcome.result != "taken":
        raise HostError(explain(settings, outcome))
    deadline = time.monotonic() + settings.prometheus_reload_timeout
    while not is_loaded(look_again(host, settings), settings, with_job=with_job):
        if time.monotonic() > deadline:
            raise HostError(
                f"Prometheus was reloaded, but as to the job {settings.pushgateway_job_name}, what it "
                f"has loaded is not {settings.prometheus_config_path}. Does it read another file? See --config.file in its unit, and set prometheus_config_path."
            )
        time.sleep(0.2)


def _wait_until_it_answers(host: Host, settings: Settings) -> None:
    """A Prometheus that has just been started answers after a while."""
    deadline = time.monotonic() + START_TIMEOUT
    waiting = False
    while look(host, settings).loaded is None:
        if not waiting:
            say(host, f"Prometheus does not answer yet; waiting, {START_TIMEOUT} s at most")
            waiting = True
        if time.monotonic() > deadline:
            raise HostError(
                f"Prometheus does not answer at {settings.prometheus_url}, though its service runs. If "
                "it listens elsewhere (see its flag --web.listen-address), set prometheus_url. "
                f"More: {_log(settings)}"
            )
        time.sleep(0.3)
        forget(host)
