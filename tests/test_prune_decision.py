"""The decision from a snapshot whether a host's prune is as the settings want it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from looks import unit
from pushgateway_lab import prune
from pushgateway_lab.pruning import layout
from pushgateway_lab.pruning.files import Credentials, WantedFile
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.services import ServiceState
from pushgateway_lab.settings import Settings
from snapshots import seen, settings

ON = settings(pushgateway_prune_after="24h")
UNITS = (*unit(layout.TIMER), *unit(layout.SERVICE, active="inactive", enabled="static"))


def installed(files: Sequence[WantedFile]) -> list[str]:
    """Return the lines of a look at a host that has the files."""
    shown = [(file.path, file.installed) for file in files]
    return [
        *(f"prune_mode {state.mode} {path}" for path, state in shown),
        *(f"prune_content {state.content} {path}" for path, state in shown),
    ]


def on(given: Settings = ON) -> list[str]:
    return installed(prune._wanted(seen(), given, Credentials.in_shape(given)))


def replaced(lines: Sequence[str], old: str, new: str) -> list[str]:
    """Return the lines with one text replaced; fail if the text is not in them."""
    assert any(old in line for line in lines)
    return [line.replace(old, new) for line in lines]


def test_where_it_is_off_no_file_may_be_left() -> None:
    assert prune.is_done(seen(), settings())
    assert prune.is_done(seen(*UNITS), settings())  # an administrator may have units of this name
    assert not prune.is_done(seen(*UNITS, *on()), settings())
    for path in layout.FILES:
        assert not prune.is_done(seen(f"prune_mode 0:0:644 {path}"), settings())


def test_where_it_is_on_all_files_and_both_units_must_be_right() -> None:
    assert prune.is_done(seen(*UNITS, *on()), ON)
    assert not prune.is_done(seen(), ON)
    assert not prune.is_done(seen(*UNITS), ON)
    assert not prune.is_done(seen(*on()), ON)


@pytest.mark.parametrize("path", layout.FILES)
def test_each_file_must_be_as_it_is_wanted(path: str) -> None:
    mode = next(line for line in on() if line.startswith("prune_mode") and line.endswith(path))
    without = [line for line in on() if not line.endswith(f" {path}")]
    others = [
        without,
        replaced(on(), mode, mode.replace("0:0:", "1000:0:")),
        replaced(on(), mode, mode.replace(":6", ":7")),
        [*without, mode, f"prune_content differs {path}"],
        [*without, mode],  # not a regular file
    ]
    assert [prune.is_done(seen(*UNITS, *lines), ON) for lines in others] == [False] * len(others)


OUTDATED = "service NeedDaemonReload=yes"


@pytest.mark.parametrize(
    ("timer", "service", "is_done"),
    [
        (unit(layout.TIMER), [], True),
        (unit(layout.TIMER, active="activating"), [], True),
        (unit(layout.TIMER, active="inactive"), [], False),
        (unit(layout.TIMER, active="failed"), [], False),
        (unit(layout.TIMER, enabled="disabled"), [], False),
        (unit(layout.TIMER, enabled="masked", load="masked"), [], False),
        ([], unit(layout.SERVICE), False),
        ([unit(layout.TIMER)[0], OUTDATED, *unit(layout.TIMER)[1:]], [], False),
        (
            unit(layout.TIMER),
            [unit(layout.SERVICE)[0], OUTDATED, *unit(layout.SERVICE)[1:]],
            False,
        ),
        (unit(layout.TIMER), unit(layout.SERVICE, active="activating"), True),
        # A prune that failed is installed and run again, so that the run says why.
        (unit(layout.TIMER), unit(layout.SERVICE, active="failed"), False),
    ],
)
def test_the_timer_must_run_and_both_units_must_be_what_is_written(
    timer: list[str], service: list[str], *, is_done: bool
) -> None:
    assert prune.is_done(seen(*timer, *service, *on()), ON) == is_done


@pytest.mark.parametrize(
    "data",
    [
        {"pushgateway_prune_after": "25h"},
        {"pushgateway_prune_keep": ['job="backup"']},
        {"pushgateway_prune_report": True},
        {"pushgateway_url": "http://127.0.0.1:9092"},
        {"pushgateway_listen_address": "127.0.0.1:9092"},
    ],
    ids=lambda data: next(iter(data)),
)
def test_another_setting_makes_other_files(data: dict[str, Any]) -> None:
    given = settings(**({"pushgateway_prune_after": "24h"} | data))
    assert not prune.is_done(seen(*UNITS, *on()), given)
    assert prune.is_done(seen(*UNITS, *on(given)), given)


def test_another_service_makes_other_files() -> None:
    other = seen(*UNITS, *on())._replace(pushgateway=ServiceState("push.service"))
    assert prune.is_done(seen(*UNITS, *on()), ON)
    assert not prune.is_done(other, ON)


def test_only_root_can_see_it() -> None:
    student = seen(*UNITS, *on())._replace(is_root=False, user="student")
    for given in (ON, settings()):
        with pytest.raises(HostError, match="student, which is not root"):
            prune.is_done(student, given)


def with_password(tmp_path: Path, url: str | None) -> Settings:
    password = tmp_path / "password"
    password.write_text("secret\n")
    return settings(
        pushgateway_prune_after="24h",
        pushgateway_url=url,
        pushgateway_username="lab",
        pushgateway_password_file=str(password),
    )


@pytest.mark.parametrize(
    ("url", "reached"),
    [
        (None, "http://127.0.0.1:9091"),
        ("http://localhost:9092/push", "http://127.0.0.1:9092/push"),
        ("http://[::1]:9092", "http://[::1]:9092"),
        ("https://vm.example:9091", "https://vm.example:9091"),
    ],
)
def test_a_password_goes_over_tls_or_to_an_address_on_loopback(
    tmp_path: Path, url: str | None, reached: str
) -> None:
    given = with_password(tmp_path, url)
    assert prune._url(seen(), given) == reached
    files = on(given)
    assert any(f"prune_content same {layout.PASSWORD}" in line for line in files)
    assert prune.is_done(seen(*UNITS, *files), given)
    assert not prune.is_done(
        seen(*UNITS, *replaced(files, f"same {layout.PASSWORD}", f"differs {layout.PASSWORD}")),
        given,
    )


def test_a_password_does_not_go_over_plain_http(tmp_path: Path) -> None:
    url = "http://vm.example:9091"
    given = with_password(tmp_path, url)
    with pytest.raises(
        HostError, match=r"not sent to http://vm\.example:9091.*Nothing was changed"
    ):
        prune.is_done(seen(*UNITS, *on()), given)
    # Without a password, nobody on the network can read one.
    plain = settings(pushgateway_prune_after="24h", pushgateway_url=url)
    assert prune.is_done(seen(*UNITS, *on(plain)), plain)
