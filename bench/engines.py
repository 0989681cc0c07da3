"""What replies in Arrow cost, here and inside of engines: `python -m bench.engines`.

Measures rows a second of `decode_batch` against a Python loop over `validate` and `to_json`; of `decode_batch` against
`json.loads` in each engine that is installed; Spark with one worker and with two; and the peak memory by the length of
a file. Prints tables, which `docs/engines.md` explains.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from smsc_codec import Format, to_json, validate
from smsc_codec.arrow import SCHEMA, decode_batch

from .bodies import body
from .small import REPLIES

_BATCH = 10_000
_WORKERS = (1, 2)
_BILLION, _CORES = 1_000_000_000, 100
_LOADED = pa.schema({"keys": pa.int64()})


class Case(NamedTuple):
    """A kind of replies."""

    name: str
    body: bytes
    fmt: Format
    endpoint: str


def cases() -> list[Case]:
    """Return small replies: a list of one name in every format, and others in JSON."""
    names = [Case(f"one name, fmt={fmt:d}", body(fmt, "all=0", 1), fmt, "senders") for fmt in Format]
    others = [Case(f"{reply.name}, fmt=3", reply.body(Format.JSON), Format.JSON, reply.endpoint) for reply in REPLIES]
    return [*names, *others]


def batch_of(chosen: Sequence[Case], count: int) -> Any:
    """Return a batch of that many replies, which are different objects as those that come from a file are."""
    rows = [chosen[at % len(chosen)] for at in range(count)]
    columns = {
        "body": pa.array([row.body for row in rows], pa.binary()),
        "fmt": pa.array([int(row.fmt) for row in rows], pa.int8()),
        "endpoint": pa.array([row.endpoint for row in rows], pa.string()),
    }
    return pa.record_batch(columns)


def loop(batch: Any) -> list[bytes]:
    """Do what people write by hand."""
    columns = [batch.column(name).to_pylist() for name in ("body", "fmt", "endpoint")]
    replies = [validate(body, fmt=fmt, endpoint=endpoint).reply for body, fmt, endpoint in zip(*columns)]
    return [to_json(reply, endpoint=endpoint) for reply, endpoint in zip(replies, columns[2]) if reply is not None]


def quickest(
    works: Sequence[Callable[[], object]], rounds: int, clock: Callable[[], float] = time.perf_counter
) -> list[float]:
    """Return the least seconds of each, which are taken by turns after a run that warms up."""
    best = [float("inf")] * len(works)
    for number in range(rounds + 1):
        for at, work in enumerate(works):
            begin = clock()
            work()
            best[at] = min(best[at], clock() - begin) if number else best[at]
    return best


def alone(count: int, rounds: int) -> Iterator[str]:
    """Yield the lines of the table of `decode_batch` against the loop."""
    yield "| replies | `decode_batch`, rows/s | a loop, rows/s | ratio |"
    yield "|---|--:|--:|--:|"
    for case in cases():
        batch = batch_of([case], count)
        # Both are of this process alone: what the processor takes for them is what nobody else disturbs.
        ours, theirs = quickest([partial(decode_batch, batch), partial(loop, batch)], rounds, time.process_time)
        yield f"| {case.name} | {count / ours:,.0f} | {count / theirs:,.0f} | {theirs / ours:.2f} |"


# In engines: the same rows, all of them JSON, through `decode_batch` and through `json.loads`


def decode_all(batches: Iterator[Any]) -> Iterator[Any]:
    """Decode batches."""
    yield from map(decode_batch, batches)


def load_all(batches: Iterator[Any]) -> Iterator[Any]:
    """Parse the bodies of batches, and return how many members each has."""
    for batch in batches:
        yield pa.record_batch([pa.array([len(json.loads(each)) for each in batch["body"].to_pylist()])], schema=_LOADED)


def with_spark(folder: Path, load: bool) -> Callable[[], object]:
    """Return a function that reads a folder with Spark. The environment says how many workers it has."""
    from pyspark.sql import SparkSession
    from pyspark.sql.pandas.types import from_arrow_schema

    spark = SparkSession.builder.getOrCreate()
    rows = spark.read.parquet(str(folder))
    done = rows.mapInArrow(load_all if load else decode_all, from_arrow_schema(_LOADED if load else SCHEMA))

    def run() -> None:
        done.write.format("noop").mode("overwrite").save()

    return run


def with_polars(folder: Path, load: bool) -> Callable[[], object]:
    """Return a function that reads a folder with Polars."""
    import polars as pl

    work, schema = (load_all, _LOADED) if load else (decode_all, SCHEMA)

    def step(frame: Any) -> Any:
        return pl.from_arrow(pa.Table.from_batches(work(iter(frame.to_arrow().to_batches(_BATCH))), schema))

    empty: Any = pl.from_arrow(schema.empty_table())
    rows = pl.scan_parquet(f"{folder}/*.parquet")
    done = rows.map_batches(step, schema=empty.schema, streamable=True).select(pl.len())
    return lambda: done.collect(engine="streaming")


def with_duckdb(folder: Path, load: bool) -> Callable[[], object]:
    """Return a function that reads a folder with DuckDB."""
    import duckdb

    work, schema = (load_all, _LOADED) if load else (decode_all, SCHEMA)

    def run() -> object:
        with duckdb.connect() as reading, duckdb.connect() as counting:
            rows = reading.read_parquet(f"{folder}/*.parquet").to_arrow_reader(_BATCH)
            counting.register("done", pa.RecordBatchReader.from_batches(schema, work(rows)))
            return counting.sql(f"SELECT count({schema.names[0]}) FROM done").fetchall()

    return run


def with_dask(folder: Path, load: bool) -> Callable[[], object]:
    """Return a function that reads a folder with Dask. Each file is a task."""
    import dask

    tasks = [dask.delayed(rows_in)(path, load) for path in sorted(folder.glob("*.parquet"))]
    return lambda: dask.compute(*tasks, scheduler="processes", num_workers=_WORKERS[-1])


def rows_in(path: Path, load: bool) -> int:
    """Return how many rows come of a file."""
    with pq.ParquetFile(path) as file:
        return sum(batch.num_rows for batch in (load_all if load else decode_all)(file.iter_batches(_BATCH)))


def with_ray(folder: Path, load: bool) -> Callable[[], object]:
    """Return a function that reads a folder with Ray Data."""
    import ray

    work, schema = (load_all, _LOADED) if load else (decode_all, SCHEMA)

    def step(table: Any) -> Any:
        return pa.Table.from_batches(work(iter(table.to_batches())), schema)

    rows = ray.data.read_parquet(str(folder)).map_batches(step, batch_size=_BATCH, batch_format="pyarrow")
    return lambda: [None for _ in rows.iter_internal_ref_bundles()]


ENGINES = {"spark": "pyspark", "polars": "polars", "duckdb": "duckdb", "dask": "dask", "ray": "ray"}


def once(engine: str, folder: Path, rounds: int) -> None:
    """Print the least seconds of both works in an engine."""
    make = globals()[f"with_{engine}"]
    works = [make(folder, False), make(folder, True)]
    print("seconds", json.dumps(quickest(works, rounds)))


def timed(engine: str, folder: Path, rounds: int, workers: int = _WORKERS[-1]) -> list[float]:
    """Return the least seconds of both works, in a process of its own."""
    options = f"--master local[{workers}] --conf spark.ui.enabled=false pyspark-shell"
    environment = {
        **os.environ,
        "PYSPARK_SUBMIT_ARGS": options,
        "PYSPARK_PYTHON": sys.executable,
        "PYTHONPATH": str(Path(__file__).parent.parent),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "RAY_USAGE_STATS_ENABLED": "0",
    }
    command = [
        sys.executable,
        "-m",
        "bench.engines",
        "--once",
        engine,
        "--folder",
        str(folder),
        "--rounds",
        str(rounds),
    ]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    lines = [line for line in ran.stdout.splitlines() if line.startswith("seconds ")]
    if ran.returncode or not lines:
        raise SystemExit(f"{engine} has failed:\n{ran.stderr[-3000:]}")
    seconds: list[float] = json.loads(lines[0].removeprefix("seconds "))
    return seconds


def installed(engine: str) -> bool:
    """Return whether an engine can run here."""
    return find_spec(ENGINES[engine]) is not None and (engine != "spark" or shutil.which("java") is not None)


def inside(folder: Path, count: int, rounds: int) -> Iterator[str]:
    """Yield the lines of the table of engines, and of the estimate that follows from Spark."""
    yield "| engine | workers | `decode_batch`, rows/s | `json.loads`, rows/s | ratio |"
    yield "|---|--:|--:|--:|--:|"
    rates = {}
    for engine in filter(installed, ENGINES):
        for workers in (
            _WORKERS if engine == "spark" else _WORKERS[:1] if engine in ("polars", "duckdb") else _WORKERS[1:]
        ):
            ours, theirs = timed(engine, folder, rounds, workers)
            rates[engine, workers] = count / ours
            yield f"| {engine} | {workers} | {count / ours:,.0f} | {count / theirs:,.0f} | {theirs / ours:.2f} |"
    if ("spark", _WORKERS[0]) in rates:
        one, two = (rates["spark", workers] for workers in _WORKERS)
        hours = _BILLION / (two / _WORKERS[-1]) / _CORES / 60
        yield ""
        yield f"Two workers of Spark do {two / one:.2f} times the work of one. At the rate that each of the two has, a"
        yield f"billion replies like these take {_CORES} cores {hours:,.0f} minutes."


# Memory

_PEAK = """
import sys
import pyarrow.parquet as pq
from smsc_codec.arrow import decode_batch
rows = sum(decode_batch(batch).num_rows for batch in pq.ParquetFile(sys.argv[1]).iter_batches(10_000))
peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM:"))
print(rows, peak // 1024)
"""


def memory(folder: Path, count: int) -> Iterator[str]:
    """Yield the lines of the table of peak memory, by the length of a file. Linux alone says the peak."""
    yield "| rows in the file | MiB at most |"
    yield "|--:|--:|"
    for rows in (count // 4, count, count * 4):
        path = folder / "memory.parquet"
        batch = batch_of(cases(), _BATCH)
        with pq.ParquetWriter(path, batch.schema) as writer:
            for start in range(0, rows, _BATCH):
                writer.write_batch(batch.slice(0, min(_BATCH, rows - start)))
        ran = subprocess.run([sys.executable, "-c", _PEAK, str(path)], capture_output=True, text=True, check=True)
        found, peak = map(int, ran.stdout.split())
        yield f"| {found:,} | {peak} |"


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser("python -m bench.engines", description=(__doc__ or "").partition(":")[0] + ".")
    parser.add_argument("--count", type=int, default=200_000, help="how many replies (default: 200,000)")
    parser.add_argument("--rounds", type=int, default=3, help="how often; the quickest counts (default: 3)")
    parser.add_argument("--once", choices=[*ENGINES], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.once:
        once(asked.once, asked.folder, asked.rounds)
        return
    for line in alone(min(asked.count, _BATCH), asked.rounds):
        print(line, flush=True)
    print()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made, "in")
        folder.mkdir()
        in_json = [case for case in cases() if case.fmt is Format.JSON]
        parts = 8
        for part in range(parts):
            batch = batch_of(in_json, asked.count // parts)
            pq.write_table(pa.Table.from_batches([batch]), folder / f"{part}.parquet", row_group_size=_BATCH)
        for line in inside(folder, asked.count // parts * parts, asked.rounds):
            print(line, flush=True)
        print()
        for line in memory(Path(made), asked.count):
            print(line, flush=True)


if __name__ == "__main__":
    main()
