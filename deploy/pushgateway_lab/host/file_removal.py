"""Removing files of this toolkit from a host: ``files/remove-files.sh``."""

from collections.abc import Iterable

from pyinfra.api.host import Host

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


def remove_backups(host: Host, remains: Iterable[str]) -> None:
    """Remove the backups, before what they belong to goes with its directories.

    + remains: the paths of files of this toolkit on the host, see `pushgateway_lab.facts.remains.Remains`

    Raises:
        HostError: see `pushgateway_lab.run.shell.ask`.
    """
    backups = [each for each in remains if ".before-" in each.rpartition("/")[2]]
    if backups:
        remove_files(host, backups)
