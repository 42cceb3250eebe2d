"""A value for each kind of setting, and functions that put another text into it and validate it."""

from pushgateway_lab.settings import Settings, SettingsError, parse_settings

UNSEEN = [
    *"\0\r\n\t\x1b\x7f\x85\x9b\u200b\u200d\u2028\u2029\u202e\u2066\ufeff\ud800\u3164\ufe0f\xa0"
]
TEXTS = {
    "pushgateway_listen_address": "127.0.0.1:9091",
    "pushgateway_targets": ["localhost:9091"],
    "pushgateway_job_name": "gateway",
    "pushgateway_scrape_interval": "15s",
    "pushgateway_smoke": "always",
    "pushgateway_url": "http://localhost:9091/gateway",
    "pushgateway_username": "trainer",
    "pushgateway_password_file": "/etc/password",
    "pushgateway_password_command": ["pass"],
    "pushgateway_password_environment": "LAB_{host}",
    "pushgateway_prune_after": "24h",
    "pushgateway_prune_keep": ['job="backup"'],
    "prometheus_config_path": "/etc/prometheus/prometheus.yml",
    "prometheus_unit": "prometheus.service",
    "prometheus_url": "http://localhost:9090",
    "pushgateway_extra_flags": {"log.level": "debug"},
    "lab_expect": "pushed",
    "lab_tasks": "tasks.py",
    "report": "report",
}  # fmt: skip


_NEEDED = {
    "pushgateway_username": {"pushgateway_password_command": "echo password"},
    "pushgateway_password_file": {"pushgateway_username": "trainer"},
    "pushgateway_password_command": {"pushgateway_username": "trainer"},
    "pushgateway_password_environment": {"pushgateway_username": "trainer"},
}
"""Further settings that a setting needs."""


def settings_of(key: str, value: object) -> Settings | None:
    """Return the settings with this value; None if it is refused with a SettingsError."""
    try:
        return parse_settings({key: value, **_NEEDED.get(key, {})})
    except SettingsError as error:
        for line in str(error).splitlines():
            assert line.isprintable(), line
            assert len(line) < 500
        return None


def with_text(value: object, text: str) -> object:
    """Return a value of the same shape with this text inside."""
    if isinstance(value, list):
        return [text]
    return {"log.level": text} if isinstance(value, dict) else text


def text_in(value: object) -> str:
    if isinstance(value, list):
        return str(value[0])
    return str(value["log.level"]) if isinstance(value, dict) else str(value)
