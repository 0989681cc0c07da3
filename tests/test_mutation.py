"""The mutants that `python -m tests.mutation` judges, and its list of survivors."""

from __future__ import annotations

from pathlib import Path

import pytest

from .mutation.survivors import listed
from .needs import needs

ROOT = Path(__file__).parent.parent

SOURCE = '''\
"""A module."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    A = 1

LIMIT: int = 5


class Counter(Base, frozen=True):
    """A class."""

    @property
    def large(self) -> bool:
        """A property."""
        assert self.count >= 0, "a count"
        return self.count > LIMIT
'''


@needs("mutmut")
def test_everything_that_runs_is_mutated(tmp_path: Path) -> None:
    from .mutation.mutants import mutants_of

    path = tmp_path / "module.py"
    path.write_text(SOURCE, "utf-8")
    assert [(mutant.line, mutant.added) for mutant in mutants_of(path)] == [
        (10, ("LIMIT: int = 6",)),
        (13, ("class Counter(Base, frozen=False):",)),
        (20, ("return self.count >= LIMIT",)),
    ]
    assert [mutant.line for mutant in mutants_of(path, every=2)] == [13]
    for mutant in mutants_of(path):
        assert mutant.code == SOURCE.replace(mutant.removed[0], mutant.added[0])


def test_listed_survivors_are_of_lines_that_are_there() -> None:
    keys = listed()
    assert keys
    for path, *lines in keys:
        source = {line.strip() for line in (ROOT / path).read_text("utf-8").splitlines()}
        assert source.issuperset(lines[: lines.index("")]), (path, lines)


@needs("mutmut")
def test_what_judges_mutants_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    from .mutation.__main__ import _MORE, _TESTS, modules
    from .mutation.worker import SLOWLY

    monkeypatch.chdir(ROOT)
    assert modules().keys() >= _MORE.keys()
    for tests in (_TESTS, *_MORE.values()):
        for name in tests:
            assert (ROOT / "tests" / f"test_{name.removesuffix(SLOWLY)}.py").is_file(), name
