"""What differs from one way of installing a server to another, as protocols.

`pushgateway_lab.installations.debian` is the first implementation of both.
"""

from typing import NamedTuple, Protocol

from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.installations.flags import Flag
from pushgateway_lab.services import Service
from pushgateway_lab.settings import Settings


class Plan(NamedTuple):
    """What the Pushgateway of a host is to be.

    + flags: the whole command line it is to run with
    + text: the text that its flags file is to have
    """

    flags: tuple[Flag, ...]
    text: str


class Installation(Protocol):
    """How a server got onto a host, and what depends on that."""

    @property
    def service(self) -> Service:
        """The service that runs it."""

    @property
    def package(self) -> str:
        """The package it comes from."""

    def is_there(self, seen: Snapshot) -> bool:
        """Return whether the host has this server already, however it was installed."""


class PrometheusInstallation(Installation, Protocol):
    """How Prometheus got onto a host."""

    @property
    def group(self) -> str:
        """The group that may read its configuration file."""

    @property
    def to_restore_config(self) -> str:
        """The command that brings back its configuration file as it was installed."""


class PushgatewayInstallation(Installation, Protocol):
    """How the Pushgateway got onto a host."""

    @property
    def flags_file(self) -> str:
        """The file that its command line is written in."""

    @property
    def flags_place(self) -> str:
        """Where in that file, in words."""

    def written_flags(self, seen: Snapshot) -> tuple[Flag, ...]:
        """Return the flags that are written in its flags file.

        Raises:
            FlagError: they cannot be read.
        """

    def plan(self, seen: Snapshot, settings: Settings) -> Plan:
        """Return the flags that an administrator chose, with what the settings add or replace.

        Raises:
            HostError: its flags cannot be read, or are written where this toolkit does not change them.
        """

    def to_edit_flags(self, example: Flag | None = None) -> str:
        """Return the commands with which a person changes its flags.

        + example: the flag to add, shown in a comment
        """

    @property
    def to_see_flags(self) -> str:
        """The commands with which a person sees its flags, and has it run with them."""
