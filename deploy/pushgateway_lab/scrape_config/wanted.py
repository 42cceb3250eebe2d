"""The wanted job, validated."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from pushgateway_lab.scrape_config.fields import Fields, fields_of, is_true
from pushgateway_lab.scrape_config.nodes import Kind, Node
from pushgateway_lab.scrape_config.rivals import rivals
from pushgateway_lab.scrape_config.targets import address_of, targets_of, without_blanks

Scalar = str | int | bool
Value = Scalar | Mapping[str, "Value"]

_DEEPEST = 2
"""The most levels of mappings in a field, as ``oauth2`` with its ``tls_config``."""


class Differences(NamedTuple):
    """The differences between a job and the wanted one.

    + fields: the wanted fields that are missing or different; a mapping is whole, even if one part of it is different
    + missing: the wanted targets that are missing
    + wrong: the wanted targets that are there in a wrong form, each with its right one: with blanks or invisible
      characters, which Prometheus keeps (``'localhost:9091 '`` is a target that is down), or as in `WantedJob.corrected`
    """

    fields: dict[str, Value]
    missing: list[str]
    wrong: dict[str, str]

    @property
    def are_none(self) -> bool:
        """Whether the job is right."""
        return not any(self)


class WantedJob(NamedTuple):
    """A scrape config that a file should have.

    + name: its job_name
    + fields: its other fields, each with a single value or a mapping, for example honor_labels and basic_auth
    + targets: its targets, HOST:PORT
    + labels: labels of these targets, written only when the job is added
    + corrected: targets that must not be in the job -> the wanted one in the place of each
    """

    name: str
    fields: dict[str, Value]
    targets: tuple[str, ...]
    labels: dict[str, str]
    corrected: Mapping[str, str] = MappingProxyType({})

    @property
    def values(self) -> int:
        """The number of values that the job adds to a file without jobs, keys and lists included."""
        return 11 + _values(self.fields) + len(self.targets) + 2 * len(self.labels)

    def differences(self, fields: Fields) -> Differences:
        """Return what is wrong or missing in a job with the given fields."""
        wanted = {address_of(target): target for target in self.targets}
        present: set[tuple[str, str]] = set()
        wrong: dict[str, str] = {}
        for target in targets_of(fields):
            clean = without_blanks(target.text)
            right = self.corrected.get(clean, clean)
            address = address_of(right)
            if address in wanted:
                present.add(address)
                if right != target.text:
                    wrong[target.text] = right
        return Differences(
            fields={
                name: value
                for name, value in self.fields.items()
                if not has_value(fields.get(name), value)
            },
            missing=[target for address, target in wanted.items() if address not in present],
            wrong=wrong,
        )

    def as_mapping(self) -> dict[str, Any]:
        """Return the job in the form and order of the file."""
        group: dict[str, Any] = {"targets": list(self.targets)}
        if self.labels:
            group["labels"] = self.labels
        job: dict[str, Any] = {"job_name": self.name, **self.fields}
        return {**job, "static_configs": [group]} if self.targets else job


def has_value(field: Node | None, wanted: Value) -> bool:
    """Return whether a field has a value; ``yes`` and ``on`` count as true, as in Prometheus.

    A mapping has the value if it has all wanted parts, and no part that excludes one of them.
    """
    if field is None or field.is_null:
        return False
    if isinstance(wanted, Mapping):
        parts = fields_of(field)
        has_all = all(has_value(parts.get(name), value) for name, value in wanted.items())
        return has_all and not any(rivals(parts, wanted))
    if field.kind is not Kind.SCALAR:
        return False
    return is_true(field) is wanted if isinstance(wanted, bool) else field.text == str(wanted)


def _values(value: Value) -> int:
    """Return the number of values in a field's value, itself and keys included."""
    if not isinstance(value, Mapping):
        return 1
    return 1 + sum(1 + _values(part) for part in value.values())


def wanted_job(
    job: Mapping[str, Any], corrected: Mapping[str, str] = MappingProxyType({})
) -> WantedJob:
    """Return the job of a mapping that has the form of Prometheus's configuration.

    + corrected: see `WantedJob`

    Raises:
        ValueError: a field holds a list other than one group of static targets with its labels, or mappings more than
            two levels deep, or a text is not printable.
    """
    fields = dict(job)
    name = fields.pop("job_name", None)
    if not isinstance(name, str) or not name:
        raise ValueError(f"job_name must be a name, and is {name!r}")
    targets, labels = _group(fields.pop("static_configs", []))
    for field, value in fields.items():
        _check(field, value, _DEEPEST)
    for text in [name, *targets, *labels, *labels.values()]:
        _check_text(text)
    return WantedJob(name, fields, targets, labels, corrected)


def _check(field: Any, value: Any, levels: int) -> None:
    """Raise ValueError for a field or value that is not supported; `levels` is the number of mappings it may have."""
    _check_text(field)
    if isinstance(value, Mapping) and value and levels:
        for name, part in value.items():
            _check(name, part, levels - 1)
    elif isinstance(value, Scalar):
        _check_text(value)
    else:
        raise ValueError(
            f"{field}: only single values are supported, and mappings of them, not {value!r}"
        )


def _check_text(text: Any) -> None:
    if isinstance(text, str) and not text.isprintable():
        raise ValueError(f"{text!r} has characters that cannot be printed")


def _group(static_configs: Any) -> tuple[tuple[str, ...], dict[str, str]]:
    match static_configs:
        case []:
            return (), {}
        case [{"targets": [*targets], **rest}]:
            labels: Any = rest.pop("labels", {})
            texts = [*targets, *labels, *labels.values()] if isinstance(labels, Mapping) else [None]
            if not rest and all(isinstance(text, str) and text for text in texts):
                return _unique(targets), dict(labels)
    raise ValueError(f"static_configs: one group of targets is supported, not {static_configs!r}")


def _unique(targets: list[str]) -> tuple[str, ...]:
    """Return the targets without those that are the same address as an earlier one."""
    unique: dict[tuple[str, str], str] = {}
    for target in targets:
        unique.setdefault(address_of(target), target)
    return tuple(unique.values())
