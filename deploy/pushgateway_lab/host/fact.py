"""The snapshot of a host as a fact of pyinfra, for other people's code; and the command that takes it.

The deploys ask for it in `pushgateway_lab.host.looking`, since a fact that fails stops nothing.
"""

import binascii

from pyinfra.api.command import QuoteString, StringCommand
from pyinfra.api.exceptions import FactProcessError
from pyinfra.api.facts import FactBase
from typing_extensions import override

from pushgateway_lab import installations, scrape_config
from pushgateway_lab.facts.snapshot import Snapshot, lines_of, parse_snapshot
from pushgateway_lab.pruning import layout
from pushgateway_lab.run.host_files import script
from pushgateway_lab.run.shell import after_mark, new_mark
from pushgateway_lab.services import MANAGER
from pushgateway_lab.settings import Settings


class HostSnapshot(FactBase[Snapshot | None]):
    """Returns the `Snapshot` of a host; None, the default, means unknown and never absent.

    + config_path: Prometheus's configuration file
    + servers: what is known of both servers, see `pushgateway_lab.installations.look_variables`;
      None: Debian's packages
    + prometheus_url: where Prometheus answers, as seen from the host
    + with_sudo: run with sudo, and tell if sudo refuses instead of asking for a password
    + as_user: whom sudo is to become, root if empty
    + further: shell that defines look_further, which looks at more; see `pushgateway_lab.course.questions`
    + mark: a line that no host can know; its answer begins behind it
    + seconds: after which the host itself ends the look
    + secrets_follow: on standard input, see `pushgateway_lab.pruning.files.compared_on_host`
    """

    @override
    def command(
        self,
        config_path: str = Settings.prometheus_config_path,
        servers: dict[str, str] | None = None,
        prometheus_url: str = Settings.prometheus_url,
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
            "secrets_follow": "yes" if secrets_follow else "",
            "prune_files": " ".join(layout.FILES),
            "prune_secrets": " ".join(layout.SECRETS),
            "prune_unit_names": " ".join(layout.UNITS),
            **(servers or installations.look_variables(Settings())),
        }
        functions = ("whose.sh", MANAGER.functions, installations.FUNCTIONS)
        text = further + script("snapshot.sh", variables, *functions)
        if with_sudo:
            sudo = {"snapshot": text, "sudo_user": as_user, "mark": self._mark}
            text = script("snapshot-with-sudo.sh", sudo)
        # Whatever hangs on the host ends there, too.
        return StringCommand("timeout", "-k", "1", f"{seconds:g}", "sh", "-c", QuoteString(text))

    @override
    def process(self, output: list[str]) -> Snapshot:
        try:
            return parse_snapshot(lines_of(after_mark(output, self._mark) or []))
        except (ValueError, KeyError, IndexError, binascii.Error) as error:
            raise FactProcessError(f"the host's answer makes no sense: {error!r}") from error

    @override
    @staticmethod
    def default() -> Snapshot | None:
        return None
