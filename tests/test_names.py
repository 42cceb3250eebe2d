"""The names and addresses of a host, from the lines of a look."""

from ipaddress import ip_address

import pytest

from pushgateway_lab.facts.names import Names, parse_names

HOSTS = (
    "127.0.0.1 localhost",
    "127.0.1.1\tvm01.example.org VM01",
    "10.0.0.7 push.example.org push",
    "10.0.0.8 other",
    "not-an-address x",
    "fe80::1%eth0 y",
    "10.0.0.9",
    "\u00a0 \u00a0",
)
NAMES = parse_names(["Vm01"], ["10.0.0.7", "00000000000000000000000000000001", "?"], HOSTS)


@pytest.mark.parametrize(
    ("name", "addresses"),
    [
        ("localhost", ["127.0.0.1"]),
        ("LOCALHOST", ["127.0.0.1"]),
        ("127.0.0.2", ["127.0.0.2"]),
        ("", ["127.0.0.1", "::1"]),
        ("[::1]", ["::1"]),
        ("0.0.0.0", ["0.0.0.0"]),
        ("[::ffff:10.0.0.7]", ["10.0.0.7"]),
        ("10.0.0.7", ["10.0.0.7"]),
        ("push", ["10.0.0.7"]),
        ("vm01", ["127.0.1.1"]),
        ("vm01.example.org.", ["127.0.1.1"]),
        ("vm01.other.example.org", ["127.0.1.1"]),
        ("10.0.0.8", []),
        ("other", []),
        ("x", []),
        ("vm01x", []),
        ("pg.example.org", []),
    ],
)
def test_a_name_stands_for_addresses_of_the_host(name: str, addresses: list[str]) -> None:
    assert NAMES.addresses_of(name) == frozenset(map(ip_address, addresses))


def test_a_host_that_is_not_in_its_file_has_all_its_addresses() -> None:
    names = parse_names(["vm02"], ["10.0.0.7", "10.1.0.7"], [])
    assert names.addresses_of("vm02.example.org") == frozenset(
        map(ip_address, ["10.0.0.7", "10.1.0.7"])
    )
    assert names.addresses_of("localhost") == frozenset(map(ip_address, ["127.0.0.1", "::1"]))


def test_a_host_that_says_nothing() -> None:
    assert parse_names([], [], []) == Names("", (), {})
    assert parse_names([], [], []).addresses_of("vm01") == frozenset()
