"""Label matchers: their results, and their time with any label."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from growth import is_linear
from pushgateway_lab.formats import matchers
from pushgateway_lab.formats.matchers import MOST_STATES, Pattern

ATOMS = st.sampled_from(
    ["a", "b", ".", "[ab]", "[^a]", r"\d", r"\.", "ä", "[a-c1]", r"[\w-]", "()", "\n"]
)
COUNTS = st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "{2,}", "{0}", "*?", "{0,2}?"])
EXPRESSIONS = st.recursive(
    ATOMS,
    lambda inner: (
        st.tuples(inner, inner).map("".join)
        | st.lists(inner, min_size=2, max_size=3).map(lambda ways: f"({'|'.join(ways)})")
        | st.tuples(inner, COUNTS).map(lambda both: f"(?:{both[0]}){both[1]}")
    ),
    max_leaves=6,
)  # fmt: skip


@given(EXPRESSIONS, st.lists(st.text("abc1.-ä\n", max_size=8), max_size=10), st.booleans())
def test_an_expression_matches_what_it_matches_in_python(
    expression: str, texts: list[str], ignores_case: bool
) -> None:
    before = "(?i)" if ignores_case else ""
    try:
        pattern = Pattern(before + expression)
    except ValueError as error:
        assert "larger than" in str(error)  # noqa: PT017 - with all counts written out, some are
        return
    flags = re.DOTALL | (re.ASCII if "\\" in expression else 0)
    for text in texts:
        expected = re.fullmatch(before + expression, text, flags) is not None
        assert pattern.matches(text) is expected, (expression, text)


@pytest.mark.parametrize(
    ("expression", "text", "expected"),
    [
        ("^db.*$", "db1", True),
        ("^a$|^b$", "b", True),
        ("a|", "", True),
        ("(?i)DB", "db", True),
        (r"\d", "\u0663", False),  # as in RE2
        (r"a\$", "a$", True),
        ("a.c", "a\nc", True),
        ("[]a]", "]", True),
    ],
)
def test_expressions_that_prometheus_takes(expression: str, text: str, expected: bool) -> None:
    assert Pattern(expression).matches(text) is expected


@pytest.mark.parametrize(
    "expression",
    [
        r"(a)\1", "a(?=b)", "(?<!a)b", "(?>a)", "a*+", "a**", "a{2}{3}", "a{3,2}", "*a", "a{", "(", ")", "a)", "[a",
        "[z-a]", r"\b", r"\x41", r"\pL", "a^b", "a$b", "(^a)", "(?P<x>a)", "(?m)a", "[[:alpha:]]", "[a--b]", "\\",
        "(a{99}){99}", "(){9999}" * 99, "(" * 200 + ")" * 200, "a" * (MOST_STATES + 1),
    ],
)  # fmt: skip
def test_what_others_have_is_refused_with_a_reason(expression: str) -> None:
    with pytest.raises(ValueError, match=r"\w") as error:
        Pattern(expression)
    assert not isinstance(error.value, re.error)
    assert len(str(error.value)) < 200
    quoted = expression.replace("\\", "\\\\")
    with pytest.raises(ValueError, match="not a regular expression"):
        matchers.parse_matchers(f'job=~"{quoted}"')


@pytest.mark.parametrize(
    "expression",
    [
        "(a+)+b",
        "(a|a)*b",
        "(a?){200}a{200}b",
        ".*.*.*.*.*b",
        "(.*)(.*)(.*)(.*)(.*)[XY]",
        "(a|aa)+b",
        "((a*)*)*b",
    ],
)
def test_no_label_takes_long(expression: str) -> None:
    pattern = Pattern(expression)

    def is_matched(size: int) -> bool:
        other = "".join(map(chr, range(0x100, 0x100 + size // 10)))
        return any(map(pattern.matches, ("a" * size, other)))

    assert not is_matched(100_000)
    assert is_linear(lambda: is_matched(25_000), lambda: is_matched(100_000))


def test_what_a_pattern_remembers_has_a_limit() -> None:
    pattern = Pattern("(.{200})*b")
    pattern.matches("".join(map(chr, range(1, 0xD000))) * 2)
    assert len(pattern._steps) * len(pattern._tests) <= matchers._MOST_REMEMBERED * 1.01


@pytest.mark.parametrize(
    ("text", "labels", "expected"),
    [
        ('job="backup"', {"job": "backup"}, True),
        ('{job="backup", instance=~"db.*"}', {"job": "backup", "instance": "db1"}, True),
        ('{job="backup", instance=~"db.*"}', {"job": "backup"}, False),
        ('missing=""', {}, True),
        ('missing!=""', {}, False),
        ('job!~"a|b"', {"job": "c"}, True),
        ('job=~"a\\nb"', {"job": "a\nb"}, True),
        ('job="\\"\\\\"', {"job": '"\\'}, True),
    ],
)
def test_matchers_match_as_in_prometheus(text: str, labels: dict[str, str], expected: bool) -> None:
    assert all(matcher.matches(labels) for matcher in matchers.parse_matchers(text)) is expected


def test_it_needs_nothing_but_python_to_run_on_a_host() -> None:
    program = "import matchers; print(matchers.parse_matchers('a=~\"b+\"')[0].matches({'a': 'bb'}))"
    command = [sys.executable, "-c", f"import sys; sys.path[:0] = ['.']; {program}"]
    here = Path(matchers.__file__).parent
    done = subprocess.run(
        [command[0], "-I", "-S", *command[1:]], cwd=here, capture_output=True, check=True
    )
    assert done.stdout == b"True\n"


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("ab**c", "two counts in a row: **"),
        ("a{3,2}", "a count from 3 to 2"),
        ("(?=a)b", "(?= is not supported here: use ( or (?:"),
        (r"a\b0123456789", r"'\\b01234567' is not supported here"),
        ("(a", "a ( has no )"),
        ("a)", "a ) has no ("),
        ("a" * 999, "it is larger than 1000 characters, with all counts written out"),
        ("a" * 1001, "it is longer than 1000 characters"),
        ("(" * 21 + "a" + ")" * 21, "more than 20 nested parentheses"),
    ],
)
def test_the_reason_names_the_place_or_the_limit(expression: str, reason: str) -> None:
    with pytest.raises(ValueError, match=r"\w") as refused:
        Pattern(expression)
    assert str(refused.value) == reason


@pytest.mark.parametrize("expression", ["a{998}", "(" * 20 + "a" + ")" * 20, "a{0}", "a{2,2}"])
def test_what_is_just_within_the_limits_is_taken(expression: str) -> None:
    assert Pattern(expression).matches("a" * 998) is (expression == "a{998}")


@pytest.mark.parametrize("text", ["", "a", 'a="b",', 'a="b" c="d"', '{a="b"', "x" * 61])
def test_what_is_no_matcher_is_shown_up_to_60_characters(text: str) -> None:
    with pytest.raises(ValueError, match="write 'job=") as refused:
        matchers.parse_matchers(text)
    assert str(refused.value).startswith(f"has {text[-60:]!r};")


def test_a_long_expression_is_shown_up_to_60_characters() -> None:
    with pytest.raises(ValueError, match="not a regular expression") as refused:
        matchers.parse_matchers(f'a=~"{"b" * 61}("')
    assert str(refused.value).startswith(f"has {'b' * 60!r}, which")


def test_selectors_and_names_in_quotes() -> None:
    dotted = matchers.parse_matchers(r'{"foo.bar"="x", "q\"\\"=~".*"}')
    assert [each.name for each in dotted] == ["foo.bar", 'q"\\']
    plain = matchers.parse_matchers('job="a"')
    assert matchers.matches_any([dotted, plain], {"foo.bar": "x"})
    assert matchers.matches_any([dotted, plain], {"job": "a"})
    assert not matchers.matches_any([dotted, plain], {"foo_bar": "x"})
    assert not matchers.matches_any([], {"job": "a"})
