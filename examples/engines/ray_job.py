"""Validate a folder of Parquet with Ray Data: `python examples/engines/ray_job.py IN OUT`.

OUT/replies has a row for each reply: what is known of it, its findings, and all columns of IN but body and request.
OUT/findings has a row for each finding, OUT/summary the counts.
"""

import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import ray

from smsc_codec.arrow import FINDING, ROW, SCHEMA, decode_batch

OWN = {*ROW.names}
KEYS = ["ok", "endpoint", "fmt", "kind"]


def decode(rows: pa.Table) -> pa.Table:
    """Decode a batch, and drop the bodies and the requests."""
    decoded = pa.Table.from_batches(map(decode_batch, rows.to_batches()), SCHEMA).drop_columns("reply")
    kept = rows.select([name for name in rows.column_names if name not in OWN])
    return pa.table([*kept.columns, *decoded.columns], [*kept.column_names, *decoded.column_names])


def findings(rows: pa.Table) -> pa.Table:
    """Return a row for each finding of a batch."""
    lists = rows["findings"].combine_chunks()
    kept = rows.select([name for name in rows.column_names if name not in SCHEMA.names])
    kept = kept.take(pc.list_parent_indices(lists))
    columns = pc.list_flatten(lists).flatten()
    return pa.table([*kept.columns, *columns], [*kept.column_names, *(field.name for field in FINDING)])


def main(source: str, target: str) -> None:
    """Write what is found, and print the summary."""
    rows = ray.data.read_parquet(source)
    replies = rows.map_batches(decode, batch_size=10_000, batch_format="pyarrow")
    replies.write_parquet(f"{target}/replies", mode="overwrite")
    written = ray.data.read_parquet(f"{target}/replies")
    found = written.map_batches(findings, batch_size=10_000, batch_format="pyarrow")
    found.write_parquet(f"{target}/findings", mode="overwrite")
    # Four columns of few values: one machine counts them in no time.
    counted = ds.dataset(f"{target}/replies").to_table(columns=KEYS).group_by(KEYS).aggregate([([], "count_all")])
    summary = counted.rename_columns({"count_all": "count"}).sort_by([(name, "ascending") for name in KEYS[1:]])
    Path(target, "summary").mkdir(parents=True, exist_ok=True)
    pq.write_table(summary, f"{target}/summary/part.parquet")
    for row in summary.to_pylist():
        print(row)


if __name__ == "__main__":
    main(*sys.argv[1:])
