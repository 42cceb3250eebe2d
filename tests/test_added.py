"""The note about targets that the toolkit has added, and what it may take away again."""

import pytest

from looks import CONFIG
from pushgateway_lab.facts import added
from pushgateway_lab.installations import web_files
from pushgateway_lab.prometheus import job, own_part
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.scrape_config import remove_job
from snapshots import BOTH, config, flags, seen, settings

OWNERS = CONFIG.replace('["localhost:9091"]', '["localhost:9091", "pg.example.org:9091"]')
MOVED = 'ARGS="--web.listen-address=127.0.0.1:9095"\n'
GIVEN = settings()


def test_targets_that_were_there_are_the_owners() -> None:
    assert added.note_after(seen(), GIVEN, OWNERS, OWNERS) == ""
    note = added.note_after(seen(), GIVEN, CONFIG, OWNERS)
    noted = seen(f"added_targets {note}")
    assert added.noted_targets(noted, GIVEN) == ("pg.example.org:9091",)
    assert added.obsolete_targets(noted, GIVEN, ["localhost:9091"]) == ("pg.example.org:9091",)
    assert added.obsolete_targets(noted, GIVEN, ["PG.example.org:9091"]) == ()
    # The note is about one job.
    other = settings(pushgateway_job_name="other")
    assert added.noted_targets(noted, other) == ()
    # What was noted stays noted, until it is gone.
    assert added.note_after(noted, GIVEN, OWNERS, OWNERS) == note
    assert added.note_after(noted, GIVEN, OWNERS, CONFIG) == ""
    assert added.note_after(noted, GIVEN, OWNERS, remove_job(OWNERS, "pushgateway")) == ""


DEBIANS = """\
scrape_configs:
  - job_name: prometheus
    scrape_interval: 5s
    static_configs:
      - targets: ['localhost:9090']
"""
PASSWORD = web_files.SCRAPE_PASSWORD
USED = settings(pushgateway_job_name="prometheus")


def test_a_job_moves_to_another_name_with_all_that_this_toolkit_added() -> None:
    user = {"pushgateway_username": "a", "pushgateway_password_file": "/p"}
    given = settings(**user)
    first = job.merged(seen(*BOTH, *config(DEBIANS)), given)[1]
    assert PASSWORD in first
    note = added.note_after(seen(), given, DEBIANS, first)
    closed = seen(*BOTH, *config(first), f"added_targets {note}")
    second = job.merged(closed, USED)[1]
    assert PASSWORD not in second
    assert "job_name: pushgateway" not in second
    assert "honor_labels: true" in second
    assert list(job.notes(closed, USED)) == []
    note = added.note_after(closed, USED, first, second)
    assert note.count("=") == 1
    moved = seen(*BOTH, *config(second), f"added_targets {note}")
    assert added.noted(moved, "prometheus").fields == {"honor_labels": "True"}
    # All of it goes, and nothing else.
    assert own_part.without_part(second, moved, USED, "prometheus") == DEBIANS
    shown = ", ".join(own_part.lost(second, DEBIANS))
    assert shown == "the target localhost:9091, the field honor_labels of the job prometheus"
    # And back to a job of its own.
    assert "job_name: pushgateway" in job.merged(moved, GIVEN_NAME)[1]
    with pytest.raises(HostError, match="To move what this toolkit added there to a job of its"):
        job.merged(moved, GIVEN)


GIVEN_NAME = settings(pushgateway_job_name="pushgateway")


def test_a_job_for_another_pushgateway_stays_with_its_note() -> None:
    one = settings(pushgateway_job_name="one", pushgateway_targets=["a:9091"])
    other = settings(pushgateway_job_name="other", pushgateway_targets=["b:9091"])
    first = job.merged(seen(*BOTH, *config(DEBIANS)), one)[1]
    note = added.note_after(seen(), one, DEBIANS, first)
    there = seen(*BOTH, *config(first), f"added_targets {note}")
    second = job.merged(there, other)[1]
    assert second.startswith(first.rstrip("\n"))
    note = added.note_after(there, other, first, second)
    both = seen(*BOTH, *config(second), f"added_targets {note}")
    assert added.noted_names(both, ["one", "prometheus", "other"]) == ["one", "other"]
    # The job of another name is removed: its note goes, the other one stays.
    third = remove_job(second, "one")
    left = seen(f"added_targets {added.note_after(both, other, second, third)}")
    assert added.noted_names(left, ["one", "other"]) == ["other"]


def test_a_field_that_somebody_has_changed_since_stays() -> None:
    changed = DEBIANS.replace("5s", "5s\n    honor_labels: true").replace(
        "'localhost:9090'", "'localhost:9090', 'localhost:9091'"
    )
    note = added.note_after(seen(), USED, DEBIANS, changed)
    there = seen(*BOTH, f"added_targets {note}")
    assert own_part.without_part(changed, there, USED, "prometheus") == DEBIANS
    since = changed.replace("honor_labels: true", "honor_labels: false")
    left = own_part.without_part(since, there, USED, "prometheus")
    assert left == DEBIANS.replace("5s", "5s\n    honor_labels: false")


def test_a_job_with_discovery_is_the_owners() -> None:
    owners = "scrape_configs:\n  - job_name: pushgateway\n    file_sd_configs: [{files: [a.yml]}]\n"
    ours = job.merged(seen(*BOTH, *config(owners)), GIVEN)[1]
    assert "static_configs" in ours
    note = added.note_after(seen(), GIVEN, owners, ours)
    there = seen(*BOTH, *config(ours), f"added_targets {note}")
    assert own_part.without_part(ours, there, GIVEN, "pushgateway") == owners
    # Somebody has added a target since.
    more = ours.replace("'localhost:9091'", "'localhost:9091', 'c:1'")
    assert "['c:1']" in own_part.without_part(more, there, GIVEN, "pushgateway")


@pytest.mark.parametrize(
    "note",
    ["", "x", "=", ";", "+", "=localhost:9095", "d41d8cd98f00b204=localhost:9095", "x=+job_name:a"],
)
def test_a_note_of_another_form_notes_nothing(note: str) -> None:
    assert added.noted_targets(seen(f"added_targets {note}"), GIVEN) == ()


def test_the_port_is_changed_and_changed_back() -> None:
    bare = "scrape_configs:\n"
    before = seen(*config(bare))
    first = job.merged(before, GIVEN)[1]
    note = added.note_after(before, GIVEN, bare, first)
    # The Pushgateway is moved: the target that this toolkit added moves with it.
    moved = seen(*config(first), flags(MOVED), f"added_targets {note}")
    second = job.merged(moved, GIVEN)[1]
    assert second == first.replace("9091", "9095")
    note = added.note_after(moved, GIVEN, first, second)
    back = seen(*config(second), f"added_targets {note}")
    assert job.merged(back, GIVEN)[1] == first


def test_the_owners_target_stays() -> None:
    second = job.merged(seen(*config(CONFIG), flags(MOVED)), GIVEN)[1]
    assert '["localhost:9091", "localhost:9095"]' in second
    note = added.note_after(seen(), GIVEN, CONFIG, second)
    assert job.merged(seen(*config(second), f"added_targets {note}"), GIVEN)[1] == CONFIG
    # Without the note, nothing is taken away.
    assert job.merged(seen(*config(second)), GIVEN)[1] == second


def test_a_file_that_another_program_writes_is_told() -> None:
    (sentence,) = job.managed(seen(*config("# Ansible managed\n" + CONFIG)), GIVEN)
    for words in ("(line 1) says that Ansible writes", "add the job to the playbook's template"):
        assert words in sentence
    assert "\n" not in sentence
    (sentence,) = job.managed(seen(*config("---\n# DO NOT EDIT\n" + CONFIG)), GIVEN)
    assert "(line 2) says that another program writes" in sentence
    assert list(job.managed(seen(*config(CONFIG)), GIVEN)) == []
    assert list(job.managed(seen(), GIVEN)) == []
