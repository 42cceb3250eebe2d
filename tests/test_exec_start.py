"""The command of a unit, as its files have it: read, and written with other flags."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushgateway_lab.facts.found import UnitFile
from pushgateway_lab.installations import exec_start
from pushgateway_lab.installations.flags import Flag, FlagError, minus, parse_flags, same

ADDRESS, ADMIN = "--web.listen-address=127.0.0.1:9091", "--web.enable-admin-api"


def files(*texts: str) -> list[UnitFile]:
    """Return a unit and its drop-ins."""
    return [UnitFile(f"/etc/systemd/system/{n}", text) for n, text in enumerate(texts)]


def service(*lines: str) -> list[UnitFile]:
    """Return a unit with these lines in its section Service."""
    return files("\n".join(["[Unit]", "Description=x", "", "[Service]", *lines, ""]))


def words(*lines: str) -> list[str]:
    """Return the flags in the command of a unit with these lines."""
    unit = service(*lines)
    return [str(each) for each in exec_start.flags_of(exec_start.exec_start(unit) or "", unit)]


def changed(command: str, *wanted: str, environment: str = "") -> str:
    """Return a command with these flags."""
    unit = service(environment, f"ExecStart={command}")
    return exec_start.with_flags(command, parse_flags(wanted), unit)


# The files


@pytest.mark.parametrize(
    ("texts", "command"),
    [
        ([], None),
        (["[Service]\n"], None),
        (["ExecStart=/bin/a\n"], None),
        (["[Unit]\nExecStart=/bin/a\n"], None),
        (["[Service]\nExecStart=/bin/a --b"], "/bin/a --b"),
        (["  [Service] \n\t ExecStart = /bin/a --b \t\n"], "/bin/a --b"),
        (["[Service]\nExecStartPre=/bin/no\nExecStart=/bin/a\nExecStop=/bin/no\n"], "/bin/a"),
        (["[Service]\nExecStart=/bin/a\n[Install]\nExecStart=/bin/no\n"], "/bin/a"),
        (["[Service]\n[Install]\n[Service]\nExecStart=/bin/a\n"], "/bin/a"),
        # Lines that go on, with comments and blanks between them.
        (["[Service]\nExecStart=/bin/a \\\n    --b\\\n--c\n--d\n"], "/bin/a      --b --c"),
        (["[Service]\nExecStart=/bin/a \\\n# no\n  ; no \\\n--b\n"], "/bin/a  --b"),
        (["[Service]\nExecStart=/bin/a \\\n\n--b\n"], "/bin/a"),
        (["[Service]\nExecStart=/bin/a \\"], "/bin/a"),
        (["[Service]\n#\\\nExecStart=/bin/a\n"], "/bin/a"),
        (["[Service]\nExecStart=/bin/a \\ \n--b\n"], "/bin/a \\"),
        (["[Service]\nExecStart=/bin/a \\\\\n--b\n"], r"/bin/a \\"),
        (["[Service]\n# ExecStart=/bin/no\n;ExecStart=/bin/no\nExecStart=/bin/a # b\n"], "/bin/a # b"),
        # Only these characters end a line.
        (["[Service]\r\nExecStart=/bin/a\r\n"], "/bin/a"),
        (["[Unit]\nDescription=x\u2028[Service]\u2028ExecStart=/bin/no\n"], None),
        (["[Service]\nExecStart=/bin/a \x0bExecStart=/bin/b\x85c\n"], "/bin/a \x0bExecStart=/bin/b\x85c"),
        # An empty assignment removes those before it; of several files, the last one counts.
        (["[Service]\nExecStart=/bin/a\nExecStart=\n"], None),
        (["[Service]\nExecStart=/bin/a\nExecStart=\nExecStart=/bin/b\n"], "/bin/b"),
        (["[Service]\nExecStart=/bin/a\n", "[Service]\nExecStart=\nExecStart=/bin/b\n"], "/bin/b"),
        (["[Service]\nExecStart=/bin/a\n", "[Service]\nExecStart=\n"], None),
        (["[Service]\nExecStart=/bin/a\n", "[Service]\nUser=x\n", "ExecStart=/bin/no\n"], "/bin/a"),
    ],
)  # fmt: skip
def test_the_command_in_the_files_of_a_unit(texts: list[str], command: str | None) -> None:
    found = exec_start.exec_start(files(*texts))
    if found and command:
        assert re.sub(" +", " ", found) == re.sub(" +", " ", command)
    else:
        assert found == command


@given(st.lists(st.text(st.sampled_from("[Service]\nExecStart=/a -\\#;\r '\""))))
def test_no_text_of_files_breaks_the_parser(texts: list[str]) -> None:
    command = exec_start.exec_start(files(*texts))
    assert command is None or ("\n" not in command and command)


# The flags


@pytest.mark.parametrize(
    ("lines", "flags"),
    [
        ([], []),
        (["ExecStart=/bin/a"], []),
        (["ExecStart=/bin/a --b=c --d"], ["--b=c", "--d"]),
        (["ExecStart=/bin/a --b c --no-d"], ["--b=c", "--no-d"]),
        # Quotes, around a word and in it.
        (['ExecStart="/opt/my app/a" "--b=c d" \'--e="f"\' --g="h i"j'], ["--b=c d", '--e="f"', "--g=h ij"]),
        (["ExecStart=/bin/a --b '' --c=\"\""], ["--b=", "--c="]),
        (["ExecStart=/bin/a --b=c\xa0d"], ["--b=c\xa0d"]),
        (["ExecStart=/bin/a --b=c #d"], ["--b=c", "#d"]),
        # The prefixes of a program.
        (["ExecStart=-/bin/a --b"], ["--b"]),
        (["ExecStart=+!!/bin/a --b"], ["--b"]),
        (["ExecStart=@/bin/a name --b"], ["--b"]),
        (["ExecStart=-@/bin/a name"], []),
        (["Environment=X=--c", "ExecStart=:/bin/a $X --b=${X}"], ["$X", "--b=${X}"]),
        (["ExecStart=/opt/a@b:c/a name --b"], ["name", "--b"]),
        # Variables.
        (["Environment=X=--b", "ExecStart=/bin/a $X ${X} --c=${X}"], ["--b", "--b", "--c=--b"]),
        (["Environment='X=--b  --c'", "ExecStart=/bin/a $X"], ["--b", "--c"]),
        (["Environment='X=--b --c'", "ExecStart=/bin/a ${X} --d"], ["--b --c", "--d"]),
        (["Environment='X=--b=\"c d\"'", "ExecStart=/bin/a $X"], ["--b=c d"]),
        (['Environment=X=--b Y=--c "Z=--d --e"', "ExecStart=/bin/a $Z $X"], ["--d", "--e", "--b"]),
        (["Environment=X=--b", "Environment=X=--c", "ExecStart=/bin/a $X"], ["--c"]),
        (["Environment=X=--b", "Environment=", "ExecStart=/bin/a $X"], []),
        (["ExecStart=/bin/a $X --b=${X}"], ["--b="]),
        (["ExecStart=/bin/a --b=$X --c=$$ --d=$${X}"], ["--b=$X", "--c=$", "--d=${X}"]),
        (["Environment=X=--b", "EnvironmentFile=-/etc/x", "ExecStart=/bin/a $X"], ["--b"]),
        (["EnvironmentFile=/etc/x", "EnvironmentFile=", "ExecStart=/bin/a $X --b"], ["--b"]),
        (["EnvironmentFile=/etc/x", "ExecStart=/bin/a --b"], ["--b"]),
        # A percent sign is written twice.
        (["Environment=X=--c=%%", "ExecStart=/bin/a --b=5%% $X"], ["--b=5%", "--c=%"]),
    ],
)  # fmt: skip
def test_the_flags_in_a_command(lines: list[str], flags: list[str]) -> None:
    assert words(*lines) == flags


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (["ExecStart=/bin/a 'b"], "quotes"),
        (['ExecStart=/bin/a b"c'], "quotes"),
        (["ExecStart=/bin/a b\\ "], "quotes"),
        ([r"ExecStart=/bin/a --b=\x41"], "backslash"),
        ([r"ExecStart=/bin/a '\t'"], "backslash"),
        ([r"Environment=X=\x41", "ExecStart=/bin/a $X"], "backslash"),
        (["ExecStart=/bin/a --b=%H"], r"specifier of systemd \(%H\)"),
        (["ExecStart=/bin/a --b=%%%"], r"specifier of systemd \(%\)"),
        (["Environment=X=%i", "ExecStart=/bin/a $X"], r"specifier of systemd \(%i\)"),
        (["Environment=X='", "ExecStart=/bin/a $X"], "No closing quotation"),
        (["Environment='X=\"'", "ExecStart=/bin/a $X"], "No closing quotation"),
        (["EnvironmentFile=/etc/x", "ExecStart=/bin/a $X"], r"\$X may be in an EnvironmentFile"),
        (["EnvironmentFile=/etc/x", "ExecStart=/bin/a -b=${X}"], r"\$X may be in an EnvironmentFile"),
    ],
)  # fmt: skip
def test_flags_that_the_files_do_not_tell_are_refused(lines: list[str], says: str) -> None:
    with pytest.raises(FlagError, match=says):
        words(*lines)


# Other flags


@pytest.mark.parametrize(
    ("command", "wanted", "result"),
    [
        ("/bin/a", [], "/bin/a"),
        ("/bin/a", [ADMIN], f"/bin/a {ADMIN}"),
        ("-@/bin/a a  --b=c", ["--b=c", ADMIN], f"-@/bin/a a --b=c {ADMIN}"),
        # What stays is as it was written.
        ("/bin/a '--b=c d' --e=\"f\" --g=%%", ["--b=c d", "--e=f", "--g=%", ADMIN],
         f"/bin/a '--b=c d' --e=\"f\" --g=%% {ADMIN}"),
        # What is replaced goes, with its value.
        ("/bin/a --web.listen-address=:1 --b", ["--b", ADDRESS], f"/bin/a --b {ADDRESS}"),
        ("/bin/a --web.listen-address :1 --b", ["--b", ADDRESS], f"/bin/a --b {ADDRESS}"),
        ("/bin/a --web.listen-address ':1' --b c", ["--b=c", ADDRESS], f"/bin/a --b c {ADDRESS}"),
        ("/bin/a '--web.listen-address=:1' --b", ["--b", ADDRESS], f"/bin/a --b {ADDRESS}"),
        ("/bin/a --web.listen-address", [ADDRESS], f"/bin/a {ADDRESS}"),
        ("/bin/a --web.listen-address --b", ["--b", ADDRESS], f"/bin/a --b {ADDRESS}"),
        ("/bin/a --persistence.file '' --b", ["--b"], "/bin/a --b"),
        ("/bin/a --no-web.enable-admin-api --b", ["--b", ADMIN], f"/bin/a --b {ADMIN}"),
        ("/bin/a --web.enable-admin-api", ["--no-web.enable-admin-api"], "/bin/a --no-web.enable-admin-api"),
        # Flags with names that begin alike stay.
        ("/bin/a --web.listen-address.x=1 --web.listen-address=:1", ["--web.listen-address.x=1"],
         "/bin/a --web.listen-address.x=1"),
        # A repeated flag of which one is wanted.
        ("/bin/a --web.listen-address=127.0.0.1:9091 --web.listen-address=:2", [ADDRESS], f"/bin/a {ADDRESS}"),
        ("/bin/a --web.listen-address=127.0.0.1:9091 --web.listen-address=127.0.0.1:9091", [ADDRESS],
         f"/bin/a {ADDRESS}"),
        ("/bin/a --web.listen-address=:1 --web.listen-address=:2",
         ["--web.listen-address=:1", "--web.listen-address=:2", ADMIN],
         f"/bin/a --web.listen-address=:1 --web.listen-address=:2 {ADMIN}"),
    ],
)  # fmt: skip
def test_a_command_with_other_flags(command: str, wanted: list[str], result: str) -> None:
    assert changed(command, *wanted) == result
    assert changed(result, *wanted) == result


def test_a_value_in_a_variable_of_its_own_goes_with_its_flag() -> None:
    given = {"environment": "Environment=ADDR=:9092"}
    command = "/bin/a --web.listen-address $ADDR --b"
    assert changed(command, "--b", ADDRESS, **given) == f"/bin/a --b {ADDRESS}"
    command = "/bin/a --web.listen-address=${ADDR} --b"
    assert changed(command, "--b", ADDRESS, **given) == f"/bin/a --b {ADDRESS}"
    several = {"environment": "Environment='ADDR=:9092 --c'"}
    command = "/bin/a --web.listen-address $ADDR --b"
    assert changed(command, "--b", "--c", ADDRESS, **several) == f"/bin/a --b --c {ADDRESS}"
    kept = "/bin/a --web.listen-address=${ADDR}"
    assert changed(kept, "--web.listen-address=:9092", ADMIN, **given) == f"{kept} {ADMIN}"


@pytest.mark.parametrize(
    ("environment", "command", "says"),
    [
        ("X=--web.listen-address=:1", "/bin/a $X", "--web.listen-address is in a variable"),
        ("'X=--b --web.listen-address :1'", "/bin/a $X", "--web.listen-address is in a variable"),
        ("X=--web.listen-address", "/bin/a $X :1", "--web.listen-address is in a variable"),
        ("", "/bin/a --b --web.listen-address=:1 c", "a word of it would become the value"),
    ],
)  # fmt: skip
def test_a_flag_in_a_variable_is_not_replaced(environment: str, command: str, says: str) -> None:
    unit = service(f"Environment={environment}", f"ExecStart={command}")
    present = [
        each for each in exec_start.flags_of(command, unit) if each.name != "web.listen-address"
    ]
    with pytest.raises(FlagError, match=says):
        exec_start.with_flags(command, [*present, *parse_flags([ADDRESS])], unit)


@pytest.mark.parametrize(
    "value", ["%h", "$HOME", "${X}", "a b", '"a"', "'a", "\\n", ";", "a\tb", "\x1b", "a\nb"]
)
def test_a_new_flag_has_no_character_that_systemd_interprets(value: str) -> None:
    with pytest.raises(FlagError):
        changed("/bin/a", f"--web.external-url={value}")
    # One that is there already stays.
    assert changed("/bin/a '--b=;'", "--b=;") == "/bin/a '--b=;'"


NAMES = st.sampled_from(["a", "b", "web.listen-address", "web.enable-admin-api", ""])
VALUES = st.booleans() | st.text(st.sampled_from("a:=/-1"), min_size=1).filter(
    lambda text: not text.startswith("-")
)
FLAGS = st.lists(
    st.builds(Flag, NAMES, VALUES).filter(lambda f: bool(f.name) or f.value is not True), max_size=6
)


@given(FLAGS, FLAGS, st.booleans())
def test_the_flags_of_a_changed_command_are_the_wanted_ones(
    present: list[Flag], wanted: list[Flag], apart: bool
) -> None:
    """Also if a flag is repeated; `apart`: values are words of their own."""
    given_words = [str(each).replace("=", " ", 1) if apart else str(each) for each in present]
    command = " ".join(["/bin/a", *given_words])
    unit = service(f"ExecStart={command}")
    wanted = list(parse_flags([str(each) for each in wanted]))
    try:
        result = exec_start.with_flags(command, wanted, unit)
    except FlagError:
        return
    assert same(exec_start.flags_of(result, unit), wanted)


@pytest.mark.parametrize(
    ("one", "other", "left"),
    [
        ("", "--a", ""),
        ("--a", "", "--a"),
        ("--a --b=1", "--b=1", "--a"),
        ("--a --a", "--a", "--a"),
        ("--a --a", "--a --a --a", ""),
        ("--a=1 --a=2", "--a=2", "--a=1"),
        ("--a", "--no-a", "--a"),
    ],
)
def test_the_difference_of_two_command_lines(one: str, other: str, left: str) -> None:
    first, second = (parse_flags(each.split()) for each in (one, other))
    assert " ".join(map(str, minus(first, second))) == left
