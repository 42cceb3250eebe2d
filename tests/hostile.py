"""Looks at hostile hosts: each field that a host or a pusher fills has any value of its type."""

import json
from dataclasses import replace
from typing import Any, cast

from hypothesis import strategies as st

from looks import CONFIG, NOW, look
from pushgateway_lab.facts.found import LoneProcess, UnitFile
from pushgateway_lab.facts.loaded_configuration import Loaded
from pushgateway_lab.facts.snapshot import ConfigFile
from pushgateway_lab.formats.sockets import Listener
from pushgateway_lab.lab.deletions import WIPES
from pushgateway_lab.lab.identity import BUILD_INFO
from pushgateway_lab.lab.look import (
    BUILD,
    GROUPS,
    STATUS,
    TARGETS,
    Disk,
    Look,
    Verdict,
    path_of,
)
from pushgateway_lab.lab.tasks import LABS_COMPLETED, SOME_METRIC
from pushgateway_lab.services import ServiceState
from pushgateway_lab.settings import Settings, parse_settings

_ATTACKS = (
    "",
    "abc",
    "'; touch /tmp/pwned; '",
    '$(touch /tmp/pwned)`touch /tmp/pwned`"',
    "-Hattacker",
    "a b",
    "\n",
    "line\nline\r\n",
    "\x1b]52;c;cm0gLXJmIH4=\x07",
    "\u202egnp.x",
    "\udcff\ud800",
    "NaN",
    "1e999",
    "x" * 5000,
    "\n" * 500,
    "http://[",
    "http://x/[1-500]{a,b}",
)
TEXT = st.sampled_from(_ATTACKS) | st.text(st.characters(exclude_categories=()), max_size=20)
TIME = st.sampled_from((0.0, NOW, NOW + 60, -1.0, 3.0e12, 1e308)) | st.floats()
METRICS = (LABS_COMPLETED.metric, SOME_METRIC.metric, "some_metrics_total", "x" * 3000)
LABELS = st.dictionaries(st.sampled_from(("job", "instance", "exported_job")) | TEXT, TEXT) | (
    st.sampled_from((LABS_COMPLETED.labels, SOME_METRIC.labels))
)
VALUE = st.sampled_from(("4", "42", "5", "abc", "", "NaN", "+Inf"))
STATES = st.sampled_from(("active", "inactive", "failed", "masked", "disabled", "enabled")) | TEXT


def _metric(labels: dict[str, str]) -> st.SearchStrategy[dict[str, Any]]:
    sample = st.fixed_dictionaries({"labels": st.just(labels) | LABELS, "value": VALUE})
    kind = st.sampled_from(("UNTYPED", "COUNTER", "GAUGE")) | TEXT
    return st.fixed_dictionaries({"type": kind, "metrics": st.lists(sample, max_size=3)})


@st.composite
def _group(draw: st.DrawFn) -> dict[str, Any]:
    labels = draw(LABELS)
    metrics = draw(st.dictionaries(st.sampled_from(METRICS) | TEXT, _metric(labels), max_size=4))
    times = ("push_time_seconds", "push_failure_time_seconds")
    at = {name: {"metrics": [{"value": repr(draw(TIME)), "labels": labels}]} for name in times}
    return {**metrics, "labels": labels, **at}


def _target() -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "scrapePool": st.just("pushgateway") | TEXT,
            "discoveredLabels": LABELS,
            "labels": LABELS,
            "scrapeUrl": st.just("http://localhost:9091/metrics") | TEXT,
            "health": st.sampled_from(("up", "down", "unknown")) | TEXT,
            "lastError": st.just("connection refused") | TEXT,
            "lastScrape": st.sampled_from(
                ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2027-01-15T07:59:55Z", "x")
            ),
        }
    )


def _matrix() -> st.SearchStrategy[dict[str, Any]]:
    values = st.lists(st.tuples(TIME, VALUE), max_size=3)
    series = st.fixed_dictionaries({"metric": LABELS, "values": values})
    return st.fixed_dictionaries(
        {"resultType": st.just("matrix"), "result": st.lists(series, max_size=3)}
    )


def _vector() -> st.SearchStrategy[dict[str, Any]]:
    sample = st.fixed_dictionaries({"metric": LABELS, "value": st.tuples(TIME, VALUE)})
    return st.fixed_dictionaries(
        {"resultType": st.just("vector"), "result": st.lists(sample, max_size=3)}
    )


def _said() -> st.SearchStrategy[dict[str, Any]]:
    flags = st.dictionaries(st.sampled_from(("web.enable-admin-api", "persistence.file")), TEXT)
    build = st.fixed_dictionaries({}, optional={"version": TEXT})
    return st.fixed_dictionaries(
        {},
        optional={
            GROUPS: st.lists(_group(), max_size=3),
            STATUS: st.fixed_dictionaries({"flags": flags, "build_information": build}),
            TARGETS: st.fixed_dictionaries({"activeTargets": st.lists(_target(), max_size=2)}),
            BUILD: build,
            path_of(BUILD_INFO): _vector(),
            path_of(WIPES): _vector(),
            path_of(LABS_COMPLETED.history): _matrix(),
            path_of(SOME_METRIC.history): _matrix(),
        },
    )


def _service(name: str) -> st.SearchStrategy[ServiceState]:
    return st.builds(
        ServiceState,
        name=st.just(name) | TEXT,
        state=STATES,
        exists=st.booleans(),
        runs=st.booleans(),
        is_active=st.booleans(),
        is_stopped=st.booleans(),
        has_failed=st.booleans(),
        is_masked=st.booleans(),
        is_disabled=st.booleans(),
        main_pid=st.just(7),
        command_line=st.just("") | TEXT | TEXT.map(lambda text: f"/x {text} $ARGS"),
        can_reload=st.booleans(),
    )


LONE = {server: LoneProcess(7, "0::/") for server in ("prometheus", "pushgateway")}
_UNIT_FILES = st.builds(UnitFile, TEXT, TEXT.map(lambda text: f"[Service]\nExecStart=/x {text}"))

_CONFIGS = (
    CONFIG,
    CONFIG.replace("localhost", "evil;id"),
    CONFIG.replace("honor_labels: true", f"scrape_interval: {'9' * 400}ms"),
    CONFIG.replace("honor_labels: true", f"scrape_interval: {'9' * 5000}y"),
    CONFIG.replace("pushgateway", "'Push-Gateway; touch /tmp/pwned'"),
    "{}",
    "root:$6$hash:19000:0:99999:7:::\nx:*:1\n",
)


def _settings() -> st.SearchStrategy[Settings]:
    return st.fixed_dictionaries(
        {},
        optional={
            "prometheus_config_path": st.sampled_from(("/etc/a b/x.yml", "/x'; id; '", "/$(id)")),
            "prometheus_unit": st.sampled_from(("prometheus.service", "a@b.service")),
            "pushgateway_username": st.sampled_from(("push er", "-x", "a';id;'")),
            "pushgateway_url": st.sampled_from(("http://vm:9091/x;id;", "https://vm/[1-5]$(id)")),
            "pushgateway_job_name": st.sampled_from(("a'b\"c;$(id)", "x" * 3000)),
            "lab_quote_files": st.booleans(),
            "lab_curl_options": st.sampled_from(((), ("--cacert", "a';id;'"), ("-u", "$(id)"))),
            "pushgateway_password_environment": st.sampled_from((None, "$(id)")),
        },
        # The validation of settings refuses some of these; the code under test must not depend on it.
    ).map(lambda fields: replace(parse_settings({}), **cast("dict[str, Any]", fields)))


@st.composite
def looks(draw: st.DrawFn) -> Look:
    """Return a look in which each field that a host fills is hostile and has the right type."""
    base = look(said=json.loads(json.dumps(draw(_said()))), all_read=False)
    names = ("prometheus.service", "prometheus-pushgateway.service")
    config = draw(st.none() | st.sampled_from(_CONFIGS) | TEXT)
    data = None if config is None else config.encode("utf-8", "surrogatepass")
    snapshot = base.snapshot._replace(
        os=draw(TEXT),
        prometheus=draw(_service(names[0])),
        pushgateway=draw(_service(names[1])),
        packages=draw(st.dictionaries(st.sampled_from(("prometheus",)), TEXT)),
        pushgateway_argv=draw(
            st.none()
            | TEXT.map(lambda text: ("x", f"--web.route-prefix=/{text}"))
            | TEXT.map(lambda text: ("x", f"--web.listen-address={text}:9091"))
            | TEXT.map(lambda text: ("x", f"--web.external-url={text}"))
        ),
        flags_text=draw(st.none() | TEXT.map(lambda text: f'ARGS="--web.listen-address={text}"')),
        flags_file=draw(st.none() | TEXT),
        unit_files=draw(st.just(()) | st.tuples(_UNIT_FILES)),
        lone=draw(st.sampled_from(({}, LONE))),
        listeners=draw(st.sampled_from(((), (Listener("127.0.0.1", 9091, "1"),)))),
        pushgateway_sockets=("1",),
        config_state=draw(st.sampled_from(("absent", "special", "unreadable")) | TEXT),
        config=None if data is None else ConfigFile(data, has_leftovers=False, changed_at=100),
        loaded=draw(
            st.none() | st.builds(Loaded, st.sampled_from(_CONFIGS) | TEXT, st.booleans(), TIME)
        ),
    )
    return replace(
        base,
        settings=draw(_settings()),
        snapshot=snapshot,
        now=draw(TIME),
        ahead=draw(TIME),
        began_at=draw(st.none() | TIME),
        verdict=draw(st.none() | st.builds(Verdict, st.booleans(), TEXT)),
        reload_error=draw(st.just("permission denied") | TEXT),
        disk=draw(st.none() | st.builds(Disk, st.integers(0), st.sampled_from((1, 10**400)))),
        gateway_status=draw(st.sampled_from((None, 200, 400, 401, 404))),
        gateway_error=draw(st.just("") | TEXT),
        logs={name.removesuffix(".service"): draw(TEXT) for name in names},
    )
