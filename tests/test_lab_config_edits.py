"""The lines to write in the configuration file, and the commands around them, as verify shows them."""

import re
from dataclasses import replace

import pytest

from fixes import edited
from looks import look, unit, unreadable
from pushgateway_lab import scrape_config
from pushgateway_lab.lab import config_edits
from pushgateway_lab.lab.jobs import job_in_file
from pushgateway_lab.lab.look import Verdict
from pushgateway_lab.lab.rejection import Rejected, line_in, rejected
from pushgateway_lab.lab.results import State
from pushgateway_lab.lab.scrape_job import accepted, honor_labels, is_loaded, job
from pushgateway_lab.scrape_config import Change

PATH = "/etc/prometheus/prometheus.yml"
NODE = "scrape_configs:\n  - job_name: node\n    bearer_token: secret\n    static_configs: []\n"
JOB = """\
  - job_name: pushgateway
    honor_labels: true
    static_configs:
      - targets: [localhost:9091]
"""


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ([Change(1, 2, ("b",))], f"In {PATH}, replace line 2 by:\nb"),
        ([Change(1, 3, ())], f"In {PATH}, delete lines 2 to 3."),
        ([Change(3, 3, ("c",))], f"In {PATH}, after line 3, add:\nc"),
        (
            [Change(0, 1, ("a",)), Change(3, 3, ("c", "d"))],
            f"In {PATH}, after line 3, add:\nc\nd\nReplace line 1 by:\na",
        ),
        ([], ""),
    ],
)
def test_changes_in_words_begin_at_the_end_of_the_file(changes: list[Change], words: str) -> None:
    assert config_edits.in_words(changes, PATH) == words


@pytest.mark.parametrize(
    "text",
    [
        NODE,
        NODE + JOB.replace("    honor_labels: true\n", ""),
        NODE + JOB.replace("true", "'true'"),
        NODE + JOB.replace("9091", "9092") + "    scheme: https\n    proxy_url: http://a\n",
        NODE + JOB.replace("name: pushgateway", "name: push_gateway"),
        NODE + JOB.replace("    honor_labels: true\n", "") + "        honor_labels: true\n",
    ],
)
def test_who_writes_the_lines_that_are_shown_has_the_right_job(text: str) -> None:
    looked = look(config=text)
    found = [job(looked), honor_labels(looked), config_edits.to_correct(looked, "It is down.")]
    finding = next(each for each in found if each.state is not State.DONE)
    assert finding.fix == f"sudoedit {PATH}\nsudo systemctl reload prometheus"
    assert "secret" not in finding.says
    new = edited(text, finding.says, PATH)
    after = look(config=new)
    assert (job(after).state, honor_labels(after).state) == (State.DONE, State.DONE)
    mine = job_in_file(after)
    assert mine is not None
    assert (mine.targets, mine.scheme, mine.inherited) == (("localhost:9091",), "http", ())
    assert scrape_config.find_jobs(new)[0].name == "node"


def test_a_scrape_interval_of_the_trainee_stays() -> None:
    text = NODE + JOB.replace("9091", "9092") + "    scrape_interval: 1m\n"
    says = config_edits.to_correct(look(config=text), "It is down.").says
    mine = job_in_file(look(config=edited(text, says, PATH)))
    assert mine is not None
    assert mine.scrape_interval == "1m"


def test_without_whole_lines_the_commands_are_shown_alone() -> None:
    finding = job(look(config="scrape_configs: [{job_name: node, bearer_token: secret}]\n"))
    assert "It goes under scrape_configs" in finding.says
    assert "secret" not in finding.says
    assert finding.fix == f"sudoedit {PATH}\nsudo systemctl reload prometheus"


def test_a_file_that_is_right_is_reloaded() -> None:
    finding = config_edits.to_correct(look(config=NODE + JOB), "It is down.")
    assert finding.says == "It is down.\nThe file is right already."
    assert finding.fix == "sudo systemctl reload prometheus"


def test_prometheus_reads_a_file_as_its_unit_can() -> None:
    def to_read(**given: str) -> str:
        lines = unit("prometheus.service", **given)
        return config_edits.reload(look(*lines))

    assert to_read() == "sudo systemctl reload prometheus"
    assert to_read(active="inactive") == "sudo systemctl start prometheus"
    cannot = [re.sub("CanReload=yes", "CanReload=no", line) for line in unit("prometheus.service")]
    assert config_edits.reload(look(*cannot)) == "sudo systemctl kill -s HUP prometheus"


def test_a_closed_directory_is_opened_first() -> None:
    closed = replace(look(), closed_ways=("/etc/prometheus",))
    fix = config_edits.to_let_read(closed, "It is closed.").fix
    assert fix is not None
    assert fix.split("\n")[0] == (
        "sudo chgrp prometheus /etc/prometheus; sudo chmod g+x /etc/prometheus"
    )


def test_no_command_opens_what_a_link_leads_to() -> None:
    linked = replace(unreadable(look()), config_link="/etc/shadow", closed_ways=("/root",))
    for finding in (job(linked), accepted(linked)):
        assert (finding.state, finding.fix) == (State.WRONG, None)
        assert finding.says.endswith(
            "It is a link to /etc/shadow: put the configuration itself there, not a link."
        )


def test_no_command_opens_a_file_that_only_a_process_names() -> None:
    looked = unreadable(look())
    names = "only process 64 names it, which no service started, and whose user may not write there"
    named = replace(looked, snapshot=looked.snapshot._replace(config_obstacle=names))
    for finding in (job(named), accepted(named)):
        assert (finding.state, finding.fix) == (State.WRONG, None)
        assert finding.says.endswith(f"It is not to be opened for that user: {names}.")
    assert config_edits.edit(named) is None


RULES = """\
Checking /etc/prometheus/prometheus.yml
 SUCCESS: 1 rule files found

Checking /etc/prometheus/lab.rules
  FAILED:
/etc/prometheus/lab.rules: yaml: line 2: did not find expected node content"""


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (RULES, Rejected("/etc/prometheus/lab.rules", 2)),
        (RULES.replace("yaml: line 2", "2:5"), Rejected("/etc/prometheus/lab.rules", 2)),
        (
            f"Checking {PATH}\n  FAILED: parsing YAML file {PATH}: yaml: line 7: bad",
            Rejected(PATH, 7),
        ),
        (f"Checking {PATH}\n  FAILED: no such thing", Rejected(PATH, None)),
        ("", Rejected(PATH, None)),
    ],
)
def test_promtool_says_which_file_is_rejected(words: str, found: Rejected) -> None:
    assert rejected(words, PATH) == found


def test_a_message_without_a_line_has_none() -> None:
    assert line_in("no line here") is None


def test_a_rejected_rules_file_is_the_one_to_open() -> None:
    finding = accepted(look(verdict=Verdict(accepted=False, words=RULES)))
    assert finding.says.startswith("promtool rejects /etc/prometheus/lab.rules.")
    assert finding.fix == "sudoedit /etc/prometheus/lab.rules\nsudo systemctl reload prometheus"
    loaded = (
        "prometheus_config_last_reload_successful 0",
        "prometheus_config_last_reload_success_timestamp_seconds 1",
        'prometheus_config {"status":"success","data":{"yaml":"scrape_configs: []"}}',
    )
    in_part = is_loaded(
        look(
            *loaded,
            verdict=Verdict(accepted=False, words=RULES),
            reload_error="one or more errors occurred while applying the new configuration",
        )
    )
    assert "took the scrape jobs" in in_part.says
    assert in_part.fix == finding.fix


def test_lines_are_shown_only_for_an_error_in_the_job_itself() -> None:
    def says(line: int) -> str:
        words = f"Checking {PATH}\n  FAILED: yaml: line {line}: bad"
        text = NODE + JOB + "    scheme: ftp\n"
        return accepted(look(config=text, verdict=Verdict(accepted=False, words=words))).says

    assert "replace lines 8 to 9 by:" in says(9)
    assert says(3).endswith("\nCorrect line 3.")


def test_an_error_without_a_line_is_named_by_what_is_wrong() -> None:
    def says(text: str) -> str:
        words = f"Checking {PATH}\n  FAILED: job_name is empty"
        return accepted(look(config=text, verdict=Verdict(accepted=False, words=words))).says

    assert says(f"{NODE}{JOB}  - honor_labels: true\n").endswith(
        "The job in line 9 has no job_name."
    )
    assert "is there in the lines 5, 9: keep one." in says(NODE + JOB + JOB)
    assert "replace line 8 by:" in says(NODE + JOB.replace("localhost", "http://localhost"))


def test_text_of_the_file_does_not_format_a_message() -> None:
    words = f"Checking {PATH}\n  FAILED: parsing {{0}} {{x}}"
    assert accepted(look(verdict=Verdict(accepted=False, words=words))).state is State.WRONG
