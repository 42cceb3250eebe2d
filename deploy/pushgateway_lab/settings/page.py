"""The page of all settings, ``docs/settings.md``, made from `Settings`; ``make docs`` writes it."""

import sys
from dataclasses import MISSING, Field, fields
from typing import Any

from pushgateway_lab.settings.keys import KEYS, Settings

_HEAD = """\
# All settings

Settings are pyinfra host data: set them in `inventories/group_data/all.py`, in `inventories/group_data/GROUP.py`,
in an inventory, or on the command line:

```
.venv/bin/pyinfra -y inventories/lab.py deploy/bootstrap.py --sudo --data pushgateway_scrape_interval=5s
```

On the command line, a list or a mapping is written as JSON: `--data pushgateway_targets='["localhost:9091"]'`. A
setting that is unknown or has an invalid value stops the run before any host is changed.

This page is made from the code (`make docs`).
"""

_SECTIONS = (
    ("pushgateway_", "The Pushgateway, its scrape job, the smoke push and the prune"),
    ("prometheus_", "Prometheus"),
    ("", "Courses and verify"),
)
"""The prefixes of the keys in a section, and its title; a key is in the first section that fits."""


def settings_page() -> str:
    """Return the page in Markdown: a table for each kind of settings, in the order of the code."""
    left = [each for each in fields(Settings) if each.name in KEYS]
    parts = [_HEAD]
    for prefix, title in _SECTIONS:
        own = [each for each in left if each.name.startswith(prefix)]
        left = [each for each in left if each not in own]
        rows = "\n".join(map(_row, own))
        parts.append(
            f"## {title}\n\n| setting | default | what it does |\n| --- | --- | --- |\n{rows}\n"
        )
    return "\n".join(parts)


def _row(setting: Field[Any]) -> str:
    made = setting.default_factory
    default = setting.default if made is MISSING else made()
    if isinstance(default, tuple):
        default = list(default)
    says = str(setting.metadata["says"]).replace("|", "\\|")
    return f"| `{setting.name}` | `{default!r}` | {says} |"


if __name__ == "__main__":
    sys.stdout.write(settings_page())
