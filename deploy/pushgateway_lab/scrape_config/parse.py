"""The events of a YAML text, as libyaml sees them, and its errors in an operator's words.

Prometheus' YAML parser was translated from libyaml, so both see the same structure.
"""

import re
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from pushgateway_lab.scrape_config.errors import ScrapeConfigError
from pushgateway_lab.scrape_config.source import line_at, refuse_unprintable

T = TypeVar("T")

# A colon within a word: neither side of it is a blank or YAML's own punctuation.
_COLON_IN_WORD = re.compile(r"""(?<=[^\s,\[\]{}'"]):(?=\S)""")

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
    the one thing libyaml refuses and Prometheus accepts is a colon within an unquoted word in flow
    style, ``[localhost:9090]``. For a second try a character that is an ordinary letter to libyaml
    takes the place of such colons.
    """
    from ruamel.yaml.cyaml import CBaseLoader  # noqa: PLC0415 - takes 0.1 s, and few runs need it
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415

    refuse_unprintable(text)
    try:
        return build(Events(CBaseLoader(text).get_event, ""))
    except YAMLError as error:
        refused = error
    if getattr(refused, "problem", None) == "found unexpected ':'":
        letter = next(c for c in map(chr, range(0xE000, 0xF900)) if c not in text)
        try:
            readable = _COLON_IN_WORD.sub(letter, text)
            return build(Events(CBaseLoader(readable).get_event, letter))
        except YAMLError:
            pass
    raise _in_plain_words(text, refused)


def _in_plain_words(text: str, error: Any) -> ScrapeConfigError:
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", str(error))
    context = getattr(error, "context", None)
    reason = "not valid YAML: " + (f"{context}, {problem}" if context else problem)
    return refusal(text, mark.index if mark else len(text), reason)


def refusal(text: str, index: int, reason: str) -> ScrapeConfigError:
    """Return the error for something unreadable at an index, which may be a template's doing."""
    line = line_at(text, index)
    template = _TEMPLATE.search(text)
    if template is None:
        return ScrapeConfigError(line, reason)
    reason = (
        f"{template.group(1)} looks like a template; render it first and use the result "
        f"(read as it stands, line {line} is {reason})"
    )
    return ScrapeConfigError(line_at(text, template.start(1)), reason)
