"""The fields of a mapping as Prometheus reads them.

Prometheus decodes with go-yaml v2, so the rules are those of its YAML 1.1. Each was tried with Prometheus
2.42.
"""

from pushgateway_lab.scrape_config.errors import ScrapeConfigError
from pushgateway_lab.scrape_config.nodes import Kind, Node

# The names of a mapping's fields, with their values.
Fields = dict[str, Node]

_TRUE = {"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"}
_DEEPEST_MERGE = 20


def fields_of(mapping: Node) -> Fields:
    """Return a mapping's fields, with those of merge keys.

    In go-yaml v2 the position of a merge key counts: it overrides the fields above it. Of several merged
    mappings, the first has priority (https://yaml.org/type/merge.html).

    Raises:
        ScrapeConfigError: merge keys are nested too deep.
    """
    fields = {key.text: value for key, value in mapping.entries()}
    return _merged(mapping, {}, 0) if "<<" in fields else fields


def _merged(mapping: Node, known: dict[int, Fields], depth: int) -> Fields:
    """Return the fields, with merge keys followed; each mapping is read once, even if aliases repeat it."""
    if depth > _DEEPEST_MERGE:
        reason = f"merge keys (<<) lead more than {_DEEPEST_MERGE} mappings away from here"
        raise ScrapeConfigError(mapping.line, reason)
    fields: Fields = {}
    for key, value in mapping.entries():
        if not key.is_merge_key:
            fields[key.text] = value
            continue
        for source in reversed(value.children) if value.kind is Kind.SEQUENCE else [value]:
            same = id(source.children)
            if same not in known:
                known[same] = _merged(source, known, depth + 1)
            fields.update(known[same])
    return fields


def is_true(field: Node | None) -> bool:
    """Return whether a boolean field is true; a missing one is false."""
    if field is None or not (field.is_plain or field.tag == "tag:yaml.org,2002:bool"):
        return False
    return field.text in _TRUE


def scalar_text(field: Node | None) -> str:
    """Return the text of a field; an empty text if the field is missing or null."""
    return "" if field is None or field.is_null else field.text


def items_of(field: Node | None) -> list[Node]:
    """Return the items of a field; none if the field is missing or not a list."""
    return [] if field is None or field.kind is not Kind.SEQUENCE else field.children
