"""The example of each operation: it can be compiled, and calls the operation with arguments that it has."""

import ast
import inspect
import textwrap
from pathlib import Path

import pytest

import pushgateway_lab

PACKAGE = Path(pushgateway_lab.__file__).parent
GLOBAL_ARGUMENTS = {"name"}


def is_operation(node: ast.stmt) -> bool:
    return isinstance(node, ast.FunctionDef) and any(
        isinstance(each, ast.Call) and ast.unparse(each.func) == "operation"
        for each in node.decorator_list
    )


OPERATIONS = {
    f"{path.stem}.{node.name}": node
    for path in sorted(PACKAGE.rglob("*.py"))
    for node in ast.parse(path.read_text(encoding="utf-8")).body
    if isinstance(node, ast.FunctionDef) and is_operation(node)
}


def example(operation: ast.FunctionDef) -> str:
    text = inspect.cleandoc(ast.get_docstring(operation) or "")
    before, found, code = text.partition(".. code:: python\n\n")
    assert found, "there is no example"
    assert before.rstrip().endswith(("**Example:**", "**Examples:**"))
    lines = code.splitlines()
    end = next((i for i, line in enumerate(lines) if line and not line.startswith(" ")), None)
    return textwrap.dedent("\n".join(lines[:end]))


def test_the_operations_are_found() -> None:
    assert {"groups.push", "groups.delete", "groups.wipe", "prune.scheduled"} < set(OPERATIONS)


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_has_an_example_that_calls_it(name: str) -> None:
    operation = OPERATIONS[name]
    tree = ast.parse(example(operation))
    arguments = (*operation.args.args, *operation.args.kwonlyargs)
    calls = [
        each
        for each in ast.walk(tree)
        if isinstance(each, ast.Call) and ast.unparse(each.func) == name
    ]
    assert calls
    for call in calls:
        assert not call.args
        given = {each.arg for each in call.keywords}
        assert given >= GLOBAL_ARGUMENTS
        assert given <= {each.arg for each in arguments} | GLOBAL_ARGUMENTS
