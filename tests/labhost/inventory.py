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
) -> Path:
    """Write an inventory of `hosts`, each with its own ssh data and with `data`.

    + user: logs in instead of each host's own user
    """
    return _write(path, [(host.name, host.pyinfra_data(user) | dict(data or {})) for host in hosts])


def write_local_inventory(path: Path, data: Mapping[str, Any]) -> Path:
    """Write an inventory with `@local`."""
    return _write(path, [("@local", dict(data))])


def _write(path: Path, entries: Sequence[tuple[str, dict[str, Any]]]) -> Path:
    lines = "".join(f"    {entry!r},\n" for entry in entries)
    path.write_text(f"hosts = [\n{lines}]\n")
    return path
