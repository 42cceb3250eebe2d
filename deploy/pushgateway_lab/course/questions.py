"""The extended look at a lab host: its snapshot and the answers of both servers, in one round trip.

`pushgateway_lab.lab.look` parses the answers; `pushgateway_lab.host.looking` remembers the look.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from pyinfra.api.host import Host

from pushgateway_lab import installations
from pushgateway_lab.facts import program
from pushgateway_lab.formats.answers import AnswerError
from pushgateway_lab.host import looking
from pushgateway_lab.lab import look as lab_look
from pushgateway_lab.lab import tasks
from pushgateway_lab.lab.look import GROUPS, STATUS, TELEMETRY, Look
from pushgateway_lab.pushgateway import persistence
from pushgateway_lab.pushgateway.client import client
from pushgateway_lab.run.host_files import script
from pushgateway_lab.settings import Settings

COURSE = "/var/lib/pushgateway-lab/course-began"
"""The file with the start time of the course on a host, in seconds since 1970. Later pushes are the trainee's."""

_CERTIFICATES = (
    "The trainer checks the name in pushgateway_url, pushgateway_ca_file and pushgateway_cert_file; with "
    "pushgateway_tls_lab_ca, the authority on the trainer's machine has to be that which issued it (docs/lab.md)."
)

_START_FILES = "/var/lib/pushgateway-lab/start-line"


def start_file_of(settings: Settings) -> str:
    """Return the path of the copy of Prometheus's configuration file at the start line. Only root can read it."""
    return f"{_START_FILES}{settings.prometheus_config_path}"


def look_for_start(host: Host, settings: Settings) -> Look:
    """Return a look at a host with the answers to all queries of the tasks. Raises as `look_at_lab`."""
    return look_at_lab(host, settings, tasks.queries_of(tasks.tasks(settings.lab_tasks)))


def look_at_lab(
    host: Host, settings: Settings, queries: Sequence[str], *, follow: bool = False
) -> Look:
    """Return a look at a host: the remembered one if it is valid, else a new one.

    + follow: True: look at the configuration file that the running Prometheus reads, even if somebody has set another
      one. Such a look is not remembered, because the file of the settings is the one to change
    + queries: instant queries in PromQL; ``[LAB_AGEms]`` in them stands for the time since the course began

    Raises:
        HostError: the look failed; nothing is known about the host.
    """
    looked = looking.remembered(host, Look) or looking.remember(
        host, lambda: _look(host, settings, queries, follow=follow), lambda taken: taken.snapshot
    )
    if looked.file_of_settings is not None and "prometheus_config_path" in settings.given:
        looking.forget(host)
    return looked


def _look(host: Host, settings: Settings, queries: Sequence[str], *, follow: bool) -> Look:
    paths = lab_look.paths_of(queries)
    looked = looking.ask(
        host,
        settings,
        lambda answer: lab_look.parse_look(settings, answer, paths),
        _further(settings, paths, follow=follow),
    )
    if _is_asked_apart(settings) and looked.snapshot.is_root:
        return _ask_pushgateway(host, settings, looked)
    return looked


def _further(settings: Settings, paths: Sequence[str], *, follow: bool) -> str:
    gateway = settings.pushgateway_url or "found"
    return script(
        "look-at-lab.sh",
        {
            "course": COURSE,
            "start_files": _START_FILES,
            "default_persistence_file": installations.DEFAULT_PERSISTENCE_FILE,
            "follow": "yes" if follow else "",
            "most_answered": str(lab_look.MOST_ANSWERED),
            "gateway": "" if _is_asked_apart(settings) else gateway,
            "questions": "\n".join(paths),
        },
        program.FUNCTIONS,
        persistence.FUNCTIONS,
    )


def _is_asked_apart(settings: Settings) -> bool:
    """Return whether the Pushgateway needs credentials, which must not be part of a script."""
    url = settings.pushgateway_url or ""
    is_closed = settings.pushgateway_user is not None or settings.pushgateway_speaks_tls
    return url.startswith("https:") or is_closed


def _ask_pushgateway(host: Host, settings: Settings, looked: Look) -> Look:
    """Ask the Pushgateway through its client, and return the look with its answers, or with why there are none."""
    from requests.exceptions import SSLError

    from pushgateway_lab.http.access import PasswordWithheldError
    from pushgateway_lab.http.api import ApiError
    from pushgateway_lab.http.peer_certificate import peer_certificate

    address = installations.running_url(looked.snapshot, settings)
    gateway = client(host, settings, address)
    found: dict[str, Any] = {}
    unread = dict(looked.unread)
    status, reason, shown = looked.gateway_status, "", ""
    questions: dict[str, Callable[[], object]] = {
        GROUPS: gateway.groups,
        STATUS: gateway.status,
        TELEMETRY: gateway.telemetry,
    }
    for name, ask in questions.items():
        try:
            found[name] = ask()
        except ApiError as error:
            if isinstance(error.__cause__, AnswerError):
                unread[name] = str(error.__cause__)
                continue
            status = error.status
            if isinstance(error.__cause__, PasswordWithheldError):
                reason = str(error)
            elif isinstance(error.__cause__, SSLError):
                reason = f"{error}. {_CERTIFICATES}"
                shown = peer_certificate(host, address)
            break  # no answer: do not wait a second time
    answers = looked.answers._replace(
        groups=found.get(GROUPS),
        status=found.get(STATUS),
        telemetry=found.get(TELEMETRY),
        unread=unread,
    )
    return replace(
        looked,
        answers=answers,
        gateway_status=status,
        gateway_error=reason,
        gateway_certificate=shown,
    )
