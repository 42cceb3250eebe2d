"""The shell functions for a process of no service: which configuration file it may name, and how it is reloaded."""

import os
import subprocess

import pytest

from pushgateway_lab.run.host_files import host_file

REFUSED = "only process 7 names it, which no service started, and whose user may not write there"


def obstacle(reader: str, writer: str) -> str:
    """Return the obstacle that snapshot.sh finds for the user of a process and the user who may write the file."""
    text = host_file("snapshot.sh")
    function = text[text.index("look_at_namer()") :]
    function = function[: function.index("\n}") + 3]
    variables = {"reader": reader, "writer": writer, "prometheus_pid": "7", "obstacle": ""}
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
