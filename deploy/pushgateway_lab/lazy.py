"""Lazy imports of a package's public names (PEP 562).

``config.py`` and every deploy import the package. The HTTP clients and the YAML parser take 0.1 s to import,
so they are imported when they are first used.
"""

import sys
from collections.abc import Callable, Mapping
from importlib import import_module


def importer(package: str, homes: Mapping[str, str]) -> Callable[[str], object]:
    """Return the ``__getattr__`` function of a package.

    + package: the name of the package
    + homes: maps each public name to the module that defines it; a public module to itself
    """

    def get(name: str) -> object:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        home = import_module(homes[name])
        value = home if homes[name] == f"{package}.{name}" else getattr(home, name)
        setattr(sys.modules[package], name, value)  # the next lookup does not call this function
        return value

    return get
