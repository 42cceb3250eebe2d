"""Mutations of a module: small changes at places that are drawn at random."""

import ast
import random
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PACKAGE = Path("deploy/pushgateway_lab")

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}


class Mutation(NamedTuple):
    """A change of one expression.

    + path: of the module, from the root of the tree
    + text: the whole module after the change, as `ast.unparse` writes it
    """

    path: Path
    room: str
    line: int
    before: str
    after: str
    text: str


def draw(number: int, seed: int, only: Sequence[str], rooms: Iterable[str]) -> list[Mutation]:
    """Return this number of different mutations, or all if there are fewer.

    + only: the beginnings of the paths of modules, relative to the package; none: all
    + rooms: the folders and modules of the package from which to draw
    """
    every = [
        (room, path, site)
        for room, path in modules(rooms)
        if not only or path.relative_to(PACKAGE).as_posix().startswith(tuple(only))
        for site in range(sum(1 for _ in _sites(ast.parse((ROOT / path).read_text("utf-8")))))
    ]
    chance = random.Random(seed)  # noqa: S311  # draws no secret
    chosen = chance.sample(every, min(number, len(every)))
    return [_mutated(room, path, site, chance.choice((1, -1))) for room, path, site in chosen]


def modules(rooms: Iterable[str]) -> Iterator[tuple[str, Path]]:
    """Yield each pure module and the room it is in."""
    for room in rooms:
        place = ROOT / PACKAGE / room
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            yield room, path.relative_to(ROOT)


class _Site(NamedTuple):
    """A place to mutate: the field of a node, the index of the item in it, and its replacement."""

    node: ast.AST
    field: str
    item: int | None
    replacement: ast.AST | None


def _sites(tree: ast.AST) -> Iterator[_Site]:
    """Yield all places; a number has no replacement yet, because the step is drawn later."""
    for node in ast.walk(tree):
        match node:
            case ast.Compare():
                for number, operator in enumerate(node.ops):
                    yield _Site(node, "ops", number, COMPARISONS[type(operator)]())
            case ast.BoolOp():
                other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
                yield _Site(node, "op", None, other)
            case ast.If() | ast.IfExp() | ast.While():
                yield _Site(node, "test", None, ast.UnaryOp(ast.Not(), node.test))
            case ast.comprehension():
                for number, condition in enumerate(node.ifs):
                    yield _Site(node, "ifs", number, ast.UnaryOp(ast.Not(), condition))
            case ast.Constant(value=int() | float()) if not isinstance(node.value, bool):
                yield _Site(node, "value", None, None)


def _mutated(room: str, path: Path, site: int, step: int) -> Mutation:
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    node, field, item, replacement = list(_sites(tree))[site]
    before = ast.unparse(tree)
    if isinstance(node, ast.Constant):
        node.value += step  # type: ignore[operator]  # _sites yields numbers only
    elif item is not None:
        getattr(node, field)[item] = replacement
    else:
        setattr(node, field, replacement)
    after = ast.unparse(tree)
    line = getattr(node.target if isinstance(node, ast.comprehension) else node, "lineno", 0)
    # ast.unparse writes a statement, or the header of a block, on one line.
    was, now = next(
        pair
        for pair in zip(before.splitlines(), after.splitlines(), strict=True)
        if len(set(pair)) > 1
    )
    return Mutation(path, room, line, was.strip(), now.strip(), after)


def described(mutation: Mutation) -> str:
    """Return the place of a mutation, and both lines."""
    where = f"{mutation.path.relative_to(PACKAGE)}:{mutation.line}"
    return f"{where}\n  - {mutation.before}\n  + {mutation.after}"
