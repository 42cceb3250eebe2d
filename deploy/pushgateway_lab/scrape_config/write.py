"""Write a job, or a part of one, in a given style. The lines have no indentation."""

import re
from collections.abc import Mapping
from typing import Any

from pushgateway_lab.scrape_config.style import Style

# Texts that every YAML parser reads as text without quotes: names, paths, durations, addresses.
_WORD = re.compile(r"[A-Za-z_/][A-Za-z0-9_./-]*|[0-9]+(ms|[smhdwy])|[0-9]+(\.[0-9]+){3}")
_WORD_WITH_PORT = re.compile(rf"({_WORD.pattern}):[0-9]+")
# Words that YAML 1.1 reads as a boolean or null (https://yaml.org/type/).
_NOT_TEXT = re.compile(r"y|n|yes|no|on|off|true|false|null", re.IGNORECASE)


# The keys whose mappings are not inside a field of a job: a job itself, and a group of targets.
_OF_JOBS = {"", "static_configs"}


def within(style: Style) -> Style:
    """Return the style of the entries of a mapping that is a field, such as basic_auth."""
    return style._replace(text_quote=style.mapping_quote)


def block_item(entries: list[str], indent: int = 2, *, dash_alone: bool = False) -> list[str]:
    """Return the lines of a list's item.

    + entries: its lines, without the dash
    + indent: columns from the dash to the lines
    + dash_alone: whether the dash has a line of its own
    """
    lines = [" " * indent + line for line in entries]
    if dash_alone:
        return ["-", *lines]
    return ["-" + lines[0][1:], *lines[1:]]


def block_mapping(mapping: Mapping[str, Any], style: Style) -> list[str]:
    """Return the lines of a mapping in block style."""
    return [line for key, value in mapping.items() for line in _block_entry(key, value, style)]


def group_item(group: Mapping[str, Any], style: Style) -> list[str]:
    """Return the lines of a group of targets, as an item of a block list."""
    if style.groups == "{":
        return block_item([flow("", group, style)])
    return block_item(block_mapping(group, style))


def _block_entry(key: str, value: Any, style: Style) -> list[str]:
    name = scalar(key, style.key_quote) + ":"
    match value:
        case Mapping() if style.mappings_indent is not None:
            margin = " " * style.mappings_indent
            return [name, *(margin + line for line in block_mapping(value, within(style)))]
        case [Mapping(), *_] if style.groups != "[":
            indent = style.list_indent
            items = [group_item(item, style) for item in value]
        case [*_] if style.targets_indent is not None:
            indent = style.targets_indent
            items = [block_item([scalar(item, style.target_quote)]) for item in value]
        case _:
            return [f"{name} {flow(key, value, style)}"]
    return [name, *(" " * indent + line for item in items for line in item)]


def flow(key: str, value: Any, style: Style) -> str:
    """Return a key's value on one line, with lists and mappings in brackets."""
    brackets = style.brackets
    match value:
        case Mapping():
            inner = within(style) if key not in _OF_JOBS else style
            entries = brackets.comma.join(flow_entry(*entry, inner) for entry in value.items())
            return entries.join(["{" + brackets.braces, brackets.braces + "}"])
        case [*items]:
            padding = brackets.mappings if isinstance(items[0], Mapping) else brackets.words
            words = brackets.comma.join(flow(key, item, style) for item in items)
            return words.join(["[" + padding, padding + "]"])
        case _:
            as_others = key == "targets" and style.targets_indent is None
            return scalar(value, _quote(key, style), in_flow=not as_others)


def flow_entry(key: str, value: Any, style: Style) -> str:
    """Return a key and its value on one line."""
    name = scalar(key, style.key_quote, in_flow=True)
    colon = style.brackets.colon if name[0] in {"'", '"'} else ": "
    return f"{name}{colon}{flow(key, value, style)}"


def scalar(value: str | int, quote: str, *, in_flow: bool = False) -> str:
    """Return a single value in the given quotes; without given ones, in single quotes if it needs any.

    In flow style a colon needs quotes: not every parser accepts ``[localhost:9091]``.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if quote == '"':
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    plain = _WORD.fullmatch(value) or (not in_flow and _WORD_WITH_PORT.fullmatch(value))
    if quote == "'" or not plain or _NOT_TEXT.fullmatch(value):
        return "'" + value.replace("'", "''") + "'"
    return value


def _quote(key: str, style: Style) -> str:
    if key == "job_name":
        return style.name_quote
    return style.target_quote if key == "targets" else style.text_quote
