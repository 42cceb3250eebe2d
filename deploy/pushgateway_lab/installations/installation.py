"""The protocols of an installation of Prometheus and of the Pushgateway.

`pushgateway_lab.installations.debian` is the first implementation of both.
"""

from typing import NamedTuple, Protocol

from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.installations.flags import Flag
from pushgateway_lab.services import Service
from pushgateway_lab.settings import Settings


class Plan(NamedTuple):
    """The wanted configuration of the Pushgateway of a host.

    + flags: the whole wanted command line
    + text: the wanted text of the flags file
    """

    flags: tuple[Flag, ...]
    text: str


class Installation(Protocol):
    """One way to install a server on a host."""

    @property
    def service(self) -> Service:
        """The service that runs the server."""

    @property
    def package(self) -> str:
        """The package of the server."""

    def is_there(self, seen: Snapshot) -> bool:
        """Return whether the host has this server, however it was installed."""


class PrometheusInstallation(Installation, Protocol):
    """One way to install Prometheus on a host."""

    @property
    def group(self) -> str:
        """The group that may read the configuration file."""

    @property
    def to_restore_config(self) -> str:
        """The command that restores the installed configuration file."""

    @property
    def flags_file(self) -> str:
        """The file with Prometheus's flags."""

    @property
    def to_change_port(self) -> str:
        """The instruction to have the server listen on another port: what to write and to set."""


class PushgatewayInstallation(Installation, Protocol):
    """One way to install the Pushgateway on a host."""

    @property
    def flags_file(self) -> str:
        """The file with the Pushgateway's flags."""

    @property
    def flags_place(self) -> str:
        """The place of the flags in that file, in words for a message."""

    @property
    def default_persistence_file(self) -> str:
        """The file to which this installation's program persists without its flag --persistence.file."""

    def written_flags(self, seen: Snapshot) -> tuple[Flag, ...]:
        """Return the flags in the flags file.

        Raises:
            FlagError: the flags cannot be parsed.
        """

    def plan(self, seen: Snapshot, settings: Settings) -> Plan:
        """Return the administrator's flags, merged with the settings.

        Raises:
            HostError: the flags cannot be parsed, or are in a file that this toolkit does not change.
        """

    def persistence_without_flag(self, seen: Snapshot) -> str | None:
        """Return the file in which the running Pushgateway would keep its groups without a flag; None if unknown."""

    def to_edit_flags(self, example: Flag | None = None) -> str:
        """Return the commands for people to change the flags.

        + example: the flag to add, shown in a comment
        """

    @property
    def to_see_flags(self) -> str:
        """The commands for people to see the flags and restart the Pushgateway with them."""
