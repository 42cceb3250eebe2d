"""The messages about a Prometheus that refuses the questions of a look. Without hosts."""

from typing import Any

import pytest

from looks import encoded, look, unit
from pushgateway_lab.facts.denial import Denial, parse_denial
from pushgateway_lab.install import preflight
from pushgateway_lab.installations.denied import why_denied
from pushgateway_lab.lab import servers
from pushgateway_lab.lab.results import State
from pushgateway_lab.run.host_error import HostError
from snapshots import BOTH, GATEWAY, PROMETHEUS, listen, loaded, seen, settings

LISTENS = ("prometheus_socket socket:[7]", listen("127.0.0.1", 9090, "7"))
TAKEN = ("prometheus_socket socket:[7]", listen("127.0.0.1", 9090, "8"))
UNAUTHORIZED = ("prometheus_answered 401",)
WITHHELD = ("prometheus_password withheld", *UNAUTHORIZED)
USER = {"prometheus_username": "me", "prometheus_password_file": "/p"}
HTTPS = {"prometheus_url": "https://127.0.0.1:9090"}
CA = HTTPS | {"prometheus_ca_file": "ca.pem"}


def complaint(code: int, words: str) -> str:
    return f"prometheus_complaint {encoded(f'curl: ({code}) {words}')}"


def certificate(*lines: str) -> str:
    text = "\n".join(lines)
    return f"prometheus_certificate {encoded(text)}"


@pytest.mark.parametrize(
    ("lines", "data", "says"),
    [
        (UNAUTHORIZED, {}, "wants a password (401), and none is set. Set prometheus_username and its password (docs/secrets.md)"),
        (UNAUTHORIZED, USER, "rejects the user 'me' with this password (401)"),
        (("prometheus_answered 200", "prometheus_answered 401"), {}, "wants a password"),
        (("prometheus_answered 403",), {}, "forbids the questions (403)"),
        (("prometheus_answered 404",), {}, "no metrics under this path (404). Set prometheus_url to its URL with the prefix"),
        (("prometheus_answered 400", "prometheus_expects tls"), {}, "expects TLS. Set prometheus_url=https://127.0.0.1:9090 "),
        (WITHHELD, USER | {"prometheus_url": "http://10.0.0.5:9090"}, "others on the network can read it"),
        ([complaint(60, "SSL certificate problem: unable to get local issuer certificate")], HTTPS, "is not trusted: SSL certificate problem: unable"),
        ([complaint(60, "SSL certificate problem: unable to get local issuer certificate")], CA, "not from an authority in prometheus_ca_file (ca.pem)"),
        ([complaint(60, "SSL certificate problem: certificate has expired")], CA, "is not valid at this time"),
        ([complaint(60, "SSL: no alternative certificate subject name matches target host name '127.0.0.1'")], CA, "has other names"),
        ([complaint(35, "error:0A00010B:SSL routines::wrong version number")], HTTPS, "does not speak TLS. Set prometheus_url=http://127.0.0.1:9090"),
        ([complaint(56, "error:0A00045C:SSL routines::tlsv13 alert certificate required, errno 0")], CA, "wants a certificate of its clients"),
        ([complaint(77, "error setting certificate file: /dev/fd/7")], CA, "finds no certificate in prometheus_ca_file (ca.pem)"),
    ],
)  # fmt: skip
def test_it_is_said_with_the_setting(lines: list[str], data: dict[str, Any], says: str) -> None:
    said = str(why_denied(seen(*BOTH, *LISTENS, *lines), settings(**data)))
    assert says in said
    assert said.endswith(".")


@pytest.mark.parametrize(
    "lines",
    [
        (),
        LISTENS,
        (*LISTENS, "prometheus_answered 000", complaint(7, "Failed to connect")),
        (*LISTENS, complaint(28, "Operation timed out")),
        (*LISTENS, "prometheus_answered 503"),
        (*LISTENS, *UNAUTHORIZED, "prometheus_answered 503"),
        (*LISTENS, *UNAUTHORIZED, *loaded("scrape_configs: []\n")),
        # Another program may answer so.
        ("prometheus_answered 404",),
        ("prometheus_answered 400",),
        # It has just been started.
        WITHHELD,
    ],
)
def test_nothing_is_said_of_one_that_answers_or_is_silent(lines: tuple[str, ...]) -> None:
    assert why_denied(seen(*BOTH, *lines), settings(**USER)) is None


def test_why_a_password_is_withheld() -> None:
    said = str(why_denied(seen(*BOTH, *TAKEN, *WITHHELD), settings(**USER)))
    assert "not prometheus.service listens there, but another program" in said
    assert "'sport = :9090'" in said
    # It was another one a moment ago.
    again = str(why_denied(seen(*BOTH, *LISTENS, *WITHHELD), settings(**USER)))
    assert again.endswith("another program listened there. Run this again.")


@pytest.mark.parametrize("value", ["", "x", "4\u0660\u0661", "4010", "-401", "401 "])
def test_a_status_that_is_none_is_no_denial(value: str) -> None:
    assert parse_denial({"prometheus_answered": [value]}) == Denial()


@pytest.mark.parametrize("value", ["", "%", "AA", encoded("curl: (60"), encoded("nothing")])
def test_a_complaint_that_is_none_is_no_denial(value: str) -> None:
    assert parse_denial({"prometheus_complaint": [value]}) == Denial()


def test_the_last_complaint_is_the_scripts_own() -> None:
    false, own = encoded("curl: (60) false"), encoded("curl: (35) own")
    assert parse_denial({"prometheus_complaint": [false, own]}).words == "own"


def test_a_certificate_is_named_with_its_dates() -> None:
    told = certificate("subject CN=prom", "from May  1", "until May  2")
    expired = complaint(60, "SSL certificate problem: certificate has expired")
    said = why_denied(seen(*BOTH, expired, told), settings(**CA))
    assert "(CN=prom, valid from May  1 until May  2) is not valid at this time" in str(said)
    half = certificate("subject CN=prom")
    assert "9090 is not valid" in str(why_denied(seen(*BOTH, expired, half), settings(**CA)))


def test_the_words_of_a_host_are_cut() -> None:
    told = certificate(*(f"{name} {'x' * 2000}" for name in ("subject", "from", "until")))
    said = str(why_denied(seen(*BOTH, complaint(60, "x" * 2000), told), settings(**CA)))
    assert len(said) < 1500


def test_bootstrap_stops_before_anything_is_changed() -> None:
    with pytest.raises(HostError, match=r"wants a password \(401\).* Nothing was changed\."):
        preflight.check_prometheus(seen(*BOTH, *LISTENS, *UNAUTHORIZED), settings())
    elsewhere = settings(
        prometheus_url="https://prom.example.org", pushgateway_targets=["vm01:9091"]
    )
    none = (*unit(PROMETHEUS, load="not-found"), *unit(GATEWAY))
    with pytest.raises(HostError, match="wants a password"):
        preflight.check_prometheus(seen(*none, *UNAUTHORIZED), elsewhere)


def test_verify_finds_it() -> None:
    found = servers.prometheus_runs(look(*BOTH, *LISTENS, *UNAUTHORIZED))
    assert found.state is State.WRONG
    assert "prometheus.service is active, and cannot be asked." in found.says
    assert "Set prometheus_username and its password (docs/secrets.md)" in found.says
