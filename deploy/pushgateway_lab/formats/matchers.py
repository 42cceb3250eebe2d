r"""Label matchers, as in ``{job="backup", instance=~"db.*"}``: parse them and apply them to labels.

The grammar is PromQL's, with values in double quotes (and names that are no plain ones), and the escapes ``\\``, ``\"`` and ``\n``.

Everybody who may push chooses the texts that a regular expression is matched with. Python's ``re``
backtracks: ``(a+)+b`` takes years for forty letters. As in Prometheus (RE2), the time here is linear in the
text: each character is read once. Expressions that need backtracking, as ``\1`` and ``(?=``, are refused.

Python 3.9 and its standard library, because the prune's program on the hosts uses this module.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Callable, NamedTuple, Union

_MATCHER = re.compile(
    r'[ \t]*([a-zA-Z_][a-zA-Z0-9_]*|"(?:[^"\\\n]|\\["\\n])+")[ \t]*(=~|!~|!=|=)[ \t]*'
    r'"((?:[^"\\\n]|\\["\\n])*)"[ \t]*(,|$)'
)
_BRACES = re.compile(r"[ \t]*\{(.*)\}[ \t]*")
_ESCAPES = {"n": "\n", '"': '"', "\\": "\\"}

MOST_STATES = 1000
"""The most states of an expression: about its characters, with counts written out. RE2 has the same limit."""

_DEEPEST = 20
"""The most nested parentheses."""

_MOST_REMEMBERED = 200_000
"""The most states in a pattern's cache of steps, about 10 MB; a full cache is emptied."""

# The parts of an expression that match one character, in the syntax that Python and RE2 share.
_ESCAPE = r"\\(?:[dDsSwWfnrtv]|[^0-9A-Za-z\s])"
_CLASS = rf"\[\^?\]?(?:[^\]\\\[]|{_ESCAPE})*\]"
_ONE = re.compile(rf"{_ESCAPE}|{_CLASS}|[^\\^$|?*+()\[\]{{}}]", re.DOTALL)
_COUNT = re.compile(r"(?:([*+?])|\{([0-9]{1,4})(?:(,)([0-9]{0,4}))?\})\??")


class Matcher(NamedTuple):
    """One matcher: a label, an operator, a value. A missing label counts as empty."""

    name: str
    operator: str
    value: str
    pattern: Pattern | None
    """The compiled value of the operators ``=~`` and ``!~``; None for the others."""

    def matches(self, labels: dict[str, str]) -> bool:
        """Return whether the labels match."""
        value = labels.get(self.name, "")
        found = self.pattern.matches(value) if self.pattern else value == self.value
        return found is (self.operator in ("=", "=~"))


def parse_matchers(text: str) -> list[Matcher]:
    """Return the matchers in a text, with or without braces; labels have to match all of them.

    Raises:
        ValueError: the syntax is wrong, or a value is not a regular expression.
    """
    bare = _BRACES.fullmatch(text)
    rest = bare[1] if bare else text
    found: list[Matcher] = []
    while rest or not found:
        match = _MATCHER.match(rest)
        if not match or (match[4] and match.end() == len(rest)):
            raise ValueError(
                f"""has {text[:60]!r}; write 'job="backup"', or '{{job="backup", instance=~"db.*"}}'"""
            )
        name = _unescaped(match[1][1:-1]) if match[1].startswith('"') else match[1]
        value = _unescaped(match[3])
        try:
            pattern = Pattern(value) if "~" in match[2] else None
        except ValueError as error:
            raise ValueError(
                f"has {value[:60]!r}, which is not a regular expression: {error}"
            ) from None
        found.append(Matcher(name, match[2], value, pattern))
        rest = rest[match.end() :]
    return found


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda escape: _ESCAPES[escape[1]], text)


def matches_any(selectors: Iterable[Iterable[Matcher]], labels: dict[str, str]) -> bool:
    """Return whether labels match all matchers of at least one selector."""
    return any(all(matcher.matches(labels) for matcher in each) for each in selectors)


# A character that passes a state's test leads to the next states; without a test, nothing is read.
_Test = Union[Callable[[str], object], None]
# Makes the states of a part of an expression, given the state after it, and returns the first.
_Part = Callable[[int], int]


class Pattern:
    """A regular expression that is matched with a whole text, in time linear in the text.

    Thompson's construction: it reads the text once and follows all possible states at the same time.
    """

    def __init__(self, expression: str) -> None:
        """Parse an expression.

        Raises:
            ValueError: it is wrong, or uses syntax that is not supported here.
        """
        if len(expression) > MOST_STATES:
            raise ValueError(f"it is longer than {MOST_STATES} characters")
        self._rest = expression
        self._flags = re.DOTALL
        if expression.startswith("(?i)"):
            self._rest, self._flags = expression[4:], re.DOTALL | re.IGNORECASE
        self._tests: list[_Test] = [None]
        self._next: list[tuple[int, ...]] = [()]  # state 0 is the end
        start = self._alternatives(0)(0)
        if self._rest:
            raise ValueError("a ) has no (")
        self._start = self._reached([start])
        self._steps: dict[tuple[frozenset[int], str], frozenset[int]] = {}

    def matches(self, text: str) -> bool:
        """Return whether the whole text matches."""
        states = self._start
        for character in text:
            states = self._after(states, character)
            if not states:
                return False
        return 0 in states

    def _after(self, states: frozenset[int], character: str) -> frozenset[int]:
        found = self._steps.get((states, character))
        if found is None:
            if len(self._steps) * len(self._tests) > _MOST_REMEMBERED:
                self._steps.clear()
            passed = [self._next[each] for each in states if self._accepts(each, character)]
            found = self._reached([state for each in passed for state in each])
            self._steps[states, character] = found
        return found

    def _accepts(self, state: int, character: str) -> bool:
        test = self._tests[state]
        return test is not None and test(character) is not None

    def _reached(self, states: list[int]) -> frozenset[int]:
        """Return the end and the states with a test that can be reached without reading a character."""
        seen, waiting = set(states), list(states)
        while waiting:
            state = waiting.pop()
            if self._tests[state] is None:
                new = [each for each in self._next[state] if each not in seen]
                seen.update(new)
                waiting += new
        return frozenset(each for each in seen if not each or self._tests[each] is not None)

    def _state(self, test: _Test, *following: int) -> int:
        if len(self._tests) >= MOST_STATES:
            raise ValueError(
                f"it is larger than {MOST_STATES} characters, with all counts written out"
            )
        self._tests.append(test)
        self._next.append(following)
        return len(self._tests) - 1

    def _alternatives(self, depth: int) -> _Part:
        if depth > _DEEPEST:
            raise ValueError(f"more than {_DEEPEST} nested parentheses")
        ways = [self._sequence(depth)]
        while self._take("|"):
            ways.append(self._sequence(depth))
        return lambda after: self._state(None, *[way(after) for way in ways])

    def _sequence(self, depth: int) -> _Part:
        parts: list[_Part] = []
        # ^ at the start and $ at the end change nothing: the whole text is matched.
        if depth == 0:
            self._take("^")
        while self._rest[:1] not in ("", "|", ")"):
            if depth == 0 and re.match(r"\$(?:\||\Z)", self._rest):
                self._take("$")
            else:
                parts.append(self._repeated(depth))

        def build(after: int) -> int:
            for part in reversed(parts):
                after = part(after)
            return after

        return build

    def _repeated(self, depth: int) -> _Part:
        part = self._group(depth) if self._take("(") else self._one()
        count = _COUNT.match(self._rest)
        if not count:
            return part
        self._take(count[0])
        if _COUNT.match(self._rest):
            raise ValueError(f"two counts in a row: {count[0]}{self._rest[:1]}")
        sign, least, comma, most = count.groups()
        if sign:
            return self._counted(part, int(sign == "+"), 1 if sign == "?" else None)
        if comma:
            return self._counted(part, int(least), int(most) if most else None)
        return self._counted(part, int(least), int(least))

    def _counted(self, part: _Part, least: int, most: int | None) -> _Part:
        if most is not None and most < least:
            raise ValueError(f"a count from {least} to {most}")

        def build(after: int) -> int:
            first = after
            if most is None:
                first = self._state(None)
                self._next[first] = (part(first), after)
            for _ in range((most or least) - least):
                first = self._state(None, part(first), after)
            for _ in range(least):
                first = part(first)
            return first

        return build

    def _group(self, depth: int) -> _Part:
        if self._rest.startswith("?") and not self._take("?:"):
            raise ValueError(f"({self._rest[:2]} is not supported here: use ( or (?:")
        part = self._alternatives(depth + 1)
        if not self._take(")"):
            raise ValueError("a ( has no )")
        return part

    def _one(self) -> _Part:
        """Read the part of the expression that matches one character."""
        found = _ONE.match(self._rest)
        # Set operations: later versions of Python may give them a meaning.
        if not found or re.search(r"--|&&|~~|\|\|", found[0]):
            raise ValueError(f"{self._rest[:10]!r} is not supported here")
        self._take(found[0])
        try:
            # In RE2, \d, \s and \w match ASCII characters only.
            test = re.compile(
                found[0], self._flags | (re.ASCII if "\\" in found[0] else 0)
            ).fullmatch
        except re.error as error:
            raise ValueError(str(error)) from None
        return lambda after: self._state(test, after)

    def _take(self, text: str) -> bool:
        """Skip a text if it is next; return whether it was."""
        if not self._rest.startswith(text):
            return False
        self._rest = self._rest[len(text) :]
        return True
