"""The keys of host data about the Pushgateway, its scrape job, the smoke push and the prune."""

from dataclasses import dataclass

from pushgateway_lab.settings import release_values, secret_source, values
from pushgateway_lab.settings.secret_source import Source
from pushgateway_lab.settings.setting import setting


@dataclass(frozen=True)
class PushgatewayKeys:
    """The settings whose names start with ``pushgateway_``."""

    pushgateway_listen_address: str = setting(
        "127.0.0.1:9091",
        values.listen_address,
        "address the Pushgateway listens on; an address in its ARGS is kept unless this is set",
    )
    pushgateway_admin_api: bool = setting(
        True,
        values.boolean,
        "--web.enable-admin-api: lets everybody who reaches the port wipe all groups. A host that has it turned off keeps that until this is set",
    )
    pushgateway_allow_open_admin_api: bool = setting(
        False,
        values.boolean,
        "allow the admin API at an address that others reach, without authentication: everybody there can wipe all groups",
    )
    pushgateway_extra_flags: dict[str, str | bool] = setting(
        {},
        values.flags,
        "more Pushgateway flags, without dashes: flag -> value; True for a flag without a value. One that is taken out of here stays on the host",
    )
    pushgateway_harden: bool = setting(
        False,
        values.boolean,
        "restrict the service of the Pushgateway's package, by a drop-in, to what the Pushgateway needs",
    )
    pushgateway_allow_data_loss: bool = setting(
        False,
        values.boolean,
        "restart, or remove, a Pushgateway that holds pushed groups and does not persist them",
    )
    pushgateway_job_name: str = setting(
        "pushgateway", values.name, "job_name of the scrape job in Prometheus's configuration"
    )
    pushgateway_targets: tuple[str, ...] | None = setting(
        None,
        values.targets,
        "targets of that job, HOST:PORT; None: localhost, or its address for a password without TLS, and the Pushgateway's port",
    )
    pushgateway_scrape_interval: str | None = setting(
        None,
        values.interval,
        "scrape_interval of that job, as 5s or 1m; None: the file's, else Prometheus's default",
    )
    pushgateway_smoke: str = setting(
        "auto",
        values.one_of("auto", "always", "never"),
        "push a test metric and wait until it arrives: auto (after a change that is not proven yet), always, never",
    )
    pushgateway_smoke_timeout: float | None = setting(
        None,
        values.seconds,
        "seconds within which that metric must arrive; None: two of Prometheus's scrape intervals",
    )
    pushgateway_install_method: str = setting(
        "auto",
        values.one_of("auto", "package", "release", "existing"),
        "auto (what is there; else packages where the host has apt, else a release), package, release, existing",
    )
    pushgateway_release_version: str | None = setting(
        None,
        release_values.version,
        "version of a Pushgateway from a release; None: what is there, else the newest that this toolkit knows",
    )
    pushgateway_release_source: str | None = setting(
        None,
        release_values.release_source,
        "URL of the release with {version} and {file}, or a file or folder on this machine; None: upstream's",
    )
    pushgateway_release_sha256: dict[str, str] = setting(
        {},
        release_values.digests,
        "SHA-256 of the archive: architecture -> digest, as amd64, arm64; {}: the one known to this toolkit, else sha256sums.txt's",
    )
    pushgateway_download: str = setting(
        "control",
        values.one_of("control", "host"),
        "who downloads the archive: control (this machine, once for all hosts), host (each host, with its curl)",
    )
    pushgateway_release_proxy: str | None = setting(
        None,
        values.url("http", "https"),
        "proxy for the archive; None: the one of the environment, as https_proxy, of the machine that downloads it",
    )
    pushgateway_release_timeout: float = setting(
        600.0, values.seconds, "seconds to download the archive"
    )
    pushgateway_package_version: str | None = setting(
        None,
        release_values.package_version,
        "version of Debian's package, as 1.5.1-1; it is held, so apt keeps it; None: what is there, else apt's newest",
    )
    pushgateway_apt_timeout: float = setting(
        300.0,
        values.seconds,
        "seconds to wait while another program uses apt, as the automatic updates of a new VM",
    )
    pushgateway_unit: str | None = setting(
        None, values.unit, "the Pushgateway's systemd unit; None: the unit of Debian's package"
    )
    pushgateway_url: str | None = setting(
        None,
        values.url("http", "https"),
        "URL of the Pushgateway, as seen on the host; None: the address it listens on, with https if pushgateway_tls_... turns TLS on",
    )
    pushgateway_username: str | None = setting(
        None, values.username, "user name for the Pushgateway's basic authentication"
    )
    pushgateway_password_file: str | None = setting(
        None,
        secret_source.path,
        "file on this machine with that user's password; {host} in it is the host's name (docs/secrets.md)",
    )
    pushgateway_password_command: tuple[str, ...] | None = setting(
        None,
        secret_source.command,
        "instead: a command on this machine that prints that password, as 'pass show lab/{host}'; no shell runs it",
    )
    pushgateway_password_environment: str | None = setting(
        None,
        secret_source.variable,
        "instead: an environment variable of pyinfra with that password, as PUSHGATEWAY_PASSWORD_{host}",
    )
    pushgateway_generate_password: bool = setting(
        False,
        values.boolean,
        "the Pushgateway asks pushgateway_username for a password, generated once for each host and kept on this machine",
    )
    pushgateway_basic_auth_users: dict[str, Source] = setting(
        {},
        secret_source.sources_of_users,
        "users whom the Pushgateway asks for a password: name -> file on this machine, or another place (docs/secrets.md)",
    )
    pushgateway_tls_lab_ca: bool = setting(
        False,
        values.boolean,
        "the Pushgateway speaks TLS, with a certificate of a private authority that this machine keeps",
    )
    pushgateway_tls_cert_file: str | None = setting(
        None,
        values.local_file,
        "the Pushgateway speaks TLS: file on this machine with its certificate (PEM), which is sent to the host",
    )
    pushgateway_tls_key_file: str | None = setting(
        None, values.local_file, "file on this machine with the key of that certificate (PEM)"
    )
    pushgateway_tls_host_cert_file: str | None = setting(
        None,
        values.path,
        "the Pushgateway speaks TLS: file on the host with its certificate (PEM), which somebody else renews",
    )
    pushgateway_tls_host_key_file: str | None = setting(
        None, values.path, "file on the host with the key of that certificate (PEM)"
    )
    pushgateway_tls_client_ca_file: str | None = setting(
        None,
        values.local_file,
        "file on this machine with authorities (PEM): the Pushgateway wants a client certificate of one of them",
    )
    pushgateway_tls_min_version: str | None = setting(
        None,
        values.one_of("TLS12", "TLS13"),
        "oldest version of TLS that the Pushgateway accepts: TLS12 or TLS13; None: its own default",
    )
    pushgateway_http2: bool = setting(
        True, values.boolean, "the Pushgateway offers HTTP/2 where it speaks TLS"
    )
    pushgateway_ca_file: str | None = setting(
        None,
        values.local_file,
        "file on this machine with the certificates (PEM) to trust for an https URL",
    )
    pushgateway_cert_file: str | None = setting(
        None,
        values.local_file,
        "file on this machine with the client certificate (PEM) for an https URL",
    )
    pushgateway_key_file: str | None = setting(
        None,
        values.local_file,
        "file on this machine with the certificate's key (PEM); None: it is in the same file",
    )
    pushgateway_prune_after: str | None = setting(
        None,
        values.age,
        "the host deletes groups whose last push is longer ago than this, as 24h; None: never",
    )
    pushgateway_prune_keep: tuple[str, ...] = setting(
        (),
        values.selectors,
        "label matchers, as 'job=\"backup\"'; groups that match one of them are never deleted",
    )
    pushgateway_prune_report: bool = setting(
        False, values.boolean, "each prune pushes its result, as job pushgateway_lab_prune"
    )
