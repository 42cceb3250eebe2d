"""Unexpected errors: the message names a log, and the log can be attached to a report."""

import re
import stat
from pathlib import Path

import pytest

from pushgateway_lab.run import crash_log


def an_error(message: str = "no such key") -> Exception:
    try:
        dict[str, str]()[message]
    except KeyError as error:
        return error
    raise AssertionError


def test_the_sentence_names_a_log_with_all_that_a_report_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    told = crash_log.write(an_error(), "vm7")
    assert "\n" not in told
    assert "Unexpected error in this program: KeyError('no such key')" in told
    log = Path(told.rpartition(" ")[2])
    assert log.parent == tmp_path / "pushgateway-lab"
    text = log.read_text()
    for part in ("host vm7", "Python 3.", "\npyinfra 3.", "Traceback", "in an_error", "KeyError"):
        assert part in text
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert stat.S_IMODE(log.parent.stat().st_mode) == 0o700


def test_each_error_has_a_log_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert crash_log.write(an_error(), "vm7") != crash_log.write(an_error(), "vm7")
    assert len(list(tmp_path.glob("pushgateway-lab/*.log"))) == 2


@pytest.mark.parametrize("state", ["", "relative"])
def test_without_a_usable_state_directory_it_is_below_home(
    state: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", state)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert crash_log.directory() == tmp_path / ".local/state/pushgateway-lab"


def test_where_no_log_can_be_written_the_sentence_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pushgateway-lab").write_text("in the way")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    told = crash_log.write(an_error(), "vm7")
    assert "could not be written" in told
    assert str(tmp_path) in told


def test_what_a_host_said_is_escaped_in_the_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    told = crash_log.write(an_error("\x1b[2J\n" + "x" * 5000), "vm7")
    assert not re.search(r"[\x00-\x1f]", told)
    assert len(told) < 1000
