"""Groups that a Pushgateway holds: listed, chosen by matchers, and deleted whatever their label names are.

The Pushgateways are those of Debian's packages, from the images of lab hosts; they run on this machine.
"""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from gateways import PACKAGES, labels_of
from labhost import Lab
from labhost.image import ensure_image
from pushgateway_lab.formats.grouping import written
from pushgateway_lab.http.api import Pushgateway
from pushgateway_lab.pruning.program import client
from waiting import wait_for, wait_for_value

REPOSITORY = Path(__file__).parents[1]

# Each name in a URL, and the label that it is with and without the flag --push.enable-utf8-names.
NAMES = {
    "U__foo_2e_bar": "foo.bar",
    "U__U____foo__2e__bar": "U__foo_2e_bar",
    "U__a_2f_b": "a/b",
    "U__a_1F600_": "a😀",
    "U___5f__5f_a": "__a",
    "U__bad_zz_": "U__bad_zz_",
    "plain": "plain",
}
DECODING, OLD = "forky, decoding names", "bookworm"


@pytest.fixture(scope="module", params=[DECODING, OLD])
def gateway(request: pytest.FixtureRequest, lab: Lab) -> Iterator[Pushgateway]:
    """A Pushgateway on this machine, with the admin API."""
    del lab  # a machine that cannot boot hosts cannot build images
    suite = request.param.partition(",")[0]
    program = ensure_image(suite, PACKAGES).lower_directories[0] / "usr/bin/prometheus-pushgateway"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    # Without its check, it accepts names that begin with two underscores.
    flags = ["--web.enable-admin-api", "--push.disable-consistency-check"]
    flags += ["--push.enable-utf8-names"] if request.param == DECODING else []
    with subprocess.Popen(
        [program, f"--web.listen-address={address}", *flags], stderr=subprocess.DEVNULL
    ) as process:
        made = Pushgateway(requests.Session(), f"http://{address}")
        wait_for(made.is_ready, "the Pushgateway answers")
        yield made
        process.terminate()


@pytest.fixture
def held(gateway: Pushgateway, request: pytest.FixtureRequest) -> list[dict[str, str]]:
    """The labels of the groups that it holds, one for each name."""
    gateway.wipe()
    for name in NAMES:
        url = f"{gateway.url}/metrics/job/x/{name}/v"
        assert requests.post(url, data="m 1\nn 2\n", timeout=10).ok
    decodes = request.node.callspec.params["gateway"] == DECODING
    expected = [{"job": "x", (NAMES[name] if decodes else name): "v"} for name in NAMES]
    wait_for_value(lambda: sorted(map(written, labels_of(gateway))), sorted(map(written, expected)))
    return expected


def run(gateway: Pushgateway, operation: str, *arguments: str) -> tuple[str, Any]:
    """Run an operation on this machine; return what it said, and its document if it has --json."""
    done = subprocess.run(
        [f"{sys.prefix}/bin/pyinfra", "@local", f"pushgateway_lab.groups.{operation}",
         f"url={gateway.url}", *arguments],
        cwd=REPOSITORY, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stderr, json.loads(done.stdout) if "--json" in arguments else None


def test_a_deletion_is_exact_for_every_name(
    gateway: Pushgateway, held: list[dict[str, str]]
) -> None:
    left = list(held)
    for labels in held:
        gateway.delete(labels)
        left.remove(labels)
        wait_for_value(lambda: len(gateway.groups()), len(left))
        assert sorted(map(written, labels_of(gateway))) == sorted(map(written, left))


def test_the_prune_deletes_exactly_as_well(
    gateway: Pushgateway, held: list[dict[str, str]]
) -> None:
    prune = client.Gateway(gateway.url, None, None)
    left = list(held)
    for labels in held:
        prune.delete(tuple(sorted(labels.items())))
        left.remove(labels)
        wait_for_value(lambda: len(gateway.groups()), len(left))
        assert sorted(map(written, labels_of(gateway))) == sorted(map(written, left))
    prune._connection.close()


def test_the_operations_list_and_delete_them(
    gateway: Pushgateway, held: list[dict[str, str]]
) -> None:
    said, document = run(gateway, "list", "-y", "--json")
    assert f"{len(held)} groups:" in said
    for labels in held:
        assert f"{written(labels)}  2 metrics, pushed 2" in said
    (listed,) = document["groups"].values()
    assert {written(each["labels"]) for each in listed} == set(map(written, held))
    assert listed[0]["metrics"] == ["m", "n"]

    # As in the URL, or as it is held.
    for name in ("U__foo_2e_bar", next(name for name in held[2] if name != "job")):
        run(gateway, "delete", "-y", f"labels={json.dumps({'job': 'x', name: 'v'})}")
    assert len(gateway.groups()) == len(held) - 2

    run(gateway, "wipe", "-y", "confirm=True")
    assert gateway.groups() == []
    said, _ = run(gateway, "list", "-y")
    assert "0 groups\n" in said


def test_matchers_choose_what_is_deleted_and_a_dry_run_names_it(gateway: Pushgateway) -> None:
    gateway.wipe()
    for labels in (
        {"job": "backup"},
        {"job": "backup", "instance": "db1"},
        {"job": "backup", "instance": "web"},
        {"job": "other"},
    ):
        gateway.push(labels, "m 1\n")
    said, _ = run(gateway, "delete", 'matchers=job="backup"', "--dry")
    assert "Would delete 3 groups:" in said
    assert '{job="backup", instance="db1"}' in said
    assert '{job="other"}' not in said
    assert len(gateway.groups()) == 4

    said, _ = run(gateway, "list", "-y", 'matchers=instance=~"db.*"')
    assert "1 group of 4:" in said
    run(gateway, "delete", "-y", 'matchers={job="backup", instance=~"db.*"}')
    assert len(gateway.groups()) == 3
    said, _ = run(gateway, "delete", "-y", 'matchers=job="backup"')
    assert "Deleted 2 groups:" in said
    assert labels_of(gateway) == [{"job": "other"}]
    said, _ = run(gateway, "delete", "-y", 'matchers=job="backup"')
    assert "There is no group that matches, so nothing was deleted" in said
