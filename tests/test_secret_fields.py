"""Configuration files for display: passwords are masked, and the rest is shown. Without hosts."""

import pytest

from local_hosts import local_host
from pushgateway_lab.formats.secret_fields import masked
from pushgateway_lab.host import transaction
from pushgateway_lab.scrape_config import merge_job
from scrape_configs.samples import CLOSED


@pytest.mark.parametrize(
    "text",
    [
        "password: hunter2",
        "  - password: hunter2  # old",
        "'password': 'hunter2'",
        '{"password":"hunter2"}',
        "basic_auth: {username: me, password: hunter2}",
        "# basic_auth: {username: me, password: hunter2}",
        "#   password: hunter2",
        "bearer_token: hunter2",
        "authorization: {type: Bearer, credentials: hunter2}",
        "  Authorization: Bearer hunter2",
        "client_secret: hunter2",
        "secret_key: hunter2",
        "application_credential_secret: hunter2",
        "password: |\n  hunter2\n\n  hunter2",
        "- password: >-\n    hunter2",
        "password:\n  hunter2",
        "secrets:\n- hunter2\n- hunter2",
        'basic_auth: {\n  username: me, password: "x\n  hunter2" }',
        "key: |\n  -----BEGIN\n  hunter2",
        "PROXY_PASSWORD=hunter2",
        'ARGS="--x.password=hunter2"',
        "url: https://me:hunter2@example.org/write",
    ],
)
def test_a_secret_is_masked(text: str) -> None:
    shown = masked(text)
    assert "hunter2" not in "\n".join(shown)
    assert len(shown) == len(text.splitlines())
    assert "***" in "\n".join(shown)


@pytest.mark.parametrize(
    "text",
    [
        "password_file: /etc/scrape",
        "credentials_file: x\nkey_file: y\nclient_secret_file: z",
        "authorization:\n  type: Bearer\n  credentials_file: x",
        "source_labels: [password]\nregex: token",
        "- targets: ['localhost:9091']  # of the password's host",
        "url: http://example.org/@me",
        'ARGS="--web.listen-address=:9090 --web.enable-admin-api"',
    ],
)
def test_other_text_is_shown(text: str) -> None:
    assert masked(text) == text.splitlines()


def test_the_fields_after_a_secret_are_shown() -> None:
    text = "- password: |\n    hunter2\n  username: me\njobs:\n- secret_key:\n  region: x"
    assert masked(text) == [
        "- password: ***",
        "    ***",
        "  username: me",
        "jobs:",
        "- secret_key:",
        "  region: x",
    ]


LOGIN = """\
scrape_configs:
  - job_name: pushgateway
    honor_labels: true
    basic_auth:
      username: trainer
      password: hunter2
    static_configs:
      - targets: ['localhost:9091']
"""


def test_the_difference_has_no_password() -> None:
    said: list[str] = []
    with local_host() as host:
        host.state.config.DIFF = True
        host.log_styled = lambda line, **_: said.append(line)  # type: ignore[method-assign]
        transaction.show_diff(host, "/etc/prometheus.yml", LOGIN, merge_job(LOGIN, CLOSED))
        transaction.show_diff(host, "/etc/x", "a\n", "")
        transaction.show_diff(host, "/etc/x", "password: a\n", "password: b\n")
    shown = "\n".join(said)
    assert "hunter2" not in shown
    assert "  -       password: ***\n" in shown
    assert "+       password_file: /etc/scrape" in shown
    assert "Will change /etc/x:\n  @@ -1 +0,0 @@\n  - a" in shown
    assert shown.endswith("  @@ -1 +1 @@\n  - password: ***\n  + password: ***")
