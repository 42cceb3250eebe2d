"""A change of flags that a killed run left unfinished: what is noted, and what the next run decides from it."""

import subprocess
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from looks import CONFIG, encoded, unit
from pushgateway_lab import installations
from pushgateway_lab.facts.unfinished import UnfinishedFlags
from pushgateway_lab.install import preflight
from pushgateway_lab.installations import flags, prometheus_address
from pushgateway_lab.installations.flags import Flag
from pushgateway_lab.prometheus import listening
from pushgateway_lab.pushgateway import running
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.run.host_files import host_file
from snapshots import BOTH, DEBIAN, GATEWAY, PROMETHEUS, argv, config, listen, seen, settings
from snapshots import flags as flags_text

DEFAULTS, PROMETHEUS_DEFAULTS = (
    "/etc/default/prometheus-pushgateway",
    "/etc/default/prometheus",
)
WORDS = ("--web.listen-address=127.0.0.1:9091", "--web.enable-admin-api")
OLD = f'ARGS="{" ".join(WORDS)}"\n'
BAD = f'ARGS="{" ".join(WORDS)} --log.levl=debug"\n'
OURS = "prometheus_note yes"
ELSEWHERE = 'ARGS="--web.listen-address=203.0.113.9:9090"\n'
LOOPBACK = {"prometheus_listen_address": "127.0.0.1:9090"}


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def unfinished(
    server: str, file: str, written: str, old: str | None, ran: str = "yes"
) -> list[str]:
    """Return the lines of an unfinished change."""
    lines = (
        f"file {encoded(file)}",
        f"written {written}",
        f"old {'absent' if old is None else encoded(old)}",
        f"ran {ran}",
    )
    return [f"unfinished_flags {server} {line}" for line in lines]


def gateway(
    text: str, *lines: str, old: str | None = OLD, active: str = "failed", written: str = ""
) -> Any:
    """Return the snapshot of a Pushgateway with a text of its file, after a run that wrote `BAD` was killed."""
    change = unfinished("pushgateway", DEFAULTS, written or digest(BAD), old)
    own = (*unit(GATEWAY, active), f"flags_file {DEFAULTS}", flags_text(text))
    return seen(*DEBIAN, *own, *change, *lines)


def prometheus(
    text: str | None = ELSEWHERE, old: str | None = 'ARGS=""\n', active: str = "failed"
) -> Any:
    """Return the snapshot of a Prometheus after a run that wrote `ELSEWHERE` was killed."""
    change = unfinished("prometheus", PROMETHEUS_DEFAULTS, digest(ELSEWHERE), old)
    shown = [] if text is None else [f"prometheus_flags_text {encoded(text)}"]
    running_gateway = unit(GATEWAY)
    return seen(
        *DEBIAN, *unit(PROMETHEUS, active), *running_gateway, *config(CONFIG), OURS, *shown, *change
    )


def test_a_note_is_read() -> None:
    found = gateway(BAD)
    assert found.unfinished == {
        "pushgateway": UnfinishedFlags(DEFAULTS, digest(BAD), OLD, ran=True)
    }
    assert found.unfinished_flags("pushgateway") == found.unfinished["pushgateway"]
    assert found.finished_flags_of("pushgateway") == OLD
    assert found.unfinished_flags("prometheus") is None
    # The run was killed before it wrote the file, or when it had gone back.
    assert gateway(OLD).unfinished_flags("pushgateway")
    assert gateway(BAD, old=None).finished_flags_of("pushgateway") is None
    held = seen(*unfinished("pushgateway", "/f", "5", None, "held")).unfinished["pushgateway"]
    assert (held.ran, held.held) == (False, True)
    # A note of which the end is missing.
    assert seen("unfinished_flags pushgateway written 5").unfinished == {}


@pytest.mark.parametrize(
    "found",
    [
        gateway(f"{BAD}# mine\n"),  # somebody else changed it since
        gateway(BAD)._replace(flags_file="/etc/default/own"),
        gateway(BAD, f"process pushgateway 7 {encoded('0::/')}"),
        gateway("ARGS=\n"),
    ],
)
def test_a_note_that_does_not_count(found: Any) -> None:
    assert found.unfinished_flags("pushgateway") is None
    assert found.finished_flags_of("pushgateway") == found.flags_text


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({}, OLD),
        (
            {"pushgateway_extra_flags": {"log.level": "debug"}},
            OLD.replace('"\n', ' --log.level=debug"\n'),
        ),
        ({"pushgateway_extra_flags": {"log.levl": "debug"}}, BAD),
    ],
)
def test_the_flags_of_an_unfinished_change_are_not_those_of_an_administrator(
    data: dict[str, Any], text: str
) -> None:
    assert installations.plan(gateway(BAD), settings(**data)).text == text
    assert not running.is_done(gateway(BAD), settings(**data))
    # On a host without such a note, they are.
    own = seen(*DEBIAN, *unit(GATEWAY), f"flags_file {DEFAULTS}", flags_text(BAD))
    assert installations.plan(own, settings()).text == BAD


def test_a_change_that_was_only_not_settled_is_settled() -> None:
    found = gateway(OLD, argv("x", *WORDS), old='ARGS=""\n', active="active", written=digest(OLD))
    assert found.unfinished_flags("pushgateway") is not None
    assert not running.is_done(found, settings())
    assert running.is_done(found._replace(unfinished={}), settings())


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({}, 'ARGS=""\n'),
        (LOOPBACK, 'ARGS="--web.listen-address=127.0.0.1:9090"\n'),
        ({"prometheus_listen_address": "203.0.113.9:9090"}, ELSEWHERE),
    ],
)
def test_a_prometheus_that_failed_by_a_killed_run_is_repaired(
    data: dict[str, Any], text: str
) -> None:
    given = settings(**data)
    assert prometheus_address.text(prometheus(), given) == text
    assert preflight.is_free(prometheus(), given)
    assert not listening.is_done(prometheus(), given)
    # Also where systemd starts it again and again, and where the host was restarted.
    assert preflight.is_free(prometheus(active="inactive"), given)
    # Reset does not change its flags.
    with pytest.raises(HostError, match="has failed"):
        preflight.check_prometheus(prometheus(), given)


def test_a_file_that_was_not_there_goes_again() -> None:
    assert prometheus_address.text(prometheus(old=None), settings()) is None


@pytest.mark.parametrize(
    ("text", "data", "is_refused"),
    [
        # Without a note: another address in the settings repairs it, the same one does not.
        (ELSEWHERE, LOOPBACK, False),
        (ELSEWHERE, {"prometheus_listen_address": "203.0.113.9:9090"}, True),
        (ELSEWHERE, {}, True),
        ('ARGS="--web.listen-address=127.0.0.1:9090"\n', LOOPBACK, True),
    ],
)
def test_a_prometheus_that_failed_with_other_flags(
    text: str, data: dict[str, Any], *, is_refused: bool
) -> None:
    found = prometheus(text)._replace(unfinished={})
    if not is_refused:
        assert preflight.is_free(found, settings(**data))
        return
    with pytest.raises(HostError, match=r"prometheus\.service has failed"):
        preflight.is_free(found, settings(**data))


def test_a_prometheus_of_somebody_else_is_not_repaired() -> None:
    lines = (*DEBIAN, *unit(PROMETHEUS, "failed"), *unit(GATEWAY), *config(CONFIG))
    with pytest.raises(HostError, match="was not installed by this toolkit"):
        preflight.is_free(seen(*lines), settings(**LOOPBACK))


def test_without_a_setting_it_may_listen_anywhere() -> None:
    found = seen(*BOTH, listen("::", 9090), "prometheus_socket socket:[5]")
    assert prometheus_address.listens_right(found, settings())
    assert not prometheus_address.listens_right(found, settings(**LOOPBACK))
    assert not prometheus_address.listens_right(seen(*BOTH), settings())


@pytest.mark.parametrize(
    ("flag", "data", "name"),
    [
        (Flag("log.levl", "debug"), {"pushgateway_extra_flags": {"log.levl": "debug"}}, "pushgateway_extra_flags"),
        (Flag("log.levl", "warn"), {"pushgateway_extra_flags": {"log.levl": "debug"}}, None),
        (Flag("web.listen-address", "127.0.0.1:9091"), {}, "pushgateway_listen_address"),
        (Flag("web.listen-address", ":9091"), {}, None),
        (Flag("web.enable-admin-api", value=True), {}, "pushgateway_admin_api"),
        (Flag("web.enable-admin-api", value=False), {}, None),
        (Flag("", "stray"), {}, None),
    ],
)  # fmt: skip
def test_which_setting_gives_a_flag(flag: Flag, data: dict[str, Any], name: str | None) -> None:
    assert flags.setting_of(flag, settings(**data)) == name


class Notes:
    """Runs ``files/note-flags.sh`` in a directory that counts as one of root's."""

    def __init__(self, directory: Path) -> None:
        self.unfinished, self.note = directory / "notes/unfinished", directory / "notes/flags"
        self._program = (
            host_file("notes.sh")
            + '\nis_root_s_alone() { :; }\nservice_is_held() { [ "$1" = held ]; }\n'
            + host_file("note-flags.sh")
        )

    def run(self, action: str, old: str | None = "", new: str = "", **variables: str) -> None:
        """Run an action for a file with an old and a new text."""
        given = {
            "mark": "mark",
            "action": action,
            "unfinished": str(self.unfinished),
            "note": str(self.note),
            "file": "/f",
            "service": "server",
            "before": "absent" if old is None else digest(old),
            "after": digest(new),
            "ran": "yes",
        }
        subprocess.run(
            ["/bin/sh", "-c", self._program],
            env={"PATH": "/usr/bin:/bin"} | given | variables,
            input=b64encode((old or "").encode()),
            check=True,
            capture_output=True,
        )


@pytest.fixture
def notes(tmp_path: Path) -> Notes:
    return Notes(tmp_path)


def test_a_change_is_noted_until_it_is_settled(notes: Notes) -> None:
    notes.run("begin", "a\n", "b\n", added=encoded("--x"))
    assert notes.unfinished.read_text().splitlines() == [
        f"file {encoded('/f')}",
        f"written {digest(f'b{chr(10)}')}",
        f"old {encoded(f'a{chr(10)}')}",
        "ran yes",
        "noted absent",
    ]
    kept = notes.note.read_text()
    assert f"first {digest(f'a{chr(10)}')}\n" in kept
    assert f"added {encoded('--x')}\n" in kept
    notes.run("settle")
    assert not notes.unfinished.exists()
    assert notes.note.read_text() == kept


@pytest.mark.parametrize("is_noted", [False, True])
def test_a_change_is_taken_back(notes: Notes, *, is_noted: bool) -> None:
    if is_noted:
        notes.run("begin", None, "a\n", added=encoded("--a"))
        notes.run("settle")
    before = notes.note.read_text() if is_noted else None
    notes.run("begin", "a\n", "b\n", added=encoded("--b"))
    assert notes.note.read_text() != before
    # A run that goes back may be killed, too.
    for _ in range(2):
        notes.run("back")
        assert (notes.note.read_text() if notes.note.exists() else None) == before
        assert notes.unfinished.exists()
    notes.run("settle")
    # A directory without a note does not stay.
    assert notes.note.parent.exists() == is_noted


def test_a_killed_run_is_followed_by_one_that_forgets_its_flags(notes: Notes) -> None:
    notes.run("begin", "a\n", "b\n", added=encoded("--b"))
    notes.run("begin", "a\n", "c\n", added=encoded("--c"), resumes="yes")
    said = notes.note.read_text()
    assert encoded("--b") not in said
    assert f"added {encoded('--c')}\n" in said
    assert "edited" not in said
    assert f"old {encoded(f'a{chr(10)}')}\n" in notes.unfinished.read_text()


def test_a_drop_in_has_no_note_for_the_uninstallation(notes: Notes) -> None:
    notes.run("begin", None, "b\n", note="")
    assert "old absent\n" in notes.unfinished.read_text()
    notes.run("back", note="")
    notes.run("settle", note="")
    assert not notes.note.parent.exists()


def test_a_service_that_was_held_stays_noted_as_such(notes: Notes) -> None:
    notes.run("begin", "a\n", "b\n", ran="", service="held")
    assert "ran held\n" in notes.unfinished.read_text()
    # The killed run had released it.
    notes.run("begin", "a\n", "c\n", ran="", resumes="yes")
    assert "ran held\n" in notes.unfinished.read_text()
    notes.run("begin", "a\n", "c\n", resumes="yes")
    assert "ran yes\n" in notes.unfinished.read_text()
