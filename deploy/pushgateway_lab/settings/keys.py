"""The settings with their defaults.

Settings are pyinfra host data whose names start with ``pushgateway_``, ``prometheus_`` or ``lab_``,
and ``report``. `pushgateway_lab.settings.values` and `release_values` validate each value. Defaults are here and not in
``group_data``, because pyinfra finds ``group_data`` only beside an inventory file, not for
``pyinfra HOST`` and ``@local``.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from pushgateway_lab.settings import release_values, secret_source, values
from pushgateway_lab.settings.secret_source import Kind, Source

PREFIXES = ("pushgateway_", "prometheus_", "lab_")

STAGES = ("prepared", "configured", "pushed", "cleaned")
"""The stages of a host: the tasks Host, 4.2.1, 4.2.2 and 4.2.3 are done, each with all before it."""

_HOST_NAME = re.compile(r"[A-Za-z0-9._-]+")


def _setting(default: Any, check: Callable[[Any], Any], says: str) -> Any:
    """Return a field of `Settings`.

    + check: returns the validated value, or raises ValueError
    + says: the line of ``inventories/group_data/all.py`` above the setting
    """
    metadata = {"check": check, "says": says}
    if isinstance(default, dict):
        return field(default_factory=default.copy, metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Settings:
    """The validated settings of one host. Every field but `given` and `host` is one key of host data."""

    pushgateway_listen_address: str = _setting(
        "127.0.0.1:9091",
        values.listen_address,
        "address the Pushgateway listens on; an address in its ARGS is kept unless this is set",
    )
    pushgateway_admin_api: bool = _setting(
        True,
        values.boolean,
        "--web.enable-admin-api: lets everybody who reaches the port wipe all groups",
    )
    pushgateway_allow_open_admin_api: bool = _setting(
        False,
        values.boolean,
        "allow the admin API at an address that others reach, without authentication: everybody there can wipe all groups",
    )
    pushgateway_extra_flags: dict[str, str | bool] = _setting(
        {},
        values.flags,
        "more Pushgateway flags, without dashes: flag -> value; True for a flag without a value",
    )
    pushgateway_harden: bool = _setting(
        False,
        values.boolean,
        "restrict the service of the Pushgateway's package, by a drop-in, to what the Pushgateway needs",
    )
    pushgateway_allow_data_loss: bool = _setting(
        False,
        values.boolean,
        "restart, or remove, a Pushgateway that holds pushed groups and does not persist them",
    )
    pushgateway_job_name: str = _setting(
        "pushgateway", values.name, "job_name of the scrape job in Prometheus's configuration"
    )
    pushgateway_targets: tuple[str, ...] | None = _setting(
        None,
        values.targets,
        "targets of that job, HOST:PORT; None: localhost, or its address for a password without TLS, and the Pushgateway's port",
    )
    pushgateway_scrape_interval: str | None = _setting(
        None,
        values.interval,
        "scrape_interval of that job, as 5s or 1m; None: the file's, else Prometheus's default",
    )
    pushgateway_smoke: str = _setting(
        "auto",
        values.one_of("auto", "always", "never"),
        "push a test metric and wait until it arrives: auto (after a change that is not proven yet), always, never",
    )
    pushgateway_smoke_timeout: float | None = _setting(
        None,
        values.seconds,
        "seconds within which that metric must arrive; None: two of Prometheus's scrape intervals",
    )
    pushgateway_install_method: str = _setting(
        "auto",
        values.one_of("auto", "package", "release", "existing"),
        "auto (what is there; else packages where the host has apt, else a release), package, release, existing",
    )
    pushgateway_release_version: str | None = _setting(
        None,
        release_values.version,
        "version of a Pushgateway from a release; None: what is there, else the newest that this toolkit knows",
    )
    pushgateway_release_source: str | None = _setting(
        None,
        release_values.release_source,
        "URL of the release with {version} and {file}, or a file or folder on this machine; None: upstream's",
    )
    pushgateway_release_sha256: dict[str, str] = _setting(
        {},
        release_values.digests,
        "SHA-256 of the archive: architecture -> digest, as amd64, arm64; {}: the one known to this toolkit, else sha256sums.txt's",
    )
    pushgateway_download: str = _setting(
        "control",
        values.one_of("control", "host"),
        "who downloads the archive: control (this machine, once for all hosts), host (each host, with its curl)",
    )
    pushgateway_release_proxy: str | None = _setting(
        None,
        values.url("http", "https"),
        "proxy for the archive; None: the one of the environment, as https_proxy, of the machine that downloads it",
    )
    pushgateway_release_timeout: float = _setting(
        600.0, values.seconds, "seconds to download the archive"
    )
    pushgateway_package_version: str | None = _setting(
        None,
        release_values.package_version,
        "version of Debian's package, as 1.5.1-1; it is held, so apt keeps it; None: what is there, else apt's newest",
    )
    pushgateway_apt_timeout: float = _setting(
        300.0,
        values.seconds,
        "seconds to wait while another program uses apt, as the automatic updates of a new VM",
    )
    pushgateway_unit: str | None = _setting(
        None, values.unit, "the Pushgateway's systemd unit; None: the unit of Debian's package"
    )
    pushgateway_url: str | None = _setting(
        None,
        values.url("http", "https"),
        "URL of the Pushgateway, as seen on the host; None: the address it listens on, with https if pushgateway_tls_... turns TLS on",
    )
    pushgateway_username: str | None = _setting(
        None, values.username, "user name for the Pushgateway's basic authentication"
    )
    pushgateway_password_file: str | None = _setting(
        None,
        values.local_file,
        "file on this machine with that user's password; {host} in it is the host's name (docs/secrets.md)",
    )
    pushgateway_password_command: tuple[str, ...] | None = _setting(
        None,
        secret_source.command,
        "instead: a command on this machine that prints that password, as 'pass show lab/{host}'; no shell runs it",
    )
    pushgateway_password_environment: str | None = _setting(
        None,
        secret_source.variable,
        "instead: an environment variable of pyinfra with that password, as PUSHGATEWAY_PASSWORD_{host}",
    )
    pushgateway_generate_password: bool = _setting(
        False,
        values.boolean,
        "the Pushgateway asks pushgateway_username for a password, generated once for each host and kept on this machine",
    )
    pushgateway_basic_auth_users: dict[str, Source] = _setting(
        {},
        secret_source.sources_of_users,
        "users whom the Pushgateway asks for a password: name -> file on this machine, or another place (docs/secrets.md)",
    )
    pushgateway_tls_lab_ca: bool = _setting(
        False,
        values.boolean,
        "the Pushgateway speaks TLS, with a certificate of a private authority that this machine keeps",
    )
    pushgateway_tls_cert_file: str | None = _setting(
        None,
        values.local_file,
        "the Pushgateway speaks TLS: file on this machine with its certificate (PEM), which is sent to the host",
    )
    pushgateway_tls_key_file: str | None = _setting(
        None, values.local_file, "file on this machine with the key of that certificate (PEM)"
    )
    pushgateway_tls_host_cert_file: str | None = _setting(
        None,
        values.path,
        "the Pushgateway speaks TLS: file on the host with its certificate (PEM), which somebody else renews",
    )
    pushgateway_tls_host_key_file: str | None = _setting(
        None, values.path, "file on the host with the key of that certificate (PEM)"
    )
    pushgateway_tls_client_ca_file: str | None = _setting(
        None,
        values.local_file,
        "file on this machine with authorities (PEM): the Pushgateway wants a client certificate of one of them",
    )
    pushgateway_tls_min_version: str | None = _setting(
        None,
        values.one_of("TLS12", "TLS13"),
        "oldest version of TLS that the Pushgateway accepts: TLS12 or TLS13; None: its own default",
    )
    pushgateway_http2: bool = _setting(
        True, values.boolean, "the Pushgateway offers HTTP/2 where it speaks TLS"
    )
    pushgateway_ca_file: str | None = _setting(
        None,
        values.local_file,
        "file on this machine with the certificates (PEM) to trust for an https URL",
    )
    pushgateway_cert_file: str | None = _setting(
        None,
        values.local_file,
        "file on this machine with the client certificate (PEM) for an https URL",
    )
    pushgateway_key_file: str | None = _setting(
        None,
        values.local_file,
        "file on this machine with the certificate's key (PEM); None: it is in the same file",
    )
    pushgateway_prune_after: str | None = _setting(
        None,
        values.age,
        "the host deletes groups whose last push is longer ago than this, as 24h; None: never",
    )
    pushgateway_prune_keep: tuple[str, ...] = _setting(
        (),
        values.selectors,
        "label matchers, as 'job=\"backup\"'; groups that match one of them are never deleted",
    )
    pushgateway_prune_report: bool = _setting(
        False, values.boolean, "each prune pushes its result, as job pushgateway_lab_prune"
    )
    prometheus_config_path: str = _setting(
        "/etc/prometheus/prometheus.yml",
        values.path,
        "Prometheus's configuration file, into which the job is merged",
    )
    prometheus_install_method: str = _setting(
        "auto",
        values.one_of("auto", "package", "release", "existing"),
        "the same for Prometheus",
    )
    prometheus_release_version: str | None = _setting(
        None, release_values.version, "the same for Prometheus"
    )
    prometheus_release_source: str | None = _setting(
        None, release_values.release_source, "the same for Prometheus"
    )
    prometheus_release_sha256: dict[str, str] = _setting(
        {}, release_values.digests, "the same for Prometheus"
    )
    prometheus_download: str = _setting(
        "control", values.one_of("control", "host"), "the same for Prometheus"
    )
    prometheus_release_proxy: str | None = _setting(
        None, values.url("http", "https"), "the same for Prometheus"
    )
    prometheus_release_timeout: float = _setting(600.0, values.seconds, "the same for Prometheus")
    prometheus_package_version: str | None = _setting(
        None, release_values.package_version, "the same for Prometheus"
    )
    prometheus_harden: bool = _setting(
        False,
        values.boolean,
        "restrict the service of Prometheus's package, by a drop-in; this restarts Prometheus",
    )
    prometheus_listen_address: str | None = _setting(
        None,
        values.listen_address,
        "address that a Prometheus which this toolkit installed listens on, with the port of prometheus_url; None: as it is",
    )
    prometheus_unit: str | None = _setting(
        None, values.unit, "Prometheus's systemd unit; None: the unit of Debian's package"
    )
    prometheus_url: str = _setting(
        "http://127.0.0.1:9090",
        values.url("http", "https"),
        "URL of Prometheus, as seen on the host",
    )
    prometheus_username: str | None = _setting(
        None, values.username, "user name for Prometheus's basic authentication"
    )
    prometheus_password_file: str | None = _setting(
        None, values.local_file, "file on this machine with that user's password"
    )
    prometheus_ca_file: str | None = _setting(
        None,
        values.local_file,
        "file on this machine with the certificates (PEM) to trust for an https URL",
    )
    prometheus_start_timeout: float = _setting(
        600.0,
        values.seconds,
        "seconds to wait for a Prometheus that starts: it may read its write-ahead log for minutes",
    )
    prometheus_reload_timeout: float = _setting(
        30.0,
        values.seconds,
        "seconds within which Prometheus must load or refuse a configuration",
    )
    lab_look_timeout: float | None = _setting(
        None,
        values.seconds,
        "seconds for the look at a host; None: 9, and 0.1 more for each further host of the run",
    )
    lab_budget: float | None = _setting(
        None,
        values.seconds,
        "seconds after which verify asks no further host, and reports; None: no limit",
    )
    lab_reset: bool = _setting(
        False,
        values.boolean,
        "the previous trainee's work may go: prepare removes it, and reset also jobs in the lab job's place",
    )
    lab_restore: bool = _setting(
        False,
        values.boolean,
        "prepare and reset bring back the prometheus.yml that prepare kept at the start line",
    )
    lab_wipe: bool = _setting(
        False,
        values.boolean,
        "reset and uninstall delete all groups, not only those of the lab's jobs, or of the toolkit",
    )
    lab_expect: str | None = _setting(
        None,
        values.one_of(*STAGES),
        "stage that a host must have reached in verify: prepared, configured, pushed, cleaned",
    )
    lab_tasks: str | None = _setting(
        None,
        values.local_file,
        "file on this machine with further tasks (Python, see docs/verify.md)",
    )
    lab_at_boot: bool = _setting(
        False,
        values.boolean,
        "both servers have to start at boot: bootstrap and prepare enable the Pushgateway, verify wants both",
    )
    lab_curl_options: tuple[str, ...] = _setting(
        (),
        values.curl_options,
        "options of curl in verify's commands, as --cacert /etc/ssl/certs/lab.pem; (): --user and pushgateway_username, --cacert with TLS of this toolkit",
    )
    lab_quote_files: bool = _setting(
        False,
        values.boolean,
        "verify shows error messages about a host's files with the text that they quote from the file",
    )
    report: str | None = _setting(
        None,
        values.local_file,
        "directory on this machine for verify's report.html, report.json and report.xml",
    )
    given: frozenset[str] = frozenset()
    """The keys that somebody set: defaults never replace an administrator's text on the host."""
    host: str = field(default="", compare=False)
    """The name of the host in the inventory; empty if unknown."""

    @property
    def name_in_certificate(self) -> str:
        """The host's name or address in a certificate of the lab's authority; empty if its name cannot be in one."""
        name = self.host.removeprefix("@").rstrip(".")
        try:
            return str(ip_address(name.strip("[]")))
        except ValueError:
            return name if _HOST_NAME.fullmatch(name) else ""

    @property
    def pushgateway_user(self) -> str | None:
        """The user as whom this toolkit and Prometheus ask the Pushgateway; None: without a password."""
        return self.pushgateway_username or next(iter(self.pushgateway_basic_auth_users), None)

    @property
    def generated_users(self) -> dict[str, Source]:
        """The user of ``pushgateway_generate_password`` with the place of the password; empty without that setting."""
        if not self.pushgateway_generate_password or self.pushgateway_username is None:
            return {}
        return {self.pushgateway_username: Source(Kind.GENERATED, (secret_source.HOST,))}

    @property
    def pushgateway_speaks_tls(self) -> bool:
        """Whether the settings turn on TLS in the Pushgateway."""
        return (
            self.pushgateway_tls_lab_ca
            or self.pushgateway_tls_cert_file is not None
            or self.pushgateway_tls_host_cert_file is not None
        )

    def password_sources(self, server: str) -> dict[str, Source]:
        """Return the places that the password for a server may come from: name of the setting -> place.

        `pushgateway_lab.settings.contradictions` refuses more than one of them.

        + server: ``pushgateway`` or ``prometheus``
        """
        found = {}
        if path := getattr(self, f"{server}_password_file", None):
            found[f"{server}_password_file"] = secret_source.of_file(path)
        if words := getattr(self, f"{server}_password_command", None):
            found[f"{server}_password_command"] = Source(Kind.COMMAND, words)
        if variable := getattr(self, f"{server}_password_environment", None):
            found[f"{server}_password_environment"] = Source(Kind.ENVIRONMENT, (variable,))
        return found

    @property
    def prometheus_port(self) -> int:
        """The TCP port of `prometheus_url`."""
        return _port_of(self.prometheus_url)

    @property
    def pushgateway_port(self) -> int:
        """The TCP port at which the Pushgateway is expected: that of its URL, else of its listen address."""
        if self.pushgateway_url:
            return _port_of(self.pushgateway_url)
        return int(self.pushgateway_listen_address.rpartition(":")[2])


def _port_of(url: str) -> int:
    parts = urlsplit(url)
    return parts.port or (443 if parts.scheme == "https" else 80)


SERVERS = ("pushgateway", "prometheus")
"""The first words of the settings of a server."""

KEYS = tuple(field.name for field in fields(Settings) if "check" in field.metadata)
