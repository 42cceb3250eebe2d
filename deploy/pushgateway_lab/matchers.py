r"""Label matchers, as in ``{job="backup", instance=~"db.*"}``: whether they are written rightly.

The program that applies them, ``files/prune_groups.py``, stands alone on its host and reads the same
grammar: that of PromQL, with values in double quotes and the escapes ``\\``, ``\"`` and ``\n``.
"""

import json
import re

_MATCHER = r'[ \t]*[a-zA-Z_][a-zA-Z0-9_]*[ \t]*(=~|!~|!=|=)[ \t]*("(?:[^"\\\n]|\\["\\n])*")[ \t]*'
_LIST = rf"{_MATCHER}(?:,{_MATCHER})*"
_SELECTOR = re.compile(rf"[ \t]*\{{{_LIST}\}}[ \t]*|{_LIST}")


def check(text: str) -> None:
    """Check matchers, in braces or bare, that all must match.

    Raises:
        ValueError: they are not written rightly, or hold what is no regular expression.
    """
    if not _SELECTOR.fullmatch(text):
        raise ValueError(
            f"""has {text!r}; write 'job="backup"', or '{{job="backup", instance=~"db.*"}}'"""
        )
    for operator, quoted in re.findall(_MATCHER, text):
        if operator in ("=~", "!~"):
            try:
                re.compile(json.loads(quoted))
            except re.error as error:
                raise ValueError(
                    f"has {quoted}, which is no regular expression: {error}"
                ) from error
