"""Scrape jobs, settings and looks of hosts whose Pushgateway has TLS or a password."""

import json

from looks import CONFIG, target
from snapshots import BOTH
from snapshots import loaded as file_loaded

PATH = "/etc/prometheus/prometheus.yml"
PASSWORD, AUTHORITIES = "/etc/pushgateway-lab/scrape-password", "/etc/pushgateway-lab/scrape-ca.pem"
USER = {"pushgateway_username": "trainer", "pushgateway_password_file": "/p"}
TLS = {"pushgateway_url": "https://127.0.0.1:9091"}
CLOSED = {**USER, **TLS, "pushgateway_ca_file": "/ca.pem"}
LOGIN = {"username": "trainer", "password_file": PASSWORD}
WITH_LOGIN = f"{CONFIG}    basic_auth: {{username: trainer, password_file: {PASSWORD}}}\n"
BY_ADDRESS = WITH_LOGIN.replace("localhost", "127.0.0.1")
LAB_CA = {"pushgateway_tls_lab_ca": True}
BY_NAME = {"pushgateway_url": "https://web:9091"}
DENIED = "server returned HTTP status 401 Unauthorized"


def refused(text: str, error: str = DENIED) -> tuple[str, ...]:
    """Return lines of a host whose Prometheus has loaded a file, and whose Pushgateway refuses it."""
    answer = {"status": "success", "data": target(health="down", lastError=error)}
    return (*BOTH, *file_loaded(text), f"prometheus_targets {json.dumps(answer)}")


HOSTS = ("hosts 127.0.0.1 localhost", "hosts ::1 localhost", "hosts 127.0.0.1 one")
