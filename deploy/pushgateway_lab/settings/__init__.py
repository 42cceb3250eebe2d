"""Host data to checked settings: the fields, what each may hold, and the settings of a run's hosts."""

from pushgateway_lab.settings.fields import (
    KEYS,
    PREFIXES,
    STAGES,
    Settings,
    SettingsError,
    check_all,
    for_host,
    parse,
)

__all__ = [
    "KEYS",
    "PREFIXES",
    "STAGES",
    "Settings",
    "SettingsError",
    "check_all",
    "for_host",
    "parse",
]
