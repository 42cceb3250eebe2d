"""The answers of both servers in a look: what is no answer of theirs costs no other."""

import gzip
import tracemalloc
import zlib
from base64 import b64encode

from looks import NOW, look, status
from pushgateway_lab.formats.answers import Sample, Series
from pushgateway_lab.lab import look as lab_look
from pushgateway_lab.lab.checks import judged
from pushgateway_lab.lab.tasks import (
    TASKS,
    queries_of,
)

TARGETS = "/api/v1/targets?state=active"


def answer_of(labels: dict[str, str]) -> dict[str, object]:
    return {"resultType": "vector", "result": [{"metric": labels, "value": [NOW, "1"]}]}


def test_an_answer_that_is_none_costs_no_other() -> None:
    """Another program may listen on a port and answer anything."""
    mark = "answered-1"
    bodies = ['{"data": [1]}', "<html>\nstatus 200\n</html>", "", '{"data": {"a": 2}}', "[]"]
    statuses = [200, 200, 404, 200, 200]
    told = "".join(
        f"{body}\n{mark} {status}\n" for body, status in zip(bodies, statuses, strict=True)
    )
    packed = b64encode(gzip.compress(told.encode())).decode()
    heard = lab_look._hear(["a", "b", "c", "d", "e", "f"], packed, mark)
    assert heard.said == {"a": [1], "d": {"a": 2}}
    assert list(heard.statuses.values()) == statuses
    assert heard.unread.keys() == {"b", "e"}
    assert lab_look._hear(["a"], "", mark) == ({}, {}, {})


def test_an_answer_of_another_program_is_no_mistake_of_a_check() -> None:
    """Each answer is parsed when it arrives, so the checks see parsed answers or None."""
    query = queries_of(TASKS)[0]
    path = lab_look.path_of(query)
    data = {
        "groups": [{"labels": 5}],
        "status": status(),
        TARGETS: {"activeTargets": [7]},
        "/api/v1/status/buildinfo": {"version": None},
        path: {"resultType": "vector", "result": [{"metric": {}, "value": "now"}]},
    }
    looked = look(said=data, all_read=False)
    assert looked.groups is None
    assert looked.pushgateway_status == status()
    assert (looked.targets, looked.says_targets) == ([], False)
    assert looked.prometheus_version is None
    assert looked.samples(query) is None
    assert looked.series(query) is None
    assert looked.unread.keys() == data.keys() - {"status"}
    assert looked.unread[path] == "expected a time and a value, not 'now'"
    found = [each.finding for task in TASKS for each in judged(task, looked).checks]
    assert not [each for each in found if "Correct the check" in each.says]


def test_a_result_is_samples_or_series_by_its_type() -> None:
    queries = {
        "up": answer_of({"a": "b"}),
        "up[1m]": {"resultType": "matrix", "result": [{"metric": {"a": "b"}, "values": []}]},
        "1": {"resultType": "scalar", "result": [NOW, "1"]},
    }
    looked = look(said={lab_look.path_of(query): data for query, data in queries.items()})
    found = {query: (looked.samples(query), looked.series(query)) for query in (*queries, "down")}
    assert found == {
        "up": ([Sample({"a": "b"}, "1")], []),
        "up[1m]": ([], [Series({"a": "b"}, ())]),
        "1": ([], []),
        "down": (None, None),
    }


def test_what_a_host_packs_is_unpacked_up_to_a_limit() -> None:
    """Two packed megabytes stand for two gigabytes."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(squeeze.compress(bytes(1 << 20)) for _ in range(2048)) + squeeze.flush()
    tracemalloc.start()
    heard = lab_look._hear(["a"], b64encode(bomb).decode(), "mark")
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 40_000_000
    assert heard.said == {}
    assert "more than 6000000 bytes" in heard.unread["a"]
