"""Rules for the imports of test modules."""

import re
from pathlib import Path

SOURCES = {
    path.name: path.read_text(encoding="utf-8") for path in Path(__file__).parent.rglob("*.py")
}


def importers(statement: str) -> list[str]:
    """Return the files of tests with a line that begins with one of these imports."""
    pattern = re.compile(f"^{statement}", re.MULTILINE)
    return [name for name, text in SOURCES.items() if pattern.search(text)]


def test_no_module_imports_a_test_module() -> None:
    assert importers(r" *(from|import) test_") == []


def test_no_module_imports_a_browsers_driver_before_a_test_needs_it() -> None:
    assert importers(r"(from|import) selenium") == []
