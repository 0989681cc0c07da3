"""Tests that need another program are counted where it is missing, and `.ci/run` runs them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from .chores import SESSIONS as CHORES
from .needs import PROGRAMS, SESSIONS, summary

ROOT = Path(__file__).parent.parent


def test_ci_runs_every_session_that_has_a_program() -> None:
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    for session, names in SESSIONS.items():
        assert session in CHORES and re.search(rf"\b{session}\b", script), session
        assert names
    assert {*PROGRAMS} <= {name for names in SESSIONS.values() for name in names}


def test_every_test_that_needs_something_is_marked() -> None:
    """No test but this looks for programs itself."""
    pattern = re.compile(r"""skip\(\s*["'].*not installed|skipif\([^)]*(which|find_spec)""")
    for path in (ROOT / "tests").rglob("test_*.py"):
        assert path == Path(__file__) or not pattern.search(path.read_text("utf-8")), path


def test_what_is_missing_is_counted(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "tests/test_schema.py"]
    environment = {**os.environ, "PATH": str(tmp_path), "PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        [*command, "-k", "another_reader_agrees or wants_something"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "   5 need node: nox -s coverage\n" in run.stdout
    assert "5 skipped" in run.stdout


def test_the_summary() -> None:
    reasons = ["Skipped: needs vcr", "Skipped: no fork here", "Skipped: needs vcr", "Skipped: needs ray"]
    assert [*summary(reasons)] == ["   1 need ray: nox -s engines", "   2 need vcr: nox -s coverage"]
    assert [*summary(["Skipped: no fork here"])] == []
