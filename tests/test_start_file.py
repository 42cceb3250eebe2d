"""The configuration file at the start line: jobs in the place of the lab's job, and the copy that prepare keeps."""

from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from looks import CONFIG, look, unit
from pushgateway_lab.course import start_file, start_line
from pushgateway_lab.lab import scrape_job
from pushgateway_lab.lab.look import Look, Verdict
from pushgateway_lab.lab.mistaken_jobs import mistaken_jobs
from pushgateway_lab.lab.results import State
from pushgateway_lab.prometheus import job
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.scrape_config import find_jobs
from snapshots import BOTH, DEBIAN, GATEWAY, PROMETHEUS

PATH = "/etc/prometheus/prometheus.yml"
NODE = "scrape_configs:\n  - job_name: node\n    static_configs: [{targets: ['localhost:9100']}]\n"
RENAMED = NODE + CONFIG.partition("\n")[2].replace("job_name: pushgateway", "job_name: push")
MISSPELT = RENAMED.replace("job_name: push", "job_name: Push-Gateway").replace("9091", "9092")
MIXED = NODE.replace("'localhost:9100'", "'localhost:9100', '127.0.0.1:9091'")
DISCOVERING = RENAMED.replace("honor_labels: true", "dns_sd_configs: [{names: [a]}]")
NO_YAML = NODE + "  - job_name: [pushgateway\n"
RESET, RESTORE = {"lab_reset": True}, {"lab_restore": True}


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def at_start(
    config: str, data: Mapping[str, Any] | None = None, *, kept: str | None = None, **fields: Any
) -> Look:
    """Return a look at a host whose groups are known, with a copy of the file at the start line, if any."""
    lines = fields.pop("lines", BOTH)
    copy = None if kept is None else digest(kept)
    return look(*lines, said={"groups": []}, config=config, data=data, start_digest=copy, **fields)


def refusal(looked: Look, *, for_reset: bool) -> str:
    with pytest.raises(HostError) as error:
        start_line.is_free(looked, looked.settings, for_reset=for_reset)
    return str(error.value)


@pytest.mark.parametrize(
    ("config", "names", "may_go"),
    [
        (NODE, [], True),
        (CONFIG, [], True),
        (RENAMED, ["push"], True),
        (CONFIG + RENAMED.partition("\n")[2], ["push"], True),
        (MISSPELT, ["Push-Gateway"], True),
        (RENAMED + MISSPELT.partition("localhost:9100']}]\n")[2], ["push", "Push-Gateway"], True),
        (MIXED, ["node"], False),
        (DISCOVERING, ["push"], False),
        (RENAMED.replace("job_name: push", "metrics_path: /metrics"), [""], True),
    ],
)
def test_which_jobs_stand_in_the_place_of_the_labs(
    config: str, names: list[str], *, may_go: bool
) -> None:
    found = mistaken_jobs(find_jobs(config), "localhost:9091", "pushgateway")
    assert [each.job.name for each in found] == names
    assert all(each.scrapes_others is not may_go for each in found)


@pytest.mark.parametrize("config", [RENAMED, MISSPELT, MIXED, DISCOVERING])
@pytest.mark.parametrize("for_reset", [False, True])
def test_what_verify_calls_wrong_is_not_at_the_start_line(config: str, *, for_reset: bool) -> None:
    assert scrape_job.job(at_start(config)).state is State.WRONG
    message = refusal(at_start(config), for_reset=for_reset)
    assert "--data lab_reset=True" in message
    assert "Nothing was changed." in message
    assert "(line " in message


@pytest.mark.parametrize("config", [RENAMED, MISSPELT])
@pytest.mark.parametrize("for_reset", [False, True])
def test_a_job_in_the_labs_place_is_removed_where_the_work_may_go(
    config: str, *, for_reset: bool
) -> None:
    looked = at_start(config, RESET)
    assert start_line.is_free(looked, looked.settings, for_reset=for_reset)
    (note,) = start_file.notes(looked, looked.settings)
    assert "it is removed" in note
    assert f"{PATH}.before-pushgateway-lab" in note
    old, new = job.without_job(looked.snapshot, looked.settings)
    assert (old, new) == (config, NODE)
    kept = at_start(config)
    assert job.without_job(kept.snapshot, kept.settings) == (config, config)
    assert list(start_file.notes(kept, kept.settings)) == []


def test_the_labs_own_job_and_those_in_its_place_go_together() -> None:
    looked = at_start(CONFIG + RENAMED.partition("\n")[2], RESET)
    assert job.without_job(looked.snapshot, looked.settings)[1] == NODE


@pytest.mark.parametrize("config", [MIXED, DISCOVERING])
@pytest.mark.parametrize("for_reset", [False, True])
def test_a_job_that_scrapes_others_as_well_is_never_removed(
    config: str, *, for_reset: bool
) -> None:
    looked = at_start(config, RESET)
    message = refusal(looked, for_reset=for_reset)
    assert "beside other targets" in message
    assert f"sudoedit {PATH}" in message
    assert job.without_job(looked.snapshot, looked.settings) == (config, config)


@pytest.mark.parametrize("for_reset", [False, True])
def test_a_file_that_is_no_yaml_has_a_next_step(*, for_reset: bool) -> None:
    with_copy = refusal(at_start(NO_YAML, kept=NODE), for_reset=for_reset)
    assert f"{PATH}: line " in with_copy
    assert "To bring it back, add: --data lab_restore=True" in with_copy
    assert f"kept as {PATH}.before-lab-restore" in with_copy

    without = refusal(at_start(NO_YAML, RESTORE), for_reset=for_reset)
    assert "There is no copy" in without
    assert f"sudo mv {PATH} {PATH}.before-lab-restore" in without
    assert "--reinstall prometheus" in without


def test_a_prometheus_that_failed_because_of_its_file_can_be_restored() -> None:
    lines = (*DEBIAN, *unit(PROMETHEUS, active="failed"), *unit(GATEWAY))
    rejected: dict[str, Any] = {"verdict": Verdict(accepted=False, words="no"), "lines": lines}
    message = refusal(at_start(NODE + "x: 1\n", kept=NODE, **rejected), for_reset=True)
    assert "prometheus.service has failed" in message
    assert "lab_restore=True" in message
    looked = at_start(NO_YAML, RESTORE, kept=NODE, lines=lines)
    assert start_line.is_free(looked, looked.settings)
    assert start_line.is_free(looked, looked.settings, for_reset=True)
    # A Prometheus that failed for another reason is not the file's fault.
    other = refusal(at_start(NODE, kept=CONFIG, lines=lines), for_reset=True)
    assert "lab_restore" not in other


@pytest.mark.parametrize(
    ("config", "data", "kept", "is_pending"),
    [
        (NO_YAML, RESTORE, NODE, True),
        (CONFIG, RESTORE, NODE, True),
        (NODE, RESTORE, NODE, False),
        (NO_YAML, RESTORE, None, False),
        (NO_YAML, {}, NODE, False),
    ],
)
def test_when_the_copy_is_brought_back(
    config: str, data: Mapping[str, Any], kept: str | None, *, is_pending: bool
) -> None:
    looked = at_start(config, data, kept=kept)
    assert start_file.is_pending(looked) == is_pending
    assert start_file.is_restored(looked, looked.settings) != is_pending


@pytest.mark.parametrize(("state", "is_pending"), [("absent", True), ("special", False)])
def test_a_deleted_file_comes_back_and_a_directory_stays(state: str, *, is_pending: bool) -> None:
    looked = at_start(NODE, RESTORE, kept=NODE)
    gone = replace(looked, snapshot=looked.snapshot._replace(config=None, config_state=state))
    assert start_file.is_pending(gone) == is_pending
    if is_pending:
        assert start_line.is_free(gone, gone.settings, for_reset=True)
    else:
        assert "not a regular file" in refusal(gone, for_reset=True)


def test_no_work_is_found_in_a_file_that_is_replaced() -> None:
    looked = at_start(RENAMED, RESTORE, kept=NODE)
    assert start_file.jobs_found(looked) == []
    assert start_line.is_free(looked, looked.settings)


def test_when_the_copy_is_up_to_date() -> None:
    def is_kept(config: str, kept: str | None) -> bool:
        looked = at_start(config, kept=kept)
        return start_file.is_kept(looked, looked.settings)

    assert is_kept(NODE, NODE)
    assert not is_kept(NODE, None)
    assert not is_kept(NODE, NODE + "# more\n")
    bare = at_start(NODE, kept=NODE)
    bare = replace(bare, snapshot=bare.snapshot._replace(config=None, config_state="absent"))
    assert not start_file.is_kept(bare, bare.settings)
