"""The prune's program as one file: a zip archive of Python modules that Python runs (zipapp).

The archive has the modules of `pushgateway_lab.pruning.program` and the pure modules that they import, under the
same names as here. A look compares its SHA-256, so its bytes must depend only on the modules: all times are fixed,
and nothing is compressed, because versions of zlib differ.
"""

import io
from functools import cache
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile, ZipInfo

_PACKAGE = Path(__file__).parents[1]

PROGRAM = "pruning/program"
SHARED = (
    "formats/answers.py",
    "formats/characters.py",
    "formats/durations.py",
    "formats/grouping.py",
    "formats/matchers.py",
    "formats/sockets.py",
    "formats/words.py",
    "pruning/layout.py",
    "run/visible.py",
    "services/systemd_process.py",
)
"""Modules of the package that the program imports: only Python 3.9 and its standard library (see pyproject.toml)."""

_REGULAR_FILE = 0o100644


@cache
def program() -> bytes:
    """Return the archive: the same bytes on every machine."""
    stream = io.BytesIO()
    with ZipFile(stream, "w", ZIP_STORED) as archive:
        for name, data in sorted(modules().items()):
            entry = ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system = 3  # Unix, on every machine
            entry.external_attr = _REGULAR_FILE << 16
            archive.writestr(entry, data)
    return stream.getvalue()


def modules() -> dict[str, bytes]:
    """Return the files of the archive: path -> content.

    Each ``__init__.py`` in the archive is empty, because the package's own may import modules that a host lacks.
    """
    own = [f"{PROGRAM}/{path.name}" for path in (_PACKAGE / PROGRAM).glob("*.py")]
    found = {
        f"{_PACKAGE.name}/{name}": (_PACKAGE / name).read_bytes()
        for name in (*own, *SHARED)
        if not name.endswith("__init__.py")
    }
    found["__main__.py"] = found.pop(f"{_PACKAGE.name}/{PROGRAM}/__main__.py")
    packages = {str(parent) for name in found for parent in Path(name).parents} - {"."}
    return found | {f"{package}/__init__.py": b"" for package in packages}
