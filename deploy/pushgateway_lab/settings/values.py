"""Validation of settings: each function accepts one kind of value and returns it in its final form.

A function raises ValueError with the values that it accepts; `settings.keys` adds the key and the value.
An accepted value is data in every place where it is used: in quotes of a shell, as an argument of curl, as a
line of a file, in a command that a person copies.
"""

import re
import shlex
import unicodedata
from collections.abc import Callable, Mapping
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any

from pushgateway_lab.formats import characters, durations, matchers
from pushgateway_lab.formats.characters import shown
from pushgateway_lab.formats.durations import seconds_of

LONGEST_WAIT = 86400
"""Seconds of the longest time limit: a day."""

MOST_ITEMS = 100
"""The most targets, selectors or extra flags of a host."""

_PORT = re.compile(r"[0-9]{1,5}")  # \d would accept the digits of all scripts
_HIGHEST_PORT = 65535  # RFC 9293

# RFC 1123, 2.1, and the underscore, which names of containers may have.
_HOST_NAME = re.compile(
    r"(?=.{1,253}\Z)[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
    r"(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*\.?"
)
# curl and others read 127.1, 0x7f.1 and 017700000001 as addresses, too; only dotted decimal is accepted.
_NUMERIC = re.compile(r"(?:.{0,250}\.)?(?:[0-9]{1,250}|0[xX][0-9A-Fa-f]{0,250})\.?")
# The zone is a network interface, whose name has 15 characters at most (IFNAMSIZ).
_IPV6 = re.compile(r"\[[0-9A-Fa-f:.]{2,45}(?:%[A-Za-z0-9_.-]{1,15})?\]")

# RFC 3986, 2.3 and 3.3, without percent-encoding; no segment is empty, "." or "..".
_URL_PATH = re.compile(r"(?:/(?!\.{1,2}(?:/|\Z))[A-Za-z0-9._~-]+)*/?")

# systemd.unit(5), without the backslash, which is an escape in shells.
_UNIT = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.:-]*(?:@[A-Za-z0-9_.:@-]+)?\.service")
_LONGEST_UNIT = 255  # systemd's UNIT_NAME_MAX, without the final NUL

_FLAG = re.compile(r"[a-z][a-z0-9.-]{0,99}")
_FLAGS_IN_URL = ("web.route-prefix", "web.external-url")
_UNSAFE_IN_ARGS = re.compile(r"""["'$`\\]""")

_PATH_PUNCTUATION = " ._-+,@:="


def one_of(*choices: str) -> Callable[[Any], str]:
    """Return a function that accepts one of these words."""

    def check(value: Any) -> str:
        if not isinstance(value, str) or value not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return value

    return check


def boolean(value: Any) -> bool:
    """Accept True or False, not a word or a number that means it."""
    if not isinstance(value, bool):
        raise ValueError("must be True or False")  # noqa: TRY004 - one kind of error to report
    return value


def seconds(value: Any) -> float:
    """Accept a number of seconds greater than 0 and at most a day, not a bool."""
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not 0 < value <= LONGEST_WAIT
    ):
        raise ValueError(f"must be a number of seconds greater than 0 and at most {LONGEST_WAIT}")
    return float(value)


def interval(value: Any) -> str:
    """Accept a scrape interval: a Prometheus duration greater than 0 and at most a day.

    With 0s, Prometheus would use its global interval.
    """
    duration = _duration(value, "such as 15s or 1m30s")
    if not 0 < seconds_of(duration) <= LONGEST_WAIT:
        raise ValueError("must be longer than 0s, and at most a day")
    return duration


def age(value: Any) -> str:
    """Accept a Prometheus duration greater than 0."""
    duration = _duration(value, "such as 24h or 1d12h")
    if not seconds_of(duration):
        raise ValueError("must be longer than 0s, which would delete every group")
    return duration


def _duration(value: Any, such_as: str) -> str:
    if not isinstance(value, str) or not durations.DURATION.fullmatch(value):
        raise ValueError(f"must be a Prometheus duration {such_as}")
    seconds_of(value)
    return value


def name(value: Any) -> str:
    """Accept a text of visible characters that is not empty and has no blank at its ends."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError(
            "must be a text that is not empty; on pyinfra's command line, a text that looks like a "
            "number, true, false or JSON needs two pairs of quotes: '\"007\"'"
        )
    characters.check_characters(value)
    if value != value.strip():
        raise ValueError("must not begin or end with a blank")
    return value


def username(value: Any) -> str:
    """Accept a name without a colon, which separates it from the password in basic authentication (RFC 7617)."""
    if ":" in name(value):
        raise ValueError("must not hold a colon, which would end the user name in a request")
    return str(value)


def path(value: Any) -> str:
    r"""Accept an absolute path on a host: letters and digits of any script, blanks, and ``._-+,@:=``.

    Refused, with the reason:

    + ``..``, ``.`` and empty segments, and a slash at the end: a file has one name, and ``..`` leads
      out of a directory that was checked
    + a segment that begins with a dash: a program may read it as an option
    + a segment that begins or ends with a blank: people do not see it, and ``read`` of a shell drops it
    + ``$ ` \ " ' ; & | < > ( ) { } ! # ~``: characters of a shell, in commands that people copy
    + ``* ? [ ]``: globs; ``%``: specifiers of systemd, and formats of date and printf
    + characters that `characters.check_characters` refuses: they end lines or control a terminal
    """
    if not isinstance(value, str) or not value.startswith("/"):
        raise ValueError("must be an absolute path such as /etc/prometheus/prometheus.yml")
    characters.check_characters(value)
    for each in value.replace("/", ""):
        if not (
            each.isalnum() or each in _PATH_PUNCTUATION or unicodedata.category(each)[0] == "M"
        ):
            raise ValueError(
                f"holds {each!r}; a path may have letters, digits, blanks and "
                f"{_PATH_PUNCTUATION.strip()}"
            )
    for segment in value[1:].split("/"):
        if segment in ("", ".", ".."):
            raise ValueError(
                "must be a path without the segments .. and . and without // and without / at its end"
            )
        if segment[0] in "- " or segment[-1] == " ":
            raise ValueError(
                f"has the segment {segment!r}, which begins with a dash or has a blank at an end"
            )
    return value


def unit(value: Any) -> str:
    """Accept the name of a systemd service, not of a template; with a dash first it would be an option."""
    if not isinstance(value, str) or len(value) > _LONGEST_UNIT or not _UNIT.fullmatch(value):
        raise ValueError("must be the name of a systemd unit such as prometheus.service")
    return value


def listen_address(value: Any) -> str:
    """Accept ``HOST:PORT``, or ``:PORT`` for all addresses."""
    host, port = _host_and_port(value, "127.0.0.1:9091 or [::1]:9091")
    if host:
        _check_host(host, may_have_zone=True)
    _check_port(port)
    return f"{host}:{port}"


def targets(value: Any) -> tuple[str, ...]:
    """Accept a list of ``HOST:PORT``, or a text with commas between them."""
    items = [item.strip(" ") for item in value.split(",")] if isinstance(value, str) else value
    if not isinstance(items, list | tuple) or not items:
        raise ValueError("must be a list of HOST:PORT")
    _check_number(items)
    return tuple(map(_target, items))


def _target(item: Any) -> str:
    try:
        host, port = _host_and_port(item, "localhost:9091")
        _check_host(host, may_have_zone=True)
        _check_port(port)
    except ValueError as error:
        raise ValueError(
            f"must be a list of HOST:PORT; {shown(item)} is not one: {error}"
        ) from error
    return f"{host}:{port}"


def url(*schemes: str) -> Callable[[Any], str]:
    """Return a function that accepts ``SCHEME://HOST[:PORT][/PATH]``.

    The path has unreserved characters only (RFC 3986, 2.3). Without user, query, fragment,
    percent-encoding and ``..``, a URL holds no glob of curl (``[1-500]``, ``{a,b}``), no character of a
    shell, and no quote that would end a text in a curl option file. A scheme in capitals is refused,
    because other code compares it. A slash at the end is removed.
    """

    def check(value: Any) -> str:
        scheme, separator, rest = value.partition("://") if isinstance(value, str) else ("", "", "")
        if not separator or scheme not in schemes or len(value) > characters.LONGEST:
            raise ValueError(
                f"must be a URL such as http://127.0.0.1:9090 ({' or '.join(schemes)}, as seen on "
                "the host)"
            )
        at = rest.find("/")
        authority, path = (rest, "") if at < 0 else (rest[:at], rest[at:])
        if "@" in authority:
            raise ValueError("must not hold a user name or a password")
        host, port = _split_port(authority)
        _check_host(host)
        if port is not None:
            _check_port(port)
        if not _URL_PATH.fullmatch(path):
            raise ValueError(
                f"has the path {shown(path)}; a path may have letters, digits and . _ ~ - between "
                "slashes, but no .., no query and no fragment"
            )
        return f"{scheme}://{authority}{path.rstrip('/')}"

    return check


def _host_and_port(value: Any, such_as: str) -> tuple[str, str]:
    host, port = _split_port(value) if isinstance(value, str) else ("", None)
    if port is None:
        raise ValueError(f"must be an address such as {such_as}")
    return host, port


def _split_port(address: str) -> tuple[str, str | None]:
    """Return host and port of ``HOST``, ``HOST:PORT`` or ``[ADDRESS]:PORT``; None if there is no port."""
    host, colon, port = address.rpartition(":")
    if not colon or port.endswith("]"):
        return address, None
    return host, port


def _check_port(port: str) -> None:
    if not _PORT.fullmatch(port) or port[0] == "0" or int(port) > _HIGHEST_PORT:
        raise ValueError(f"has the port {shown(port)}, which is not between 1 and {_HIGHEST_PORT}")


def _check_host(host: str, *, may_have_zone: bool = False) -> None:
    """Raise ValueError unless this is a host name, an IPv4 address, or an IPv6 address in brackets."""
    if not _is_host(host, may_have_zone=may_have_zone):
        raise ValueError(f"has {shown(host)}, which is neither a host name nor an address")


def _is_host(host: str, *, may_have_zone: bool) -> bool:
    try:
        if _NUMERIC.fullmatch(host):
            IPv4Address(host)
            return True
        if _IPV6.fullmatch(host):
            IPv6Address(host[1:-1])
            return may_have_zone or "%" not in host
    except ValueError:
        return False
    return _HOST_NAME.fullmatch(host) is not None


def local_file(value: Any) -> str:
    """Accept an absolute or relative path on this machine; ``~`` at its start is the home directory.

    Python opens it and no shell, so all visible characters are accepted.
    """
    try:
        return str(Path(name(value)).expanduser())
    except RuntimeError as error:  # there is no such user
        raise ValueError(f"names a home directory that does not exist: {error}") from error


def words(value: Any, such_as: str) -> tuple[str, ...]:
    """Accept a list of words, or a text that is split into words as by a shell. The first word is not empty.

    + such_as: an example, for the error
    """
    try:
        items = shlex.split(value) if isinstance(value, str) else value
    except ValueError as error:
        raise ValueError(f"must have complete quotes: {error}") from error
    if (
        not isinstance(items, list | tuple)
        or not items
        or not items[0]
        or not all(isinstance(item, str) for item in items)
    ):
        raise ValueError(f"must be a text or a list of words, such as {such_as}")
    _check_number(items)
    for item in items:
        characters.check_characters(item)
    return tuple(items)


def curl_options(value: Any) -> tuple[str, ...]:
    """Accept options of curl: a list of words, or a text that is split into words as by a shell; see `words`."""
    if value in ((), []):
        return ()
    options = words(value, "--cacert /etc/ssl/certs/lab.pem --netrc-file /home/trainee/.netrc")
    if not options[0].startswith("-"):
        raise ValueError("must begin with an option, such as --cacert")
    return options


def selectors(value: Any) -> tuple[str, ...]:
    """Accept a list of label matchers, or one text (`pushgateway_lab.formats.matchers`)."""
    items = (value,) if isinstance(value, str) else value
    if not isinstance(items, list | tuple) or not all(isinstance(item, str) for item in items):
        raise ValueError("must be a list of label matchers such as 'job=\"backup\"'")
    _check_number(items)
    for item in items:
        characters.check_characters(item)
        matchers.parse_matchers(item)
    return tuple(items)


def flags(value: Any) -> dict[str, str | bool]:
    """Accept a mapping of flags, without dashes, to their values."""
    if not isinstance(value, Mapping):
        raise ValueError(  # noqa: TRY004 - one kind of error to report
            'must be a mapping of flag to value, such as {"persistence.interval": "1m"}'
        )
    _check_number(value)
    return {_flag(flag): _flag_value(flag, given) for flag, given in value.items()}


def _flag(flag: Any) -> str:
    if not isinstance(flag, str) or not _FLAG.fullmatch(flag):
        raise ValueError(f"has the flag {shown(flag)}; write it without dashes, as in log.level")
    if flag.startswith("no-"):
        raise ValueError(
            f"has the flag {flag}; write {flag.removeprefix('no-')} with the value False"
        )
    if flag in ("web.listen-address", "web.enable-admin-api"):
        raise ValueError(f"has the flag {flag}, which has a setting of its own")
    return flag


def _flag_value(flag: str, given: Any) -> str | bool:
    if isinstance(given, bool):
        return given
    if isinstance(given, int | float):
        if not abs(given) < 2**63:  # NaN, too
            raise ValueError(f"has {shown(given)} as value of {flag}, which is out of range")
        return str(given)
    if not isinstance(given, str):
        raise ValueError(f"has {shown(given)} as value of {flag}; give a text, a number or True")  # noqa: TRY004
    try:
        check_word(given)
        if given and flag in _FLAGS_IN_URL:
            _check_part_of_url(given)
    except ValueError as error:
        raise ValueError(f"has {shown(given)} as value of {flag}, which {error}") from error
    return given


def check_word(word: str) -> None:
    """Check that systemd reads a word of ``ARGS`` in an EnvironmentFile unchanged.

    systemd ends an assignment at a line's end, removes quotes and backslashes, and discards a variable
    with a control character (systemd.exec(5), EnvironmentFile=). A shell that reads the file would
    expand $ and `.

    Raises:
        ValueError: the word holds one of these characters.
    """
    characters.check_characters(word)
    if found := _UNSAFE_IN_ARGS.search(word):
        raise ValueError(f"holds {found[0]}, which systemd or a shell may change in ARGS")


def _check_part_of_url(value: str) -> None:
    if "://" in value:
        url("http", "https")(value)
    elif not _URL_PATH.fullmatch(f"/{value.removeprefix('/')}"):
        raise ValueError("is not a path of a URL: letters, digits and . _ ~ - between slashes")


def _check_number(items: Any) -> None:
    if len(items) > MOST_ITEMS:
        raise ValueError(f"has {len(items)} entries; at most {MOST_ITEMS} are accepted")
