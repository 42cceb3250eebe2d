"""The decision whether the smoke push is due."""

import pytest
from pyinfra.api.host import Host
from pyinfra.api.operation import OperationMeta

from pushgateway_lab.facts import proof
from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.settings import Settings
from pushgateway_lab.smoke import push
from snapshots import BOTH, argv, carry_out, host_in_run, loaded, seen, settings

CHANGED, UNCHANGED = (OperationMeta("x", is_change=is_change) for is_change in (True, False))

CONFIG = """\
global:
  scrape_interval: 15s
scrape_configs:
- job_name: node
  scrape_interval: 15s
- job_name: pushgateway
  honor_labels: true

  static_configs:
  - targets:
    - localhost:9091
- job_name: last
storage: {}
"""
LOOK = (*BOTH, argv("pushgateway", "--web.enable-admin-api"), *loaded(CONFIG))


def proven(*lines: str, **data: object) -> Snapshot:
    """Return a snapshot of a host with these lines, on which a proof of this state is noted."""
    found = seen(*lines)
    return found._replace(proven=proof.fingerprint(found, settings(**data)))


@pytest.mark.parametrize(
    ("smoke", "needs_none", "needs_none_if_proven"),
    [("auto", False, True), ("never", True, True), ("always", False, False)],
)
def test_an_unproven_host_needs_a_push_unless_none_is_wanted(
    smoke: str, *, needs_none: bool, needs_none_if_proven: bool
) -> None:
    given = settings(pushgateway_smoke=smoke)
    assert push.is_done(seen(*LOOK), given) == needs_none
    assert push.is_done(proven(*LOOK), given) == needs_none_if_proven
    assert push.is_done(seen(*LOOK, "proven 0123"), given) == needs_none


@pytest.mark.parametrize(
    "lines",
    [
        (*BOTH, argv("pushgateway"), *loaded(CONFIG)),
        (*BOTH, *loaded(CONFIG)),
        LOOK[: len(BOTH) + 1],
        *(
            (*LOOK[: len(BOTH) + 1], *loaded(CONFIG.replace(old, new)))
            for old, new in [
                ("localhost:9091", "localhost:9092"),
                ("honor_labels: true\n", "honor_labels: true\n  metrics_path: /x\n"),
                ("job_name: pushgateway", "job_name: other"),
            ]
        ),
    ],
)
def test_a_proof_is_of_one_state_of_the_job_and_of_the_pushgateway(lines: tuple[str, ...]) -> None:
    other = seen(*lines)
    assert not push.is_done(other._replace(proven=proven(*LOOK).proven), settings())
    assert push.is_done(proven(*lines), settings())


@pytest.mark.parametrize(
    "config",
    [
        CONFIG.replace("job_name: node", "job_name: nodes"),
        CONFIG.replace("job_name: last", "job_name: other"),
        CONFIG.replace("storage: {}\n", ""),
        CONFIG.replace("  scrape_interval: 15s\nscrape", "  scrape_interval: 1m\nscrape"),
    ],
)
def test_a_change_of_other_parts_of_the_configuration_needs_no_new_proof(config: str) -> None:
    other = seen(*LOOK[: len(BOTH) + 1], *loaded(config))
    assert push.is_done(other._replace(proven=proven(*LOOK).proven), settings())


@pytest.mark.parametrize(
    "data", [{"pushgateway_url": "http://10.0.0.1:9091"}, {"prometheus_url": "http://[::1]:9090"}]
)
def test_a_proof_is_of_one_pair_of_servers(data: dict[str, str]) -> None:
    assert not push.is_done(proven(*LOOK), settings(**data))


@pytest.mark.parametrize(
    ("smoke", "after", "is_due", "is_due_if_proven"),
    [
        ("auto", [], True, False),
        ("auto", [UNCHANGED, UNCHANGED], True, False),
        ("auto", [UNCHANGED, CHANGED], True, True),
        ("auto", [CHANGED, UNCHANGED], True, True),
        ("always", [], True, True),
        ("always", [UNCHANGED], True, True),
        ("always", [CHANGED], True, True),
        ("never", [], False, False),
        ("never", [CHANGED], False, False),
    ],
)
def test_it_is_pushed_after_a_change_or_always_or_if_unproven(
    monkeypatch: pytest.MonkeyPatch,
    smoke: str,
    after: list[OperationMeta],
    *,
    is_due: bool,
    is_due_if_proven: bool,
) -> None:
    pushed: list[tuple[str, Settings]] = []

    def prove(host: Host, given: Settings) -> None:
        pushed.append((host.name, given))

    monkeypatch.setattr("pushgateway_lab.smoke.proof.prove", prove)
    given = settings(pushgateway_smoke=smoke)
    for looked, expected in ((seen(*LOOK), is_due), (proven(*LOOK), is_due_if_proven)):
        pushed.clear()
        monkeypatch.setattr(push, "snapshot_of", lambda *_, looked=looked: looked)
        with host_in_run() as host:
            commands = list(push.push._inner(settings=given, after=after))
            assert pushed == []
            assert carry_out(host, iter(commands))
        assert pushed == ([("a", given)] if expected else [])
        assert len(commands) == expected
