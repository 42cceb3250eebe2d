"""The function for ``config.py``, which pyinfra runs before it connects to any host.

Without a ``config.py``, `pushgateway_lab.run.connector` calls it.
"""

import gc

import pyinfra

from pushgateway_lab.run import interrupt, json_output, patches


def configure() -> None:
    """Prepare pyinfra in this process; a second call changes nothing.

    + The output of hosts is escaped and cut, and each wait for a host has a limit. pyinfra has neither.
    + A run that reaches no host ends with an error; ``-y --dry`` shows changes. See
      `pushgateway_lab.run.command_line`.
    + After Ctrl-C, the exit code is 130, not 0.
    + With ``--json``, standard output has one JSON document, however the run ends.
    """
    patches.apply()
    if pyinfra.is_cli:
        interrupt.fail_interrupted_runs()
    # What was imported until now stays: without this, each search for garbage goes through all of it (30 ms).
    gc.freeze()
    json_output.begin()
