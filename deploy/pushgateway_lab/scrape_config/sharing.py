"""Parts of a configuration that anchors (&) and aliases (*) share: they are never changed."""

import re

from pushgateway_lab.scrape_config.document import Configuration
from pushgateway_lab.scrape_config.errors import ScrapeConfigError, shortened
from pushgateway_lab.scrape_config.nodes import Anchor, Document, Node

_ALIAS = re.compile(r"\*([^\s,\[\]{}]+)")


def is_shared(configuration: Configuration, node: Node) -> bool:
    """Return whether a node is, through an alias, in other parts of the file, too."""
    return node.alias or node.start in configuration.document.shared


def refuse_shared(configuration: Configuration, node: Node, what: str) -> None:
    """Raise ScrapeConfigError for a node that is, through an alias, in other parts of the file, too.

    The message names the anchor, its line and the line that uses it.

    + what: the node in words, which begin the message
    """
    document = configuration.document
    if node.alias:
        reason = f"{what} is shared with other parts of the file by {_alias(document, node)}; write it out here"
        raise ScrapeConfigError(node.line, reason)
    if anchor := document.shared.get(node.start):
        raise _used(anchor, f"{what} is shared with other parts of the file")


def refuse_shared_within(configuration: Configuration, node: Node, what: str) -> None:
    """Raise ScrapeConfigError for a node that holds an anchor which an alias below the node uses.

    + what: the node in words, which begin the message
    """
    text, shared = configuration.document.text, configuration.document.shared
    last = node.line + text.count("\n", node.start, node.end)
    for start, anchor in shared.items():
        if node.start < start < node.end and anchor.last_used_in > last:
            raise _used(anchor, f"{what} holds a part that is shared with other parts of the file")


def _used(anchor: Anchor, what: str) -> ScrapeConfigError:
    name = shortened(anchor.name)
    reason = (
        f"{what}: it is &{name} here, and line {anchor.last_used_in} uses it as *{name}; "
        "write it out in that line"
    )
    return ScrapeConfigError(anchor.line, reason)


def _alias(document: Document, node: Node) -> str:
    """Return an alias in words, with the line of its anchor."""
    found = _ALIAS.match(document.text, node.start)
    name = found.group(1) if found else ""
    lines = [
        anchor.line
        for anchor in document.shared.values()
        if anchor.name == name and anchor.line <= node.line
    ]
    where = f", which is &{shortened(name)} in line {max(lines)}" if lines else ""
    return f"the alias *{shortened(name)}{where}"
