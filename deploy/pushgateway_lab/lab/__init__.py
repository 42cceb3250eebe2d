"""The lab as tasks and checks. A check turns a look at a host into a finding.

``__all__`` lists the names that a trainer's file of tasks may import (``docs/verify.md`` has an example):

+ `Task`, `Check`: the items of that file
+ `Look`: the argument of a check
+ `Finding`, `State`: the result of a check, made by `done`, `still_open`, `wrong` or `unknown`
+ `query`: makes a check that asks Prometheus
+ `Pushed`: a metric that people push; `pushed_checks` and `deleted_check` make its checks
"""

from typing import TYPE_CHECKING

from pushgateway_lab import lazy

if TYPE_CHECKING:
    from pushgateway_lab.lab.checks import Check, Task, done, query, still_open, unknown, wrong
    from pushgateway_lab.lab.deletions import deleted_check
    from pushgateway_lab.lab.look import Look
    from pushgateway_lab.lab.pushed import Pushed
    from pushgateway_lab.lab.pushes import pushed_checks
    from pushgateway_lab.lab.results import Finding, State
else:  # hidden from mypy, as in the package above
    __getattr__ = lazy.importer(
        __name__,
        {
            "Check": "pushgateway_lab.lab.checks",
            "Finding": "pushgateway_lab.lab.results",
            "Look": "pushgateway_lab.lab.look",
            "Pushed": "pushgateway_lab.lab.pushed",
            "State": "pushgateway_lab.lab.results",
            "Task": "pushgateway_lab.lab.checks",
            "deleted_check": "pushgateway_lab.lab.deletions",
            "done": "pushgateway_lab.lab.checks",
            "pushed_checks": "pushgateway_lab.lab.pushes",
            "query": "pushgateway_lab.lab.checks",
            "still_open": "pushgateway_lab.lab.checks",
            "unknown": "pushgateway_lab.lab.checks",
            "wrong": "pushgateway_lab.lab.checks",
        },
    )

__all__ = [
    "Check",
    "Finding",
    "Look",
    "Pushed",
    "State",
    "Task",
    "deleted_check",
    "done",
    "pushed_checks",
    "query",
    "still_open",
    "unknown",
    "wrong",
]
