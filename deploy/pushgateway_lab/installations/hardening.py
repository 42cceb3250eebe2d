"""The drop-ins that take from the services of both servers what they do not need (systemd.exec(5)). Pure.

The drop-in sets a variable in the environment of the process: a digest of its own text. So a look sees with which
text a process was started, whatever was written or removed since.
"""

import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import PurePosixPath

from pushgateway_lab.installations.flags import PERSISTENCE, Flag, FlagError
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.run.host_files import host_file
from pushgateway_lab.services import Service

DROP_IN = "pushgateway-lab-hardening.conf"
"""The name of the drop-in."""

# No blank, quote or percent sign: systemd would split, unquote or expand it.
_PLAIN = re.compile(r"/[A-Za-z0-9/._+@:-]*")
_HOMES = ("/home", "/root", "/run/user")
_SHARED = ("/tmp", "/var/tmp")  # noqa: S108 # nosec - compared, not used


def text(flags: Iterable[Flag], persistence: str, files: Iterable[str] = ()) -> str:
    """Return the text of the drop-in for a Pushgateway with these flags.

    Only the directory of the persistence file is writable. Files in home directories can be read, and those in
    ``/tmp`` be seen, if a flag names one, or if it is one of `files`.

    + flags: the whole command line
    + persistence: the persistence file without a flag; empty if there is none
    + files: further files that the Pushgateway reads

    Raises:
        FlagError: the path of the persistence file cannot be written into a unit.

    Example:
        >>> print(text((), "/var/lib/prometheus/pushgateway.data").splitlines()[20])
        ReadWritePaths=/var/lib/prometheus
    """
    named = {each.name: each.value for each in flags if isinstance(each.value, str)}
    file = named.get(PERSISTENCE, persistence)
    if file and not _PLAIN.fullmatch(file):
        raise FlagError(
            f"--{PERSISTENCE} is not an absolute path of plain letters, so the service cannot be restricted to its "
            "directory; pushgateway_harden needs that"
        )
    paths = [*named.values(), file, *files]
    values = {
        "@PRIVATE_TMP@": "false" if any(_is_below(each, _SHARED) for each in paths) else "true",
        "@PROTECT_HOME@": "read-only" if any(_is_below(each, _HOMES) for each in paths) else "true",
        "@WRITABLE@": str(PurePosixPath(file).parent) if file else "",
    }
    return _filled("pushgateway-hardening.conf", values)


def prometheus_text(directory: str) -> str:
    """Return the text of the drop-in for Prometheus. Files in home directories can be read.

    + directory: of its samples, the only one that is writable

    Raises:
        FlagError: the path of the directory cannot be written into a unit.

    Example:
        >>> print(prometheus_text("/var/lib/prometheus").splitlines()[23])
        ReadWritePaths=/var/lib/prometheus
    """
    if not _PLAIN.fullmatch(directory):
        raise FlagError(
            "the directory of its samples is not an absolute path of plain letters, so the service cannot be restricted to "
            "it; prometheus_harden needs that"
        )
    return _filled("prometheus-hardening.conf", {"@WRITABLE@": directory})


def _filled(name: str, values: Mapping[str, str]) -> str:
    found = host_file(name)
    for placeholder, value in values.items():
        found = found.replace(placeholder, value)
    return found.replace("@DIGEST@", sha256(found.encode()).hexdigest()[:16])


def is_hidden(path: str) -> bool:
    """Return whether ``ProtectHome`` and ``PrivateTmp`` hide a file from a service."""
    return _is_below(path, (*_HOMES, *_SHARED))


def refusal(service: Service, key: str = "pushgateway_harden") -> HostError:
    """Return the error about a service that this toolkit does not restrict.

    + key: the setting that asks for it
    """
    return HostError(
        f"{key} restricts only the systemd service of the package, and {service.name} is another one: what it "
        "needs is known to those who made it. Leave that setting out for this host."
    )


def digest(text: str) -> str:
    """Return the digest that a text of the drop-in sets in the environment; empty if there is no text."""
    match = re.search(r"^Environment=PUSHGATEWAY_LAB_HARDENING=([0-9a-f]+)$", text, re.MULTILINE)
    return match[1] if match else ""


def _is_below(path: str, directories: Iterable[str]) -> bool:
    return any(path.startswith(f"{each}/") for each in directories)
