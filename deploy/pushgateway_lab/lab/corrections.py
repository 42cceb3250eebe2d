"""The commands and sentences that correct a wrong push: push again, delete a group first, or wipe."""

from pushgateway_lab.formats.answers import Group
from pushgateway_lab.formats.grouping import UTF8_NAMES, GroupingError, held_path
from pushgateway_lab.lab import gateway
from pushgateway_lab.lab.commands import LONGEST, join, quoted
from pushgateway_lab.lab.excerpts import excerpt, first_sorted, listed
from pushgateway_lab.lab.look import Look
from pushgateway_lab.lab.pushed import Pushed, has_type


def with_all_else(group: Group, metric: str) -> str:
    """Return half a sentence that names the other metrics which a deletion of the group deletes, too."""
    others = len(group.metrics) - (metric in group.metrics)
    if not others:
        return ""
    first = first_sorted(name for name in group.metrics if name != metric)
    more = f" and {others - len(first):,} more" if others > len(first) else ""
    return f", which also deletes {listed(first)}{more}"


def push_command(look: Look, wanted: Pushed) -> str:
    """Return the command that pushes the wanted metric."""
    return wanted.command(gateway.curl(look), gateway.url(look))


def delete_command(look: Look, group: Group) -> str | None:
    """Return the command that deletes a group; None if it cannot be written or is too long to show."""
    if sum(map(len, group.labels.values())) > LONGEST:
        return None
    flags = gateway.running_flags(look) or {}
    try:
        path = held_path(group.labels, decodes_names=flags.get(UTF8_NAMES) == "true")
    except GroupingError:  # labels that no path can hold
        return None
    delete = f"{gateway.curl(look)} -X DELETE {quoted(f'{gateway.url(look)}/metrics{path}')}"
    return delete if len(delete) <= LONGEST // 2 else None


def wipe_instead(look: Look, group: Group) -> str:
    """Return a sentence with the next step for a group that `delete_command` has no command for."""
    if delete_command(look, group):
        return ""
    return " The command to delete that group cannot be shown here: a wipe deletes it, with all other groups."


def delete_and_push(look: Look, group: Group, wanted: Pushed) -> str:
    """Return both commands; the second one alone where the first one cannot be shown."""
    delete, push = delete_command(look, group), push_command(look, wanted)
    return join("\n", delete, push) or push


def replace_command(look: Look, group: Group, metric: str, wanted: Pushed) -> str:
    """Return the command for the wanted push, after the deletion of a wrong group.

    A group with further metrics is deleted only if the types conflict: its other metrics may be right.
    """
    is_alone = group.metrics.keys() == {metric}
    if is_alone or (metric == wanted.metric and conflict(group, wanted)):
        return delete_and_push(look, group, wanted)
    return push_command(look, wanted)


def conflict(group: Group, wanted: Pushed) -> str:
    """Return a sentence on a group with the same metric of another type, which blocks the wanted push."""
    if has_type(group, wanted):
        return ""
    return (
        f" Its type there is {excerpt(group.metrics[wanted.metric].type)}, and a metric can have only one type: "
        f"delete that group first{with_all_else(group, wanted.metric)}."
    )
