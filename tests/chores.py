"""What `noxfile.py` says, read without nox: the tests have to run where nox is not installed."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parent.parent
TREE = ast.parse((ROOT / "noxfile.py").read_text("utf-8"))


def _versions() -> list[str]:
    """Return the interpreters that sessions are made for."""
    for node in TREE.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "PYTHONS":
            return [str(version) for version in ast.literal_eval(node.value)]
    raise AssertionError("noxfile.py does not say PYTHONS = [...]")


def _sessions() -> dict[str, list[str]]:
    """Return each session with the names that it can be called by: its own, and one for each interpreter."""
    found = {}
    for node in TREE.body:
        if isinstance(node, ast.FunctionDef) and node.decorator_list:
            (decorator,) = map(ast.unparse, node.decorator_list)
            assert decorator.startswith("nox.session"), f"noxfile.py: {node.name} has another decorator"
            many = decorator == "nox.session(python=PYTHONS)"
            found[node.name] = [node.name, *(f"{node.name}-{version}" for version in VERSIONS if many)]
    return found


VERSIONS = _versions()
SESSIONS = _sessions()
NAMES = {name for names in SESSIONS.values() for name in names}
