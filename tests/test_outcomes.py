"""Messages for the outcomes of a transaction on the configuration file: each has the file and a next step."""

import pytest

from pushgateway_lab.facts.outcome import LOADED, Outcome, Result
from pushgateway_lab.prometheus import outcomes
from snapshots import seen, settings

PATH = "/etc/prom/prom.yml"
SEEN = seen()
GIVEN = settings(prometheus_config_path=PATH, prometheus_unit="prom.service")
LOG = "Its log: sudo journalctl -u prom.service -n 20"

NEXT_STEPS = {
    Result.CONFLICT: "Run this again when they are done",
    Result.INCOMPLETE: "Run this again",
    Result.BUSY: "Run this again when that run is done",
    Result.REJECTED: "Correct the file, or the settings of the job, then run this again",
    Result.UNLOADED: "(sudo systemctl reload prom), then run this again: Prometheus will decide",
    Result.REFUSED: f"Correct this, then run this again. {LOG}",
    Result.KEPT: f"Correct the file, then run this again. {LOG}",
    Result.UNRESTORED: LOG,
    Result.UNSAFE: "(chmod go-w), then run this again",
    Result.FAILED: "attributes there (df, findmnt, lsattr), then run this again",
}
WITHOUT_WORDS = (Result.CONFLICT, Result.INCOMPLETE)
LEAVES_THE_FILE = {
    Result.CONFLICT: "The file has their last version",
    Result.INCOMPLETE: "was not changed",
    Result.BUSY: "was not changed",
    Result.REJECTED: "Nothing was changed",
    Result.UNLOADED: "Nothing was changed",
    Result.REFUSED: "the old file was restored",
    Result.KEPT: "their version was kept",
    Result.UNRESTORED: f"Restore it from {PATH}.before-pushgateway-lab",
    Result.UNSAFE: "was not changed",
    Result.FAILED: "was not changed",
}


def test_all_outcomes_but_the_good_ones_are_errors() -> None:
    assert set(NEXT_STEPS) == set(Result) - {Result.WRITTEN, *LOADED}


@pytest.mark.parametrize("result", NEXT_STEPS)
def test_an_error_names_the_file_how_it_is_and_what_to_do(result: Result) -> None:
    message = outcomes.explain(SEEN, GIVEN, Outcome(result, "line 3: {bad}"))
    assert PATH in message
    assert LEAVES_THE_FILE[result] in message
    assert NEXT_STEPS[result] in message
    assert ("line 3: {bad}" in message) == (result not in WITHOUT_WORDS)


@pytest.mark.parametrize("result", NEXT_STEPS)
def test_a_reload_is_explained_alike_but_for_a_refusal(result: Result) -> None:
    outcome = Outcome(result, "line 3: {bad}")
    message = outcomes.explain_reload(SEEN, GIVEN, outcome)
    if result is not Result.REFUSED:
        assert message == outcomes.explain(SEEN, GIVEN, outcome)
        return
    # There was no new text, so nothing was restored.
    assert "the old file was restored" not in message
    for words in (PATH, "It says:\nline 3: {bad}", NEXT_STEPS[result]):
        assert words in message


def test_words_of_a_program_are_cut() -> None:
    message = outcomes.explain(
        SEEN, GIVEN, Outcome(Result.REJECTED, "x" * 3000 + "\n" + "y\n" * 500)
    )
    assert "x" * 1000 in message
    assert "x" * 1001 not in message
    assert message.count("\n") < 40
    assert "then run this again" in message


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("", None),
        ("Checking /etc/x\n  SUCCESS: /etc/x is valid\n\n", None),
        ("Checking /etc/x\n  SUCCESS: 3 rules\nWARNING: twice", "WARNING: twice"),
        ("WARNING: a\n  SUCCESS: ok\nb SUCCESS: c", "WARNING: a\nb SUCCESS: c"),
    ],
)
def test_what_promtool_says_about_a_file_that_it_accepts(words: str, told: str | None) -> None:
    remarks = outcomes.remarks(Outcome(Result.TAKEN, words))
    assert remarks == (told and f"promtool accepts the file, with these remarks:\n{told}")


def test_a_verdict_of_promtool_that_prometheus_does_not_share_is_passed_on() -> None:
    words = 'Checking /etc/x\n  FAILED: error checking credentials file "/etc/token"'
    remarks = outcomes.remarks(Outcome(Result.OVERRULED, words))
    assert remarks
    assert "promtool rejects the file, but for the same reason as the file before" in remarks
    assert words in remarks
