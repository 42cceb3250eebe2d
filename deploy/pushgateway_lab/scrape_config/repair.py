"""Choose the edits that correct an existing job.

They change wrong and missing fields and targets only. A part that the job shares with other parts of the
file, through an anchor or a merge key, is never changed: the edit is refused, with the line.
"""

from typing import Any

from pushgateway_lab.scrape_config.comments import after_own_comments
from pushgateway_lab.scrape_config.document import Configuration
from pushgateway_lab.scrape_config.edit import Edit, insert_lines
from pushgateway_lab.scrape_config.errors import ScrapeConfigError, quoted
from pushgateway_lab.scrape_config.extend import add_targets, put
from pushgateway_lab.scrape_config.fields import fields_of, items_of
from pushgateway_lab.scrape_config.nodes import Kind, Node
from pushgateway_lab.scrape_config.sequence import ends_in_open_block_scalar
from pushgateway_lab.scrape_config.sharing import is_shared, refuse_shared
from pushgateway_lab.scrape_config.source import after_line, column, line_start, newline
from pushgateway_lab.scrape_config.style import Style, learn
from pushgateway_lab.scrape_config.wanted import Scalar, WantedJob
from pushgateway_lab.scrape_config.write import block_mapping, flow_entry, scalar


def repair_job(configuration: Configuration, job: Node, wanted: WantedJob) -> list[Edit]:
    """Return the edits that give a job the wanted fields and targets; none if it has them.

    Raises:
        ScrapeConfigError: other parts of the file share the job, or a field cannot be edited.
    """
    fields = fields_of(job)
    differences = wanted.differences(fields)
    if differences.are_none:
        return []
    refuse_shared(configuration, job, f"the job {quoted(wanted.name)}")
    style = learn(configuration, job)
    edits: list[Edit] = []
    new: dict[str, Any] = {}
    for name, value in differences.fields.items():
        own = job.get(name)
        if own is None:
            new[name] = value
        elif own is fields[name]:
            edits.append(_replace(configuration, name, own, value))
        else:
            reason = f"a merge key (<<) below overrides {name}; move the merge key up"
            raise ScrapeConfigError(own.line, reason)
    if differences.wrong:
        edits += _correct_targets(configuration, job, differences.wrong)
    if differences.missing and "static_configs" not in fields:
        new["static_configs"] = [{"targets": differences.missing}]
    elif differences.missing:
        edits += add_targets(configuration, job, differences.missing, style)
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
    return put(configuration.document.text, field, new)


def _correct_targets(configuration: Configuration, job: Node, wrong: dict[str, str]) -> list[Edit]:
    """Return the edits that replace wrong targets by their right form, in the same quotes."""
    edits = []
    own = job.get("static_configs")
    static_configs = fields_of(job).get("static_configs")
    for group in items_of(static_configs):
        targets = fields_of(group).get("targets")
        is_own = own is static_configs and group.get("targets") is targets
        around = [node for node in (static_configs, group, targets) if node]
        is_shared_around = any(is_shared(configuration, node) for node in around)
        for target in items_of(targets):
            if target.text not in wrong:
                continue
            right = wrong[target.text]
            if is_shared_around or not is_own or is_shared(configuration, target):
                what = f"the target {quoted(target.text)}, which must be {quoted(right)},"
                for node in (*around, target):
                    refuse_shared(configuration, node, what)
                raise ScrapeConfigError(target.line, f"{what} comes from a merge key (<<)")
            quote = target.style if target.style in {"'", '"'} else ""
            edits.append(Edit(target.start, target.end, scalar(right, quote, in_flow=True)))
    return edits


def _add_fields(
    configuration: Configuration, job: Node, new: dict[str, Any], style: Style
) -> list[Edit]:
    """Return the edits that add fields, each in its place in the order of the file's jobs.

    That is below the job's name and its merge keys, which override fields above.
    """
    text = configuration.document.text
    edits = []
    for name, value in new.items():
        key, last = _entry_above(text, job, name, style)
        if job.style:
            entry = flow_entry(name, value, style)
            first = line_start(text, key.start)
            indent = text[first : key.start]
            is_first_on_line = not indent.strip() and first > job.start
            gap = (
                "," + newline(text, last.end) + indent if is_first_on_line else style.brackets.comma
            )
            edits.append(Edit(last.end, last.end, gap + entry))
            continue
        indent = " " * column(text, job.children[0].start)
        lines = [indent + line for line in block_mapping({name: value}, style)]
        end = after_line(text, last.end)
        if last.children and not last.style:
            end = after_own_comments(text, last.end, len(indent))
        edits.append(insert_lines(text, end, lines))
    return edits


def _entry_above(text: str, job: Node, name: str, style: Style) -> tuple[Node, Node]:
    """Return the entry of a job below which a new field goes."""
    above = {"job_name"}
    if not ends_in_open_block_scalar(text, job):
        above |= style.order.fields_before(name)
    return [entry for entry in job.entries() if entry[0].text in above or entry[0].is_merge_key][-1]
