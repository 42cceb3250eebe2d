"""What settings may hold: each function checks one kind of value and returns it as it is used.

They raise ValueError with what the value must be; `settings` adds the key and the host.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pushgateway_lab import matchers

DURATION = re.compile(
    r"(?=\d)(\d+y)?(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?"
)  # Prometheus: configuration, <duration>
_HOST = r"(?:\[[0-9A-Fa-f:.%\w]+\]|[A-Za-z0-9._-]*)"
_LISTEN_ADDRESS = re.compile(rf"{_HOST}:\d+")
_FLAG = re.compile(r"[a-z][a-z0-9.-]*")
UNIT = re.compile(r"[A-Za-z0-9:_.@-]+\.service")


def one_of(*choices: str) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        if value not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return value

    return check


def boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be True or False")  # noqa: TRY004 - one kind of error to report
    return value


def seconds(value: Any) -> float:
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not 0 < value < float("inf")
    ):
        raise ValueError("must be a number of seconds greater than 0")
    return float(value)


def matching(pattern: re.Pattern[str], expected: str) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise ValueError(f"must be {expected}")
        return value

    return check


def age(value: Any) -> str:
    duration = matching(DURATION, "a Prometheus duration such as 24h or 1d12h")(value)
    if not re.search("[1-9]", duration):
        raise ValueError("must be longer than nothing: it would delete every group")
    return duration


def name(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise ValueError(
            "must be a text that is not empty; on pyinfra's command line, "
            "quote a name made of digits twice: '\"007\"'"
        )
    return value


def path(value: Any) -> str:
    if not isinstance(value, str) or not value.startswith("/") or not value.isprintable():
        raise ValueError("must be an absolute path")
    return value


def listen_address(value: Any) -> str:
    address = matching(_LISTEN_ADDRESS, "an address such as 127.0.0.1:9091 or [::1]:9091")(value)
    _check_port(address)
    return address


def _check_port(address: str) -> None:
    port = int(address.rpartition(":")[2])
    if not 0 < port <= 65535:  # noqa: PLR2004 - RFC 793
        raise ValueError(f"has port {port}, which is not between 1 and 65535")


def url(*schemes: str) -> Callable[[Any], str]:
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


def local_file(value: Any) -> str:
    return str(Path(name(value)).expanduser())


def selectors(value: Any) -> tuple[str, ...]:
    items = (value,) if isinstance(value, str) else value
    if not isinstance(items, list | tuple) or not all(isinstance(item, str) for item in items):
        raise ValueError("must be a list of label matchers such as 'job=\"backup\"'")
    for item in items:
        matchers.check(item)
    return tuple(items)


def targets(value: Any) -> tuple[str, ...]:
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


def flags(value: Any) -> dict[str, str | bool]:
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
