"""Choose the edits that add a job to a configuration."""

from pushgateway_lab.scrape_config.document import Configuration
from pushgateway_lab.scrape_config.edit import Edit, insert_lines
from pushgateway_lab.scrape_config.marker import (
    EMPTY,
    MISSING,
    MISSING_WITH_BLANK_LINE,
    marker,
)
from pushgateway_lab.scrape_config.nodes import Node
from pushgateway_lab.scrape_config.sequence import (
    append_to_block,
    append_to_flow,
    dash,
    ends_in_open_block_scalar,
    fill,
)
from pushgateway_lab.scrape_config.sharing import refuse_shared
from pushgateway_lab.scrape_config.source import (
    after_properties,
    column,
    has_blank_line_above,
    line_start,
    newline,
)
from pushgateway_lab.scrape_config.spacing import (
    blank_lines_between_jobs,
    has_blank_lines_between_sections,
)
from pushgateway_lab.scrape_config.style import Style, learn
from pushgateway_lab.scrape_config.wanted import WantedJob
from pushgateway_lab.scrape_config.write import block_item, block_mapping, flow, scalar


def add_job(configuration: Configuration, wanted: WantedJob) -> list[Edit]:
    """Return the edits that add a job after the last one.

    Raises:
        ScrapeConfigError: an alias in another part of the file refers to the list of jobs.
    """
    text, value = configuration.document.text, configuration.value
    style = learn(configuration)
    if configuration.key is None or value is None:
        return _add_key(configuration, wanted, style)
    refuse_shared(configuration, value, "scrape_configs")
    if value.is_null:
        return _fill(configuration, configuration.key, value, wanted, style)
    if value.style:
        opening = after_properties(text, value.start)
        spans, comma = value.spans(), style.brackets.comma
        return append_to_flow(text, opening, spans, _flow(wanted, style), comma)
    indent = column(text, dash(text, value, 0))
    blank_lines = blank_lines_between_jobs(
        text, configuration.document.root, value.children, indent
    )
    return [append_to_block(text, value, _lines(wanted, style), blank_lines)]


def _add_key(configuration: Configuration, wanted: WantedJob, style: Style) -> list[Edit]:
    """Add the key scrape_configs, with the job, as the root's last entry."""
    text, root = configuration.document.text, configuration.document.root
    if root.style:
        opening = after_properties(text, root.start)
        key = scalar("scrape_configs", style.key_quote, in_flow=True)
        entry = f"{key}: {_marked_list(text, opening, MISSING, wanted, style)}"
        return append_to_flow(text, opening, root.spans(), entry, style.brackets.comma)
    position, was = configuration.document.end, MISSING
    if ends_in_open_block_scalar(text, root):
        position = line_start(text, root.children[-2].start)
    elif has_blank_lines_between_sections(text, root) and not has_blank_line_above(text, position):
        was = MISSING_WITH_BLANK_LINE
    indent = column(text, root.children[0].start) if root.children else 0
    job = _lines(wanted, style, was)
    lines = _indented(["scrape_configs:", *_indented(job, style.list_indent)], indent)
    return [insert_lines(text, position, lines if was == MISSING else ["", *lines])]


def _fill(
    configuration: Configuration, key: Node, value: Node, wanted: WantedJob, style: Style
) -> list[Edit]:
    """Give the key scrape_configs, whose value is empty or null, a list with the job."""
    text = configuration.document.text
    if not value.is_empty:
        start = after_properties(text, value.start)
        was = text[start : value.end]
        return [Edit(start, value.end, _marked_list(text, start, was, wanted, style))]
    if configuration.document.root.style:
        return [
            Edit(value.end, value.end, " " + _marked_list(text, value.end, EMPTY, wanted, style))
        ]
    return [fill(text, key, value, [_lines(wanted, style)], style.list_indent)]


def _lines(wanted: WantedJob, style: Style, was: str | None = None) -> list[str]:
    """Return the job as an item of a block list, with the marker for `was`, if given."""
    if style.flow:
        return block_item([_flow(wanted, style)])
    entries = block_mapping(style.order.arranged(wanted.as_mapping()), style)
    if was:
        entries.insert(1, marker(was))
    return block_item(entries, style.key_indent, dash_alone=style.dash_alone)


def _marked_list(text: str, position: int, was: str, wanted: WantedJob, style: Style) -> str:
    """Return the job as a list in brackets, with the marker."""
    return f"[ {marker(was)}{newline(text, position)}  {_flow(wanted, style)}]"


def _flow(wanted: WantedJob, style: Style) -> str:
    return flow("", style.order.arranged(wanted.as_mapping()), style)


def _indented(lines: list[str], indent: int) -> list[str]:
    return [" " * indent + line for line in lines]
