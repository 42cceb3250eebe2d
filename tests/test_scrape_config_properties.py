"""Random configurations of all shapes, checked with a second YAML parser.

`EXAMPLES=50000 pytest tests/test_scrape_config_properties.py` tries more of them.
"""

import os
from collections.abc import Iterable
from typing import Any, NamedTuple

import yaml
from hypothesis import event, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from pushgateway_lab.scrape_config import (
    ScrapeConfigError,
    find_jobs,
    merge_job,
    remove_job,
    same_target,
)
from scrape_configs.samples import CLOSED, JOB

wanted = st.sampled_from([JOB, CLOSED])
examples = settings(max_examples=int(os.environ.get("EXAMPLES", "500")), deadline=None)


Words = st.SearchStrategy[str]


class Hand(NamedTuple):
    """The style of one file."""

    dash_indent: int
    after_dash: str
    list_indent: int
    quote: str
    targets_in_brackets: bool
    blank_between_jobs: bool


hands = st.builds(
    Hand,
    dash_indent=st.sampled_from([0, 1, 2, 4]),
    after_dash=st.sampled_from([" ", " ", "   ", "\n"]),
    list_indent=st.sampled_from([0, 2, 4]),
    quote=st.sampled_from(["", "'", '"']),
    targets_in_brackets=st.booleans(),
    blank_between_jobs=st.booleans(),
)
names = st.sampled_from(["node", "prometheus", "a b", "blackbox-http", "x.y", "été", "job:1"])
targets = st.sampled_from(["localhost:9090", "node:9100", "10.0.0.1:80", "[::1]:9100", "host"])
gateways = st.sampled_from(
    ["localhost:9091", "127.0.0.1:9091", "[::1]:9091", "gateway:9091", "localhost:9091 ", " :9091"]
)
booleans = st.sampled_from(["true", "false", "yes", "no", "On", "off", "~", ""])
comments = st.sampled_from(
    [
        "# comment",
        "#",
        "# - job_name: pushgateway",
        "#   honor_labels: true # no",
        "#      - targets: ['a:1']",
        "#       more of it",
        "# '{{",
    ]
)
# Further fields of a job, as written.
fields = st.sampled_from(
    [
        ["scrape_interval: 15s"],
        ['metrics_path: "/metrics" # as usual'],
        ["scheme: http"],
        ["params:", "  module: [http_2xx, 'match[]', {a: b}]"],
        ["basic_auth:", "  username: 'me'", "  password: |", "    secret", "", "    more"],
        ["relabel_configs:", "- source_labels: [__address__]", "  regex: '(.*);(.*)'", "- {}"],
        ["basic_auth:", "  # who", "  username: me # no", "", '  password: "secret"'],
        ["basic_auth: { password: a, c: d }"],
        ["basic_auth:  # none"],
        [
            "tls_config:",
            "    server_name: web",
            "      # deeper",
            "    ca_file: |-",
            "      /etc/ca.pem",
        ],
        ["bearer_token: >-", "  folded", "  text"],
        ["body: |+", "  kept", ""],
        ["<<: *base"],
        ["<<: [*base, {scheme: https}]"],
        ["# a comment of its own"],
        [""],
    ]
)
sections = st.sampled_from(
    [
        "global:\n  scrape_interval: 15s # often\n",
        "rule_files:\n- 'a.yml'\n# - 'b.yml'\n",
        "rule_files:\n    - 'a.yml'\n",
        "alerting: {alertmanagers: []}\n",
        "alerting:\n  alertmanagers:\n  - static_configs:\n    - targets: ['a:1', b]\n\n\n",
        "remote_write: # none\n",
        "text: |\n  scrape_configs:\n    - job_name: pushgateway\n",
        "kept: |+\n  kept\n\n\n",
        "# only\n\n# comments\n",
    ]
)
BASE = "templates:\n- &base\n  honor_labels: false\n  tls_config: {}\n- &whole {job_name: whole}\n"


def written(text: str, quote: str) -> str:
    """Return a word in quotes, or without quotes if it needs none."""
    return text if not quote and text[0] not in "[ :" else (quote or "'") + text + (quote or "'")


def indented(lines: Iterable[str], indent: int) -> list[str]:
    return [" " * indent + line if line else line for line in lines]


@st.composite
def target_lists(draw: DrawFn, hand: Hand, words: Words) -> list[str]:
    found = [written(target, hand.quote) for target in draw(st.lists(words, max_size=3))]
    if found and not hand.targets_in_brackets:
        return ["targets:", *indented([f"- {target}" for target in found], hand.list_indent)]
    gap, comma = draw(st.sampled_from(["", " "])), draw(st.sampled_from(["", ","]))
    on_many_lines = draw(st.booleans())
    if found and on_many_lines:
        lines = [f"    {target},  # comment" for target in found]
        return ["targets: [", *lines[:-1], f"    {found[-1]}{comma}  # last", "  ]"]
    separator = draw(st.sampled_from([", ", ","]))
    return [f"targets: [{gap}{separator.join(found)}{comma if found else ''}{gap}]"]


@st.composite
def static_configs(draw: DrawFn, hand: Hand, words: Words) -> list[str]:
    kind = draw(st.sampled_from(["groups", "groups", "groups", "null", "empty"]))
    if kind != "groups":
        return ["static_configs:" + {"null": "  # none", "empty": " [ ]"}[kind]]
    lines = []
    for _ in range(draw(st.integers(1, 2))):
        group = draw(st.one_of(target_lists(hand, words), st.just(["targets:"])))
        labels = draw(st.sampled_from([[], [], ["labels:", "  env: lab"], ["labels: {env: lab}"]]))
        first, *rest = draw(st.sampled_from([group + labels, labels + group]))
        lines += [f"- {first}", *indented(rest, 2)]
    return ["static_configs:", *indented(lines, hand.list_indent)]


@st.composite
def jobs(draw: DrawFn, hand: Hand, name: str, words: Words) -> list[str]:
    """Draw a job's lines, without its dash."""
    why = draw(st.sampled_from(["", "", "  # why"]))
    parts = [[f"job_name: {written(name, hand.quote)}{why}"]]
    if draw(st.booleans()):
        parts.append([f"honor_labels: {draw(booleans)}{why}"])
    if draw(st.booleans()):
        parts.append(draw(static_configs(hand, words)))
    parts += draw(st.lists(fields, max_size=3, unique_by=lambda lines: lines[0].split(":")[0]))
    return [line for part in draw(st.permutations(parts)) for line in part]


def item(lines: list[str], after_dash: str) -> list[str]:
    if after_dash == "\n":
        return ["-", *indented(lines, 2)]
    first, *rest = lines
    return [f"-{after_dash}{first}", *indented(rest, 1 + len(after_dash))]


@st.composite
def between(draw: DrawFn, deepest: int) -> list[str]:
    """Draw the lines between two jobs: blank lines and comments at any indentation."""
    comment = st.builds(lambda text, indent: " " * indent + text, comments, st.integers(0, deepest))
    return draw(st.lists(st.one_of(comment, comment, st.just("")), max_size=2))


@st.composite
def block_lists(draw: DrawFn, own: tuple[str, ...]) -> str:
    """Draw a list of scrape configs with dashes; `own` are the names of jobs that it must have."""
    hand = draw(hands)
    others = draw(st.lists(names, unique=True, max_size=3))
    lines = [
        draw(
            st.sampled_from(["scrape_configs:", '"scrape_configs":  # all', "scrape_configs: &all"])
        )
    ]
    for position, name in enumerate(draw(st.permutations([*others, *own]))):
        lines += [""] if position and hand.blank_between_jobs else []
        lines += draw(between(8))
        job = draw(jobs(hand, name, gateways if name in own else targets))
        if name not in own and draw(st.integers(0, 5)) == 0:
            job = [draw(st.sampled_from(["*whole", "{job_name: flow, honor_labels: on}"]))]
        lines += indented(item(job, hand.after_dash), hand.dash_indent)
    return "\n".join([*lines, *draw(between(8)), ""])


@st.composite
def flow_lists(draw: DrawFn, own: tuple[str, ...]) -> str:
    """Draw a list of scrape configs in brackets, on one line or on many."""
    others = draw(st.lists(names, unique=True, max_size=2))
    found = []
    gap, separator = draw(st.sampled_from(["", " "])), draw(st.sampled_from([", ", ","]))
    for name in draw(st.permutations([*others, *own])):
        words = [written(target, "'") for target in draw(st.lists(gateways, max_size=2))]
        group = f"static_configs: [{{{gap}targets: [{separator.join(words)}]{gap}}}]"
        honor = f"honor_labels: {draw(booleans)}"
        parts = [[], [group], [honor, group], [group, honor]]
        entries = [f"job_name: '{name}'", *draw(st.sampled_from(parts))]
        found.append("{" + gap + separator.join(entries) + gap + "}")
    comma = draw(st.sampled_from(["", ","])) if found else ""
    if draw(st.booleans()):
        return f"scrape_configs: [{gap}{separator.join(found)}{comma}{gap}]\n"
    ends = [draw(st.sampled_from(["", "  # comment"])) for _ in found]
    commas = [","] * (len(found) - 1) + [comma]
    lines = [f"   {job}{comma}{end}" for job, comma, end in zip(found, commas, ends, strict=False)]
    return "\n".join(["scrape_configs: [", *lines, " ]", ""])


no_lists = st.sampled_from(
    [
        "",
        "scrape_configs:\n",
        "scrape_configs: # none\n  # - job_name: pushgateway\n\n# what follows\n",
        "scrape_configs: null  # none\n",
        "scrape_configs:\n  ~\n",
        "scrape_configs: []\n",
        "scrape_configs: [ # before this job was added, scrape_configs was null\n ]\n",
    ]
)


@st.composite
def configurations(draw: DrawFn, own: tuple[str, ...] = ()) -> str:
    """Draw a whole file; `own` are the names of jobs that it must have."""
    lists = [block_lists(own), block_lists(own), flow_lists(own)]
    scrape_configs = draw(st.one_of(*lists) if own else st.one_of(*lists, no_lists))
    others = draw(st.lists(sections, unique_by=lambda text: text.split(":")[0], max_size=3))
    between_sections = draw(st.sampled_from(["", "\n"]))
    text = BASE + between_sections.join(draw(st.permutations([scrape_configs, *others])))
    if "*" not in scrape_configs and draw(st.booleans()):
        text = text.removeprefix(BASE)
    text = draw(st.sampled_from(["", "", "---\n", "%YAML 1.1\n--- # start\n"])) + text
    ends = [
        "",
        "",
        "# the end\n",
        "...\n",
        "...\n# the end\n",
        "---\n",
        "--- # nothing\n...\n--- ~\n",
    ]
    has_document = any(line and line[0] not in "#%" for line in text.splitlines())
    text += draw(st.sampled_from(ends if has_document else ends[:3]))
    text = text.removesuffix(draw(st.sampled_from(["", "\n"])))
    text = text.replace("\n", draw(st.sampled_from(["\n", "\n", "\r\n"])))
    return draw(st.sampled_from(["", "", "\ufeff"])) + text


def data_of(text: str) -> dict[str, Any]:
    """Return the second parser's result as plain Python data."""
    documents = list(yaml.load_all(text.removeprefix("\ufeff"), Loader=yaml.SafeLoader))
    assert not any(documents[1:])
    return documents[0] or {} if documents else {}


def jobs_in(data: dict[str, Any]) -> list[dict[str, Any]]:
    return data.get("scrape_configs") or []


def without_jobs(data: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key != "scrape_configs"}


def others(data: dict[str, Any]) -> list[dict[str, Any]]:
    return [job for job in jobs_in(data) if job["job_name"] != "pushgateway"]


def has_all_of(text: str, original: str) -> bool:
    """Return whether the text has every character of the original, in the same order."""
    characters = iter(text)
    return all(character in characters for character in original)


@examples
@given(configurations(), wanted)
def test_an_absent_job_is_added_and_nothing_else_changes(text: str, job: dict[str, Any]) -> None:
    merged = merge_job(text, job)
    before, after = data_of(text), data_of(merged)
    assert without_jobs(after) == without_jobs(before)
    assert others(after) == jobs_in(before)
    assert [job for job in jobs_in(after) if job not in jobs_in(before)] == [job]
    assert has_all_of(merged, text)
    assert merge_job(merged, job) == merged
    assert remove_job(merged, "pushgateway") == text


@examples
@given(configurations(own=("pushgateway",)), wanted)
def test_a_present_job_is_repaired_and_nothing_else_changes(text: str, job: dict[str, Any]) -> None:
    try:
        merged = merge_job(text, job)
    except ScrapeConfigError as refused:
        event(refused.reason)
        is_rival = job is CLOSED and "not accept bearer_token beside" in refused.reason
        assert is_rival or "merge key" in refused.reason  # noqa: PT017 - only sometimes is it refused
        return
    before, after = data_of(text), data_of(merged)
    assert without_jobs(after) == without_jobs(before)
    assert others(after) == others(before)
    old, new = (
        next(j for j in jobs_in(d) if j["job_name"] == "pushgateway") for d in (before, after)
    )
    assert_repaired(old, new, job)
    assert merge_job(merged, job) == merged


def assert_repaired(old: dict[str, Any], new: dict[str, Any], job: dict[str, Any]) -> None:
    repaired = {*job}
    for name in repaired - {"static_configs"}:
        wanted = job[name]
        if isinstance(wanted, dict):
            kept = {k: v for k, v in (old.get(name) or {}).items() if k != "password"}
            wanted = kept | wanted
        assert new[name] == wanted
    assert {k: v for k, v in new.items() if k not in repaired} == {
        k: v for k, v in old.items() if k not in repaired
    }
    was, now = [(repaired_target(target), labels) for target, labels in scraped(old)], scraped(new)
    added = [each for each in now if each not in was]
    assert [each for each in now if each not in added] == was
    present = any(same_target("localhost:9091", target) for target, _ in was)
    assert added == ([] if present else [("localhost:9091", None)])


def repaired_target(target: str) -> str:
    return target.strip() if same_target("localhost:9091", target.strip()) else target


def scraped(job: dict[str, Any]) -> list[tuple[str, Any]]:
    groups = job.get("static_configs") or []
    return [(target, group.get("labels")) for group in groups for target in group["targets"] or []]


@examples
@given(configurations(own=("pushgateway",)))
def test_a_job_that_somebody_wrote_is_removed_and_nothing_else(text: str) -> None:
    removed = remove_job(text, "pushgateway")
    before, after = data_of(text), data_of(removed)
    assert without_jobs(after) == without_jobs(before)
    assert jobs_in(after) == others(before)
    assert has_all_of(text, removed)
    assert remove_job(removed, "pushgateway") == removed


@examples
@given(configurations(own=("pushgateway",)))
def test_jobs_are_found_as_the_second_parser_finds_them(text: str) -> None:
    found = find_jobs(text)
    expected = jobs_in(data_of(text))
    assert [job.name for job in found] == [job["job_name"] for job in expected]
    assert [list(job.targets) for job in found] == [[t for t, _ in scraped(j)] for j in expected]


@st.composite
def damaged(draw: DrawFn) -> str:
    """Draw a configuration in which a piece is replaced by characters that are special in YAML."""
    text = draw(configurations(own=draw(st.sampled_from([(), ("pushgateway",)]))))
    start = draw(st.integers(0, len(text)))
    end = draw(st.integers(start, min(start + 8, len(text))))
    odd = st.text(" \n\t-:[]{},#&*!|>'\"%@`~?<=.\0\r\x85\u2028\ufeff\x7fab", max_size=3)
    return text[:start] + draw(odd) + text[end:]


@examples
@given(damaged(), wanted)
def test_whatever_the_text_it_is_merged_and_restored_or_refused(
    text: str, job: dict[str, Any]
) -> None:
    try:
        merged = merge_job(text, job)
        present = "pushgateway" in {job.name for job in find_jobs(text)}
    except ScrapeConfigError as refused:
        event(refused.reason.partition(":")[0][:40])
        assert refused.line is None or refused.line >= 1  # noqa: PT017
        return
    assert merge_job(merged, job) == merged
    assert present or remove_job(merged, "pushgateway") == text
