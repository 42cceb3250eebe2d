"""The prune's program as one file, and the decision which process may get the password."""

import ast
import hashlib
import io
import os
import socket
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from zipfile import ZipFile

import pytest

from pushgateway_lab.formats.sockets import Listener, listening, parse_listener, reached
from pushgateway_lab.pruning import bundle, layout
from pushgateway_lab.pruning.files import Credentials, wanted_files
from pushgateway_lab.pruning.program import listening as program_listening
from pushgateway_lab.pruning.program.listening import (
    ListenerError,
    check_listeners,
    lines_of,
)
from pushgateway_lab.services.systemd_process import Process
from pushgateway_lab.settings import Settings

ROOT = Path(__file__).parents[1]
ARGUMENTS = ("--url=http://127.0.0.1:1", "--older-than=1h")
SETTINGS = Settings(pushgateway_prune_after="1h")
GATEWAY = "http://127.0.0.1:9091"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("program") / "prune.pyz"
    path.write_bytes(bundle.program())
    return path


def run(program: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        # -S: without packages that are installed on this machine.
        [sys.executable, "-I", "-S", str(program), *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )


def test_its_bytes_are_the_same_on_every_machine() -> None:
    told = "import hashlib; from pushgateway_lab.pruning import bundle; "
    told += "print(hashlib.sha256(bundle.program()).hexdigest())"
    environment = {"PYTHONPATH": str(ROOT / "deploy"), "TZ": "Asia/Kathmandu", "LC_ALL": "C"}
    found = {
        subprocess.run(
            [sys.executable, "-c", f"import os; os.umask({umask}); {told}"],
            env={**os.environ, **environment, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed, umask in (("1", 0), ("2", 0o77))
    }
    assert found == {hashlib.sha256(bundle.program()).hexdigest()}
    with ZipFile(io.BytesIO(bundle.program())) as archive:
        entries = archive.infolist()
    assert [each.filename for each in entries] == sorted(bundle.modules())
    for each in entries:
        assert (each.date_time, each.compress_type, each.external_attr, each.create_system) == (
            (1980, 1, 1, 0, 0, 0), 0, 0o100644 << 16, 3,
        )  # fmt: skip


def test_an_installed_copy_makes_the_same(tmp_path: Path) -> None:
    def python(*words: str) -> str:
        return subprocess.run(
            [sys.executable, *words],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(tmp_path / "installed")},
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    python("-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path))
    (wheel,) = tmp_path.glob("*.whl")
    with ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    told = python(
        "-c",
        "import hashlib; from pushgateway_lab.pruning import bundle; "
        "print(bundle.__file__, hashlib.sha256(bundle.program()).hexdigest())",
    )
    made = tmp_path / "installed/pushgateway_lab/pruning/bundle.py"
    assert told == f"{made} {hashlib.sha256(bundle.program()).hexdigest()}\n"


def test_it_imports_what_a_host_has() -> None:
    modules = bundle.modules()
    for name, source in modules.items():
        imports = [each for each in ast.walk(ast.parse(source)) if isinstance(each, ast.Import)]
        names = [each.name for node in imports for each in node.names]
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ImportFrom):
                names += [f"{node.module}.{each.name}" for each in node.names]
        for each in names:
            path = each.replace(".", "/")
            ours = {f"{path}.py", f"{path.rpartition('/')[0]}.py"} & set(modules)
            assert ours or each.split(".")[0] in sys.stdlib_module_names - {"pushgateway_lab"}, (
                name,
                each,
            )


def test_its_modules_are_linted_for_the_oldest_python() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    targets = settings["tool"]["ruff"]["per-file-target-version"]
    patterns = [each for pattern in targets for each in _alternatives(pattern)]
    own = [name for name in bundle.modules() if not name.endswith("__init__.py")]
    for name in own:
        path = (
            f"deploy/{name}" if "/" in name else f"deploy/pushgateway_lab/{bundle.PROGRAM}/{name}"
        )
        assert any(fnmatch(path, pattern) for pattern in patterns), path


def _alternatives(pattern: str) -> list[str]:
    begin, brace, rest = pattern.partition("{")
    inner, _, end = rest.partition("}")
    return [f"{begin}{each}{end}" for each in inner.split(",")] if brace else [pattern]


def test_it_runs_from_its_file_alone(program: Path) -> None:
    told = run(program, "--help")
    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith("usage: prune.pyz ")
    silent = run(program, *ARGUMENTS)
    assert silent.returncode == 1
    assert silent.stderr.startswith("the Pushgateway does not answer at http://127.0.0.1:1: ")
    assert list(program.parent.iterdir()) == [program]


@pytest.mark.parametrize("words", [(), ("--url=x",), (*ARGUMENTS, "--check-listener"), ("--ur=x",)])
def test_wrong_arguments(program: Path, words: tuple[str, ...]) -> None:
    told = run(program, *words)
    assert told.returncode == 2
    assert "Traceback" not in told.stderr


@pytest.mark.parametrize("url", ["http://127.0.0.1:9091", "https://vm01:9091"])
def test_without_a_password_over_plain_http_no_one_is_asked(program: Path, url: str) -> None:
    user = ["--username=me"] if url.startswith("https") else []
    words = [f"--url={url}", "--older-than=1h", "--unit=x.service", "--check-listener", *user]
    told = run(program, *words)
    assert (told.returncode, told.stdout, told.stderr) == (0, "", "")


def test_a_password_for_another_host_is_not_sent(program: Path) -> None:
    words = ["--url=http://10.0.0.1:9091", "--older-than=1h", "--unit=x.service", "--username=me"]
    told = run(program, *words, "--check-listener")
    assert told.returncode == 1
    assert told.stderr == (
        "The password was not sent: 10.0.0.1 is no loopback address, and http://10.0.0.1:9091 is "
        "not https.\n"
    )


def texts(unit: str) -> dict[str, str]:
    return {
        file.path.rpartition("/")[2]: file.data.decode()
        for file in wanted_files(SETTINGS, GATEWAY, unit, Credentials())
        if file.path != layout.PROGRAM
    }


def test_the_unit_has_the_name_that_it_is_given() -> None:
    found = texts("my-gateway@1.service")
    service = found[layout.SERVICE].splitlines()
    assert "After=my-gateway@1.service network.target" in service
    assert "--unit=my-gateway@1.service" in found["prune.arguments"].splitlines()
    assert not [line for text in found.values() for line in text.splitlines() if "@PUSH" in line]


@pytest.mark.parametrize(
    "unit",
    ["", "x", "-x.service", "x y.service", "x.service\nExecStart=/bin/true", "%h.service", "x\\.service"],
)  # fmt: skip
def test_what_is_no_unit_is_put_nowhere(unit: str) -> None:
    with pytest.raises(ValueError, match="must be the name of a systemd unit"):
        wanted_files(SETTINGS, GATEWAY, unit, Credentials())


def test_no_file_of_the_prune_names_a_unit_of_the_pushgateway() -> None:
    files = [
        *(ROOT / "files").glob("*prune*"),
        *(ROOT / "deploy/pushgateway_lab/pruning").rglob("*.py"),
    ]
    assert files
    for path in files:
        assert "prometheus-pushgateway" not in path.read_text(encoding="utf-8"), path


def test_what_is_installed_is_what_is_looked_for() -> None:
    installed = [file.path for file in wanted_files(SETTINGS, GATEWAY, "x.service", Credentials())]
    assert sorted(installed) == sorted(layout.FILES)
    assert all(set(path) <= set("abcdefghijklmnopqrstuvwxyz-./") for path in layout.FILES)


KERNEL = """\
   0: 0100007F:2383 00000000:0000 0A 00000000:00000000 00:00000000 00000000   106        0 4711 1 0
   1: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 5 1 0
   2: 0100007F:2383 0100007F:D431 01 00000000:00000000 00:00000000 00000000   106        0 4712 1 0
   0: 00000000000000000000000001000000:2384 00000000000000000000000000000000:0000 0A 0:0 00:0 0 1000 0 9 1 0
"""


def test_listeners_as_the_kernel_writes_them() -> None:
    assert listening(KERNEL.splitlines(), "little") == [
        Listener("127.0.0.1", 9091, "4711", "106"),
        Listener("0.0.0.0", 22, "5", "0"),
        Listener("::1", 9092, "9", "1000"),
    ]


def test_listeners_of_a_host_with_the_other_byte_order() -> None:
    assert parse_listener("7F000001:2383 7", "big") == Listener("127.0.0.1", 9091, "7")
    assert parse_listener("00000000000000000000000000000001:0050 7", "big") == Listener(
        "::1", 80, "7"
    )


def test_what_is_not_on_loopback_reaches_nobody() -> None:
    assert reached([Listener("0.0.0.0", 9091, "1")], "http://10.0.0.1:9091") == []


OWN = Listener("127.0.0.1", 9091, "1", "106")
OTHERS = Listener("0.0.0.0", 9091, "2", "1000")


def test_the_units_listeners_are_noted_with_their_inodes() -> None:
    assert check_listeners([OWN], GATEWAY, {"1"}, "x.service") == [OWN]
    assert lines_of([OWN]) == {"127.0.0.1 9091 1"}


@pytest.mark.parametrize(
    ("listeners", "says"),
    [
        ([], "nothing listens on port 9091 of 127.0.0.1"),
        ([OWN._replace(port=9092)], "nothing listens on port 9091 of 127.0.0.1"),
        ([OWN, OTHERS], "port 9091 of 127.0.0.1 is not held by x.service, but by a process of user 1000"),
    ],
)  # fmt: skip
def test_somebody_elses_listeners_are_not_noted(listeners: list[Listener], says: str) -> None:
    with pytest.raises(ListenerError, match=f"^{says}$"):
        check_listeners(listeners, GATEWAY, {"1"}, "x.service")


def test_the_sockets_of_a_process() -> None:
    group = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()[0].split(":", 2)[2]
    number = str(os.getpid())
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://localhost:{server.getsockname()[1]}"
        held = program_listening.sockets_of(Process(number, group), "x.service")
        (seen,) = check_listeners(program_listening.listeners(), url, held, "x.service")
    assert seen.user == str(os.getuid())
    with pytest.raises(ListenerError, match=r"^x\.service does not run any more$"):
        program_listening.sockets_of(Process(number, "/another"), "x.service")
    with pytest.raises(ListenerError, match=r"^x\.service does not run$"):
        program_listening.sockets_of(Process("0", ""), "x.service")
