"""The snapshot of a host as a fact of pyinfra, for users' own code; and the command that takes it.

The deploys do not use the fact, because a fact that fails does not stop the host. They take the snapshot in
`pushgateway_lab.host.looking`.
"""

import binascii
from urllib.parse import quote

from pyinfra.api.command import QuoteString, StringCommand
from pyinfra.api.exceptions import FactProcessError
from pyinfra.api.facts import FactBase
from typing_extensions import override

from pushgateway_lab import installations, scrape_config, services
from pushgateway_lab.facts import added, proof, releases, unfinished
from pushgateway_lab.facts.look_output import lines_of
from pushgateway_lab.facts.outcome import CLOSED_NOTE
from pushgateway_lab.facts.remains import FIREWALL_NOTE
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.facts.snapshot_parser import parse_snapshot
from pushgateway_lab.installations import web_files
from pushgateway_lab.installations.release import PRODUCTS
from pushgateway_lab.pruning import layout
from pushgateway_lab.run.host_files import script
from pushgateway_lab.run.shell import after_mark, new_mark
from pushgateway_lab.settings import Settings

_FUNCTIONS = (
    "secret-lines.sh",
    "whose.sh",
    "find-servers.sh",
    "flags-in-use.sh",
    "config-in-use.sh",
    "firewalls.sh",
    "web-config.sh",
)
"""The files of ``files/`` with the functions of the look."""

_FOUND = {"config_path": "prometheus_config_path", "prometheus_url": "prometheus_url"}
"""Variable of the look -> the setting that gives it; without the setting, its value is found."""


class HostSnapshot(FactBase[Snapshot | None]):
    """Returns the `Snapshot` of a host, or None (the default) if the look failed: then nothing is known.

    + config_path: Prometheus's configuration file, if it runs without the flag --config.file
    + given: the settings that somebody set, see `pushgateway_lab.settings.Settings`: what was not set is found
    + servers: shell variables about both servers, see `pushgateway_lab.installations.look_variables`;
      None: those of Debian's packages
    + prometheus_url: Prometheus's URL, as seen from the host, if it runs with the usual flags
    + job_name: the name of the scrape job whose targets are looked at
    + with_sudo: run with sudo; if sudo wants a password, report it instead of asking for one
    + as_user: the user for sudo; empty: root
    + further: shell code that defines ``look_further``, which extends the look; see
      `pushgateway_lab.course.questions`
    + mark: a random line, after which the answer begins; see `pushgateway_lab.run.shell.new_mark`
    + seconds: the time after which the host itself ends the look
    + secrets_follow: whether secrets come on standard input, see `pushgateway_lab.formats.secret_lines`
    """

    @override
    def command(
        self,
        config_path: str = Settings.prometheus_config_path,
        servers: dict[str, str] | None = None,
        prometheus_url: str = Settings.prometheus_url,
        given: frozenset[str] = frozenset(),
        job_name: str = Settings.pushgateway_job_name,
        with_sudo: bool = False,
        as_user: str = "",
        further: str = "",
        mark: str = "",
        seconds: float = 8,
        secrets_follow: bool = False,
    ) -> StringCommand:
        self._mark = mark or new_mark()
        variables = {
            "mark": self._mark,
            "config_path": config_path,
            "longest": str(scrape_config.LONGEST),
            "prometheus_url": prometheus_url,
            "given": " ".join(name for name, key in _FOUND.items() if key in given),
            # Older releases, 2.42 among them, ignore scrapePool, and report the targets of all jobs.
            "targets_path": f"/api/v1/targets?state=active&scrapePool={quote(job_name, safe='')}",
            "proof_note": proof.NOTE,
            "release_notes": " ".join(releases.note_of(each.name) for each in PRODUCTS),
            "unfinished_notes": " ".join(map(unfinished.unfinished_note, unfinished.SERVERS)),
            "added_note": added.NOTE,
            "closed_note": CLOSED_NOTE,
            "firewall_note": FIREWALL_NOTE,
            "secrets_follow": "yes" if secrets_follow else "",
            "prune_files": " ".join(layout.FILES),
            "prune_secrets": " ".join(layout.SECRETS),
            "prune_unit_names": " ".join(layout.UNITS),
            "web_files": " ".join(web_files.FILES),
            "web_secrets": " ".join(web_files.SECRETS),
            "web_shown": " ".join(web_files.SHOWN),
            **(servers or installations.look_variables(Settings())),
        }
        functions = (*_FUNCTIONS, *services.FUNCTIONS, installations.FUNCTIONS)
        text = further + script("snapshot.sh", variables, *functions)
        if with_sudo:
            sudo = {"snapshot": text, "sudo_user": as_user, "mark": self._mark}
            text = script("snapshot-with-sudo.sh", sudo)
        # timeout also ends a script that hangs on the host.
        return StringCommand("timeout", "-k", "1", f"{seconds:g}", "sh", "-c", QuoteString(text))

    @override
    def process(self, output: list[str]) -> Snapshot:
        try:
            return parse_snapshot(lines_of(after_mark(output, self._mark) or []))
        except (ValueError, KeyError, IndexError, binascii.Error) as error:
            raise FactProcessError(f"unexpected answer from the host: {error!r}") from error

    @override
    @staticmethod
    def default() -> Snapshot | None:
        return None
