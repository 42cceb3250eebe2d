"""Everything that reaches the terminal is escaped and cut."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyinfra import logger
from pyinfra.api import output

from local_hosts import local_host
from pushgateway_lab.run import failure, gate, visible

HOSTILE = "a\x1b]52;c;ZXZpbA==\x07b\x1b[2Jc\x9b1md\u202ee\u200bf\rg\udcffh\x1b[8mi"
SHOWN = r"a\x1b]52;c;ZXZpbA==\x07b\x1b[2Jc\x9b1md\u202ee\u200bf\rg\udcffh\x1b[8mi"


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Return what pyinfra's logger and its output print, with the gate closed."""
    lines: list[str] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())
            lines.extend((record.exc_text or "").splitlines())

    def echo(message: Any = None, **_: Any) -> None:
        lines.append(message)

    handler = Handler()
    logger.addHandler(handler)
    monkeypatch.setattr(output, "_echo", echo)
    monkeypatch.setattr(output, "_format_text", click.style)
    level = logger.level
    logger.setLevel(logging.DEBUG)
    gate.close()
    gate.close()  # once is enough
    yield lines
    logger.removeHandler(handler)
    logger.setLevel(level)


def test_what_pyinfra_prints_and_logs_is_escaped(said: list[str]) -> None:
    output.echo(HOSTILE, err=True)
    logger.info(HOSTILE)
    logger.debug("%s said %r", HOSTILE, 1)
    try:
        int(HOSTILE)
    except ValueError:
        logger.exception("failed")
    assert said[:4] == [SHOWN, SHOWN, f"{SHOWN} said 1", "failed"]
    assert said[-1].startswith("ValueError: invalid literal")


def test_a_log_message_may_hold_a_percent_sign(said: list[str]) -> None:
    logger.info("100%% of %s", "%d")
    logger.info("100%")
    assert said == ["100% of %d", "100%"]


def test_pyinfras_own_colours_pass_and_end(said: list[str]) -> None:
    styled = click.style("red", "red", bold=True)
    logger.info(styled)
    assert said == [styled]
    assert gate.passed("\x1b[32mgreen") == "\x1b[32mgreen\x1b[0m"


def test_what_is_long_is_cut() -> None:
    assert gate.passed("x" * 3_000_000) == f"{'x' * 4000}… (2,996,000 more characters)"
    many = gate.passed("x\n" * 1000).splitlines()
    assert (len(many), many[-1]) == (401, "… (601 more lines)")


@given(st.text())
def test_no_text_drives_a_terminal(text: str) -> None:
    assert all(each.isprintable() or each in "\n\t" for each in visible.message(text))
    assert visible.value(text).isprintable()
    assert all(
        each.isprintable() or each in "\n\t" for each in gate._COLOUR.sub("", gate.passed(text))
    )


def test_what_we_say_is_escaped_and_cut(said: list[str]) -> None:
    with local_host() as host:
        host.state.print_noop_info = True
        failure.say(host, f"{HOSTILE}\nnext", "red")
        failure.noop(host, HOSTILE)
        failure.say(host, "x" * 5000)
        assert not failure._fail(host.state, host, f"Why:\n  {HOSTILE}{'x' * 5000}")
        reason = failure.reason_of(host)
    assert click.unstyle(said[0]) == f"[@local] {SHOWN}"
    assert click.unstyle(said[1]) == "[@local] next"
    assert click.unstyle(said[2]) == f"[@local] noop: {SHOWN}"
    assert click.unstyle(said[3]) == f"[@local] {'x' * 2000}… (3,000 more characters)"
    assert reason.startswith(f"Why: {SHOWN}")
    assert len(reason) < 600


def test_a_mistake_of_ours_is_told_with_its_reason_first(
    said: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))

    @failure.cleanly
    def mistaken() -> Any:
        raise ValueError("x" * 5000 + HOSTILE)
        yield

    with local_host() as host:
        (command,) = mistaken()
        assert command.execute(host.state, host, {}) is False
    told = "\n".join(map(click.unstyle, said))
    assert "Unexpected error in this program: ValueError('xxx" in told
    assert "in mistaken" not in told
    assert len(told) < 5000  # printed twice here: when it is found, and when it is run
    [log] = tmp_path.rglob("*.log")
    assert str(log) in told
    assert "in mistaken" in log.read_text()
