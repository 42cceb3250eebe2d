"""Find the line where a mistake in a YAML text begins; libyaml names the line where it noticed the mistake.

An unclosed quote, for example, is noticed where the next quote of the file ends it.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from types import MappingProxyType
from typing import Any, NamedTuple

from pushgateway_lab.scrape_config.errors import ScrapeConfigError
from pushgateway_lab.scrape_config.source import line_at, line_start
from pushgateway_lab.scrape_config.templates import refusal

_OUTSIDE = "did not find expected <document start>"
_NOT_OF_BRACKETS = ("start any token", "tab character", "escape", "directive", "alphabetic")
_INDENTATION = ("did not find expected key", "did not find expected '-' indicator")
_NO_MAPPING = "mapping values are not allowed in this context"

_NAMES = MappingProxyType({"'": "single quote", '"': "double quote", "[": "bracket", "{": "brace"})

_NO_COLON = "not valid YAML: a key without a colon and a blank behind it"

_FIRST_ON_LINE = re.compile(r"[ \t-]*")
_NO_BLANK_AFTER_DASH = re.compile(r"""[ \t]*(-)[A-Za-z_'"]""")
_CONTENT_LINE = re.compile(r"^( *)(?:(- +)*)[^ #\r\n]", re.MULTILINE)
_MOST_CHARACTERS = 20_000  # before a wrongly indented line, for the lines that it could belong to


class _Seen(NamedTuple):
    """The tokens before a mistake.

    + first: the start of the first one; None if there is none
    + brackets: the starts of the brackets that are open
    + scalar: the last scalar; None if there is none
    """

    first: int | None
    brackets: list[int]
    scalar: Any


class _Mistake(NamedTuple):
    """The start of a mistake, and the words for it."""

    start: int
    reason: str


def in_plain_words(text: str, readable: str, error: Any) -> ScrapeConfigError:
    """Return the error for a text that libyaml refuses, with the line in which the mistake begins.

    + readable: the text as libyaml got it, of the same length
    + error: libyaml's
    """
    noticed = error.problem_mark.index if error.problem_mark else len(text)
    found = _mistake(text, noticed, error, _tokens_before(readable, noticed))
    return refusal(text, found.start, found.reason, until=noticed)


def _tokens_before(text: str, end: int) -> _Seen:
    first, brackets, scalar = None, [], None
    for token in _tokens(text):
        name, start = type(token).__name__, token.start_mark.index
        if start >= end:
            break
        if name.startswith("Flow") and name.endswith("StartToken"):
            brackets.append(start)
        elif name.startswith("Flow") and name.endswith("EndToken") and brackets:
            brackets.pop()
        elif name == "ScalarToken":
            scalar = token
        if first is None and not name.startswith(("Stream", "Document", "Directive")):
            first = start
    return _Seen(first, brackets, scalar)


def _tokens(text: str) -> Iterator[Any]:
    from ruamel.yaml.cyaml import CParser  # type: ignore[attr-defined]
    from ruamel.yaml.error import YAMLError

    with suppress(YAMLError):
        yield from iter(CParser(text).get_token, None)


def _mistake(text: str, noticed: int, error: Any, seen: _Seen) -> _Mistake:
    problem, context = str(error.problem), str(error.context or "")
    words = f"{context}, {problem}" if context else problem
    if text.startswith("\t", noticed):
        return _Mistake(noticed, "not valid YAML: a tab instead of spaces")
    if problem == _OUTSIDE:
        return _outside(text, noticed, seen)
    if unclosed := _unclosed(text, noticed, error, seen):
        return unclosed
    if context == "while scanning a simple key":
        return _Mistake(error.context_mark.index, f"{_NO_COLON} ({words})")
    if problem == _NO_MAPPING and seen.scalar is not None:
        return _continued(text, noticed, seen.scalar)
    if problem in _INDENTATION and _is_first_on_line(text, noticed):
        words = f"{_indentation(text, noticed)} ({words})"
    return _Mistake(noticed, f"not valid YAML: {words}")


def _outside(text: str, noticed: int, seen: _Seen) -> _Mistake:
    """Return the mistake of a text that goes on after its document has ended."""
    own, first = _indent(text, noticed), _indent(text, seen.first or 0)
    if seen.first is not None and own < first:
        line = line_at(text, noticed)
        reason = (
            f"the indentation is wrong: this line is indented by {first} and line {line} by {own}, which is "
            "then outside of the document, and Prometheus ignores it"
        )
        return _Mistake(seen.first, reason)
    reason = (
        "this is outside of the document above, and Prometheus ignores it; check the indentation"
    )
    return _Mistake(noticed, reason)


def _unclosed(text: str, noticed: int, error: Any, seen: _Seen) -> _Mistake | None:
    """Return the mistake of a quote or a bracket that begins in a line above and is not closed."""
    line, problem = line_at(text, noticed), str(error.problem)
    if (quote := _open_quote(text, noticed, error, seen)) is not None:
        reason = f"a {_NAMES[text[quote]]} that begins here is not closed ({problem}, line {line})"
        return _Mistake(quote, f"not valid YAML: {reason}")
    bracket = seen.brackets[-1] if seen.brackets else noticed
    if line_at(text, bracket) == line or any(each in problem for each in _NOT_OF_BRACKETS):
        return None
    reason = f"a {_NAMES[text[bracket]]} that begins here is not closed before line {line}, or a comma is missing"
    return _Mistake(bracket, f"not valid YAML: {reason}")


def _open_quote(text: str, noticed: int, error: Any, seen: _Seen) -> int | None:
    """Return the start of a quote over several lines that ends where the mistake was noticed."""
    here = line_start(text, noticed)
    if "quoted scalar" in str(error.context):
        start: int = error.context_mark.index
        return start if line_start(text, start) < here or noticed >= len(text) else None
    token = seen.scalar
    if token is None or token.style not in {"'", '"'}:
        return None
    start, end = token.start_mark.index, token.end_mark.index
    return start if line_start(text, start) < line_start(text, end) == here else None


def _continued(text: str, noticed: int, scalar: Any) -> _Mistake:
    """Return the mistake of a scalar over several lines with a colon behind it.

    Its first line lacks a colon or a blank, or its second line is too deep.
    """
    start, line = scalar.start_mark.index, line_at(text, noticed)
    first = line_start(text, start)
    if first == line_start(text, noticed):
        return _Mistake(noticed, f"not valid YAML: {_NO_MAPPING}")
    if dash := _NO_BLANK_AFTER_DASH.match(text, first):
        reason = f"no blank behind the dash ({_NO_MAPPING}, line {line})"
        return _Mistake(dash.start(1), f"not valid YAML: {reason}")
    if _is_first_on_line(text, start):
        return _Mistake(start, f"{_NO_COLON} ({_NO_MAPPING}, line {line})")
    deeper = _CONTENT_LINE.search(text, text.find("\n", start) + 1)
    reason = f"the indentation is wrong: this line is deeper than the key above ({_NO_MAPPING})"
    return _Mistake(deeper.end() - 1 if deeper else noticed, f"not valid YAML: {reason}")


def _is_first_on_line(text: str, index: int) -> bool:
    start = line_start(text, index)
    found = _FIRST_ON_LINE.match(text, start, index)
    return found is not None and found.end() == index


def _indent(text: str, index: int) -> int:
    return index - line_start(text, index)


def _indentation(text: str, noticed: int) -> str:
    """Return words for the indentation of a line, and of the lines above that it could belong to."""
    own, start = _indent(text, noticed), line_start(text, noticed)
    above = _CONTENT_LINE.finditer(text, max(0, start - _MOST_CHARACTERS), start)
    columns: dict[int, int] = {}  # of dashes and keys, each with the start of its nearest line
    for found in reversed(list(above)):
        dash, key = len(found.group(1)), found.end() - 1 - found.start()
        if dash < min(columns, default=dash + 1):
            columns = {dash: found.start(), key: found.start()} | columns
    if own in columns:
        line = line_at(text, columns[own])
        return f"this line is indented by {own} like line {line}, but does not continue it: a dash or a key is wrong"
    nearest = sorted(sorted(columns, key=lambda column: abs(column - own))[:2])
    known = " or ".join(
        f"{column} (like line {line_at(text, columns[column])})" for column in nearest
    )
    return f"the indentation is wrong: this line is indented by {own}" + (
        f", and not by {known}" if known else ""
    )
