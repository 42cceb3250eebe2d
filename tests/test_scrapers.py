"""Jobs that scrape the Pushgateway already: no second scrape, and no target in a job of another kind."""

import json
from typing import Any

import pytest

from pushgateway_lab.facts.snapshot import Snapshot
from pushgateway_lab.lab import written_job
from pushgateway_lab.prometheus import job, scrapers
from pushgateway_lab.run.host_error import HostError
from pushgateway_lab.settings import Settings
from snapshots import config, flags, listen, seen, settings

EVERYWHERE = flags('ARGS="--web.listen-address=:9091"\n')
NAMES = ("hostname vm01", "address 10.0.0.7", "hosts 127.0.1.1 vm01", "hosts 10.0.0.7 push")
GIVEN = settings()


def file(*jobs: str) -> str:
    return "scrape_configs:\n" + "".join(f"  - {{{each}}}\n" for each in jobs)


def scraping(name: str, *targets: str, more: str = "") -> str:
    written = ", ".join(f"'{each}'" for each in targets)
    return f"job_name: {name}, {more}static_configs: [{{targets: [{written}]}}]"


def active(*found: tuple[str, str], all_jobs: bool = True) -> str:
    targets = [
        {
            "scrapePool": name,
            "scrapeUrl": f"http://{address}/metrics",
            "health": "up",
            "lastError": "",
            "discoveredLabels": {"__address__": address},
        }
        for name, address in found
    ]
    word = "prometheus_all_targets" if all_jobs else "prometheus_targets"
    return f"{word} {json.dumps({'status': 'success', 'data': {'activeTargets': targets}})}"


def wants(text: str, *lines: str, given: Settings = GIVEN) -> Any:
    """Return the targets that the lab's job has in the file after a merge; None if the file stays as it is."""
    found: Snapshot = seen(*config(text), *NAMES, *lines)
    was, wanted = job.merged(found, given)
    return None if was == wanted else wanted.replace(was.rstrip("\n"), "")


@pytest.mark.parametrize(
    "target",
    [
        "localhost:9091",
        "127.0.0.1:9091",
        "vm01:9091",
        "VM01.example.org:9091",
        "10.0.0.7:9091",
        "push:9091",
    ],
)
def test_no_second_job_without_being_asked(target: str) -> None:
    text = file(scraping("node", "vm01:9100"), scraping("push_gateway", target))
    with pytest.raises(HostError) as error:
        wants(text, EVERYWHERE)
    for words in (
        f"The job push_gateway (line 3) already scrapes {target}",
        "To use that job, set pushgateway_job_name=push_gateway",
        "To have both, set pushgateway_job_name=pushgateway",
    ):
        assert words in str(error.value)
    # Who asks for it gets it, and is told.
    both = settings(pushgateway_job_name="pushgateway")
    assert "localhost:9091" in wants(text, EVERYWHERE, given=both)
    (note,) = job.notes(seen(*config(text), *NAMES, EVERYWHERE), both)
    assert f"The job push_gateway (line 3) also scrapes {target}" in note
    # The job is used as it is: no further target.
    used = settings(pushgateway_job_name="push_gateway")
    assert target in job.job(seen(*config(text), *NAMES, EVERYWHERE), used)["static_configs"][0][
        "targets"
    ] or (target == "127.0.0.1:9091")
    assert "9091', " not in (job.merged(seen(*config(text), *NAMES, EVERYWHERE), used)[1])


@pytest.mark.parametrize(
    "job_text",
    [
        scraping("a", "other:9091"),
        scraping("a", "localhost:9100"),
        scraping("a", "10.0.0.8:9091"),
        # The address of a blackbox exporter is in its relabelling.
        scraping("a", "localhost:9091", more="relabel_configs: [{target_label: x}], "),
    ],
)
def test_other_targets_are_no_second_scrape(job_text: str) -> None:
    assert "localhost:9091" in wants(file(job_text), EVERYWHERE)


def test_a_target_that_reaches_nothing_is_no_second_scrape() -> None:
    for target in ("vm01:9091", "10.0.0.7:9091"):
        assert "localhost:9091" in wants(file(scraping("a", target)))
        assert "localhost:9091" in wants(file(scraping("pushgateway", target)))


def test_discovered_targets_count() -> None:
    text = file("job_name: discovered, file_sd_configs: [{files: [a.yml]}]")
    with pytest.raises(
        HostError, match=r"The job discovered \(line 2\) already scrapes 127\.0\.0\.1:9091"
    ):
        wants(text, active(("discovered", "127.0.0.1:9091")))
    with pytest.raises(
        HostError, match=r"already scrapes"
    ):  # an older Prometheus reports all targets anyway
        wants(text, active(("discovered", "localhost:9091"), all_jobs=False))
    # A job that was removed, but is still loaded.
    assert wants(text, active(("gone", "localhost:9091")))
    included = text + "scrape_config_files: [jobs.yml]\n"
    with pytest.raises(
        HostError, match=r"The job gone \(in a file of scrape_config_files\).*remove it from its"
    ):
        wants(included, active(("gone", "localhost:9091")))


def test_a_job_that_discovers_its_target_gets_no_other() -> None:
    text = file("job_name: pushgateway, honor_labels: true, file_sd_configs: [{files: [a.yml]}]")
    assert wants(text, active(("pushgateway", "127.0.0.1:9091"), all_jobs=False)) is None
    assert wants(text, EVERYWHERE, active(("pushgateway", "vm01:9091"), all_jobs=False)) is None
    assert "localhost:9091" in wants(text, active(("pushgateway", "other:9091"), all_jobs=False))


def test_the_owners_name_for_the_host_stays() -> None:
    text = file(scraping("pushgateway", "vm01:9091", more="honor_labels: true, "))
    assert wants(text, EVERYWHERE) is None
    both = file(scraping("pushgateway", "vm01:9091", "localhost:9091", more="honor_labels: true, "))
    assert wants(both, EVERYWHERE) is None
    assert wants(both) is None


def test_a_name_that_would_not_reach_it_any_more_is_refused() -> None:
    text = file(scraping("pushgateway", "push:9091"))
    runs = (listen("0.0.0.0"), "pushgateway_socket socket:[5]")
    with pytest.raises(HostError) as error:
        wants(text, *runs)
    for words in (
        "scrapes push:9091, which is this host",
        "should listen on 127.0.0.1:9091 only",
        "Set pushgateway_listen_address=0.0.0.0:9091",
        "Or change that target to localhost:9091",
    ):
        assert words in str(error.value)
    assert "honor_labels" in wants(
        text, *runs, given=settings(pushgateway_listen_address="0.0.0.0:9091")
    )


@pytest.mark.parametrize(
    "more",
    [
        "scheme: https, ",
        "metrics_path: /pushgateway/metrics, ",
        "basic_auth: {username: a, password: b}, ",
        "authorization: {credentials: a}, ",
        "bearer_token_file: /x, ",
        "oauth2: {client_id: a}, ",
        "tls_config: {insecure_skip_verify: true}, ",
        "proxy_url: 'http://a:1', ",
    ],
)
def test_the_owners_job_gets_no_target_that_would_be_scraped_as_its_own(more: str) -> None:
    text = file(scraping("pushgateway", "pg.example.org:443", more=more))
    with pytest.raises(HostError) as error:
        wants(text)
    for words in (
        f"The job pushgateway (line 2) has {more.partition(':')[0]}. Prometheus would use that for localhost:9091",
        "set pushgateway_job_name=pushgateway_local",
        """set pushgateway_targets='["pg.example.org:443"]'""",
    ):
        assert words in str(error.value)
    own = wants(text, given=settings(pushgateway_job_name="pushgateway_local"))
    assert "pushgateway_local" in own
    theirs = settings(pushgateway_targets=["pg.example.org:443"])
    assert "honor_labels" in job.merged(seen(*config(text)), theirs)[1]
    # With the target, the job is its owner's decision.
    assert (
        "honor_labels"
        in job.merged(
            seen(*config(file(scraping("pushgateway", "localhost:9091", more=more)))), GIVEN
        )[1]
    )


def test_a_path_that_is_the_pushgateways_own_is_right() -> None:
    text = file(
        scraping(
            "pushgateway",
            "pg:1",
            more="metrics_path: /push/metrics, scheme: http, params: {a: [b]}, ",
        )
    )
    assert (
        "localhost:9091"
        in job.merged(
            seen(
                *config(text),
                flags('ARGS="--web.listen-address=127.0.0.1:9091 --web.route-prefix=/push"\n'),
            ),
            GIVEN,
        )[1]
    )


def test_a_file_that_cannot_be_read_has_no_job() -> None:
    for lines in ((), config("scrape_configs: {"), config("scrape_configs: 5")):
        assert written_job.written_job(seen(*lines), GIVEN) is None
        assert scrapers.targets(seen(*lines), GIVEN) == ("localhost:9091",)
