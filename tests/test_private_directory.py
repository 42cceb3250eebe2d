"""Directories on the machine that runs pyinfra: who could replace them, also behind symbolic links."""

import stat
from pathlib import Path

import pytest

from pushgateway_lab.run.private_directory import ReplaceableError, make_private


def test_a_new_directory_is_its_owners_alone(tmp_path: Path) -> None:
    make_private(tmp_path / "a/b")
    assert stat.S_IMODE((tmp_path / "a/b").stat().st_mode) == 0o700


@pytest.mark.parametrize("target", ["{tmp}/open/own", "open/own", "open/../open/own", "link"])
@pytest.mark.parametrize("is_open", [False, True])
def test_the_directories_behind_a_link_count(tmp_path: Path, target: str, *, is_open: bool) -> None:
    (tmp_path / "open/own").mkdir(parents=True, mode=0o700)
    (tmp_path / "open").chmod(0o777 if is_open else 0o755)
    (tmp_path / "link").symlink_to("open/own")
    (tmp_path / "state").symlink_to(target.format(tmp=tmp_path))
    if not is_open:
        make_private(tmp_path / "state/passwords")
        return
    with pytest.raises(ReplaceableError, match="others can replace it"):
        make_private(tmp_path / "state/passwords")


def test_a_link_on_the_way_counts_too(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir(mode=0o700)
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    (tmp_path / "open/link").symlink_to(tmp_path / "own")
    (tmp_path / "state").symlink_to("open/link")
    with pytest.raises(ReplaceableError, match="others can replace it"):
        make_private(tmp_path / "state/passwords")


def test_links_without_an_end_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "state").symlink_to("state")
    with pytest.raises(OSError, match=r"symbolic links|File exists"):
        make_private(tmp_path / "state/passwords")
