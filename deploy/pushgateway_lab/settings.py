"""Host data to validated settings, with every default.

Settings are pyinfra host data whose names start with ``pushgateway_`` or ``prometheus_``. Defaults
live here and not in ``group_data``, because pyinfra finds ``group_data`` only beside an inventory
file, not for ``pyinfra HOST`` and ``@local``.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakSet

from pyinfra.api.exceptions import PyinfraError
from pyinfra.api.host import Host
from pyinfra.api.state import State

from pushgateway_lab import matchers

PREFIXES = ("pushgateway_", "prometheus_")

# A key this similar to one of ours is taken for a misspelling of it (1.0 is the same word).
# 0.9 catches a letter lost, doubled or swapped; prometheus_config_dir (0.88) stays its owner's.
MISSPELT = 0.9

_DURATION = re.compile(
    r"(?=\d)(\d+y)?(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?"
)  # Prometheus: configuration, <duration>
_HOST = r"(?:\[[0-9A-Fa-f:.%\w]+\]|[A-Za-z0-9._-]*)"
_LISTEN_ADDRESS = re.compile(rf"{_HOST}:\d+")
_FLAG = re.compile(r"[a-z][a-z0-9.-]*")
_UNIT = re.compile(r"[A-Za-z0-9:_.@-]+\.service")


# Runs whose hosts have all been checked: once is enough, or n hosts would cost n times n checks.
_checked: WeakSet[State] = WeakSet()


class SettingsError(PyinfraError):
    """One or more hosts have settings that cannot be used; nothing was touched on any host."""


def _one_of(*choices: str) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        if value not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return value

    return check


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be True or False")  # noqa: TRY004 - one kind of error to report
    return value


def _seconds(value: Any) -> float:
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not 0 < value < float("inf")
    ):
        raise ValueError("must be a number of seconds greater than 0")
    return float(value)


def _matching(pattern: re.Pattern[str], expected: str) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise ValueError(f"must be {expected}")
        return value

    return check


def _age(value: Any) -> str:
    duration = _matching(_DURATION, "a Prometheus duration such as 24h or 1d12h")(value)
    if not re.search("[1-9]", duration):
        raise ValueError("must be longer than nothing: it would delete every group")
    return duration


def _name(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise ValueError(
            "must be a text that is not empty; on pyinfra's command line, "
            "quote a name made of digits twice: '\"007\"'"
        )
    return value


def _path(value: Any) -> str:
    if not isinstance(value, str) or not value.startswith("/") or not value.isprintable():
        raise ValueError("must be an absolute path")
    return value


def _listen_address(value: Any) -> str:
    address = _matching(_LISTEN_ADDRESS, "an address such as 127.0.0.1:9091 or [::1]:9091")(value)
    _check_port(address)
    return address


def _check_port(address: str) -> None:
    port = int(address.rpartition(":")[2])
    if not 0 < port <= 65535:  # noqa: PLR2004 - RFC 793
        raise ValueError(f"has port {port}, which is not between 1 and 65535")


def _url(*schemes: str) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        text = value if isinstance(value, str) and value.isprintable() else ""
        parts = urlsplit(text)
        if parts.scheme not in schemes or not parts.hostname or parts.query or parts.fragment:
            raise ValueError(
                f"must be a URL such as http://127.0.0.1:9090 ({' or '.join(schemes)}, as seen on "
                "the host)"
            )
        if parts.username is not None:
            raise ValueError("must not hold a user name or a password")
        return text.rstrip("/")

    return check


def _local_file(value: Any) -> str:
    return str(Path(_name(value)).expanduser())


def _selectors(value: Any) -> tuple[str, ...]:
    items = (value,) if isinstance(value, str) else value
    if not isinstance(items, list | tuple) or not all(isinstance(item, str) for item in items):
        raise ValueError("must be a list of label matchers such as 'job=\"backup\"'")
    for item in items:
        matchers.check(item)
    return tuple(items)


def _targets(value: Any) -> tuple[str, ...]:
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, list | tuple) or not items:
        raise ValueError("must be a list of HOST:PORT")
    targets = tuple(item.strip() if isinstance(item, str) else item for item in items)
    for target in targets:
        if (
            not isinstance(target, str)
            or not re.fullmatch(rf"{_HOST}:\d+", target)
            or target[0] == ":"
        ):
            raise ValueError(f"must be a list of HOST:PORT; {target!r} is not one")
        _check_port(target)
    return targets


def _flags(value: Any) -> dict[str, str | bool]:
    if not isinstance(value, Mapping):
        raise ValueError(  # noqa: TRY004 - one kind of error to report
            'must be a mapping of flag to value, such as {"persistence.interval": "1m"}'
        )
    flags: dict[str, str | bool] = {}
    for flag, given in value.items():
        if not isinstance(flag, str) or not _FLAG.fullmatch(flag):
            raise ValueError(f"has the flag {flag!r}; write it without dashes, as in log.level")
        if flag in ("web.listen-address", "web.enable-admin-api"):
            raise ValueError(f"has the flag {flag}, which has a setting of its own")
        if not isinstance(given, str | bool | int | float):
            raise ValueError(f"has {given!r} as value of {flag}; give a text, a number or True")  # noqa: TRY004
        flags[flag] = given if isinstance(given, bool) else str(given)
    return flags


def _setting(default: Any, check: Callable[[Any], Any], says: str) -> Any:
    """A field of `Settings`: its default, its check, and the line that says what it does."""
    metadata = {"check": check, "says": says}
    if isinstance(default, dict):
        return field(default_factory=default.copy, metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Settings:
    """The settings of one host, checked. Every field is one key of host data."""

    pushgateway_listen_address: str = _setting(
        "127.0.0.1:9091",
        _listen_address,
        "where the Pushgateway listens; an address already in its ARGS is kept unless this is set",
    )
    pushgateway_admin_api: bool = _setting(
        True,
        _boolean,
        "--web.enable-admin-api: lets everybody who reaches the port wipe all groups",
    )
    pushgateway_extra_flags: dict[str, str | bool] = _setting(
        {},
        _flags,
        "more Pushgateway flags, without dashes: flag -> value, or True for one that takes none",
    )
    pushgateway_allow_data_loss: bool = _setting(
        False,
        _boolean,
        "restart a Pushgateway that holds pushed groups and does not persist them",
    )
    pushgateway_job_name: str = _setting(
        "pushgateway", _name, "job_name of the scrape job in Prometheus's configuration"
    )
    pushgateway_targets: tuple[str, ...] | None = _setting(
        None,
        _targets,
        "targets of that job, HOST:PORT; None: localhost and the port the Pushgateway listens on",
    )
    pushgateway_scrape_interval: str | None = _setting(
        None,
        _matching(_DURATION, "a Prometheus duration such as 15s or 1m30s"),
        "scrape_interval of that job, as 5s or 1m; None: left to the file, else Prometheus's own",
    )
    pushgateway_smoke: str = _setting(
        "auto",
        _one_of("auto", "always", "never"),
        "push a metric and see it arrive: auto (when this run changed something), always, never",
    )
    pushgateway_smoke_timeout: float | None = _setting(
        None,
        _seconds,
        "seconds until that metric must have arrived; None: two of Prometheus's scrape intervals",
    )
    pushgateway_apt_timeout: float = _setting(
        300.0,
        _seconds,
        "seconds to wait for another program, as a new VM's own updates, to let go of apt",
    )
    pushgateway_url: str | None = _setting(
        None,
        _url("http", "https"),
        "where the Pushgateway answers, as seen on the host; None: http, where it listens",
    )
    pushgateway_username: str | None = _setting(
        None, _name, "user name for the Pushgateway's basic authentication"
    )
    pushgateway_password_file: str | None = _setting(
        None, _local_file, "file on this machine that holds that user's password"
    )
    pushgateway_ca_file: str | None = _setting(
        None, _local_file, "file on this machine: certificates (PEM) to trust for an https URL"
    )
    pushgateway_cert_file: str | None = _setting(
        None, _local_file, "file on this machine: client certificate (PEM) for an https URL"
    )
    pushgateway_key_file: str | None = _setting(
        None, _local_file, "file on this machine: its key (PEM); None: it is in the same file"
    )
    pushgateway_prune_after: str | None = _setting(
        None,
        _age,
        "have the host delete groups whose last push is longer ago than this, as 24h; None: never",
    )
    pushgateway_prune_keep: tuple[str, ...] = _setting(
        (),
        _selectors,
        "label matchers of groups to keep whatever their age, as 'job=\"backup\"'; one is enough",
    )
    pushgateway_prune_report: bool = _setting(
        False, _boolean, "have each prune push what it did, as job pushgateway_lab_prune"
    )
    prometheus_config_path: str = _setting(
        "/etc/prometheus/prometheus.yml", _path, "the configuration file the job is merged into"
    )
    prometheus_unit: str = _setting(
        "prometheus.service",
        _matching(_UNIT, "the name of a systemd unit such as prometheus.service"),
        "Prometheus's systemd unit",
    )
    prometheus_url: str = _setting(
        "http://127.0.0.1:9090",
        _url("http"),
        "where Prometheus answers, as seen from the host itself",
    )
    prometheus_reload_timeout: float = _setting(
        30.0, _seconds, "seconds until Prometheus must have taken, or refused, a configuration"
    )
    given: frozenset[str] = frozenset()
    """The keys somebody set: only those replace what an administrator wrote on the host."""

    @property
    def prometheus_port(self) -> int:
        """The TCP port of `prometheus_url`."""
        return urlsplit(self.prometheus_url).port or 80


KEYS = tuple(field.name for field in fields(Settings) if "check" in field.metadata)


def parse(data: Mapping[str, Any]) -> Settings:
    """The settings that host data asks for, with defaults for all the rest.

    Raises:
        SettingsError: a value is impossible, or a key is a misspelling of one of ours. The message
            has one line for each.
    """
    problems = [
        f"{key}: no such setting; did you mean {near}?"
        for key in data
        if (near := _misspelling_of(key))
    ]
    values: dict[str, Any] = {}
    for setting in fields(Settings):
        key = setting.name
        if key in KEYS and data.get(key) is not None:
            try:
                values[key] = setting.metadata["check"](data[key])
            except ValueError as error:
                problems.append(f"{key} = {data[key]!r}: {error}")
    if problems:
        raise SettingsError("\n".join(problems))
    return Settings(**values, given=frozenset(values))


@cache  # the hosts of a class mostly have the same keys
def _misspelling_of(key: str) -> str | None:
    """The setting that was meant by an unknown key; None if it is known or somebody else's."""
    if key in KEYS:
        return None
    plain = key.replace("-", "_").lower()
    shortened = [known for known in KEYS if known.startswith(f"{plain}_")]
    if plain.startswith(PREFIXES) and len(shortened) == 1:
        return shortened[0]
    return next(iter(get_close_matches(plain, KEYS, n=1, cutoff=MISSPELT)), None)


def for_host(state: State, host: Host) -> Settings:
    """The settings of a host, once those of every host of this run are known to be good.

    Raises:
        SettingsError: for any host of the run, so that nothing is touched anywhere.
    """
    if state not in _checked:
        check_all(state.inventory.get_active_hosts())
        _checked.add(state)
    return parse(host.data.dict())


def check_all(hosts: Iterable[Host]) -> None:
    """Raise one `SettingsError` that names each host with bad settings, and each bad key.

    Hosts that share a mistake, as a group's, share its line.
    """
    hosts_with: dict[str, list[str]] = {}
    for host in sorted(hosts, key=lambda host: host.name):
        try:
            parse(host.data.dict())
        except SettingsError as error:
            for line in str(error).splitlines():
                hosts_with.setdefault(line, []).append(host.name)
    if hosts_with:
        lines = [f"{', '.join(names)}: {line}" for line, names in hosts_with.items()]
        raise SettingsError("settings that cannot be used:\n        " + "\n        ".join(lines))
