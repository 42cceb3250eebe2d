"""Measure a merge, compared with `promtool check config` on the same file.

    python benchmarks/merge.py                                  # promtool from PATH
    python benchmarks/merge.py --promtool ./promtool --rounds 9

promtool parses the file once, in Go. A merge parses it, edits it, and parses the result to prove it, in this
process. The two run in turn, so that changes of the machine's speed affect both. The result is the ratio of
the fastest rounds. The exit code is 1 if a file of 1 MB takes more than 3 times as long as promtool.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from pushgateway_lab.scrape_config import merge_job

JOB = {
    "job_name": "pushgateway",
    "honor_labels": True,
    "static_configs": [{"targets": ["localhost:9091"]}],
}
JOBS_PER_MEGABYTE = 5000
MOST_JOBS = 7500
"""About the limit of values in a file (pushgateway_lab/scrape_config/limits.py)."""
MOST = 3.0


class Sample(NamedTuple):
    """A configuration for the merge."""

    what: str
    jobs: int
    text: str


def main() -> int:
    """Print the table; return whether a merge takes too long."""
    options = arguments()
    print("| file | jobs | MB | promtool, s | merge, s | ratio |")
    print("| --- | --- | --- | --- | --- | --- |")
    ratios = [measure(sample, options.promtool, options.rounds) for sample in samples()]
    return int(ratios[0] > MOST)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--promtool", default=shutil.which("promtool"), help="default: on PATH")
    parser.add_argument("--rounds", type=int, default=5, help="default: %(default)s")
    options = parser.parse_args()
    if options.promtool is None:
        parser.error("there is no promtool on PATH; name one with --promtool")
    return options


def samples() -> Iterator[Sample]:
    """Yield files of two sizes, and one that libyaml refuses at first."""
    for jobs in (JOBS_PER_MEGABYTE, MOST_JOBS):
        yield Sample("quoted targets", jobs, configuration(jobs))
    text = configuration(JOBS_PER_MEGABYTE)
    unquoted = f"['host-{JOBS_PER_MEGABYTE - 1}.example.org:9100'"
    yield Sample(
        "one unquoted [host:port]",
        JOBS_PER_MEGABYTE,
        text.replace(unquoted, unquoted.replace("'", "")),
    )


def configuration(jobs: int) -> str:
    """Return a configuration with about 200 bytes for each job."""
    return "global:\n  scrape_interval: 15s\n\nscrape_configs:\n" + "".join(
        f"  - job_name: 'job-{number:05}'\n"
        "    scrape_interval: 15s\n"
        "    metrics_path: /metrics\n"
        "    static_configs:\n"
        f"      - targets: ['host-{number}.example.org:9100', 'host-{number}b.example.org:9100']\n"
        "        labels:\n"
        "          env: production\n"
        for number in range(jobs)
    )


def measure(sample: Sample, promtool: str, rounds: int) -> float:
    """Print a row of the table; return the ratio."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "prometheus.yml")
        path.write_text(sample.text, "utf-8")
        checks, merges = [], []
        for _ in range(rounds):
            checks.append(seconds(lambda: check(promtool, path)))
            merges.append(seconds(lambda: merge_job(sample.text, JOB)))
    ratio = min(merges) / min(checks)
    megabytes = len(sample.text.encode()) / 1e6
    print(
        f"| {sample.what} | {sample.jobs} | {megabytes:.1f} "
        f"| {min(checks):.2f} | {min(merges):.2f} | {ratio:.1f} |",
        flush=True,
    )
    return ratio


def check(promtool: str, path: Path) -> None:
    """Fail unless promtool accepts a file."""
    subprocess.run([promtool, "check", "config", path], check=True, stdout=subprocess.DEVNULL)


def seconds(act: Callable[[], object]) -> float:
    """Return the seconds that a function takes."""
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main())
