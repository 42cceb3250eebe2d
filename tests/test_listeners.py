"""The decision whose socket on loopback may get the Pushgateway's password, without a host."""

import pytest

from looks import look
from pushgateway_lab.facts.listeners import why_not_there
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.formats.sockets import Listener

OWN, OTHER = "4711", "666"


def seen(*listeners: tuple[str, int, str], is_root: bool = True) -> Snapshot:
    return look().snapshot._replace(
        is_root=is_root,
        user="student",
        listeners=tuple(Listener(*each) for each in listeners),
        pushgateway_sockets=(OWN, "4712"),
    )


@pytest.mark.parametrize(
    ("url", "listeners", "says"),
    [
        ("http://127.0.0.1:9091", [("127.0.0.1", 9091, OWN)], None),
        ("http://127.0.0.1:9091", [("0.0.0.0", 9091, OWN)], None),
        ("http://127.0.0.1:9091", [("::", 9091, OWN)], None),
        ("http://127.0.0.1:9091", [("::ffff:127.0.0.1", 9091, OWN)], None),
        ("http://[::1]:9091", [("::", 9091, OWN)], None),
        ("http://[::1]:9091", [("::1", 9091, OWN), ("0.0.0.0", 9091, OTHER)], None),
        ("http://127.0.0.1:9091", [("127.0.0.1", 9091, OWN), ("127.0.0.2", 9091, OTHER)], None),
        ("http://127.0.0.1:9091", [("127.0.0.1", 9091, OWN), ("127.0.0.1", 80, OTHER)], None),
        ("http://127.0.0.1", [("127.0.0.1", 80, OWN)], None),
        ("http://127.0.0.1:9091", [], "no program listens there"),
        ("http://127.0.0.1:9091", [("::1", 9091, OWN)], "no program listens there"),
        ("http://[::1]:9091", [("0.0.0.0", 9091, OWN)], "no program listens there"),
        ("http://127.0.0.1:9091", [("127.0.0.1", 9091, OTHER)], "another program"),
        ("http://127.0.0.1:9091", [("127.0.0.1", 9091, "")], "another program"),
        ("http://127.0.0.1:9091", [("0.0.0.0", 9091, OTHER)], "another program"),
        ("http://127.0.0.1:9091", [("::", 9091, OWN), ("127.0.0.1", 9091, OTHER)], "another"),
        (
            "http://127.0.0.1:9091",
            [("::", 9091, OWN), ("::ffff:127.0.0.1", 9091, OTHER)],
            "another",
        ),
        (
            "http://127.0.0.1:9091",
            [("127.0.0.1", 9091, OWN), ("127.0.0.1", 9091, OTHER)],
            "another",
        ),
        (
            "http://127.0.0.1:9091",
            [("127.0.0.1", 9092, OWN), ("127.0.0.1", 9091, OTHER)],
            "another",
        ),
        (
            "http://127.0.0.2:9091",
            [("127.0.0.1", 9091, OWN), ("127.0.0.2", 9091, OTHER)],
            "another",
        ),
    ],
)
def test_only_a_socket_of_the_pushgateways_unit_gets_it(
    url: str, listeners: list[tuple[str, int, str]], says: str | None
) -> None:
    problem = why_not_there(url, seen(*listeners), "pushgateway")
    assert (problem is None) == (says is None)
    assert (says or "") in (problem or "")


def test_only_root_can_see_whose_a_socket_is() -> None:
    problem = why_not_there("http://127.0.0.1:9091", seen(is_root=False), "pushgateway")
    assert "the user is student. Add --sudo." in str(problem)
