"""Commands mean the same to every login shell: to those of this machine, without a host."""

import random
import shutil
import subprocess
from typing import Any

import pytest
from pyinfra.api.command import QuoteString, StringCommand
from pyinfra.connectors import ssh
from pyinfra.connectors.util import make_unix_command

from pushgateway_lab.run import login_shell, patches
from pushgateway_lab.run.login_shell import portable

HARD = (
    "it's\n\"!1 !! \\ \\\\ \\n \\0041 $HOME `id` $(id) 100%s %% \t\r é {a,b} ~ # * ; & | < >\n\nend"
)

SHELLS = [
    shell for shell in ("sh", "bash", "dash", "zsh", "tcsh", "csh", "fish") if shutil.which(shell)
]


def printing(text: str) -> str:
    """Return the command with which pyinfra would print a text, quoted twice as with sudo."""
    inner = StringCommand("sh", "-c", QuoteString(StringCommand("printf", "%s", QuoteString(text))))
    return make_unix_command(inner).get_raw_value()


@pytest.mark.parametrize("shell", SHELLS)
def test_a_text_arrives_as_it_is(shell: str) -> None:
    characters = random.Random(7)  # noqa: S311  # nosec B311 # not for secrets
    texts = [HARD, *("".join(characters.choices(HARD, k=200)) for _ in range(5))]
    for text in texts:
        command = portable(printing(text))
        done = subprocess.run([shell, "-c", command], capture_output=True, check=True)
        assert done.stdout.decode() == text


def test_standard_input_and_the_exit_code_stay() -> None:
    command = portable(make_unix_command(StringCommand("cat\nexit 7")).get_raw_value())
    done = subprocess.run(
        ["sh", "-c", command], input=b"secret\n", capture_output=True, check=False
    )
    assert (done.returncode, done.stdout) == (7, b"secret\n")


@pytest.mark.parametrize("command", ["sh -c true", "sh -c 'echo '\"'\"'x'\"'\"' $HOME'"])
def test_a_command_that_all_shells_read_alike_is_sent_as_it_is(command: str) -> None:
    assert portable(command) == command


def test_no_character_that_shells_read_differently_is_left() -> None:
    sent = portable(printing(HARD))
    start, end = """sh -c 'eval "$(printf %b \"""", """\")"'"""
    assert sent.startswith(start)
    assert sent.endswith(end)
    assert not set(sent[len(start) : -len(end)]) & set("\n\r!'\"$`")
    assert portable(sent.replace("\\", "")) == sent.replace("\\", "")


def test_pyinfra_sends_it_and_shows_it_as_before() -> None:
    patches.apply()
    patches.apply()
    make: Any = vars(ssh)["make_unix_command_for_host"]
    made = make(None, None, StringCommand("echo", "a\nb"))
    assert made.get_raw_value() == portable("echo a\nb")
    with_sudo = make_unix_command(StringCommand("echo", "a\nb"), _sudo=True)
    made_with_sudo = login_shell.bound(lambda: with_sudo)()
    assert made_with_sudo.get_raw_value() == portable("sudo -H -n sh -c 'echo a\nb'")
    assert str(made) == "sh -c 'echo a\nb'"
    for_the_login_shell = make(None, None, StringCommand("a\nb"), _shell_executable=None)
    assert for_the_login_shell.get_raw_value() == "a\nb"
