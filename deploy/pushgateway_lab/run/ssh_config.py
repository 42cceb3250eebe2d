"""Patch pyinfra so that it reads OpenSSH's client configuration as OpenSSH does.

pyinfra takes ``ProxyJump none`` for a host's name, ends the whole run for ``ConnectTimeout none``, and lets an
unknown keyword of ``Match`` match every host. This module changes only what pyinfra and paramiko are told.

Source: ssh_config(5) of OpenSSH 10.
"""

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import paramiko.config
from paramiko import ConfigParseError
from pyinfra import logger
from pyinfra.connectors.sshuserclient import client
from pyinfra.connectors.sshuserclient.config import SSHConfig

from pushgateway_lab.run.visible import value

_CRITERIA = frozenset(
    ("all", "canonical", "exec", "final", "host", "localuser", "originalhost", "user")
)
"""The keywords of ``Match`` that paramiko knows; it takes any other for one that matches."""

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}

_LONGEST_EXEC = 10
"""Seconds for the command of a ``Match exec``."""


class Jump(NamedTuple):
    """One jump host of ``ProxyJump``.

    + name: as in the configuration, where it may be an alias
    + user, port: None if ``ProxyJump`` does not set them
    """

    name: str
    user: str | None
    port: int | None

    def __str__(self) -> str:
        """Return the jump host as it is written, without a port or user that is not set."""
        name = f"[{self.name}]" if self.port and ":" in self.name else self.name
        return f"{f'{self.user}@' if self.user else ''}{name}{f':{self.port}' if self.port else ''}"


def bound() -> None:
    """Install the patch; a second call changes nothing."""
    if vars(client)["SSHConfig"] is Config:
        return
    vars(client)["SSHConfig"] = Config
    vars(paramiko.config)["invoke"] = _Invoke
    attach = client._attach_identity_with_certificate  # noqa: SLF001

    def attach_all(cfg: dict[str, Any], host_config: dict[str, Any]) -> None:
        """Try all key files; pyinfra tries only the first one that it can read."""
        files = cfg.get("key_filename", [])
        attach(cfg, host_config)
        if "key_filename" not in cfg and len(files) > 1:
            cfg["key_filename"] = files[1:]

    vars(client)["_attach_identity_with_certificate"] = attach_all


def of(path: str | None) -> "Config | None":
    """Return the configuration in a file, which pyinfra reads once; None if there is none.

    + path: None: ``~/.ssh/config``

    Raises:
        ConfigParseError: the file does not exist, or cannot be read.
    """
    if path:
        path = str(Path(path).expanduser())
        if not Path(path).exists():
            raise ConfigParseError(f"the SSH configuration {path} does not exist")
    try:
        found = client.get_ssh_config(path)
    except (ConfigParseError, OSError, ValueError, RecursionError) as error:
        raise ConfigParseError(f"{path or '~/.ssh/config'}: {error}") from error
    except Exception as error:  # pyinfra raises a bare Exception for files that include each other
        if type(error) is not Exception:
            raise
        raise ConfigParseError(f"{path or '~/.ssh/config'}: {error}") from error
    return found if isinstance(found, Config) else None


class Config(SSHConfig):
    """A configuration whose `lookup` returns only values that pyinfra and paramiko understand."""

    def __init__(self) -> None:
        super().__init__()
        self._told: set[str] = set()

    def lookup(self, hostname: str) -> Any:
        """Return the options for a host; ``proxyjump`` is not among them, see `jumps`."""
        options = super().lookup(hostname)
        changed = understood(options)
        options.clear()
        options.update(changed)
        return options

    def jumps(self, hostname: str, behind: tuple[str, ...] = ()) -> tuple[Jump, ...]:
        """Return the jump hosts on the way to a host, in the order of the way; none for ``none``.

        + behind: the hosts to which the way leads through this one

        Raises:
            ConfigParseError: a jump host cannot be parsed, or the way leads to itself.
        """
        found = jumps(super().lookup(hostname))
        if found:
            behind = (*behind, hostname.lower())
            name = found[0].name
            if name.lower() in behind:
                raise ConfigParseError(
                    f"the SSH configuration reaches {value(name)} through itself; write "
                    f'"ProxyJump none" for Host {value(name)}'
                )
            self.jumps(name, behind)
        return found

    def missing_keys(self, hostname: str) -> list[str]:
        """Return the key files for a host that do not exist."""
        files = map(_path, super().lookup(hostname).get("identityfile", ()))
        return [each for each in files if not _is_none(each) and not _is_file(each)]

    def _get_matches(self, match: str) -> list[dict[str, Any]]:
        # OpenSSH ignores the case of keywords.
        found = super()._get_matches(match)  # type: ignore[misc]
        return [{**each, "type": each["type"].lower()} for each in found]

    def _does_match(self, match_list: list[dict[str, Any]], *args: Any, **kwargs: Any) -> Any:
        for unknown in (each["type"] for each in match_list if each["type"] not in _CRITERIA):
            if unknown not in self._told:
                self._told.add(unknown)
                logger.warning(
                    "~/.ssh/config: Match %s is not supported, so it matches no host",
                    value(unknown),
                )
            return False
        return super()._does_match(match_list, *args, **kwargs)  # type: ignore[misc]


def understood(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options of OpenSSH in the form that pyinfra understands.

    + options: of one host, as paramiko's `SSHConfig.lookup` returns them, in the order in which they were set

    Raises:
        ConfigParseError: OpenSSH would not accept a value either.
    """
    found = {key: each for key, each in options.items() if each is not None}
    # Whichever of the two comes first prevents the other, also as "none".
    first = _first_way(options)
    found.pop("proxyjump", None)
    if first == "proxyjump" or _is_none(found.get("proxycommand")):
        found.pop("proxycommand", None)
    for key in ("connecttimeout", "serveraliveinterval"):
        if key in found and (seconds := _seconds(key, found.pop(key))):
            found[key] = str(seconds)
    if "port" in found:
        found["port"] = str(_port(found["port"]))
    return found | _files(found)


def _files(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options that name files, and take those that pyinfra must not see from `options`."""
    found: dict[str, Any] = {
        key: _path(options[key])
        for key in ("identityagent", "userknownhostsfile", "certificatefile")
        if key in options
    }
    if found.get("identityagent") == "SSH_AUTH_SOCK":
        del found["identityagent"], options["identityagent"]
    if _is_none(found.get("userknownhostsfile")):
        found["userknownhostsfile"] = os.devnull
    # OpenSSH skips key files that do not exist. paramiko ends with the first of them.
    if there := list(filter(_is_file, map(_path, options.pop("identityfile", ())))):
        found["identityfile"] = there
    return found


def jumps(options: Mapping[str, Any]) -> tuple[Jump, ...]:
    """Return the jump hosts in options; none for ``none``, or if a ``ProxyCommand`` comes first.

    Raises:
        ConfigParseError: a jump host cannot be parsed.
    """
    written = options["proxyjump"] if _first_way(options) == "proxyjump" else None
    if written is None or _is_none(written):
        return ()
    return tuple(map(_jump, written.split(",")))


def _first_way(options: Mapping[str, Any]) -> str | None:
    return next((key for key in options if key in ("proxycommand", "proxyjump")), None)


def _jump(written: str) -> Jump:
    """Return a jump host that is written as ``[user@]host[:port]`` or as a URI ``ssh://``."""
    rest = written.strip().removeprefix("ssh://").rstrip("/")
    user, _, place = rest.rpartition("@")
    found = re.fullmatch(
        r"\[(?P<six>[^\]]+)\](?::(?P<six_port>.+))?|(?P<name>[^:]+):(?P<port>[^:]+)", place
    )
    name, port = place, None
    if found:
        name = found["six"] or found["name"]
        port = found["six_port"] or found["port"]
    if not name:
        raise ConfigParseError(f"ProxyJump has no host name in {value(written)!r}")
    return Jump(name, user or None, _port(port) if port else None)


def _is_none(written: str | None) -> bool:
    return written is not None and written.strip('" ').lower() == "none"


def _seconds(key: str, written: str) -> int:
    """Return a time of OpenSSH, such as ``90``, ``1m30s`` or ``none`` (0), in seconds."""
    if _is_none(written):
        return 0
    if not re.fullmatch(r"(\d+[smhdwSMHDW]?)+", written):
        raise ConfigParseError(f"{key} {value(written)} is no time")
    parts = re.findall(r"(\d+)([a-z]?)", written.lower())
    return sum(int(number) * _UNITS[unit] for number, unit in parts)


def _port(written: str) -> int:
    if re.fullmatch(r"\d{1,5}", written) and 0 < int(written) < 65_536:  # noqa: PLR2004 - the ports of TCP
        return int(written)
    raise ConfigParseError(f"{value(written)} is no port")


def _path(written: str) -> str:
    r"""Return a path with ``${NAME}`` replaced by variables of this machine, and ``%d`` by the home."""
    path = re.sub(r"\$\{(\w+)\}", lambda found: os.environ.get(found[1], found[0]), written)
    return path.replace("%d", str(Path.home())) if "%d" in path else path


def _is_file(written: str) -> bool:
    return Path(written).expanduser().is_file()


class _Invoke:
    """Runs the command of a ``Match exec``, in the way that paramiko calls the library invoke.

    pyinfra's own gives the command to the shell as the name of a script.
    """

    class _Result(NamedTuple):
        ok: bool

    @classmethod
    def run(cls, command: str, **options: Any) -> "_Invoke._Result":
        """Return whether a command of the user's own configuration exits with 0."""
        del options
        shell = os.environ.get("SHELL") or "/bin/sh"
        try:
            done = subprocess.run(  # the user's own command, as OpenSSH runs it
                [shell, "-c", command],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                timeout=_LONGEST_EXEC,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            logger.warning("Match exec %s: %s", value(command), value(str(error)))
            return cls._Result(ok=False)
        return cls._Result(ok=done.returncode == 0)
