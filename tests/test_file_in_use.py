"""Hosts whose running Prometheus reads another configuration file than the one that the settings name."""

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shlex import quote

import pytest

from expectations import (
    BOOTSTRAP,
    CONFIG,
    FAST,
    HAND_EDITED,
    INSTALLED,
    PREPARE,
    RESET,
    VERIFY,
    assert_refused,
    assert_unchanged_run,
    loaded_jobs,
    prometheus_runs,
    untouched,
)
from labhost import Host, PyinfraResult
from looks import encoded, look
from pushgateway_lab.course import start_line
from pushgateway_lab.install import preflight
from pushgateway_lab.prometheus import configuration, job
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.run.host_files import host_file
from snapshots import BOTH, config, seen, settings

Run = Callable[..., PyinfraResult]

MY, BLANK = "/etc/prometheus/my.yml", "/etc/prometheus/my own.yml"
ARGS = "/etc/default/prometheus"
OVERRIDE = "/etc/systemd/system/prometheus.service.d/override.conf"


def restart(host: Host, arguments: str) -> None:
    """Restart a host's Prometheus with arguments; systemd splits them at blanks outside quotes."""
    host.write(ARGS, f"ARGS='{arguments}'\n".encode())
    host.run("systemctl daemon-reload; systemctl restart prometheus")
    prometheus_runs(host)


def another_file(host: Host, path: str = MY) -> None:
    """Write both files, with the same text."""
    prometheus_runs(host)
    host.write(CONFIG, HAND_EDITED)
    host.run(f"cp -p {CONFIG} {quote(path)}")


def refuses(host: Host, result: PyinfraResult, path: str = MY, named: str = CONFIG) -> None:
    """Fail unless a run named the host, both files, and what to type."""
    assert_refused(
        host,
        result,
        f"Prometheus reads {path} (its flag --config.file, or its default), and not {named}",
        f"--data prometheus_config_path={quote(path)}",
    )
    assert host.read(CONFIG) == HAND_EDITED


@contextmanager
def process(directory: Path, *arguments: str) -> Iterator[int]:
    """Run a process with these arguments in a directory, and return its id."""
    waits = [sys.executable, "-c", "print(flush=True); input()", *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(waits, cwd=directory, stdin=pipe, stdout=pipe) as running:
        assert running.stdin
        assert running.stdout
        running.stdout.readline()  # its command line is its own now
        yield running.pid
        running.stdin.close()


def found(pid: int, path: Path | str, *, programs: bool = True) -> str:
    """Return the file that the function of ``files/`` finds for a process, if it is another one than `path`."""
    text = "".join(map(host_file, ("whose.sh", "flags-in-use.sh", "config-in-use.sh")))
    text += f'read_flags {pid}\nfind_running_config {pid} "$flag_config" "$1"\n'
    text += 'printf "%s\\n" "$running_config"\n'
    shell = ["/bin/sh", "-c", text, "sh", str(path)]
    environment = {} if programs else {"PATH": "/nonexistent"}
    done = subprocess.run(shell, capture_output=True, text=True, check=True, env=environment)
    assert done.stderr == ""
    return done.stdout.removesuffix("\n")


@pytest.mark.parametrize(
    ("arguments", "other"),
    [
        ([], None),
        (["--config.file={}/a.yml"], None),
        (["--config.file", "{}/a.yml", "--log.level=debug"], None),
        (["--web.config.file={}/b.yml"], None),
        (["--config.file=/b", "--config.file.x={}/b.yml"], "/b"),
        (["--config.file="], None),
        (["--config.file"], None),
        (["-x", "--config.file={}/b.yml", "--y"], "{}/b.yml"),
        (["--config.file", "{}/b.yml"], "{}/b.yml"),
        (["--config.file=b.yml"], "{}/b.yml"),
        (["--config.file=./b.yml"], "{}/b.yml"),
        (["--config.file=../{name}//b.yml"], "{}/b.yml"),
        (["--config.file={}/b c.yml"], "{}/b c.yml"),
        (["--config.file={}/a.yml.new"], "{}/a.yml.new"),
        (["--config.file={}/$(touch x) `touch x`; *.yml"], "{}/$(touch x) `touch x`; *.yml"),
        # Other names of the same file, and a link to another one.
        (["--config.file=a.yml"], None),
        (["--config.file={}/link.yml"], None),
        (["--config.file={}/out/a.yml"], None),
        (["--config.file={}/away.yml"], "{}/away.yml"),
        (["--config.file={}/circle.yml"], "{}/circle.yml"),
        (["--config.file={}/missing.yml"], "{}/missing.yml"),
    ],
)
def test_the_file_in_the_command_line_of_a_process(
    tmp_path: Path, arguments: Sequence[str], other: str | None
) -> None:
    for name in ("a.yml", "b.yml"):
        (tmp_path / name).touch()
    links = {"link.yml": "a.yml", "out": ".", "away.yml": "b.yml", "circle.yml": "circle.yml"}
    for name, to in links.items():
        (tmp_path / name).symlink_to(to)
    words = [
        each.replace("{}", str(tmp_path)).replace("{name}", tmp_path.name) for each in arguments
    ]
    with process(tmp_path, *words) as pid:
        expected = "" if other is None else other.replace("{}", str(tmp_path))
        assert found(pid, tmp_path / "a.yml") == expected
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    "arguments",
    [[], ["--storage.tsdb.path={}", "--x"]],
)
def test_a_host_that_is_right_starts_no_program_for_it(
    tmp_path: Path, arguments: Sequence[str]
) -> None:
    path = str(tmp_path / "a b.yml")
    with process(tmp_path, *(each.replace("{}", path) for each in arguments)) as pid:
        assert found(pid, path, programs=False) == ""


def test_a_process_that_does_not_run_reads_nothing() -> None:
    assert found(0, CONFIG) == ""
    assert found(2**22 + 1, CONFIG) == ""


def running(path: str) -> str:
    """Return the line of a look for a Prometheus that reads another file."""
    return f"config_running {encoded(path)}"


@pytest.mark.parametrize(
    ("path", "says"),
    [
        (MY, f"add: --data prometheus_config_path={MY} (or"),
        (BLANK, f"add: --data prometheus_config_path='{BLANK}' (or"),
        (
            "/etc/$x.yml",
            r"prometheus_config_path cannot name the file that it reads: it holds '$'; ",
        ),
        ("/etc/-x.yml", r"prometheus_config_path cannot name the file that it reads: it "),
    ],
)
def test_a_look_at_a_prometheus_that_reads_another_file_is_refused(path: str, says: str) -> None:
    found = seen(*BOTH, *config("scrape_configs: []\n"), running(path))
    given = settings()
    for decide in (preflight.is_free, configuration.is_merged, job.merged, job.without_job):
        with pytest.raises(HostError) as error:
            decide(found, given)
        message = str(error.value)
        assert (
            f"Prometheus reads {path} (its flag --config.file, or its default), and not {CONFIG}"
            in message
        )
        assert says in message


def test_what_is_wrong_with_a_file_that_nobody_reads_does_not_matter() -> None:
    broken = look(*BOTH, running(MY), said={"groups": []}, config="scrape_configs: [\n")
    for for_reset in (False, True):
        with pytest.raises(HostError) as error:
            start_line.is_free(broken, broken.settings, for_reset=for_reset)
        assert str(error.value).startswith(f"Prometheus reads {MY} ")
        assert "mv" not in str(error.value)


@pytest.mark.lab_host(packages=INSTALLED)
def test_the_file_that_prometheus_reads_is_the_one_that_is_changed(
    lab_host: Host, run_pyinfra: Run, sessions: Callable[[], int]
) -> None:
    another_file(lab_host)
    restart(lab_host, f"--config.file={MY}")
    before = untouched(lab_host)
    given = FAST | {"prometheus_config_path": CONFIG}
    for deploy in (BOOTSTRAP, PREPARE, RESET):
        refuses(lab_host, run_pyinfra(lab_host, "-y", deploy, data=given))
    refuses(lab_host, run_pyinfra(lab_host, "--dry", BOOTSTRAP, data=given))
    assert untouched(lab_host) == before

    for data in (FAST, FAST | {"prometheus_config_path": MY}):
        proven = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=data)
        assert proven.returncode == 0, proven.output
        assert "Proven" in proven.stderr
        sessions()
        assert_unchanged_run(run_pyinfra(lab_host, "-y", BOOTSTRAP, data=data))
        assert sessions() == 1
        assert lab_host.read(CONFIG) == HAND_EDITED
        assert b"honor_labels: true" in lab_host.read(MY)

        assert run_pyinfra(lab_host, "-y", RESET, data=data).returncode == 0
        assert lab_host.read(MY) == HAND_EDITED
        assert run_pyinfra(lab_host, "-y", PREPARE, data=data).returncode == 0
        assert_unchanged_run(run_pyinfra(lab_host, "-y", PREPARE, data=data))

    # The other way round: the setting names a file that Prometheus does not read any more.
    restart(lab_host, f"--config.file={CONFIG}")
    refuses(lab_host, run_pyinfra(lab_host, "-y", BOOTSTRAP, data=data), CONFIG, MY)
    assert run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST).returncode == 0
    assert lab_host.read(MY) == HAND_EDITED

    # A Prometheus that does not run reads nothing.
    lab_host.run("systemctl stop prometheus")
    stopped = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST)
    assert_refused(lab_host, stopped, "prometheus.service is installed but inactive")


@pytest.mark.lab_host(packages=INSTALLED)
def test_each_way_to_name_the_file_is_understood(
    lab_host: Host, run_pyinfra: Run, sessions: Callable[[], int]
) -> None:
    another_file(lab_host)
    # Two words, and another user.
    lab_host.run(f"mkdir {OVERRIDE.rpartition('/')[0]}; useradd --system other")
    lab_host.run("systemctl stop prometheus; chown -R other: /var/lib/prometheus/metrics2")
    lab_host.write(OVERRIDE, b"[Service]\nUser=other\n")
    given = FAST | {"prometheus_config_path": CONFIG}
    restart(lab_host, f"--config.file {MY} --log.level=debug")
    assert lab_host.run("ps -o user= -C prometheus").stdout.split() == ["other"]
    refuses(lab_host, run_pyinfra(lab_host, "-y", BOOTSTRAP, data=given))
    # Relative to the directory in which Prometheus runs.
    lab_host.write(OVERRIDE, b"[Service]\nUser=other\nWorkingDirectory=/etc/prometheus\n")
    restart(lab_host, "--config.file=./my.yml")
    refuses(lab_host, run_pyinfra(lab_host, "-y", PREPARE, data=given))
    # With a blank.
    lab_host.run(f"cp -p {CONFIG} {quote(BLANK)}")
    restart(lab_host, f'--config.file="{BLANK}"')
    refuses(lab_host, run_pyinfra(lab_host, "-y", RESET, data=given), BLANK)
    proven = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST)
    assert proven.returncode == 0, proven.output
    assert_unchanged_run(run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST))
    assert loaded_jobs(lab_host) == ["prometheus", "node", "pushgateway"]
    # Two names of one file.
    lab_host.run(f"ln -sf my.yml {CONFIG}")
    for arguments in (f"--config.file={MY}", f"--config.file={CONFIG}", "--config.file my.yml"):
        restart(lab_host, arguments)
        proven = run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST)
        assert proven.returncode == 0, proven.output
        sessions()
        assert_unchanged_run(run_pyinfra(lab_host, "-y", BOOTSTRAP, data=FAST))
        assert sessions() == 1
        assert "and not /etc" not in run_pyinfra(lab_host, "-y", VERIFY).output
    assert lab_host.run(f"readlink {CONFIG}").stdout == "my.yml\n"
    assert b"honor_labels: true" in lab_host.read(MY)
