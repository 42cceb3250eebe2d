"""The program that prunes, by itself: what it reads, and that it looks before it deletes."""

import argparse
import importlib.util
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from gateways import TORTURE
from pushgateway_lab import matchers, packages, settings, snapshot
from pushgateway_lab.durations import seconds_of

PROGRAM = Path(__file__).parents[1] / "files" / "prune_groups.py"


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("prune_groups", PROGRAM)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


prune_groups: Any = _load()

GOOD = [
    'job="backup"',
    '{job="backup"}',
    ' { job = "backup" , instance =~ "db.*" } ',
    'job!="a",instance!~"b|c"',
    'a="\\"}{,\\\\"',
    'a=""',
    'a=~"🔥\\\\d+"',
]
BAD = ["", "{}", "job", "job=backup", "job='a'", 'job="a', 'job="a",', 'job="a" x', '{job="a"',
       'job=="a"', 'job=~"("', 'a-b="c"', 'a="\\d"', 'a="\n"']  # fmt: skip


@pytest.mark.parametrize("text", GOOD)
def test_what_the_settings_take_the_program_takes(text: str) -> None:
    assert matchers.parse(text)
    assert prune_groups.matchers(text)


@pytest.mark.parametrize("text", BAD)
def test_what_the_settings_refuse_the_program_refuses(text: str) -> None:
    with pytest.raises(ValueError, match="has "):
        matchers.parse(text)
    with pytest.raises(argparse.ArgumentTypeError):
        prune_groups.matchers(text)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ('job="backup"', True),
        ('job="back"', False),
        ('job=~"back"', False),
        ('job=~"back.*"', True),
        ('job!~"back"', True),
        ('job="backup",instance="db1"', True),
        ('job="backup",instance="db2"', False),
        ('missing=""', True),
        ('missing!=""', False),
        ('text=~"a.b"', True),
    ],
)
def test_matchers_match_as_prometheus_does(text: str, kept: bool) -> None:
    key = (("instance", "db1"), ("job", "backup"), ("text", "a\nb"))
    assert prune_groups.is_kept(key, [prune_groups.matchers(text)]) is kept
    assert (
        prune_groups.is_kept(key, [prune_groups.matchers('job="x"'), prune_groups.matchers(text)])
        is kept
    )


@pytest.mark.parametrize("duration", ["24h", "1d12h", "500ms", "1y2w", "90m"])
def test_durations_are_those_of_prometheus(duration: str) -> None:
    assert prune_groups.seconds(duration) == seconds_of(duration)


@pytest.mark.parametrize("duration", ["", "0s", "24", "h", "-1h", "1.5h", "1 h"])
def test_wrong_durations_are_refused(duration: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        prune_groups.seconds(duration)


@pytest.mark.parametrize("value", [value for value in TORTURE.values() if value])
def test_its_log_has_one_line_for_each_group(value: str) -> None:
    assert len(prune_groups.written((("job", value),)).split("\n")) == 1


@pytest.mark.parametrize(
    ("after", "is_needed"), [({}, False), ({"pushgateway_prune_after": "1h"}, True)]
)
def test_python_is_installed_where_it_is_needed(after: dict[str, str], is_needed: bool) -> None:
    bare = snapshot.parse(snapshot.lines_of(["snapshot 2", "uid 0", "end"]))
    assert ("python3" in packages.missing(bare, settings.parse(after))) is is_needed


class FakeGateway:
    """Answers each look with the next of some lists of groups, and remembers what was deleted."""

    def __init__(self, *looks: dict[str, float], good_for: float = 60) -> None:
        self.looks, self.good_for = list(looks), good_for
        self.deleted: list[str] = []

    def look(self) -> Any:
        """The next look; the last one for ever, without what was deleted."""
        now = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        pushes = {(("job", job),): at for job, at in now.items() if job not in self.deleted}
        return prune_groups.Look(pushes, time.monotonic() + self.good_for)

    def delete(self, key: tuple[tuple[str, str], ...]) -> None:
        """Remember."""
        self.deleted.append(dict(key)["job"])


def _options(**changed: object) -> argparse.Namespace:
    return argparse.Namespace(**{"older_than": 60.0, "keep": [], "dry_run": False, **changed})


def test_the_oldest_goes_first_and_the_young_stay() -> None:
    now = time.time()
    gateway = FakeGateway({"old": now - 100, "older": now - 200, "young": now - 10, "never": 0.0})
    outcome = prune_groups.prune(gateway, _options())
    assert gateway.deleted == ["never", "older", "old"]
    assert (len(outcome.deleted), outcome.left, outcome.failed) == (3, 1, 0)


def test_a_group_pushed_between_look_and_deletion_stays() -> None:
    now = time.time()
    first = {"a": now - 200, "b": now - 100, "c": now - 90}
    gateway = FakeGateway(first, {**first, "b": now}, {"a": now - 200, "b": now}, good_for=-1)
    prune_groups.prune(gateway, _options())
    assert gateway.deleted == ["a"]


def test_a_clock_that_was_set_back_deletes_nothing() -> None:
    gateway = FakeGateway({"a": time.time() + 3600})
    assert prune_groups.prune(gateway, _options()).deleted == {}


def test_a_dry_run_deletes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    gateway = FakeGateway({"a": 1.0})
    assert prune_groups.prune(gateway, _options(dry_run=True)).left == 1
    assert gateway.deleted == []
    assert 'would delete {job="a"}' in capsys.readouterr().out


def test_two_groups_that_look_alike_are_as_young_as_the_younger() -> None:
    gateway = prune_groups.Gateway("http://x", None, None)
    push = {"metrics": [{"labels": {"instance": "", "job": "a"}, "value": "5"}]}
    shadowed = {"labels": {"metrics": []}, "push_time_seconds": push}
    plain = {"labels": {"job": "a"}, "push_time_seconds": {"metrics": [{"value": "7"}]}}
    for groups in ([shadowed, plain], [plain, shadowed]):
        answer = prune_groups.json.dumps({"data": groups}).encode()
        gateway.request = lambda *_, answer=answer: answer
        assert gateway.look().pushes == {(("job", "a"),): 7.0}
