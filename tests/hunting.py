"""A hunt for secrets: in processes, in files and journals of hosts, and in files of this machine."""

import hashlib
import threading
from base64 import b64encode
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from labhost import Host

SCRIPT = b"ask_prometheus"
"""A word of scripts of the toolkit, whose command line everybody on a host can read."""


def forms(secret: str, user: str) -> list[bytes]:
    """Return a secret in the forms in which it must not be found: plain, encoded, and as a digest."""
    raw = secret.encode()
    encoded = [b64encode(bytes(pad) + raw)[4 if pad else 0 : -4] for pad in range(3)]
    digests = [hashlib.new(name, raw).digest() for name in ("md5", "sha1", "sha256")]
    return [
        raw,
        *encoded,
        b64encode(f"{user}:{secret}".encode()),
        *(each.hex().encode() for each in digests),
        *map(b64encode, digests),
    ]


@contextmanager
def watched(secrets: Iterable[bytes]) -> Iterator[list[str]]:
    """Collect the processes of this machine and its hosts that show a secret, while the block runs.

    Fails if it sees no script, which would show its secrets.
    """
    secrets = tuple(secrets)
    found: list[str] = []
    scripts: list[Path] = []
    ended = threading.Event()

    def watch() -> None:
        while not ended.is_set():
            for shown in (
                *Path("/proc").glob("[0-9]*/cmdline"),
                *Path("/proc").glob("[0-9]*/environ"),
            ):
                with suppress(OSError):
                    data = shown.read_bytes()
                    if SCRIPT in data:
                        scripts.append(shown)
                    if any(secret in data for secret in secrets):
                        found.append(f"{shown}: {data[:200]!r}")

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield found
    finally:
        ended.set()
        thread.join()
    assert scripts


def places_on_host(host: Host, secrets: Iterable[bytes]) -> set[str]:
    """Return the files of a host with a secret, and ``journal`` if its journal has one; also compressed files."""
    host.write("/root/patterns", b"\n".join(secrets))
    said = host.run(
        "journalctl --sync; journalctl -a -o export | grep -qaFf /root/patterns && echo journal\n"
        "find / /run /tmp /var/tmp /dev/shm -xdev -type f ! -path '/proc/*' ! -path '/sys/*' ! -path /root/patterns "
        "-size -60000k -print0 2>/dev/null | xargs -0 grep -laFf /root/patterns\n"
        "find / -xdev -name '*.gz' -print0 2>/dev/null | xargs -0r zgrep -laFf /root/patterns",
        check=False,
    ).stdout
    host.run("rm /root/patterns")
    return set(said.split("\n")) - {""}


def places_here(directory: Path, secrets: Iterable[bytes]) -> set[str]:
    """Return the files below a directory of this machine with a secret, by their paths from there."""
    secrets = tuple(secrets)
    files = (path for path in directory.rglob("*") if path.is_file() and not path.is_symlink())
    return {
        str(path.relative_to(directory))
        for path in files
        if any(secret in path.read_bytes() for secret in secrets)
    }
