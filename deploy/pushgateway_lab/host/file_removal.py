"""The removal of files from a host: ``files/remove-files.sh``."""

from collections.abc import Iterable

from pyinfra.api.host import Host

from pushgateway_lab.formats.file_text import digest_of
from pushgateway_lab.host import transaction
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.run.shell import ask
from pushgateway_lab.services import FUNCTIONS


def remove_files(
    host: Host,
    files: Iterable[str],
    *,
    digest: str = "",
    trees: Iterable[str] = (),
    enabled: str = "",
) -> list[str]:
    """Remove files, each as the user who can change its path; return what was not removed, and why.

    + files: paths; one with a line break is not removed, because the script would see two
    + digest: SHA-256 of the text that the only file must have; empty: any text
    + trees: directories of root's alone, which are removed last, with all that is in them
    + enabled: a service that starts at boot no more; empty: none

    Raises:
        HostError: see `pushgateway_lab.run.shell.ask`.
    """
    files = tuple(files)
    variables = {
        "files": "\n".join(each for each in files if "\n" not in each),
        "digest": digest,
        "trees": "\n".join(trees),
        "enabled": enabled,
    }
    left = ask(host, "remove-files.sh", variables, functions=("whose.sh", *FUNCTIONS))
    return [*left, *(f"{each!r} has a line break" for each in files if "\n" in each)]


def put_or_remove(host: Host, path: str, old: str | None, data: bytes | None) -> None:
    """Replace a file that no server reads before its restart, or remove it, if it still has a text.

    + old: the text that it has; None: there is no file
    + data: its new content; None: no file

    Raises:
        HostError: it was not changed, for example because somebody else changed it meanwhile.
    """
    if data is not None:
        transaction.put(host, path, old, data)
    elif left := remove_files(host, [path], digest=digest_of(old or "")):
        raise HostError("\n".join([f"{path} was not removed:", *left]))


def remove_backups(host: Host, remains: Iterable[str]) -> None:
    """Remove the backups, before what they belong to goes with its directories.

    + remains: the paths of files of this toolkit on the host, see `pushgateway_lab.facts.remains.Remains`

    Raises:
        HostError: see `pushgateway_lab.run.shell.ask`.
    """
    backups = [each for each in remains if ".before-" in each.rpartition("/")[2]]
    if backups:
        remove_files(host, backups)
