"""Settings: host data, validated, with defaults."""

from pushgateway_lab.settings.course_keys import STAGES
from pushgateway_lab.settings.host_data import SettingsError, parse_settings
from pushgateway_lab.settings.keys import KEYS, PREFIXES, Settings

__all__ = [
    "KEYS",
    "PREFIXES",
    "STAGES",
    "Settings",
    "SettingsError",
    "parse_settings",
]
