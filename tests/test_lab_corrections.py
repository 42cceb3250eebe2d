"""The commands that correct a wrong push: they push again, and delete what is in the way."""

import pytest

from looks import TRAINING, encoded, group, history, look, unit
from pushed_looks import remembered, remembering
from pushgateway_lab.lab.pushed import Pushed
from pushgateway_lab.lab.pushes import pushed
from pushgateway_lab.lab.results import State
from pushgateway_lab.lab.tasks import LABS_COMPLETED, SOME_METRIC


def test_a_group_that_holds_more_is_not_deleted_to_mend_one_metric() -> None:
    both = group(
        SOME_METRIC.labels,
        some_metric_total=("COUNTER", 42),
        prometheus_training_labs_completed_total=("UNTYPED", 4),
    )
    finding = pushed(remembered(history({}), both), LABS_COMPLETED)
    assert finding.state is State.WRONG
    assert finding.fix
    assert "DELETE" not in finding.fix
    beside = group(TRAINING, some_metric_total=("UNTYPED", 42), other=("GAUGE", 1))
    finding = pushed(remembered(history({}), beside), SOME_METRIC)
    assert "only one type: delete that group first, which also deletes other" in finding.says
    assert "DELETE" in str(finding.fix)
    untyped = group(SOME_METRIC.labels, some_metric_total=("UNTYPED", 42), other=("GAUGE", 1))
    finding = pushed(remembered(history({}), untyped), SOME_METRIC)
    assert "which also deletes other" in finding.says


@pytest.mark.parametrize(
    ("value", "number"), [(4, "4"), (1234567, "1234567"), (0.1, "0.1"), (1.7e18, str(int(1.7e18)))]
)
def test_a_value_is_written_with_all_its_digits(value: float, number: str) -> None:
    assert str(Pushed("m", value, TRAINING)) == f"m {number}"


def test_commands_name_the_pushgateway_as_it_is() -> None:
    command_line = (
        "prometheus-pushgateway\0--web.listen-address=:9191\0--web.external-url=http://vm/push/"
    )
    lines = [*unit("prometheus-pushgateway.service"), f"pushgateway_argv {encoded(command_line)}"]
    said = remembering(history({}))
    finding = pushed(look(*lines, said=said), LABS_COMPLETED)
    assert finding.fix
    assert " http://localhost:9191/push/metrics/job/" in finding.fix
    data = {"pushgateway_username": "push er", "pushgateway_password_file": "/p"}
    assert "| curl --user 'push er' " in str(pushed(look(said=said, data=data), LABS_COMPLETED).fix)
    data["lab_curl_options"] = "--cacert '/etc/ssl/our ca.pem' --netrc"
    shown = str(pushed(look(said=said, data=data), LABS_COMPLETED).fix)
    assert "| curl --cacert '/etc/ssl/our ca.pem' --netrc --data-binary @- " in shown


def test_a_label_that_cannot_be_written_costs_no_diagnosis() -> None:
    odd = group({"job": "x", "": "1"}, prometheus_training_labs_completed_total=("UNTYPED", 4))
    finding = pushed(remembered(history({}), odd), LABS_COMPLETED)
    assert (finding.state, finding.fix) == (
        State.WRONG,
        LABS_COMPLETED.command("curl", "http://localhost:9091"),
    )


@pytest.mark.parametrize(
    ("name", "flags", "path"),
    [
        ("foo.bar", {"push.enable-utf8-names": "true"}, "U__foo_2e_bar"),
        ("U__foo_2e_bar", {}, "U__foo_2e_bar"),
        ("U__foo_2e_bar", {"push.enable-utf8-names": "true"}, "U__U____foo__2e__bar"),
    ],
)
def test_a_label_with_any_name_has_its_command(name: str, flags: dict[str, str], path: str) -> None:
    odd = group({"job": "x", name: "1"}, prometheus_training_labs_completed_total=("UNTYPED", 4))
    status = {"flags": flags, "build_information": {"version": "1.11.2"}}
    said = remembering(history({}), odd) | {"status": status}
    finding = pushed(look(said=said), LABS_COMPLETED)
    assert f"/metrics/job/x/{path}/1'" in str(finding.fix)
