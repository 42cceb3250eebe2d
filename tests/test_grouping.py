"""Grouping keys as paths, compared with prometheus client_python and with the Pushgateway's parser."""

from base64 import urlsafe_b64decode
from collections.abc import Callable
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import delete_from_gateway

from gateways import LABEL_NAMES, TORTURE
from growth import is_linear
from pushgateway_lab.formats.grouping import (
    GroupingError,
    base64_path,
    decoded_name,
    group_path,
    held_path,
    is_ambiguous,
    parse_labels,
    written,
)


def read(path: str) -> dict[str, str]:
    """Return the labels of a path, parsed as in the Pushgateway (its README, "URL")."""
    segments = [unquote(segment) for segment in path.split("/")[1:]]
    labels = {}
    for name, value in zip(segments[::2], segments[1::2], strict=True):
        plain = name.removesuffix("@base64")
        stripped = value.rstrip("=")
        padded = stripped + "=" * (-len(stripped) % 4)
        labels[plain] = value if plain == name else urlsafe_b64decode(padded).decode()
    return labels


def client_path(labels: dict[str, str]) -> str:
    """Return the path that prometheus client_python uses for a group."""
    urls: list[str] = []

    def handler(url: str, **_: object) -> Callable[[], None]:
        urls.append(url)
        return lambda: None

    others = {name: value for name, value in labels.items() if name != "job"}
    delete_from_gateway("http://localhost:9091", labels["job"], others, handler=handler)
    return urlsplit(urls[0]).path.removeprefix("/metrics")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (name, value)
        for name in ("instance", "job")
        for value in TORTURE.values()
        if value or name != "job"
    ],
)
def test_every_value_is_what_client_python_would_send(name: str, value: str) -> None:
    labels = {"job": "backup", name: value}
    path = group_path(labels)
    assert read(path) == read(client_path(labels)) == labels
    # Letter for letter, but that client_python sends values with spaces as base64, too, and leaves
    # dots to be resolved on the way, which the Pushgateway then answers with a redirect.
    if " " not in value and value not in (".", ".."):
        assert path == client_path(labels)


@pytest.mark.parametrize("name", LABEL_NAMES)
def test_every_label_name_is_what_client_python_would_send(name: str) -> None:
    labels = {"job": "backup", name: "/", "z": "1"}
    assert group_path(labels) == client_path(labels)


@given(
    st.dictionaries(st.from_regex(r"[a-zA-Z][a-zA-Z0-9_]*", fullmatch=True), st.text(), max_size=4)
)
def test_no_label_is_lost_on_the_way(labels: dict[str, str]) -> None:
    labels["job"] = labels.get("job") or "j"
    assert read(group_path(labels)) == labels
    assert not any(segment in ("", ".", "..") for segment in group_path(labels).split("/")[1:])


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        ({}, "needs a job"),
        ({"job": ""}, "needs a job"),
        ({"instance": "a"}, "needs a job"),
        ({"job": "a", "1a": ""}, "'1a' is not a label name"),
        ({"job": "a", "": ""}, "'' is not a label name"),
        ({"job": "a", "a-b": ""}, "'a-b' is not a label name"),
        ({"job": "a", "__a": ""}, "'__a' is not a label name"),
        ({"job": "a", "a\n": ""}, "is not a label name"),
        ({"job": "a", "ä": ""}, "'ä' is not a label name"),
        ({"job": "a", "x@base64": ""}, "is not a label name"),
        ({"job": "a", "b": 7}, "label b is 7, not a text"),
        ({"job": "a", "b": None}, "label b is None"),
        ({"job": 7}, "label job is 7"),
        ({"job": "a", "b": "\ud800"}, "not valid Unicode"),
        ('{"job": "a"', "not JSON"),
        ('["job"]', "not a mapping"),
        (7, "not a mapping"),
    ],
)
def test_what_cannot_name_a_group_is_refused(labels: object, says: str) -> None:
    with pytest.raises(GroupingError, match=says):
        parse_labels(labels)


def test_labels_are_read_as_mapping_and_as_json() -> None:
    assert parse_labels('{"job": "007", "a": ""}') == {"job": "007", "a": ""}
    assert parse_labels({"job": "007"}) == {"job": "007"}


def test_labels_are_shown_as_prometheus_does() -> None:
    assert written({"a": 'x"\\\n', "job": "b"}) == '{job="b", a="x\\"\\\\\\n"}'


@pytest.mark.parametrize(
    "labels",
    [
        {"job": ["x" * 10**6]},
        {"job": "a", "x" * 10**6: 5},
        {"job": "a", "\x1b]52;c;\u202e": "b"},
        {"job": "a", "b": "\ud800" * 10**6},
        {"job": 10**10_000},
        "[" * 100_000,
        "x" * 10**6,
        ["x" * 10**6],
    ],
)
def test_what_is_wrong_is_shown_escaped_and_cut(labels: object) -> None:
    with pytest.raises(GroupingError) as error:
        parse_labels(labels)
    assert len(str(error.value)) < 300
    assert str(error.value).isprintable()


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("U__foo_2e_bar", "foo.bar"),
        ("U__foo__bar", "foo_bar"),
        ("U__ab", "ab"),
        ("U__", ""),
        ("U__a_1F600_", "a\U0001f600"),
        ("U__a_2e", "U__a_2e"),
        ("U__a_", "U__a_"),
        ("U__bad_zz_", "U__bad_zz_"),
        ("U__a_d800_", "U__a_d800_"),
        ("U__a_110000_", "U__a_110000_"),
        ("U__a_00000002e_", "U__a_00000002e_"),
        ("u__foo_2e_bar", "u__foo_2e_bar"),
        ("plain_name", "plain_name"),
    ],
)
def test_a_name_in_a_url_is_decoded_as_the_pushgateway_does(name: str, label: str) -> None:
    assert decoded_name(name) == label
    assert is_ambiguous({"job": "x", name: "v"}) == (name != label)


@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_the_path_of_a_held_group_names_exactly_that_group(name: str) -> None:
    labels = {"job": "x", name: "a/b"} if name != "job" else {"job": "a/b"}
    for path in (held_path(labels, decodes_names=True), base64_path(labels, decodes_names=True)):
        assert path.isascii()
        assert {decoded_name(each): value for each, value in read(path).items()} == labels


def test_a_pushgateway_that_decodes_no_names_gets_them_as_they_are() -> None:
    labels = {"job": "x", "U__foo_2e_bar": "v"}
    assert held_path(labels, decodes_names=False) == "/job/x/U__foo_2e_bar/v"
    assert held_path(labels, decodes_names=True) == "/job/x/U__U____foo__2e__bar/v"
    assert base64_path(labels, decodes_names=False) == "/job@base64/eA==/U__foo_2e_bar@base64/dg=="


@pytest.mark.parametrize(
    "labels",
    [{"x.y": "1"}, {"job": "a", "": "1"}, {"job": "a", "\ud800": "1"}, {"job": "a", "x.y": 1}],
)
def test_names_of_held_groups_may_be_any_text(labels: dict[str, object]) -> None:
    assert parse_labels({"job": "a", "x.y": "1"}, any_name=True) == {"job": "a", "x.y": "1"}
    with pytest.raises(GroupingError):
        parse_labels(labels, any_name=True)


def test_names_in_other_characters_are_shown_in_quotes() -> None:
    assert written({"job": "a", "x.y": "1", 'q"': "2"}) == '{job="a", "q\\""="2", "x.y"="1"}'


@pytest.mark.parametrize("piece", ["_2e_", "_2e", "_"])
def test_long_names_are_decoded_in_time(piece: str) -> None:
    small, large = ("U__" + piece * number + "_" for number in (100_000, 400_000))
    assert is_linear(lambda: decoded_name(small), lambda: decoded_name(large))
