"""The scrape job in the uninstallation: which jobs and targets go, and what is refused. Without hosts."""

import pytest

from pushgateway_lab.facts.added import note_after
from pushgateway_lab.facts.remains import Remains
from pushgateway_lab.installations import web_files
from pushgateway_lab.removal import (
    clearance,
    own_job,
)
from pushgateway_lab.removal.traces import Traces
from pushgateway_lab.run.host_error import HostError
from removal_traces import JOB, OWNERS, encoded, traces, with_job, with_packages
from snapshots import config, loaded, seen, settings


def test_a_job_of_this_toolkit_goes_and_another_one_stays() -> None:
    ours = note_after(seen(), settings(), OWNERS, OWNERS + JOB.format(""))
    assert own_job.without_own(with_job("", ours).snapshot, settings())[1] == OWNERS
    assert not own_job.is_done(with_job("", ours), settings())
    theirs = with_job("", "")
    assert own_job.is_done(theirs, settings())
    assert "so it stays" in next(own_job.notes(theirs, settings()))
    text, wanted = own_job.without_own(with_job(", 'b:9091'", ours).snapshot, settings())
    assert "localhost:9091" in text
    assert wanted == OWNERS + JOB.format("").replace("localhost:9091", "b:9091")


def test_a_job_of_another_name_in_the_note_is_named() -> None:
    ours = note_after(seen(), settings(), OWNERS, OWNERS + JOB.format(""))
    other = settings(pushgateway_job_name="own")
    with pytest.raises(HostError, match=r"is pushgateway, and not own.*Set pushgateway_job_name"):
        clearance.is_done(with_job("", ours), other)
    # Somebody has removed it since.
    gone = traces(*config(OWNERS), *loaded(OWNERS), f"added_targets {ours}")
    assert own_job.is_done(gone, other)


def test_a_job_that_stays_and_names_a_file_that_goes_is_refused() -> None:
    named = f"    basic_auth: {{username: a, password_file: {web_files.SCRAPE_PASSWORD}}}\n"
    ours = note_after(seen(), settings(), OWNERS, OWNERS + JOB.format(""))
    text = OWNERS + named + JOB.format("")
    there = traces(*config(text), *loaded(text), f"added_targets {ours}")
    with pytest.raises(HostError, match=r"job own in .*line 2.* stays, but names .*password.*Remove the job, or"):  # fmt: skip
        clearance.is_done(there, settings())
    # Its note was lost, but it is the job of the settings.
    assert not clearance.is_done(
        traces(*config(text), *loaded(text)), settings(pushgateway_job_name="own")
    )
    # The file goes with its package.
    assert not clearance.is_done(with_packages(there, "prometheus"), settings())


def test_all_jobs_of_the_note_go() -> None:
    second = JOB.replace("pushgateway", "second").replace("9091", "9095")
    one, both = OWNERS + JOB.format(""), OWNERS + JOB.format("") + second.format("")
    other = settings(pushgateway_job_name="second")
    note = note_after(seen(), settings(), OWNERS, one)
    note = note_after(seen(f"added_targets {note}"), other, one, both)
    there = traces(*config(both), *loaded(both), f"added_targets {note}")
    for given in (settings(), other):
        assert own_job.without_own(there.snapshot, given)[1] == OWNERS
        assert own_job.lost(there.snapshot, given) == [
            f"the job {name} in /etc/prometheus/prometheus.yml"
            for name in ("pushgateway", "second")
        ]
    with pytest.raises(HostError, match="is pushgateway, and not third"):
        clearance.is_done(there, settings(pushgateway_job_name="third"))


def test_a_setting_names_a_file_that_is_not_there() -> None:
    wrong = settings(prometheus_config_path="/srv/wrong.yml")
    running = traces("config absent", f"config_running {encoded('/srv/prom.yml')}")
    with pytest.raises(HostError, match=r"Prometheus reads /srv/prom\.yml .*add: --data"):
        clearance.is_done(running, wrong)
    stopped = traces("config absent")
    with pytest.raises(HostError, match=r"/srv/wrong\.yml does not exist. Leave prometheus_config"):
        clearance.is_done(stopped, wrong)
    assert not clearance.is_done(stopped, settings())
    # The package, and its file with it, went in a run that was killed.
    bare = Traces(seen("config absent"), running.remains, ())
    assert not clearance.is_done(bare, wrong)


def test_settings_are_checked_also_where_the_package_goes() -> None:
    ours = note_after(seen(), settings(), OWNERS, OWNERS + JOB.format(""))
    going = with_packages(with_job("", ours), "prometheus")
    assert going.prometheus_goes
    assert not clearance.is_done(going, settings())
    with pytest.raises(HostError, match=r"is pushgateway, and not own.*Set pushgateway_job_name"):
        clearance.is_done(going, settings(pushgateway_job_name="own"))
    other = traces("config absent", f"config_running {encoded('/etc/prometheus/prometheus.yml')}")
    wrong = settings(prometheus_config_path="/etc/prometheus/promtheus.yml")
    with pytest.raises(HostError, match=r"Prometheus reads /etc/prometheus/prometheus\.yml"):
        clearance.is_done(with_packages(other, "prometheus"), wrong)
    stopped = with_packages(traces("config absent"), "prometheus")
    with pytest.raises(HostError, match=r"promtheus\.yml does not exist. Leave prometheus_config"):
        clearance.is_done(stopped, wrong)
    # A file that goes may have a mistake.
    broken = traces(*config("scrape_configs: [\n"), f"added_targets {ours}")
    assert not clearance.is_done(with_packages(broken, "prometheus"), settings())
    assert not clearance.is_done(with_packages(traces("config special"), "prometheus"), settings())


def test_a_file_that_is_not_loaded_is_reloaded_by_the_next_run() -> None:
    with_it = OWNERS + JOB.format("")
    note = f"added_targets {note_after(seen(), settings(), OWNERS, with_it)}"
    killed = traces(*config(OWNERS, changed=200), *loaded(with_it, at=100), note)
    assert not own_job.is_done(killed, settings())
    assert own_job.is_done(killed._replace(remains=Remains()), settings())
    # What its owner has changed and not reloaded is not loaded by us.
    edited = traces(*config(OWNERS, changed=200), *loaded(OWNERS, at=100), note)
    assert own_job.is_done(edited, settings())
    no_note = traces(*config(OWNERS, changed=200), *loaded(with_it, at=100))
    assert own_job.is_done(no_note, settings())


def test_a_job_that_is_loaded_from_another_file_is_not_gone() -> None:
    with_it = OWNERS + JOB.format("")
    note = f"added_targets {note_after(seen(), settings(), OWNERS, with_it)}"
    other = traces(*config(OWNERS), *loaded(with_it), note)
    with pytest.raises(HostError, match=r"has loaded the job pushgateway, which is not in .*: it reads another"):  # fmt: skip
        own_job.is_done(other, settings())
    # A job of this name to which only targets were added stays in the file.
    kept = OWNERS + JOB.format("").replace("localhost:9091", "b:9091")
    assert own_job.is_done(traces(*config(kept), *loaded(kept), note), settings())


def test_a_file_that_cannot_be_read_keeps_the_note_of_the_job() -> None:
    note = f"added_targets {note_after(seen(), settings(), OWNERS, OWNERS + JOB.format(''))}"
    for state in ("special", "unreadable", "large"):
        with pytest.raises(HostError, match="Correct that, then run this again"):
            own_job.is_done(traces(f"config {state}", note), settings())
        assert own_job.is_done(traces(f"config {state}"), settings())
    assert own_job.is_done(traces("config absent", note), settings())


def test_a_mistake_in_a_file_without_our_job_stops_nothing() -> None:
    broken = traces(*config("scrape_configs: [\n"), *loaded(OWNERS))
    assert own_job.is_done(broken, settings())
    assert list(own_job.notes(broken, settings())) == []
    ours = f"added_targets {note_after(seen(), settings(), OWNERS, OWNERS + JOB.format(''))}"
    with pytest.raises(HostError, match="not valid YAML"):
        own_job.is_done(traces(*config("scrape_configs: [\n"), ours), settings())
