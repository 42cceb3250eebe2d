"""A report in a terminal, and the numbers that all formats share."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import reports
from pushgateway_lab.lab import checks
from pushgateway_lab.lab.results import HostResult, State
from pushgateway_lab.report import console, counts
from pushgateway_lab.run.visible import columns, one_line, visible

ANY_TEXT = st.text(st.characters(codec=None))


def lines_of(
    *hosts: HostResult, width: int | None = None, expected: str | None = None
) -> list[str]:
    made = reports.report(*hosts, expected=expected)
    return console.table(made, color=False, width=width).split("\n")


def paragraphs(*hosts: HostResult, width: int | None = None) -> list[str]:
    return "\n".join(lines_of(*hosts, width=width)).split("\n\n")


# Text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mb", r"a\x1b[31mb"),
        ("\x00\x07\x7f\x9b", r"\x00\x07\x7f\x9b"),
        ("\u202eabc\u2066\u200b\ufeff", r"\u202eabc\u2066\u200b\ufeff"),
        ("\ud800", r"\ud800"),
        ("a\xa0b", r"a\xa0b"),
        ("tab\tand\nbreak\r\n", "tab\tand\nbreak\\r\n"),
        ("ä€日本\U0001f600 e\u0301", "ä€日本\U0001f600 e\u0301"),
    ],
)
def test_what_cannot_be_seen_is_escaped(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_one_line_has_no_breaks() -> None:
    assert one_line("a\nb\tc") == r"a\nb\tc"


@given(ANY_TEXT)
def test_any_text_can_be_shown(text: str) -> None:
    shown = one_line(text)
    assert shown.isprintable()
    shown.encode()


@pytest.mark.parametrize(("text", "wide"), [("abc", 3), ("日本", 4), ("e\u0301", 1), ("", 0)])
def test_wide_characters_count_twice(text: str, wide: int) -> None:
    assert columns(text) == wide


# Numbers


def test_hosts_are_counted() -> None:
    found = counts.counts(reports.a_class())
    assert found.hosts == 12
    assert dict(found.stages) == {
        None: 1,
        "prepared": 3,
        "configured": 5,
        "pushed": 0,
        "cleaned": 2,
    }
    assert dict(found.states) == {
        State.WRONG: 2,
        State.UNKNOWN: 2,
        State.OPEN: 6,
        State.DONE: 2,
    }
    assert (found.unreached, found.behind, found.wrong) == (1, 5, 2)


# The terminal


def test_the_table_has_each_host_by_each_task() -> None:
    table = paragraphs(*reports.a_class().hosts)[0].split("\n")
    assert table[0].split() == ["host", "stage", "Host", "4.2.1", "4.2.2", "4.2.3"]
    assert len(table) == 13
    rows = {line.split()[0]: re.split(r"\s{2,}", line)[1:] for line in table[1:]}
    assert rows["vm01.example.org"] == ["cleaned", "done", "done", "done", "done"]
    assert rows["vm03.example.org"] == [
        "prepared (broken)",
        "done",
        "wrong 3/6",
        "open 0/4",
        "open 0/3",
    ]
    assert rows["vm06.example.org"] == ["not looked at", *["unknown"] * 4]
    assert rows["vm08.example.org"][1:4] == ["unknown 7/8", "done", "unknown 2/4"]


def test_a_host_that_is_not_where_all_should_be_is_behind() -> None:
    host = reports.host("vm", reports.BEGUN, expected=False)
    lines = lines_of(host, expected="configured")
    assert "prepared (behind)" in lines[1]
    assert lines[-1] == "1 host: 1 prepared; 0 with something wrong; 1 behind configured."


def test_the_summary_is_the_last_line() -> None:
    line = console.table(reports.a_class(), color=False).split("\n")[-1]
    assert line == (
        "12 hosts: 1 not prepared, 3 prepared, 5 configured, 2 cleaned; 1 not looked at; "
        "2 with something wrong; 5 behind configured."
    )


def test_findings_come_worst_first() -> None:
    findings = paragraphs(*reports.a_class().hosts)[1].split("\n")
    states = [line.split(":")[0] for line in findings if not line.startswith(" ")]
    assert states == sorted(states, key=["wrong", "unknown", "open"].index)
    assert set(states) == {"wrong", "unknown", "open"}


def test_a_finding_has_its_host_task_sentence_and_command() -> None:
    host = reports.host("vm", reports.STUCK, says="One.\nTwo.", fix="first\nsecond")
    assert paragraphs(host)[1].split("\n")[:5] == [
        "wrong: vm: 4.2.1: The scrape job keeps the labels of pushes",
        "    One.",
        "    Two.",
        "      first",
        "      second",
    ]


def test_a_note_comes_after_what_is_wrong_and_changes_no_number() -> None:
    def with_note(host: HostResult) -> HostResult:
        first, *others = host.tasks
        noted = first.checks[0]._replace(finding=checks.noted("Not at boot.", "sudo enable"))
        return host._replace(tasks=(first._replace(checks=(noted, *first.checks[1:])), *others))

    vm1, vm2 = with_note(reports.host("vm1")), with_note(reports.host("vm2", reports.STUCK))
    table, attention, counted = paragraphs(vm1, vm2)
    assert table.split("\n")[1].split() == ["vm1", "cleaned", *["done"] * 4]
    told = attention.split("\n")
    notes = [line for line in told if line.startswith("note: ")]
    assert notes == [f"note: vm1, vm2: Host: {vm1.tasks[0].checks[0].title}"]
    at = told.index(notes[0])
    assert told[at + 1 :] == ["    Not at boot.", "      sudo enable"]
    assert told[0].startswith("wrong: vm2: ")
    plain = paragraphs(reports.host("vm1"), reports.host("vm2", reports.STUCK))
    assert (table, counted) == (plain[0], plain[-1])


def test_of_what_is_open_only_the_next_step_is_told() -> None:
    findings = paragraphs(reports.host("vm", reports.BEGUN))[1]
    assert findings.count("open: ") == 1
    assert "4.2.1" in findings
    assert "Prometheus has loaded its configuration" in findings


def test_nothing_open_is_told_of_tasks_behind_one_that_is_wrong() -> None:
    host = reports.host("vm", ("w" + "d" * 7, "oooooo", "oooo", "ooo"))
    assert "open: " not in paragraphs(host)[1]


def test_a_host_that_was_not_reached_says_so_once() -> None:
    findings = paragraphs(reports.unreached("vm", "No route to host"))[1]
    assert findings == "unknown: vm: not looked at\n    No route to host"


def test_what_is_unknown_for_one_reason_is_told_once() -> None:
    told = paragraphs(reports.host("vm", ("d" * 8, "dddddd", "uuuu", "uuu")))[1]
    assert told.count("unknown: vm: ") == 1


def test_of_a_bare_host_only_the_next_step_is_told() -> None:
    told = paragraphs(reports.host("vm", ("oduuuudd", "ouuuuu", "uuuu", "uuu")))[1]
    assert told.startswith("open: vm: Host: ")
    assert "unknown" not in told


def test_what_is_unknown_is_told_of_a_host_on_which_all_is_installed() -> None:
    _, attention, _ = paragraphs(reports.host("vm", ("d" * 8, "oooooo", "uuuu", "ooo")))
    assert "unknown: vm" in attention


def test_what_is_the_same_on_several_hosts_is_told_once() -> None:
    findings = paragraphs(*(reports.host(name, reports.BEGUN) for name in ("a", "b")))[1]
    assert findings.startswith("open: a, b: 4.2.1: ")
    assert findings.count("open: ") == 1


def test_hosts_that_are_done_need_no_attention() -> None:
    parts = paragraphs(reports.host("vm"))
    assert len(parts) == 2
    assert parts[1] == "1 host: 1 cleaned; 0 with something wrong."


def test_a_report_without_hosts_can_be_shown() -> None:
    assert lines_of() == ["0 hosts: 0 with something wrong."]


def test_colours_only_where_they_are_wanted() -> None:
    made = reports.a_class()
    colored = console.table(made, color=True)
    plain = console.table(made, color=False)
    assert "\x1b[" not in plain
    assert "\x1b[1;31mwrong 3/6\x1b[0m" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == plain


@pytest.mark.parametrize("width", [70, 80, 100, 200])
def test_a_report_fits_its_terminal(width: int) -> None:
    lines = lines_of(
        reports.host("a-host-with-a-name-that-is-far-too-long.rather.deep.example.org" * 2),
        reports.host("日本" * 50, reports.UNSEEN),
        reports.host("vm", reports.STUCK, expected=False),
        reports.unreached("vm3"),
        width=width,
        expected="pushed",
    )
    table = lines[: lines.index("")]
    assert all(columns(line) <= width for line in table)
    too_long = [line for line in lines[len(table) : -1] if columns(line) > width]
    # Commands are one line, so that they can be copied, and names are not split.
    assert all(line.startswith("      ") or len(line.split()) == 1 for line in too_long)


def test_a_narrow_table_has_marks_and_explains_them() -> None:
    lines = lines_of(reports.host("vm", reports.STUCK), width=50)
    assert lines[1].split() == ["vm", "prepared", "+", "!3/6", ".0/4", ".0/3"]
    assert lines[2] == "+ done, . open, ! wrong, ? unknown"


def test_a_narrow_table_has_the_same_colours() -> None:
    made = reports.report(reports.host("vm1", reports.STUCK), reports.host("vm2"))
    lines = console.table(made, color=True, width=50).split("\n")
    assert lines[1].startswith("\x1b[1;31mvm1\x1b[0m ")
    assert lines[2].startswith("vm2 ")


def test_the_first_line_of_a_finding_has_the_colour_of_its_state_and_its_command_another() -> None:
    made = reports.report(reports.host("vm1" * 20, reports.STUCK, says="It is so.", fix="mend"))
    lines = console.table(made, color=True, width=50).split("\n\n")[1].split("\n")
    colored = [line for line in lines if "\x1b[" in line]
    assert colored[0] == lines[0]
    assert lines[0].startswith("\x1b[1;31mwrong:")
    assert colored[1] == "      \x1b[1mmend\x1b[0m"


def test_a_shortened_name_keeps_both_ends() -> None:
    lines = lines_of(reports.host("vm17-" + "x" * 80 + "-end", reports.STUCK), width=60)
    name = lines[1].split()[0]
    assert name.startswith("vm17-")
    assert name.endswith("-end")
    assert ".." in name


@pytest.mark.parametrize(
    ("name", "room", "shown"),
    [
        ("vm17.example", 12, "vm17.example"),
        ("vm17.example.org", 12, "vm17...e.org"),
        ("vm17.example.org", 13, "vm17...le.org"),
        ("日本日本日本日本", 12, "日本..本日本"),
    ],
)
def test_a_name_is_shortened_to_just_what_fits(name: str, room: int, shown: str) -> None:
    rest = len("  prepared  Host  4.2.1  4.2.2  4.2.3")
    lines = lines_of(reports.host(name, reports.STUCK), width=room + rest)
    assert lines[1].split()[0] == shown
    assert columns(lines[0]) == columns(shown) + rest


def test_columns_line_up_with_wide_characters() -> None:
    table = lines_of(reports.host("日本"), reports.host("abcd"))
    where = {columns(line[: line.index("cleaned")]) for line in table[1:3]}
    assert where == {6}


def test_a_host_cannot_drive_the_terminal() -> None:
    host = reports.host(reports.HOSTILE, reports.STUCK, says=reports.HOSTILE, fix=reports.HOSTILE)
    shown = console.table(
        reports.report(host, reports.unreached("x", reports.HOSTILE)), color=False
    )
    assert shown.replace("\n", "").isprintable()
    assert r"\x1b[31mred\x1b]0;title\x07" in shown


def test_two_hundred_hosts_are_told_in_a_few_lines_each() -> None:
    lines = console.table(reports.a_crowd(), color=False, width=100).split("\n")
    assert len(lines) < 400
