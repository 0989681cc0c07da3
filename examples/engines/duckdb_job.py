"""Validate a folder of Parquet with DuckDB: `python examples/engines/duckdb_job.py IN OUT`.

OUT/replies.parquet has a row for each reply: what is known of it, its findings, and all columns of IN but body and
request. OUT/findings.parquet has a row for each finding, OUT/summary.parquet the counts.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa

from smsc_codec.arrow import ROW, SCHEMA, decode_batch

OWN = {*ROW.names}
REPLIES = "SELECT * EXCLUDE reply FROM decoded"
FINDINGS = "SELECT * EXCLUDE (findings, finding), finding.* FROM (SELECT {}, unnest(findings) AS finding FROM replies)"
SUMMARY = "SELECT ok, endpoint, fmt, kind, count(*) AS count FROM replies GROUP BY ALL ORDER BY endpoint, fmt, kind"


def decode(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Decode batch by batch, and drop the bodies and the requests."""
    for batch in batches:
        kept = batch.select([name for name in batch.schema.names if name not in OWN])
        decoded = decode_batch(batch)
        yield pa.record_batch([*kept.columns, *decoded.columns], [*kept.schema.names, *decoded.schema.names])


def main(source: str, target: str) -> None:
    """Write what is found, and print the summary."""
    folder = Path(target)
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as reading, duckdb.connect() as writing:
        rows = reading.read_parquet(f"{source}/*.parquet").to_arrow_reader(10_000)
        kept = [field for field in rows.schema if field.name not in OWN]
        # One connection pulls what the other one writes, so that a few batches are in memory.
        decoded = pa.RecordBatchReader.from_batches(pa.schema([*kept, *SCHEMA]), decode(rows))
        writing.register("decoded", decoded)
        writing.sql(REPLIES).write_parquet(str(folder / "replies.parquet"))
        writing.read_parquet(str(folder / "replies.parquet")).create_view("replies")
        names = ", ".join([*(f'"{field.name}"' for field in kept), "findings"])
        writing.sql(FINDINGS.format(names)).write_parquet(str(folder / "findings.parquet"))
        summary = writing.sql(SUMMARY)
        summary.write_parquet(str(folder / "summary.parquet"))
        print(summary)


if __name__ == "__main__":
    main(*sys.argv[1:])
