"""Validate a folder of Parquet with Dask: `python examples/engines/dask_job.py IN OUT`.

OUT/replies has a row for each reply: what is known of it, its findings, and all columns of IN but body and request.
OUT/findings has a row for each finding, OUT/summary.parquet the counts. A task is a file of IN. It writes files of its
own name, whole or not at all, so that a task that is run again replaces what it has written.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import dask
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from smsc_codec.arrow import FINDING, ROW, decode_batch

KEYS = ["ok", "endpoint", "fmt", "kind"]


def decode(batches: Iterator[pa.RecordBatch]) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch]]:
    """Yield the replies of each batch, and their findings, with the columns that are not the body or the request."""
    for batch in batches:
        kept = batch.select([name for name in batch.schema.names if name not in ROW.names])
        decoded = decode_batch(batch)
        replies = decoded.drop_columns("reply")
        yield (
            pa.record_batch([*kept.columns, *replies.columns], [*kept.schema.names, *replies.schema.names]),
            pa.record_batch(
                [
                    *kept.take(pc.list_parent_indices(decoded["findings"])).columns,
                    *decoded["findings"].flatten().flatten(),
                ],
                [*kept.schema.names, *(field.name for field in FINDING)],
            ),
        )


def validate(source: Path, target: Path) -> pa.Table:
    """Write what is found in a file, and return the counts."""
    counts = []
    paths = [target / folder / source.name for folder in ("replies", "findings")]
    parts = [path.with_suffix(f".{os.getpid()}.part") for path in paths]
    with pq.ParquetFile(source) as file:
        empty = pa.record_batch([pa.array([], type_) for type_ in file.schema_arrow.types], file.schema_arrow)
        schemas = [batch.schema for batch in next(decode(iter([empty])))]
        with pq.ParquetWriter(parts[0], schemas[0]) as first, pq.ParquetWriter(parts[1], schemas[1]) as second:
            for replies, findings in decode(file.iter_batches(10_000)):
                first.write_batch(replies)
                second.write_batch(findings)
                counts.append(
                    pa.Table.from_batches([replies]).select(KEYS).group_by(KEYS).aggregate([([], "count_all")])
                )
    for part, path in zip(parts, paths):
        part.replace(path)
    return pa.concat_tables(counts)


def main(source: str, target: str) -> None:
    """Write what is found, and print the summary."""
    for folder in ("replies", "findings"):
        Path(target, folder).mkdir(parents=True, exist_ok=True)
    tasks = [dask.delayed(validate)(path, Path(target)) for path in sorted(Path(source).glob("*.parquet"))]
    # Threads would wait for each other: decoding is Python.
    counts = pa.concat_tables(dask.compute(*tasks, scheduler="processes"))
    summary = counts.group_by(KEYS).aggregate([("count_all", "sum")]).rename_columns([*KEYS, "count"])
    pq.write_table(summary.sort_by([(name, "ascending") for name in KEYS[1:]]), Path(target, "summary.parquet"))
    for row in summary.to_pylist():
        print(row)


if __name__ == "__main__":
    main(*sys.argv[1:])
