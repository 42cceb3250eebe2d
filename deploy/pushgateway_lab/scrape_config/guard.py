"""Prove an edited text: parse it again and compare its meaning with that of the text before.

This module does not use the places and edits of the other modules. So a mistake of theirs becomes an error
here, and not a bad file.
"""

from collections.abc import Mapping

from pushgateway_lab.scrape_config.fields import fields_of, items_of
from pushgateway_lab.scrape_config.jobs import name_of
from pushgateway_lab.scrape_config.meaning import Content, Meanings, meaning_of, node_of, parts_of
from pushgateway_lab.scrape_config.nodes import Document, Kind, Node
from pushgateway_lab.scrape_config.rivals import replaced_by
from pushgateway_lab.scrape_config.wanted import Value, WantedJob

# The numbers of the root's keys and values without scrape_configs, and the numbers of the jobs.
_Outline = tuple[list[tuple[int, int]], list[int]]


def is_merged(before: Document, text: str, meanings: Meanings, wanted: WantedJob) -> bool:
    """Return whether a text means the same as the document, except that it has the wanted job."""
    match changed_jobs(before, text, meanings):
        case [[], [new]]:
            says_it_all = _as_written(new) == _as_text(wanted.as_mapping())
        case [[old], [new]]:
            says_it_all = _keeps_its_own(old, new, wanted)
        case _:
            return False
    return says_it_all and wanted.differences(fields_of(new)).are_none


def is_removed(before: Document, text: str, meanings: Meanings, name: str) -> bool:
    """Return whether a text means the same as the document, except that the job is gone."""
    match changed_jobs(before, text, meanings):
        case [[old], []]:
            return name_of(old) == name
    return False


def changed_jobs(
    before: Document, text: str, meanings: Meanings
) -> tuple[list[Node], list[Node]] | None:
    """Return the jobs that differ between the document and the text: the old ones and the new ones.

    None if anything else differs.

    + meanings: the ones with which the document was composed
    """
    documents = meaning_of(text, meanings)
    contents = meanings.contents()
    rest, old = _outline(before.root.meaning, contents)
    new_rest, new = _outline(documents[0], contents) if documents else ([], [])
    if rest != new_rest or documents[1:] != before.following:
        return None
    same = _in_common(old, new)
    old, new = old[same:], new[same:]
    same = _in_common(old[::-1], new[::-1])
    old, new = old[: len(old) - same], new[: len(new) - same]
    return [node_of(job, contents) for job in old], [node_of(job, contents) for job in new]


def _outline(document: int, contents: list[Content]) -> _Outline:
    """Return the outline of a file from the number of its document."""
    rest: list[tuple[int, int]] = []
    jobs: list[int] | None = None
    parts = parts_of(document, "{", contents)
    for key, value in zip(parts[::2], parts[1::2], strict=True):
        if contents[key][0] == "scrape_configs" and jobs is None and _is_list(value, contents):
            jobs = parts_of(value, "[", contents)
        else:
            rest.append((key, value))
    return rest, jobs or []


def _is_list(value: int, contents: list[Content]) -> bool:
    if parts_of(value, "[", contents):
        return True
    node = node_of(value, contents)
    return node.kind is Kind.SEQUENCE or node.is_null


def _in_common(old: list[int], new: list[int]) -> int:
    """Return the length of the longest common beginning."""
    pairs = zip(old, new, strict=False)
    return next(
        (i for i, (one, other) in enumerate(pairs) if one != other), min(len(old), len(new))
    )


def _as_written(node: Node) -> object:
    if entries := sorted((key.text, _as_written(value)) for key, value in node.entries()):
        return entries
    return [_as_written(item) for item in node.children] or node.text


def _as_text(value: object) -> object:
    match value:
        case Mapping():
            return sorted((key, _as_text(item)) for key, item in value.items())
        case list():
            return [_as_text(item) for item in value]
        case bool():
            return str(value).lower()
    return str(value)


def _keeps_its_own(old: Node, new: Node, wanted: WantedJob) -> bool:
    """Return whether a repaired job keeps all its fields and targets, except the wrong fields.

    A wrong field that is a mapping keeps its own parts.
    """
    differences = wanted.differences(fields_of(old))
    touched = {*differences.fields}
    touched |= {"static_configs"} if differences.missing or differences.wrong else set()
    return (
        _names_are_unique(new)
        and all(
            _keeps_its_parts(old.get(name), new.get(name), value)
            for name, value in differences.fields.items()
            if isinstance(value, Mapping)
        )
        and _own_fields(old, touched) == _own_fields(new, touched)
        and _scraped(old, [], differences.wrong)
        == _scraped(new, differences.missing, differences.wrong)
    )


def _keeps_its_parts(old: Node | None, new: Node | None, wanted: Mapping[str, Value]) -> bool:
    """Return whether a repaired mapping keeps all parts that nobody wanted, except those that a wanted one replaces."""
    if new is None:
        return False
    if old is None or not old.children:
        return _as_written(new) == _as_text(wanted)
    replaced = [entry[0].text for name in wanted if (entry := replaced_by(old, name))]
    left_out = {*wanted, *replaced}
    return (
        _names_are_unique(new)
        and _own_fields(old, left_out) == _own_fields(new, left_out)
        and all(
            _keeps_its_parts(old.get(name), new.get(name), value)
            for name, value in wanted.items()
            if isinstance(value, Mapping)
        )
    )


def _names_are_unique(mapping: Node) -> bool:
    names = [key.text for key, _ in mapping.entries() if not key.is_merge_key]
    return len(set(names)) == len(names)


def _own_fields(job: Node, left_out: set[str]) -> list[tuple[str, int]]:
    return [(key.text, value.meaning) for key, value in job.entries() if key.text not in left_out]


def _scraped(job: Node, added: list[str], wrong: dict[str, str]) -> list[tuple[object, ...]]:
    """Return the targets of a job, with the other fields of their groups, without the added targets.

    An added target stays if its group has other fields, such as labels: there it would be a mistake.

    + wrong: targets of the old job that are corrected; they are returned in their right form
    """
    right = {*wrong.values()}
    found: list[tuple[object, ...]] = []
    for group in items_of(fields_of(job).get("static_configs")):
        says = [(key.text, v.meaning) for key, v in group.entries() if key.text != "targets"]
        found += [("group", says)] if says else []
        for target in items_of(fields_of(group).get("targets")):
            if says or target.text not in added:
                form = wrong.get(target.text, target.text)
                found.append((form if form in right else target.meaning, bool(says)))
    return found
