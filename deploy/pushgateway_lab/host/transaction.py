"""Replace a configuration file on a host as one transaction: ``files/replace-config.sh``."""

import math
from collections.abc import Iterator
from difflib import SequenceMatcher

from pyinfra.api.host import Host

from pushgateway_lab import services
from pushgateway_lab.facts.outcome import CLOSED_NOTE, RESULTS, Outcome, Result
from pushgateway_lab.formats.file_text import digest_of
from pushgateway_lab.formats.secret_fields import masked
from pushgateway_lab.formats.secret_lines import SecretLines, for_text, joined
from pushgateway_lab.host import script_access
from pushgateway_lab.host.looking import snapshot_of
from pushgateway_lab.host.script_access import NO_ACCESS
from pushgateway_lab.run.failure import say
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.run.host_files import host_file
from pushgateway_lab.run.shell import NO_SECRETS, ask
from pushgateway_lab.settings import Settings

BACKUP = "before-pushgateway-lab"
"""The suffix of a backup: FILE.SUFFIX."""

AROUND = 180
"""Seconds for a transaction without the waits for Prometheus: promtool, the service manager, a slow disk."""

_DIFF_COLORS = {"+": "green", "-": "red", "@": "cyan"}


def replace(
    host: Host,
    path: str,
    expected: str,
    data: bytes,
    *,
    seconds: float,
    suffix: str = BACKUP,
) -> Outcome:
    """Replace a file by `data`, if it still has the digest `expected`; the old file becomes the backup.

    + expected: SHA-256 of the current content in hexadecimal, or `pushgateway_lab.formats.file_text.ABSENT`
    + seconds: the script's time limit for each wait
    + suffix: the backup is PATH.SUFFIX
    """
    return _transaction(
        host,
        {
            "path": path,
            "seconds": f"{math.ceil(seconds)}",
            "suffix": suffix,
        },
        data,
        for_text(digest_of(data), expected),
    )


def put(host: Host, path: str, old: str | None, data: bytes) -> None:
    """Replace a file that no server reads before its restart.

    + old: the text that it has; None: there is no file

    Raises:
        HostError: it was not written, for example because somebody else changed it meanwhile.
    """
    outcome = replace(host, path, digest_of(old), data, seconds=60)
    if outcome.result is not Result.WRITTEN:
        raise HostError(
            f"{path} was not written ({outcome.result}) {outcome.words}".rstrip()
            + ". Run this again."
        )


def replace_and_reload(
    host: Host,
    settings: Settings,
    expected: str,
    data: bytes,
    *,
    is_loaded: bool,
    suffix: str = BACKUP,
) -> Outcome:
    """Replace Prometheus's configuration file: promtool checks it first, then Prometheus reloads it.

    If Prometheus rejects the new file, the old file is restored. See `replace`.

    + is_loaded: Prometheus has loaded the current content. If promtool rejects the current and the new content
      for the same reason, then Prometheus decides
    """
    variables = {
        "check": "promtool",
        "suffix": suffix,
        "loaded": "yes" if is_loaded else "",
    }
    digests = for_text(digest_of(data), expected)
    return _transaction(host, _reloading(host, settings) | variables, data, digests, settings)


def reload(host: Host, settings: Settings) -> Outcome:
    """Reload Prometheus with the unchanged file."""
    return _transaction(host, _reloading(host, settings), b"", reloading=settings)


def sweep(host: Host, path: str) -> None:
    """Delete the temporary files that a killed run left beside `path`."""
    _transaction(host, {"path": path, "seconds": "30"}, b"")


def _reloading(host: Host, settings: Settings) -> dict[str, str]:
    seen = snapshot_of(host, settings)
    # Anybody may have started a process of no service.
    receiver = 0 if "prometheus" in seen.lone else seen.prometheus_pid
    return {
        "path": settings.prometheus_config_path,
        "service": seen.prometheus.name,
        "process": str(seen.prometheus_pid),
        "signalled": "" if seen.prometheus.can_reload else "yes",
        "receiver": str(receiver),
        "seconds": f"{math.ceil(settings.prometheus_reload_timeout)}",
    }


def _transaction(
    host: Host,
    variables: dict[str, str],
    data: bytes,
    digests: SecretLines = NO_SECRETS,
    reloading: Settings | None = None,
) -> Outcome:
    """Run ``files/replace-config.sh``.

    + digests: of the new text and of the one in whose place it comes; without, no text is written
    + reloading: the settings with the access to the Prometheus that is reloaded; None: none is
    """
    access = script_access.to_prometheus(reloading) if reloading else NO_ACCESS
    secrets = joined(access.secrets, digests)
    variables = {
        "suffix": BACKUP,
        "url": access.url,
        "secrets_follow": "yes" if secrets.lines else "",
        **variables,
        "worker": host_file("config-worker.sh"),
        "closed_note": CLOSED_NOTE,
    }
    # The script waits for Prometheus twice at most, and as long for the lock.
    deadline = 4 * float(variables["seconds"]) + AROUND
    try:
        lines = ask(
            host,
            "replace-config.sh",
            variables,
            data,
            secrets=secrets,
            functions=["secret-lines.sh", "whose.sh", "close-directory.sh", *services.FUNCTIONS],
            deadline=deadline,
        )
    except HostError as error:
        raise HostError(_no_word(variables["path"], str(error))) from error
    return _outcome(variables["path"], lines)


def _outcome(path: str, lines: list[str]) -> Outcome:
    """Parse the output of ``files/replace-config.sh``."""
    name, _, word = lines[0].partition(" ") if lines else ("", "", "")
    if name != "result" or word not in RESULTS:
        raise HostError(_no_word(path, "\n".join(lines)))
    return Outcome(RESULTS[word], _words(path, lines[1:]))


def _words(path: str, lines: list[str]) -> str:
    """Return the reason for an outcome, with the path of the file instead of the candidate's."""
    name, _, candidate = (lines[0] if lines else "").partition(" ")
    words = "\n".join(lines[1:] if name == "candidate" else lines).strip()
    return words.replace(candidate, path) if candidate else words


def _no_word(path: str, reason: str) -> str:
    return (
        f"The transaction on {path} did not report a result: the connection broke, or the script was "
        "killed on the host. The file has either the complete old or the complete new text. Run this "
        f"again to finish the change.\n{reason}".rstrip()
    )


def show_diff(host: Host, path: str, old: str, new: str) -> None:
    """Show the lines of `path` that would change, if pyinfra runs with ``--diff``; without the passwords in them."""
    if host.state.config.DIFF:
        say(host, f"Will change {path}:")
        for line in _difference(old, new):
            say(host, f"  {line}", _DIFF_COLORS.get(line[:1]))


def _difference(old: str, new: str) -> Iterator[str]:
    """Yield the lines of a unified diff. The texts are compared as they are, and shown without secrets."""
    matcher = SequenceMatcher(None, old.splitlines(), new.splitlines())
    was, will_be = masked(old), masked(new)
    for group in matcher.get_grouped_opcodes(2):
        (_, start, _, new_start, _), (_, _, end, _, new_end) = group[0], group[-1]
        yield f"@@ -{_range(start, end)} +{_range(new_start, new_end)} @@"
        for word, i, i_end, j, j_end in group:
            if word == "equal":
                yield from (f"  {line}" for line in was[i:i_end])
            else:
                yield from (f"- {line}" for line in was[i:i_end])
                yield from (f"+ {line}" for line in will_be[j:j_end])


def _range(start: int, end: int) -> str:
    """Return lines as in a unified diff: the first one, counted from 1, and their number."""
    number = end - start
    return f"{start + 1}" if number == 1 else f"{start + (number > 0)},{number}"
