"""Choose the edits that remove a job and restore the text from before it was added."""

from pushgateway_lab.scrape_config.document import Configuration
from pushgateway_lab.scrape_config.edit import Edit, cut_lines
from pushgateway_lab.scrape_config.errors import quoted
from pushgateway_lab.scrape_config.jobs import name_of
from pushgateway_lab.scrape_config.marker import (
    EMPTY,
    MISSING,
    MISSING_WITH_BLANK_LINE,
    marked,
)
from pushgateway_lab.scrape_config.nodes import Node
from pushgateway_lab.scrape_config.sequence import remove_from_block, remove_from_flow
from pushgateway_lab.scrape_config.sharing import refuse_shared, refuse_shared_within
from pushgateway_lab.scrape_config.source import (
    after_line,
    after_properties,
    has_blank_line_above,
    line_start,
    without_last_break,
)


def remove_job_at(configuration: Configuration, position: int) -> list[Edit]:
    """Return the edits that remove the job at a position of the list.

    Raises:
        ScrapeConfigError: an alias in another part of the file refers to the job or to the list.
    """
    text, key, value = configuration.document.text, configuration.key, configuration.value
    if key is None or value is None:
        return []
    refuse_shared(configuration, value, "scrape_configs")
    if not (job := value.children[position]).alias:
        refuse_shared(configuration, job, f"the job {quoted(name_of(job))}")
        refuse_shared_within(configuration, job, f"the job {quoted(name_of(job))}")
    if len(value.children) == 1:
        restored = _restore(configuration, key, value)
        if restored:
            return restored
    if value.style:
        return remove_from_flow(text, value.spans(), position)
    return [remove_from_block(text, value, position)]


def _restore(configuration: Configuration, key: Node, value: Node) -> list[Edit]:
    """Return the edits that restore a missing or null list, if the job's marker records one."""
    text, root = configuration.document.text, configuration.document.root
    job = value.children[0]
    if not value.style:
        directly_below = line_start(text, value.start) == after_line(text, key.end)
        was = marked(text, job.start, job.end)
        if directly_below and was in {MISSING, MISSING_WITH_BLANK_LINE}:
            start = line_start(text, key.start)
            if was == MISSING_WITH_BLANK_LINE and has_blank_line_above(text, start):
                start = without_last_break(text, start)
            return [cut_lines(text, start, after_line(text, job.end))]
        return []
    opening = after_properties(text, value.start)
    was = marked(text, opening, job.start)
    if was is None:
        return []
    if was == EMPTY:
        return [Edit(opening - 1, value.end, "")]
    if was == MISSING:
        spans = root.spans()
        return remove_from_flow(text, spans, [start for start, _ in spans].index(key.start))
    return [Edit(opening, value.end, was)]
