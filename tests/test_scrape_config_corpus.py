"""Real configurations, from the folder in the variable PROMETHEUS_YML_CORPUS.

The folder has three parts: `valid` (Prometheus accepts them), `broken` (Prometheus cannot parse them as
YAML), `rejected` (YAML that promtool rejects).
"""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from expectations import BOOTSTRAP, CONFIG, INSTALLED, prometheus_runs
from labhost import Host, PyinfraResult
from pushgateway_lab.scrape_config import (
    ScrapeConfigError,
    changes,
    decode,
    find_jobs,
    merge_job,
    remove_job,
    replace_job,
)
from scrape_configs.samples import CLOSED, JOB

CORPUS = os.environ.get("PROMETHEUS_YML_CORPUS")

pytestmark = pytest.mark.skipif(not CORPUS, reason="PROMETHEUS_YML_CORPUS names no folder")


def every_file_in(part: str) -> pytest.MarkDecorator:
    files = sorted(path for path in Path(CORPUS, part).iterdir()) if CORPUS else [Path()]
    return pytest.mark.parametrize("path", files, ids=lambda path: path.name)


each_job = pytest.mark.parametrize("job", [JOB, CLOSED], ids=["open", "closed"])


@each_job
@every_file_in("valid")
def test_a_valid_file_is_merged_and_restored(path: Path, job: dict[str, Any]) -> None:
    assert_merged_and_restored(decode(path.read_bytes()), job)


def assert_merged_and_restored(text: str, job: dict[str, Any]) -> None:
    merged = merge_job(text, job)
    assert merge_job(merged, job) == merged
    if "pushgateway" not in [job.name for job in find_jobs(text)]:
        assert remove_job(merged, "pushgateway") == text
    found = [job for job in find_jobs(merged) if job.name == "pushgateway"]
    assert [job.honor_labels for job in found] == [True]
    assert "localhost:9091" in found[0].targets


@each_job
@every_file_in("valid")
def test_a_job_is_replaced_without_a_change_of_other_lines(path: Path, job: dict[str, Any]) -> None:
    text = decode(path.read_bytes())
    name = "a-trainees-gateway"
    wrong = merge_job(text, {**job, "job_name": name, "metrics_path": "/wrong"})
    mine = {**job, "job_name": "lab-gateway"}
    replaced = replace_job(wrong, name, mine)
    if replaced is None:  # the jobs are not in lines of their own
        assert len(changes(text, wrong)) != 1 or changes(text, wrong)[0].end > 0
        return
    assert replaced == merge_job(text, mine)


@each_job
@every_file_in("valid")
def test_promtool_accepts_the_merged_file(
    path: Path, job: dict[str, Any], tmp_path: Path, promtool: Path
) -> None:
    merged = tmp_path / "prometheus.yml"
    merged.write_bytes(merge_job(decode(path.read_bytes()), job).encode())
    checked = subprocess.run(
        [promtool, "check", "config", "--syntax-only", merged],
        check=False,
        capture_output=True,
        text=True,
    )
    assert checked.returncode == 0, checked.stderr


@every_file_in("broken")
def test_a_broken_file_is_refused_with_the_line(path: Path) -> None:
    with pytest.raises(ScrapeConfigError) as refused:
        merge_job(decode(path.read_bytes()), JOB)
    assert refused.value.line is not None


@each_job
@every_file_in("rejected")
def test_a_file_that_promtool_rejects_is_still_merged_as_text_or_refused(
    path: Path, job: dict[str, Any]
) -> None:
    try:
        assert_merged_and_restored(decode(path.read_bytes()), job)
    except ScrapeConfigError as refused:
        assert refused.line is not None  # noqa: PT017 - either is right


@pytest.mark.lab_host(packages=INSTALLED)
def test_a_rejected_file_stays_untouched_on_a_host(
    lab_host: Host, run_pyinfra: Callable[..., PyinfraResult]
) -> None:
    prometheus_runs(lab_host)
    rejected = sorted(Path(CORPUS or "", "rejected").iterdir())
    assert rejected
    for path in rejected:
        lab_host.write(CONFIG, path.read_bytes())
        result = run_pyinfra(lab_host, "-y", BOOTSTRAP)
        assert result.returncode == 1, f"{path.name}\n{result.output}"
        assert "promtool rejects" in result.stderr or f"{CONFIG}: line" in result.stderr
        assert lab_host.read(CONFIG) == path.read_bytes(), path.name
        assert "prometheus_ready 1" in lab_host.run("curl -s localhost:9090/metrics").stdout
