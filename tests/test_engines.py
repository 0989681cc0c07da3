"""The jobs in `examples/engines` find what `smsc-codec validate` finds, whichever engine runs them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .lake import JOBS, Counts, by_kind, counts_of_job, environment, found_by_command, found_by_job, kinds_in, make, run
from .needs import needs

MODULES = {"spark": "pyspark", "polars": "polars", "duckdb": "duckdb", "dask": "dask", "ray": "ray"}
COUNT, ROWS_OF_A_FILE = 1000, 300

# A job whose first task kills its worker in the middle of the output, once.
DIES_ONCE = """
import os, pathlib, signal, sys
sys.path.insert(0, {jobs!r})
import spark_job
decode, mark = spark_job.decode, pathlib.Path({mark!r})

def decode_and_die(batches):
    for batch in decode(batches):
        yield batch
        if not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)

spark_job.decode = decode_and_die
spark_job.main({source!r}, {target!r})
"""


def needs_engine(engine: str) -> pytest.MarkDecorator:
    """Return the mark of a test that needs an engine."""
    return needs(MODULES[engine], "java") if engine == "spark" else needs(MODULES[engine])


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lake") / "in"
    make(folder, COUNT, ROWS_OF_A_FILE, 0.3)
    return folder


@pytest.fixture(scope="module")
def found(lake: Path) -> tuple[Counts, str]:
    return found_by_command(lake, 1, ROWS_OF_A_FILE)


def check(target: Path, found: tuple[Counts, str]) -> None:
    findings, summary = found
    counts = counts_of_job(target)
    assert found_by_job(target) == findings
    assert sum(counts.values()) == COUNT
    assert by_kind(counts) == kinds_in(summary)


def test_the_counts_of_a_summary() -> None:
    assert kinds_in("  text senders: 81,095\n  json not decoded: 3\n  error malformed: 3\n") == {
        ("text", "senders"): 81_095,
        ("json", "not decoded"): 3,
    }


def test_every_job_is_run() -> None:
    assert {path.stem.removesuffix("_job") for path in JOBS.glob("*.py")} == {*MODULES}


@pytest.mark.parametrize("engine", [pytest.param(engine, marks=needs_engine(engine)) for engine in MODULES])
def test_jobs(engine: str, lake: Path, found: tuple[Counts, str], tmp_path: Path) -> None:
    assert {code for _, _, code, *_ in found[0]} >= {"bad-entry", "no-body", "malformed", "value"}
    try:
        run(engine, lake, tmp_path)
    except subprocess.CalledProcessError as error:
        pytest.fail(error.stderr.decode()[-3000:])
    check(tmp_path, found)


@needs_engine("spark")
def test_a_worker_that_is_killed_loses_and_doubles_nothing(
    lake: Path, found: tuple[Counts, str], tmp_path: Path
) -> None:
    mark, target = tmp_path / "mark", tmp_path / "out"
    program = DIES_ONCE.format(jobs=str(JOBS), mark=str(mark), source=str(lake), target=str(target))
    (tmp_path / "job.py").write_text(program)
    ran = subprocess.run([sys.executable, "job.py"], cwd=tmp_path, env=environment(), capture_output=True, check=False)
    assert not ran.returncode, ran.stderr.decode()[-3000:]
    assert mark.exists()
    check(target, found)
