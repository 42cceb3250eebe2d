"""The protocols of an installation of Prometheus and of the Pushgateway.

`variable`, `unit` and `lone` in this package implement both.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.installations.flags import Flag
from pushgateway_lab.services import Service
from pushgateway_lab.settings import Settings


class Plan(NamedTuple):
    """The wanted configuration of the Pushgateway of a host.

    + flags: the whole wanted command line
    + text: the wanted text of the flags file; empty: no text, as of a drop-in that is not needed
    + hardening: the wanted text of the drop-in that restricts the service; empty: no drop-in
    """

    flags: tuple[Flag, ...]
    text: str
    hardening: str = ""


class Installation(Protocol):
    """One way in which a server got onto a host."""

    @property
    def service(self) -> Service:
        """The service that runs the server."""

    @property
    def flags_place(self) -> str:
        """The place at which the administrator has the flags, in words for a message."""

    def to_edit_flags(self, example: Flag | None = None) -> str:
        """Return the commands for people to change the flags.

        + example: the flag to add, shown in a comment
        """


class PrometheusInstallation(Installation, Protocol):
    """One way in which Prometheus got onto a host."""

    @property
    def group(self) -> str:
        """The group that may read the configuration file."""

    @property
    def to_restore_config(self) -> str | None:
        """The command that restores the installed configuration file; None if there is none."""

    @property
    def to_change_port(self) -> str:
        """The instruction to have the server listen on another port: what to write and to set."""

    def to_harden(self, storage: str) -> str:
        """Return the text of the drop-in that restricts the service to what it needs.

        + storage: the directory of the samples, as a flag of the process has it; empty without the flag

        Raises:
            FlagError: it cannot be written for this directory.
            HostError: this toolkit does not know what the service needs, because it is somebody else's.
        """


class PushgatewayInstallation(Installation, Protocol):
    """One way in which the Pushgateway got onto a host."""

    @property
    def flags_file(self) -> str:
        """The file in which this toolkit changes the Pushgateway's flags; empty if it changes none."""

    @property
    def is_drop_in(self) -> bool:
        """Return whether `flags_file` is a drop-in of this toolkit. systemd reads a new one after a daemon-reload."""

    @property
    def is_enabled_by_us(self) -> bool:
        """Return whether bootstrap enables the service. A package that enables its service wants this."""

    def written_flags(self, seen: Snapshot) -> tuple[Flag, ...]:
        """Return the flags as they are written.

        Raises:
            FlagError: the flags cannot be parsed.
        """

    def plan(self, seen: Snapshot, settings: Settings) -> Plan:
        """Return the administrator's flags, merged with the settings.

        Raises:
            HostError: the flags cannot be parsed, or are in a place that this toolkit does not change.
        """

    def to_harden(self, flags: Sequence[Flag], files: Sequence[str] = ()) -> str:
        """Return the text of the drop-in that restricts the service to what it needs.

        + flags: the wanted ones
        + files: further files that the Pushgateway reads

        Raises:
            FlagError: it cannot be written for these flags.
            HostError: this toolkit does not know what the service needs, because it is somebody else's.
        """

    @property
    def to_see_flags(self) -> str:
        """The commands for people to see the flags and restart the Pushgateway with them."""
