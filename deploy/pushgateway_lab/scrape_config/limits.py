"""The limits of what is read of a configuration. A text beyond them is refused.

One process serves all hosts, and all of them wait while it reads one host's file. Within the limits
the most expensive texts found (the kinds are in tests/scrape_configs/shapes.py) cost 2.3 s of one
core for `find_jobs` and `merge_job` together, and 95 MB; a file of 1 MB with 5,000 jobs costs 0.6 s
and 33 MB (Python 3.11, 2026-11-25). The parser itself has no limits.
"""

from pushgateway_lab.scrape_config.errors import LimitError

LONGEST = 2_000_000
"""Bytes of a file in UTF-8. Whoever fetches a file from a host needs no more than one byte more."""

MOST_VALUES = 150_000
"""Values in a file: each key, item, mapping and list, wherever aliases repeat it. They, not the
bytes, cost time (up to 15 microseconds each) and memory (up to 550 bytes). 5,000 jobs have 95,000."""

DEEPEST = 32
"""Levels of nesting. Prometheus' own fields need about ten. Each level of flow style costs libyaml
time for each token inside."""

MOST_TAG_DIRECTIVES = 100
"""Directives of YAML called %TAG. libyaml compares each with all others before it, and each tag with
all of them (yaml_parser_append_tag_directive, yaml_parser_parse_node)."""

_MOVE = "move targets to files that file_sd_configs name, or jobs to files that scrape_config_files name"


def refuse_long(size: int, what: str = "the file") -> None:
    """Raise ScrapeConfigError for a file, or `what` else, of more bytes than are read."""
    if size > LONGEST:
        reason = f"{what} has {size:,} bytes, and at most {LONGEST:,} are read; {_MOVE}"
        raise LimitError(None, reason)


def refuse_many(values: int, what: str, line: int | None = None, advice: str = _MOVE) -> None:
    """Raise ScrapeConfigError for more values than are read; `what` starts the sentence."""
    if values > MOST_VALUES:
        reason = f"{what} {values:,} values, and at most {MOST_VALUES:,} are read; {advice}"
        raise LimitError(line, reason)


def refuse_deep(depth: int, line: int) -> None:
    """Raise ScrapeConfigError for a collection inside of more others than are read."""
    if depth > DEEPEST:
        reason = (
            f"more than {DEEPEST} levels deep; no Prometheus configuration needs that, delete it"
        )
        raise LimitError(line, reason)


def refuse_tag_directives(number: int) -> None:
    """Raise ScrapeConfigError for a text that says %TAG more often than is read."""
    if number > MOST_TAG_DIRECTIVES:
        reason = (
            f"the file says %TAG {number:,} times, and at most {MOST_TAG_DIRECTIVES} are read; "
            "delete them, no field of Prometheus needs them"
        )
        raise LimitError(None, reason)
