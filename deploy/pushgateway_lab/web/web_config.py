"""The text of the Pushgateway's web configuration file. Pure.

Source: docs/web-configuration.md of prometheus/exporter-toolkit. The releases 1.4.0 to 1.11.2 of the Pushgateway know
all keys that are written here.
"""

import json
import re
from collections.abc import Mapping

from pushgateway_lab.installations import web_files
from pushgateway_lab.settings import Settings

_HEAD = """\
# Written by pushgateway-lab from its settings, and written anew when it differs from them.
"""

_USER = re.compile(r'^  ("(?:[^"\\\n]|\\.)*"): "([^"\\\n]*)"$', re.MULTILINE)


def text(settings: Settings, hashes: Mapping[str, str]) -> str:
    """Return the text of the file.

    + settings: of the host, with users or TLS
    + hashes: user name -> bcrypt hash of the password
    """
    parts = [_HEAD]
    if hashes:
        # JSON is YAML, in which no user name can end its line.
        lines = "".join(
            f"  {json.dumps(user)}: {json.dumps(hashed)}\n" for user, hashed in hashes.items()
        )
        parts.append(f"basic_auth_users:\n{lines}")
    if settings.pushgateway_speaks_tls:
        parts.append(_tls(settings))
        if not settings.pushgateway_http2:
            parts.append("http_server_config:\n  http2: false\n")
    return "".join(parts)


def _tls(settings: Settings) -> str:
    values = {
        "cert_file": settings.pushgateway_tls_host_cert_file or web_files.CERTIFICATE,
        "key_file": settings.pushgateway_tls_host_key_file or web_files.KEY,
    }
    if settings.pushgateway_tls_client_ca_file:
        values["client_auth_type"] = "RequireAndVerifyClientCert"
        values["client_ca_file"] = web_files.CLIENT_AUTHORITIES
    if settings.pushgateway_tls_min_version:
        values["min_version"] = settings.pushgateway_tls_min_version
    lines = "".join(f"  {key}: {json.dumps(value)}\n" for key, value in values.items())
    return f"tls_server_config:\n{lines}"


def hashes_in(text: str) -> dict[str, str]:
    r"""Return the users in a text of this module, each with the hash of the password; other forms are left out.

    Example:
        >>> hashes_in('basic_auth_users:\n  "trainer": "$2b$10$abc"\n')
        {'trainer': '$2b$10$abc'}
    """
    found = {}
    for user, hashed in _USER.findall(text):
        try:
            found[json.loads(user)] = hashed
        except ValueError:
            continue
    return found
