"""Limits for the size of a configuration. A text beyond them is refused.

One process serves all hosts, and all of them wait while it parses one host's file. Within the limits, the
most expensive texts found (tests/scrape_configs/shapes.py) cost 3 s of one core for `find_jobs` and
`merge_job` together, and 95 MB; a file of 1 MB with 5,000 jobs costs 0.6 s and 33 MB (Python 3.11,
2026-11-25). The parser itself has no limits.
"""

from pushgateway_lab.scrape_config.errors import LimitError

LONGEST = 2_000_000
"""The most bytes of a file, in UTF-8. One byte more of a host's file is enough to see that it is too long."""

MOST_VALUES = 150_000
"""The most values in a file: keys, items, mappings and lists, each repetition by an alias included. Values,
not bytes, cost time (up to 15 microseconds each) and memory (up to 550 bytes). 5,000 jobs have 95,000."""

DEEPEST = 32
"""The most levels of nesting. Prometheus's fields need about ten. In flow style, each token costs libyaml
time for each level around it."""

MOST_TAG_DIRECTIVES = 100
"""The most %TAG directives. libyaml compares each with all before it, and each tag with all of them
(yaml_parser_append_tag_directive, yaml_parser_parse_node)."""

MOST_DOCUMENTS = 100
"""The most empty documents below the first one. Prometheus does not read them, and each costs as much as ten values."""

_MOVE = "move targets to files that file_sd_configs name, or jobs to files that scrape_config_files name"


def refuse_long(size: int, what: str = "the file") -> None:
    """Raise LimitError for more than `LONGEST` bytes; `what` begins the message."""
    if size > LONGEST:
        reason = f"{what} has {size:,} bytes, and at most {LONGEST:,} are read; {_MOVE}"
        raise LimitError(None, reason)


def refuse_many(values: int, what: str, line: int | None = None, advice: str = _MOVE) -> None:
    """Raise LimitError for more than `MOST_VALUES` values; `what` begins the message, `advice` ends it."""
    if values > MOST_VALUES:
        reason = f"{what} {values:,} values, and at most {MOST_VALUES:,} are read; {advice}"
        raise LimitError(line, reason)


def refuse_deep(depth: int, line: int) -> None:
    """Raise LimitError for a collection nested deeper than `DEEPEST`."""
    if depth > DEEPEST:
        reason = (
            f"more than {DEEPEST} levels deep; no Prometheus configuration needs that, delete it"
        )
        raise LimitError(line, reason)


def refuse_documents(number: int, line: int) -> None:
    """Raise LimitError for more than `MOST_DOCUMENTS` empty documents."""
    if number > MOST_DOCUMENTS:
        reason = f"more than {MOST_DOCUMENTS} empty documents; delete them, Prometheus reads only the first"
        raise LimitError(line, reason)


def refuse_tag_directives(number: int) -> None:
    """Raise LimitError for more than `MOST_TAG_DIRECTIVES`."""
    if number > MOST_TAG_DIRECTIVES:
        reason = (
            f"the file says %TAG {number:,} times, and at most {MOST_TAG_DIRECTIVES} are read; "
            "delete them, no field of Prometheus needs them"
        )
        raise LimitError(None, reason)
