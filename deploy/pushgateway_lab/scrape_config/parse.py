"""The events of a YAML text from libyaml, and its errors in words for operators.

Prometheus's YAML parser was translated from libyaml, so both see the same structure.
"""

import re
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from pushgateway_lab.scrape_config.errors import ScrapeConfigError
from pushgateway_lab.scrape_config.limits import refuse_tag_directives
from pushgateway_lab.scrape_config.source import line_at, refuse_characters

T = TypeVar("T")

# A colon within a word: no blank and no punctuation of YAML on either side.
_COLON_IN_WORD = re.compile(r"""(?<=[^\s,\[\]{}'"]):(?=\S)""")
_UNEXPECTED_COLON = "found unexpected ':'"
# Most of these colons are in unquoted targets: ``[localhost:9090`` or ``, localhost:9090``.
_UNQUOTED_PORT = re.compile(r"[\[,]\s*[\w.-]+:\d")

# Characters for private use (Unicode, section 23.5).
_PRIVATE_USE = range(0xE000, 0xF900)
_PRIVATE = re.compile("[\ue000-\uf8ff]")

# Marks of Jinja, Go, Helm and ERB templates, outside of quotes and comments.
_TEMPLATE = re.compile(r"""^[^#'"\n]*(\{\{|\{%|<%)""", re.MULTILINE)


class Events(NamedTuple):
    """The events of one text.

    + next: returns the next event; None after the last
    + colon: the character that replaces colons in the events' values; empty if none is replaced
    """

    next: Callable[[], Any]
    colon: str


def parse(text: str, build: Callable[[Events], T]) -> T:
    """Return the result of `build` for the events of a text.

    libyaml refuses one form that Prometheus accepts: a colon within an unquoted word in flow style, as
    ``[localhost:9090]``. For a text with that form, the colons are replaced by an unused character.

    + text: without byte order mark
    + build: may be called twice

    Raises:
        ScrapeConfigError: the text is not YAML; with the line.
    """
    from ruamel.yaml.error import YAMLError

    refuse_characters(text)
    refuse_tag_directives(text.count("%TAG"))
    errors: list[Any] = []
    letters = ["", _unused_letter(text)]
    for letter in reversed(letters) if _UNQUOTED_PORT.search(text) else letters:
        try:
            return build(_events(text, letter))
        except YAMLError as error:
            errors.append(error.with_traceback(None))  # its frames would keep the tree in memory
            if not letter and errors[-1].problem != _UNEXPECTED_COLON:
                break
    raise _in_plain_words(text, errors)


def _unused_letter(text: str) -> str:
    """Return a character for private use that is not in the text; an empty text if all are in it."""
    used = set(_PRIVATE.findall(text))
    return next((letter for letter in map(chr, _PRIVATE_USE) if letter not in used), "")


def _events(text: str, colon: str) -> Events:
    from ruamel.yaml.cyaml import CParser  # type: ignore[attr-defined]

    readable = _COLON_IN_WORD.sub(colon, text) if colon else text
    return Events(CParser(readable).get_event, colon)


def _in_plain_words(text: str, errors: list[Any]) -> ScrapeConfigError:
    """Return the error for a text that libyaml refuses with and without its colons."""
    error = next((e for e in errors if e.problem != _UNEXPECTED_COLON), errors[0])
    index = error.problem_mark.index if error.problem_mark else len(text)
    if text.startswith("\t", index):
        reason = "not valid YAML: a tab instead of spaces"
    elif error.problem == "did not find expected <document start>":
        reason = "this is outside of the document above, and Prometheus ignores it; check the indentation"
    else:
        problem = f"{error.context}, {error.problem}" if error.context else error.problem
        reason = f"not valid YAML: {problem}"
    return refusal(text, index, reason)


def refusal(text: str, index: int, reason: str) -> ScrapeConfigError:
    """Return the error for an index; if the text looks like a template, the error says so."""
    line = line_at(text, index)
    template = _TEMPLATE.search(text)
    if template is None:
        return ScrapeConfigError(line, reason)
    reason = (
        f"{template.group(1)} looks like a template; render it first and use the result "
        f"(as it stands, line {line}: {reason})"
    )
    return ScrapeConfigError(line_at(text, template.start(1)), reason)
