"""The look at services with ``files/systemd.sh``: what it notes, and which file it takes for the flags of a service."""

import subprocess
from base64 import b64decode
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from pushgateway_lab.run.host_files import host_file
from pushgateway_lab.services import SYSTEMD

NAME = "my.service"
DROP_IN = f"/etc/systemd/system/{NAME}.d/pushgateway-lab.conf"
NOTE = 'note_service() { printf "noted"; printf " <%s>" "$@"; echo; }\n'


def shell(text: str, directory: Path, *arguments: str) -> str:
    """Return the output of a script with the functions of systemd.sh and a systemctl that prints a file."""
    systemctl = 'systemctl() { cat "$shown"; }\n'
    words = ["/bin/sh", "-c", host_file("systemd.sh") + systemctl + NOTE + text, "sh", *arguments]
    given = {"PATH": "/usr/bin:/bin", "shown": str(directory / "shown")}
    done = subprocess.run(words, env=given, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout


def block(name: str, *lines: str, load: str = "loaded") -> str:
    """Return the block of a unit in the output of systemctl show."""
    return "".join(f"{line}\n" for line in (f"Id={name}", f"LoadState={load}", *lines))


def noted(tmp_path: Path, *blocks: str) -> list[str]:
    """Return the lines that service_look notes for these blocks."""
    (tmp_path / "shown").write_text("\n".join(blocks))
    lines = shell("service_look x", tmp_path).splitlines()
    return [line for line in lines if line.startswith("noted")]


def test_each_service_is_noted_with_its_own_properties(tmp_path: Path) -> None:
    full = block("a.service", "MainPID=7", "User=u", "Group=g", "ActiveState=active", "ExecStart={ argv[]=/a $X ; }")  # fmt: skip
    # A timer has no main process, and what does not exist has few properties.
    timer = block("b.timer", "ActiveState=waiting")
    gone = block("c.service", "MainPID=0", "ActiveState=inactive", load="not-found")
    strange = block("d.service", "MainPID=1;id")
    assert noted(tmp_path, full, timer, gone, strange) == [
        "noted <a.service> <active> <7> <u> <g> <yes> <{ argv[]=/a $X ; }>",
        "noted <b.timer> <waiting> <0> <> <> <yes> <>",
        "noted <c.service> <inactive> <0> <> <> <no> <>",
        "noted <d.service> <> <0> <> <> <yes> <>",
    ]


def test_the_package_reads_the_same_services(tmp_path: Path) -> None:
    blocks = [block("a.service", "MainPID=7"), block("b.timer"), block("c.service", load="not-found")]  # fmt: skip
    (tmp_path / "shown").write_text("\n".join(blocks))
    lines = shell("service_look x", tmp_path).splitlines()
    states = SYSTEMD.states(line.removeprefix("service ") for line in lines if line.startswith("service "))  # fmt: skip
    assert {name: (each.main_pid, each.exists) for name, each in states.items()} == {
        "a.service": (7, True),
        "b.timer": (0, True),
        "c.service": (0, False),
    }


# The file with the flags


Files = Callable[..., tuple[str, list[str]]]


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """Return a function that returns the file with the flags of a service, and its printed unit files."""

    def found(command: str, unit: str, *environments: str | None, drop_in: str | None = None) -> tuple[str, list[str]]:  # fmt: skip
        """Look at a service with this command, unit, drop-in and texts of EnvironmentFiles; None: no such file."""
        (tmp_path / "unit").write_text(unit)
        lines = [f"ExecStart={{ path=/x ; argv[]={command} ; ignore_errors=no }}"]
        for n, text in enumerate(environments):
            if text is not None:
                (tmp_path / f"env {n}").write_text(text)
            lines.append(f"EnvironmentFiles={tmp_path}/env {n} (ignore_errors={'yes' if n else 'no'})")  # fmt: skip
        lines.append(f"FragmentPath={tmp_path}/unit")
        if drop_in is not None:
            (tmp_path / "drop-in").write_text(drop_in)
            lines.append(f"DropInPaths={tmp_path}/drop-in {tmp_path}/gone")
        other = block("other.service", "EnvironmentFiles=/etc/other", "FragmentPath=/etc/other.service")  # fmt: skip
        (tmp_path / "shown").write_text("\n".join([other, block(NAME, *lines), other]))
        text = 'service_look x >/dev/null; service_look_at_flags "$1" "$2"; printf "%s\\n" "$own_flags_file"'
        *printed, flags_file = shell(text, tmp_path, NAME, lines[0]).splitlines()
        units = [line.split(" ")[1:] for line in printed]
        texts = [Path(b64decode(path).decode()).name for path, _ in units]
        for path, data in units:
            assert Path(b64decode(path).decode()).read_bytes()[:65536] == b64decode(data)
        return flags_file.replace(f"{tmp_path}/", ""), texts

    return found


@pytest.mark.parametrize(
    ("command", "unit", "environments", "flags_file"),
    [
        ("/p $OPTS", "", ["OPTS=1\n"], "env 0"),
        ("/p $OPTS", "", ["# nothing\n"], "env 0"),
        ("/p $OPTS", "", [None], "env 0"),
        ("/p --a $OPTS --b $MORE", "", ["MORE=1\n", "OPTS=\n"], "env 1"),
        # Of several files, the last one that sets it counts; without one, the last.
        ("/p $OPTS", "", ["OPTS=1\n", "X=1\n"], "env 0"),
        ("/p $OPTS", "", ["X=1\n", " \tOPTS = 1"], "env 1"),
        ("/p $OPTS", "", ["OPTS=1\n", "OPTS=2\n"], "env 1"),
        ("/p $OPTS", "", ["OPTS=1\n", None], "env 0"),
        ("/p $OPTS", "", ["X=1\n", "# OPTS=\nOPTS_2=\nMY_OPTS=\n"], "env 1"),
        ("/p $OPTS", "[Service]\nEnvironment=OPTS_2=1 MY_OPTS=2\n# OPTS=1\n", [None], "env 0"),
        # A file counts more than the unit.
        ("/p $OPTS", "[Service]\nEnvironment=OPTS=1\n", ["OPTS=2\n"], "env 0"),
    ],
)  # fmt: skip
def test_flags_that_are_in_an_environment_file(
    files: Files, command: str, unit: str, environments: Sequence[str | None], flags_file: str
) -> None:
    assert files(command, unit, *environments) == (flags_file, [])


@pytest.mark.parametrize(
    ("command", "unit", "environments"),
    [
        ("/p", "[Service]\n", []),
        ("/p --a", "[Service]\n", ["OPTS=1\n"]),
        ("/p $OPTS", "[Service]\n", []),
        ("/p $OPTS", "[Service]\nEnvironment=OPTS=1\n", [None]),
        ("/p $OPTS", '[Service]\nEnvironment="A=1" "OPTS=1"\n', ["A=1\n"]),
        # Not split, or no variable.
        ("/p ${OPTS}", "[Service]\n", ["OPTS=1\n"]),
        ("/p --a=$OPTS", "[Service]\n", ["OPTS=1\n"]),
        ("/p --a=${OPTS} $", "[Service]\n", ["OPTS=1\n"]),
        ("/p $1 $$ $.*", "[Service]\n", ["1=\n"]),
    ],
)  # fmt: skip
def test_flags_that_are_in_the_unit(
    files: Files, command: str, unit: str, environments: Sequence[str | None]
) -> None:
    assert files(command, unit, *environments) == (DROP_IN, ["unit"])
    with_drop_in = files(command, unit, *environments, drop_in="[Service]\nUser=x\n")
    assert with_drop_in == (DROP_IN, ["unit", "drop-in"])


def test_a_drop_in_may_set_the_variable_and_a_unit_may_be_large(files: Files) -> None:
    assert files("/p $OPTS", "", None, drop_in="[Service]\nEnvironment=OPTS=1\n") == (DROP_IN, ["unit", "drop-in"])  # fmt: skip
    assert files("/p", "#" * 100_000) == (DROP_IN, ["unit"])


# The services that start a program


@pytest.mark.parametrize(
    ("line", "is_found"),
    [
        ("ExecStart=/opt/prometheus", True),
        ("ExecStart=/opt/prometheus --config.file=x", True),
        ("ExecStart = -/opt/prometheus", True),
        ("ExecStart=@/opt/prometheus/prometheus prometheus", True),
        ("ExecStart=/usr/bin/prometheus-prometheus", True),
        ('ExecStart="/opt/prometheus" --x', True),
        ("ExecStart=/bin/sh -c 'exec /opt/prometheus --x'", True),
        ("ExecStart=/usr/bin/env prometheus", True),
        ("ExecStart=/opt/prometheus \\", True),
        ("#ExecStart=/opt/prometheus", False),
        ("ExecStart=/opt/prometheus-node-exporter", False),
        ("ExecStart=/opt/my-prometheus", False),
        ("ExecStart=/opt/prometheus.sh", False),
        ("ExecStart=/opt/prometheus/bin/alertmanager", False),
        # Its directory as an argument of another program.
        ("ExecStart=/usr/bin/tar cf /x.tar /var/lib/prometheus", False),
        ("ExecStart=/usr/bin/chown -R prometheus /var/lib/prometheus", False),
        ("ExecStartPre=/opt/prometheus", False),
    ],
)
def test_the_services_that_start_a_program(tmp_path: Path, line: str, *, is_found: bool) -> None:
    text = host_file("systemd.sh")
    assert text.count("/etc/systemd/system/*.service /run/systemd/system/*.service") == 1
    for name in ("a", "b@", "-c", "d e", "f;g"):
        (tmp_path / f"{name}.service").write_text(f"[Service]\n{line}\n")
    text = text.replace("/etc/systemd/system/*.service", f"{tmp_path}/*.service")
    text += "\nservice_with_program prometheus\nservice_with_program pushgateway"
    done = subprocess.run(["/bin/sh", "-c", text], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout == ("a.service\n" if is_found else "")


# The restrictions of a process


@pytest.mark.parametrize(
    ("environment", "printed"),
    [
        ({"A": "x"}, ""),
        (
            {"A": "x", "PUSHGATEWAY_LAB_HARDENING": "0a1b", "abc": "y"},
            "hardened_as prometheus 0a1b\n",
        ),
        ({"A": "x\ny\n", "PUSHGATEWAY_LAB_HARDENING": "0a1b"}, "hardened_as prometheus 0a1b\n"),
        ({"PUSHGATEWAY_LAB_HARDENING": "0a$b"}, ""),
        ({"A": "PUSHGATEWAY_LAB_HARDENING=0a1b"}, ""),
    ],
)
def test_a_process_without_the_drop_in_with_which_it_was_started(
    tmp_path: Path, environment: dict[str, str], printed: str
) -> None:
    with subprocess.Popen(["/bin/sleep", "60"], env=environment) as process:
        try:
            look = 'service_look_at_hardening none.service "$1" prometheus'
            assert shell(look, tmp_path, str(process.pid)) == printed
        finally:
            process.kill()
    assert shell("service_look_at_hardening none.service 0 prometheus", tmp_path) == ""
