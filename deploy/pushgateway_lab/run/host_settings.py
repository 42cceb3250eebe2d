"""The settings of the hosts of a run. The data of each host is parsed once."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from pyinfra.api.host import Host

from pushgateway_lab.run.run import Run
from pushgateway_lab.settings import Settings, SettingsError, parse_settings


class _Parsed(NamedTuple):
    """The data of a host, and the settings or the error that it results in."""

    data: Mapping[str, Any]
    settings: Settings | SettingsError


class _HostSettings:
    """The parsed settings of the hosts of a run.

    + are_checked: whether the settings of all hosts are known to be valid
    """

    def __init__(self, run: Run) -> None:
        del run
        self.are_checked = False
        self._parsed: dict[Host, _Parsed] = {}

    def of(self, host: Host) -> Settings | SettingsError:
        data = host.data.dict()
        known = self._parsed.get(host)
        # A user's deploy may change host data before it calls one of ours.
        if known is None or known.data != data:
            typed = host.state.inventory.get_override_data()
            self._parsed[host] = known = _Parsed(data, _parsed(data, typed, host.name))
        return known.settings


def _parsed(data: Mapping[str, Any], typed: Collection[str], host: str) -> Settings | SettingsError:
    try:
        return parse_settings(data, typed=typed, host=host)
    except SettingsError as error:
        return error


def for_host(host: Host) -> Settings:
    """Return the settings of a host, after a check of the settings of all hosts of the run.

    Raises:
        SettingsError: the settings of a host of the run are invalid; so the run changes no host.
    """
    known = Run.of(host.state).part(_HostSettings)
    if not known.are_checked:
        check_all(host.state.inventory.get_active_hosts())
        known.are_checked = True
    return settings_of(host)


def settings_of(host: Host) -> Settings:
    """Return the settings of a host, without a check of other hosts.

    Raises:
        SettingsError: its host data is invalid.
    """
    found = Run.of(host.state).part(_HostSettings).of(host)
    if isinstance(found, SettingsError):
        raise SettingsError(str(found))
    return found


def check_all(hosts: Iterable[Host]) -> None:
    """Check the settings of all these hosts.

    Raises:
        SettingsError: settings are invalid; the message names each key with its hosts. Hosts with the same
            problem, as from their group's data, share a line.
    """
    hosts_with: dict[str, list[str]] = {}
    for host in sorted(hosts, key=lambda host: host.name):
        found = Run.of(host.state).part(_HostSettings).of(host)
        if isinstance(found, SettingsError):
            for line in str(found).splitlines():
                hosts_with.setdefault(line, []).append(host.name)
    if hosts_with:
        lines = [f"{', '.join(names)}: {line}" for line, names in hosts_with.items()]
        raise SettingsError("invalid settings:\n        " + "\n        ".join(lines))
