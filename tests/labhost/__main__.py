"""The persistent lab host behind `make lab`: python -m labhost up | down | status | clean.

`up` and `status` print one `key=value` per line; with a KEY, that value alone.
"""

import argparse
import logging
import sys

from . import image, machine
from .host import Host, HostSpec
from .inventory import write_inventory
from .lab import Lab
from .state import exclusive, state_directory


def main() -> int:
    """Run the command line; return the exit code."""
    arguments = _parser().parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    if problem := machine.obstacle():
        print(problem, file=sys.stderr)
        return 2
    # Two `make lab` at the same time must use the same host.
    with exclusive(state_directory() / "command.lock"):
        try:
            return int(arguments.command(arguments))
        except (RuntimeError, OSError) as error:
            print(error, file=sys.stderr)
            return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="labhost", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    up = commands.add_parser("up", help="boot the lab host, or use the one that runs")
    up.add_argument("--suite", choices=image.SUITES, help="bookworm if not given")
    up.add_argument("key", nargs="?", metavar="KEY", help="print this value only")
    up.set_defaults(command=_up)
    down = commands.add_parser("down", help="stop the lab host and remove all of it")
    down.set_defaults(command=_down)
    status = commands.add_parser("status", help="print how to reach the lab host")
    status.add_argument("key", nargs="?", metavar="KEY", help="print this value only")
    status.set_defaults(command=_status)
    clean = commands.add_parser("clean", help="delete the images of earlier recipes")
    clean.set_defaults(command=_clean)
    return parser


def _up(arguments: argparse.Namespace) -> int:
    host = _running_host()
    if host is None:
        host = _boot(arguments.suite or "bookworm")
        print(f"booted lab host {host.name} ({host.suite}, {host.address})", file=sys.stderr)
    elif arguments.suite in (None, host.suite):
        print(f"lab host {host.name} ({host.suite}, {host.address}) is up", file=sys.stderr)
    else:
        print(f"a {host.suite} lab host is up: take it down first", file=sys.stderr)
        return 1
    return _print_facts(host, arguments.key)


def _boot(suite: str) -> Host:
    lab = Lab.make()
    try:
        host = lab.boot(HostSpec(suite=suite))
        write_inventory(lab.directory / "inventory.py", [host])
    except BaseException:
        lab.close()
        raise
    lab.keep()
    return host


def _down(_: argparse.Namespace) -> int:
    labs = Lab.kept()
    for lab in labs:
        lab.close()
    print("lab host stopped and removed" if labs else "no lab host is up", file=sys.stderr)
    return 0


def _status(arguments: argparse.Namespace) -> int:
    host = _running_host()
    if host is None:
        print("no lab host is up: make lab boots one", file=sys.stderr)
        return 1
    return _print_facts(host, arguments.key)


def _clean(_: argparse.Namespace) -> int:
    for path in image.remove_outdated():
        print(f"deleted {path}", file=sys.stderr)
    return 0


def _running_host() -> Host | None:
    return next((host for lab in Lab.kept() for host in lab.hosts() if host.is_running()), None)


def _print_facts(host: Host, key: str | None) -> int:
    facts = {
        "name": host.name,
        "suite": host.suite,
        "address": host.address,
        "user": host.user,
        "ssh_key": str(host.ssh_key),
        "known_hosts": str(host.known_hosts),
        "inventory": str(host.directory.parents[1] / "inventory.py"),
        "ssh": " ".join(host.ssh_command()),
    }
    if key is None:
        print("\n".join(f"{name}={value}" for name, value in facts.items()))
    elif key in facts:
        print(facts[key])
    else:
        print(f"no value {key!r}; there are {', '.join(facts)}", file=sys.stderr)
        return 2
    return 0


sys.exit(main())
