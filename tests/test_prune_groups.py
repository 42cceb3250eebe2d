"""The prune's program alone: the groups that it reads, and its check before each deletion."""

import argparse
import json
import time

import pytest

from gateways import TORTURE
from pushgateway_lab import installations, settings
from pushgateway_lab.facts import look_output
from pushgateway_lab.facts.snapshot_parser import parse_snapshot
from pushgateway_lab.formats import matchers
from pushgateway_lab.formats.durations import seconds_of
from pushgateway_lab.pruning.program import client, command, deletion, log

GOOD = [
    'job="backup"',
    '{job="backup"}',
    ' { job = "backup" , instance =~ "db.*" } ',
    'job!="a",instance!~"b|c"',
    'a="\\"}{,\\\\"',
    'a=""',
    '{"foo.bar"="x", "q\\"\\n"!~"y"}',
    'a=~"🔥\\\\d+"',
]
BAD = ["", "{}", '{"foo"}', '""="a"', '"a\nb"="c"', "job", "job=backup", "job='a'", 'job="a', 'job="a",', 'job="a" x', '{job="a"',
       'job=="a"', 'job=~"("', 'a-b="c"', 'a="\\d"', 'a="\n"']  # fmt: skip


@pytest.mark.parametrize("text", GOOD)
def test_what_the_settings_take_the_program_takes(text: str) -> None:
    assert matchers.parse_matchers(text)
    assert command.matchers(text)


@pytest.mark.parametrize("text", BAD)
def test_what_the_settings_refuse_the_program_refuses(text: str) -> None:
    with pytest.raises(ValueError, match="has "):
        matchers.parse_matchers(text)
    with pytest.raises(argparse.ArgumentTypeError):
        command.matchers(text)


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
    assert deletion.is_kept(key, [command.matchers(text)]) is kept
    assert deletion.is_kept(key, [command.matchers('job="x"'), command.matchers(text)]) is kept


@pytest.mark.parametrize("duration", ["24h", "1d12h", "500ms", "1y2w", "90m"])
def test_durations_are_those_of_prometheus(duration: str) -> None:
    assert command.seconds(duration) == seconds_of(duration)


@pytest.mark.parametrize("duration", ["", "0s", "24", "h", "-1h", "1.5h", "1 h"])
def test_wrong_durations_are_refused(duration: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        command.seconds(duration)


@pytest.mark.parametrize("value", [value for value in TORTURE.values() if value])
def test_its_log_has_one_line_for_each_group(value: str) -> None:
    assert len(log.shown_key((("job", value),)).split("\n")) == 1


@pytest.mark.parametrize(
    ("after", "is_needed"), [({}, False), ({"pushgateway_prune_after": "1h"}, True)]
)
def test_python_is_installed_where_it_is_needed(after: dict[str, str], is_needed: bool) -> None:
    bare = parse_snapshot(look_output.lines_of(["snapshot 5", "uid 0", "end"]))
    assert (
        "python3" in installations.missing_packages(bare, settings.parse_settings(after))
    ) is is_needed


class FakeGateway(client.Gateway):
    """Answers each look with the next list of groups, and records deletions."""

    def __init__(self, *looks: dict[str, float], good_for: float = 60) -> None:
        self.looks, self.good_for = list(looks), good_for
        self.deleted: list[str] = []

    def seconds_left(self) -> float:
        """Return the same time at each call."""
        return 60

    def look(self) -> client.Look:
        """Return the next list of groups; after the last one, that list without deleted groups."""
        now = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        pushes: client.Pushes = {
            (("job", job),): at for job, at in now.items() if job not in self.deleted
        }
        return client.Look(pushes, time.monotonic() + self.good_for)

    def delete(self, key: client.Key) -> None:
        """Record a deletion."""
        self.deleted.append(dict(key)["job"])


def _options(**changed: object) -> argparse.Namespace:
    return argparse.Namespace(**{"older_than": 60.0, "keep": [], "dry_run": False, **changed})


def test_the_oldest_goes_first_and_the_young_stay() -> None:
    now = time.time()
    gateway = FakeGateway({"old": now - 100, "older": now - 200, "young": now - 10, "never": 0.0})
    outcome = deletion.prune(gateway, _options())
    assert gateway.deleted == ["never", "older", "old"]
    assert (len(outcome.deleted), outcome.left, outcome.failed) == (3, 1, 0)


def test_a_group_pushed_between_look_and_deletion_stays() -> None:
    now = time.time()
    first = {"a": now - 200, "b": now - 100, "c": now - 90}
    gateway = FakeGateway(first, {**first, "b": now}, {"a": now - 200, "b": now}, good_for=-1)
    deletion.prune(gateway, _options())
    assert gateway.deleted == ["a"]


def test_a_clock_that_was_set_back_deletes_nothing() -> None:
    gateway = FakeGateway({"a": time.time() + 3600})
    assert deletion.prune(gateway, _options()).deleted == {}


def test_a_dry_run_deletes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    gateway = FakeGateway({"a": 1.0})
    assert deletion.prune(gateway, _options(dry_run=True)).left == 1
    assert gateway.deleted == []
    assert 'would delete {job="a"}' in capsys.readouterr().out


def test_two_groups_that_look_alike_are_as_young_as_the_younger() -> None:
    push = {"metrics": [{"labels": {"instance": "", "job": "a"}, "value": "5"}]}
    shadowed = {"labels": {"metrics": []}, "push_time_seconds": push}
    plain = {"labels": {"job": "a"}, "push_time_seconds": {"metrics": [{"value": "7"}]}}
    for groups in ([shadowed, plain], [plain, shadowed]):
        answer = json.dumps({"data": groups}).encode()
        assert client.last_pushes(answer) == {(("job", "a"),): 7.0}


def test_a_label_may_have_the_name_of_a_push_time() -> None:
    labels = {"job": "a", "push_time_seconds": "x", "z": "y"}
    group = {"labels": labels, "push_time_seconds": {"metrics": [{"value": "7"}]}}
    (key,) = client.last_pushes(json.dumps({"data": [group]}).encode())
    assert dict(key) == labels


GROUP = '{"labels": {"job": "a"}, "push_time_seconds": {"metrics": [{"value": "5"}]}}'


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "null",
        "[]",
        "5",
        "{}",
        '{"data": {}}',
        '{"data": 5}',
        '{"data": "text"}',
        '{"data": [null]}',
        '{"data": [[]]}',
        '{"data": ["text"]}',
        '{"data": [{}]}',
        GROUP.replace('{"job": "a"}', "null"),
        GROUP.replace('{"job": "a"}', '["job"]'),
        GROUP.replace('{"job": "a"}', "{}"),
        GROUP.replace('"job"', '"jop"'),
        GROUP.replace('"a"', "5"),
        GROUP.replace('"a"', "null"),
        GROUP.replace('"a"', "{}"),
        GROUP.replace('"a"', '["a"]'),
        GROUP.replace('"a"', '"\\ud800"'),
        GROUP.replace("[", "").replace("]", ""),
        GROUP.replace('{"value": "5"}', ""),
        *(GROUP.replace('"5"', value) for value in (
            '"nan"', '"-inf"', '"inf"', '"1e999"', "-1", "1e300", '"x"', "null", "[]", "9" * 5000)),
        GROUP + "," + GROUP.replace('"5"', "{}"),
        "[" * 100_000,
        '{"data": ' * 50_000,
    ],
    ids=lambda answer: answer[:60],
)  # fmt: skip
def test_what_is_no_list_of_groups_is_the_servers_fault(
    answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = client.Gateway("http://x", None, None)
    whole = answer if not answer.startswith('{"labels') else f'{{"data": [{answer}]}}'
    monkeypatch.setattr(gateway, "_request", lambda *_: whole.encode())
    with pytest.raises(client.GatewayError, match=r"http://x is no Pushgateway: "):
        gateway.look()


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("\x1b]52;c;aGk=\x07", r"\x1b]52;c;aGk=\x07"),
        ("\x9b31m", r"\x9b31m"),
        ("\u202eevil\u2028", r"\u202eevil\u2028"),
        ("\U000e0041", r"\U000e0041"),
        ("🔥", "🔥"),
    ],
)
def test_its_log_drives_no_terminal(
    value: str, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    log.say(log.shown_key((("job", value),)))
    assert capsys.readouterr().out == f'{{job="{shown}"}}\n'


def test_its_log_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    key = (("job", "x" * 3_000_000), *((f"l{number}", "y" * 150) for number in range(100)))
    log.say(f"deleted {log.shown_key(key)}")
    line = capsys.readouterr().out
    assert line.startswith('deleted {job="' + "x" * 200 + "… (2,999,800 more characters)")
    assert line.count("\n") == 1
    assert len(line) < 1100


def test_no_value_holds_up_a_regular_expression_or_keeps_its_group_by_that() -> None:
    hostile = {"a" * 40 + f"!{number}": 1.0 for number in range(200)}
    gateway = FakeGateway({**hostile, "old": 2.0, "aab": 3.0})
    started = time.monotonic()
    deletion.prune(gateway, _options(keep=[command.matchers('job=~"(a+)+b"')]))
    assert sorted(gateway.deleted) == sorted([*hostile, "old"])
    assert time.monotonic() - started < 5


def test_a_run_ends_in_time_while_it_matches(monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = FakeGateway({"a" * 10_000_000: 1.0})
    monkeypatch.setattr(gateway, "seconds_left", lambda: 0.05)
    started = time.monotonic()
    with pytest.raises(client.GatewayError, match="not done within 240 s"):
        deletion.prune(gateway, _options(keep=[command.matchers('job=~"(a+)+b"')]))
    assert time.monotonic() - started < 1
    assert gateway.deleted == []


def test_a_group_whose_labels_fit_into_no_request_does_not_stop_the_others(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gateway = client.Gateway("http://x", None, None)
    asked: list[str] = []
    monkeypatch.setattr(
        gateway, "_request", lambda method, path, *_: asked.append(f"{method} {path}")
    )
    pushes: client.Pushes = {(("job", "x" * 900_000),): 1.0, (("job", "b"),): 2.0}
    monkeypatch.setattr(gateway, "look", lambda: client.Look(pushes, time.monotonic() + 60))
    monkeypatch.setattr(deletion, "see_them_gone", lambda _, outcome: outcome)
    assert deletion.prune(gateway, _options()).failed == 1
    assert asked == ["DELETE /metrics/job@base64/Yg=="]
    assert "too long for a request" in capsys.readouterr().out


@pytest.mark.parametrize(
    "url", ["http://10.1.2.3:9091", "http://example.org", "http://[fe80::1]:9091"]
)
def test_a_password_goes_over_plain_http_to_loopback_only(url: str) -> None:
    with pytest.raises(client.GatewayError, match="neither https nor on loopback"):
        client.Gateway(url, "trainer", None)
