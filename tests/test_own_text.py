"""The flags of a server without those of this toolkit, and the notes about what it put on a host. Without hosts."""

from hashlib import sha256

import pytest

from pushgateway_lab.facts.remains import FlagsNote, Remains, flags_note, parse_remains
from pushgateway_lab.formats.file_text import ABSENT
from pushgateway_lab.installations import own_text
from removal_traces import encoded

OLD, ADDED = 'ARGS="--log.level=debug"\n', "--web.enable-admin-api"
NEW = 'ARGS="--log.level=debug --web.enable-admin-api"\n'


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


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
