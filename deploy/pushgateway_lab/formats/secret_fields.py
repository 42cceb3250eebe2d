"""Configuration files for display, without the values of fields that hold secrets."""

import re
from collections.abc import Iterator

_MASK = "***"

_NAME = (
    r"(?:[\w.-]*[_.-])?(?:password|passwd|secrets?|credentials?|token|key|"
    # A header; with an empty value, the block of Prometheus, whose fields are looked at.
    r"authorization(?=[\"']?\s*[:=]\s*[^\s{#&!]))"
)
# After the name come its closing quote and the value. The name of a file (password_file) is no secret.
_FIELD = re.compile(
    rf"""(?P<before>^|[\s{{,"'?-])(?P<name>{_NAME})["']?\s*(?::(?=\s|$|["'|>{{\[])|=)\s*(?P<value>.*)""",
    re.IGNORECASE,
)
_LOGIN_IN_URL = re.compile(r"(?<=://)[^/\s@]*@")
_BEGINS_FIELD = re.compile(r"[\s\-?\"'#]*")


def masked(text: str) -> list[str]:
    r"""Return the lines of a YAML file, or of a file with variables, with ``***`` instead of passwords and the like.

    The text after the name of such a field goes, up to the end of the line, with the lines that continue it. Too much is
    masked rather than too little.

    Example:
        >>> masked("basic_auth:\n  password: hunter2\n  username: me")
        ['basic_auth:', '  password: ***', '  username: me']
    """
    return list(_masked(text.splitlines()))


def _masked(lines: list[str]) -> Iterator[str]:
    # Of the name of the masked field: lines that are indented more continue its value.
    column: int | None = None
    quote, takes_items = "", False
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if quote or (column is not None and line.strip() and _continues(line, column, takes_items)):
            yield f"{line[:indent]}{_MASK}"
            quote = "" if quote and quote in line else quote
            continue
        if column is not None and not line.strip():
            yield line
            continue
        found = _FIELD.search(line)
        column = None
        if found is None:
            yield _LOGIN_IN_URL.sub(f"{_MASK}@", line)
            continue
        value = found["value"]
        before = line[: found.start("name")]
        begins = _BEGINS_FIELD.fullmatch(before)
        column = len(before.rstrip("\"'")) if begins else indent
        takes_items = not value.strip()
        quote = value[:1] if value[:1] in ("'", '"') and value.count(value[:1]) % 2 else ""
        shown = _LOGIN_IN_URL.sub(f"{_MASK}@", line[: found.start("value")])
        yield f"{shown}{_MASK}" if value.strip() else line


def _continues(line: str, column: int, takes_items: bool) -> bool:
    indent = len(line) - len(line.lstrip())
    return indent > column or (
        takes_items and indent == column and line.lstrip().startswith(("- ", "-\t"))
    )
