"""Validate the same Parquet with Spark and with the command line: `python -m tests.lake --count 1000000`.

Makes a folder of Parquet with replies of all endpoints, runs `examples/engines/spark_job.py` with two workers and
`smsc-codec validate --jobs 2`, and compares every finding and every count. It needs pyspark and Java.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from smsc_codec import Finding
from smsc_codec.arrow import ROW
from smsc_codec.recordings._check import message_of

from .vectors import OTHERS, VECTORS

ROOT = Path(__file__).parent.parent
JOBS = ROOT / "examples" / "engines"
SCHEMA = pa.schema([pa.field("id", pa.int64()), *ROW])
_UNUSUAL = 0.02
"""The share of replies with findings: to say what is wrong with a reply takes longer than to read it."""
_ROWS = 50_000
"""Rows of a file."""
Counts = Counter[tuple[Any, ...]]


def rows() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the usual and the unusual rows: replies of the table of cases, and some with wrong words about them."""
    usual: list[dict[str, Any]] = []
    wrong: list[dict[str, Any]] = [
        {"body": None},
        {"body": b"OK", "fmt": 7},
        {"body": b"OK", "endpoint": "nothing"},
        {"body": b"OK", "charset": "latin-1"},
        {"body": b"OK", "url": "https://elsewhere.example/sys/x?psw=hunter2"},
    ]
    # As many times as they have to be to be drawn now and then.
    unusual = 5 * wrong
    for number, vector in enumerate([*VECTORS, *OTHERS]):
        fmt = vector.row["fmt"]
        row = {"body": vector.body, "fmt": fmt, "charset": vector.row.get("charset")}
        url = f"https://smsc.ru/sys/{vector.endpoint}.php?login=demo&psw=hunter2"
        row |= {"url": url if fmt is None else f"{url}&fmt={fmt}"} if number % 3 else {"endpoint": vector.endpoint}
        is_usual = vector.reply is not None and not vector.findings and len(vector.body) < 2000
        (usual if is_usual else unusual).append(row)
    return usual, unusual


def make(folder: Path, count: int, rows_of_a_file: int = _ROWS, share: float = _UNUSUAL) -> None:
    """Write replies as Parquet, a *share* of them unusual; `id` numbers them over all files."""
    chance = random.Random(18)
    usual, unusual = rows()
    folder.mkdir(parents=True, exist_ok=True)
    for file, start in enumerate(range(0, count, rows_of_a_file)):
        ids = range(start, min(start + rows_of_a_file, count))
        chosen = [{"id": at, **chance.choice(unusual if chance.random() < share else usual)} for at in ids]
        pq.write_table(
            pa.Table.from_pylist(chosen, schema=SCHEMA), folder / f"{file:05}.parquet", row_group_size=10_000
        )


def environment() -> dict[str, str]:
    """Return the environment of Spark on this machine: two workers, and up to three attempts for each task."""
    options = "--master local[2,3] --conf spark.ui.enabled=false --conf spark.sql.shuffle.partitions=2 pyspark-shell"
    return {
        **os.environ,
        "PYSPARK_SUBMIT_ARGS": options,
        "PYSPARK_PYTHON": sys.executable,
        "PYTHONPATH": str(ROOT),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "RAY_USAGE_STATS_ENABLED": "0",
    }


def run(job: str, source: Path, target: Path) -> None:
    """Run an example. Raise `CalledProcessError` with what it has said."""
    command = [sys.executable, str(JOBS / f"{job}_job.py"), str(source), str(target)]
    subprocess.run(command, check=True, env=environment(), capture_output=True, timeout=3600)


def table(target: Path, name: str) -> Any:
    """Return one of the three tables that an example has written."""
    path = target / name if (target / name).is_dir() else target / f"{name}.parquet"
    return pq.read_table(path)


def found_by_job(target: Path) -> Counts:
    """Count the findings that an example has written."""
    names = Finding.__struct_fields__
    found: Counts = Counter()
    for row in table(target, "findings").to_pylist():
        finding = Finding(**{name: row[name] for name in names})
        place = finding.line, finding.column, finding.excerpt, finding.count
        found[(row["id"], str(finding.severity), finding.code, message_of(finding), *place)] += 1
    return found


def counts_of_job(target: Path) -> Counts:
    """Return the counts that an example has written."""
    summary = table(target, "summary").to_pylist()
    return Counter({(row["ok"], row["endpoint"], row["fmt"], row["kind"]): row["count"] for row in summary})


def found_by_command(source: Path, jobs: int = 2, rows_of_a_file: int = _ROWS) -> tuple[Counts, str]:
    """Count the findings of `smsc-codec validate`, and return its summary too."""
    command = [sys.executable, "-m", "smsc_codec", "validate", "--format", "parquet", "--jobs", str(jobs), str(source)]
    with tempfile.TemporaryFile() as out:
        ran = subprocess.run(command, check=False, stdout=out, stderr=subprocess.PIPE, cwd=ROOT)
        out.seek(0)
        printed = pq.read_table(out).to_pylist()
    found: Counts = Counter()
    for row in printed:
        number = int(Path(row["path"]).stem) * rows_of_a_file + row["entry"] - 1
        # What is about no place in the reply is at its beginning for `decode_batch`.
        place = row["reply_line"] or 1, row["reply_column"] or 1, row["excerpt"], row["count"]
        found[(number, row["severity"], row["code"], row["message"], *place)] += 1
    return found, ran.stderr.decode()


def by_kind(counts: Counts, formats: Sequence[str] = ("text", "csv", "xml", "json")) -> Counts:
    """Return the counts as the summary of the command has them: by format and kind."""
    kinds: Counts = Counter()
    for (ok, _, fmt, kind), count in counts.items():
        if ok is not None:
            kinds["unknown" if fmt is None else formats[fmt], kind or "not decoded"] += count
    return kinds


def kinds_in(summary: str) -> Counts:
    """Return the counts by format and kind from the summary of the command."""
    kinds: Counts = Counter()
    for line in summary.splitlines():
        fmt, _, rest = line.strip().partition(" ")
        kind, _, count = rest.replace(",", "").rpartition(": ")
        if fmt in ("text", "csv", "xml", "json", "unknown") and count.isdigit():
            kinds[fmt, kind] = int(count)
    return kinds


def main(arguments: Iterable[str] | None = None) -> None:
    """Make the folder, run both, and say whether they agree."""
    parser = argparse.ArgumentParser("python -m tests.lake", description=(__doc__ or "").partition(":")[0] + ".")
    parser.add_argument("--count", type=int, default=1_000_000, help="how many replies (default: 1,000,000)")
    asked = parser.parse_args(None if arguments is None else [*arguments])
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "in"), Path(folder, "out")
        make(source, asked.count)
        begin = time.perf_counter()
        run("spark", source, target)
        spark = time.perf_counter() - begin
        found, summary = found_by_command(source)
        command = time.perf_counter() - begin - spark
        by_spark, counts = found_by_job(target), counts_of_job(target)
    print(f"{asked.count:,} replies, {sum(by_spark.values()):,} findings, {len(counts)} different counts")
    print(f"Spark, two workers: {spark:.0f} s; smsc-codec validate --jobs 2: {command:.0f} s")
    if sum(counts.values()) != asked.count:
        raise SystemExit(f"Spark has counted {sum(counts.values()):,} replies")
    if by_spark != found:
        more, less = by_spark - found, found - by_spark
        raise SystemExit(
            f"{len(more):,} findings of Spark alone, {len(less):,} of the command alone: {[*more][:3]} {[*less][:3]}"
        )
    if by_kind(counts) != kinds_in(summary):
        raise SystemExit(f"other counts: {by_kind(counts)}, {kinds_in(summary)}")
    print("The findings and the counts are the same.")


if __name__ == "__main__":
    main()
