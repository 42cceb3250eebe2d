"""The architecture in the names of upstream's release archives. Pure."""

from typing import NamedTuple

from pushgateway_lab.formats.characters import shown
from pushgateway_lab.releases.release_error import ReleaseError


class Machine(NamedTuple):
    """The header of a program for an architecture.

    + elf_class: 1 for 32 bits, 2 for 64 bits (``EI_CLASS``)
    + elf_machine: ``e_machine``

    Source: elf(5), and the constants ``ELFCLASS...`` and ``EM_...`` of elf.h.
    """

    elf_class: int
    elf_machine: int


MACHINES = {
    "386": Machine(1, 3),  # EM_386
    "amd64": Machine(2, 62),  # EM_X86_64
    "arm64": Machine(2, 183),  # EM_AARCH64
    "armv7": Machine(1, 40),  # EM_ARM
}
"""The architectures of releases that this package installs, as upstream names them."""

_OF_UNAME = {
    "aarch64": "arm64",
    "armv7l": "armv7",
    "i386": "386",
    "i686": "386",
    "x86_64": "amd64",
}


def architecture_of(machine: str) -> str:
    """Return the architecture of the releases that run on a host.

    + machine: what ``uname -m`` printed on the host, without the line break

    Raises:
        ReleaseError: releases for this machine are not known.

    Example: ``architecture_of("x86_64")`` is ``"amd64"``.

    Source: ``uname -m`` prints the name of the kernel's architecture (uname(2)); upstream's names are ``GOARCH``,
    with the version of ARM at the end.
    """
    if found := _OF_UNAME.get(machine):
        return found
    raise ReleaseError(
        f"uname -m says {shown(machine)}, and releases are used on {', '.join(sorted(_OF_UNAME))} only: "
        "install the servers on this host in another way, such as from packages."
    )
