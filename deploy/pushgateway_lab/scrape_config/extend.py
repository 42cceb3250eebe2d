"""Choose the edits that add targets to an existing job."""

from pushgateway_lab.scrape_config.comments import commented_dash
from pushgateway_lab.scrape_config.document import Configuration
from pushgateway_lab.scrape_config.edit import Edit
from pushgateway_lab.scrape_config.errors import ScrapeConfigError
from pushgateway_lab.scrape_config.fields import fields_of
from pushgateway_lab.scrape_config.nodes import Kind, Node
from pushgateway_lab.scrape_config.sequence import append_to_block, append_to_flow, dash, fill
from pushgateway_lab.scrape_config.sharing import refuse_shared
from pushgateway_lab.scrape_config.source import after_properties, column
from pushgateway_lab.scrape_config.spacing import blank_lines_between
from pushgateway_lab.scrape_config.style import Style, quote_of_targets
from pushgateway_lab.scrape_config.write import block_item, flow, group_item, scalar


def add_targets(
    configuration: Configuration, job: Node, missing: list[str], style: Style
) -> list[Edit]:
    """Return the edits that add targets to the first group with targets alone, or else as a new group.

    A group with labels is not used: its labels may be wrong for the new targets.

    Raises:
        ScrapeConfigError: other parts of the file share static_configs, or it is no list.
    """
    text, entry = configuration.document.text, job.entry("static_configs")
    if entry is None or entry[1] is not fields_of(job)["static_configs"]:
        reason = "static_configs comes from a merge key (<<); write it out in this job"
        raise ScrapeConfigError(job.line, reason)
    key, static_configs = entry
    refuse_shared(configuration, static_configs, "static_configs")
    new = {"targets": missing}
    has_example = commented_dash(text, static_configs.end, 0, 0) is not None
    if static_configs.is_empty and not job.style and (style.groups != "[" or has_example):
        return [fill(text, key, static_configs, [group_item(new, style)], style.list_indent)]
    if static_configs.is_null:
        return [put(text, static_configs, flow("static_configs", [new], style))]
    if static_configs.kind is not Kind.SEQUENCE:
        reason = f"static_configs must be a list, and is a {static_configs.kind.value}"
        raise ScrapeConfigError(static_configs.line, reason)
    for group in static_configs.children:
        if edits := _add_to_group(configuration, group, missing, style):
            return edits
    lines, words = [group_item(new, style)], [flow("static_configs", new, style)]
    return _append(text, static_configs, lines, words, style)


def put(text: str, field: Node, new: str) -> Edit:
    """Return the edit that gives a field another value, or a value if it has none."""
    blank = " " if field.start == field.end and text[field.start - 1] == ":" else ""
    return Edit(field.start, field.end, blank + new)


def _add_to_group(
    configuration: Configuration, group: Node, missing: list[str], style: Style
) -> list[Edit]:
    """Return the edits that add targets to a group; none if the group has other fields or is shared."""
    text, shared = configuration.document.text, configuration.document.shared
    entry = group.entry("targets")
    if entry is None or len(group.children) > len(entry):
        return []
    key, own = entry
    if group.alias or own.alias or group.start in shared or own.start in shared:
        return []
    if own.is_empty and not group.style:
        lines = [block_item([scalar(target, style.target_quote)]) for target in missing]
        indent = style.list_indent if style.targets_indent is None else style.targets_indent
        return [fill(text, key, own, lines, indent)]
    if own.is_null:
        return [put(text, own, flow("targets", missing, style))]
    if own.kind is not Kind.SEQUENCE:
        return []
    quote = quote_of_targets(own) if own.children else style.target_quote
    words = [scalar(target, quote) for target in missing]
    return _append(text, own, [block_item([word]) for word in words], words, style)


def _append(
    text: str, sequence: Node, lines: list[list[str]], words: list[str], style: Style
) -> list[Edit]:
    """Return the edits that add items to a sequence: `lines` if it is in block style, else `words`."""
    if not sequence.style:
        indent = column(text, dash(text, sequence, 0))
        blank_lines = blank_lines_between(text, sequence.children, indent) or 0
        return [append_to_block(text, sequence, item, blank_lines) for item in lines]
    opening, comma = after_properties(text, sequence.start), style.brackets.comma
    return append_to_flow(text, opening, sequence.spans(), comma.join(words), comma)
