"""The events of a YAML text from libyaml.

Prometheus's YAML parser was translated from libyaml, so both see the same structure.
"""

import re
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from pushgateway_lab.scrape_config.limits import refuse_tag_directives
from pushgateway_lab.scrape_config.mistakes import in_plain_words
from pushgateway_lab.scrape_config.source import refuse_characters

T = TypeVar("T")

# A colon within a word: no blank and no punctuation of YAML on either side.
_COLON_IN_WORD = re.compile(r"""(?<=[^\s,\[\]{}'"]):(?=\S)""")
_UNEXPECTED_COLON = "found unexpected ':'"
# Most of these colons are in unquoted targets: ``[localhost:9090`` or ``, localhost:9090``.
_UNQUOTED_PORT = re.compile(r"[\[,]\s*[\w.-]+:\d")

# Characters for private use (Unicode, section 23.5).
_PRIVATE_USE = range(0xE000, 0xF900)
_PRIVATE = re.compile("[\ue000-\uf8ff]")


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
    errors: list[tuple[str, Any]] = []
    letters = ["", _unused_letter(text)]
    for letter in reversed(letters) if _UNQUOTED_PORT.search(text) else letters:
        try:
            return build(_events(text, letter))
        except YAMLError as error:
            # its frames would keep the tree in memory
            errors.append((_readable(text, letter), error.with_traceback(None)))
            if not letter and errors[-1][1].problem != _UNEXPECTED_COLON:
                break
    # The error of the text with its colons, or without them.
    others = (each for each in errors if each[1].problem != _UNEXPECTED_COLON)
    raise in_plain_words(text, *next(others, errors[0]))


def _unused_letter(text: str) -> str:
    """Return a character for private use that is not in the text; an empty text if all are in it."""
    used = set(_PRIVATE.findall(text))
    return next((letter for letter in map(chr, _PRIVATE_USE) if letter not in used), "")


def _events(text: str, colon: str) -> Events:
    from ruamel.yaml.cyaml import CParser  # type: ignore[attr-defined]

    return Events(CParser(_readable(text, colon)).get_event, colon)


def _readable(text: str, colon: str) -> str:
    """Return the text with a character in place of the colons within words; itself for none."""
    return _COLON_IN_WORD.sub(colon, text) if colon else text
