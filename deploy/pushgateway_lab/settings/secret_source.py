"""The places that a secret of a setting comes from, as data. `pushgateway_lab.credentials` fetches the secret. Pure.

A setting names a place and never holds the secret: errors and logs print the values of settings.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple
from urllib.parse import quote

from pushgateway_lab.formats import characters
from pushgateway_lab.settings import values

HOST = "{host}"
"""The text that stands for the host's name in a place."""

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")  # POSIX.1-2017, XBD 8.1
_NOT_IN_VARIABLES = re.compile(r"[^A-Za-z0-9_]")
_FIRST_ESCAPED = ".-~"  # ".." leads out of a directory, "-" begins an option, "~" a home directory


class Kind(StrEnum):
    """The kinds of places, by the words that name them in a mapping."""

    FILE = "file"
    COMMAND = "command"
    ENVIRONMENT = "environment"
    GENERATED = "generate"


class Source(NamedTuple):
    """The place that a secret comes from, on the machine that runs pyinfra.

    + words: of a file its path; of an environment variable its name; of a command its program and arguments; of a
      generated secret the name of the file in which it is kept

    Example:
        >>> Source(Kind.FILE, ("/secrets/{host}",)).for_host("a/b").words
        ('/secrets/a%2Fb',)
    """

    kind: Kind
    words: tuple[str, ...]

    def for_host(self, name: str) -> "Source":
        """Return the place of one host's secret.

        + name: of the host in the inventory; see `path_component` for its form in the place
        """
        as_part = in_variable if self.kind is Kind.ENVIRONMENT else path_component
        return self._replace(words=tuple(word.replace(HOST, as_part(name)) for word in self.words))


def path_component(name: str) -> str:
    """Return a name as one component of a path, the same for no two names.

    Characters other than ASCII letters, digits, ``_``, ``.``, ``-`` and ``~`` are percent-encoded, and so is one of the
    last three at the beginning: the component never leads out of a directory, and is never an option.

    Example:
        >>> [path_component(each) for each in ("vm01.example.org", "..", "@local")]
        ['vm01.example.org', '%2E.', '%40local']
    """
    encoded = quote(name, safe="", errors="surrogatepass")
    return f"%{ord(encoded[0]):X}{encoded[1:]}" if encoded[:1] in tuple(_FIRST_ESCAPED) else encoded


def in_variable(name: str) -> str:
    """Return a name as a part of a variable's name: shells can set only variables of letters, digits and ``_``.

    Example:
        >>> in_variable("vm-01.example.org")
        'vm_01_example_org'
    """
    return _NOT_IN_VARIABLES.sub("_", name)


def path(value: Any) -> str:
    """Accept the path of a file on this machine with a secret.

    It needs a slash: errors show a path, and a text without one may be the secret itself.
    """
    found = values.local_file(value)
    if "/" not in value:
        raise ValueError("must be a path with a slash, such as ./secret")
    return found


def command(value: Any) -> tuple[str, ...]:
    """Accept a command: a list of words, or a text that is split into words as by a shell. No shell runs it."""
    return values.words(value, '["pass", "show", "lab/{host}"]')


def variable(value: Any) -> str:
    """Accept the name of an environment variable; ``{host}`` may be a part of it."""
    if not isinstance(value, str) or not _VARIABLE.fullmatch(value.replace(HOST, "_")):
        raise ValueError(
            "must be the name of an environment variable: letters, digits and _, and perhaps {host}"
        )
    characters.check_characters(value)
    return value


def source(value: Any, kept_as: str = HOST) -> Source:
    """Accept a path, or a mapping with one of the keys ``file``, ``command``, ``environment`` and ``generate``.

    + kept_as: the name of the file that keeps a generated secret

    Example:
        >>> source({"command": "pass show lab/{host}"}).words
        ('pass', 'show', 'lab/{host}')
    """
    if isinstance(value, str):
        return of_file(path(value))
    if isinstance(value, Mapping) and len(value) == 1:
        [(kind, given)] = value.items()
        if kind == Kind.FILE:
            return of_file(path(given))
        if kind == Kind.COMMAND:
            return Source(Kind.COMMAND, command(given))
        if kind == Kind.ENVIRONMENT:
            return Source(Kind.ENVIRONMENT, (variable(given),))
        if kind == Kind.GENERATED and given is True:
            return Source(Kind.GENERATED, (kept_as,))
    raise ValueError(
        'must be a path on this machine, or one of {"command": ...}, {"environment": ...} and {"generate": True}'
    )


def of_file(path: str) -> Source:
    """Return the source of a secret in a file."""
    return Source(Kind.FILE, (path,))


def sources_of_users(value: Any) -> dict[str, Source]:
    """Accept a mapping of user names to the places of their passwords, see `source`.

    Generated passwords of two users of a host are kept in two files: no colon of a user's or a host's name is in the
    name of a file (`path_component`), so the one between them is the only one.
    """
    if not isinstance(value, Mapping):
        raise ValueError(  # noqa: TRY004 - one kind of error to report
            'must map user names to the places of their passwords, such as {"trainer": {"generate": True}}'
        )
    if len(value) > values.MOST_ITEMS:
        raise ValueError(f"has {len(value)} users; at most {values.MOST_ITEMS} are accepted")
    return dict(_user(user, given) for user, given in value.items())


def _user(user: Any, given: Any) -> tuple[str, Source]:
    name = values.username(user)
    try:
        return name, source(given, f"{HOST}:{path_component(name)}")
    except ValueError as error:
        raise ValueError(f"user {characters.shown(name)}: the place {error}") from error
