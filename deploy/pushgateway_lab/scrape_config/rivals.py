"""Fields of which Prometheus accepts only one in a mapping: two ways to log in, or two places of one secret.

The rules are those of Prometheus's documentation, `scrape_config`, `basic_auth` and `tls_config`; each was tried with
promtool 2.24, 2.42, 2.53 and 3.5. A field that is null or an empty text does not count for Prometheus, an empty mapping
does.
"""

from collections.abc import Iterator, Mapping

from pushgateway_lab.scrape_config.errors import ScrapeConfigError
from pushgateway_lab.scrape_config.fields import Fields, fields_of, scalar_text
from pushgateway_lab.scrape_config.nodes import Kind, Node

_ONE_OF = (
    {"basic_auth", "authorization", "oauth2", "bearer_token", "bearer_token_file"},
    *(
        {name, f"{name}_file", f"{name}_ref"}
        for name in ("username", "password", "ca", "cert", "key", "credentials", "client_secret")
    ),
)

# A wanted field and the one in whose place it goes. Of other rivals, their owner has to decide which one stays.
_REPLACED = {"password_file": "password"}


def replaced_by(mapping: Node, name: str) -> tuple[Node, Node] | None:
    """Return the entry of a mapping in whose place a wanted field goes, as ``password_file`` of ``password``.

    None if the mapping itself has no such entry, or one without a value.
    """
    entry = mapping.entry(_REPLACED[name]) if name in _REPLACED else None
    return entry if entry and _is_set(entry[1]) else None


def rivals(fields: Fields, wanted: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Yield each field beside which Prometheus does not accept a wanted one, with the name of the wanted one.

    + fields: of the mapping, with those of merge keys
    """
    for name in wanted:
        for group in _ONE_OF:
            if name in group:
                yield from ((each, name) for each in fields if _is_rival(fields, each, name, group))


def refuse_rivals(mapping: Node, wanted: Mapping[str, object]) -> None:
    """Raise ScrapeConfigError for a field that excludes a wanted one, unless it is replaced."""
    fields = fields_of(mapping)
    for rival, name in rivals(fields, wanted):
        entry = mapping.entry(rival)
        if entry and entry[1] is fields[rival]:
            if replaced_by(mapping, name) != entry:
                reason = f"Prometheus does not accept {rival} beside {name}; delete {rival}"
                raise ScrapeConfigError(entry[0].line, reason)
            continue
        reason = (
            f"{rival} comes from a merge key (<<), and Prometheus does not accept it beside {name}"
        )
        raise ScrapeConfigError(mapping.line, f"{reason}; write out here what the merge key brings")


def _is_rival(fields: Fields, each: str, name: str, group: set[str]) -> bool:
    return each != name and each in group and _is_set(fields[each])


def _is_set(field: Node) -> bool:
    return field.kind is not Kind.SCALAR or bool(scalar_text(field))
