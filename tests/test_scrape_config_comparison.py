"""A job in a file is compared with what Prometheus has loaded: by meaning, with the defaults written out."""

import pytest

from pushgateway_lab.scrape_config import ScrapeConfigError, differing_fields

FILE = """\
global:
  scrape_interval: 2s
scrape_configs:
  - job_name: pushgateway
    honor_labels: yes
    params: {a: [b, c]}
    bearer_token: abc
    proxy_url: http://u:pw@p:3128
    sample_limit: 256
    body_size_limit: 10MB
    tls_config: {insecure_skip_verify: yes, ca_file: ca.pem}
    file_sd_configs:
      - files: [a/*.yml]
    relabel_configs:
      - target_label: x
        replacement: ''
      - source_labels: [a]
        regex: "(.*)"
        action: keep
    metric_relabel_configs:
      - {source_labels: [__name__], regex: go_gc, action: Drop}
    static_configs:
      - targets: ['localhost:9091']
        labels: {env: 1, x: yes, y: null}
"""

# What Prometheus 2.42 and 3.5 show of it.
OLD = """\
global:
  scrape_interval: 2s
  scrape_timeout: 2s
  evaluation_interval: 1m
scrape_configs:
- job_name: pushgateway
  honor_labels: true
  honor_timestamps: true
  params:
    a:
    - b
    - c
  scrape_interval: 2s
  scrape_timeout: 2s
  metrics_path: /metrics
  scheme: http
  body_size_limit: 10MiB
  sample_limit: 256
  authorization:
    type: Bearer
    credentials: <secret>
  proxy_url: http://u:xxxxx@p:3128
  tls_config:
    ca_file: /etc/prometheus/ca.pem
    insecure_skip_verify: true
  follow_redirects: true
  enable_http2: true
  relabel_configs:
  - separator: ;
    regex: (.*)
    target_label: x
    action: replace
  - source_labels: [a]
    separator: ;
    regex: (.*)
    replacement: $1
    action: keep
  metric_relabel_configs:
  - source_labels: [__name__]
    separator: ;
    regex: go_gc
    replacement: $1
    action: drop
  file_sd_configs:
  - files:
    - /etc/prometheus/a/*.yml
    refresh_interval: 5m
  static_configs:
  - targets:
    - localhost:9091
    labels:
      env: "1"
      x: "yes"
      "y": ""
"""
PROTOCOLS = """\
  scrape_protocols:
  - OpenMetricsText1.0.0
  - PrometheusText0.0.4
"""
NEW = (
    OLD.replace("  evaluation", f"{PROTOCOLS}  evaluation")
    .replace("  metrics_path", f"{PROTOCOLS}  track_timestamps_staleness: false\n  metrics_path")
    .replace("  scheme: http", "  scheme: http\n  enable_compression: true")
    .replace("  authorization", "  metric_name_validation_scheme: utf8\n  authorization")
    .replace("    regex: (.*)\n    target_label: x", "    target_label: x")
)

PLAIN = """\
scrape_configs:
  - job_name: pushgateway
    honor_labels: true
    static_configs:
      - targets: ["localhost:9091"]
"""
SHOWN = """\
global:
  scrape_interval: 1m
  scrape_timeout: 10s
scrape_configs:
- job_name: pushgateway
  honor_labels: true
  honor_timestamps: true
  scrape_interval: 1m
  scrape_timeout: 10s
  metrics_path: /metrics
  scheme: http
  follow_redirects: true
  enable_http2: true
  static_configs:
  - targets:
    - localhost:9091
"""


def differing(text: str, loaded: str) -> tuple[str, ...]:
    return differing_fields(text, loaded, "pushgateway")


@pytest.mark.parametrize("loaded", [OLD, NEW])
def test_what_prometheus_shows_of_a_job_is_the_job(loaded: str) -> None:
    assert differing(FILE, loaded) == ()


@pytest.mark.parametrize("loaded", [OLD, NEW])
@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("yes\n    params", "no\n    params", "honor_labels"),
        ("[b, c]", "[b]", "params"),
        ("    params: {a: [b, c]}\n", "", "params"),
        ("    bearer_token: abc\n", "", "authorization"),
        ("u:pw@p", "u:pw@q", "proxy_url"),
        ("256", "257", "sample_limit"),
        ("    sample_limit: 256\n", "", "sample_limit"),
        ("10MB", "11MB", "body_size_limit"),
        ("skip_verify: yes", "skip_verify: no", "tls_config"),
        ("ca.pem", "cb.pem", "tls_config"),
        ("a/*.yml", "b/*.yml", "file_sd_configs"),
        ("replacement: ''", "replacement: a", "relabel_configs"),
        ("        replacement: ''\n", "", "relabel_configs"),
        ("action: keep", "action: drop", "relabel_configs"),
        ("go_gc", "go_.*", "metric_relabel_configs"),
        ("env: 1", "env: 2", "static_configs"),
        ("x: yes", "x: true", "static_configs"),
        ("labels: {env: 1, x: yes, y: null}", "", "static_configs"),
        ("'localhost:9091'", "'localhost:9091', 'b:1'", "static_configs"),
        ("  scrape_interval: 2s", "  scrape_interval: 3s", "scrape_interval"),
        ("    params", "    scrape_timeout: 1s\n    params", "scrape_timeout"),
        ("    params", "    honor_timestamps: false\n    params", "honor_timestamps"),
        ("    params", "    metrics_path: /m\n    params", "metrics_path"),
        ("    params", "    enable_http2: off\n    params", "enable_http2"),
    ],
)
def test_each_field_that_was_edited_is_named(loaded: str, old: str, new: str, field: str) -> None:
    text = FILE.replace(old, new, 1)
    assert text != FILE
    assert field in differing(text, loaded)


CLOSED = (
    PLAIN
    + """\
    scheme: https
    basic_auth: {username: 12, password_file: scrape}
    tls_config: {ca_file: /etc/ca.pem, server_name: web, min_version: TLS12}
"""
)
LOGIN = """\
  basic_auth:
    username: "12"
    password_file: /etc/prometheus/scrape
  tls_config:
    ca_file: /etc/ca.pem
    server_name: web
    insecure_skip_verify: false
    min_version: {min_version}
"""


@pytest.mark.parametrize("min_version", ["771", "TLS12"], ids=["2.42", "2.53 and 3.5"])
def test_what_prometheus_shows_of_a_login_and_tls_is_the_same(min_version: str) -> None:
    shown = SHOWN.replace("http\n", "https\n") + LOGIN.format(min_version=min_version)
    assert differing(CLOSED, shown) == ()
    for old, new, field in (
        ("TLS12", "TLS13", "tls_config"),
        ("web", "other", "tls_config"),
        (", min_version: TLS12", "", "tls_config"),
        ("12,", "13,", "basic_auth"),
        ("password_file: scrape", "password_file: other", "basic_auth"),
        ("password_file: scrape", "password: scrape", "basic_auth"),
        ("https", "http", "scheme"),
    ):
        assert differing(CLOSED.replace(old, new), shown) == (field,)


def test_a_token_as_prometheus_2_24_shows_it_is_the_same() -> None:
    text = f"{PLAIN}    bearer_token: abc\n"
    assert differing(text, f"{SHOWN}  bearer_token: <secret>\n") == ()
    assert differing(text, SHOWN) == ("bearer_token",)


@pytest.mark.parametrize(
    "edit",
    [
        "scrape_interval: 60s",
        "scrape_timeout: 10000ms",
        "metrics_path: '/metrics'",
        "scheme:",
        "honor_timestamps: on",
        "metric_relabel_configs: []",
        "sample_limit: 0",
        "basic_auth: {}",
    ],
)
def test_a_default_that_is_written_is_no_difference(edit: str) -> None:
    assert differing(f"{PLAIN}    {edit}\n", SHOWN) == ()


@pytest.mark.parametrize(
    ("shown", "field"),
    [
        ("metric_relabel_configs:\n  - {regex: a, action: drop}", "metric_relabel_configs"),
        ("params: {a: [b]}", "params"),
        ("label_limit: 1", "label_limit"),
        ("basic_auth: {username: a}", "basic_auth"),
        ("proxy_from_environment: true", "proxy_from_environment"),
        ("file_sd_configs:\n  - files: [a.yml]", "file_sd_configs"),
    ],
)
def test_what_was_taken_out_of_the_file_and_not_reloaded_is_named(shown: str, field: str) -> None:
    assert differing(PLAIN, f"{SHOWN}  {shown}\n") == (field,)


@pytest.mark.parametrize(
    ("general", "shown", "fields"),
    [
        ("scrape_interval: 5s", ("1m", "10s"), ("scrape_interval", "scrape_timeout")),
        ("scrape_interval: 5s", ("5s", "5s"), ()),
        ("scrape_interval: 1m", ("1m", "10s"), ()),
        ("scrape_timeout: 30s", ("1m", "30s"), ()),
        ("scrape_timeout: 30s", ("1m", "10s"), ("scrape_timeout",)),
        ("sample_limit: 5", ("1m", "10s"), ("sample_limit",)),
        ("{}", ("1m", "10s"), ()),
        ("", ("1m", "10s"), ()),
    ],
)
def test_the_defaults_of_the_file_itself_count(
    general: str, shown: tuple[str, str], fields: tuple[str, ...]
) -> None:
    interval, timeout = shown
    loaded = SHOWN.replace("interval: 1m", f"interval: {interval}").replace("10s", timeout)
    assert differing(f"global:\n  {general}\n{PLAIN}", loaded) == fields


def test_the_timeout_is_no_longer_than_the_interval_of_the_job() -> None:
    text = f"{PLAIN}    scrape_interval: 5s\n"
    assert differing(text, SHOWN.replace(" 1m", " 5s").replace("10s", "5s")) == ()
    assert differing(text, SHOWN.replace(" 1m", " 5s")) == ("scrape_timeout",)


def test_a_job_that_only_one_of_both_has_differs() -> None:
    assert differing(PLAIN, "scrape_configs: []") == ("job_name",)
    assert differing("scrape_configs: []", SHOWN) == ("job_name",)
    assert differing("{}", "{}") == ()


def test_an_error_in_the_file_is_raised_each_time() -> None:
    for _ in range(2):
        with pytest.raises(ScrapeConfigError, match="line 1"):
            differing("a: [", SHOWN)
