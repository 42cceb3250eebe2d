"""The function for ``config.py``, which pyinfra runs before it connects to any host."""

import gc

from pushgateway_lab.run import command_line, patches


def configure() -> None:
    """Prepare pyinfra in this process; a second call changes nothing.

    + The output of hosts is escaped and cut, and each wait for a host has a limit. pyinfra has neither.
    + A missing inventory file ends the run with an error. pyinfra takes the file's name for a host name or
      an empty inventory, and exits with 0.

    Raises:
        NoSuchFileError: the inventory named on pyinfra's command line does not exist.
    """
    patches.apply()
    # What was imported until now stays: without this, each search for garbage goes through all of it (30 ms).
    gc.freeze()
    command_line.check_inventory()
