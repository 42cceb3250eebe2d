"""The files of a host for TLS and passwords, as a look shows them, and their parser. Pure."""

from hashlib import sha256
from typing import NamedTuple

from pushgateway_lab.facts.look_output import decoded, pair_of

WEB_USERS = "web_user"
"""The name of the values of a look with `Snapshot.web_users`. Set on this machine; a value from the host is ignored."""

_LONGEST_WEB_TEXT = 90_000
"""The longest line with a text: 64 KB in base64, and a path (``files/snapshot.sh``, LONGEST_WEB_FILE)."""

_MOST_WEB_TEXTS = 8


class WebFile(NamedTuple):
    """A file for TLS or a password on the host.

    + owner, uid: its user, by name and by number
    + mode: group and permissions, such as ``0:400``
    + content: the SHA-256 in hexadecimal; for a secret ``same`` (as wanted), ``empty`` or ``differs``; empty if it is
      not a regular file
    """

    owner: str
    uid: str
    mode: str
    content: str

    @staticmethod
    def digest_of(data: bytes) -> str:
        """Return the content in this form of a file that is no secret."""
        return sha256(data).hexdigest()


def parse_web_files(said: dict[str, list[str]]) -> dict[str, WebFile]:
    """Return the files in the values of a look: path -> file."""
    contents = {path: value for value, path in map(pair_of, said.get("web_content", ()))}
    found = {}
    for value, path in map(pair_of, said.get("web_mode", ())):
        owner, uid, mode = value.split(":", 2)
        found[path] = WebFile(owner, uid, mode, contents.get(path, ""))
    return found


def parse_web_texts(said: dict[str, list[str]]) -> dict[str, str]:
    """Return the texts of files for TLS and passwords in the values of a look: path -> text.

    A value that is longer than the look makes it is left out, as are the ones after the first few.
    """
    lines = [each for each in said.get("web_text", ()) if len(each) <= _LONGEST_WEB_TEXT]
    return {path: decoded(value) for path, value in map(pair_of, lines[:_MOST_WEB_TEXTS])}


def parse_web_configs(said: dict[str, list[str]]) -> dict[str, str]:
    """Return the web configuration files in the values of a look: path -> word of ``files/web-config.sh``."""
    words = map(pair_of, said.get("web_config", ()))
    return {decoded(path): word for word, path in words}
