"""Choose the edits that correct an existing job.

They change wrong and missing fields and targets only. A part that the job shares with other parts of the
file, through an anchor or a merge key, is never changed: the edit is refused, with the line.
"""

from pushgateway_lab.scrape_config.document import Configuration
from pushgateway_lab.scrape_config.edit import Edit
from pushgateway_lab.scrape_config.entries import add_entry, repair_entries
from pushgateway_lab.scrape_config.errors import ScrapeConfigError, quoted
from pushgateway_lab.scrape_config.extend import add_targets
from pushgateway_lab.scrape_config.fields import fields_of, items_of
from pushgateway_lab.scrape_config.nodes import Node
from pushgateway_lab.scrape_config.rivals import refuse_rivals
from pushgateway_lab.scrape_config.sequence import ends_in_open_block_scalar
from pushgateway_lab.scrape_config.sharing import is_shared, refuse_shared
from pushgateway_lab.scrape_config.style import Style, learn
from pushgateway_lab.scrape_config.wanted import WantedJob
from pushgateway_lab.scrape_config.write import scalar


def repair_job(configuration: Configuration, job: Node, wanted: WantedJob) -> list[Edit]:
    """Return the edits that give a job the wanted fields and targets; none if it has them.

    Raises:
        ScrapeConfigError: other parts of the file share the job, a field cannot be edited, or Prometheus does not accept
            a field of the job beside a wanted one.
    """
    refuse_rivals(job, wanted.fields)
    fields = fields_of(job)
    differences = wanted.differences(fields)
    if differences.are_none:
        return []
    refuse_shared(configuration, job, f"the job {quoted(wanted.name)}")
    style = learn(configuration, job)
    edits, new = repair_entries(configuration, job, differences.fields, style)
    if differences.wrong:
        edits += _correct_targets(configuration, job, differences.wrong)
    if differences.missing and "static_configs" not in fields:
        new["static_configs"] = [{"targets": differences.missing}]
    elif differences.missing:
        edits += add_targets(configuration, job, differences.missing, style)
    text = configuration.document.text
    for name, value in new.items():
        above = _entry_above(text, job, name, style)
        edits.append(add_entry(text, job, above, (name, value), style))
    return edits


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


def _entry_above(text: str, job: Node, name: str, style: Style) -> tuple[Node, Node]:
    """Return the entry of a job below which a new field goes, in the order of the file's jobs.

    That is below the job's name and its merge keys, which override fields above.
    """
    above = {"job_name"}
    if not ends_in_open_block_scalar(text, job):
        above |= style.order.fields_before(name)
    return [entry for entry in job.entries() if entry[0].text in above or entry[0].is_merge_key][-1]
