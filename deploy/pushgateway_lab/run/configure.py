"""What a ``config.py`` calls before pyinfra connects to any host."""

from pushgateway_lab.run import command_line, patches


def configure() -> None:
    """Prepare pyinfra in this process; may be called again.

    + what hosts print is escaped and cut, and waiting for them has a limit; pyinfra has neither
    + an inventory file that does not exist ends the run with an error; pyinfra takes its name for a host,
      or for no host, and ends with 0

    Raises:
        NoSuchFileError: the inventory named on pyinfra's command line does not exist.
    """
    patches.apply()
    command_line.check_inventory()
