"""Choose the edits that correct the entries of a mapping: a job, or a mapping in a job such as basic_auth."""

from collections.abc import Mapping
from typing import Any

from pushgateway_lab.scrape_config.comments import after_own_comments
from pushgateway_lab.scrape_config.document import Configuration
from pushgateway_lab.scrape_config.edit import Edit, cut_lines, insert_lines
from pushgateway_lab.scrape_config.errors import ScrapeConfigError
from pushgateway_lab.scrape_config.extend import put
from pushgateway_lab.scrape_config.fields import fields_of
from pushgateway_lab.scrape_config.nodes import Kind, Node
from pushgateway_lab.scrape_config.rivals import refuse_rivals, replaced_by
from pushgateway_lab.scrape_config.sequence import (
    append_to_flow,
    ends_in_open_block_scalar,
    remove_from_flow,
)
from pushgateway_lab.scrape_config.sharing import refuse_shared
from pushgateway_lab.scrape_config.source import (
    after_line,
    after_properties,
    column,
    line_start,
    newline,
)
from pushgateway_lab.scrape_config.style import Style
from pushgateway_lab.scrape_config.wanted import Scalar, Value, has_value
from pushgateway_lab.scrape_config.write import block_mapping, flow, flow_entry, scalar, within

# A key with its value.
_Entry = tuple[Node, Node]


def repair_entries(
    configuration: Configuration, mapping: Node, wanted: Mapping[str, Value], style: Style
) -> tuple[list[Edit], dict[str, Any]]:
    """Return the edits that correct the wrong fields of a mapping, and the fields that it does not have.

    + style: of the mapping's entries

    Raises:
        ScrapeConfigError: a field cannot be edited, or comes from a merge key.
    """
    fields = fields_of(mapping)
    edits: list[Edit] = []
    new: dict[str, Any] = {}
    for name, value in wanted.items():
        own, replaced = mapping.entry(name), replaced_by(mapping, name)
        if replaced and not replaced[1].alias:
            refuse_shared(configuration, replaced[1], replaced[0].text)
        if replaced and name in fields:
            edits += remove_entry(configuration.document.text, mapping, replaced)
        if has_value(fields.get(name), value):
            continue
        if replaced and name not in fields and not isinstance(value, Mapping):
            edits += _rename(configuration.document.text, replaced, name, value)
        elif own is None:
            _refuse_merged(mapping, name, fields.get(name), value)
            new[name] = value
        elif own[1] is not fields[name]:
            reason = f"a merge key (<<) below overrides {name}; move the merge key up"
            raise ScrapeConfigError(own[1].line, reason)
        elif isinstance(value, Mapping):
            edits += _repair_mapping(configuration, mapping, own, value, style)
        else:
            edits.append(_replace(configuration, name, own[1], value))
    return edits, new


def add_entry(
    text: str, mapping: Node, above: _Entry, field: tuple[str, Any], style: Style
) -> Edit:
    """Return the edit that adds a field to a mapping, below another entry of it.

    + field: its name and value
    """
    (key, last), (name, value) = above, field
    if mapping.style:
        first = line_start(text, key.start)
        indent = text[first : key.start]
        is_first_on_line = not indent.strip() and first > mapping.start
        gap = "," + newline(text, last.end) + indent if is_first_on_line else style.brackets.comma
        return Edit(last.end, last.end, gap + flow_entry(name, value, style))
    indent = " " * column(text, mapping.children[0].start)
    lines = [indent + line for line in block_mapping({name: value}, style)]
    end = after_line(text, last.end)
    # Below an empty value may be the comments behind which `fill` puts its items.
    if last.is_empty or (last.children and not last.style):
        end = after_own_comments(text, last.end, len(indent))
    return insert_lines(text, end, lines)


def _refuse_merged(mapping: Node, name: str, merged: Node | None, value: Value) -> None:
    """Raise ScrapeConfigError for a mapping of a merge key: a field of the same name would hide all of its parts."""
    if isinstance(value, Mapping) and merged is not None and not merged.is_null:
        reason = f"{name} comes from a merge key (<<); write it out here"
        raise ScrapeConfigError(mapping.line, reason)


def _replace(configuration: Configuration, name: str, field: Node, value: Scalar) -> Edit:
    """Return the edit that replaces a value, in the same quotes."""
    if field.kind is not Kind.SCALAR:
        raise ScrapeConfigError(
            field.line, f"{name} must be a single value, and is a {field.kind.value}"
        )
    if not field.alias:
        refuse_shared(configuration, field, name)
    return put(configuration.document.text, field, _in_quotes_of(field, value))


def _in_quotes_of(node: Node, value: Scalar) -> str:
    return scalar(value, node.style if node.style in {"'", '"'} else "", in_flow=True)


def _rename(text: str, entry: _Entry, name: str, value: Scalar) -> list[Edit]:
    """Return the edits that give an entry another key and another value, in their quotes."""
    key, old = entry
    return [
        Edit(key.start, key.end, _in_quotes_of(key, name)),
        put(text, old, _in_quotes_of(old, value)),
    ]


def remove_entry(text: str, mapping: Node, entry: _Entry) -> list[Edit]:
    """Return the edits that remove an entry of a mapping that has others."""
    key, value = entry
    if mapping.style:
        spans = mapping.spans()
        return remove_from_flow(text, spans, spans.index((key.start, value.end)))
    return [cut_lines(text, line_start(text, key.start), after_line(text, value.end))]


def _repair_mapping(
    configuration: Configuration,
    mapping: Node,
    entry: _Entry,
    wanted: Mapping[str, Value],
    style: Style,
) -> list[Edit]:
    """Return the edits that give a field of a mapping, itself a mapping, the wanted parts; its others stay."""
    text, (key, own) = configuration.document.text, entry
    refuse_shared(configuration, own, key.text)
    if own.is_empty and not mapping.style and style.mappings_indent is not None:
        margin = " " * (column(text, key.start) + style.mappings_indent)
        lines = [margin + line for line in block_mapping(wanted, within(style))]
        end = after_own_comments(text, own.end, column(text, key.start))
        return [insert_lines(text, end, lines)]
    if own.is_null:
        return [put(text, own, flow(key.text, wanted, style))]
    if own.kind is not Kind.MAPPING:
        reason = f"{key.text} must be a mapping, and is a {own.kind.value}"
        raise ScrapeConfigError(own.line, reason)
    refuse_rivals(own, wanted)
    edits, new = repair_entries(configuration, own, wanted, within(style))
    return [*edits, *_append(text, own, new, within(style))] if new else edits


def _append(text: str, mapping: Node, new: Mapping[str, Any], style: Style) -> list[Edit]:
    """Return the edits that add fields at the end of a mapping in a job."""
    if mapping.style:
        spans, between = mapping.spans(), style.brackets.comma
        if spans:
            start, end = spans[-1]
            indent = text[line_start(text, start) : start]
            between = between if indent.strip() else "," + newline(text, end) + indent
        words = between.join(flow_entry(*field, style) for field in new.items())
        opening = after_properties(text, mapping.start)
        return append_to_flow(text, opening, spans, words, style.brackets.comma)
    entries = list(mapping.entries())
    is_open = ends_in_open_block_scalar(text, mapping) and len(entries) > 1
    last = entries[-2 if is_open else -1]
    return [add_entry(text, mapping, last, field, style) for field in new.items()]
