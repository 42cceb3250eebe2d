"""Keys of host data that are no settings, and resemble one. Nobody should wonder why a setting has no effect."""

import operator
from difflib import get_close_matches
from functools import cache

from pushgateway_lab.settings.keys import KEYS, PREFIXES

_OWN = ("pushgateway_", "lab_")
"""Prefixes that only settings have on the command line; ``prometheus_`` may be the prefix of another deploy's data."""

_PACKAGE = "pushgateway_lab_"
"""The prefix of keys that somebody may use beside this package."""

# A key this similar to one of ours counts as a misspelling (1.0 is the same word). 0.9 catches a letter
# that is missing, doubled or swapped; prometheus_config_dir (0.88) may be a key of somebody else.
_MISSPELT = 0.9

# The same for a key without its prefix. Only keys of this length are compared: tags (lab_tasks) and port (report)
# may be keys of somebody else.
_MISSPELT_ALONE, _LEAST_ALONE = 0.85, 6


def is_unknown(key: str) -> bool:
    """Return whether a key has a prefix of ours, and neither is a setting nor resembles one."""
    is_own = key.startswith(_OWN) and not key.startswith(_PACKAGE)
    return is_own and key not in KEYS and not (misspelling_of(key) or without_prefix(key))


@cache  # most hosts of a class have the same keys
def misspelling_of(key: str) -> str | None:
    """Return the setting that an unknown key resembles; None for a setting, or if it resembles none."""
    if key in KEYS:
        return None
    plain = key.replace("-", "_").lower()
    shortened = [known for known in KEYS if known.startswith(f"{plain}_")]
    if plain.startswith(PREFIXES) and len(shortened) == 1:
        return shortened[0]
    return next(iter(get_close_matches(plain, KEYS, n=1, cutoff=_MISSPELT)), None)


@cache
def without_prefix(key: str) -> str | None:
    """Return the settings that an unknown key names without its prefix, or with another one; None if there are none."""
    if key in KEYS:
        return None
    plain = _bare(key.replace("-", "_").lower())
    names = {_bare(known) for known in KEYS}
    if plain not in names:
        long = [name for name in names if len(name) >= _LEAST_ALONE]
        near = [
            name
            for name in long
            if _has_one_wrong_letter(plain, name) or _has_swapped_letters(plain, name)
        ]
        near += get_close_matches(plain, long, n=1, cutoff=_MISSPELT_ALONE)
        plain = next(iter(near), "")
    return " or ".join(known for known in KEYS if _bare(known) == plain) or None


def _has_one_wrong_letter(one: str, other: str) -> bool:
    return len(one) == len(other) and sum(map(operator.ne, one, other)) == 1


def _has_swapped_letters(one: str, other: str) -> bool:
    """Return whether two neighbouring letters are swapped."""
    differing = [n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b]
    swapped = len(one) == len(other) and len(differing) == 2  # noqa: PLR2004 - both letters
    return swapped and differing[1] - differing[0] == 1 and sorted(one) == sorted(other)


def _bare(key: str) -> str:
    prefix = next((each for each in PREFIXES if key.startswith(each)), "")
    return key.removeprefix(prefix)
