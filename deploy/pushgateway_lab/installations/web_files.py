"""The files on a host with which both servers speak TLS and ask for passwords. Only this module knows their paths.

All are in a directory of root's, which the prune uses, too (`pushgateway_lab.pruning.layout`). Pure.

A running Pushgateway reads its web configuration file again for each connection, but whether it speaks TLS, and
HTTP/2, it decides when it starts. So each of these ways has a file of its own: the command line of the process tells
how it speaks, and a change of it needs other flags, with which the Pushgateway is restarted.
"""

from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.settings import Settings

DIRECTORY = "/etc/pushgateway-lab"
"""The directory of all these files. Their names have no blanks, because shell scripts split them into words."""

WEB_CONFIG = f"{DIRECTORY}/web.yml"
"""The Pushgateway's web configuration file without TLS, which its flag ``--web.config.file`` names."""

WEB_CONFIG_TLS = f"{DIRECTORY}/web-tls.yml"
"""The same with TLS."""

WEB_CONFIG_TLS_HTTP1 = f"{DIRECTORY}/web-tls-http1.yml"
"""The same with TLS and without HTTP/2."""

WEB_CONFIGS = (WEB_CONFIG, WEB_CONFIG_TLS, WEB_CONFIG_TLS_HTTP1)
"""The web configuration files of this toolkit; a host has one of them at most, but while it changes to another one."""

CERTIFICATE = f"{DIRECTORY}/web.crt"
"""The Pushgateway's certificate."""

KEY = f"{DIRECTORY}/web.key"
"""The key of that certificate; only the user of the Pushgateway's service may read it."""

SCRAPE_PASSWORD = f"{DIRECTORY}/scrape-password"
"""The password with which Prometheus scrapes the Pushgateway; only Prometheus's user may read it."""

SCRAPE_OTHER_PASSWORD = f"{DIRECTORY}/scrape-other-password"
"""The same: a new password comes into the other one of both files, see `scrape_password_of`."""

SCRAPE_PASSWORDS = (SCRAPE_PASSWORD, SCRAPE_OTHER_PASSWORD)

SCRAPE_AUTHORITIES = f"{DIRECTORY}/scrape-ca.pem"
"""The certificates of the authorities that Prometheus trusts when it scrapes the Pushgateway."""

CLIENT_AUTHORITIES = f"{DIRECTORY}/web-clients.pem"
"""The certificates of the authorities whose client certificates the Pushgateway accepts."""

SCRAPE_CERTIFICATE = f"{DIRECTORY}/scrape.crt"
"""The client certificate with which Prometheus scrapes the Pushgateway."""

SCRAPE_KEY = f"{DIRECTORY}/scrape.key"
"""The key of that certificate; only Prometheus's user may read it."""

SECRETS = (KEY, *SCRAPE_PASSWORDS, SCRAPE_KEY)
"""Files whose content a look does not report, only whether it is the wanted one."""

SCRAPE_FILES = frozenset((*SCRAPE_PASSWORDS, SCRAPE_AUTHORITIES, SCRAPE_CERTIFICATE, SCRAPE_KEY))
"""The files that the scrape job names."""

SHOWN = (*WEB_CONFIGS, CERTIFICATE)
"""Files whose text a look reports."""

FILES = (
    *WEB_CONFIGS,
    CERTIFICATE,
    KEY,
    CLIENT_AUTHORITIES,
    *SCRAPE_PASSWORDS,
    SCRAPE_AUTHORITIES,
    SCRAPE_CERTIFICATE,
    SCRAPE_KEY,
)
"""All files."""


def web_config_of(settings: Settings) -> str | None:
    """Return the web configuration file that the settings want for the Pushgateway; None: none of this toolkit.

    Example:
        >>> web_config_of(Settings(pushgateway_tls_lab_ca=True))
        '/etc/pushgateway-lab/web-tls.yml'
    """
    if settings.pushgateway_speaks_tls:
        return WEB_CONFIG_TLS if settings.pushgateway_http2 else WEB_CONFIG_TLS_HTTP1
    return WEB_CONFIG if settings.pushgateway_basic_auth_users else None


def files_of_host(settings: Settings) -> tuple[str, ...]:
    """Return the certificate and the key that are on the host already, and that the Pushgateway has to read."""
    paths = (settings.pushgateway_tls_host_cert_file, settings.pushgateway_tls_host_key_file)
    return tuple(path for path in paths if path)


def speaks_tls(web_config: str) -> bool:
    """Return whether a Pushgateway with this web configuration file speaks TLS; False for a file of somebody else."""
    return web_config in (WEB_CONFIG_TLS, WEB_CONFIG_TLS_HTTP1)


def scrape_password_of(seen: Snapshot) -> str:
    """Return the file on a host in which Prometheus has the wanted password, or gets it.

    Prometheus 3.5 goes on with the password that it has read first, until the job names another file; a reload alone does
    not help. So a new password comes into the file that the loaded configuration does not name.

    Example:
        scrape_password_of(seen) == SCRAPE_PASSWORD  # on a host without these files
    """
    there = [path for path in SCRAPE_PASSWORDS if path in seen.web_files]
    right = [path for path in there if seen.web_files[path].content == "same"]
    loaded = seen.loaded.config if seen.loaded else ""
    unused = [path for path in SCRAPE_PASSWORDS if f"password_file: {path}\n" not in loaded]
    free = [path for path in unused if path not in there]
    return next(iter([*right, *free, *unused]), SCRAPE_PASSWORD)
