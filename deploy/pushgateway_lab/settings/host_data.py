"""The settings of a host, from its host data."""

import re
from collections.abc import Collection, Mapping
from dataclasses import fields, replace
from typing import Any

from pyinfra.api.exceptions import PyinfraError

from pushgateway_lab.formats.characters import shown
from pushgateway_lab.settings.contradictions import contradictions
from pushgateway_lab.settings.keys import KEYS, Settings
from pushgateway_lab.settings.misspelt_keys import is_unknown, misspelling_of, without_prefix


class SettingsError(PyinfraError):
    """Settings of one or more hosts are invalid; no host was changed."""


def parse_settings(
    data: Mapping[str, Any], *, typed: Collection[str] = (), host: str = ""
) -> Settings:
    """Return the settings of a host: validated host data, and defaults for missing keys.

    + data: host data; keys of other programs are ignored
    + typed: the keys that were typed on the command line: here, a setting without its prefix counts as a misspelling
    + host: the name of the host in the inventory

    Raises:
        SettingsError: a value is invalid, values contradict each other, or a key is a misspelling of a setting. The message has one
            line for each.
    """
    problems = [
        f"{_shown_key(key)}: no such setting; did you mean {near}?"
        for key in data
        if (near := misspelling_of(key) or (without_prefix(key) if key in typed else None))
    ]
    problems += [
        f"{_shown_key(key)}: no such setting; docs/settings.md lists all of them"
        for key in typed
        if is_unknown(key)
    ]
    values: dict[str, Any] = {}
    for setting in fields(Settings):
        key = setting.name
        if key in KEYS and data.get(key) is not None:
            try:
                values[key] = setting.metadata["check"](data[key])
            except ValueError as error:
                problems.append(f"{key} = {_shown(key, data[key])}: {error}")
    if problems:
        raise SettingsError("\n".join(problems))
    settings = Settings(**values, given=frozenset(values), host=host)
    if problems := list(contradictions(settings)):
        raise SettingsError("\n".join(problems))
    if generated := settings.generated_users:
        return replace(settings, pushgateway_basic_auth_users=generated)
    return settings


_ABOUT_SECRETS = ("password", "basic_auth")
"""Parts of the names of settings that name the place of a secret; somebody may have written the secret there."""


def _shown(key: str, value: Any) -> str:
    """Return a value for an error message, without a secret, and without the user name and the password of a URL."""
    if any(part in key for part in _ABOUT_SECRETS):
        return "***"
    if isinstance(value, str):  # before the cut, which may remove the @
        value = re.sub("//.*@", "//...@", value, flags=re.DOTALL)
    return shown(value)


def _shown_key(key: str) -> str:
    return key if key.isascii() and key.isprintable() else shown(key)
