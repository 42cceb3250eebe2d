"""The flags of the Pushgateway: parse a command line, and merge the settings into it.

Pure functions on text. Each installation knows where its command line is written.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from pushgateway_lab.formats.characters import shown
from pushgateway_lab.installations.web_files import WEB_CONFIGS, web_config_of
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.settings import Settings
from pushgateway_lab.settings.contradictions import WEB_CONFIG_FLAG

LISTEN_ADDRESS = "web.listen-address"
ADMIN_API = "web.enable-admin-api"
TELEMETRY_PATH = "web.telemetry-path"
PERSISTENCE = "persistence.file"
"""The flag with the file in which the Pushgateway keeps its groups; empty: it has them in memory only."""

_OF_WEB_CONFIG = (
    "pushgateway_basic_auth_users",
    "pushgateway_generate_password",
    "pushgateway_tls_",
)
"""The beginnings of the names of the settings that give the Pushgateway a web configuration file."""


class FlagError(ValueError):
    """A command line that cannot be parsed or written safely."""


class Flag(NamedTuple):
    """One flag: ``--name``, ``--no-name`` or ``--name=value``; with an empty name, a word that is no flag."""

    name: str
    value: str | bool

    def __str__(self) -> str:
        if not self.name:
            return str(self.value)
        if isinstance(self.value, bool):
            return f"--{self.name}" if self.value else f"--no-{self.name}"
        return f"--{self.name}={self.value}"


def parse_flags(words: Sequence[str]) -> tuple[Flag, ...]:
    """Return the flags in a list of arguments, parsed like the Pushgateway's parser (kingpin).

    The value of a flag follows ``=`` or is the next word. ``--no-x`` turns a switch off. Words that are no flags
    are kept as flags with an empty name, so that comparisons see them.
    """
    flags: list[Flag] = []
    rest = deque(words)
    while rest:
        word = rest.popleft()
        name, equals, value = word.lstrip("-").partition("=")
        if not word.startswith("-"):
            flags.append(Flag("", word))
        elif equals:
            flags.append(Flag(name, value))
        elif rest and not rest[0].startswith("-"):
            flags.append(Flag(name, rest.popleft()))
        elif name.startswith("no-"):
            flags.append(Flag(name.removeprefix("no-"), value=False))
        else:
            flags.append(Flag(name, value=True))
    return tuple(flags)


def merge(
    present: Sequence[Flag], settings: Settings, *, keeps: Callable[[], bool]
) -> tuple[Flag, ...]:
    """Return the wanted flags: the present ones, changed by the settings.

    An explicit setting replaces the flag of that name. The default of a setting is added only if the flag is
    missing. All other flags of the administrator are kept. The flag with a web configuration file of this toolkit is
    there only if the settings want that file.

    + keeps: returns whether a Pushgateway without a listen address keeps the usual one, which all hosts reach

    Raises:
        HostError: the settings want a web configuration file, and the administrator has one.
    """
    wanted = [
        (Flag(LISTEN_ADDRESS, settings.pushgateway_listen_address), "pushgateway_listen_address"),
        (Flag(ADMIN_API, settings.pushgateway_admin_api), "pushgateway_admin_api"),
        *(
            (Flag(name, value), "pushgateway_extra_flags")
            for name, value in settings.pushgateway_extra_flags.items()
        ),
    ]
    merged = list(present)
    for flag, key in wanted:
        if key in settings.given:
            merged = replaced(merged, flag)
        elif all(each.name != flag.name for each in merged) and not (
            flag.name == LISTEN_ADDRESS and keeps()
        ):
            merged.append(flag)
    return tuple(_with_web_config(merged, web_config_of(settings)))


def setting_of(flag: Flag, settings: Settings) -> str | None:
    """Return the name of the setting that gives the Pushgateway a flag; None for a flag of an administrator."""
    if settings.pushgateway_extra_flags.get(flag.name) == flag.value:
        return "pushgateway_extra_flags"
    if flag.name == WEB_CONFIG_FLAG and flag.value in WEB_CONFIGS:
        return " or ".join(
            sorted(each for each in settings.given if each.startswith(_OF_WEB_CONFIG))
        )
    of_settings = {
        LISTEN_ADDRESS: (settings.pushgateway_listen_address, "pushgateway_listen_address"),
        ADMIN_API: (settings.pushgateway_admin_api, "pushgateway_admin_api"),
    }
    value, name = of_settings.get(flag.name, (None, None))
    return name if value == flag.value else None


def web_config(flags: Iterable[Flag]) -> str:
    """Return the web configuration file in these flags; empty without the flag."""
    return next((str(each.value) for each in flags if each.name == WEB_CONFIG_FLAG), "")


def without_web_config(flags: Iterable[Flag]) -> list[Flag]:
    """Return the flags without those that name a web configuration file of this toolkit."""
    return [each for each in flags if each.name != WEB_CONFIG_FLAG or each.value not in WEB_CONFIGS]


def _with_web_config(flags: list[Flag], file: str | None) -> list[Flag]:
    others = without_web_config(flags)
    if file is None:
        return others
    if foreign := web_config(others):
        raise HostError(
            f"The Pushgateway has a web configuration file already, {shown(foreign)}, which this toolkit does not "
            "change. Take pushgateway_generate_password, pushgateway_basic_auth_users and pushgateway_tls_... out of the "
            "settings of this host, and set pushgateway_username with pushgateway_password_file, and with TLS "
            f"pushgateway_url and pushgateway_ca_file, to what that file has. Or take --{WEB_CONFIG_FLAG} out of its flags."
        )
    return replaced(flags, Flag(WEB_CONFIG_FLAG, file))


def replaced(flags: list[Flag], flag: Flag) -> list[Flag]:
    """Return flags with `flag` in place of the first one of this name, and without others: a repeated flag is fatal."""
    if flag in flags and sum(each.name == flag.name for each in flags) == 1:
        return flags
    at = next((i for i, each in enumerate(flags) if each.name == flag.name), len(flags))
    others = [each for each in flags if each.name != flag.name]
    others.insert(at, flag)
    return others


def minus(one: Iterable[Flag], other: Iterable[Flag]) -> list[Flag]:
    """Return the flags of one command line that another does not have, or has fewer times."""
    left = list(other)
    found = []
    for flag in one:
        if flag in left:
            left.remove(flag)
        else:
            found.append(flag)
    return found


def same(one: Iterable[Flag], other: Iterable[Flag]) -> bool:
    """Return whether two command lines have the same flags; order and notation do not matter."""
    return sorted(map(str, one)) == sorted(map(str, other))
