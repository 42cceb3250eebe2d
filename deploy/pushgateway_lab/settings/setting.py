"""The form in which a key of host data is declared: its default, its check, and what it does in words."""

from collections.abc import Callable
from dataclasses import field
from typing import Any


def setting(default: Any, check: Callable[[Any], Any], says: str) -> Any:
    """Return a field of `pushgateway_lab.settings.Settings`.

    + check: returns the validated value, or raises ValueError
    + says: the line of ``inventories/group_data/all.py`` above the setting
    """
    metadata = {"check": check, "says": says}
    if isinstance(default, dict):
        return field(default_factory=default.copy, metadata=metadata)
    return field(default=default, metadata=metadata)
