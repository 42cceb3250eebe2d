"""Validation of the text exposition format before a push. Pure.

It finds most mistakes, with their line. The Pushgateway may still answer 400 to a body that passes, for
example for two types of one metric. Names in quotes, which newer releases accept, are not checked.
"""

import re

from pushgateway_lab.formats.characters import SHOWN, shown

_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL = re.compile(r'[ \t]*([^\s"{}=,]+)[ \t]*=[ \t]*"((?:[^"\\]|\\.)*)"[ \t]*(,|$)')
_QUOTED_NAME = re.compile(r'[ \t]*"(?:[^"\\]|\\.)*"[ \t]*(,|$)')
_LABELS = re.compile(r'\{((?:[^"}]|"(?:[^"\\]|\\.)*")*)\}')
_LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_END = re.compile(r"[ \t]*\Z")
_BLANKS = re.compile(r"[ \t]+")
_TYPES = ("counter", "gauge", "histogram", "summary", "untyped")


class ExpositionError(ValueError):
    """A body that the Pushgateway would refuse; the message names the line."""


def check_exposition(body: str) -> None:
    """Check the body of a push.

    Raises:
        ExpositionError: a line is wrong; the message has its number and the reason.
    """
    lines = body.split("\n")
    for number, line in enumerate(lines, 1):
        try:
            _check_line(line)
        except ExpositionError as error:
            raise ExpositionError(f"line {number}: {error}") from None
    if lines[-1]:
        raise ExpositionError(f"line {len(lines)}: the last line must end with a newline, too")


def _check_line(line: str) -> None:
    if line.endswith("\r"):
        raise ExpositionError("ends with a carriage return (Windows line ends); use newlines alone")
    try:
        line.encode()
    except UnicodeEncodeError:
        raise ExpositionError("holds lone surrogates, which are not valid Unicode") from None
    text = line.lstrip(" \t")
    if text.startswith("#"):
        _check_comment(text)
    elif text:
        _check_sample(text)


def _check_comment(text: str) -> None:
    """Check ``# TYPE`` and ``# HELP``; other comments have no meaning."""
    words = _BLANKS.split(text[1:].strip(" \t"), maxsplit=2)
    kind, name, said = (*words, "", "")[:3]
    if kind not in ("TYPE", "HELP") or not name or name.startswith('"'):
        return
    _check_name(name)
    if kind == "TYPE" and said and said not in _TYPES:
        raise ExpositionError(
            f"# TYPE {name[:SHOWN]} has {shown(said)}, which is none of {', '.join(_TYPES)}"
        )


def _check_sample(text: str) -> None:
    """Check a line of the form ``name{label="value", ...} value``."""
    name = re.match(r"[^\s{]*", text)
    rest = text[name.end() :].lstrip(" \t") if name else text
    if name and name[0]:
        _check_name(name[0])
    if rest.startswith("{"):
        labels = _LABELS.match(rest)
        if not labels:
            raise ExpositionError("the labels have no end: a } or a quote is missing")
        _check_labels(labels[1])
        rest = rest[labels.end() :]
    if rest.split() and rest[-1] in " \t":
        raise ExpositionError("has blanks after its value, which the Pushgateway refuses")
    _check_value(rest.split())


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ExpositionError(
            f"{shown(name)} is not a metric name: letters, digits, _ and :, no digit first"
        )


def _check_labels(text: str) -> None:
    position = 0
    while not _END.match(text, position):
        label = _LABEL.match(text, position)
        quoted = None if label else _QUOTED_NAME.match(text, position)
        if not label and not quoted and '"' not in text[position:].partition("=")[0]:
            raise ExpositionError(f'expected label="value", found {shown(text[position:].strip())}')
        if not label and not quoted:
            return  # a label name in quotes, which is not checked
        if label:
            _check_label(label[1], label[2])
        position = (label or quoted).end()  # type: ignore[union-attr] # one of them matched


def _check_label(name: str, value: str) -> None:
    if not _LABEL_NAME.fullmatch(name):
        raise ExpositionError(
            f"{shown(name)} is not a label name: letters, digits and _, no digit first"
        )
    if escape := re.search(r"\\[^\\\"n]", re.sub(r"\\\\", "", value)):
        raise ExpositionError(
            f'label {name[:SHOWN]} has {shown(escape[0])[1:-1]}; only \\\\, \\" and \\n are escapes'
        )


def _check_value(words: list[str]) -> None:
    if not words:
        raise ExpositionError("there is no value")
    if not _is_number(words[0]):
        raise ExpositionError(f"{shown(words[0])} is not a number")
    if len(words) > 1:
        raise ExpositionError(
            f"{shown(' '.join(words[1:]))} follows the value: the Pushgateway refuses timestamps"
        )


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return word.isascii() and "_" not in word  # Python accepts 1_000
