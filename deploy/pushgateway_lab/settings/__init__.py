"""Host data to checked settings: the fields, and what each may hold."""

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
