"""The scrape job of a Pushgateway with TLS or a password: its fields, who gets the password, what verify says."""

import json
from typing import Any

import pytest

from fixes import edited
from looks import CONFIG, NOW, RUNNING, TARGETS, loaded, look, status, target
from pushgateway_lab.facts.added import note_after
from pushgateway_lab.installations import web_files
from pushgateway_lab.lab import gateway, scrape_access, scrapes
from pushgateway_lab.lab.config_edits import lines_to_write
from pushgateway_lab.lab.jobs import job_in_file, wanted_job
from pushgateway_lab.lab.look import STATUS, Look
from pushgateway_lab.lab.results import Finding, State
from pushgateway_lab.prometheus import job
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.scrape_config import Login, merge_job
from pushgateway_lab.settings import parse_settings
from pushgateway_lab.web.server_certificate import names_of
from snapshots import BOTH, config, listen, seen, settings
from snapshots import loaded as file_loaded

PATH = "/etc/prometheus/prometheus.yml"
PASSWORD, AUTHORITIES = "/etc/pushgateway-lab/scrape-password", "/etc/pushgateway-lab/scrape-ca.pem"
USER = {"pushgateway_username": "trainer", "pushgateway_password_file": "/p"}
TLS = {"pushgateway_url": "https://127.0.0.1:9091"}
CLOSED = {**USER, **TLS, "pushgateway_ca_file": "/ca.pem"}
LOGIN = {"username": "trainer", "password_file": PASSWORD}
WITH_LOGIN = f"{CONFIG}    basic_auth: {{username: trainer, password_file: {PASSWORD}}}\n"
BY_ADDRESS = WITH_LOGIN.replace("localhost", "127.0.0.1")


LAB_CA = {"pushgateway_tls_lab_ca": True}
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


@pytest.mark.parametrize(
    ("host", "more", "name"),
    [
        ("vm01.example.org", {}, "vm01.example.org"),
        ("@local", {}, "local"),
        ("[fd00::7]", {}, "fd00::7"),
        ("@docker/debian:12", {}, None),
        ("vm01", BY_NAME, "vm01"),
        ("vm01", BY_NAME | {"pushgateway_targets": ["web:9091"]}, None),  # it is on another host
    ],
)
def test_prometheus_accepts_only_the_certificate_of_its_own_host(
    host: str, more: dict[str, Any], name: str | None
) -> None:
    given = parse_settings(LAB_CA | more, host=host)
    shown = seen("address 10.0.0.31", "hosts 10.0.0.32 web")
    tls = scrape_access.wanted_fields(shown, given)["tls_config"]
    assert tls == {"ca_file": AUTHORITIES} | ({"server_name": name} if name else {})
    assert name is None or name in names_of(given)


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


CERTIFICATE = {"pushgateway_cert_file": "/c"}
CERT, KEY = "/etc/pushgateway-lab/scrape.crt", "/etc/pushgateway-lab/scrape.key"


@pytest.mark.parametrize(
    ("before", "after", "gone", "kept"),
    [
        (
            LAB_CA,
            {"pushgateway_tls_cert_file": "/c", "pushgateway_tls_key_file": "/k", **TLS},
            [AUTHORITIES],
            ["server_name: 127.0.0.1"],
        ),
        (
            {"pushgateway_ca_file": "/ca", "pushgateway_url": "https://old:9091"},
            {"pushgateway_ca_file": "/ca", "pushgateway_tls_host_cert_file": "/c"}
            | {"pushgateway_tls_host_key_file": "/k"},
            ["server_name"],
            [AUTHORITIES],
        ),
        (CLOSED | CERTIFICATE, CLOSED, [CERT, KEY], [AUTHORITIES, "server_name", PASSWORD]),
        (TLS | CERTIFICATE, {}, ["tls_config", "https"], []),
        (TLS | CERTIFICATE, TLS, [CERT, KEY], ["server_name: 127.0.0.1", "https"]),
    ],
)
def test_parts_of_tls_config_with_files_of_this_toolkit_go_with_their_settings(
    before: dict[str, Any], after: dict[str, Any], gone: list[str], kept: list[str]
) -> None:
    for text in (CONFIG, f"{CONFIG}    tls_config: {{min_version: TLS12}}\n"):
        old = job.merged(seen(*config(text)), settings(**before))[1]
        assert all(each in old for each in gone)
        new = job.merged(seen(*config(old)), settings(**after))[1]
        own = "min_version: TLS12" in text
        assert not any(each in new for each in gone if not (own and each == "tls_config"))
        assert all(each in new for each in kept)
        assert ("min_version: TLS12" in new) is own
        assert job.merged(seen(*config(new)), settings(**after)) == (new, new)
        if not after:
            assert new == text


def test_the_scheme_is_this_toolkits_only_with_its_files_for_tls() -> None:
    https = f"{CONFIG}    scheme: https\n"
    password, tls = (
        f"web_mode prometheus:77:0:400 {path}" for path in (PASSWORD, web_files.WEB_CONFIG_TLS)
    )
    owned = f"{https}    tls_config: {{ca_file: /own}}\n"
    for text, line, goes in (
        (https, password, False),
        (owned, password, False),
        (https, tls, True),
        (owned, tls, False),
    ):
        after = job.merged(seen(*config(text), line), settings())[1]
        assert after == (CONFIG if goes else text)


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


DENIED = "server returned HTTP status 401 Unauthorized"


def refused(text: str, error: str = DENIED) -> tuple[str, ...]:
    """Return lines of a host whose Prometheus has loaded a file, and whose Pushgateway refuses it."""
    answer = {"status": "success", "data": target(health="down", lastError=error)}
    return (*BOTH, *file_loaded(text), f"prometheus_targets {json.dumps(answer)}")


OWN_LOGIN = "    basic_auth: {username: me, password_file: /other}\n"
OWN_TLS = "    tls_config: {ca_file: /own, min_version: TLS12}\n"
HOSTS = ("hosts 127.0.0.1 localhost", "hosts ::1 localhost", "hosts 127.0.0.1 one")
UNTRUSTED = "tls: failed to verify certificate: x509: certificate signed by unknown authority"
REFUSED = "dial tcp 127.0.0.1:4010: connect: connection refused"


@pytest.mark.parametrize(
    ("fields", "error", "kept", "new"),
    [
        (OWN_LOGIN + OWN_TLS, "", [OWN_LOGIN, OWN_TLS, "https"], []),
        (OWN_LOGIN + OWN_TLS, REFUSED, [OWN_LOGIN, OWN_TLS, "https"], []),
        (OWN_LOGIN, "", [OWN_LOGIN, "https"], [AUTHORITIES]),
        (OWN_TLS, "", [OWN_TLS, "https"], [PASSWORD]),
        (OWN_LOGIN + OWN_TLS, DENIED, [OWN_TLS], [PASSWORD]),
        (OWN_LOGIN + OWN_TLS, UNTRUSTED, [OWN_LOGIN, "TLS12"], [AUTHORITIES]),
        ("    basic_auth: {username: me, password: x}\n", "", [], [PASSWORD, AUTHORITIES]),
        ("    tls_config: {min_version: TLS12}\n", "", ["TLS12"], [PASSWORD, AUTHORITIES]),
    ],
)
def test_the_owners_password_and_certificates_stay_unless_they_are_refused(
    fields: str, error: str, kept: list[str], new: list[str]
) -> None:
    text, given = f"{CONFIG}{fields}", settings(**CLOSED)
    shown = seen(*config(text), *(refused(text, error) if error else ()))
    after = job.merged(shown, given)[1]
    assert [each for each in kept if each not in after] == []
    assert [each for each in (PASSWORD, AUTHORITIES) if each in after] == new
    again = seen(*config(after), *(refused(after, error) if error else ()))
    assert job.merged(again, given) == (after, after)
    # With the files of this toolkit on both sides, they change together.
    closed = settings(pushgateway_tls_lab_ca=True, pushgateway_basic_auth_users={"me": "/p"})
    assert PASSWORD in job.merged(shown, closed)[1]


def test_it_says_where_another_program_can_get_the_password() -> None:
    skips = f"{CONFIG}    tls_config: {{insecure_skip_verify: true}}\n"
    (note,) = job.notes(seen(*config(skips)), settings(**CLOSED))
    assert "job pushgateway (line 2) has insecure_skip_verify" in note
    assert list(job.notes(seen(*config(skips)), settings())) == []

    found = CONFIG.replace("static_configs:", "file_sd_configs:").replace("targets:", "files:")
    answer = {
        "status": "success",
        "data": target(discoveredLabels={"__address__": "localhost:9091"}),
    }
    lines = (*config(found), f"prometheus_targets {json.dumps(answer)}", *HOSTS)
    (note,) = job.notes(seen(*lines), settings(**USER))
    assert "(line 2) discovers localhost:9091," in note
    assert note.endswith("Let it discover 127.0.0.1:9091 instead.")
    for harmless in ({}, CLOSED):
        assert list(job.notes(seen(*lines), settings(**harmless))) == []
    own = (*config(found + OWN_LOGIN), *lines[len(config(found)) :])
    assert list(job.notes(seen(*own), settings(**USER))) == []


OTHERS = CONFIG.replace('"]', '", "other:9091"]')


def test_the_password_is_sent_to_no_other_target() -> None:
    given = settings(**USER)
    for text, lines in ((OTHERS, ()), (OTHERS + OWN_LOGIN, refused(OTHERS + OWN_LOGIN))):
        with pytest.raises(HostError) as error:
            job.merged(seen(*config(text), *lines), given)
        for words in ("(line 2) also scrapes other:9091.", "password there, too", "Move these"):
            assert words in str(error.value)
        assert job.merged(seen(*config(text)), settings())[1] == text
    assert job.merged(seen(*config(OTHERS + OWN_LOGIN)), given)[1] == OTHERS + OWN_LOGIN
    # Their owner has decided that already.
    text = BY_ADDRESS.replace('"]', '", "other:9091"]')
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


def test_the_lines_to_write_have_the_client_certificate() -> None:
    data = {**CLOSED, "pushgateway_cert_file": "/client.pem"}
    lines = lines_to_write(look(data=data), None) or ""
    assert "cert_file: /etc/pushgateway-lab/scrape.crt" in lines
    assert "key_file: /etc/pushgateway-lab/scrape.key" in lines


def with_target(target: str) -> str:
    return CONFIG.replace("localhost:9091", target)


AT_IPV6 = {"pushgateway_listen_address": "[::1]:9091"}


@pytest.mark.parametrize(
    ("given", "written", "scraped"),
    [
        (USER, "localhost:9091", "127.0.0.1:9091"),
        (USER, "[::]:9091", "127.0.0.1:9091"),
        (USER, "0.0.0.0:9091", "127.0.0.1:9091"),
        (USER, "localhost:9091 ", "127.0.0.1:9091"),
        (USER, "127.0.0.1:9091", "127.0.0.1:9091"),
        (USER | AT_IPV6, "localhost:9091", "[::1]:9091"),
        (USER | AT_IPV6, "[::1]:9091", "[::1]:9091"),
        # Nobody else can be there, or has the certificate; without a user there is no password.
        (USER, "one:9091", "one:9091"),
        (USER | TLS, "localhost:9091", "localhost:9091"),
        (USER | LAB_CA, "localhost:9091", "localhost:9091"),
        ({}, "localhost:9091", "localhost:9091"),
        ({}, "[::]:9091", "[::]:9091"),
        # Somebody wanted it.
        (USER | {"pushgateway_targets": ["localhost:9091"]}, "localhost:9091", "localhost:9091"),
    ],
)
def test_a_password_without_tls_goes_to_an_address_at_which_only_the_pushgateway_listens(
    given: dict[str, Any], written: str, scraped: str
) -> None:
    new = job.merged(seen(*config(with_target(written)), *HOSTS), settings(**given))[1]
    mine = job_in_file(look(config=new))
    assert mine is not None
    assert mine.targets == (scraped,)
    assert job.merged(seen(*config(new), *HOSTS), settings(**given)) == (new, new)


def test_without_a_job_the_target_is_the_address() -> None:
    for given, scraped in (
        (USER, "127.0.0.1:9091"),
        (USER | AT_IPV6, "[::1]:9091"),
        ({}, "localhost:9091"),
    ):
        wanted = job.job(seen(*HOSTS), settings(**given))
        assert wanted["static_configs"] == [{"targets": [scraped]}]


def test_a_corrected_target_of_the_owner_is_not_noted_as_added() -> None:
    old, new = job.merged(seen(*config(CONFIG), *HOSTS), settings(**USER))
    assert note_after(seen(), settings(**USER), old, new) == ""
    ours = note_after(seen(), settings(), "", CONFIG)
    noted = seen(*config(CONFIG), *HOSTS, f"added_targets {ours}")
    assert "=127.0.0.1:9091" in note_after(noted, settings(**USER), old, new)


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


def test_commands_with_a_password_have_the_address() -> None:
    assert gateway.url(look(*RUNNING, data=USER)) == "http://127.0.0.1:9091"
    assert gateway.url(look(*RUNNING)) == "http://localhost:9091"
