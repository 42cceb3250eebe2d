"""New host keys are saved as OpenSSH saves them."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from paramiko import BadHostKeyException, ECDSAKey, HostKeys
from pyinfra.connectors.sshuserclient import client

from pushgateway_lab.run import known_hosts

KEY, OTHER = ECDSAKey.generate(), ECDSAKey.generate()
LINE = f"[vm]:2222 {KEY.get_name()} {KEY.get_base64()}\n"


def ssh(path: Path | None) -> Any:
    return SimpleNamespace(_host_keys=HostKeys(), _host_keys_filename=path and str(path))


@pytest.mark.parametrize(
    ("before", "after"),
    [(None, LINE), ("", LINE), ("# mine\n", f"# mine\n{LINE}"), ("# mine", f"# mine\n{LINE}")],
)
def test_a_key_is_added_to_the_file(tmp_path: Path, before: str | None, after: str) -> None:
    path = tmp_path / ".ssh/known_hosts"
    if before is not None:
        path.parent.mkdir()
        path.write_text(before)
    known_hosts.append(ssh(path), "[vm]:2222", KEY)
    assert path.read_text() == after
    if before is None:
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_host_with_two_names_in_an_inventory_is_added_once(tmp_path: Path) -> None:
    path = tmp_path / "known_hosts"
    one = ssh(path)
    for _ in range(2):
        known_hosts.append(one, "[vm]:2222", KEY)
    assert path.read_text() == LINE
    with pytest.raises(BadHostKeyException):
        known_hosts.append(one, "[vm]:2222", OTHER)


def test_a_file_that_cannot_be_written_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file/known_hosts", tmp_path, None):
        one = ssh(path)
        known_hosts.append(one, "[vm]:2222", KEY)
        assert one._host_keys.check("[vm]:2222", KEY)


def test_a_file_that_does_not_exist_is_no_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    known_hosts.bound()
    known_hosts.bound()
    assert len(client.get_host_keys((str(tmp_path / "known_hosts"),))) == 0
    assert caplog.text == ""
