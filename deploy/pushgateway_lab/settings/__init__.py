"""Settings: host data, validated, with defaults."""

from pushgateway_lab.settings.keys import (
    KEYS,
    PREFIXES,
    STAGES,
    Settings,
    SettingsError,
    parse_settings,
)

__all__ = [
    "KEYS",
    "PREFIXES",
    "STAGES",
    "Settings",
    "SettingsError",
    "parse_settings",
]
