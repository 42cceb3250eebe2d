"""The bcrypt hashes of passwords: made, checked, and checks remembered. Without hosts."""

from hashlib import sha256
from pathlib import Path

import bcrypt
import pytest

from pushgateway_lab.credentials import hashes, lab_authority
from pushgateway_lab.installations import web_files
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.web import web_config
from pushgateway_lab.web.wanted_files import (
    fitting_users,
)
from web_looks import PASSWORD, settings

pytestmark = pytest.mark.usefixtures("state")


@pytest.mark.parametrize(
    "found",
    [
        f"$2b$31${'a' * 53}",
        f"$2b$11${'a' * 53}",
        f"$2b$03${'a' * 53}",
        f"$2x$10${'a' * 53}",
        "",
        PASSWORD,
        f"$2b$10${'a' * 53}\n",
        f"$2b$04${'é' * 53}",
    ],
)
def test_a_hash_of_a_host_that_is_none_or_too_expensive_is_not_computed(
    found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bcrypt, "checkpw", lambda *_: pytest.fail("computed"))
    assert not hashes.fits(found, PASSWORD)


def test_a_check_is_computed_once_and_kept_for_its_user_alone(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_host = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    assert hashes.fits(of_host, PASSWORD)
    assert not hashes.fits(of_host, "another")
    hashes.fits.cache_clear()
    hashes._remembered.cache_clear()
    monkeypatch.setattr(bcrypt, "checkpw", lambda *_: pytest.fail("computed again"))
    assert hashes.fits(of_host, PASSWORD)
    kept = state / "passwords-checked/checked-passwords"
    assert kept.stat().st_mode & 0o077 == 0
    assert kept.parent.stat().st_mode & 0o077 == 0
    assert PASSWORD not in kept.read_text()


def test_a_new_hash_has_a_salt_of_its_own() -> None:
    one = hashes.new(PASSWORD)
    assert hashes.new(PASSWORD) == one
    hashes.new.cache_clear()
    assert hashes.new(PASSWORD) != one
    assert one.startswith(f"$2b${hashes.COST}$")


def test_others_cannot_give_this_machine_its_state(state: Path) -> None:
    (state / "lab-ca").mkdir(parents=True, mode=0o755)
    with pytest.raises(HostError, match="Others than you can use"):
        lab_authority.stored("vm01")


def test_after_some_wrong_hashes_no_more_are_computed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "password").write_text(PASSWORD)
    named = {f"user{number}": str(tmp_path / "password") for number in range(9)}
    given = settings(pushgateway_basic_auth_users=named)
    computed = []
    monkeypatch.setattr(bcrypt, "checkpw", lambda _, found: computed.append(found))
    wrong = {user: f"$2b$10${at}{'a' * 52}" for at, user in enumerate(named)}
    assert fitting_users({web_files.WEB_CONFIG: web_config.text(given, wrong)}, given) == []
    assert len(computed) == 3


@pytest.mark.usefixtures("state")
def test_the_newest_checks_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashes, "_MOST_REMEMBERED", 500)
    digests = [sha256(bytes([each])).hexdigest() for each in range(20)]
    for each in digests:
        hashes._remember(each)
    assert hashes._file().read_text().split() == digests[-5:]


def test_a_state_directory_that_others_can_replace_is_refused(state: Path) -> None:
    hashes.new(PASSWORD)
    state.chmod(0o777)
    with pytest.raises(HostError, match=r"in a directory in which others can replace it.* set XDG"):
        lab_authority.stored("vm01")
