"""The mutants of a module."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.file_mutation import deep_replace
from mutmut.mutation.mutators import mutation_operators

PACKAGE = Path("smsc_codec")


class Mutant(NamedTuple):
    """A module with one change; *removed* and *added* are the lines that differ, without their indentation."""

    path: Path
    code: str
    line: int
    removed: tuple[str, ...]
    added: tuple[str, ...]

    @property
    def key(self) -> tuple[str, ...]:
        """What it is, wherever in the module it stands."""
        return (self.path.as_posix(), *self.removed, "", *self.added)

    def __str__(self) -> str:
        lines = [
            f"{self.path}:{self.line}",
            *(f"- {line}" for line in self.removed),
            *(f"+ {line}" for line in self.added),
        ]
        return "\n".join(lines)


class _Visitor(cst.CSTVisitor):
    """Collects the mutations of what runs; types, declarations of names, docstrings and assertions are left alone."""

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self) -> None:
        self.found: list[tuple[cst.CSTNode, cst.CSTNode, int]] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if _is_skipped(node):
            return False
        for kind, operator in mutation_operators:
            if isinstance(node, kind):
                line = self.get_metadata(PositionProvider, node).start.line
                self.found += ((node, mutated, line) for mutated in operator(node) if _is_tried(node, mutated))
        return True


def _is_skipped(node: cst.CSTNode) -> bool:
    match node:
        case cst.Annotation() | cst.Decorator() | cst.Import() | cst.ImportFrom() | cst.Assert():
            return True
        case cst.If(test=cst.Name("TYPE_CHECKING")):
            return True
        case cst.FunctionDef(decorators=[cst.Decorator(decorator=cst.Name("overload"))]):
            return True
        case cst.ClassDef(bases=[cst.Arg(value=cst.Name("Protocol"))]):
            return True
        case cst.Call(func=cst.Name("TypeVar" | "cast" | "len" | "isinstance")):
            return True
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Name("__all__" | "__version__"))]):
            return True
        case cst.AnnAssign(annotation=cst.Annotation(annotation=cst.Name("TypeAlias"))):
            return True
    return False


def _is_tried(node: cst.CSTNode, mutated: cst.CSTNode) -> bool:
    """Not what mypy would refuse, `None` for a value; of the changes of a string only one."""
    match node, mutated:
        case cst.SimpleString(), cst.SimpleString():
            return "XX" in mutated.value
        case ((cst.Assign() | cst.AnnAssign()), (cst.Assign() | cst.AnnAssign())):
            return mutated.value is None or not mutated.value.deep_equals(cst.Name("None"))
        case cst.Call(), cst.Call():
            return len(node.args) != len(mutated.args) or node.func is not mutated.func
    return True


def mutants_of(path: Path, every: int = 1) -> Iterator[Mutant]:
    """Yield every mutant of the module at *path* that compiles and differs from it and from the others, or a sample."""
    source = path.read_text("utf-8")
    wrapper = MetadataWrapper(cst.parse_module(source), unsafe_skip_copy=True)
    module = wrapper.module
    pieces = [module.code_for_node(statement) for statement in module.body]
    front = source[: source.index("".join(pieces))]
    count = 0
    for number, statement in enumerate(module.body):
        visitor = _Visitor()
        with visitor.resolve(wrapper):
            statement.visit(visitor)
        seen = {"", _meaning(pieces[number])}
        for node, mutated, line in visitor.found:
            count += 1
            if count % every:
                continue
            changed = deep_replace(statement, node, mutated)
            assert isinstance(changed, cst.CSTNode)
            piece = module.code_for_node(changed)
            meaning = _meaning(piece)
            if meaning not in seen:
                seen.add(meaning)
                code = front + "".join([*pieces[:number], piece, *pieces[number + 1 :]])
                yield Mutant(path, code, line, *_differences(source, code))


def _meaning(code: str) -> str:
    try:
        return ast.dump(ast.parse(code))
    except SyntaxError:
        return ""


def _differences(source: str, code: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    old, new = source.splitlines(), code.splitlines()
    same = _alike(old, new)
    old, new = old[same:], new[same:]
    same = _alike(old[::-1], new[::-1])
    removed, added = (tuple(line.strip() for line in lines[: len(lines) - same]) for lines in (old, new))
    return removed, added


def _alike(old: list[str], new: list[str]) -> int:
    """Return how many lines at the beginning are the same."""
    return next((number for number, (a, b) in enumerate(zip(old, new)) if a != b), min(len(old), len(new)))
