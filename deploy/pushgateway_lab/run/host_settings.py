"""The settings of the hosts of a run: each host's data is parsed once."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from pyinfra.api.host import Host

from pushgateway_lab.run.run import Run
from pushgateway_lab.settings import Settings, SettingsError, parse_settings


class _Parsed(NamedTuple):
    """The data of a host, and the settings that it gives."""

    data: Mapping[str, Any]
    settings: Settings | SettingsError


class _HostSettings:
    """The parsed settings of the hosts of a run; `are_checked` if all hosts are known to have usable ones."""

    def __init__(self, run: Run) -> None:
        del run
        self.are_checked = False
        self._parsed: dict[Host, _Parsed] = {}

    def of(self, host: Host) -> Settings | SettingsError:
        data = host.data.dict()
        known = self._parsed.get(host)
        # A deploy may set host data of its own before it calls ours.
        if known is None or known.data != data:
            self._parsed[host] = known = _Parsed(data, _parsed(data))
        return known.settings


def _parsed(data: Mapping[str, Any]) -> Settings | SettingsError:
    try:
        return parse_settings(data)
    except SettingsError as error:
        return error


def for_host(host: Host) -> Settings:
    """Return the settings of a host, once those of every host of its run are known to be usable.

    Raises:
        SettingsError: for any host of the run, so that nothing is touched anywhere.
    """
    known = Run.of(host.state).part(_HostSettings)
    if not known.are_checked:
        check_all(host.state.inventory.get_active_hosts())
        known.are_checked = True
    return settings_of(host)


def settings_of(host: Host) -> Settings:
    """Return the settings of a host, whatever those of other hosts are.

    Raises:
        SettingsError: its host data cannot be used.
    """
    found = Run.of(host.state).part(_HostSettings).of(host)
    if isinstance(found, SettingsError):
        raise SettingsError(str(found))
    return found


def check_all(hosts: Iterable[Host]) -> None:
    """Raise one `SettingsError` that names each host with unusable settings, and each key.

    Hosts that share a mistake, as a group's, share its line.
    """
    hosts_with: dict[str, list[str]] = {}
    for host in sorted(hosts, key=lambda host: host.name):
        found = Run.of(host.state).part(_HostSettings).of(host)
        if isinstance(found, SettingsError):
            for line in str(found).splitlines():
                hosts_with.setdefault(line, []).append(host.name)
    if hosts_with:
        lines = [f"{', '.join(names)}: {line}" for line, names in hosts_with.items()]
        raise SettingsError("settings that cannot be used:\n        " + "\n        ".join(lines))
