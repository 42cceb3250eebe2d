"""Host data to checked settings: the fields, and what each may hold."""

from pushgateway_lab.settings.fields import (
    KEYS,
    PREFIXES,
    STAGES,
    Settings,
    SettingsError,
    parse,
)

__all__ = [
    "KEYS",
    "PREFIXES",
    "STAGES",
    "Settings",
    "SettingsError",
    "parse",
]
