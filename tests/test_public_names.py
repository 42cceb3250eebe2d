"""The public names, which other people's code may import; the docs import no others."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import resolve_name
from types import ModuleType

import pytest

import pushgateway_lab
from pushgateway_lab import lab

REPOSITORY = Path(__file__).parents[1]
PAGES = sorted([REPOSITORY / "README.md", *(REPOSITORY / "docs").glob("*.md")])
SCRIPTS = sorted(
    [
        REPOSITORY / "config.py",
        *(REPOSITORY / "deploy").glob("*.py"),
        *(REPOSITORY / "inventories").glob("**/*.py"),
    ]
)
PUBLIC = {package.__name__: package for package in (pushgateway_lab, lab)}
NAMES = [(package, name) for package in PUBLIC.values() for name in package.__all__]


def programs() -> Iterator[tuple[str, str]]:
    """Yield the place and the text of each Python block in the docs and of each script."""
    for script in SCRIPTS:
        yield str(script.relative_to(REPOSITORY)), script.read_text()
    for page in PAGES:
        for number, block in enumerate(
            re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)
        ):
            yield f"{page.name}, block {number + 1}", block


def imports(text: str) -> Iterator[tuple[str, str | None]]:
    """Yield the module and the name of each import of a program; no name for ``import MODULE``."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", alias.name) for alias in node.names)


@pytest.mark.parametrize(("package", "name"), NAMES, ids=[name for _, name in NAMES])
def test_each_public_name_is_there(package: ModuleType, name: str) -> None:
    value = getattr(package, name)
    assert getattr(package, name) is value
    assert vars(package)[name] is value, "the second time, it is found without an import"


@pytest.mark.parametrize("package", PUBLIC.values(), ids=PUBLIC)
def test_what_is_imported_lazily_is_what_is_public(package: ModuleType) -> None:
    source = ast.parse(Path(str(package.__file__)).read_text())
    homes = next(ast.literal_eval(node) for node in ast.walk(source) if isinstance(node, ast.Dict))
    assert sorted(homes) == sorted(package.__all__) == package.__all__
    for name, home in homes.items():
        assert home.startswith("pushgateway_lab."), name
        value = getattr(package, name)
        assert getattr(value, "__module__", home) == home, name


@pytest.mark.parametrize("package", PUBLIC.values(), ids=PUBLIC)
def test_an_unknown_name_is_an_attribute_error(package: ModuleType) -> None:
    with pytest.raises(
        AttributeError, match=rf"'{package.__name__}' has no attribute 'bootstrapp'"
    ):
        _ = package.bootstrapp


@pytest.mark.parametrize(("place", "text"), [*programs()], ids=[place for place, _ in programs()])
def test_scripts_and_docs_import_public_names(place: str, text: str) -> None:
    for module, name in imports(text):
        if module.split(".")[0] == "pushgateway_lab":
            assert module in PUBLIC, f"{place}: {module}"
            assert name in PUBLIC[module].__all__, f"{place}: {module}.{name}"
        elif name is None:
            import_module(module)
        else:
            assert hasattr(import_module(module), name), f"{place}: {module}.{name}"


def test_the_docs_were_found() -> None:
    used = [found for _, text in programs() for found in imports(text)]
    for found in (
        ("pushgateway_lab", "configure"),  # config.py
        ("pushgateway_lab", "verify"),  # deploy/verify.py
        ("pushgateway_lab", "Prometheus"),  # docs/lab.md
        ("pushgateway_lab.lab", "pushed_checks"),  # docs/verify.md
    ):
        assert found in used


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_what_the_docs_name_exists_and_is_public(page: Path) -> None:
    for dotted in re.findall(r"\bpushgateway_lab(?:\.\w+)+", page.read_text()):
        first = dotted.split(".")[1]
        assert first in {*pushgateway_lab.__all__, "lab", "__all__"}, dotted
        resolve_name(dotted)


@pytest.mark.parametrize(
    "program",
    ["import pushgateway_lab.lab", "from pushgateway_lab import configure"],
)
def test_importing_the_package_stays_cheap(program: str) -> None:
    # In another process: this one has imported all of them already.
    costly = ("requests", "ruamel.yaml", "pyinfra.operations")
    done = subprocess.run(
        [sys.executable, "-c", f"{program}; import sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    imported = done.stdout.split()
    assert "pushgateway_lab" in imported
    assert not [name for name in imported if name in costly]


def test_importing_the_package_alone_does_not_import_pyinfra() -> None:
    program = "import pushgateway_lab, pushgateway_lab.lab, sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "pyinfra" not in done.stdout.split()
