"""The shell functions for a process of no service: which configuration file it may name, and how it is reloaded."""

import os
import shlex
import subprocess
from pathlib import Path

import pytest

from pushgateway_lab.run.host_files import host_file

REFUSED = "only process 7 names it, which no service started, and whose user may not write there"


def _function(name: str) -> str:
    text = host_file("snapshot.sh")
    text = text[text.index(f"{name}()") :]
    return text[: text.index("\n}") + 3]


def obstacle(reader: str, writer: str) -> str:
    """Return the obstacle that snapshot.sh finds for the user of a process and the user who may write the file."""
    function = _function("look_at_namer")
    variables = {
        "reader": reader,
        "writer": writer,
        "prometheus_pid": "7",
        "obstacle": "",
        "prometheus_is_service": "no",
    }
    program = f'{function}look_at_namer; printf %s "$obstacle"'
    return subprocess.run(
        ["/bin/sh", "-c", program], env=variables, capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.parametrize(
    ("reader", "writer", "expected"),
    [
        ("", "0", ""),  # a process of root's
        ("", "1000", ""),
        ("--reuid=1000 --regid=1000 --clear-groups", "1000", ""),
        ("--reuid=1000 --regid=1000 --clear-groups", "0", REFUSED),
        ("--reuid=1000 --regid=1000 --clear-groups", "100", REFUSED),
        ("--reuid=100 --regid=1000 --clear-groups", "1000", REFUSED),
        ("--reuid=1000 --regid=0 --groups=0", "0", REFUSED),
    ],
)
def test_only_a_file_of_its_own_user(reader: str, writer: str, expected: str) -> None:
    assert obstacle(reader, writer) == expected


# A service


def names(command: str, value: str, *files: Path) -> bool:
    """Return whether a command, or one of these files, names the configuration file."""
    text = host_file("config-in-use.sh") + '\nnames_config "$@"'
    words = ["/bin/sh", "-c", text, "sh", command, value, *map(str, files)]
    return subprocess.run(words, check=False).returncode == 0


@pytest.mark.parametrize(
    ("command", "value", "is_named"),
    [
        ("/bin/prometheus --config.file=/srv/a.yml --x", "/srv/a.yml", True),
        ("/bin/prometheus --config.file /srv/a.yml ;", "/srv/a.yml", True),
        ("/bin/prometheus '--config.file=/srv/a.yml'", "/srv/a.yml", True),
        ('/bin/prometheus --config.file="/srv/a.yml"', "/srv/a.yml", True),
        ("/bin/prometheus --config.file=/srv/a.yml.old", "/srv/a.yml", False),
        ("/bin/prometheus --config.file=/srv/a.yml", "/srv/a", False),
        ("EnvironmentFile=/etc/default/prometheus", "/etc/default/prometheus", False),
        ("/bin/prometheus --config.file=/srv/a.yml", "\n", False),
        ("/bin/prometheus", "", False),
        ("/bin/prometheus --config.file=/srv/aXyml", "/srv/a.yml", False),
    ],
)
def test_the_service_names_the_file(
    tmp_path: Path, command: str, value: str, *, is_named: bool
) -> None:
    assert names(command, value) == is_named
    (tmp_path / "default").write_text(f"# ours\nARGS={shlex.quote(command)}\n")
    assert names("/bin/prometheus $ARGS", value, tmp_path / "default") == is_named


def test_a_service_may_not_change_what_it_reads_by_its_own_command_line() -> None:
    program = 'service_names_config() { [ "$3" = /srv/own.yml ]; }\n' + _function("look_at_namer")
    variables = {"reader": "--reuid=104 --regid=104", "writer": "0", "prometheus_pid": "7"}
    variables |= {
        "prometheus_is_service": "yes",
        "prometheus_unit": "prometheus.service",
        "starts": "/p",
    }
    for value, is_refused in (("/srv/own.yml", False), ("/etc/apt/sources.list", True)):
        said = subprocess.run(
            ["/bin/sh", "-c", program + 'look_at_namer; printf %s "${obstacle:-}"'],
            env=variables | {"flag_config": value},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert ("and not prometheus.service" in said) == is_refused


# The signal for a reload


def reload(signalled: str, process: int, main_pid: int = 0) -> tuple[int, str]:
    """Reload by a signal as replace-config.sh does; return the status and the output."""
    text = host_file("replace-config.sh")
    function = text[text.index("send_reload()") : text.index("errors_in_log()")]
    asks = f"service_reload() {{ echo reload $1; }}\nservice_ask() {{ main_pid={main_pid}; }}\n"
    variables = f"signalled={signalled} process={process} service=my.service RELOAD_TIMEOUT=1\n"
    done = subprocess.run(
        ["/bin/sh", "-c", f"{asks}{variables}{function}send_reload"],
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
    )
    return done.returncode, done.stdout


def test_a_process_is_signalled_and_never_the_group_of_the_script() -> None:
    # Whoever started the tests may ignore the signal, and their children inherit that.
    sleep = ["/usr/bin/env", "--default-signal=HUP", "/bin/sleep", "60"]
    with subprocess.Popen(sleep) as process:
        # Another program has got its id since the look.
        gone = f"Prometheus does not run any more as process {process.pid}\n"
        assert reload("yes", process.pid) == (1, gone)
        assert process.poll() is None
        assert reload("yes", process.pid, main_pid=process.pid) == (0, "")
        assert process.wait() == -1
    assert reload("yes", 0) == (1, "Prometheus does not run any more as process 0\n")
    assert reload("''", os.getpid()) == (0, "reload my.service\n")
