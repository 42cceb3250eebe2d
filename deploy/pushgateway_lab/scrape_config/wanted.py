"""The wanted job, validated."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from pushgateway_lab.scrape_config.fields import Fields, is_true
from pushgateway_lab.scrape_config.nodes import Kind, Node
from pushgateway_lab.scrape_config.targets import address_of, targets_of, without_blanks

Scalar = str | int | bool


class Differences(NamedTuple):
    """The differences between a job and the wanted one.

    + fields: the wanted fields that are missing or different
    + missing: the wanted targets that are missing
    + wrong: the wanted targets that are there with blanks or invisible characters, each with its right form.
      Prometheus keeps these characters: ``'localhost:9091 '`` is a target that is down
    """

    fields: dict[str, Scalar]
    missing: list[str]
    wrong: dict[str, str]

    @property
    def are_none(self) -> bool:
        """Whether the job is right."""
        return not any(self)


class WantedJob(NamedTuple):
    """A scrape config that a file should have.

    + name: its job_name
    + fields: its other fields with a single value, for example honor_labels
    + targets: its targets, HOST:PORT
    + labels: labels of these targets, written only when the job is added
    """

    name: str
    fields: dict[str, Scalar]
    targets: tuple[str, ...]
    labels: dict[str, str]

    @property
    def values(self) -> int:
        """The number of values that the job adds to a file without jobs, keys and lists included."""
        return 12 + 2 * len(self.fields) + len(self.targets) + 2 * len(self.labels)

    def differences(self, fields: Fields) -> Differences:
        """Return what is wrong or missing in a job with the given fields."""
        wanted = {address_of(target): target for target in self.targets}
        present: set[tuple[str, str]] = set()
        wrong: dict[str, str] = {}
        for target in targets_of(fields):
            clean = without_blanks(target.text)
            address = address_of(clean)
            if address in wanted:
                present.add(address)
                if clean != target.text:
                    wrong[target.text] = clean
        return Differences(
            fields={
                name: value
                for name, value in self.fields.items()
                if not _has_value(fields.get(name), value)
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


def _has_value(field: Node | None, wanted: Scalar) -> bool:
    """Return whether a field has a value; ``yes`` and ``on`` count as true, as in Prometheus."""
    if field is None or field.kind is not Kind.SCALAR:
        return False
    return is_true(field) is wanted if isinstance(wanted, bool) else field.text == str(wanted)


def wanted_job(job: Mapping[str, Any]) -> WantedJob:
    """Return the job of a mapping that has the form of Prometheus's configuration.

    Raises:
        ValueError: a field holds a list or a mapping, other than one group of static targets with its
            labels, or a text is not printable.
    """
    fields = dict(job)
    name = fields.pop("job_name", None)
    if not isinstance(name, str) or not name:
        raise ValueError(f"job_name must be a name, and is {name!r}")
    targets, labels = _group(fields.pop("static_configs", []))
    for field, value in fields.items():
        if not isinstance(value, Scalar):
            raise ValueError(f"{field}: only single values are supported, not {value!r}")  # noqa: TRY004 - as all of it
    for text in [name, *fields, *fields.values(), *targets, *labels, *labels.values()]:
        if isinstance(text, str) and not text.isprintable():
            raise ValueError(f"{text!r} has characters that cannot be printed")
    return WantedJob(name, fields, targets, labels)


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
