"""Remove targets and fields of a job that this toolkit has added and that are no longer wanted."""

from collections.abc import Collection, Iterable

from pushgateway_lab.scrape_config.document import Configuration, read
from pushgateway_lab.scrape_config.edit import Edit, apply
from pushgateway_lab.scrape_config.entries import remove_entry
from pushgateway_lab.scrape_config.errors import ScrapeConfigError
from pushgateway_lab.scrape_config.fields import fields_of, items_of
from pushgateway_lab.scrape_config.guard import changed_jobs
from pushgateway_lab.scrape_config.jobs import name_of
from pushgateway_lab.scrape_config.meaning import Meanings
from pushgateway_lab.scrape_config.memory import spare_memory
from pushgateway_lab.scrape_config.nodes import Kind, Node
from pushgateway_lab.scrape_config.sequence import remove_from_block, remove_from_flow


@spare_memory
def drop_targets(text: str, job_name: str, targets: Iterable[str]) -> str:
    """Return the configuration without these static targets of a job, and all other text unchanged.

    A target stays if it is the job's only one, if its group has labels or other fields, or if it cannot be removed
    without changing more than the target.

    + text: a prometheus.yml, at most `LONGEST` bytes of UTF-8
    + targets: as written in the file, HOST:PORT

    Raises:
        ScrapeConfigError: the configuration cannot be read, or is beyond a limit.

    Example:
        drop_targets("scrape_configs: [{job_name: a, static_configs: [{targets: [b:1, c:2]}]}]", "a", ["c:2"])
    """
    for target in targets:
        text = _without(text, job_name, target)
    return text


@spare_memory
def drop_fields(text: str, job_name: str, fields: Collection[str]) -> str:
    """Return the configuration without these fields of a job, and all other text unchanged.

    All of them stay if one cannot be removed without changing more, for example because another part of the file shares
    it, or because it is the last one of its mapping.

    + text: a prometheus.yml, at most `LONGEST` bytes of UTF-8
    + fields: their names; ``tls_config.ca_file`` is a part of a field

    Raises:
        ScrapeConfigError: the configuration cannot be read, or is beyond a limit.

    Example:
        drop_fields("scrape_configs: [{job_name: a, scheme: https}]", "a", ["scheme"])
    """
    result = text
    for field in fields:  # one at a time: in braces, each takes a comma with it
        owner, _, name = field.rpartition(".")
        without = _without_field(result, job_name, owner, name)
        if without is None:
            return text
        result = without
    return result


def _without_field(text: str, job_name: str, owner: str, name: str) -> str | None:
    """Return the configuration without a field of a job; None if it cannot be removed.

    + owner: the field of the job that has it as a part; empty for a field of the job itself
    """
    meanings = Meanings()
    before = read(text, meanings)
    job = next((each for each in before.jobs if name_of(each) == job_name), None)
    mapping = fields_of(job).get(owner) if job and owner else job
    if job is None or mapping is None or name not in fields_of(mapping):
        return text
    entry, shared = mapping.entry(name), before.document.shared
    around = (job, mapping)
    if entry is None or any(each.alias or each.start in shared for each in around):
        return None
    if len(list(mapping.entries())) == 1 or (owner and job.get(owner) is not mapping):
        return None
    result = apply(before.document.text, remove_entry(before.document.text, mapping, entry))
    try:
        match changed_jobs(before.document, result, meanings):
            case [[old], [new]] if _has_lost(old, new, owner, name):
                return before.byte_order_mark + result
    except ScrapeConfigError:
        pass  # the edited text is not YAML
    return None


def _has_lost(old: Node, new: Node, owner: str, name: str) -> bool:
    """Return whether a job has lost this field, and nothing else. See `_without_field`."""
    if not owner:
        return name not in fields_of(new) and _fields(old, [name]) == _fields(new, [])
    one, other = old.get(owner), new.get(owner)
    if one is None or other is None or _fields(old, [owner]) != _fields(new, [owner]):
        return False
    return _has_lost(one, other, "", name)


def _without(text: str, job_name: str, target: str) -> str:
    meanings = Meanings()
    before = read(text, meanings)
    job = next((each for each in before.jobs if name_of(each) == job_name), None)
    edits = _edits(before, job, target) if job else []
    if not edits:
        return text
    result = apply(before.document.text, edits)
    try:
        match changed_jobs(before.document, result, meanings):
            case [[old], [new]] if _only_lost(old, new, target):
                return before.byte_order_mark + result
    except ScrapeConfigError:
        pass  # the edited text is not YAML
    return text


def _edits(configuration: Configuration, job: Node, target: str) -> list[Edit]:
    """Return the edits that remove a target, or a group that has only this target; none if it has to stay."""
    static_configs = job.get("static_configs")
    if not _is_own_list(configuration, job, static_configs):
        return []
    for place, group in enumerate(static_configs.children if static_configs else []):
        targets = group.get("targets")
        says_more = len(group.children) > len(("targets", targets))
        if says_more or not _is_own_list(configuration, group, targets):
            continue
        texts = [item.text for item in items_of(targets)]
        if target not in texts:
            continue
        if len(texts) > 1:
            return _remove(configuration, targets, texts.index(target))
        return _remove(configuration, static_configs, place)
    return []


def _is_own_list(configuration: Configuration, owner: Node, value: Node | None) -> bool:
    """Return whether a value is a list that its owner shares with no other part of the file."""
    if value is None or value.kind is not Kind.SEQUENCE:
        return False
    shared = configuration.document.shared
    return not (owner.alias or value.alias or owner.start in shared or value.start in shared)


def _remove(configuration: Configuration, sequence: Node | None, position: int) -> list[Edit]:
    """Return the edits that remove an item of a list; none for its only item."""
    if sequence is None or len(sequence.children) == 1:
        return []
    text = configuration.document.text
    if sequence.style:
        return remove_from_flow(text, sequence.spans(), position)
    return [remove_from_block(text, sequence, position)]


def _only_lost(old: Node, new: Node, target: str) -> bool:
    """Return whether a job has lost this target, and nothing else."""
    names = ["static_configs"]
    if _fields(old, names) != _fields(new, names):
        return False
    were, are = _scraped(old), _scraped(new)
    lost = next((n for n, each in enumerate(were) if each == ([], target)), None)
    return lost is not None and [*were[:lost], *were[lost + 1 :]] == are


def _fields(mapping: Node, left_out: list[str]) -> list[tuple[str, int]]:
    return [
        (key.text, value.meaning) for key, value in mapping.entries() if key.text not in left_out
    ]


def _scraped(job: Node) -> list[tuple[list[tuple[str, int]], str]]:
    """Return each target of a job with the other fields of its group."""
    return [
        (_fields(group, ["targets"]), target.text)
        for group in items_of(fields_of(job).get("static_configs"))
        for target in items_of(fields_of(group).get("targets"))
    ]
