"""The settings of a run's hosts: parsed once; if one host's are invalid, the run is refused."""

from collections.abc import Collection, Mapping
from typing import Any

import pytest

from local_hosts import host_of, state_of
from pushgateway_lab.run import host_settings
from pushgateway_lab.settings import Settings, SettingsError, parse_settings


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[Mapping[str, Any]]:
    """A list of the host data that was parsed, in order."""
    noted: list[Mapping[str, Any]] = []

    def noting(data: Mapping[str, Any], *, typed: Collection[str], host: str) -> Settings:
        noted.append(data)
        return parse_settings(data, typed=typed, host=host)

    monkeypatch.setattr(host_settings, "parse_settings", noting)
    return noted


def test_each_host_is_parsed_once_a_run(parsed: list[Mapping[str, Any]]) -> None:
    state = state_of({"a": {"lab_wipe": True}, "b": {}})
    for _ in range(3):
        assert host_settings.for_host(host_of(state, "a")).lab_wipe
        assert not host_settings.for_host(host_of(state, "b")).lab_wipe
        assert not host_settings.settings_of(host_of(state, "b")).lab_wipe
        host_settings.check_all(state.inventory)
    assert len(parsed) == 2
    host_settings.for_host(host_of(state_of({"a": {}}), "a"))
    assert len(parsed) == 3


def test_data_that_a_deploy_sets_meanwhile_counts(parsed: list[Mapping[str, Any]]) -> None:
    host = host_of(state_of({"a": {}}), "a")
    assert not host_settings.for_host(host).lab_reset
    host.data.lab_reset = True
    assert host_settings.for_host(host).lab_reset
    assert len(parsed) == 2
    host.data.lab_reset = "yes"
    with pytest.raises(SettingsError, match="lab_reset = 'yes'"):
        host_settings.for_host(host)


BAD: dict[str, dict[str, Any]] = {
    "c": {"pushgateway_smok": 1, "pushgateway_smoke": "often"},
    "b": {},
    "a": {"pushgateway_smok": 1},
}


def test_all_hosts_with_bad_settings_are_named_at_once() -> None:
    with pytest.raises(SettingsError) as error:
        host_settings.check_all(state_of(BAD).inventory)
    message = str(error.value)
    assert "a, c: pushgateway_smok: no such setting" in message
    assert "c: pushgateway_smoke = 'often'" in message
    assert "b:" not in message


def test_no_host_has_settings_while_those_of_another_cannot_be_used(
    parsed: list[Mapping[str, Any]],
) -> None:
    state = state_of(BAD)
    for _ in range(2):
        with pytest.raises(SettingsError, match="a, c: pushgateway_smok: no such setting"):
            host_settings.for_host(host_of(state, "b"))
    assert host_settings.settings_of(host_of(state, "b")) == Settings()
    with pytest.raises(SettingsError, match=r"^pushgateway_smok: no such setting"):
        host_settings.settings_of(host_of(state, "a"))
    assert len(parsed) == 3


def test_a_host_that_was_not_reached_is_not_checked() -> None:
    state = state_of(BAD)
    for name in "ac":
        state.active_hosts.remove(host_of(state, name))
    assert host_settings.for_host(host_of(state, "b")) == Settings()
