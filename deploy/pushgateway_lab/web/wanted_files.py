"""The wanted files for TLS and passwords of a host, and the form in which a look reports them.

No host is asked; passwords, certificates and keys are read from files on this machine. `pushgateway_lab.pushgateway.closing`
installs the files.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple

from typing_extensions import override

from pushgateway_lab import installations
from pushgateway_lab.credentials import hashes, lab_authority, passwords, pem_files
from pushgateway_lab.credentials.lab_authority import Certificate
from pushgateway_lab.credentials.local_files import read_file
from pushgateway_lab.facts.listeners import TITLES
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.facts.web_file import WebFile
from pushgateway_lab.installations import hardening, release, web_files
from pushgateway_lab.lab.written_job import files_of_other_jobs, owners_access
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.settings import Settings
from pushgateway_lab.web import web_config
from pushgateway_lab.web.server_certificate import Issuer, certificate_of

_MOST_MISSES = 3
"""After so many wrong hashes, a look computes no more, which takes time of all hosts: the others are replaced, too."""

_PUBLIC = 0o444
_PRIVATE = 0o400


class WantedWebFile(NamedTuple):
    """A wanted file. Its group is root's.

    + owner: the name of the user who may read it; a file that all may read is root's
    """

    path: str
    data: bytes
    owner: str
    mode: int

    @override
    def __repr__(self) -> str:
        """Omit the data, which may be a secret."""
        return f"WantedWebFile({self.path!r}, owner={self.owner!r}, mode={self.mode:o})"

    def is_installed(self, seen: Snapshot) -> bool:
        """Return whether a host has the file."""
        found = seen.web_files.get(self.path)
        if found is None or self.owner not in (found.owner, found.uid):
            return False
        if found.mode != f"0:{self.mode:o}":
            return False
        return found.content == (
            "same" if self.path in web_files.SECRETS else WebFile.digest_of(self.data)
        )


class Materials(NamedTuple):
    """The passwords and the issuer of certificates with which the files are written; a comparison with a look needs neither.

    + passwords: user name -> password
    + issue: issues the certificate of a lab's authority, for the name of the host in the inventory and its other names
    """

    passwords: Mapping[str, str]
    issue: Issuer

    @override
    def __repr__(self) -> str:
        """Omit the passwords."""
        return "Materials(...)"

    @classmethod
    def of(cls, settings: Settings) -> "Materials":
        """Return it for a host.

        Raises:
            HostError: a password cannot be read.
        """
        found = {
            user: passwords.of_user(settings, user)
            for user in settings.pushgateway_basic_auth_users
        }
        if settings.pushgateway_user is not None:
            found.setdefault(settings.pushgateway_user, passwords.of_toolkit(settings))
        if settings.pushgateway_tls_lab_ca:
            # Also for a Prometheus whose Pushgateway is on another host.
            lab_authority.begin(datetime.now(UTC))
        return cls(found, partial(lab_authority.issue, now=datetime.now(UTC)))


def wanted(
    seen: Snapshot, settings: Settings, made: Materials | None = None
) -> list[WantedWebFile] | None:
    """Return the wanted files of a host; None if a lab's authority, or its certificate for the host, has to be made first.

    + made: to write the files; None: to compare them with a look, for which no password is needed

    Raises:
        HostError: a file on this machine that the settings name cannot be used, or a server is a process of no service.
    """
    _refuse_lone(seen, settings)
    if settings.pushgateway_tls_lab_ca and not lab_authority.authorities():
        return None
    found: list[WantedWebFile] = []
    if not installations.pushgateway_is_elsewhere(seen, settings):
        issued = certificate_of(settings, made.issue if made else None)
        if issued is None:
            return None
        found += _of_pushgateway(seen, settings, issued, made)
    if not installations.prometheus_is_elsewhere(seen, settings):
        found += _of_prometheus(seen, settings, made)
    return found


def _refuse_lone(seen: Snapshot, settings: Settings) -> None:
    """Fail a host on which a process of no service would get a key, hashes or a password: anybody may have started it."""
    gets_secrets = {
        "pushgateway": web_files.web_config_of(settings) is not None,
        "prometheus": bool(settings.pushgateway_user or settings.pushgateway_cert_file),
    }
    for server, title in TITLES.items():
        if gets_secrets[server] and server in seen.lone:
            raise HostError(_lone(seen, server, f"{title} gets no file with a secret"))
    # Prometheus would send the password to it. With https, only a server that has the certificate receives it.
    is_https = (settings.pushgateway_url or "").startswith("https:")
    if settings.pushgateway_user and not is_https and "pushgateway" in seen.lone:
        withheld = "Prometheus gets no password for the Pushgateway"
        raise HostError(
            _lone(seen, "pushgateway", withheld, " or set pushgateway_url to a URL with https,")
        )


def _lone(seen: Snapshot, server: str, withheld: str, further: str = "") -> str:
    title = TITLES[server]
    return (
        f"{withheld[0].upper()}{withheld[1:]}: {title} is process {seen.lone[server].pid}, which no service started, so anybody may "
        f"have started it. Nothing was changed. Run it as a service,{further} or take pushgateway_basic_auth_users, "
        "pushgateway_tls_..., pushgateway_username and pushgateway_cert_file out of the settings of this host."
    )


def fitting_users(texts: Mapping[str, str], settings: Settings) -> list[str]:
    """Return the users of a host's web configuration file whose hash fits the password of the settings.

    All passwords are read, so that one that cannot be read is an error of the first look, before anything is changed.

    + texts: path -> text

    Raises:
        HostError: a password cannot be read.
    """
    path = web_files.web_config_of(settings)
    if path is None or not settings.pushgateway_basic_auth_users:
        return []
    given = {
        user: passwords.of_user(settings, user) for user in settings.pushgateway_basic_auth_users
    }
    had = web_config.hashes_in(texts.get(path, ""))
    found: list[str] = []
    misses = 0
    for user, password in given.items():
        if user not in had:
            continue
        if hashes.fits(had[user], password):
            found.append(user)
        elif (misses := misses + 1) == _MOST_MISSES:
            break
    return found


def obsolete(seen: Snapshot, settings: Settings) -> list[str]:
    """Return the paths of files of this toolkit on a host that the settings do not want any more.

    A file that another job of Prometheus names is not among them: without it, that job would scrape nothing.

    Raises:
        HostError: see `wanted`.
    """
    files = wanted(seen, settings)
    if files is None:
        return []
    kept = {each.path for each in files} | files_of_other_jobs(seen, settings).keys()
    return [path for path in web_files.FILES if path in seen.web_files and path not in kept]


def secrets_of(settings: Settings) -> list[tuple[str, bytes]]:
    """Return the wanted secrets as pairs of the path on the host and the content.

    A look compares them, see `pushgateway_lab.formats.secret_lines.to_compare`.

    Raises:
        HostError: see `wanted`.
    """
    found: dict[str, str] = {}
    if settings.pushgateway_user is not None:
        found |= dict.fromkeys(web_files.SCRAPE_PASSWORDS, passwords.of_toolkit(settings))
    if settings.pushgateway_tls_lab_ca:
        issued = lab_authority.stored(settings.host)
        found[web_files.KEY] = issued.key if issued else ""
    elif settings.pushgateway_tls_key_file:
        found[web_files.KEY] = _read(settings, "pushgateway_tls_key_file")
    if settings.pushgateway_cert_file:
        found[web_files.SCRAPE_KEY] = client_key(settings)
    return [(path, text.encode()) for path, text in found.items() if text]


def authorities(settings: Settings) -> str:
    """Return the certificates (PEM) that Prometheus and this toolkit trust; empty: those of the system.

    Raises:
        HostError: see `wanted`.
    """
    if settings.pushgateway_tls_lab_ca:
        return lab_authority.authorities()
    return _certificates(settings, "pushgateway_ca_file") if settings.pushgateway_ca_file else ""


def client_key(settings: Settings) -> str:
    """Return the key (PEM) of the client certificate of the settings.

    Raises:
        HostError: see `wanted`.
    """
    has_own = settings.pushgateway_key_file is not None
    return _read(settings, "pushgateway_key_file" if has_own else "pushgateway_cert_file")


def _read(settings: Settings, key: str) -> str:
    return read_file(key, getattr(settings, key))


def _certificates(settings: Settings, key: str, *, with_key: bool = False) -> str:
    return pem_files.certificates(key, getattr(settings, key), with_key=with_key)


def _of_pushgateway(
    seen: Snapshot, settings: Settings, issued: Certificate, made: Materials | None
) -> Iterator[WantedWebFile]:
    path = web_files.web_config_of(settings)
    if path is None:
        return
    _refuse_hidden(seen, settings)
    owner = seen.user_of("pushgateway")
    texts = {
        web_files.CERTIFICATE: issued.certificate,
        web_files.KEY: issued.key,
        web_files.CLIENT_AUTHORITIES: _certificates(settings, "pushgateway_tls_client_ca_file")
        if settings.pushgateway_tls_client_ca_file
        else "",
        # The last one: it names the others.
        path: _web_config(seen, path, settings, made),
    }
    for each, text in texts.items():
        if text:
            yield WantedWebFile(each, text.encode(), owner, _PRIVATE)


def _refuse_hidden(seen: Snapshot, settings: Settings) -> None:
    """Fail a host on which a release's Pushgateway could not read its certificate: its unit hides some directories."""
    if release.method(seen, settings, release.PUSHGATEWAY) != release.RELEASE:
        return
    for path in filter(hardening.is_hidden, web_files.files_of_host(settings)):
        raise HostError(
            f"pushgateway_tls_host_cert_file, pushgateway_tls_host_key_file: {path} is in a directory that the unit of the "
            "release hides from the Pushgateway. Nothing was changed. Put both files into another directory, as "
            "/etc/ssl/private, where the user pushgateway can read them."
        )


def _web_config(seen: Snapshot, path: str, settings: Settings, made: Materials | None) -> str:
    """Return the wanted text, with the host's own hashes where they fit; to compare, the others are left empty."""
    had = web_config.hashes_in(seen.web_texts.get(path, ""))
    wanted: dict[str, str] = {}
    for user in settings.pushgateway_basic_auth_users:
        if user in seen.web_users and user in had:
            wanted[user] = had[user]
        else:
            wanted[user] = hashes.new(made.passwords[user]) if made else ""
    return web_config.text(settings, wanted)


def _of_prometheus(
    seen: Snapshot, settings: Settings, made: Materials | None
) -> Iterator[WantedWebFile]:
    owner, owners = seen.user_of("prometheus"), owners_access(seen, settings)
    if (user := settings.pushgateway_user) is not None and "basic_auth" not in owners:
        password = made.passwords[user] if made else ""
        path = web_files.scrape_password_of(seen)
        yield WantedWebFile(path, password.encode(), owner, _PRIVATE)
    if "tls_config" in owners:
        return
    # Certificates are no secrets, and people need them for curl.
    if text := authorities(settings):
        yield WantedWebFile(web_files.SCRAPE_AUTHORITIES, text.encode(), "root", _PUBLIC)
    if settings.pushgateway_cert_file:
        text = _certificates(settings, "pushgateway_cert_file", with_key=True)
        yield WantedWebFile(web_files.SCRAPE_CERTIFICATE, text.encode(), "root", _PUBLIC)
        key = client_key(settings).encode()
        yield WantedWebFile(web_files.SCRAPE_KEY, key, owner, _PRIVATE)
