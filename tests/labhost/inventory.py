"""pyinfra inventory files for lab hosts."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .host import Host


def write_inventory(
    path: Path,
    hosts: Sequence[Host],
    data: Mapping[str, Any] | None = None,
    user: str | None = None,
    own: Mapping[str, Mapping[str, Any]] | None = None,
) -> Path:
    """Write an inventory of `hosts`, each with its own ssh data and with `data`.

    + user: logs in instead of each host's own user
    + own: name of a host -> further host data of this one
    """
    entries = [
        (host.name, host.pyinfra_data(user) | {**(data or {}), **(own or {}).get(host.name, {})})
        for host in hosts
    ]
    return _write(path, entries)


def write_local_inventory(path: Path, data: Mapping[str, Any]) -> Path:
    """Write an inventory with `@local`."""
    return _write(path, [("@local", dict(data))])


def _write(path: Path, entries: Sequence[tuple[str, dict[str, Any]]]) -> Path:
    lines = "".join(f"    {entry!r},\n" for entry in entries)
    path.write_text(f"hosts = [\n{lines}]\n")
    return path
