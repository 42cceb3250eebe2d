"""The outcomes of a transaction, parsed from the host's output."""

import re

import pytest

from pushgateway_lab.facts.outcome import Outcome, Result
from pushgateway_lab.host import transaction
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.run.host_files import host_file

PATH = "/etc/prometheus/prometheus.yml"
CANDIDATE = "/etc/prometheus/.prometheus.yml.pushgateway-lab.candidate"


def test_the_package_knows_the_words_of_the_script_and_no_others() -> None:
    words = re.findall(r"^#   ([a-z]+) {2,}\S", host_file("replace-config.sh"), re.MULTILINE)
    # The first of the two lists in the header names the variables.
    assert set(words[words.index("written") :]) == {each.value for each in Result}


@pytest.mark.parametrize("result", Result)
def test_each_outcome_is_read(result: Result) -> None:
    outcome = transaction._outcome(
        PATH, [f"result {result}", f"candidate {CANDIDATE}", "why", "so"]
    )
    assert outcome == Outcome(result, "why\nso")


def test_the_words_name_the_file_and_not_the_candidate() -> None:
    lines = ["result rejected", f"candidate {CANDIDATE}", f"FAILED: parsing {CANDIDATE}: line 3"]
    assert transaction._outcome(PATH, lines).words == f"FAILED: parsing {PATH}: line 3"


def test_words_without_a_candidate_are_as_they_are() -> None:
    assert transaction._outcome(PATH, ["result busy", "a", "b"]) == Outcome(Result.BUSY, "a\nb")
    assert transaction._outcome(PATH, ["result written"]) == Outcome(Result.WRITTEN, "")


@pytest.mark.parametrize(
    "lines", [[], [""], ["taken"], ["result"], ["result done"], ["result taken twice"], ["x taken"]]
)
def test_anything_else_is_no_outcome(lines: list[str]) -> None:
    with pytest.raises(HostError, match="did not report a result") as error:
        transaction._outcome(PATH, lines)
    assert PATH in str(error.value)
