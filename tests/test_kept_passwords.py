"""Generated passwords, and the directory in which they are kept. Without hosts."""

import multiprocessing
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pushgateway_lab.credentials import kept_passwords
from secret_places import fetched, refused


@pytest.fixture(autouse=True)
def state_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of generated passwords, of this test alone."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state/pushgateway-lab/passwords"


def generated(name: str = "vm01") -> str:
    return fetched({"generate": True}, name)[0]


def test_a_generated_password_is_kept(state_home: Path) -> None:
    password = generated()
    assert generated() == password
    assert generated("vm02") != password
    path = state_home / "vm01"
    assert path.read_text() == f"{password}\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(state_home.stat().st_mode) == 0o700
    assert sorted(each.name for each in state_home.iterdir()) == ["vm01", "vm02"]
    path.unlink()
    assert generated() != password


def test_a_generated_password_needs_no_quotes() -> None:
    made = [kept_passwords.generated() for _ in range(200)]
    assert len(set(made)) == 200
    for each in made:
        assert len(each) == 28
        assert each.isascii()
        assert each.isalnum()
        assert each[0].isalpha()
        assert not set(each) & set("lo01")
    assert len(set("".join(made))) ** 28 > 2**128


def _keep_in_process(start: Any, name: str, into: Any) -> None:
    start.wait()
    kept_passwords.keep(name)
    into.put(kept_passwords.path_of(name).read_text())


def test_two_runs_at_once_get_one_password() -> None:
    context = multiprocessing.get_context("fork")
    for number in range(5):
        start, into = context.Event(), context.SimpleQueue()
        runs = [
            context.Process(target=_keep_in_process, args=(start, f"vm{number}", into))
            for _ in range(4)
        ]
        for run in runs:
            run.start()
        start.set()
        for run in runs:
            run.join()
        assert len({into.get() for _ in runs}) == 1


def _open_directory(path: Path) -> None:
    path.chmod(0o750)


def _move_directory(path: Path) -> None:
    path.rename(path.with_name("other"))
    path.symlink_to("other")


def _open_parent(path: Path) -> None:
    path.parent.chmod(0o777)


def _open_file(path: Path) -> None:
    (path / "vm01").chmod(0o640)


def _link_file(path: Path) -> None:
    (path / "vm01").rename(path / "other")
    (path / "vm01").symlink_to("other")


def _give_file(path: Path) -> None:
    os.chown(path / "vm01", 12345, -1)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (_open_directory, "Others than you can use {directory}, so"),
        (_move_directory, "{directory} is a symbolic link, or in"),
        (_open_parent, "in a directory in which others can replace it"),
        (_open_file, "{directory}/vm01 belongs to another user, or others can read it"),
        (_link_file, "{directory}/vm01 is not a regular file"),
        (_give_file, "{directory}/vm01 belongs to another user, or"),
    ],
)
def test_a_password_that_others_may_know_is_not_used(
    state_home: Path, change: Callable[[Path], None], says: str
) -> None:
    if change is _give_file and os.geteuid() != 0:
        pytest.skip("only root gives a file away")
    password = generated()
    change(state_home)
    told = refused({"generate": True})
    assert says.format(directory=state_home) in told
    assert password not in told
