"""Settings from host data: defaults, validation, and messages for misspellings."""

import re
from dataclasses import MISSING, fields
from pathlib import Path

import pytest

from pushgateway_lab.settings import KEYS, Settings, SettingsError, parse_settings
from pushgateway_lab.settings.page import settings_page

ALL_PY = Path(__file__).parents[1] / "inventories" / "group_data" / "all.py"


def test_defaults_are_those_of_the_lab() -> None:
    settings = parse_settings({})
    assert settings.pushgateway_listen_address == "127.0.0.1:9091"
    assert settings.pushgateway_admin_api is True
    assert settings.pushgateway_job_name == "pushgateway"
    assert settings.pushgateway_smoke == "auto"
    assert settings.given == frozenset()


def test_every_default_passes_its_own_check() -> None:
    of_keys = [field for field in fields(Settings) if field.name in KEYS]
    with_default = [field for field in of_keys if field.default not in (None, MISSING)]
    assert len(with_default) > 10
    for field in with_default:
        assert field.metadata["check"](field.default) == field.default


def test_only_keys_that_were_set_count_as_given() -> None:
    settings = parse_settings(
        {"pushgateway_smoke": "never", "pushgateway_targets": None, "ssh_user": "me"}
    )
    assert settings.given == {"pushgateway_smoke"}
    assert settings.pushgateway_smoke == "never"


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("scrape_interval", "pushgateway_scrape_interval"),
        ("scrape_intervall", "pushgateway_scrape_interval"),
        ("Scrape-Interval", "pushgateway_scrape_interval"),
        ("prometheus_scrape_interval", "pushgateway_scrape_interval"),
        ("raport", "report"),
        ("lab_report", "report"),
        ("pushgateway_lab_report", None),
        ("expect", "lab_expect"),
        ("expected", "lab_expect"),
        ("reset", "lab_reset"),
        ("restore", "lab_restore"),
        ("pushgateway_wipe", "lab_wipe"),
        ("listen_adress", "pushgateway_listen_address or prometheus_listen_address"),
        ("url", "pushgateway_url or prometheus_url"),
        ("prometheus_version", None),
        ("ssh_user", None),
        ("port", None),
        ("tags", None),
        ("export", None),
        ("", None),
    ],
)
def test_a_key_without_its_prefix_is_a_mistake_on_the_command_line_alone(
    key: str, meant: str | None
) -> None:
    assert parse_settings({key: 1}).given == frozenset()
    if meant is None:
        assert parse_settings({key: 1}, typed={key}).given == frozenset()
        return
    with pytest.raises(SettingsError) as error:
        parse_settings({key: 1}, typed={key})
    assert str(error.value) == f"{key}: no such setting; did you mean {meant}?"


def test_each_setting_that_was_typed_is_taken() -> None:
    for key in KEYS:
        assert parse_settings({key: None}, typed=set(KEYS)).given == frozenset()


@pytest.mark.parametrize(
    ("key", "near"),
    [
        ("pushgateway_smoek", "pushgateway_smoke"),
        ("pushgatway_job_name", "pushgateway_job_name"),
        ("pushgateway-listen-address", "pushgateway_listen_address"),
        ("PUSHGATEWAY_ADMIN_API", "pushgateway_admin_api"),
        ("prometheus_ulr", "prometheus_url"),
        ("pushgateway_listen", "pushgateway_listen_address"),
        ("pushgateway_job", "pushgateway_job_name"),
        ("lab_exepct", "lab_expect"),
        ("lab_task", "lab_tasks"),
        ("lab_wip", "lab_wipe"),
        ("repport", "report"),
    ],
)
def test_a_misspelt_key_names_the_nearest(key: str, near: str) -> None:
    with pytest.raises(SettingsError, match=f"^{re.escape(key)}: .* did you mean {near}\\?$"):
        parse_settings({key: 1})


@pytest.mark.parametrize(
    "key",
    ["ssh_user", "prometheus_version", "prometheus_config_dir", "pushgateway_version", "smoke"],
)
def test_a_key_that_is_near_none_is_left_to_its_owner(key: str) -> None:
    assert parse_settings({key: object()}).given == frozenset()


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("pushgateway_listen_address", "9091", "such as 127.0.0.1:9091"),
        ("pushgateway_listen_address", "127.0.0.1:99999", "the port '99999'"),
        ("pushgateway_listen_address", "127.0.0.1:0", "the port '0'"),
        ("pushgateway_admin_api", "yes", "True or False"),
        ("pushgateway_admin_api", 1, "True or False"),
        ("pushgateway_smoke", "sometimes", "auto, always, never"),
        ("pushgateway_smoke", True, "auto, always, never"),
        ("pushgateway_smoke_timeout", 0, "greater than 0"),
        ("pushgateway_smoke_timeout", "10s", "number of seconds"),
        ("pushgateway_smoke_timeout", True, "number of seconds"),
        ("pushgateway_smoke_timeout", float("nan"), "number of seconds"),
        ("pushgateway_job_name", 7, "'\"007\"'"),
        ("pushgateway_job_name", " ", "not empty"),
        ("pushgateway_job_name", "a\nb", "holds U+000A"),
        ("pushgateway_targets", [], "list of HOST:PORT"),
        ("pushgateway_targets", "localhost", "'localhost' is not one"),
        ("pushgateway_targets", ["http://localhost:9091"], "is not one"),
        ("pushgateway_targets", ["a:1", 5], "5 is not one"),
        ("pushgateway_scrape_interval", "15", "duration"),
        ("pushgateway_scrape_interval", "1s1m", "duration"),
        ("pushgateway_extra_flags", ["--log.level=debug"], "mapping"),
        ("pushgateway_extra_flags", {"--log.level": "debug"}, "without dashes"),
        ("pushgateway_extra_flags", {"web.listen-address": ":1"}, "setting of its own"),
        ("pushgateway_extra_flags", {"log.level": None}, "None"),
        ("pushgateway_url", "127.0.0.1:9091", "http or https"),
        ("pushgateway_url", "https://me:secret@localhost", "must not hold a user name"),
        ("pushgateway_password_file", "", "not empty"),
        ("pushgateway_password_command", "a 'b", "complete quotes"),
        ("pushgateway_password_environment", "A-B", "environment variable"),
        ("lab_curl_options", "trainer", "must begin with an option"),
        ("pushgateway_prune_after", "0s", "would delete every group"),
        ("pushgateway_prune_after", "1 day", "24h"),
        ("pushgateway_prune_keep", {"job": "a"}, "list of label matchers"),
        ("pushgateway_prune_keep", ["job=a"], "write 'job="),
        ("pushgateway_prune_keep", 'job=~"("', "not a regular expression"),
        ("prometheus_config_path", "prometheus.yml", "absolute path"),
        ("prometheus_unit", "prometheus", "prometheus.service"),
        ("prometheus_unit", "x; rm -rf /.service", "systemd unit"),
        ("prometheus_url", "localhost:9090", "URL"),
        ("prometheus_url", "ftp://localhost:9090", "http or https"),
        ("lab_reset", "yes", "True or False"),
        ("lab_expect", "done", "prepared, configured, pushed, cleaned"),
        ("report", 5, "not empty"),
    ],
)
def test_an_impossible_value_is_named_with_its_key(key: str, value: object, says: str) -> None:
    with pytest.raises(SettingsError) as error:
        parse_settings({key: value})
    assert str(error.value).startswith(f"{key} = ")
    assert says in str(error.value)


def test_values_from_the_command_line_are_understood() -> None:
    settings = parse_settings(
        {"pushgateway_targets": "a:1, [::1]:9091", "pushgateway_smoke_timeout": 5}
    )
    assert settings.pushgateway_targets == ("a:1", "[::1]:9091")
    assert settings.pushgateway_smoke_timeout == 5.0


def test_all_py_shows_every_setting_with_its_default_and_what_it_does() -> None:
    shown = ALL_PY.read_text()
    for field in fields(Settings):
        if field.name not in KEYS:
            continue
        default = {} if field.default is MISSING else field.default
        assert f"# {field.metadata['says']}\n# {field.name} = " in shown
        assert f"# {field.name} = {default!r}".replace("'", '"') in shown


def test_the_page_of_settings_is_made_from_the_code() -> None:
    page = (ALL_PY.parents[2] / "docs" / "settings.md").read_text(encoding="utf-8")
    assert page == settings_page(), "run: make docs"
    assert all(page.count(f"| `{key}` |") == 1 for key in KEYS)


@pytest.mark.parametrize("key", ["pushgateway_foo", "lab_nosuchthing"])
def test_an_unknown_key_with_a_prefix_of_ours_is_wrong_if_it_was_typed(key: str) -> None:
    assert parse_settings({key: 1}).given == frozenset()
    with pytest.raises(SettingsError, match=f"{key}: no such setting; docs/settings.md lists all"):
        parse_settings({key: 1}, typed={key})


def test_two_swapped_letters_are_a_misspelling_if_typed() -> None:
    with pytest.raises(SettingsError, match=r"reprot: no such setting; did you mean report\?"):
        parse_settings({"reprot": 1}, typed={"reprot"})
