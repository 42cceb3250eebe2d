"""What the outcome of a transaction on the configuration file means, and what to do about it. Pure."""

from pushgateway_lab import installations
from pushgateway_lab.facts.outcome import Outcome, Result
from pushgateway_lab.lab.excerpts import lines
from pushgateway_lab.settings import Settings

ATTEMPTS = 5
"""How often a merge starts anew because somebody else wrote the file in between."""

LONGEST_LINE = 1000
"""Characters of a line of promtool's and Prometheus's words that are shown."""

_EXPLANATIONS = {
    Result.CONFLICT: (
        f"{{path}} was changed by somebody else {ATTEMPTS} times while this run worked on it. It is "
        "as they left it. Run this again when they are done."
    ),
    Result.INCOMPLETE: "The new text did not arrive whole. {path} was not changed. Run this again.",
    Result.BUSY: "{words}. {path} was not changed. Run this again when that run is done.",
    Result.REJECTED: (
        "promtool refuses {path} as it would be. Nothing was changed. It says:\n{words}\n"
        "Mend the file, or the settings of the job, then run this again."
    ),
    Result.REFUSED: (
        "Prometheus did not take the new {path}; the file is what it was. It says:\n{words}\n"
        "Mend what it names, then run this again. More: {log}"
    ),
    Result.KEPT: (
        "Prometheus did not take {path}, and somebody changed it meanwhile, so it was left as it is. "
        "It says:\n{words}\nMend the file, then run this again. More: {log}"
    ),
    Result.UNRESTORED: (
        "Prometheus did not take the new {path}, and the old text could not be put back; it is in "
        "{path}.before-pushgateway-lab. It says:\n{words}\nMore: {log}"
    ),
    Result.UNSAFE: (
        "{path} was not changed: {words}, so somebody else could have root write elsewhere. Give every "
        "directory on the way to it to root or to one user (chown), with no write permission for others "
        "(chmod go-w), then run this again."
    ),
    Result.FAILED: (
        "{path} could not be replaced and was not changed: {words}\n"
        "Make room there or make it writable (df, findmnt, lsattr), then run this again."
    ),
}
"""Of each outcome that is an error."""


def explain(settings: Settings, outcome: Outcome) -> str:
    """Return what an outcome that is an error means, and what to do."""
    return _EXPLANATIONS[outcome.result].format(
        path=settings.prometheus_config_path, words=shortened(outcome.words), log=_log(settings)
    )


def explain_reload(settings: Settings, outcome: Outcome) -> str:
    """Return the same for a reload of the file as it is."""
    if outcome.result is not Result.REFUSED:
        return explain(settings, outcome)
    return (
        f"Prometheus did not take {settings.prometheus_config_path}. It says:\n{shortened(outcome.words)}\n"
        f"Mend what it names, then run this again. More: {_log(settings)}"
    )


def remarks(outcome: Outcome) -> str | None:
    """Return what promtool says about a file that it accepts, as rules that are there twice."""
    found = [
        line
        for line in outcome.words.splitlines()
        if line.strip() and not line.lstrip().startswith(("Checking ", "SUCCESS: "))
    ]
    return shortened("\n".join(found)) if found else None


def shortened(words: str) -> str:
    """Return the words of a program, cut to a readable length."""
    return lines(words, each=LONGEST_LINE)


def _log(settings: Settings) -> str:
    return installations.prometheus(settings).service.commands.log
