"""Wrong arguments on pyinfra's command line become a sentence with what to type; pyinfra alone ends in a traceback."""

import inspect
from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any

from pyinfra.api.arguments import all_argument_meta

CONFIRM = (
    "pyinfra waits for Enter here, but there is no terminal. To run without a question, add -y; to see only what "
    "would change, add --dry."
)


class WrongArgumentsError(Exception):
    """The command line cannot be run; the message says why, and what to type."""


def check_data(data: Iterable[str]) -> None:
    """Check the values of the option ``--data``.

    Raises:
        WrongArgumentsError: one of them is not of the form KEY=VALUE.
    """
    for each in data:
        if not each.partition("=")[1] or each.startswith("="):
            raise WrongArgumentsError(f"--data {each}: write KEY=VALUE, as in --data report=report")


def check_call(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Check that an operation or a deploy accepts its arguments.

    + function: what the command line names, as `pushgateway_lab.groups.push`
    + kwargs: may have pyinfra's global arguments, such as ``name`` and ``_sudo``

    Raises:
        WrongArgumentsError: it does not.
    """
    if isinstance(function, ModuleType):
        raise WrongArgumentsError(f"{function.__name__} is a module. {_operations_of(function)}")
    name = f"{getattr(function, '__module__', '')}.{getattr(function, '__name__', '')}"
    if not callable(function):
        raise WrongArgumentsError(f"{name} is not an operation.")
    parameters = inspect.signature(function).parameters
    own = {key: value for key, value in kwargs.items() if key not in all_argument_meta}
    if any(each.kind is each.VAR_KEYWORD for each in parameters.values()):
        return
    if problem := _problem(parameters, args, own):
        raise WrongArgumentsError(f"{name} {problem}. {_usage(name, parameters)}")


def _problem(
    parameters: Mapping[str, inspect.Parameter], args: tuple[Any, ...], own: dict[str, Any]
) -> str:
    """Return what is wrong with the arguments; an empty text if they fit."""
    positional = [each for each in parameters.values() if each.kind is not each.KEYWORD_ONLY]
    takes_all = any(each.kind is each.VAR_POSITIONAL for each in positional)
    if unknown := [key for key in own if key not in parameters]:
        return f"has no argument {unknown[0]}"
    if len(args) > len(positional) and not takes_all:
        extra = args[len(positional)]
        return f"has no argument for {extra!r:.80}"
    given = {each.name for each in positional[: len(args)]}
    if twice := [key for key in own if key in given]:
        value = args[[each.name for each in positional].index(twice[0])]
        return f"gets {twice[0]} twice: {value!r:.80} has no name; write NAME=VALUE, in quotes if it has blanks"
    missing = [
        each.name
        for each in parameters.values()
        if each.default is each.empty
        and each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)
        and each.name not in given | own.keys()
    ]
    return f"needs the argument {missing[0]}" if missing else ""


def _usage(name: str, parameters: Mapping[str, inspect.Parameter]) -> str:
    if not parameters:
        return "It takes no arguments. Settings are host data: --data KEY=VALUE"
    words = (
        f"{each.name}=..." if each.default is each.empty else f"[{each.name}=...]"
        for each in parameters.values()
    )
    return f"Type: pyinfra -y INVENTORY {name} {' '.join(words)}"


def _operations_of(module: ModuleType) -> str:
    names = sorted(
        name
        for name, value in vars(module).items()
        if getattr(value, "__module__", None) == module.__name__ and hasattr(value, "_inner")
    )
    if not names:
        return "Name one of its operations."
    return f"Its operations: {', '.join(f'{module.__name__}.{name}' for name in names)}"
