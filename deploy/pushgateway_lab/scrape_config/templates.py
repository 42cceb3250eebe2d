"""Marks of templates: a file with them is the source of a configuration, and not the configuration."""

import re

from pushgateway_lab.scrape_config.errors import ScrapeConfigError, shortened
from pushgateway_lab.scrape_config.source import after_line, line_at, line_start

# Jinja, Go, Helm and ERB; outside of quotes and comments.
_MARK = re.compile(r"""^[^#'"\n]*?(\{\{|\{%|\{#|<%)""", re.MULTILINE)

# Terraform, autoconf, Windows, shells and others. Prometheus accepts some of them as text, for example
# ``${HOSTNAME}`` in external_labels, so they count only in the lines of an error.
_PLACEHOLDER = re.compile(
    r"""^[^#'"\n]*?(
        \$\{[^}\n]{0,99}\} | \$[A-Z][A-Z0-9_]{1,99} | %\{ | \[% | <\?
        | @\w[\w.-]{0,99}@ | %\w[\w.-]{0,99}% | __[A-Z][A-Z0-9_]{0,99}__
    )""",
    re.MULTILINE | re.VERBOSE,
)


def refusal(text: str, index: int, reason: str, *, until: int | None = None) -> ScrapeConfigError:
    """Return the error for an index; if the text looks like a template, the error says so.

    + until: the index up to which the mistake reaches; None for its line alone
    """
    line = line_at(text, index)
    end = after_line(text, min(max(index, until or 0) + 1, len(text)))
    found = _MARK.search(text) or _PLACEHOLDER.search(text, line_start(text, index), end)
    if found is None:
        return ScrapeConfigError(line, reason)
    reason = (
        f"{shortened(found.group(1))} looks like a template; render it first and use the result "
        f"(as it stands, line {line}: {reason})"
    )
    return ScrapeConfigError(line_at(text, found.start(1)), reason)
