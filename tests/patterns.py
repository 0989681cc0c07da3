"""Find every regular expression of the package, in the source and at run time, and how the package uses it."""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import smsc_codec
from smsc_codec._careful import parser
from smsc_codec._rows.values import matcher
from smsc_codec.formats.grammar import _specials

PACKAGE = Path(smsc_codec.__file__).parent
METHODS = ("match", "fullmatch", "search", "finditer", "findall", "sub", "subn", "split")
UNKNOWN = "finditer"
"""The use that is assumed if the source does not show one."""


class Site(NamedTuple):
    """A call of `re` in the source."""

    path: str
    """The path of the file inside the package."""
    lines: range
    name: str
    """The module's constant that holds the pattern, or the number of the line."""
    methods: frozenset[str]
    pattern: re.Pattern[Any] | None
    """None if the code puts it together when it runs."""


class _Module:
    def __init__(self, path: Path) -> None:
        self.path = path.relative_to(PACKAGE)
        parts = [PACKAGE.name, *self.path.with_suffix("").parts]
        self.name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        self.names = vars(import_module(self.name))
        self.tree = ast.parse(path.read_text("utf-8"))
        self.parents = {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}
        self.loads: defaultdict[str, list[ast.Name]] = defaultdict(list)
        self.imports: list[ast.ImportFrom] = []
        for node in self.parents:
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                self.loads[node.id].append(node)
            elif isinstance(node, ast.ImportFrom):
                self.imports.append(node)

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        while node in self.parents:
            node = self.parents[node]
            yield node

    def value(self, node: ast.expr) -> Any:
        """Evaluate an expression. Raise `NameError` if it has names that the module does not have."""
        return eval(compile(ast.Expression(node), str(self.path), "eval"), dict(self.names))

    def methods(self, node: ast.AST) -> set[str]:
        """Return the methods that the code around *node*, a pattern, uses."""
        parent = self.parents[node]
        if isinstance(parent, ast.Attribute):
            return {parent.attr} & {*METHODS}
        if isinstance(parent, (ast.For, ast.comprehension)) and parent.iter is node:
            # A loop over a table names its items. Only patterns have such methods.
            named = {name.id for name in ast.walk(parent.target) if isinstance(name, ast.Name)}
            taken = [other for other in ast.walk(self.tree) if isinstance(other, ast.Attribute)]
            found = {other.attr for other in taken if isinstance(other.value, ast.Name) and other.value.id in named}
            return found & {*METHODS} or {UNKNOWN}
        return {UNKNOWN}


@cache
def sites() -> list[Site]:
    """Return every call of `re` in the package."""
    modules = [_Module(path) for path in sorted(PACKAGE.rglob("*.py"))]
    return [site for module in modules for site in _sites(module, modules)]


def _sites(module: _Module, modules: list[_Module]) -> Iterator[Site]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom):
            assert node.module != "re", "calls are found by the name of `re`"
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        if not (isinstance(node.func.value, ast.Name) and node.func.value.id == "re") or node.func.attr == "escape":
            continue
        used_for = module.parents[node]
        if isinstance(used_for, ast.Attribute) and used_for.attr in ("groups", "flags"):
            continue  # it is looked at, and matches nothing
        constant = next((name for name in map(_assigned, module.ancestors(node)) if name), "")
        if node.func.attr in METHODS:
            methods = {node.func.attr}
        elif isinstance(module.parents[node], ast.Attribute):
            methods = module.methods(node)
        elif constant:
            methods = set().union(*(_uses(other, module, constant) for other in modules))
        else:
            methods = module.methods(node)
        lines = range(node.lineno, (node.end_lineno or node.lineno) + 1)
        name, used = constant or str(node.lineno), frozenset(methods or {UNKNOWN})
        yield Site(module.path.as_posix(), lines, name, used, _pattern(module, node))


def _assigned(node: ast.AST) -> str | None:
    """Return the constant that *node* assigns, if it assigns one."""
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id.isupper():
        return node.targets[0].id
    return None


def _uses(module: _Module, home: _Module, constant: str) -> Iterable[str]:
    """Return how *module* uses a constant of the module *home*."""
    imported = {
        alias.asname or alias.name
        for node in module.imports
        if (node.module or "").rpartition(".")[2] == home.path.stem
        for alias in node.names
        if alias.name == constant
    }
    for name in {constant} if module is home else imported:
        for node in module.loads[name]:
            yield from module.methods(node)


def _pattern(module: _Module, node: ast.Call) -> re.Pattern[Any] | None:
    try:
        if isinstance(node.func, ast.Attribute) and node.func.attr == "compile":
            return re.compile(module.value(node))
        return re.compile(module.value(node.args[0]))
    except NameError:
        return None


class Compiled(NamedTuple):
    """A pattern that the code compiled when it ran."""

    pattern: re.Pattern[Any]
    path: str
    """The path of the file that compiled it: inside the package, or the whole path of another file."""
    line: int


@contextmanager
def compiling() -> Iterator[list[Compiled]]:
    """List the patterns that any code compiles inside the block."""
    found: dict[Compiled, None] = {}
    real: Callable[..., re.Pattern[Any]] = re.compile

    def noted(*given: Any, **named: Any) -> re.Pattern[Any]:
        pattern = real(*given, **named)
        frame = sys._getframe(1)
        path = Path(frame.f_code.co_filename)
        known = path.relative_to(PACKAGE).as_posix() if path.is_relative_to(PACKAGE) else str(path)
        found[Compiled(pattern, known, frame.f_lineno)] = None
        return pattern

    listed: list[Compiled] = []
    for remembered in (_specials, matcher, parser):
        remembered.cache_clear()
    with patch.object(re, "compile", noted):
        yield listed
    listed += found


def at_run_time(compiled: Iterable[Compiled]) -> dict[re.Pattern[Any], set[str]]:
    """Return the patterns that the package puts together when it runs, and how it uses each."""
    found: defaultdict[re.Pattern[Any], set[str]] = defaultdict(set)
    for pattern, path, line in compiled:
        for site in sites():
            if site.path == path and line in site.lines and site.pattern is None:
                found[pattern] |= site.methods
    return found
