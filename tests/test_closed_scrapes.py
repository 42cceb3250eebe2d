"""Findings of verify about the scrapes of a Pushgateway with TLS or a password. Without hosts."""

from typing import Any

import pytest

from closed_jobs import (
    AUTHORITIES,
    BY_ADDRESS,
    DENIED,
    HOSTS,
    PASSWORD,
    PATH,
    TLS,
    USER,
    WITH_LOGIN,
)
from fixes import edited
from looks import CONFIG, NOW, RUNNING, TARGETS, loaded, look, status, target
from pushgateway_lab.lab import scrapes
from pushgateway_lab.lab.jobs import job_in_file
from pushgateway_lab.lab.look import STATUS, Look
from pushgateway_lab.lab.results import Finding, State
from pushgateway_lab.scrape_config import Login
from snapshots import listen


def down(text: str, error: str, data: dict[str, Any]) -> Look:
    """Return a look at a host whose target was down when it was scraped last."""
    said = {
        STATUS: status(),
        TARGETS: target(health="down", lastError=error),
    }
    return look(*loaded(text), *RUNNING, config=text, data=data, said=said)


def test_without_a_user_in_the_settings_verify_says_that_the_job_needs_a_password() -> None:
    finding = scrapes.target(down(CONFIG, DENIED, {}))
    assert finding.state is State.WRONG
    assert "the job needs basic_auth, with the right one" in finding.says
    assert PASSWORD not in finding.says


@pytest.mark.parametrize(
    ("login", "says"),
    [
        ("", "and the job has no basic_auth."),
        ("{username: me, password: secret}", "basic_auth (line 6) is not 'trainer'."),
        (
            "{username: trainer, password: secret}",
            f"basic_auth (line 6) has no password_file: {PASSWORD}.",
        ),
    ],
)
def test_verify_says_what_is_wrong_in_the_login_and_the_lines_to_write(
    login: str, says: str
) -> None:
    text = CONFIG + (f"    basic_auth: {login}\n" if login else "")
    finding = scrapes.target(down(text, DENIED, USER))
    assert (finding.state, finding.fix) == (
        State.WRONG,
        f"sudoedit {PATH}\nsudo systemctl reload prometheus",
    )
    assert says in finding.says
    assert "secret" not in finding.says
    mine = job_in_file(look(config=edited(text, finding.says, PATH)))
    assert mine is not None
    assert mine.login == Login("trainer", PASSWORD)


def test_of_a_right_login_verify_says_that_the_password_is_another() -> None:
    finding = scrapes.target(down(BY_ADDRESS, DENIED, USER))
    assert (finding.state, finding.fix) == (State.WRONG, None)
    assert f"The job is right, but {PASSWORD} has another password, or" in finding.says


OTHER_AT_IPV6 = (
    listen("::1", inode="9"),
    listen("127.0.0.1", inode="5"),
    "pushgateway_socket socket:[5]",
)


def test_a_program_that_gets_what_is_sent_to_localhost_is_named() -> None:
    for more, is_named in (((), True), (("hosts 127.0.0.1 localhost",), False)):
        lines = [*loaded(CONFIG), *RUNNING, *OTHER_AT_IPV6, *more]
        finding = scrapes.target(
            look(*lines, config=CONFIG, said={STATUS: status(), TARGETS: target()})
        )
        assert (finding.state is State.WRONG) is is_named
        if is_named:
            assert "Another program listens on [::1]:9091." in finding.says
            assert finding.fix == "sudo ss -lntp 'sport = :9091'"


def test_of_a_job_that_lost_its_targets_verify_names_the_file_with_the_authorities() -> None:
    text = CONFIG + "    tls_config: {ca_file: /ca.pem}\n"
    for ago, more, says in (
        (65, "", "will be within 65 s"),
        (66, "", "a file of the job's tls_config (line 6), such as /ca.pem."),
        (66, "    relabel_configs: [{action: drop}]\n", "relabel_configs (line 7) drop them"),
    ):
        lines = loaded(text + more, at=NOW - ago)
        finding = scrapes.target(
            look(*lines, config=text + more, said={TARGETS: {"activeTargets": []}})
        )
        assert says in finding.says
        assert (finding.fix == "sudo systemctl reload prometheus") is ("ca.pem" in says)


def test_verify_shows_the_lines_for_tls() -> None:
    https = CONFIG + "    scheme: https\n"
    error = "x509: certificate signed by unknown authority"
    finding = scrapes.target(down(https, error, {**TLS, "pushgateway_ca_file": "/ca.pem"}))
    assert f"ca_file: {AUTHORITIES}" in finding.says
    mine = job_in_file(look(config=edited(https, finding.says, PATH)))
    assert mine is not None
    assert (mine.scheme, mine.ca_file) == ("https", AUTHORITIES)


def test_of_a_certificate_that_prometheus_does_not_accept_verify_advises_no_restart() -> None:
    https = CONFIG + "    scheme: https\n"
    error = "x509: certificate has expired or is not yet valid"
    data = {**TLS, "pushgateway_ca_file": "/ca.pem"}
    right = edited(https, scrapes.target(down(https, error, data)).says, PATH)
    answering = scrapes.target(down(right, error, data))
    assert (answering.state, answering.fix) == (State.WRONG, None)
    assert "The job is right, but that is not the certificate of this host" in answering.says
    said = {TARGETS: target(health="down", lastError=error)}
    silent = scrapes.target(look(*loaded(right), *RUNNING, config=right, data=data, said=said))
    assert (silent.state, silent.fix) == (State.WRONG, None)
    assert "see the task Host" in silent.says


def test_verify_names_a_target_at_which_another_program_may_get_the_password() -> None:
    def verified(text: str, data: dict[str, Any]) -> Finding:
        return scrapes.target(
            look(*loaded(text), *RUNNING, *HOSTS, config=text, data=data, said={TARGETS: target()})
        )

    found = verified(WITH_LOGIN, USER)
    assert found.state is State.WRONG
    assert "sends the password to localhost:9091, also at an address" in found.says
    mine = job_in_file(look(config=edited(WITH_LOGIN, found.says, PATH)))
    assert mine is not None
    assert mine.targets == ("127.0.0.1:9091",)
    for text, data in ((CONFIG, {}), (CONFIG, USER), (WITH_LOGIN, {})):
        assert verified(text, data).state is State.DONE
