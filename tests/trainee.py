"""A trainee: commands that somebody typed, and the findings of verify that are expected."""

from collections.abc import Sequence
from typing import NamedTuple


class Check(NamedTuple):
    """The expected finding of a check: `says` and `fix` hold all these words."""

    name: str
    state: str
    says: str = ""
    fix: str | None = None


class Trainee(NamedTuple):
    """The commands that somebody typed on a prepared host, and the expected findings.

    + by_hand: a sed script for the file that a fix opens and of which no finding says what to write
    + ends: whether the fixes that are shown, typed one after the other, lead to the end of the lab
    + rests: whether the host stays as it is: systemd does not start a service again and again, and both servers answer
    """

    typed: str
    stage: str | None
    finds: Sequence[Check]
    by_hand: str = ""
    ends: bool = True
    rests: bool = True


HOST_CHECKS = "prometheus pushgateway admin_api"


CONFIGURATION_CHECKS = "job honor_labels accepted loaded target_up default_metrics"


PUSH_CHECKS = "labs_completed_pushed labs_completed_seen some_metric_pushed some_metric_seen"


DELETE_CHECKS = "labs_completed_deleted some_metric_deleted"


def all_are(state: str, names: str) -> list[Check]:
    return [Check(name, state) for name in names.split()]
