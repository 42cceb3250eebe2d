"""``prometheus_listen_address``: what is written, who is refused, and what is said of a Prometheus that others reach."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from looks import CONFIG, encoded, look, unit
from pushgateway_lab.installations import debian, prometheus_address, settings_in_use
from pushgateway_lab.lab import servers
from pushgateway_lab.lab.results import State
from pushgateway_lab.prometheus import listening
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.run.host_files import host_file
from snapshots import BOTH, DEBIAN, PROMETHEUS, listen, loaded, seen, settings

LOOPBACK = {"prometheus_listen_address": "127.0.0.1:9090"}
FLAG = "--web.listen-address=127.0.0.1:9090"
OURS = "prometheus_note yes"


def listens(*addresses: str, port: int = 9090) -> tuple[str, ...]:
    """Return the lines of the sockets of Prometheus."""
    return tuple(
        line
        for inode, each in enumerate(addresses, 70)
        for line in (
            listen(each, port, str(inode)),
            f"prometheus_socket socket:[{inode}]",
        )
    )


def text(written: str) -> str:
    """Return the line of the file with the flags of Prometheus."""
    return f"prometheus_flags_text {encoded(written)}"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, f'ARGS="{FLAG}"\n'),
        ('# ours\nARGS=""\n', f'# ours\nARGS="{FLAG}"\n'),
        ('ARGS="--log.level=debug"\n', f'ARGS="--log.level=debug {FLAG}"\n'),
        ('ARGS="--web.listen-address=:9090 --b"\n', f'ARGS="{FLAG} --b"\n'),
        ('ARGS="--web.listen-address=:1 --web.listen-address=:2"\n', f'ARGS="{FLAG}"\n'),
        (f"ARGS='{FLAG}'\n", f"ARGS='{FLAG}'\n"),
    ],
)
def test_the_text_of_the_file_with_its_flags(before: str | None, after: str) -> None:
    lines = [] if before is None else [text(before)]
    assert prometheus_address.text(seen(*BOTH, *lines), settings(**LOOPBACK)) == after


@pytest.mark.parametrize(
    ("lines", "data", "is_right"),
    [
        ((), {}, True),
        (listens("::"), {}, True),
        ((), LOOPBACK, False),
        (listens("::"), LOOPBACK, False),
        (listens("127.0.0.1", "10.0.0.7"), LOOPBACK, False),
        # Of somebody else, and right.
        (listens("127.0.0.1"), LOOPBACK, True),
        # A run that was killed between the file and the restart, or before the file.
        ((OURS, text(f'ARGS="{FLAG}"\n'), *listens("::")), LOOPBACK, False),
        ((OURS, text('ARGS=""\n'), *listens("127.0.0.1")), LOOPBACK, False),
        ((OURS, text(f'ARGS="{FLAG}"\n'), *listens("127.0.0.1")), LOOPBACK, True),
        (("release prometheus 3.5.3", text('ARGS=""\n'), *listens("127.0.0.1")), LOOPBACK, False),
        ((OURS, *listens("::")), {"prometheus_listen_address": ":9090"}, False),
        # The file has a name, and it was not restarted since.
        (
            (OURS, text('ARGS="--web.listen-address=vm01:9090"\n'), *listens("::")),
            {"prometheus_listen_address": "vm01:9090"},
            False,
        ),
        (
            (OURS, text('ARGS="--web.listen-address=vm01:9090"\n'), *listens("10.0.0.7")),
            {"prometheus_listen_address": "vm01:9090"},
            True,
        ),
    ],
)
def test_whether_it_listens_as_it_should(
    lines: Sequence[str], data: dict[str, Any], *, is_right: bool
) -> None:
    assert listening.is_done(seen(*BOTH, *lines), settings(**data)) is is_right


@pytest.mark.parametrize(
    ("lines", "data", "says"),
    [
        (BOTH, {}, None),
        ((*BOTH, *listens("::")), {}, None),
        # A bare host: it will be installed.
        (DEBIAN, LOOPBACK, None),
        ((*BOTH, OURS, *listens("::")), LOOPBACK, None),
        ((*BOTH, "release prometheus 3.5.3", *listens("::")), LOOPBACK, None),
        ((*BOTH, *listens("127.0.0.1")), LOOPBACK, None),
        ((*BOTH, *listens("::")), LOOPBACK, "not installed by this toolkit.*ARGS in /etc/default/prometheus on the host"),
        ((*BOTH, OURS, *listens("::")), {"prometheus_listen_address": "127.0.0.1:9099"}, "has the port 9099; Prometheus has 9090"),
        (DEBIAN, {"prometheus_listen_address": "127.0.0.1:9099"}, "has the port 9099"),
        ((*BOTH, OURS, *listens("::", port=9099)), LOOPBACK, "has the port 9090; Prometheus has 9099"),
        ((*BOTH, OURS, *listens("::")), LOOPBACK | {"prometheus_url": "http://127.0.0.1:9099"}, "prometheus_url has 9099"),
        ((*BOTH, OURS, text('ARGS="--a\n'), *listens("::")), LOOPBACK, "/etc/default/prometheus: line 1"),
    ],
)  # fmt: skip
def test_who_is_refused(lines: Sequence[str], data: dict[str, Any], says: str | None) -> None:
    found = seen(*lines)
    given = settings_in_use(found, settings(**data), sets_address=True)
    if says is None:
        prometheus_address.check(found, given)
        return
    with pytest.raises(HostError, match=says):
        prometheus_address.check(found, given)


@pytest.mark.parametrize(
    ("data", "url"),
    [
        ({}, "http://127.0.0.1:9095/x"),
        ({"prometheus_listen_address": "127.0.0.1:9095"}, "http://127.0.0.1:9095/x"),
        ({"prometheus_listen_address": "10.0.0.7:9095"}, "http://10.0.0.7:9095/x"),
        ({"prometheus_listen_address": "localhost:9095"}, "http://127.0.0.1:9095/x"),
        ({"prometheus_listen_address": "10.0.0.7:1", "prometheus_url": "http://a:1"}, "http://a:1"),
    ],
)
def test_its_url_follows(data: dict[str, Any], url: str) -> None:
    lines = (*BOTH, f"url_found {encoded('http://127.0.0.1:9095/x')}")
    runs, stopped = seen(*lines, "prometheus_pid 7"), seen(*lines)
    for found in (runs, stopped):
        used = settings_in_use(found, settings(**data), sets_address=True)
        assert used.prometheus_url == url
    assert settings_in_use(stopped, settings(**data)).prometheus_url == url


@pytest.mark.parametrize("wanted", ["10.0.0.7:9090", "127.0.0.1:9095"])
def test_a_run_that_does_not_set_its_address_asks_it_where_it_listens(wanted: str) -> None:
    given = settings(prometheus_listen_address=wanted)
    usual = seen(*BOTH, "prometheus_pid 7", *listens("127.0.0.1"))
    assert settings_in_use(usual, given).prometheus_url == "http://127.0.0.1:9090"
    moved = seen(*BOTH, "prometheus_pid 7", f"url_found {encoded('http://10.0.0.8:9090')}")
    assert settings_in_use(moved, given).prometheus_url == "http://10.0.0.8:9090"
    # Settings that a run has completed before.
    used = settings_in_use(moved, given, sets_address=True)
    assert settings_in_use(moved, used).prometheus_url == "http://10.0.0.8:9090"


@pytest.mark.parametrize(
    ("lines", "data", "says"),
    [
        (listens("127.0.0.1"), {}, None),
        ((), {}, None),
        (listens("::"), LOOPBACK, None),
        (listens("::"), {}, "write --web.listen-address=127.0.0.1:9090 to ARGS in /etc/default/prometheus"),
        ((OURS, *listens("::")), {}, "To close it, set prometheus_listen_address=127.0.0.1:9090."),
        (("release prometheus 3.5.3", *listens("10.0.0.7")), {}, "To close it, set prometheus_listen_address=127.0.0.1:9090."),
    ],
)  # fmt: skip
def test_what_a_trainer_reads(lines: Sequence[str], data: dict[str, Any], says: str | None) -> None:
    told = list(listening.notes(seen(*BOTH, *lines), settings(**data)))
    assert len(told) == (says is not None)
    assert says is None or says in told[0]


def test_verify_says_who_reaches_it_and_no_stage_stops() -> None:
    lines = (*unit(PROMETHEUS), *loaded(CONFIG))
    finding = servers.prometheus_runs(look(*lines, *listens("::")))
    assert (finding.state, finding.fix) == (State.DONE, None)
    assert "listens on [::]:9090: everybody who can reach that port can read" in finding.says
    closed = servers.prometheus_runs(look(*lines, *listens("127.0.0.1")))
    assert closed.says == "Prometheus runs."


def test_a_look_asks_for_its_flags_only_where_they_are_to_be_changed() -> None:
    assert debian.look_variables(settings())["prometheus_flags_file"] == ""
    given = debian.look_variables(settings(**LOOPBACK))
    assert given["prometheus_flags_file"] == "/etc/default/prometheus"


def function_of_the_look(name: str) -> str:
    source = host_file("snapshot.sh")
    begin = source.index(f"\n{name}() {{")
    return source[begin : source.index("\n}\n", begin) + 3]


@pytest.mark.parametrize("with_flags", [False, True])
def test_a_look_says_whether_its_package_is_of_this_toolkit(
    tmp_path: Path, *, with_flags: bool
) -> None:
    (tmp_path / "note").write_text("curl 1\nprometheus 2.53\n")
    (tmp_path / "flags").write_text("ARGS=\n")
    names = ("print_base64", "look_at_own_prometheus")
    program = "".join(map(function_of_the_look, names)) + "look_at_own_prometheus"
    done = subprocess.run(
        ["/bin/sh", "-c", program],
        env={
            "PATH": "/usr/bin:/bin",
            "packages_note": str(tmp_path / "note"),
            "prometheus_flags_file": str(tmp_path / "flags") if with_flags else "",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    flags_text = [text("ARGS=\n")] if with_flags else []
    assert (done.stdout.splitlines(), done.stderr) == ([*flags_text, OURS], "")
