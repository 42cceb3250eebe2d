"""The commands that edit Prometheus's configuration file, and the lines to write there, in words for people.

The lines are those of the lab's job alone, in the style of the file: a finding quotes no text of the file's owner.
"""

from collections.abc import Callable, Sequence

from pushgateway_lab import installations, scrape_config
from pushgateway_lab.lab import jobs
from pushgateway_lab.lab.checks import wrong
from pushgateway_lab.lab.commands import command, join
from pushgateway_lab.lab.excerpts import excerpt, listed
from pushgateway_lab.lab.look import Look
from pushgateway_lab.lab.rejection import rejected
from pushgateway_lab.lab.results import Finding
from pushgateway_lab.scrape_config import Change, Job, ScrapeConfigError

_MOST_LINES = 20
"""The most lines to type: a job of more lines is not the lab's."""


def edit(look: Look) -> str | None:
    """Return the commands that edit the configuration file and make Prometheus read it."""
    return edit_file(look, look.settings.prometheus_config_path)


def edit_file(look: Look, path: str) -> str | None:
    """Return the commands that edit a file that Prometheus reads, and make Prometheus read it.

    None if somebody else than root decides which file that is: the commands would open any file as root.
    """
    if look.snapshot.config_obstacle:
        return None
    return join("\n", command("sudoedit", path), reload(look))


def reload(look: Look) -> str:
    """Return the command that makes Prometheus read its file: a start or a restart where a reload is not possible."""
    commands = installations.prometheus(look.snapshot, look.settings).service.commands
    unit = look.snapshot.prometheus
    if unit.exists and not unit.is_active:
        return commands.start
    return commands.reload


def to_let_read(look: Look, says: str) -> Finding:
    """Return the finding of a configuration file that Prometheus's user may not read.

    A link gets no commands: they would open the file behind it, which may be a secret that a trainee linked. Nor does a
    file that only a process names, or whose path others than root can change.
    """
    if obstacle := look.snapshot.config_obstacle:
        return wrong(f"{says} It is not to be opened for that user: {excerpt(obstacle)}.")
    if look.config_link is None:
        return wrong(says, _let_read(look))
    return wrong(
        f"{says} It is a link to {excerpt(look.config_link)}: put the configuration itself there, not a link."
    )


def _let_read(look: Look) -> str | None:
    """Return the commands that let Prometheus's user read the configuration file."""
    path = look.settings.prometheus_config_path
    group = installations.prometheus(look.snapshot, look.settings).group
    ways = [
        join("; ", command("sudo", "chgrp", group, way), command("sudo", "chmod", "g+x", way))
        for way in look.closed_ways
    ]
    readable = join(
        "; ", command("sudo", "chgrp", group, path), command("sudo", "chmod", "g+r", path)
    )
    return join("\n", *ways, readable, reload(look))


def to_correct(look: Look, says: str, at: float | None = None) -> Finding:
    """Return the finding of a wrong job in the file, with the lines to write and the commands to type.

    + says, at: as in `pushgateway_lab.lab.checks.wrong`
    """
    mine = jobs.job_in_file(look)
    lines = lines_to_write(look, mine) if mine else None
    if lines == "":
        return wrong(f"{says}\nThe file is right already.", reload(look), at)
    return wrong(f"{says}\n{lines}" if lines else says, edit(look), at)


def to_correct_rejected(look: Look, words: str, in_words: Callable[[str], str]) -> Finding:
    """Return the finding of a file that promtool or Prometheus rejects, with what to write where it is known.

    + words: of the program that rejects it
    + in_words: returns the finding's text for the name of the rejected file
    """
    config = look.settings.prometheus_config_path
    path, line = rejected(words, config)
    says = in_words(excerpt(path))
    if path != config:
        where = f" Correct line {line} of that file." if line else ""
        return wrong(
            f"{says}\nThe error is not in the scrape job, but in a file that {excerpt(config)} names.{where}",
            edit_file(look, path),
        )
    return wrong(f"{says}{_what_to_correct(look, line)}", edit(look))


def _what_to_correct(look: Look, line: int | None) -> str:
    """Return what is wrong in the configuration file, and what to write, as further lines of a finding.

    + line: the line that the program names; None: it names none, as for a job name that is there twice
    """
    try:
        found = jobs.jobs_in_file(look)
    except ScrapeConfigError:  # another check says why
        return ""
    mine = jobs.named(look, found)
    twice = [each.line for each in found if mine and each.name == mine.name]
    if len(twice) > 1:
        return f"\nThe job {excerpt(look.settings.pushgateway_job_name)} is there in the lines {listed(twice)}: keep one."
    if nameless := [each.line for each in found if not each.name]:
        return f"\nThe job in line {nameless[0]} has no job_name."
    if mine and (line is None or _is_within(found, mine, line)):
        lines = lines_to_write(look, mine)
        if lines:
            return f"\n{lines}"
    return f"\nCorrect line {line}." if line else ""


def _is_within(found: Sequence[Job], mine: Job, line: int) -> bool:
    """Return whether a line of the file is one of the job's."""
    following = [each.line for each in found if each.line > mine.line]
    return mine.line <= line < min(following, default=line + 1)


def lines_to_write(look: Look, replaced: Job | None) -> str | None:
    """Return what to change in the configuration file, in words; empty if nothing is to be changed.

    + replaced: the job in whose place the lab's job goes; None: it is added

    Returns None if it cannot be said in a few whole lines.
    """
    wanted = jobs.wanted_job(look, replaced)
    try:
        text = jobs.text_of_file(look)
        name = replaced.name if replaced else wanted["job_name"]
        new = scrape_config.replace_job(text, name, wanted)
    # ValueError: a setting may have a value that a job may not.
    except (ScrapeConfigError, ValueError):
        return None
    if new is None:
        return None
    found = scrape_config.changes(text, new)
    if sum(len(each.lines) for each in found) > _MOST_LINES:
        return None
    return in_words(found, look.settings.prometheus_config_path)


def in_words(changes: Sequence[Change], path: str) -> str:
    """Return changes of a file as sentences, each followed by the lines to write; the last lines come first.

    So the numbers of the lines stay right while somebody follows the sentences.

    + changes: in the order of the file
    + path: of the file

    Example:
        >>> print(in_words([Change(1, 2, ("b",)), Change(4, 4, ("c", "d"))], "/etc/a.yml"))
        In /etc/a.yml, after line 4, add:
        c
        d
        Replace line 2 by:
        b
    """
    sentences: list[str] = []
    for each in reversed(changes):
        many = each.end - each.first > 1
        old = f"lines {each.first + 1} to {each.end}" if many else f"line {each.end}"
        if each.first == each.end:
            sentence = f"after line {each.end}, add:"
        elif each.lines:
            sentence = f"replace {old} by:"
        else:
            sentence = f"delete {old}."
        begin = sentence[0].upper() if sentences else f"In {excerpt(path)}, {sentence[0]}"
        sentences.append("\n".join([begin + sentence[1:], *each.lines]))
    return "\n".join(sentences)
