"""The command line of the prune's program.

The program deletes the groups of a Pushgateway to which nobody has pushed for a while. A timer runs it on the
Pushgateway's host. To run it by hand with the installed arguments, without deleting anything:

    prune.pyz @/etc/pushgateway-lab/prune.arguments --dry-run

It logs each group that it deletes. If a password goes over plain HTTP, root runs the program with
``--check-listener`` before each prune, see `pushgateway_lab.pruning.program.listening`.

Exit codes: 0 success; 1 the Pushgateway did not answer, refused a request or still has a deleted group, or the
password must not be sent to it; 2 wrong arguments.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from pathlib import Path

from pushgateway_lab.formats.durations import seconds_of
from pushgateway_lab.formats.matchers import Matcher, parse_matchers
from pushgateway_lab.formats.words import counted
from pushgateway_lab.pruning.layout import REPORT_JOB
from pushgateway_lab.pruning.program.client import Gateway, GatewayError
from pushgateway_lab.pruning.program.deletion import prune, report
from pushgateway_lab.pruning.program.listening import ListenerError, note
from pushgateway_lab.pruning.program.log import complain, say


def seconds(duration: str) -> float:
    """Return the seconds of a Prometheus duration such as 24h or 1d12h, more than 0.

    Raises:
        ArgumentTypeError: the text is no duration, or is 0.
    """
    try:
        total = seconds_of(duration)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    if total <= 0:
        raise argparse.ArgumentTypeError(
            f"{duration} is not more than 0: it would delete every group"
        )
    return total


def matchers(text: str) -> list[Matcher]:
    """Return label matchers, given with or without braces: ``{job="backup", instance=~"db.*"}``.

    Raises:
        ArgumentTypeError: the text has a syntax error.
    """
    try:
        return parse_matchers(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def parse_arguments(words: list[str] | None = None) -> argparse.Namespace:
    """Return the parsed arguments; wrong arguments end the program with exit code 2."""
    parser = argparse.ArgumentParser(
        prog="prune.pyz",
        description="Delete the groups of a Pushgateway to which nobody has pushed for a while.",
        fromfile_prefix_chars="@",
        allow_abbrev=False,
    )
    parser.add_argument("--url", required=True, help="the Pushgateway's URL, http or https")
    parser.add_argument(
        "--older-than", required=True, type=seconds, metavar="DURATION", help="such as 24h or 1d12h"
    )
    parser.add_argument(
        "--keep", action="append", default=[], type=matchers, metavar="MATCHERS",
        help='groups to keep, such as job="backup"; may be given several times',
    )  # fmt: skip
    parser.add_argument("--username", help="for basic authentication")
    parser.add_argument("--unit", help="the Pushgateway's systemd unit, for --check-listener")
    parser.add_argument(
        "--credentials", type=Path, default=os.environ.get("CREDENTIALS_DIRECTORY"),
        help="directory with the files password, ca.pem and client.pem, each of them optional",
    )  # fmt: skip
    parser.add_argument(
        "--report", action="store_true", help=f"push the result as job {REPORT_JOB}"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="list the old groups; delete nothing"
    )
    parser.add_argument(
        "--check-listener", action="store_true",
        help="delete nothing; as root, check that the unit will get the password, and note its sockets",
    )  # fmt: skip
    options = parser.parse_args(words)
    if options.check_listener and not options.unit:
        parser.error("--check-listener needs --unit")
    return options


def main() -> int:
    """Prune once, or check the listeners; return the exit code."""
    options = parse_arguments()
    for stream in (sys.stdout, sys.stderr):
        # Without this, a message could not be written in a locale without UTF-8.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    return _check_listener(options) if options.check_listener else _prune(options)


def _check_listener(options: argparse.Namespace) -> int:
    try:
        note(options.url, options.username, options.unit)
    except ListenerError as error:
        complain(f"The password was not sent: {error}.")
        return 1
    return 0


def _prune(options: argparse.Namespace) -> int:
    try:
        gateway = Gateway(options.url, options.username, options.credentials)
        outcome = prune(gateway, options)
        if options.report and not options.dry_run:
            report(gateway, outcome, options.older_than)
    except (
        GatewayError,
        OSError,
        UnicodeError,
    ) as error:  # OSError, UnicodeError: a credential cannot be read
        complain(str(error))
        return 1
    verb = "would be deleted" if options.dry_run else "deleted"
    is_or_are = "is" if outcome.left == 1 else "are"
    say(f"{counted(len(outcome.deleted), 'group')} {verb}, {outcome.left} {is_or_are} there")
    return 1 if outcome.failed else 0
