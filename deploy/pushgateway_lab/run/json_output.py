"""With ``--json``, a run prints exactly one JSON document to standard output, however it ends.

pyinfra prints none if all hosts failed, and other text beside it when the run is interrupted. Here its document is
kept until the end of the run. Everything else that would go to standard output goes to standard error.
"""

import functools
import json
import sys
from collections.abc import Callable
from typing import Any, TextIO

import click
import pyinfra
from pyinfra.context import ctx_state

from pushgateway_lab.run import ending


class _Output:
    """The document of this process.

    + document: what pyinfra would have printed; None if it printed nothing so far
    + added: further entries of the document of a run
    """

    def __init__(self) -> None:
        self.stdout: TextIO | None = None
        self.document: Any = None
        self.added: dict[str, Any] = {}

    def begin(self, stdout: TextIO) -> None:
        self.stdout = stdout
        sys.stdout = sys.stderr

    def keep(self, document: Any) -> None:
        self.document = document

    def end(self) -> None:
        if self.stdout is None:
            return
        stdout, self.stdout = self.stdout, None
        sys.stdout = stdout
        error = sys.exc_info()[1]
        is_of_run = self.document is None or "results" in self.document
        whole = self._of_run(error) if is_of_run else self.document
        click.echo(_text(whole), file=stdout)

    def _of_run(self, error: BaseException | None) -> dict[str, Any]:
        found = self.document or _so_far()
        message = getattr(error, "message", None)  # of pyinfra's own errors
        if error is not None and message is None and not isinstance(error, SystemExit):
            message = f"{type(error).__name__}: {error}"
        hosts = _hosts(if_unknown="not started" if message and not found["results"] else None)
        return {**found, "hosts": hosts, **self.added, "error": message}


_OUTPUT = _Output()


def begin() -> None:
    """Keep standard output for the document, if this is a run with ``--json``; a second call changes nothing."""
    if not pyinfra.is_cli or _OUTPUT.stdout is not None or not is_wanted():
        return
    # Imported only here: untyped, and missing where pyinfra is used as a library.
    from pyinfra_cli import cli, prints  # type: ignore[import-untyped]

    if _OUTPUT.document is not None or prints.print_json == _OUTPUT.keep:
        return  # this process has printed its document
    prints.print_json = _OUTPUT.keep
    _OUTPUT.begin(sys.stdout)
    context = click.get_current_context(silent=True)
    if context is not None:
        context.call_on_close(_OUTPUT.end)
    else:  # in a greenlet of a deploy, without our config.py
        cli.disconnect_all = _and_then(cli.disconnect_all, _OUTPUT.end)


def _and_then(act: Callable[..., Any], end: Callable[[], None]) -> Callable[..., None]:
    def act_and_end(*args: Any) -> None:
        try:
            act(*args)
        finally:
            end()

    return act_and_end


def is_wanted() -> bool:
    """Return whether pyinfra's command line of this process has ``--json``."""
    if not pyinfra.is_cli:
        return False
    context = click.get_current_context(silent=True)
    return bool((context.params if context else _arguments()).get("json_output"))


@functools.cache  # they are asked for on every host, and parsing takes milliseconds
def _arguments() -> dict[str, Any]:
    from pyinfra_cli.cli import cli  # type: ignore[import-untyped]

    return dict(cli.make_context("pyinfra", sys.argv[1:], resilient_parsing=True).params)


def add(name: str, value: Any) -> None:
    """Add an entry to the document of a run; two dicts of the same name are merged.

    + value: dicts, lists, texts, numbers, booleans and None
    """
    known = _OUTPUT.added.get(name)
    if isinstance(known, dict) and isinstance(value, dict):
        value = {**known, **value}
    _OUTPUT.added[name] = value


def _so_far() -> dict[str, Any]:
    """Return pyinfra's document of a run that ended early."""
    from pyinfra_cli import prints

    if not ctx_state.isset() or not ctx_state.get().initialised:
        return {"plan": [], "results": None}
    state = ctx_state.get()
    results = prints.build_results_json(state) if state.is_executing else None
    return {"plan": prints.build_plan_json(state), "results": results}


def _hosts(if_unknown: str | None) -> list[dict[str, Any]]:
    """Return the hosts of the run.

    + if_unknown: the problem of a host about which nothing else is known
    """
    if not ctx_state.isset() or not ctx_state.get().initialised:
        return []
    problems = ending.problems(ctx_state.get())
    return [{"name": name, "problem": found or if_unknown} for name, found in problems.items()]


def _text(document: Any) -> str:
    """Return a document as JSON in ASCII. Lone surrogates, which many parsers reject, become question marks."""
    from pyinfra_cli import prints, util

    def encoded(value: object) -> Any:
        try:
            return util.json_encode(value)
        except TypeError:
            return repr(value)

    text = prints.jsonify(document, default=encoded, ensure_ascii=False)
    return json.dumps(json.loads(text.encode("utf-8", "replace")))
