"""The events of a YAML text, as libyaml sees them, and its errors in an operator's words.

Prometheus' YAML parser was translated from libyaml, so both see the same structure.
"""

import re
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from pushgateway_lab.scrape_config.errors import ScrapeConfigError
from pushgateway_lab.scrape_config.limits import refuse_tag_directives
from pushgateway_lab.scrape_config.source import line_at, refuse_characters

T = TypeVar("T")

# A colon within a word: neither side of it is a blank or YAML's own punctuation.
_COLON_IN_WORD = re.compile(r"""(?<=[^\s,\[\]{}'"]):(?=\S)""")
_UNEXPECTED_COLON = "found unexpected ':'"
# What is mostly meant by such a colon: ``[localhost:9090`` or ``, localhost:9090``.
_UNQUOTED_PORT = re.compile(r"[\[,]\s*[\w.-]+:\d")

# Letters for private use (Unicode, section 23.5).
_PRIVATE_USE = range(0xE000, 0xF900)
_PRIVATE = re.compile("[\ue000-\uf8ff]")

# The marks of Jinja, Go, Helm and ERB templates where YAML has neither quotes nor a comment.
_TEMPLATE = re.compile(r"""^[^#'"\n]*(\{\{|\{%|<%)""", re.MULTILINE)


class Events(NamedTuple):
    """The events of one text.

    + next: returns the next event, and None after the last
    + colon: a character that stands for a colon in the events' values; empty when none does
    """

    next: Callable[[], Any]
    colon: str


def parse(text: str, build: Callable[[Events], T]) -> T:
    """Return what `build` makes of the events of a text that has no byte order mark.

    Raises ScrapeConfigError, with the line, for what is not YAML. `build` may be called twice:
    libyaml refuses one thing that Prometheus accepts, a colon within an unquoted word in flow
    style, ``[localhost:9090]``. Such a text is read with a letter in the place of these colons.
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
            errors.append(error.with_traceback(None))  # whose frames hold all that was built
            if not letter and errors[-1].problem != _UNEXPECTED_COLON:
                break
    raise _in_plain_words(text, errors)


def _unused_letter(text: str) -> str:
    """Return a letter for private use that the text does not have.

    Return nothing for a text that has them all.
    """
    used = set(_PRIVATE.findall(text))
    return next((letter for letter in map(chr, _PRIVATE_USE) if letter not in used), "")


def _events(text: str, colon: str) -> Events:
    from ruamel.yaml.cyaml import CParser  # type: ignore[attr-defined]

    readable = _COLON_IN_WORD.sub(colon, text) if colon else text
    return Events(CParser(readable).get_event, colon)


def _in_plain_words(text: str, errors: list[Any]) -> ScrapeConfigError:
    """Return the error for a text that could not be read in either way."""
    error = next((e for e in errors if e.problem != _UNEXPECTED_COLON), errors[0])
    index = error.problem_mark.index if error.problem_mark else len(text)
    if text.startswith("\t", index):
        reason = "not valid YAML: a tab in the place of blanks"
    elif error.problem == "did not find expected <document start>":
        reason = "this is outside of what is above (mind the indentation); Prometheus ignores it"
    else:
        problem = f"{error.context}, {error.problem}" if error.context else error.problem
        reason = f"not valid YAML: {problem}"
    return refusal(text, index, reason)


def refusal(text: str, index: int, reason: str) -> ScrapeConfigError:
    """Return the error for something unreadable at an index, which may be a template's doing."""
    line = line_at(text, index)
    template = _TEMPLATE.search(text)
    if template is None:
        return ScrapeConfigError(line, reason)
    reason = (
        f"{template.group(1)} looks like a template; render it first and use the result "
        f"(as it stands, line {line}: {reason})"
    )
    return ScrapeConfigError(line_at(text, template.start(1)), reason)
