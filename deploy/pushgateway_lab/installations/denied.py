"""The message about a Prometheus that refuses the questions of a look, with the setting that mends it. Pure."""

from collections.abc import Iterator
from itertools import chain
from urllib.parse import urlsplit

from pushgateway_lab.facts.denial import Certificate, Denial
from pushgateway_lab.facts.listeners import why_not_there
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.formats.sockets import loopback_of, reached
from pushgateway_lab.run.visible import VALUE, cut
from pushgateway_lab.settings import Settings


def why_denied(seen: Snapshot, settings: Settings) -> str | None:
    """Return what the server at Prometheus's URL wants, and the setting to set; None if it answers, or is silent.

    Example:
        "Prometheus at http://127.0.0.1:9090 wants a password (401). Set prometheus_username and ..."
    """
    if seen.loaded is not None or seen.prometheus_starts:
        return None
    found = seen.denial
    if found.is_withheld:
        return _why_withheld(seen, settings)
    # The most specific sentence comes first.
    sentences = chain(_of_status(found, seen, settings), _of_connection(found, settings))
    return next(sentences, None)


def _why_withheld(seen: Snapshot, settings: Settings) -> str | None:
    url = settings.prometheus_url
    if loopback_of(url) is None:
        return (
            f"The password is not sent to {url}: over plain http, others on the network can read it. Turn on TLS in "
            "Prometheus (--web.config.file) and set prometheus_url to its https URL."
        )
    if not reached(seen.listeners, url):
        return None  # it does not listen yet
    return why_not_there(url, seen, "prometheus") or (
        f"The password was not sent to {url}, because another program listened there. Run this again."
    )


def _of_status(found: Denial, seen: Snapshot, settings: Settings) -> Iterator[str]:
    it = f"Prometheus at {settings.prometheus_url}"
    has_user = settings.prometheus_username is not None
    if found.is_unauthorized and not has_user:
        yield (
            f"{it} wants a password (401), and none is set. Set prometheus_username and its password (docs/secrets.md) "
            "for this host."
        )
    if found.is_unauthorized:
        yield (
            f"{it} rejects the user {settings.prometheus_username!r} with this password (401). Check "
            "prometheus_username and its password (docs/secrets.md)."
        )
    if found.is_forbidden:
        yield (
            f"{it} forbids the questions (403), as a proxy before it may. Set prometheus_url to the address of "
            "Prometheus itself."
        )
    if found.is_not_found and _is_there(seen, settings):
        yield (
            f"{it} has no metrics under this path (404). Set prometheus_url to its URL with the prefix that it has "
            "(its flags --web.route-prefix and --web.external-url)."
        )
    if found.expects_tls:
        yield (
            f"{it} expects TLS. Set prometheus_url={_with_scheme('https', settings)} (with a name or address that its "
            "certificate has), and prometheus_ca_file if the host does not trust the certificate."
        )


def _of_connection(found: Denial, settings: Settings) -> Iterator[str]:
    it, ca_file = f"Prometheus at {settings.prometheus_url}", settings.prometheus_ca_file
    its_certificate = f"The certificate of {it}{_named(found.certificate)}"
    words = cut(found.words, VALUE)
    if found.is_plain:
        yield (
            f"{it} does not speak TLS. Set prometheus_url={_with_scheme('http', settings)}, or turn on TLS there "
            "(--web.config.file)."
        )
    if found.has_expired:
        yield (
            f"{its_certificate} is not valid at this time: {words}. Renew it (the file of its flag --web.config.file "
            "names it), and check the host's clock."
        )
    if found.has_another_name:
        yield (
            f"{its_certificate} has other names: {words}. Set prometheus_url to a name or address that it has, or have "
            "it issued for this one."
        )
    if found.is_not_trusted and ca_file is not None:
        yield (
            f"{its_certificate} is not from an authority in prometheus_ca_file ({ca_file}): {words}. Set it to the "
            "file with the certificate of its authority."
        )
    if found.is_not_trusted:
        yield (
            f"{its_certificate} is not trusted: {words}. Set prometheus_ca_file to a file on this machine with the "
            "certificate of its authority."
        )
    if found.has_no_authorities:
        yield (
            f"curl on the host finds no certificate in prometheus_ca_file ({ca_file}): {words}. It must be PEM."
        )
    if found.wants_certificate:
        yield (
            f"{it} wants a certificate of its clients, and this toolkit has none for Prometheus: {words}. Set "
            "client_auth_type to NoClientCert in the file of its flag --web.config.file, and use a password."
        )


def _named(certificate: Certificate | None) -> str:
    if certificate is None:
        return ""
    subject, since, until = (cut(each, VALUE) for each in certificate)
    return f" ({subject}, valid from {since} until {until})"


def _is_there(seen: Snapshot, settings: Settings) -> bool:
    """Return whether Prometheus itself listens at the port of its URL: another program may answer 404, too."""
    return any(each.port == settings.prometheus_port for each in seen.prometheus_listeners)


def _with_scheme(scheme: str, settings: Settings) -> str:
    return urlsplit(settings.prometheus_url)._replace(scheme=scheme).geturl()
