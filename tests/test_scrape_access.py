"""The scrape job of a Pushgateway with TLS or a password: its fields, who gets the password, what verify says."""

from typing import Any

import pytest

from fixes import edited
from looks import CONFIG, NOW, RUNNING, TARGETS, loaded, look, status, target
from pushgateway_lab.lab import scrape_access, scrapes
from pushgateway_lab.lab.config_edits import lines_to_write
from pushgateway_lab.lab.jobs import job_in_file, wanted_job
from pushgateway_lab.lab.look import STATUS, Look
from pushgateway_lab.lab.results import State
from pushgateway_lab.prometheus import job
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.scrape_config import Login, merge_job
from snapshots import config, seen, settings

PATH = "/etc/prometheus/prometheus.yml"
PASSWORD, AUTHORITIES = "/etc/pushgateway-lab/scrape-password", "/etc/pushgateway-lab/scrape-ca.pem"
USER = {"pushgateway_username": "trainer", "pushgateway_password_file": "/p"}
TLS = {"pushgateway_url": "https://127.0.0.1:9091"}
CLOSED = {**USER, **TLS, "pushgateway_ca_file": "/ca.pem"}
LOGIN = {"username": "trainer", "password_file": PASSWORD}
WITH_LOGIN = f"{CONFIG}    basic_auth: {{username: trainer, password_file: {PASSWORD}}}\n"


BY_NAME = {"pushgateway_url": "https://web:9091"}


@pytest.mark.parametrize(
    ("data", "fields"),
    [
        ({}, {}),
        (USER, {"basic_auth": LOGIN}),
        ({"pushgateway_basic_auth_users": {"trainer": "/p", "b": "/q"}}, {"basic_auth": LOGIN}),
        (TLS, {"scheme": "https", "tls_config": {"server_name": "127.0.0.1"}}),
        (BY_NAME, {"scheme": "https", "tls_config": {"server_name": "web"}}),
        (BY_NAME | {"pushgateway_targets": ["WEB:9091"]}, {"scheme": "https"}),
        (
            {"pushgateway_tls_lab_ca": True} | BY_NAME,
            {"scheme": "https", "tls_config": {"ca_file": AUTHORITIES}},
        ),
        (
            {"pushgateway_tls_host_cert_file": "/c", "pushgateway_tls_host_key_file": "/k"},
            {"scheme": "https"},
        ),
        (
            {**TLS, "pushgateway_cert_file": "/c"},
            {
                "scheme": "https",
                "tls_config": {
                    "cert_file": "/etc/pushgateway-lab/scrape.crt",
                    "key_file": "/etc/pushgateway-lab/scrape.key",
                    "server_name": "127.0.0.1",
                },
            },
        ),
        ({"pushgateway_ca_file": "/ca.pem"}, {}),
        ({"pushgateway_url": "http://127.0.0.1:9091"}, {}),
        (
            CLOSED,
            {
                "scheme": "https",
                "basic_auth": LOGIN,
                "tls_config": {"ca_file": AUTHORITIES, "server_name": "127.0.0.1"},
            },
        ),
    ],
)
def test_the_settings_decide_with_which_fields_prometheus_gets_in(
    data: dict[str, Any], fields: dict[str, Any]
) -> None:
    assert scrape_access.wanted_fields(seen(), settings(**data)) == fields


def test_fields_with_files_of_this_toolkit_go_with_their_settings() -> None:
    given = settings(pushgateway_tls_lab_ca=True, pushgateway_basic_auth_users={"trainer": "/p"})
    closed = job.merged(seen(*config(CONFIG)), given)[1]
    assert "https" in closed
    assert job.merged(seen(*config(closed)), settings())[1] == CONFIG
    in_braces = (
        "scrape_configs: [{job_name: pushgateway, honor_labels: true, scheme: https, basic_auth: {username: a, "
        f"password_file: {PASSWORD}}}, tls_config: {{ca_file: {AUTHORITIES}}}, "
        "static_configs: [{targets: ['localhost:9091']}]}]\n"
    )
    assert job.merged(seen(*config(in_braces)), settings())[1] == (
        "scrape_configs: [{job_name: pushgateway, honor_labels: true, "
        "static_configs: [{targets: ['localhost:9091']}]}]\n"
    )
    others = f"{CONFIG}    basic_auth: {{username: a, password_file: /own}}\n    scheme: https\n"
    assert job.merged(seen(*config(others)), settings())[1] == others


def test_the_job_is_merged_with_the_fields() -> None:
    given = settings(**CLOSED)
    wanted = job.job(seen(), given)
    assert list(wanted) == [
        *("job_name", "honor_labels", "scheme", "basic_auth", "tls_config", "static_configs")
    ]
    assert wanted_job(look(data=CLOSED)) == wanted
    old, new = job.merged(seen(*config(CONFIG)), given)
    assert new == merge_job(old, wanted) != old
    assert job.merged(seen(*config(new)), given) == (new, new)
    assert job.merged(seen(*config(WITH_LOGIN)), settings()) == (WITH_LOGIN, CONFIG)


OTHERS = CONFIG.replace('"]', '", "other:9091"]')


def test_the_password_is_sent_to_no_other_target() -> None:
    for text in (OTHERS, OTHERS + "    basic_auth: {username: trainer, password_file: /other}\n"):
        with pytest.raises(HostError) as error:
            job.merged(seen(*config(text)), settings(**USER))
        for words in ("(line 2) also scrapes other:9091.", "password there, too", "Move these"):
            assert words in str(error.value)
        assert job.merged(seen(*config(text)), settings())[1] == text
    # Their owner has decided that already.
    text = WITH_LOGIN.replace('"]', '", "other:9091"]')
    assert job.merged(seen(*config(text)), settings(**USER))[1] == text
    both = settings(**USER, pushgateway_targets=["localhost:9091", "other:9091"])
    assert PASSWORD in job.merged(seen(*config(OTHERS)), both)[1]


def test_a_job_with_the_right_fields_gets_a_further_target() -> None:
    given = settings(**CLOSED)
    text = merge_job(
        "", {**job.job(seen(), given), "static_configs": [{"targets": ["other:9091"]}]}
    )
    assert "'other:9091', 'localhost:9091'" in job.merged(seen(*config(text)), given)[1]
    for old, new in ((PASSWORD, "/other"), (AUTHORITIES, "/other"), ("https", "http")):
        with pytest.raises(HostError, match="Prometheus would use that for localhost:9091"):
            job.merged(seen(*config(text.replace(old, new))), given)


def down(text: str, error: str, data: dict[str, Any]) -> Look:
    """Return a look at a host whose target was down when it was scraped last."""
    said = {
        STATUS: status(),
        TARGETS: target(health="down", lastError=error),
    }
    return look(*loaded(text), *RUNNING, config=text, data=data, said=said)


DENIED = "server returned HTTP status 401 Unauthorized"


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
    finding = scrapes.target(down(WITH_LOGIN, DENIED, USER))
    assert (finding.state, finding.fix) == (State.WRONG, None)
    assert f"The job is right, but {PASSWORD} has another password, or" in finding.says


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


def test_the_lines_to_write_have_the_client_certificate() -> None:
    data = {**CLOSED, "pushgateway_cert_file": "/client.pem"}
    lines = lines_to_write(look(data=data), None) or ""
    assert "cert_file: /etc/pushgateway-lab/scrape.crt" in lines
    assert "key_file: /etc/pushgateway-lab/scrape.key" in lines
