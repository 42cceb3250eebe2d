r"""Patch pyinfra so that its commands mean the same to every login shell.

sshd gives a command to the user's login shell. pyinfra quotes it for sh. In tcsh, single quotes do not cover a line
break or ``!``; in fish, ``\\`` in single quotes is one backslash. So a command with one of them is sent in an
encoding that sh, bash, zsh, tcsh and fish read alike, and sh decodes it.

Source: tcsh(1), "Lexical structure"; fish-language, "Quotes"; POSIX, printf, conversion ``%b``.
"""

from collections.abc import Callable
from typing import Any

from pyinfra.api.command import QuoteString, StringCommand

_READ_DIFFERENTLY = ("\n", "\r", "!", "\\")

# The backslash first: the others are encoded with it.
_ENCODED = tuple(
    (each, f"\\0{ord(each):03o}") for each in ("\\", "\n", "\r", "!", "'", '"', "$", "`")
)


def bound(make: Callable[..., StringCommand]) -> Callable[..., StringCommand]:
    """Return a replacement of `make_unix_command_for_host`, whose commands mean the same to every login shell."""

    def make_portable(*args: Any, **arguments: Any) -> StringCommand:
        made = make(*args, **arguments)
        if arguments.get("_shell_executable", "sh") is None:
            return made  # meant for the login shell itself
        return _Portable(*made.bits, _separator=made.separator)

    return make_portable


def portable(command: str) -> str:
    """Return a command of sh in a form that means the same to every login shell."""
    return _encoded(command) if _is_read_differently(command) else command


def _is_read_differently(command: str) -> bool:
    return any(each in command for each in _READ_DIFFERENTLY)


def _encoded(command: str) -> str:
    for each, code in _ENCODED:
        command = command.replace(each, code)
    # printf and eval are parts of sh, so no further program is started.
    return f"""sh -c 'eval "$(printf %b "{command}")"'"""


class _Portable(StringCommand):
    """A command that is sent in another form than it is shown."""

    def get_raw_value(self) -> str:
        """Return the command in the form in which it is sent."""
        command = super().get_raw_value()
        if not _is_read_differently(command):
            return command
        if self.bits[:-1] == ("sh", "-c") and isinstance(self.bits[-1], QuoteString):
            # The sh that decodes it runs it, without a second sh.
            return _encoded(StringCommand(self.bits[-1].obj).get_raw_value())
        return _encoded(command)
