"""Messages for the outcomes of a transaction on the configuration file, with the next step. Pure."""

from pushgateway_lab import installations
from pushgateway_lab.facts.outcome import Outcome, Result
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.lab.excerpts import lines
from pushgateway_lab.services import Commands
from pushgateway_lab.settings import Settings

ATTEMPTS = 5
"""The largest number of attempts to change a file that somebody else also writes."""

LONGEST_LINE = 1000
"""The largest number of characters of a line that is quoted from promtool or Prometheus."""

_EXPLANATIONS = {
    Result.CONFLICT: (
        f"Somebody else changed {{path}} {ATTEMPTS} times during this run. The file has their last "
        "version. Run this again when they are done."
    ),
    Result.INCOMPLETE: "The new text arrived incomplete. {path} was not changed. Run this again.",
    Result.BUSY: "{words}. {path} was not changed. Run this again when that run is done.",
    Result.REJECTED: (
        "promtool rejects the new {path}. Nothing was changed. It says:\n{words}\n"
        "Correct the file, or the settings of the job, then run this again."
    ),
    Result.UNLOADED: (
        "promtool rejects the new {path}, and rejects the file as it is for the same reason. Nothing was "
        "changed. It says:\n{words}\n"
        "If Prometheus accepts the file as it is, have it loaded ({reload}), then run this again: Prometheus "
        "will decide. Else correct the file first."
    ),
    Result.REFUSED: (
        "Prometheus rejected the new {path}; the old file was restored. It says:\n{words}\n"
        "Correct this, then run this again. Its log: {log}"
    ),
    Result.KEPT: (
        "Prometheus rejected {path}, and somebody else changed the file meanwhile, so their version was "
        "kept. It says:\n{words}\nCorrect the file, then run this again. Its log: {log}"
    ),
    Result.UNRESTORED: (
        "Prometheus rejected the new {path}, and the old file could not be restored. Restore it from "
        "{path}.before-pushgateway-lab. It says:\n{words}\nIts log: {log}"
    ),
    Result.UNSAFE: (
        "{path} was not changed: {words}, so root could be made to write to another file. Give every "
        "directory on the path to root or to one user (chown), without write permission for others "
        "(chmod go-w), then run this again."
    ),
    Result.FAILED: (
        "{path} could not be replaced and was not changed: {words}\n"
        "Check free space, mount and attributes there (df, findmnt, lsattr), then run this again."
    ),
}
"""The message of each outcome that is an error."""


def explain(seen: Snapshot, settings: Settings, outcome: Outcome) -> str:
    """Return the message of an outcome that is an error: what happened, and the next step."""
    return _EXPLANATIONS[outcome.result].format(
        path=settings.prometheus_config_path,
        words=shortened(outcome.words),
        log=_commands(seen, settings).log,
        reload=_commands(seen, settings).reload,
    )


def explain_reload(seen: Snapshot, settings: Settings, outcome: Outcome) -> str:
    """Return the message of a failed reload of the unchanged file. See `explain`."""
    if outcome.result is not Result.REFUSED:
        return explain(seen, settings, outcome)
    return (
        f"Prometheus rejected {settings.prometheus_config_path}. It says:\n{shortened(outcome.words)}\n"
        f"Correct this, then run this again. Its log: {_commands(seen, settings).log}"
    )


def remarks(outcome: Outcome) -> str | None:
    """Return a warning with promtool's words about a file that Prometheus has loaded; None if there are none."""
    if outcome.result is Result.OVERRULED:
        return (
            "promtool rejects the file, but for the same reason as the file before; Prometheus has loaded "
            f"both. promtool says:\n{shortened(outcome.words)}"
        )
    found = [
        line
        for line in outcome.words.splitlines()
        if line.strip() and not line.lstrip().startswith(("Checking ", "SUCCESS: "))
    ]
    if not found:
        return None
    told = shortened("\n".join(found))
    return f"promtool accepts the file, with these remarks:\n{told}"


def shortened(words: str) -> str:
    """Return the output of a program, cut to a readable length."""
    return lines(words, each=LONGEST_LINE)


def _commands(seen: Snapshot, settings: Settings) -> Commands:
    return installations.prometheus(seen, settings).service.commands
