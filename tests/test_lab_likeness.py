"""Misspelt names of metrics."""

import pytest

from looks import TRAINING, group, history, look, path
from pushed_looks import remembered
from pushgateway_lab.lab.likeness import Likeness
from pushgateway_lab.lab.pushed import Pushed
from pushgateway_lab.lab.pushes import pushed
from pushgateway_lab.lab.results import State
from pushgateway_lab.lab.tasks import LABS_COMPLETED


def test_a_metric_of_another_task_is_no_misspelling() -> None:
    held = group(TRAINING, lab_step_1=("UNTYPED", 1))
    second = Pushed("lab_step_2", 1, TRAINING)
    said = {"groups": [held], path(second.history): history({})}
    assert pushed(look(said=said), second).state is State.WRONG
    asked = {**said, path("lab_step_1[LAB_AGEms]"): history({})}
    assert pushed(look(said=asked), second).state is State.OPEN


@pytest.mark.parametrize(("others", "state"), [(299, State.WRONG), (300, State.OPEN)])
def test_misspellings_are_looked_for_among_300_names(others: int, state: State) -> None:
    unlike = {
        f"{n:03}".ljust(len(LABS_COMPLETED.metric), "z"): ("UNTYPED", 1.0) for n in range(others)
    }
    misspelt = {"prometheus_training_labs_complete": ("UNTYPED", 4.0)}
    held = group(TRAINING, 0, **unlike, **misspelt)
    assert pushed(remembered(history({}), held), LABS_COMPLETED).state is state


def test_a_name_of_the_same_letters_in_another_order_is_no_misspelling() -> None:
    held = group(TRAINING, 0, **{LABS_COMPLETED.metric[::-1]: ("UNTYPED", 4.0)})
    assert pushed(remembered(history({}), held), LABS_COMPLETED).state is State.OPEN


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("abcd", State.WRONG),
        ("abc", State.OPEN),
        ("abcdefxyz", State.WRONG),
        ("abcdefwxyz", State.OPEN),
    ],
)
def test_a_misspelling_has_four_of_five_letters(name: str, state: State) -> None:
    wanted = Pushed("abcdef", 1, TRAINING)
    said = {
        "groups": [group(TRAINING, 0, **{name: ("UNTYPED", 1.0)})],
        path(wanted.history): history({}),
    }
    assert pushed(look(said=said), wanted).state is state


def test_names_of_another_length_do_not_count_among_the_300() -> None:
    short = {f"m{n}": ("GAUGE", 1.0) for n in range(400)}
    misspelt = {"prometheus_training_labs_complete": ("UNTYPED", 4.0)}
    held = group(TRAINING, 0, **short, **misspelt)
    assert pushed(remembered(history({}), held), LABS_COMPLETED).state is State.WRONG


@pytest.mark.parametrize(
    ("wanted", "name", "is_like"),
    [
        ("some_metric_total", "some_metric", True),
        ("some_metric_total", "somemetric", True),
        ("some_metric_total", "Some_Metric_Total", True),
        ("some_metric_total", "some_metrics_total", True),
        ("some_metric_total", "my_some_metric", True),
        ("some_metric_total", "some_other_total", False),
        ("some_metric_total", "total", False),
        ("some_metric_total", "some_metric_total", False),
        ("prometheus_training_labs_completed_total", "labs_completed_total", True),
        ("prometheus_training_labs_completed_total", "prometheus_training", True),
        ("prometheus_training_labs_completed_total", "prometheus", False),
        ("backup_files", "backup_files_total", True),
        ("backup_files", "", False),
    ],
)
def test_a_name_with_the_same_words_is_a_misspelling(wanted: str, name: str, is_like: bool) -> None:
    assert Likeness(wanted)(name) is is_like
