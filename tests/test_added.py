"""The note about targets that the toolkit has added, and what it may take away again."""

import pytest

from looks import CONFIG
from pushgateway_lab.facts import added
from pushgateway_lab.prometheus import job
from pushgateway_lab.scrape_config import remove_job
from snapshots import config, flags, seen, settings

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


@pytest.mark.parametrize(
    "note", ["", "x", "=", "=localhost:9095", "d41d8cd98f00b204=localhost:9095"]
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
