"""The Pushgateway's flags without those of this toolkit, for the uninstallation. Pure functions on text."""

from collections.abc import Sequence
from typing import NamedTuple

from pushgateway_lab.facts.remains import FlagsNote
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.formats.file_text import ABSENT, digest_of, encoded
from pushgateway_lab.installations import environment_file, exec_start, flags
from pushgateway_lab.installations.flags import Flag, FlagError
from pushgateway_lab.installations.unit import UnitPushgateway
from pushgateway_lab.installations.variable import VariablePushgateway, is_init_script
from pushgateway_lab.installations.web_files import WEB_CONFIGS
from pushgateway_lab.run.host_error import HostError


class OwnPlan(NamedTuple):
    """The Pushgateway without the flags of this toolkit.

    + flags: those of its command line
    + data: the content of the file with the flags; None: there is no file
    """

    flags: tuple[Flag, ...]
    data: bytes | None


def changes(old: str | None, new: str, variable: str) -> tuple[list[str], list[str]]:
    """Return the flags that a new text of an EnvironmentFile adds, and those that it takes away.

    + old: the text before; None: there is no file
    + variable: the variable with the flags

    Raises:
        FlagError: see `pushgateway_lab.installations.environment_file.arguments`.

    Example:
        >>> changes("ARGS='--log.level=debug'", "ARGS='--log.level=debug --web.enable-admin-api'", "ARGS")
        (['--web.enable-admin-api'], [])
    """
    before, after = (
        flags.parse_flags(environment_file.arguments(each, variable)) for each in (old, new)
    )
    return [str(each) for each in flags.minus(after, before)], [
        str(each) for each in flags.minus(before, after)
    ]


def restored(text: str | None, note: FlagsNote | None, variable: str) -> bytes | None:
    """Return the content of an EnvironmentFile without the flags of this toolkit; None: there is no file.

    If nobody else has changed the file, it is the content before the first change. Otherwise only the flags that this
    toolkit added are taken back, and those that it took away come back.

    + text: the text of now; None: there is no file
    + note: None: this toolkit has not changed the file
    + variable: the variable with the flags

    Raises:
        FlagError: see `pushgateway_lab.installations.environment_file.edit`.
    """
    data, digest = None if text is None else encoded(text), digest_of(text)
    if note is None or data is None or digest == note.first:
        return data
    if digest == note.written and not note.is_edited:
        return None if note.first == ABSENT else note.text
    present = flags.parse_flags(environment_file.arguments(text, variable))
    kept = [each for each in present if str(each) not in note.added]
    lost = flags.parse_flags([each for each in note.taken if each not in note.added])
    back = [each for each in lost if all(each.name != other.name for other in kept)]
    return encoded(environment_file.edit(text, [*kept, *back], variable))


def of_variable(
    seen: Snapshot, installation: VariablePushgateway, note: FlagsNote | None
) -> OwnPlan:
    """Return the own flags of a Pushgateway with its flags in a variable. See `restored`.

    Raises:
        HostError: the file cannot be read.
    """
    try:
        data = _without_web_config(
            restored(seen.flags_text, note, installation.variable), installation.variable
        )
        text = None if data is None else data.decode("utf-8", "surrogateescape")
        written = flags.parse_flags(environment_file.arguments(text, installation.variable))
        return OwnPlan((*written, *_beside(seen, text)), data)
    except FlagError as error:
        raise HostError(
            f"{installation.flags_file}: {error}. Correct that line, then run this again."
        ) from error


def _without_web_config(data: bytes | None, variable: str) -> bytes | None:
    """Return the content without a web configuration file of this toolkit, which goes also if the note was lost."""
    if data is None:
        return None
    text = data.decode("utf-8", "surrogateescape")
    written = flags.parse_flags(environment_file.arguments(text, variable))
    if flags.web_config(written) not in WEB_CONFIGS:
        return data
    kept = flags.without_web_config(written)
    return encoded(environment_file.edit(text, kept, variable))


def _beside(seen: Snapshot, text: str | None) -> Sequence[Flag]:
    if is_init_script(seen.pushgateway):
        return ()
    around = environment_file.around_variable(seen.pushgateway.command_line, text)
    return around.flags if around else ()


def of_unit(installation: UnitPushgateway) -> OwnPlan:
    """Return the own flags of a Pushgateway with its flags in its unit: those without the drop-in of this toolkit.

    Raises:
        HostError: the command of the unit cannot be read.
    """
    own = exec_start.exec_start(installation.files)
    try:
        found = exec_start.flags_of(own or "", installation.files)
    except FlagError as error:
        raise HostError(
            f"The flags of {installation.service.name} cannot be read ({installation.flags_place}): {error}. Correct "
            "that, then run this again."
        ) from error
    return OwnPlan(found, None)
