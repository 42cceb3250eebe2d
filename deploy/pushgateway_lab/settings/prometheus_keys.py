"""The keys of host data about Prometheus."""

from dataclasses import dataclass

from pushgateway_lab.settings import release_values, secret_source, values
from pushgateway_lab.settings.setting import setting


@dataclass(frozen=True)
class PrometheusKeys:
    """The settings whose names start with ``prometheus_``."""

    prometheus_config_path: str = setting(
        "/etc/prometheus/prometheus.yml",
        values.path,
        "Prometheus's configuration file, into which the job is merged",
    )
    prometheus_install_method: str = setting(
        "auto",
        values.one_of("auto", "package", "release", "existing"),
        "the same for Prometheus",
    )
    prometheus_release_version: str | None = setting(
        None, release_values.version, "the same for Prometheus"
    )
    prometheus_release_source: str | None = setting(
        None, release_values.release_source, "the same for Prometheus"
    )
    prometheus_release_sha256: dict[str, str] = setting(
        {}, release_values.digests, "the same for Prometheus"
    )
    prometheus_download: str = setting(
        "control", values.one_of("control", "host"), "the same for Prometheus"
    )
    prometheus_release_proxy: str | None = setting(
        None, values.url("http", "https"), "the same for Prometheus"
    )
    prometheus_release_timeout: float = setting(600.0, values.seconds, "the same for Prometheus")
    prometheus_package_version: str | None = setting(
        None, release_values.package_version, "the same for Prometheus"
    )
    prometheus_harden: bool = setting(
        False,
        values.boolean,
        "restrict the service of Prometheus's package, by a drop-in; this restarts Prometheus",
    )
    prometheus_listen_address: str | None = setting(
        None,
        values.listen_address,
        "address that a Prometheus which this toolkit installed listens on, with the port of prometheus_url; None: as it is",
    )
    prometheus_unit: str | None = setting(
        None, values.unit, "Prometheus's systemd unit; None: the unit of Debian's package"
    )
    prometheus_url: str = setting(
        "http://127.0.0.1:9090",
        values.url("http", "https"),
        "URL of Prometheus, as seen on the host",
    )
    prometheus_username: str | None = setting(
        None, values.username, "user name for Prometheus's basic authentication"
    )
    prometheus_password_file: str | None = setting(
        None, secret_source.path, "file on this machine with that user's password"
    )
    prometheus_ca_file: str | None = setting(
        None,
        values.local_file,
        "file on this machine with the certificates (PEM) to trust for an https URL",
    )
    prometheus_start_timeout: float = setting(
        600.0,
        values.seconds,
        "seconds to wait for a Prometheus that starts: it may read its write-ahead log for minutes",
    )
    prometheus_reload_timeout: float = setting(
        30.0,
        values.seconds,
        "seconds within which Prometheus must load or refuse a configuration",
    )
