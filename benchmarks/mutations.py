"""Measure how many random mutations of the pure modules the tests without hosts and browser find.

    make mutations                            # 90 mutations, a new seed
    make mutations ARGS="--seed 7"            # the same 90 again
    make mutations ARGS="--number 20 formats report/console.py"

A mutation changes a comparison, `and` or `or`, a condition, or a number, in a copy of the tree in a temporary
folder. The quick tests of the mutated room run first. If they pass, all other tests run that can find it and
need no host and no browser. A mutation is killed if a test fails, or if the tests take much longer than
without it. The benchmark prints each mutation that is alive at the end.
"""

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from fnmatch import fnmatch
from itertools import count
from pathlib import Path
from queue import SimpleQueue
from types import FrameType
from typing import NamedTuple

from mutants import ROOT, Mutation, described, draw

_FLAGS = ("flags", "installations", "settings", "values_written")
_RELEASES = ("release", "release_unpack", "release_fetch")
QUICK = {
    "scrape_config": ("scrape_config*", "hostile_text"),
    "lab": ("lab_pushes*", "lab_look", "lab_commands", "lab_complaints", "report", "lab_*"),
    "report": ("report*",),
    "formats": (
        "grouping",
        "listeners",
        "prune_program",
        "matchers",
        "exposition",
        "answers",
        "prune_groups",
        "release",
        "values",
    ),
    "settings": ("settings", "password", "values", "values_written"),
    "installations": (
        *_FLAGS,
        "adopted",
        "exec_start",
        "hardening",
        "in_use",
        "lone",
        "names",
        "pinned",
        "release_choice",
        "running",
        "taken_port",
        "uninstall",
    ),
    "services": ("services", "systemd_look", "found_servers"),
    "facts": (
        "added",
        "found_servers",
        "lone",
        "looking",
        "names",
        "proof",
        "taken_port",
        "transaction_outcomes",
        "uninstall",
    ),
    "releases/architecture.py": _RELEASES,
    "releases/download.py": ("release_download",),
    "releases/release.py": _RELEASES,
    "releases/unpack.py": _RELEASES,
}
"""The pure rooms, and the tests to run first: names of test files without ``test_`` and ``.py``."""

SLOW = ("lab_hostile", "scrape_config_size", "scrape_config_properties", "hostile_text")
"""Tests that do not run first."""

UNRELATED = (
    "labhost*",
    "lock_audit",
    "handshake",
    "hostile_sshd",
    "shell",
    "exchange",
    "prune_hostile",
)
"""Slow tests that use nearly nothing of the pure modules."""

AT_ONCE = 2
LONGEST = 900
"""Seconds for all tests; the quick ones have a minute and four times their time without a mutation."""

# The list from the time of the copy: somebody may add a file later.
_TESTS = [path.relative_to(ROOT) for path in sorted(Path(ROOT, "tests").glob("test_*.py"))]

_VERSIONS = count(1)
_ENDED = "interrupted"


class Outcome(NamedTuple):
    """+ killer: the first test that failed, or another reason for the end; None: the mutation is alive."""

    mutation: Mutation
    killer: str | None


def main() -> int:
    """Print the mutations that no test notices; return whether there are more than allowed."""
    options = arguments()
    signal.signal(signal.SIGTERM, _interrupt)
    print(f"seed {options.seed}", flush=True)
    drawn = draw(options.number, options.seed, options.only, QUICK)
    outcomes = list(judged(drawn, options.quick))
    alive = sorted(each.mutation for each in outcomes if each.killer is None)
    print(f"\nseed {options.seed}: {len(alive)} of {len(outcomes)} mutations are alive")
    for mutation in alive:
        print(described(mutation))
    return int(len(alive) > options.most)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--number", type=int, default=90, help="mutations; default: %(default)s")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="default: random")  # noqa: S311  # draws no secret
    parser.add_argument(
        "--most", type=int, default=5, help="more survivors: exit code 1; default: %(default)s"
    )
    parser.add_argument("--quick", action="store_true", help="run only the quick tests of the room")
    parser.add_argument(
        "only", nargs="*", help="beginnings of paths in pushgateway_lab/; default: all pure modules"
    )
    return parser.parse_args()


_SERVER = """
import contextlib, json, os, signal, sys, time
import pytest, hypothesis, jsonschema, lxml.etree, pyinfra.api, requests, ruamel.yaml, selenium.webdriver, yaml

def end(child):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)

def run(arguments, limit):
    child = os.fork()
    if not child:
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.alarm(limit)
        printed = os.open("tmp/printed", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(printed, 1)
        os.dup2(printed, 2)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        code = 3
        try:
            code = int(pytest.main(arguments))
        finally:
            sys.stdout.flush()
            os._exit(code)
    try:
        status = os.waitpid(child, 0)[1]
    except SystemExit:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGINT)  # pytest ends what its tests have started
        time.sleep(2)
        end(child)
        raise
    end(child)
    return os.waitstatus_to_exitcode(status)

def stop(*_):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit()

signal.signal(signal.SIGTERM, stop)
for line in sys.stdin:
    print(run(*json.loads(line)), flush=True)
"""
"""Runs pytest in forks of one process that has imported the slow modules, which are never mutated."""

_ARGUMENTS = (
    *("-x", "-q", "-m", "not hosts and not browser", "-p", "no:cacheprovider", "--tb=no"),
    *("--no-header", "-W", "ignore::pytest.PytestAssertRewriteWarning"),
)


class Copy:
    """A copy of the tree for pytest, with one run at a time."""

    def __init__(self, folder: Path) -> None:
        shutil.copytree(ROOT, folder, symlinks=True, ignore=_is_no_source)
        if (ROOT / ".venv").is_dir():
            (folder / ".venv").symlink_to((ROOT / ".venv").resolve())
        self._folder = folder
        self._temporary = folder / "tmp"
        self._temporary.mkdir()
        paths = os.pathsep.join((str(folder / "deploy"), str(folder / "tests")))
        self._server = subprocess.Popen(
            [sys.executable, "-c", _SERVER],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": paths, "TMPDIR": str(self._temporary)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is for this program alone, which ends the server
        )

    def end(self) -> None:
        """End the run."""
        while self._server.poll() is None:
            self._server.terminate()  # again: one that arrives just before a read or a wait is lost
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._server.wait(10)

    def killer(self, mutation: Mutation, tests: Iterable[Path], limit: float) -> str | None:
        """Return the reason for the end of the tests on a mutation; None if all passed."""
        path = self._folder / mutation.path
        original = path.read_text("utf-8")
        _write(path, mutation.text)
        try:
            return self.failure(tests, limit)
        finally:
            _write(path, original)

    def failure(self, tests: Iterable[Path], limit: float) -> str | None:
        """Return the reason for the end of a run of tests; None if all passed."""
        if not self._server.stdin or not self._server.stdout:
            raise TypeError
        question = json.dumps([[*_ARGUMENTS, *map(str, tests)], int(limit)])
        try:
            self._server.stdin.write(f"{question}\n")
            self._server.stdin.flush()
        except BrokenPipeError:
            return _ENDED
        answer = self._server.stdout.readline()
        if not answer:
            return _ENDED
        code = int(answer)
        if code == -signal.SIGALRM:
            return f"took more than {limit:.0f} s"
        printed = (self._temporary / "printed").read_text("utf-8", "replace").splitlines()
        failed = [line for line in printed if line.startswith(("FAILED", "ERROR"))]
        return None if code == 0 else (failed or [f"ended with {code}"])[0]


def _write(path: Path, text: str) -> None:
    """Write a module with a new modification time, by which Python recognises outdated byte code."""
    path.write_text(text, "utf-8")
    version = next(_VERSIONS)
    os.utime(path, (version, version))


def _is_no_source(folder: str, names: list[str]) -> set[str]:
    """Return the names that a copy of the tree leaves out."""
    return {
        name
        for name in names
        if name.startswith(".") or name == "__pycache__" or Path(folder, name).is_symlink()
    }


def quick_tests(room: str) -> list[Path]:
    """Return the test files to run first, those of the room's first pattern first."""
    return [path for path in _matching(QUICK[room]) if path not in _matching(SLOW)]


def other_tests(room: str) -> list[Path]:
    """Return all other test files that can notice a mutation in a room."""
    left_out = [*quick_tests(room), *_matching(UNRELATED)]
    if room != "scrape_config":
        left_out += _matching(("scrape_config*",))
    return [path for path in _matching((*SLOW, "*")) if path not in left_out]


def _matching(patterns: Iterable[str]) -> list[Path]:
    """Return the test files whose names match, each once; a pattern without any is an error."""
    found: dict[Path, None] = {}
    for pattern in patterns:
        paths = [path for path in _TESTS if fnmatch(path.name, f"test_{pattern}.py")]
        if not paths:
            raise SystemExit(f"there is no tests/test_{pattern}.py")
        found |= dict.fromkeys(paths)
    return list(found)


def judged(mutations: Sequence[Mutation], is_quick: bool) -> Iterator[Outcome]:
    """Run the tests on each mutation, and print the result.

    Raises:
        SystemExit: tests fail without a mutation.
    """
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mutations-")))
        pool = stack.enter_context(ThreadPoolExecutor(AT_ONCE))
        stack.callback(pool.shutdown, wait=False, cancel_futures=True)
        copies: SimpleQueue[Copy] = SimpleQueue()
        for number in range(AT_ONCE):
            copies.put(copy := Copy(folder / str(number)))
            stack.callback(copy.end)

        def limit_of(room: str) -> float:
            copy, started = copies.get(), time.monotonic()
            failure = copy.failure(quick_tests(room), LONGEST)
            copies.put(copy)
            if failure:
                raise SystemExit(f"without a mutation: {failure}")
            return 60 + 4 * (time.monotonic() - started)

        def outcome(mutation: Mutation) -> Outcome:
            copy = copies.get()
            killer = copy.killer(mutation, quick_tests(mutation.room), limits[mutation.room])
            if not killer and not is_quick:
                killer = copy.killer(mutation, other_tests(mutation.room), LONGEST)
            copies.put(copy)
            return Outcome(mutation, killer)

        rooms = sorted({each.room for each in mutations})
        limits = dict(zip(rooms, pool.map(limit_of, rooms), strict=True))
        waiting = [pool.submit(outcome, each) for each in mutations]
        for number, future in enumerate(as_completed(waiting), 1):
            found = future.result()
            print(f"{number}/{len(mutations)} {described(found.mutation)}")
            print(f"  {found.killer or 'ALIVE'}", flush=True)
            yield found


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Raise KeyboardInterrupt, as on Ctrl-C."""
    del number, frame
    raise KeyboardInterrupt


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("interrupted")
