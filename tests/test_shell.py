"""Commands whose output decides: their deadline, their limit, and the mark before their answer."""

import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import gevent
import pytest
from pyinfra.api.command import StringCommand
from pyinfra.api.host import Host

from local_hosts import local_host
from pushgateway_lab.course import questions
from pushgateway_lab.formats.secret_lines import SecretLines
from pushgateway_lab.host.fact import HostSnapshot
from pushgateway_lab.lab import tasks
from pushgateway_lab.lab.look import paths_of
from pushgateway_lab.run import command_output, host_files, patches, shell
from pushgateway_lab.run.deadline import limit, paused, seconds_left, within
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.settings import Settings

DEPLOY = Path(__file__).parents[1] / "deploy"


@pytest.fixture
def here() -> Iterator[Host]:
    patches.apply()
    with local_host() as host:
        yield host


@pytest.fixture
def scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of `ask`'s scripts, for one test."""
    monkeypatch.setattr(
        host_files, "host_file", lambda name: (tmp_path / name).read_text(encoding="utf-8")
    )
    return tmp_path


def test_what_a_command_prints_and_how_it_ends(here: Host) -> None:
    succeeded, output = shell.run(here, "cat; echo out; echo err >&2; exit 3", stdin=b"\0in")
    assert not succeeded
    assert output.stdout_lines == ["AGlu", "out"]
    assert output.stderr_lines == ["err"]


@pytest.mark.parametrize(
    ("stdin", "following"), [(None, []), (b"\0in", ["AGlu"]), (b"x" * 60_000, [None])]
)
def test_secrets_come_before_the_standard_input(
    here: Host, tmp_path: Path, stdin: bytes | None, following: list[str | None]
) -> None:
    secrets = SecretLines(("one 1", "two 2"))
    succeeded, output = shell.run(here, "cat", stdin, secrets=secrets)
    assert succeeded
    assert output.stdout_lines[:3] == ["one 1", "two 2", "end"]
    assert len(output.stdout_lines) == 3 + len(following)
    assert following == [None] or output.stdout_lines[3:] == following
    (tmp_path / "file").write_bytes(stdin or b"")
    _, of_file = shell.run(here, "cat", tmp_path / "file", secrets=secrets)
    assert "".join(of_file.stdout_lines) == "".join(output.stdout_lines)


FILES = sorted((DEPLOY.parent / "files").glob("*.sh"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_script_without_its_comments_does_the_same(path: Path) -> None:
    """Bash prints both as it has parsed them: apart from comments in texts of awk, they are equal."""

    def parsed(text: str) -> list[str]:
        words = ["bash", "--pretty-print", "/dev/stdin"]
        done = subprocess.run(words, input=text, capture_output=True, text=True, check=True)
        lines = (line.strip() for line in done.stdout.splitlines())
        return [line for line in lines if line and not line.startswith("#")]

    whole, code = path.read_text(encoding="utf-8"), host_files.script(path.name, {})
    assert parsed(code) == parsed(whole)
    assert not any(line.lstrip().startswith("#") for line in code.splitlines())
    documents = re.findall(r"<<-?'?(\w+)'?.*\n(.*?)^\1$", whole, re.DOTALL | re.MULTILINE)
    assert not any(re.search(r"^\s*#", text, re.MULTILINE) for _, text in documents)


def test_the_largest_script_fits_into_an_argument() -> None:
    settings = Settings()
    paths = paths_of(tasks.queries_of(tasks.tasks(None)))
    further = questions._further(settings, paths, follow=True)
    command = HostSnapshot().command(further=further, with_sudo=True)
    # The login shell gets it quoted once more.
    assert len(shlex.quote(command.get_raw_value())) < 100_000


def test_the_whole_command_has_a_deadline(here: Host) -> None:
    began = time.monotonic()
    with pytest.raises(HostError, match=r"did not answer within 0\.5 s \(the nap\)"):
        shell.run(here, "sleep 3", deadline=0.5, what="the nap")
    assert time.monotonic() - began < 2


# Commands that block: one closes its output and goes on, one does not read its standard input.
@pytest.mark.parametrize("command", ["exec >/dev/null 2>&1; sleep 3", "sleep 3; cat"])
def test_the_deadline_holds_with_the_patches_of_gevent(command: str) -> None:
    code = f"""
from gevent import monkey; monkey.patch_all()
import time
from local_hosts import local_host
from pushgateway_lab.run import patches
from pushgateway_lab.run import shell
from pushgateway_lab.run.host_error import HostError
patches.apply()
with local_host() as host:
    began = time.monotonic()
    try:
        shell.run(host, {command!r}, stdin=bytes(10_000_000), deadline=0.5)
    except HostError as error:
        print(error, time.monotonic() - began < 2)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": f"{DEPLOY}:{Path(__file__).parent}"},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.stdout.endswith("True\n"), done.stdout + done.stderr
    assert "did not answer within 0.5 s" in done.stdout


def test_a_run_has_a_budget(here: Host) -> None:
    assert seconds_left(here.state) == float("inf")
    limit(here.state, 0.5)
    limit(here.state, 60)  # the first one holds
    with pytest.raises(
        HostError, match="time limit of this run expired before the host answered: the nap"
    ):
        shell.run(here, "sleep 3", what="the nap")
    with pytest.raises(HostError, match="time limit of this run has expired; not started: true"):
        shell.run(here, StringCommand("true"))
    assert seconds_left(here.state) < 0


@pytest.mark.parametrize(
    "command",
    ["yes", "yes >&2", "tr '\\0' x </dev/zero", "tr '\\0' x </dev/zero >&2"],
    ids=["lines", "lines on stderr", "one line", "one line on stderr"],
)
def test_endless_output_is_cut_off(here: Host, command: str) -> None:
    with pytest.raises(
        HostError, match="it sent more than 12 MB, or 100000 lines, and was cut off"
    ):
        shell.run(here, command, deadline=20)


def test_as_much_as_a_large_host_says_is_read(here: Host) -> None:
    _, output = shell.run(here, "seq 90000; head -c 10000000 /dev/zero | tr '\\0' x")
    assert len(output.stdout_lines) == 90_001
    assert len(output.stdout_lines[-1]) == 10_000_000
    assert not command_output.is_cut_off(output)


def test_what_is_not_utf8_is_not_lost(here: Host) -> None:
    _, output = shell.run(here, "printf 'a\\377b\\n\\303\\274'")
    assert output.stdout_lines == ["a\\xffb", "ü"]


def test_an_answer_begins_behind_its_mark(here: Host, scripts: Path) -> None:
    (scripts / "say.sh").write_text(
        'echo user nobody; printf "no newline"; printf "\\n%s\\n" "${mark:?}"; echo "$word"; echo'
    )
    assert shell.ask(here, "say.sh", {"word": "it's"}) == ["it's", ""]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("echo 'user root'", r"say\.sh did not start: user root"),
        ("echo refused >&2; exit 1", r"say\.sh did not start: refused"),
        ('printf "\\n%s\\n" "$mark"; echo half; exit 4', r"say\.sh failed"),
        ("true", r"say\.sh did not start: no output"),
    ],
)
def test_a_script_that_does_not_answer(here: Host, scripts: Path, text: str, said: str) -> None:
    (scripts / "say.sh").write_text(text)
    with pytest.raises(HostError, match=said):
        shell.ask(here, "say.sh", {})


def test_no_two_marks_are_alike() -> None:
    assert len({shell.new_mark() for _ in range(100)}) == 100


def test_the_lines_after_a_mark() -> None:
    assert shell.after_mark(["a", "m", "b", "m"], "m") == ["b", "m"]
    assert shell.after_mark(["a m"], "m") is None


def test_an_error_of_its_own_passes_a_deadline() -> None:
    with pytest.raises(KeyError):
        within(5, lambda: {"there": 1}["missing"])


def test_who_types_a_password_has_time() -> None:
    def asked(then: float) -> str:
        with paused():
            time.sleep(0.5)  # no other greenlet runs, as during a prompt
        gevent.sleep(then)
        return "typed"

    assert within(0.3, lambda: asked(then=0.1)) == "typed"
    with pytest.raises(TimeoutError):
        within(0.3, lambda: asked(then=0.5))
