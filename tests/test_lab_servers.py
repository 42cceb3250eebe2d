"""The checks of the task Host: both servers run, as they should, on a host with room and a clock."""

from dataclasses import replace

import pytest

from looks import GATEWAY, NOW, RUNNING, encoded, loaded, look, status, unit
from pushgateway_lab.facts.loaded_configuration import Loaded
from pushgateway_lab.lab import running_flags, servers
from pushgateway_lab.lab.look import Disk, Verdict
from pushgateway_lab.lab.results import State
from pushgateway_lab.pruning import layout

ARGS_OFF = '# --web.enable-admin-api lets everybody wipe\nARGS="--log.level=info"\n'

ARGS_ON = 'ARGS="--web.enable-admin-api"\n'


@pytest.mark.parametrize(
    ("ahead", "state", "says"),
    [
        (0.0, State.DONE, "agrees"),
        (5.0, State.DONE, "agrees"),
        (5.1, State.WRONG, "5 s ahead"),
        (-5.0, State.DONE, "agrees"),
        (-61.0, State.WRONG, "61 s behind"),
    ],
)
def test_a_clock_may_differ_by_five_seconds(ahead: float, state: State, says: str) -> None:
    finding = servers.clock(look(ahead=ahead))
    assert finding.state is state
    assert says in finding.says


def test_too_little_room_is_wrong() -> None:
    assert servers.disk_space(look()).state is State.DONE
    little = servers.disk_space(look(disk=Disk(499_000_000, 10**10)))
    assert little.state is State.WRONG
    assert "0.5 of 10.0 GB" in little.says
    assert servers.disk_space(look(disk=Disk(500_000_000, 10**10))).state is State.DONE
    assert servers.disk_space(look(disk=None)).state is State.UNKNOWN


@pytest.mark.parametrize(
    ("lines", "state", "fix"),
    [
        (unit(GATEWAY, load="masked", active="inactive"), State.WRONG, "unmask"),
        (unit(GATEWAY, active="inactive"), State.WRONG, "enable --now"),
        (unit(GATEWAY, active="failed"), State.WRONG, "journalctl"),
        (unit(GATEWAY, load="not-found", active="inactive"), State.OPEN, None),
        (unit(GATEWAY), State.WRONG, "systemctl restart"),  # active, but nothing answers
    ],
)
def test_a_unit_that_is_not_as_it_should_be(
    lines: list[str], state: State, fix: str | None
) -> None:
    finding = servers.pushgateway_runs(look(*lines))
    assert finding.state is state
    assert fix is None if finding.fix is None else fix and fix in finding.fix


def test_the_admin_api_is_judged_by_the_running_flags() -> None:
    on = look(said={"status": status(**{"web.enable-admin-api": "true"})})
    off = look(said={"status": status(**{"web.enable-admin-api": "false"})})
    assert running_flags.admin_api(on).state is State.DONE
    assert "404" in running_flags.admin_api(off).says
    assert (
        running_flags.admin_api(
            replace(off, settings=look(data={"pushgateway_admin_api": False}).settings)
        ).state
        is State.DONE
    )
    assert running_flags.admin_api(look()).state is State.UNKNOWN


@pytest.mark.parametrize(
    ("defaults", "says", "fix"),
    [(ARGS_OFF, "a wipe answers 404;", "sudoedit"), (ARGS_ON, "was not restarted", "restart")],
)
def test_only_what_counts_in_the_defaults_file_counts(defaults: str, says: str, fix: str) -> None:
    off = status(**{"web.enable-admin-api": "false"})
    lines = [*unit(GATEWAY), f"flags_text {encoded(defaults)}"]
    finding = running_flags.admin_api(look(*lines, said={"status": off}))
    assert says in finding.says
    assert finding.fix
    assert fix in finding.fix


@pytest.mark.parametrize(
    ("listens_on", "state"),
    [("0100007F", State.DONE), ("00000000", State.WRONG), ("0500000A", State.WRONG)],
)
def test_it_must_listen_where_it_is_looked_for(listens_on: str, state: State) -> None:
    lines = [
        *unit(GATEWAY),
        f"listen {listens_on}:2383 77",
        "pushgateway_socket socket:[77]",
        f"pushgateway_argv {encoded('prometheus-pushgateway')}",
    ]
    assert running_flags.listens(look(*lines)).state is state


def test_all_addresses_of_one_family_are_all_of_both() -> None:
    lines = [
        *unit(GATEWAY),
        f"listen {'0' * 32}:2383 77",
        "pushgateway_socket socket:[77]",
        f"pushgateway_argv {encoded('prometheus-pushgateway')}",
    ]
    data = {"pushgateway_listen_address": "0.0.0.0:9091"}
    assert running_flags.listens(look(*lines, data=data)).state is State.DONE


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (401, "asks for a password"),
        (400, "expects TLS"),
        (404, "answers 404 at http"),
        (None, "not answer"),
    ],
)
def test_a_pushgateway_that_gives_no_answer_is_told_apart(answer: int | None, says: str) -> None:
    looked = look(*unit(GATEWAY), gateway_status=answer)
    assert servers.pushgateway_runs(looked).state is State.WRONG
    assert says in servers.pushgateway_runs(looked).says
    assert says in running_flags.admin_api(looked).says


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (
            {},
            "asks for a password: the trainer sets pushgateway_username and its password (docs/secrets.md).",
        ),
        (
            {"pushgateway_username": "trainer", "pushgateway_password_file": "/p"},
            "refuses the password of the user trainer: the trainer compares pushgateway_username and pushgateway_password_file",
        ),
        (
            {"pushgateway_username": "trainer", "pushgateway_password_environment": "X"},
            "compares pushgateway_username and pushgateway_password_environment with its web",
        ),
        (
            {"pushgateway_username": "trainer", "pushgateway_generate_password": True},
            "refuses the password of the user trainer: the trainer runs deploy/bootstrap.py or",
        ),
    ],
)
def test_a_refused_password_is_not_a_missing_one(data: dict[str, object], says: str) -> None:
    finding = servers.pushgateway_runs(look(*unit(GATEWAY), data=data, gateway_status=401))
    assert says in finding.says
    assert finding.fix is None  # a restart changes nothing


def test_a_pushgateway_that_was_not_asked_is_not_to_be_restarted() -> None:
    error = "The password is not sent to http://127.0.0.1:9091: another program listens there."
    finding = servers.pushgateway_runs(look(*unit(GATEWAY), gateway_error=error))
    assert (finding.state, finding.says, finding.fix) == (State.WRONG, error, None)


def test_without_curl_nothing_is_called_wrong() -> None:
    looked = look(curl=False)
    for finding in (servers.prometheus_runs(looked), servers.pushgateway_runs(looked)):
        assert (finding.state, finding.fix) == (State.UNKNOWN, "sudo apt-get install curl")


def test_a_course_that_begins_later_is_told() -> None:
    assert servers.clock(look(began_at=NOW + 1)).state is State.DONE
    later = servers.clock(look(began_at=NOW + 3600))
    assert later.state is State.WRONG
    assert "begins in 3600 s" in later.says


def test_a_unit_that_does_not_stay_up_shows_its_log() -> None:
    log = {GATEWAY.removesuffix(".service"): "bind: address already in use\n"}
    finding = servers.pushgateway_runs(look(*unit(GATEWAY, active="activating"), logs=log))
    assert finding.says.endswith("Its log ends with:\nbind: address already in use")


def test_versions_are_those_that_run_or_else_those_that_are_installed() -> None:
    build = {"/api/v1/status/buildinfo": {"version": "2.42.0"}}
    both = servers.versions(look(said={**build, "status": status()}))
    assert both.state is State.DONE
    assert both.says.startswith("Prometheus 2.42.0, Pushgateway 1.5.1 on ")
    installed = "package prometheus-pushgateway installed 1.4.0"
    one = servers.versions(look(installed, said=build))
    assert one.says.startswith(
        "Prometheus 2.42.0, Pushgateway 1.4.0 (installed, does not answer) on "
    )
    assert servers.versions(look(said=build)).says.startswith("Prometheus 2.42.0 on ")
    assert servers.versions(look()).state is State.UNKNOWN


def test_prometheus_runs_if_its_service_does_and_it_answers() -> None:
    assert servers.prometheus_runs(look(*loaded())).state is State.DONE
    silent = servers.prometheus_runs(look())
    assert silent.state is State.WRONG
    assert "does not answer at http://127.0.0.1:9090" in silent.says
    stopped = unit("prometheus.service", active="failed")
    refused = Verdict(accepted=False, words="")
    assert "promtool rejects" not in servers.prometheus_runs(look(*stopped)).says
    assert "promtool rejects" in servers.prometheus_runs(look(*stopped, verdict=refused)).says
    assert "promtool rejects" not in servers.prometheus_runs(look(*stopped, verdict=None)).says
    # Without curl, what was learned in another way counts.
    assert servers.prometheus_runs(look(*loaded(), curl=False)).state is State.DONE


@pytest.mark.parametrize(
    ("address", "shown", "wanted", "state"),
    [
        ("0100007F:2383", "127.0.0.1:9091", "127.0.0.1:9091", State.DONE),
        ("0100007F:2383", "127.0.0.1:9091", "localhost:9091", State.DONE),
        ("0500000A:2383", "10.0.0.5:9091", "localhost:9091", State.WRONG),
        ("0500000A:2383", "10.0.0.5:9091", "vm7.example.org:9091", State.DONE),
        ("0100007F:2384", "127.0.0.1:9092", "127.0.0.1:9091", State.WRONG),
        (f"{'0' * 24}01000000:2383", "[::1]:9091", "[::1]:9091", State.DONE),
        (f"{'0' * 32}:2383", "[::]:9091", ":9091", State.DONE),
        (f"{'0' * 32}:2383", "[::]:9091", "127.0.0.1:9091", State.WRONG),
    ],
)
def test_where_it_listens_is_told_and_compared(
    address: str, shown: str, wanted: str, state: State
) -> None:
    lines = [*RUNNING, f"listen {address} 77", "pushgateway_socket socket:[77]"]
    finding = running_flags.listens(look(*lines, data={"pushgateway_listen_address": wanted}))
    assert (finding.state, f"listens on {shown}" in finding.says) == (state, True), finding


def test_whether_it_persists_is_told() -> None:
    assert running_flags.persistence(look()).state is State.UNKNOWN
    lost = running_flags.persistence(look(said={"status": status()}))
    assert lost.says == "Persistence is off: a restart deletes all groups."
    kept = running_flags.persistence(look(said={"status": status(**{"persistence.file": "/a"})}))
    assert kept.says == "Persistence is on: groups are saved to /a and survive a restart."


def test_an_admin_api_that_is_on_against_the_settings_is_wrong() -> None:
    on = look(
        said={"status": status(**{"web.enable-admin-api": "true"})},
        data={"pushgateway_admin_api": False},
    )
    finding = running_flags.admin_api(on)
    assert finding.state is State.WRONG
    assert "The admin API is on, though" in finding.says


def prune_lines(service: str = "inactive", timer: str = "active") -> list[str]:
    """Return lines of a snapshot of a host with a prune."""
    return [
        *unit("prometheus.service"),
        *unit(layout.SERVICE, active=service),
        *unit(layout.TIMER, active=timer),
        *(f"prune_mode 0:0:644 {path}" for path in layout.FILES),
    ]


@pytest.mark.parametrize(
    ("lines", "after", "state", "says", "fix"),
    [
        (unit(GATEWAY), None, State.DONE, "not pruned", None),
        (unit(GATEWAY), "24h", State.WRONG, "there is no prune on this host", None),
        (prune_lines(), None, State.DONE, "Old groups are pruned", None),
        (prune_lines("activating"), "24h", State.DONE, "Old groups are pruned", None),
        (
            prune_lines("failed"),
            None,
            State.WRONG,
            "The last prune of old groups failed. Its log ends with:\nstatus=243/CREDENTIALS",
            f"sudo journalctl -u {layout.SERVICE} -n 20",
        ),
        (
            prune_lines(timer="inactive"),
            None,
            State.WRONG,
            "but pushgateway-lab-prune.timer is inactive",
            f"sudo systemctl enable --now {layout.TIMER}",
        ),
    ],
)
def test_a_prune_that_does_not_work_is_wrong(
    lines: list[str], after: str | None, state: State, says: str, fix: str | None
) -> None:
    log = {layout.SERVICE.removesuffix(".service"): "status=243/CREDENTIALS"}
    finding = servers.prune(look(*lines, data={"pushgateway_prune_after": after}, logs=log))
    assert finding.state is state
    assert says in finding.says
    assert finding.fix == fix


@pytest.mark.parametrize(
    ("flag", "says"),
    [
        ("--web.listen-address=:9095", "put it at http://127.0.0.1:9095: --web.listen-address."),
        ("--web.external-url=http://a:secret@vm/p", "put it at http://127.0.0.1:9090/p: --web.ext"),
        ("--web.listen-address=:9090", "It may hang: restart it."),
        ("--web.external-url=http://[", "It may hang: restart it."),
        ("--log.level=debug", "It may hang: restart it."),
    ],
)
def test_a_prometheus_that_does_not_answer_is_elsewhere_or_hangs(flag: str, says: str) -> None:
    finding = servers.prometheus_runs(look(prometheus_argv=("prometheus", flag)))
    assert finding.state is State.WRONG
    assert says in finding.says
    assert "secret" not in finding.says
    assert finding.fix
    assert ("sudoedit /etc/default/prometheus" in finding.fix) == ("put it at" in says)


@pytest.mark.parametrize(
    ("file", "directory", "changed_by", "fix"),
    [
        ("/srv/x/groups", "/srv/x", (), "sudo mkdir -p /srv/x; sudo chown prometheus /srv/x"),
        ("/srv/x/groups", "/srv/x", ("/etc/a b.conf",), "sudoedit '/etc/a b.conf'\nsudo systemctl"),
        ("/srv/y/groups", "/srv/x", (), None),
        ("", "/srv/x", (), None),
    ],
)
def test_groups_that_cannot_be_saved(
    file: str, directory: str, changed_by: tuple[str, ...], fix: str | None
) -> None:
    said = {"status": {**status(), "flags": {"persistence.file": file}}}
    finding = running_flags.persistence(
        look(said=said, unwritable=directory, changed_by=changed_by)
    )
    assert finding.state is (State.DONE if fix is None else State.WRONG)
    assert (finding.fix or "").startswith(fix or "")


def test_a_prometheus_that_its_flags_move_is_noted() -> None:
    loaded = replace(look(*RUNNING), prometheus_argv=("prometheus", "--web.listen-address=:9095"))
    answers = loaded.snapshot._replace(
        loaded=Loaded("scrape_configs: []", last_reload_successful=True, last_reload_success_at=1),
        prometheus=loaded.snapshot.pushgateway,
    )
    assert servers.prometheus_runs(replace(loaded, snapshot=answers)).fix is None
    found = replace(loaded, snapshot=answers._replace(url_found="http://127.0.0.1:9095"))
    finding = servers.prometheus_runs(found)
    assert finding.state is State.DONE
    assert "Its flags put it at http://127.0.0.1:9095: --web.listen-address." in finding.says
    assert "prometheus_url" in finding.says
    assert finding.fix
    assert "sudoedit /etc/default/prometheus" in finding.fix
