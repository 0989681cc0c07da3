"""Validate a folder of Parquet with Spark: `python examples/engines/spark_job.py IN OUT`, or with `spark-submit`.

OUT/replies has a row for each reply: what is known of it, its findings, and all columns of IN but body and request.
OUT/findings has a row for each finding, OUT/summary the counts. Nothing is lost or doubled if workers are killed:
`decode` has no state and no side effect, so that a task that is run again returns the same rows, and the rows of a
task are a part of the output only after it was committed; findings and counts are read from that output.
"""

import sys
from collections.abc import Iterator

import pyarrow as pa
from pyspark.sql import SparkSession
from pyspark.sql import functions as f
from pyspark.sql.pandas.types import from_arrow_schema
from pyspark.sql.types import StructType

from smsc_codec.arrow import ROW, SCHEMA, decode_batch

OWN = {*ROW.names}


def decode(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Decode what a task reads, batch by batch, and drop the bodies and the requests."""
    for batch in batches:
        kept = batch.select([name for name in batch.schema.names if name not in OWN])
        decoded = decode_batch(batch).drop_columns("reply")
        yield pa.record_batch([*kept.columns, *decoded.columns], [*kept.schema.names, *decoded.schema.names])


def main(source: str, target: str) -> None:
    """Write what is found, and print the summary."""
    spark = SparkSession.builder.appName("smsc_codec").getOrCreate()
    rows = spark.read.parquet(source)
    own = from_arrow_schema(SCHEMA.remove(SCHEMA.get_field_index("reply")))
    schema = StructType([*(field for field in rows.schema if field.name not in OWN), *own])
    rows.mapInArrow(decode, schema).write.mode("overwrite").parquet(f"{target}/replies")

    replies = spark.read.parquet(f"{target}/replies")
    kept = [name for name in rows.columns if name not in OWN]
    found = replies.select(*kept, f.explode("findings").alias("finding")).select(*kept, "finding.*")
    found.write.mode("overwrite").parquet(f"{target}/findings")
    summary = replies.groupBy("ok", "endpoint", "fmt", "kind").count().orderBy("endpoint", "fmt", "kind")
    summary.coalesce(1).write.mode("overwrite").parquet(f"{target}/summary")
    spark.read.parquet(f"{target}/summary").show(1000, truncate=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
