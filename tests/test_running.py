"""The decision from a snapshot whether the Pushgateway runs with its flags, and the messages about it."""

from hashlib import sha256

import pytest

from looks import unit
from pushgateway_lab import installations
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.facts.unfinished import UnfinishedFlags
from pushgateway_lab.host.flags_change import FlagsChange
from pushgateway_lab.installations.flags import parse_flags
from pushgateway_lab.pushgateway import running
from pushgateway_lab.run.host_error import HostError
from snapshots import GATEWAY, argv, flags, seen, settings

WORDS = ("--web.listen-address=127.0.0.1:9091", "--web.enable-admin-api")
TEXT = f'ARGS="{" ".join(WORDS)}"\n'
RUNS = argv("prometheus-pushgateway", *WORDS)


def right(active: str = "active", enabled: str = "enabled", load: str = "loaded") -> list[str]:
    """Return the snapshot of a Pushgateway with its flags and a unit in this state."""
    return [*unit(GATEWAY, active, enabled, load), flags(TEXT), RUNS]


@pytest.mark.parametrize(
    ("lines", "is_done"),
    [
        (right(), True),
        (right(enabled="static"), True),
        (right(active="activating"), True),
        ([*unit(GATEWAY), flags(TEXT)], True),  # starting, without a process yet
        ([], False),
        ([flags(TEXT), RUNS], False),
        (right(load="not-found"), False),
        (right(active="inactive"), False),
        (right(active="failed"), False),
        (right(enabled="disabled"), False),
        (right(enabled="masked"), False),
        (right(load="masked"), False),
        # A flag that is written but not in use; one in use but not written; a repeated one.
        ([*unit(GATEWAY), flags(TEXT), argv("pushgateway", WORDS[0])], False),
        ([*unit(GATEWAY), RUNS], False),
        ([*unit(GATEWAY), flags(""), RUNS], False),
        ([*unit(GATEWAY), flags(TEXT), argv("pushgateway", *WORDS, "--log.level=debug")], False),
        # Order and notation do not count.
        (
            [*unit(GATEWAY), flags(TEXT), argv("pushgateway", WORDS[1], *WORDS[0].split("="))],
            True,
        ),
    ],
)
def test_whether_it_runs_as_it_is_to_run(lines: list[str], *, is_done: bool) -> None:
    assert running.is_done(seen(*lines), settings()) == is_done


def test_a_setting_makes_other_flags_the_right_ones() -> None:
    assert not running.is_done(seen(*right()), settings(pushgateway_admin_api=False))
    assert not running.is_done(
        seen(*right()), settings(pushgateway_listen_address="127.0.0.1:9092")
    )
    # The administrator's own flags stay.
    own = TEXT.replace("--web.enable-admin-api", "--no-web.enable-admin-api")
    words = [WORDS[0], "--no-web.enable-admin-api"]
    found = seen(*unit(GATEWAY), flags(own), argv("pushgateway", *words))
    assert running.is_done(found, settings())
    assert not running.is_done(found, settings(pushgateway_admin_api=True))


def test_flags_that_cannot_be_read_are_no_answer() -> None:
    with pytest.raises(HostError, match="line 1"):
        running.is_done(seen(*unit(GATEWAY), flags('ARGS="--a\n')), settings())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("", []),
        ("--web.listen-address=127.0.0.1:9091", []),
        ("--web.listen-address=[::1]:9091", []),
        ("--web.listen-address=localhost:9091", []),
        (
            "--web.listen-address=:9091",
            ["listens on :9091, as ARGS in /etc/default/prometheus-pushgateway"],
        ),
        ("--web.listen-address=vm:9091", ["listens on vm:9091"]),
        (
            "--web.listen-address=:1 --web.listen-address=localhost:2 --web.listen-address=10.0.0.7:3",
            ["listens on :1, ", "listens on 10.0.0.7:3, "],
        ),
        ("--no-web.enable-admin-api", ["The admin API is off, as ARGS in /etc/default/"]),
        (
            "--no-web.enable-admin-api --web.listen-address=:9091",
            ["listens on", "admin API is off"],
        ),
    ],
)
def test_what_a_trainer_should_know(arguments: str, says: list[str]) -> None:
    notes = list(running.notes(seen(flags(f'ARGS="{arguments}"\n')), settings()))
    assert len(notes) == len(says)
    for note, words in zip(notes, says, strict=True):
        assert words in note


FILE = "--persistence.file=/a"


@pytest.mark.parametrize(
    ("reported", "before", "after", "keeps"),
    [
        # Without the flag, the file is the default of that Pushgateway: one on Debian, none elsewhere.
        ("/a", [], [], True),
        ("", [], [], False),
        ("/a", [FILE], [FILE], True),
        ("/a", [], [FILE], True),
        ("/a", [], ["--persistence.file="], False),
        ("/a", [FILE], ["--persistence.file=/b"], False),
        ("/a", [FILE], [], False),  # the default is unknown
        ("", ["--persistence.file="], [FILE], False),
        ("", ["--persistence.file="], [], False),
        ("", ["--persistence.file="], ["--persistence.file="], False),
    ],
)
def test_whether_groups_are_there_again_after_a_restart(
    reported: str, before: list[str], after: list[str], *, keeps: bool
) -> None:
    says = {"persistence.file": reported}
    assert running.keeps_groups(says, parse_flags(before), parse_flags(after), None) == keeps


@pytest.mark.parametrize(
    ("program", "file", "keeps"),
    [
        ("/usr/bin/prometheus-pushgateway", "/var/lib/prometheus/pushgateway.data", True),
        ("/usr/bin/prometheus-pushgateway", "/a", False),
        ("/opt/pushgateway", "/var/lib/prometheus/pushgateway.data", False),
    ],
)
def test_the_default_of_debians_program_is_known(program: str, file: str, *, keeps: bool) -> None:
    found = seen(argv(program, f"--persistence.file={file}"))
    default = installations.persistence_without_flag(found)
    before = parse_flags([f"--persistence.file={file}"])
    assert running.keeps_groups({"persistence.file": file}, before, (), default) == keeps


@pytest.mark.parametrize(
    ("lines", "is_due"),
    [
        ([], False),
        (right(), False),
        ([*unit(GATEWAY, active="inactive"), flags("")], False),  # a start is no restart
        ([*unit(GATEWAY), flags(TEXT), argv("pushgateway", WORDS[0])], True),
        ([flags(TEXT), argv("pushgateway", WORDS[0])], False),  # no service to restart
    ],
)
def test_whether_a_restart_is_due(lines: list[str], *, is_due: bool) -> None:
    assert running.is_restart_due(seen(*lines), settings()) == is_due


EXTRA = {"pushgateway_extra_flags": {"log.levl": "debug"}}


@pytest.mark.parametrize(
    ("lines", "data", "words", "where"),
    [
        # Of a bare host, settings that somebody gave come before defaults.
        (
            [],
            EXTRA,
            (
                "--web.listen-address=127.0.0.1:9091 (pushgateway_listen_address) --web.enable-admin-api "
                "(pushgateway_admin_api) --log.levl=debug (pushgateway_extra_flags)"
            ),
            "pushgateway_extra_flags",
        ),
        (right(), EXTRA, "--log.levl=debug (pushgateway_extra_flags)", "pushgateway_extra_flags"),
        (
            right(),
            EXTRA | {"pushgateway_listen_address": "10.0.0.7:9091"},
            "--web.listen-address=10.0.0.7:9091 (pushgateway_listen_address) --log.levl=debug (pushgateway_extra_flags)",
            "pushgateway_listen_address or pushgateway_extra_flags",
        ),
        # Flags of an administrator that are written and not in use.
        (
            [*unit(GATEWAY), flags(TEXT.replace('"\n', ' --x=1"\n')), RUNS],
            {},
            "--x=1",
            "ARGS in /etc/default/prometheus-pushgateway",
        ),
        (
            [*unit(GATEWAY), flags(TEXT.replace('"\n', ' --x=1"\n')), RUNS],
            EXTRA,
            "--x=1 --log.levl=debug (pushgateway_extra_flags)",
            "pushgateway_extra_flags or ARGS in /etc/default/prometheus-pushgateway",
        ),
        (right(), {}, "its flags", "ARGS in /etc/default/prometheus-pushgateway"),
    ],
)
def test_which_flags_are_named_when_it_does_not_run(
    lines: list[str], data: dict[str, object], words: str, where: str
) -> None:
    found, given = seen(*lines), settings(**data)
    change = running._change(found, given, installations.plan(found, given))
    assert (change.words, change.settings) == (words, where)


def test_what_it_goes_back_to() -> None:
    def change(found: Snapshot) -> FlagsChange:
        return running._change(
            found, settings(**EXTRA), installations.plan(found, settings(**EXTRA))
        )

    # A bare host without a file: it goes again.
    bare = change(seen())
    assert (bare.now, bare.old, bare.ran, bare.is_noted) == (None, None, False, True)
    assert bare.new is not None
    runs = change(seen(*right()))
    assert (runs.old, runs.ran, runs.restricts) == (TEXT, True, False)
    # A killed run left its text.
    left = UnfinishedFlags("/f", "", TEXT, ran=True)
    failed = seen(*unit(GATEWAY, "failed"), "flags_file /f", flags('ARGS="--bad"\n'))
    digest = sha256(b'ARGS="--bad"\n').hexdigest()
    killed = change(failed._replace(unfinished={"pushgateway": left._replace(written=digest)}))
    assert (killed.now, killed.old, killed.ran) == ('ARGS="--bad"\n', TEXT, True)
    assert "--bad" not in (killed.new or "")
