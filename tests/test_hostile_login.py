"""Login shells that print without end, or print control characters. Real hosts, real sshd."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from expectations import BOOTSTRAP, INSTALLED
from labhost import Host, PyinfraResult

pytestmark = [pytest.mark.lab_host(packages=INSTALLED), pytest.mark.xdist_group("hostile login")]

Run = Callable[..., PyinfraResult]

COLOURS = re.compile(r"\x1b\[(?:[01]|3[1-6])m")
# The clipboard, the title, the cursor, the direction of writing, no width, another colour.
ESCAPES = r"\033]52;c;ZXZpbA==\007\033]0;evil\007\033[2J\302\233\342\200\256\342\200\213\r\033[8m"


def rc_file(host: Host, text: str) -> None:
    """Set the commands that root's login shell runs first."""
    host.write("/root/.bashrc", f"{text}\n".encode())


def driving(text: str) -> set[str]:
    """Return the characters of a text that control a terminal."""
    return {each for each in COLOURS.sub("", text) if not each.isprintable()} - {"\n"}


@pytest.mark.parametrize("arguments", [[], ["-vvv", "--debug"]], ids=["plain", "debug"])
@pytest.mark.parametrize("script", ["deploy/verify.py", "deploy/bootstrap.py"])
def test_nothing_that_is_printed_drives_the_terminal(
    module_host: Host, run_pyinfra: Run, script: str, arguments: list[str]
) -> None:
    rc_file(module_host, f"printf '{ESCAPES}\\n'; printf '{ESCAPES}\\n' >&2")
    result = run_pyinfra(module_host, "-y", script, *arguments)
    assert driving(result.stderr) <= {"\t"}
    assert driving(result.stdout) <= {"\t"}
    if arguments:
        assert (
            r"\x1b]52;c;ZXZpbA==\x07\x1b]0;evil\x07\x1b[2J\x9b\u202e\u200b\r\x1b[8m"
            in result.stderr
        )


def test_json_stays_json(module_host: Host, run_pyinfra: Run) -> None:
    rc_file(module_host, f"printf '{ESCAPES}\\n'; printf '{ESCAPES}\\n' >&2")
    result = run_pyinfra(
        module_host, "-y", "--json", BOOTSTRAP, data={"pushgateway_smoke": "never"}
    )
    assert json.loads(result.stdout)["results"]["totals"]["hosts"] > 0
    assert driving(result.stderr) <= {"\t"}


@pytest.mark.parametrize("flood", ["yes", "yes >&2", "tr '\\0' x </dev/zero"])
def test_a_login_shell_that_prints_without_end(
    module_host: Host, run_pyinfra: Run, tmp_path: Path, flood: str
) -> None:
    rc_file(module_host, flood)
    measured = tmp_path / "measured.py"
    measured.write_text(
        "import atexit, pathlib, sys\n"
        "from pushgateway_lab import deploys\n"
        "status = pathlib.Path('/proc/self/status')\n"
        "atexit.register(lambda: print(status.read_text(), file=sys.stderr))\n"
        "deploys.verify()\n"
    )
    result = run_pyinfra(module_host, "-y", str(measured), timeout=60)
    assert "it sent more than 12 MB, or 100000 lines, and was cut off" in result.stderr
    peak = re.search(r"VmHWM:\s+(\d+) kB", result.stderr)
    assert peak is not None
    assert int(peak[1]) < 250_000
    assert "Traceback" not in result.stderr


def test_no_secret_is_shown(module_host: Host, run_pyinfra: Run, tmp_path: Path) -> None:
    rc_file(module_host, "")
    (tmp_path / "password").write_text("s3cr3t-w0rd\n")
    data = {
        "pushgateway_username": "trainer",
        "pushgateway_password_file": str(tmp_path / "password"),
        "pushgateway_url": "http://127.0.0.1:9091",
    }
    push = ["pushgateway_lab.groups.push", 'labels={"job": "backup"}', "body=backup_files 1"]
    for arguments in (["-vvv", "--debug"], ["--debug-operations"], ["--json"]):
        for what in (push, ["deploy/verify.py"], ["deploy/bootstrap.py"]):
            if "--debug-operations" in arguments or "--json" in arguments:
                shown = run_pyinfra(module_host, *arguments, "-y", *what, data=data)
            else:
                shown = run_pyinfra(module_host, "-y", *arguments, *what, data=data)
            # In plain form, and as base64 for basic authentication.
            assert "s3cr3t-w0rd" not in shown.output, (arguments, what)
            assert "dHJhaW5lcjpzM2NyM3Qtdz" not in shown.output, (arguments, what)
