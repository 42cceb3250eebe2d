"""Compare a job in a configuration file with the job that Prometheus has loaded.

Prometheus shows what it has loaded with its defaults written out, without secrets, and with paths, durations and
sizes in its own notation. The defaults are those of Prometheus's documentation, `scrape_config`; what is shown was
tried with Prometheus 2.42 and 3.5, logins and TLS also with 2.24 and 2.53.
"""

import posixpath
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from pushgateway_lab.formats.durations import seconds_of
from pushgateway_lab.scrape_config.document import read
from pushgateway_lab.scrape_config.errors import ScrapeConfigError
from pushgateway_lab.scrape_config.fields import Fields, fields_of, is_true, scalar_text
from pushgateway_lab.scrape_config.jobs import name_of
from pushgateway_lab.scrape_config.meaning import Meanings
from pushgateway_lab.scrape_config.memory import spare_memory
from pushgateway_lab.scrape_config.nodes import Kind, Node

_SECRET = "<secret>"  # noqa: S105 - what Prometheus shows instead of one
_PASSWORD = re.compile(r"(?<=:)[^:@/]*(?=@)")
_SIZE = re.compile(r"\s*([0-9]{1,18})\s*([KMGTPE]?)i?(B?)\s*")
_ZERO = {
    "0",
    "0s",
    "0B",
    "false",
    "False",
    "FALSE",
    "no",
    "No",
    "NO",
    "off",
    "Off",
    "OFF",
    "n",
    "N",
}

_INTERVAL, _TIMEOUT = "scrape_interval", "scrape_timeout"
_REPLACEMENT = "replacement"
_SCRAPE_INTERVAL, _SCRAPE_TIMEOUT = "1m", "10s"

# Fields of a job whose default is the value in the section "global".
_INHERITED = {
    _INTERVAL,
    _TIMEOUT,
    "body_size_limit",
    "sample_limit",
    "target_limit",
    "label_limit",
    "label_name_length_limit",
    "label_value_length_limit",
    "keep_dropped_targets",
    "scrape_failure_log_file",
    "scrape_protocols",
    "scrape_native_histograms",
    "always_scrape_classic_histograms",
    "convert_classic_histograms_to_nhcb",
    "extra_scrape_metrics",
    "metric_name_validation_scheme",
    "metric_name_escaping_scheme",
}

# Of these fields the default depends on the release: it is what the loaded section "global" has, or any value.
_OF_THE_RELEASE = {
    "scrape_protocols",
    "metric_name_validation_scheme",
    "metric_name_escaping_scheme",
}

# The default of a field, wherever in a job it is. Every other default is empty, zero or false.
_DEFAULTS: Mapping[str, str] = {
    "honor_timestamps": "true",
    "metrics_path": "/metrics",
    "scheme": "http",
    "follow_redirects": "true",
    "enable_http2": "true",
    "enable_compression": "true",
    "type": "Bearer",  # of authorization
    "separator": ";",
    "regex": "(.*)",
    _REPLACEMENT: "$1",
    "action": "replace",
}
_NOT_SHOWN = {"regex"}  # Prometheus 3 does not show this default

# TLS versions as Prometheus 2.42 shows them: the numbers of Go's package crypto/tls.
_TLS_VERSIONS = {"769": "TLS10", "770": "TLS11", "771": "TLS12", "772": "TLS13"}

_DURATIONS = {_INTERVAL, _TIMEOUT, "refresh_interval"}
_TEXTS = {"labels", "targets", "params", "http_headers"}
_RELABELINGS = {"relabel_configs", "metric_relabel_configs"}


@spare_memory
def differing_fields(text: str, loaded: str, name: str) -> tuple[str, ...]:
    """Return the fields of a job whose values differ between a file and what Prometheus has loaded.

    Defaults count as if they were written, also those of the section ``global``.

    + text: the file
    + loaded: Prometheus's loaded configuration, as it shows it
    + name: the job's name; if only one of both has the job, the result is ``job_name``

    Raises:
        ScrapeConfigError: a text is not a configuration, or beyond a limit.

    Example:
        differing_fields("scrape_configs: [{job_name: a}]", "scrape_configs: []", "a") == ("job_name",)
    """
    found = _remembered(text, loaded, name)
    if isinstance(found, ScrapeConfigError):
        raise type(found)(found.line, found.reason)
    return found


@lru_cache(maxsize=32)  # most hosts of a class have the same file
def _remembered(text: str, loaded: str, name: str) -> tuple[str, ...] | ScrapeConfigError:
    try:
        return tuple(_differing(text, loaded, name))
    except ScrapeConfigError as error:
        return error


def _differing(text: str, loaded: str, name: str) -> Iterable[str]:
    (ours, general), (theirs, general_loaded) = _job(text, name), _job(loaded, name)
    if ours is None or theirs is None:
        return [] if ours is theirs else ["job_name"]
    wanted = _with_global(ours, general, general_loaded)
    if "authorization" in theirs:  # not shown by Prometheus 2.24, which does not have it
        wanted = _with_token(wanted)
    return [
        field
        for field in {**wanted, **theirs}
        if field != "job_name" and not _is_same(field, wanted.get(field), theirs.get(field), ())
    ]


def _job(text: str, name: str) -> tuple[Fields | None, Fields]:
    """Return the fields of a job, and those of the section ``global``."""
    configuration = read(text, Meanings())
    general = fields_of(configuration.document.root).get("global")
    job = next((node for node in configuration.jobs if name_of(node) == name), None)
    return None if job is None else fields_of(job), {} if general is None else fields_of(general)


def _with_global(job: Fields, general: Fields, loaded: Fields) -> Fields:
    """Return a job's fields with the defaults that its file and the release of Prometheus give them."""
    known = {
        field: loaded[field]
        for field in _OF_THE_RELEASE
        if field in loaded and field not in general
    }
    fields = {
        **known,
        **{field: node for field, node in general.items() if field in _INHERITED and _is_set(node)},
        **{field: node for field, node in job.items() if field not in _INHERITED or _is_set(node)},
    }
    return {**fields, **_times(fields, general)}


def _times(job: Fields, general: Fields) -> Fields:
    """Return the interval and the timeout of a job: a default timeout is not longer than its interval."""
    usual = _scalar(_SCRAPE_INTERVAL)
    interval = job.get(_INTERVAL, usual)
    if general_interval := general.get(_INTERVAL):
        usual = general_interval if _is_set(general_interval) else usual
    timeouts = [job[_TIMEOUT]] if _TIMEOUT in job else [_scalar(_SCRAPE_TIMEOUT), usual]
    shortest = min((*timeouts, interval), key=lambda node: _seconds(node.text) or 0)
    return {_INTERVAL: interval, _TIMEOUT: shortest}


def _is_set(node: Node | None) -> bool:
    return node is not None and not _is_zero(node, ())


def _with_token(job: Fields) -> Fields:
    """Return a job's fields with ``bearer_token`` as newer Prometheus shows it: as ``authorization``."""
    for old, new in (("bearer_token", "credentials"), ("bearer_token_file", "credentials_file")):
        if old in job:
            pair = [_scalar(new), job[old]]
            shown = Node(Kind.MAPPING, 0, 0, 0, 0, children=pair)
            job = {field: node for field, node in job.items() if field != old}
            job["authorization"] = shown
    return job


def _is_same(field: str, ours: Node | None, theirs: Node | None, path: tuple[str, ...]) -> bool:
    """Return whether a field means the same in the file (`ours`) and in what Prometheus shows (`theirs`).

    + path: the fields around it
    """
    default = None if _TEXTS & {*path} else _DEFAULTS.get(field)
    if ours is None or (ours.is_null and default is not None):
        return theirs is None or (
            _is_zero(theirs, path)
            or theirs.text == default
            or field in _OF_THE_RELEASE
            or (_is_discovery(path) and theirs.kind is Kind.SCALAR)
        )
    if theirs is None:
        return _is_zero(ours, path) or (field in _NOT_SHOWN and ours.text == default)
    if theirs.kind is not ours.kind:
        return _is_zero(ours, path) and _is_zero(theirs, path)
    inner = (*path, field)
    if theirs.kind is Kind.SCALAR:
        return scalar_text(ours) == scalar_text(theirs) or _is_shown_as(ours, theirs, inner)
    return _has_same_parts(ours, theirs, inner)


def _has_same_parts(ours: Node, theirs: Node, path: tuple[str, ...]) -> bool:
    """Return whether two lists have the same items, or two mappings the same fields."""
    if theirs.kind is Kind.SEQUENCE:
        pairs = zip(ours.children, theirs.children, strict=False)
        return len(ours.children) == len(theirs.children) and all(
            _is_same("", one, other, path) for one, other in pairs
        )
    own, shown = fields_of(ours), fields_of(theirs)
    if _RELABELINGS & {*path} and _REPLACEMENT not in own and _REPLACEMENT not in shown:
        return False  # loaded is an empty replacement, which Prometheus leaves out
    return all(_is_same(name, own.get(name), shown.get(name), path) for name in {**own, **shown})


def _is_discovery(path: tuple[str, ...]) -> bool:
    """Return whether the fields are those of a service discovery: these have many defaults of their own."""
    return any(field.endswith("_sd_configs") for field in path)


def _is_shown_as(ours: Node, theirs: Node, path: tuple[str, ...]) -> bool:
    """Return whether Prometheus shows a scalar of the file with this other text.

    + path: the fields around it, and its own field
    """
    one, other, field = scalar_text(ours), scalar_text(theirs), path[-1]
    if _TEXTS & {*path}:
        return False
    if _RELABELINGS & {*path}:
        return field == "action" and one.lower() == other
    if field in _DURATIONS:
        return _seconds(one) is not None and _seconds(one) == _seconds(other)
    if other in ("true", "false"):
        return ours.is_plain and is_true(ours) == (other == "true")
    if field.endswith("_file") or "files" in path:
        return _is_path_of(other, one)
    return (
        (other == _SECRET and bool(one))
        or _PASSWORD.sub("", one) == _PASSWORD.sub("", other) != one
        or (field in {"min_version", "max_version"} and _TLS_VERSIONS.get(other) == one)
        or _number(one) == _number(other)
    )


def _is_path_of(path: str, written: str) -> bool:
    """Return whether an absolute path may be that of a relative one, from a directory that is not known here."""
    relative = posixpath.normpath(written)
    while relative.startswith("../"):
        relative = relative.removeprefix("../")
    return not posixpath.isabs(written) and (
        relative in (".", "..") or path.endswith(f"/{relative}")
    )


def _seconds(text: str) -> float | None:
    try:
        return seconds_of(text)
    except ValueError:
        return None


def _number(text: str) -> object:
    """Return a number or a size as a number of units, as ``10`` or ``10 MB``; other text as it is."""
    match = _SIZE.fullmatch(text)
    return (int(match[1]), *match.groups()[1:]) if match else text


def _is_zero(node: Node, path: tuple[str, ...]) -> bool:
    """Return whether a value is empty, zero or false, as are those that Prometheus leaves out.

    + path: the fields around it
    """
    if node.kind is Kind.SCALAR:
        is_text = (_TEXTS | _RELABELINGS) & {*path}
        return not scalar_text(node) or (not is_text and node.text in _ZERO)
    if node.kind is Kind.SEQUENCE:
        return not node.children
    return all(_is_zero(value, (*path, key.text)) for key, value in node.entries())


def _scalar(text: str) -> Node:
    return Node(Kind.SCALAR, 0, 0, 0, 0, text)
