"""The password and the certificates of a job's owner: when they stay, and who else gets a password."""

import json

import pytest

from closed_jobs import AUTHORITIES, BY_ADDRESS, CLOSED, DENIED, HOSTS, PASSWORD, USER, refused
from looks import CONFIG, target
from pushgateway_lab.prometheus import job
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.scrape_config import merge_job
from snapshots import config, seen, settings

OWN_LOGIN = "    basic_auth: {username: me, password_file: /other}\n"
OWN_TLS = "    tls_config: {ca_file: /own, min_version: TLS12}\n"
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


def test_a_server_name_alone_is_not_of_the_owner() -> None:
    old, new = (settings(pushgateway_url=f"https://{name}:9091") for name in ("old", "new"))
    text = job.merged(seen(*config(CONFIG)), old)[1]
    assert "server_name: old" in text
    assert job.merged(seen(*config(text)), new)[1] == text.replace("name: old", "name: new")


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
