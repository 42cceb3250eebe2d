"""Settings: host data, validated, with defaults."""

from pushgateway_lab.settings.host_data import SettingsError, parse_settings
from pushgateway_lab.settings.keys import KEYS, PREFIXES, STAGES, Settings

__all__ = [
    "KEYS",
    "PREFIXES",
    "STAGES",
    "Settings",
    "SettingsError",
    "parse_settings",
]
