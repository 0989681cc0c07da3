"""Validate a folder of Parquet with Polars: `python examples/engines/polars_job.py IN OUT`.

OUT/replies.parquet has a row for each reply: what is known of it, its findings, and all columns of IN but body and
request. OUT/findings.parquet has a row for each finding, OUT/summary.parquet the counts.
"""

import sys
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from smsc_codec.arrow import ROW, SCHEMA, decode_batch

OWN = {*ROW.names}
DECODED: Any = pl.from_arrow(SCHEMA.empty_table())


def decode(frame: pl.DataFrame) -> pl.DataFrame:
    """Decode what the engine has read, and drop the bodies and the requests."""
    batches = frame.to_arrow().to_batches(max_chunksize=10_000)
    decoded: Any = pl.from_arrow(pa.Table.from_batches(map(decode_batch, batches), SCHEMA))
    return frame.drop(OWN, strict=False).hstack(decoded.drop("reply"))


def main(source: str, target: str) -> None:
    """Write what is found, and print the summary."""
    folder = Path(target)
    folder.mkdir(parents=True, exist_ok=True)
    rows = pl.scan_parquet(f"{source}/*.parquet")
    kept = {name: type_ for name, type_ in rows.collect_schema().items() if name not in OWN}
    schema = {**kept, **DECODED.drop("reply").schema}
    # The function needs one batch at a time, and no row needs another.
    rows.map_batches(decode, schema=schema, streamable=True, validate_output_schema=False).sink_parquet(
        folder / "replies.parquet"
    )

    replies = pl.scan_parquet(folder / "replies.parquet")
    found = replies.select(*kept, "findings").explode("findings").drop_nulls("findings").unnest("findings")
    found.sink_parquet(folder / "findings.parquet")
    summary = replies.group_by("ok", "endpoint", "fmt", "kind").len("count").sort("endpoint", "fmt", "kind").collect()
    summary.write_parquet(folder / "summary.parquet")
    with pl.Config(tbl_rows=-1):
        print(summary)


if __name__ == "__main__":
    main(*sys.argv[1:])
