"""Settings refuse each value that would be more than data in a place where it is used."""

import json
import math
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushgateway_lab.formats import characters, durations
from pushgateway_lab.settings import SettingsError, parse_settings
from setting_values import TEXTS, UNSEEN, settings_of, text_in, with_text


@pytest.mark.parametrize("key", TEXTS)
def test_no_text_holds_what_cannot_be_seen_or_acts(key: str) -> None:
    text = text_in(TEXTS[key])
    assert settings_of(key, TEXTS[key])
    for bad in UNSEEN:
        for changed in (f"{bad}{text}", f"{text}{bad}", f"{text[:9]}{bad}{text[9:]}"):
            assert settings_of(key, with_text(TEXTS[key], changed)) is None, ascii(changed)
    assert settings_of(key, with_text(TEXTS[key], text * 10_000)) is None


@pytest.mark.parametrize("key", [*TEXTS, "pushgateway_admin_api", "pushgateway_apt_timeout"])
@pytest.mark.parametrize(
    "value",
    [7, 10**10_000, -1, math.nan, math.inf, 1e300, b"x", object(), {5: 1}, [[]], [None], "", "\0"],
    ids=lambda value: f"{type(value).__name__}",
)  # fmt: skip
def test_what_is_of_another_kind_is_refused_and_named(key: str, value: object) -> None:
    if isinstance(value, int) and key == "pushgateway_apt_timeout" and value == 7:
        return
    assert settings_of(key, value) is None


def test_a_value_that_is_nested_without_end_is_refused() -> None:
    value: list[object] = []
    for _ in range(100_000):
        value = [value]
    assert all(settings_of(key, value) is None for key in TEXTS)


PORTS = ["0", "00080", "65536", "99999", "99999999999", "-1", "+80", "8 0", "\u0669\u0660", "\uff19\uff10\uff19\uff11", "0x50", "8_0", ""]  # fmt: skip


@pytest.mark.parametrize("port", PORTS)
def test_a_port_is_between_1_and_65535_in_ascii_digits(port: str) -> None:
    for key in ("pushgateway_listen_address", "pushgateway_targets"):
        assert settings_of(key, f"localhost:{port}") is None
    for key in ("pushgateway_url", "prometheus_url"):
        assert settings_of(key, f"http://localhost:{port}/x") is None


def test_the_first_and_the_last_port_are_accepted() -> None:
    for port in ("1", "65535"):
        assert settings_of("pushgateway_listen_address", f":{port}")
        assert settings_of("prometheus_url", f"http://[::1]:{port}")


HOSTS = ["-x", "x-", "a..b", ".a", "$(id)", "a;b", "a b", "1.2.3", "0x7f.1", "127.1", "999.1.1.1", "[::1", "::1", "[::1]]", "[1-500]", "[::g]", "{a,b}", "a,b", "a%41", "ä.de", "x" * 64, "a." * 130 + "a", "me@a", "*", "[fe80::1%]", "[fe80::1%a;b]"]  # fmt: skip


@pytest.mark.parametrize("host", HOSTS)
def test_a_host_is_a_name_or_an_address(host: str) -> None:
    assert settings_of("pushgateway_listen_address", f"{host}:1") is None
    assert settings_of("pushgateway_targets", [f"{host}:1"]) is None
    for scheme in ("http", "https"):
        assert settings_of("pushgateway_url", f"{scheme}://{host}/x") is None
    assert settings_of("prometheus_url", f"http://{host}:1") is None


@pytest.mark.parametrize(
    "url",
    [
        "http://h/[1-500]", "http://h/{a,b}", "http://h/x;id;", "http://h/a b", "http://h/'", 'http://h/"',
        "http://h/\\", "http://h/`id`", "http://h/$(id)", "http://h/a|b", "http://h/a&b", "http://h/<", "http://h/*",
        "http://h/../x", "http://h/a/..", "http://h/.", "http://h//x", "http://h/%2e%2e", "http://h/?a=1",
        "http://h?a", "http://h#a", "http://h/#", "http://a:b@h", "http://@h", "HTTP://h", "http:/h", "http://",
        "//h", "http:///x", "file:///etc/shadow", "-ohttp://h", " http://h", "http://h ", "http://h/x!y",
        "http://h/x,y", "http://h/x=y", "http://[fe80::1%eth0]", "http://h\\@g", "http://h:1:2",
    ],
)  # fmt: skip
def test_a_url_is_data(url: str) -> None:
    assert settings_of("pushgateway_url", url) is None
    assert settings_of("prometheus_url", url) is None


@pytest.mark.parametrize(
    "url",
    [
        "http://h",
        "http://h:9091/a/b",
        "http://127.0.0.1:1",
        "http://[::1]:2/~x",
        "http://a_b.c-d/x.y",
    ],
)
def test_a_url_is_kept_as_it_is(url: str) -> None:
    for given_ in (url, f"{url}/"):
        accepted = settings_of("prometheus_url", given_)
        assert accepted
        assert accepted.prometheus_url == url


def test_a_password_in_a_url_is_not_shown() -> None:
    for padding in ("", "x" * 500):
        with pytest.raises(SettingsError) as error:
            parse_settings({"pushgateway_url": f"https://me:s3cret@{padding}localhost/"})
        assert "s3cret" not in str(error.value)


@pytest.mark.parametrize(
    "unit",
    [
        "-Hhost.service", "--help.service", "a b.service", "a/b.service", "a.socket", "a@.service",
        "@a.service", ".service", "a\\x2d.service", "ä.service", "*.service", "a;b.service", "x" * 250 + ".service",
        "a.service\n", "$(id).service", "prometheus",
    ],
)  # fmt: skip
def test_a_unit_is_named_as_systemd_allows(unit: str) -> None:
    assert settings_of("prometheus_unit", unit) is None


@pytest.mark.parametrize("unit", ["prometheus.service", "prom@a.service", "a:b_c-d.e.service"])
def test_other_units_are_accepted(unit: str) -> None:
    assert settings_of("prometheus_unit", unit)


BAD_PATHS = [
    "/a/../b",
    "/..",
    "/a/.",
    "/./a",
    "//a",
    "/a/",
    "/",
    "a",
    "~/a",
    "/a/-b",
    "/-b/a",
    "/a /b",
    "/ a",
    "/a ",
]


@pytest.mark.parametrize(
    "path", [*BAD_PATHS, *(f"/a{each}b" for each in "$`\\\"';&|<>(){}!#~*?[]%^\n")]
)
def test_a_path_has_nothing_that_a_shell_or_a_glob_acts_on(path: str) -> None:
    assert settings_of("prometheus_config_path", path) is None


@pytest.mark.parametrize(
    "path", ["/etc/my prometheus/prüfung.yml", "/データ/a,b+c=d:e@f_g-h.yml", "/..a/b"]
)
def test_blanks_and_letters_of_any_language_are_accepted_in_paths(path: str) -> None:
    assert settings_of("prometheus_config_path", path)


@pytest.mark.parametrize(
    "given_flags",
    [
        {"no-web.enable-admin-api": True}, {"no-x": True}, {"web.listen-address": ":1"}, {"-x": "y"}, {"x=y": "z"},
        {"x y": "z"}, {"": "z"}, {"x\n": "z"}, {"ä": "z"}, {"x": None}, {"x": ["y"]}, {"x": math.nan},
        {"x": math.inf}, {"x": 10**10_000}, {"x": "a\nb"}, {"x": "$HOME"}, {"x": "`id`"}, {"x": "'"}, {"x": '"'},
        {"x": "\\"}, {"x": "y" * 1001}, {f"x{n}": 1 for n in range(101)}, {"web.route-prefix": "/x;id;"},
        {"web.external-url": "http://h/[1-9]"}, {"web.route-prefix": "/a/../b"}, {5: "x"}, "x=y", [("x", "y")],
    ],
)  # fmt: skip
def test_extra_flags_are_flags(given_flags: object) -> None:
    assert settings_of("pushgateway_extra_flags", given_flags) is None


def test_extra_flags_may_be_texts_numbers_and_switches() -> None:
    given_flags = {"a": "x y", "b": 5, "c": 0.5, "d": True, "e": "", "web.route-prefix": "/x/y"}
    accepted = settings_of("pushgateway_extra_flags", given_flags)
    assert accepted
    assert accepted.pushgateway_extra_flags == given_flags | {"b": "5", "c": "0.5"}


@pytest.mark.parametrize("seconds", [0, -1, 86401, math.nan, math.inf, 10**400, True, "5"])
def test_seconds_are_a_number_a_day_at_most(seconds: object) -> None:
    for key in ("smoke", "apt"):
        assert settings_of(f"pushgateway_{key}_timeout", seconds) is None
    assert settings_of("prometheus_reload_timeout", seconds) is None


@pytest.mark.parametrize(
    "duration", ["0s", "٣s", "1s1m", "2d", "9" * 30 + "s", "1_0s", "1s ", "1e3s", ""]
)
def test_an_interval_is_a_duration_a_day_at_most(duration: str) -> None:
    assert settings_of("pushgateway_scrape_interval", duration) is None


@pytest.mark.parametrize("duration", ["0ms", "300y", "9" * 5000 + "s", "9999999999999999999y"])
def test_an_age_is_a_duration_that_prometheus_takes(duration: str) -> None:
    assert settings_of("pushgateway_prune_after", duration) is None


def test_a_user_name_has_no_colon() -> None:
    assert settings_of("pushgateway_username", "a:b") is None
    assert settings_of("pushgateway_username", "domain\\ä \"b'") is not None


def test_a_home_directory_that_is_not_there_is_a_wrong_setting() -> None:
    assert settings_of("report", "~nobody-of-this-name/x") is None


ANYTHING = st.recursive(
    st.none() | st.integers() | st.floats() | st.binary() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(ANYTHING)
def test_any_value_can_be_shown(value: object) -> None:
    shown = characters.shown(value)
    assert len(shown) <= characters.SHOWN
    assert shown.isprintable()


# --data as pyinfra's command line parses it


COMMAND_LINE = [
    ("pushgateway_targets", '["a:1", "b:2"]', ("a:1", "b:2")),
    ("pushgateway_targets", "a:1, b:2", ("a:1", "b:2")),
    ("pushgateway_extra_flags", '{"log.level": "a", "x": 1e3}', {"log.level": "a", "x": "1000.0"}),
    ("pushgateway_prune_keep", 'job="a"', ('job="a"',)),
    ("pushgateway_prune_keep", '["job=\\"a\\""]', ('job="a"',)),
    ("pushgateway_job_name", '"007"', "007"),
    ("pushgateway_smoke_timeout", "1.5", 1.5),
    ("pushgateway_admin_api", "FALSE", False),
    ("pushgateway_job_name", "007", None),
    ("pushgateway_job_name", "true", None),
    ("pushgateway_job_name", '["a"]', None),
    ("pushgateway_smoke_timeout", "NaN", None),
    ("pushgateway_smoke_timeout", "Infinity", None),
    ("pushgateway_smoke_timeout", "1e400", None),
    ("pushgateway_smoke_timeout", "9" * 5000, None),
    ("pushgateway_admin_api", "1", None),
    ("prometheus_unit", '"\\u202ea.service"', None),
    ("report", "5", None),
]


def test_values_of_the_command_line() -> None:
    # In another process: pyinfra's command line patches imported modules.
    program = (
        "import json, sys; from pyinfra_cli.util import parse_cli_arg; "
        "print(json.dumps([parse_cli_arg(each) for each in json.load(sys.stdin)]))"
    )
    written = json.dumps([written for _, written, _ in COMMAND_LINE])
    done = subprocess.run(
        [sys.executable, "-c", program], input=written, capture_output=True, text=True, check=True
    )
    for (key, _, accepted), value in zip(COMMAND_LINE, json.loads(done.stdout), strict=True):
        found = settings_of(key, value)
        assert (found and getattr(found, key)) == accepted, (key, value)


@pytest.mark.parametrize(
    ("key", "largest", "beyond"),
    [
        ("pushgateway_smoke_timeout", 86400, 86400.5),
        ("pushgateway_scrape_interval", "1d", "86401s"),
        ("pushgateway_scrape_interval", "86400s", "1d1ms"),
        ("pushgateway_prune_after", "292y", "292y1s"),
        ("pushgateway_job_name", "x" * 1000, "x" * 1001),
        ("prometheus_unit", "x" * 247 + ".service", "x" * 248 + ".service"),
        ("pushgateway_url", f"http://vm/{'x' * 990}", f"http://vm/{'x' * 991}"),
        ("pushgateway_prune_keep", ['a="b"'] * 100, ['a="b"'] * 101),
        ("pushgateway_targets", ["vm:1"] * 100, ["vm:1"] * 101),
        ("pushgateway_extra_flags", {"x": 2**63 - 1}, {"x": 2**63}),
        ("pushgateway_extra_flags", {"x": 1 - 2**63}, {"x": -(2**63)}),
    ],
)
def test_the_largest_value_is_accepted_and_the_next_one_refused(
    key: str, largest: object, beyond: object
) -> None:
    assert settings_of(key, largest) is not None
    assert settings_of(key, beyond) is None


@pytest.mark.parametrize(
    ("duration", "seconds"),
    [("1y", 31536000), ("2w", 1209600), ("3d", 259200), ("4h", 14400), ("5m", 300), ("1m30s", 90), ("1ms", 0.001), ("0s", 0)],
)  # fmt: skip
def test_a_duration_in_seconds(duration: str, seconds: float) -> None:
    assert durations.seconds_of(duration) == seconds


def test_what_is_no_duration_is_shown_up_to_40_characters() -> None:
    for text, says in (
        ("x" * 41, f"{'x' * 40!r} is not a duration"),
        ("9" * 18 + "y", "292 years"),
    ):
        with pytest.raises(ValueError, match=r"longer|such as") as refused:
            durations.seconds_of(text)
        assert says in str(refused.value)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("x" * 78, f"'{'x' * 78}'"),
        ("x" * 79, f"'{'x' * 37}...{'x' * 38}'"),
        ("\u2800" * 13, "'" + r"\u2800" * 13 + "'"),
        ("\u2800" * 14, ("'" + r"\u2800" * 14)[:77] + "..."),
    ],
)
def test_a_value_is_shown_up_to_80_characters(value: str, shown: str) -> None:
    assert characters.shown(value) == shown


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http:///metrics", "has '', which is neither a host name nor an address"),
        ("http://vm:0/x", "has the port '0'"),
        ("http://vm/a//b", "has the path '/a//b'"),
        ("http://a@vm/", "must not hold a user name"),
        ("http:/vm", "must be a URL such as"),
    ],
)
def test_the_part_of_a_url_that_is_wrong_is_named(url: str, says: str) -> None:
    with pytest.raises(SettingsError) as refused:
        parse_settings({"pushgateway_url": url})
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("key", "smallest", "nothing"),
    [
        ("pushgateway_smoke_timeout", 0.001, 0.0),
        ("pushgateway_scrape_interval", "1ms", "0s"),
        ("pushgateway_prune_after", "1ms", "0h"),
        ("pushgateway_targets", ["vm:1"], []),
    ],
)
def test_the_smallest_value_is_accepted_and_nothing_is_refused(
    key: str, smallest: object, nothing: object
) -> None:
    assert settings_of(key, smallest) is not None
    assert settings_of(key, nothing) is None
