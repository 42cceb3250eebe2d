"""Choose the edits that correct an existing job.

They change wrong and missing fields and targets only. A part that the job shares with other parts of the
file, through an anchor or a merge key, is never changed: the edit is refused, with the line.
"""

from typing import Any

from pushgateway_lab.scrape_config.document import Configuration, refuse_shared
from pushgateway_lab.scrape_config.edit import Edit, insert_lines
from pushgateway_lab.scrape_config.errors import ScrapeConfigError, quoted
from pushgateway_lab.scrape_config.fields import fields_of
from pushgateway_lab.scrape_config.nodes import Kind, Node
from pushgateway_lab.scrape_config.sequence import append_to_block, append_to_flow
from pushgateway_lab.scrape_config.source import after_line, after_properties, column
from pushgateway_lab.scrape_config.style import Style, learn, quote_of_targets
from pushgateway_lab.scrape_config.wanted import Scalar, WantedJob
from pushgateway_lab.scrape_config.write import block_item, block_mapping, flow, flow_entry, scalar


def repair_job(configuration: Configuration, job: Node, wanted: WantedJob) -> list[Edit]:
    """Return the edits that give a job the wanted fields and targets; none if it has them.

    Raises:
        ScrapeConfigError: other parts of the file share the job, or a field cannot be edited.
    """
    fields = fields_of(job)
    wrong, missing = wanted.wrong_fields(fields), wanted.missing_targets(fields)
    if not wrong and not missing:
        return []
    refuse_shared(configuration, job, f"the job {quoted(wanted.name)}")
    style = learn(configuration, job)
    edits: list[Edit] = []
    new: dict[str, Any] = {}
    for name, value in wrong.items():
        own = job.get(name)
        if own is None:
            new[name] = value
        elif own is fields[name]:
            edits.append(_replace(configuration, name, own, value))
        else:
            reason = f"a merge key (<<) below overrides {name}; move the merge key up"
            raise ScrapeConfigError(own.line, reason)
    if missing and "static_configs" not in fields:
        new["static_configs"] = [{"targets": missing}]
    elif missing:
        edits += _add_targets(configuration, job, missing, style)
    return [*edits, *_add_fields(configuration, job, new, style)]


def _replace(configuration: Configuration, name: str, field: Node, value: Scalar) -> Edit:
    """Return the edit that replaces a value, in the same quotes."""
    if field.kind is not Kind.SCALAR:
        raise ScrapeConfigError(
            field.line, f"{name} must be a single value, and is a {field.kind.value}"
        )
    if not field.alias:
        refuse_shared(configuration, field, name)
    new = scalar(value, field.style if field.style in {"'", '"'} else "", in_flow=True)
    return _put(configuration.document.text, field, new)


def _put(text: str, field: Node, new: str) -> Edit:
    blank = " " if field.start == field.end and text[field.start - 1] == ":" else ""
    return Edit(field.start, field.end, blank + new)


def _add_targets(
    configuration: Configuration, job: Node, missing: list[str], style: Style
) -> list[Edit]:
    """Return the edits that add targets to the first group with targets alone, or else as a new group.

    A group with labels is not used: its labels may be wrong for the new targets.
    """
    text, static_configs = configuration.document.text, job.get("static_configs")
    if static_configs is None or static_configs is not fields_of(job)["static_configs"]:
        reason = "static_configs comes from a merge key (<<); write it out in this job"
        raise ScrapeConfigError(job.line, reason)
    refuse_shared(configuration, static_configs, "static_configs")
    if static_configs.is_null:
        return [_put(text, static_configs, flow("static_configs", [{"targets": missing}], style))]
    if static_configs.kind is not Kind.SEQUENCE:
        reason = f"static_configs must be a list, and is a {static_configs.kind.value}"
        raise ScrapeConfigError(static_configs.line, reason)
    for group in static_configs.children:
        if edits := _add_to_group(configuration, group, missing, style):
            return edits
    new = {"targets": missing}
    lines = block_item(block_mapping(new, style))
    return _append(text, static_configs, [lines], [flow("static_configs", new, style)])


def _add_to_group(
    configuration: Configuration, group: Node, missing: list[str], style: Style
) -> list[Edit]:
    """Return the edits that add targets to a group; none if the group has other fields or is shared."""
    text, shared = configuration.document.text, configuration.document.shared
    own = group.get("targets")
    says_more = len(group.children) > len(("targets", own))
    if own is None or says_more or group.alias or own.alias or {group.start, own.start} & shared:
        return []
    if own.is_null:
        return [_put(text, own, flow("targets", missing, style))]
    if own.kind is not Kind.SEQUENCE:
        return []
    quote = quote_of_targets(own) if own.children else style.target_quote
    words = [scalar(target, quote) for target in missing]
    return _append(text, own, [block_item([word]) for word in words], words)


def _append(text: str, sequence: Node, lines: list[list[str]], words: list[str]) -> list[Edit]:
    """Return the edits that add items to a sequence: `lines` if it is in block style, else `words`."""
    if not sequence.style:
        return [append_to_block(text, sequence, item) for item in lines]
    opening = after_properties(text, sequence.start)
    return append_to_flow(text, opening, sequence.spans(), ", ".join(words))


def _add_fields(
    configuration: Configuration, job: Node, new: dict[str, Any], style: Style
) -> list[Edit]:
    """Return the edits that add fields below the job's name and its merge keys, which override fields above."""
    if not new:
        return []
    text = configuration.document.text
    entries = [
        entry for entry in job.entries() if entry[0].text == "job_name" or entry[0].is_merge_key
    ]
    end = entries[-1][1].end
    if job.style:
        words = [flow_entry(name, value, style) for name, value in new.items()]
        return [Edit(end, end, "".join(", " + word for word in words))]
    indent = " " * column(text, job.children[0].start)
    lines = [indent + line for line in block_mapping(new, style)]
    return [insert_lines(text, after_line(text, end), lines)]
