"""Public names of a package, each imported from its module when it is first used (PEP 562).

``config.py`` and every deploy import the package: the HTTP clients and the YAML parser, which cost 0.1 s
to import, wait until they are used.
"""

import sys
from collections.abc import Callable, Mapping
from importlib import import_module


def importer(package: str, homes: Mapping[str, str]) -> Callable[[str], object]:
    """Return the ``__getattr__`` of a package.

    + package: its name
    + homes: a public name -> the module that defines it, or that it is
    """

    def get(name: str) -> object:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        home = import_module(homes[name])
        value = home if homes[name] == f"{package}.{name}" else getattr(home, name)
        setattr(sys.modules[package], name, value)  # found without this function from now on
        return value

    return get
