"""The hook with which pyinfra configures itself for this package, without a ``config.py``.

pyinfra reads ``config.py`` from the working directory only. But whenever it makes an inventory, it loads the
connectors that installed packages register as entry points ``pyinfra.connectors``. This is one, for no host: when it
is loaded in a run of this package, it calls `pushgateway_lab.configure`. Other runs stay as they are.
"""

from collections.abc import Iterator
from typing import Any

from pyinfra.api.exceptions import InventoryError

from pushgateway_lab.run import command_line


class Hook:
    """A connector of pyinfra without hosts."""

    handles_execution = False

    @staticmethod
    def make_names_data(name: str | None = None) -> Iterator[tuple[str, dict[str, Any], list[str]]]:
        """Refuse to name hosts: an inventory cannot use this connector.

        Raises:
            InventoryError: always.
        """
        del name
        raise InventoryError(f"@{command_line.PACKAGE} names no hosts; use names, or @local")


if command_line.is_ours(command_line.current_command()):
    from pushgateway_lab.run.configure import configure

    configure()
