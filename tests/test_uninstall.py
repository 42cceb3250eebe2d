"""Deciders of the uninstallation, without hosts: the job, flags, packages and notes."""

import re
from base64 import b64encode
from hashlib import sha256

import pytest

from looks import unit
from pushgateway_lab.facts.added import note_after
from pushgateway_lab.facts.remains import ABSENT, FlagsNote, Remains, flags_note, parse_remains
from pushgateway_lab.installations import own_text, web_files
from pushgateway_lab.pushgateway.client import why_unanswered
from pushgateway_lab.removal import (
    clearance,
    own_flags,
    own_groups,
    own_job,
    own_web_files,
    purge,
)
from pushgateway_lab.removal.traces import Traces, parse_going
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.tables.uninstall import UNINSTALL
from snapshots import BOTH, GATEWAY, PROMETHEUS, argv, config, flags, listen, loaded, seen, settings

OLD, ADDED = 'ARGS="--log.level=debug"\n', "--web.enable-admin-api"
NEW = 'ARGS="--log.level=debug --web.enable-admin-api"\n'
OWNERS = "scrape_configs:\n  - job_name: own\n    static_configs:\n      - targets: ['a:1']\n"
JOB = "  - job_name: pushgateway\n    honor_labels: true\n    static_configs:\n      - targets: ['localhost:9091'{}]\n"


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def encoded(text: str) -> str:
    return b64encode(text.encode()).decode()


def note(**fields: object) -> FlagsNote:
    whole: dict[str, object] = {
        "first": digest(OLD),
        "text": OLD.encode(),
        "written": digest(NEW),
        "added": (ADDED,),
        "taken": (),
        "is_edited": False,
    }
    return FlagsNote(**(whole | fields))  # type: ignore[arg-type]


def test_changes_of_flags() -> None:
    assert own_text.changes(OLD, NEW, "ARGS") == ([ADDED], [])
    assert own_text.changes(None, NEW, "ARGS") == (["--log.level=debug", ADDED], [])
    assert own_text.changes('ARGS="--a=1"', 'ARGS="--a=2"', "ARGS") == (["--a=2"], ["--a=1"])


@pytest.mark.parametrize(
    ("text", "noted", "wanted"),
    [
        (NEW, None, NEW),
        (NEW, note(), OLD),
        (OLD, note(), OLD),
        (None, note(), None),
        # It did not exist before.
        (NEW, note(first=ABSENT, text=b""), None),
        # Somebody else changed it after the last write, or between two.
        (f"# mine\n{NEW}", note(), f"# mine\n{OLD}"),
        (NEW, note(is_edited=True), OLD),
        (f"# mine\n{NEW}", note(first=ABSENT, text=b""), f"# mine\n{OLD}"),
        # A flag that was taken away comes back, unless somebody has set it since.
        (f"#\n{NEW}", note(taken=("--a=1",)), '#\nARGS="--log.level=debug --a=1"\n'),
        (f"#\n{NEW}", note(taken=("--log.level=info",)), f"#\n{OLD}"),
        (f"#\n{NEW}", note(taken=(ADDED,)), f"#\n{OLD}"),
    ],
)
def test_the_file_with_the_flags(text: str | None, noted: FlagsNote | None, wanted: str) -> None:
    found = own_text.restored(text, noted, "ARGS")
    assert found == (None if wanted is None else wanted.encode())


def test_the_original_keeps_its_bytes() -> None:
    original = b"\xff ARGS= \n\n"
    assert own_text.restored(NEW, note(text=original), "ARGS") == original


def test_remains_are_read_from_a_look() -> None:
    found = parse_remains(
        {
            "remains": [encoded("/run/x y")],
            "has_packages_note": ["yes"],
            "noted_package": [
                "prometheus asked purge",
                "libjs-d3 came purge",
                "curl asked remove",
                "gone asked purge",
                "-x asked purge",
                "a;b came purge",
                "kept asked remove",
            ],
            "package_state": [
                "prometheus installed",
                "libjs-d3 config-files",
                "curl installed",
                "gone not-installed",
                "-x installed",
                "a;b installed",
                "kept config-files",
            ],
            "noted_user": ["user prometheus", "group prometheus", "user -r", "host x"],
            "noted_enabled": ["x.service"],
            "noted_flags": [
                f"first {digest(OLD)}",
                f"text {encoded(OLD)}",
                f"written {digest(NEW)}",
                f"added {encoded(ADDED)}",
            ],
        }
    )
    assert found.paths == ("/run/x y",)
    assert [
        (each.name, each.came, each.keeps_files, each.is_installed) for each in found.packages
    ] == [
        ("prometheus", False, False, True),
        ("libjs-d3", True, False, False),
        ("curl", False, True, True),
    ]
    assert found.users == (("user", "prometheus"), ("group", "prometheus"))
    assert (found.enabled, found.flags, found.is_unsafe) == ("x.service", note(), False)
    assert parse_remains({}) == Remains()
    assert parse_remains({"noted_flags": ["first x"]}).flags is None


def test_the_note_of_a_file_has_a_name_that_leads_nowhere_else() -> None:
    assert flags_note("/etc/../x") != flags_note("/x")
    assert "/" not in flags_note("/etc/../x").removeprefix("/var/lib/pushgateway-lab/")


def traces(
    *lines: str,
    going: tuple[str, ...] = (),
    unsafe: tuple[str, ...] = (),
    **fields: object,
) -> Traces:
    left = Remains(paths=("/var/lib/pushgateway-lab",))._replace(**fields)  # type: ignore[arg-type]
    return Traces(seen(*BOTH, *lines), left, going, unsafe)


def with_job(targets: str, added: str) -> Traces:
    text = OWNERS + JOB.format(targets)
    return traces(*config(text), *loaded(text), f"added_targets {added}")


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


def with_packages(found: Traces, *names: str) -> Traces:
    """Return a look at a host whose packages this toolkit installed, and which go."""
    left = parse_remains(
        {
            "noted_package": [f"{each} asked purge" for each in names],
            "package_state": [f"{each} installed" for each in names],
        }
    )
    remains = found.remains._replace(packages=left.packages, has_packages_note=True)
    return found._replace(going=names, remains=remains)


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


@pytest.mark.parametrize("key", ["prometheus_unit", "pushgateway_unit"])
def test_a_setting_names_a_unit_that_is_not_there(key: str) -> None:
    bare = Traces(seen(), Remains(paths=("/var/lib/pushgateway-lab",)), ())
    with pytest.raises(HostError, match=f"no own.service on this host .{key}.*Correct {key}, or"):
        clearance.is_done(bare, settings(**{key: "own.service"}))
    # Its package went in a run that was killed.
    of_package = {"prometheus_unit": PROMETHEUS, "pushgateway_unit": GATEWAY}[key]
    assert not clearance.is_done(bare, settings(**{key: of_package}))


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


def test_the_pushgateway_is_restarted_if_it_runs_with_flags_of_this_toolkit() -> None:
    words = argv("/usr/bin/prometheus-pushgateway", "--log.level=debug", ADDED)
    found = traces(flags(OLD), words, listen("127.0.0.1"))
    wanted = own_flags.plan(found, settings())
    assert wanted is not None
    assert own_flags.is_restart_due(found, wanted)
    assert own_flags.plan(found._replace(remains=Remains()), settings()) is None


def test_a_flag_for_a_file_that_goes_goes_without_a_note_too() -> None:
    text = '# ours\nARGS="--log.level=debug --web.config.file={}"\n'
    found = traces(flags(text.format(web_files.WEB_CONFIG_TLS)), listen("127.0.0.1"))
    wanted = own_flags.plan(found, settings())
    assert wanted is not None
    assert wanted.data == b'# ours\nARGS="--log.level=debug"\n'
    owners = traces(flags(text.format("/etc/own.yml")), listen("127.0.0.1"))
    assert own_flags.is_done(owners, settings())


@pytest.mark.parametrize(
    ("file", "data", "missing"),
    [
        ("web.yml", {}, "Missing: pushgateway_basic_auth_users, or .* for the user ada or b."),
        ("web.yml", {"pushgateway_username": "c"}, "Missing: pushgateway_basic_auth_users"),
        ("web.yml", {"pushgateway_username": "b"}, "was closed.$"),
        (
            "web-tls.yml",
            {"pushgateway_username": "b"},
            "Missing: pushgateway_tls_lab_ca=True, or pushgateway_ca_file; pushgateway_cert_file and its key",
        ),
        ("web-tls.yml", {"pushgateway_tls_lab_ca": True}, "_users, .*; pushgateway_cert_file"),
        ("own.yml", {}, "^It comes from there.$"),
    ],
)
def test_the_missing_settings_of_a_closed_pushgateway_are_named(
    file: str, data: dict[str, object], missing: str
) -> None:
    text = 'basic_auth_users:\n  "ada": "$2b$1"\n  "b": "$2b$2"\n'
    path = f"/etc/pushgateway-lab/{file}"
    lines = [argv("/usr/bin/prometheus-pushgateway", f"--web.config.file={path}")]
    lines += [f"web_text {path} {encoded(text)}"]
    if "tls" in file:
        lines += [f"web_mode root:0:0:444 {web_files.CLIENT_AUTHORITIES}"]
    given = settings(
        **({"pushgateway_password_file": "/p"} if "pushgateway_username" in data else {}), **data
    )
    said = why_unanswered(ValueError("It comes from there."), seen(*BOTH, *lines), given)
    assert re.search(missing, said), said
    assert ".." not in said


def test_a_pushgateway_that_was_opened_gets_no_password() -> None:
    user = {"pushgateway_username": "a", "pushgateway_password_file": "/p"}
    given, program = settings(**user), "/usr/bin/prometheus-pushgateway"
    assert own_groups.without_password(seen(argv(program)), given).pushgateway_user is None
    for word in ("/etc/own.yml", web_files.WEB_CONFIG):
        closed = seen(argv(program, f"--web.config.file={word}"))
        assert own_groups.without_password(closed, given) == given
    # Somebody's proxy.
    proxy = settings(pushgateway_url="https://push:443", **user)
    assert own_groups.without_password(seen(), proxy) == proxy


def test_the_files_for_tls_and_passwords_go_before_the_packages_and_users() -> None:
    names = [each.name for each in UNINSTALL]
    files = names.index("Remove the files for TLS and passwords")
    for earlier in ("Remove the scrape job", "Run the Pushgateway with its own flags"):
        assert names.index(earlier) < files
    for later in ("Remove the releases", "Remove the packages", "Remove the notes"):
        assert files < names.index(later)
    assert own_web_files.is_done(traces(), settings())
    assert not own_web_files.is_done(traces(paths=(web_files.SCRAPE_PASSWORD,)), settings())


def test_a_process_of_no_service_keeps_the_file_that_it_uses() -> None:
    process = f"process pushgateway 7 {encoded('0::/user.slice')}"
    for file, refused in ((web_files.WEB_CONFIG, True), ("/etc/own.yml", False)):
        found = traces(process, argv("/usr/bin/pushgateway", f"--web.config.file={file}"))
        if refused:
            with pytest.raises(
                HostError, match=r"process 7, which no service started.*Start it with"
            ):
                clearance.is_done(found, settings())
        else:
            assert not clearance.is_done(found, settings())


def test_groups_of_a_stopped_pushgateway_are_not_lost() -> None:
    file = "/var/lib/prometheus/pushgateway.data"
    failed = traces(*unit(GATEWAY, "failed"), groups_files=(file, "/var/lib/pushgateway/metrics"))
    clearance.check_stopped(failed, settings())  # it stays
    going = with_packages(failed, "prometheus-pushgateway")
    assert going.groups_files == (file,)
    with pytest.raises(HostError, match=rf"is failed.*the groups in {file}, which.*Start it, then"):
        clearance.check_stopped(going, settings())
    for key in ("lab_wipe", "pushgateway_allow_data_loss"):
        clearance.check_stopped(going, settings(**{key: True}))
    # A run that was sure, and stopped it, was killed.
    clearance.check_stopped(
        going._replace(remains=going.remains._replace(has_begun=True)), settings()
    )
    clearance.check_stopped(
        going._replace(remains=going.remains._replace(groups_files=())), settings()
    )


def test_nobody_trusts_notes_of_others() -> None:
    with pytest.raises(HostError, match="somebody else than root can write"):
        clearance.is_done(traces(is_unsafe=True), settings())
    assert not clearance.is_done(traces(), settings())
    assert clearance.is_done(traces()._replace(remains=Remains()), settings())


def test_dpkg_deletes_nothing_in_directories_of_others() -> None:
    packages = parse_remains(
        {
            "noted_package": ["prometheus asked purge", "curl asked purge"],
            "package_state": ["prometheus installed", "curl installed"],
        }
    ).packages
    left = Remains(packages=packages)
    lines = ["goes curl", "goes other", "unsafe /etc/p/a", "unsafe /etc/p", "unsafe /etc/pq"]
    assert parse_going(lines, left) == (("curl",), ("/etc/p", "/etc/pq"))
    assert parse_going([], left) == ((), ())
    with pytest.raises(HostError, match=r"Others than root can change /etc/p.*chown -R root:root"):
        clearance.is_done(traces(unsafe=("/etc/p",)), settings())


def test_packages_and_users_that_go() -> None:
    assert purge.is_done(traces(), settings())
    assert not purge.is_done(traces(users=(("user", "prometheus"),)), settings())
    found = parse_remains(
        {
            "noted_package": ["prometheus asked purge", "curl asked purge"],
            "package_state": ["prometheus installed", "curl installed"],
        }
    )
    left = traces(going=("curl",), packages=found.packages, has_packages_note=True)
    assert left.staying == ("prometheus",)
    assert not left.prometheus_goes
    assert not left.pushgateway_goes
    assert "so they stay: prometheus" in next(clearance.notes(left, settings()))
    assert not purge.is_done(left, settings())
