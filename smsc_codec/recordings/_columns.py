"""Reads replies in columns: in record batches of Arrow, and in files of Parquet and Arrow.

pyarrow is imported by the first function that needs it. It has no types, so its objects are `Any`.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.util import find_spec
from typing import Any, NamedTuple

import msgspec

from .._options import format_of
from .._secrets import shortened
from .._source import CHARSETS, charset_name, quote
from ..errors import OptionError
from ._coding import BrokenError, MissingError
from ._entry import Entry, bounded, refused
from ._keys import Keys
from ._lines import page_of, wrong_endpoint
from ._tape import Kind, Tape

_ROWS = 1024
"""The number of rows that are judged at once."""
_LONGEST_REMEMBERED = 2048
"""The most characters of a URL."""
_LONGEST_REASON = 200
_NO_FORMAT = -1
COLUMNS = ("body", "fmt", "endpoint", "url", "charset")
"""The columns that are read. All except the bodies may be missing."""
MISSING = "need pyarrow: pip install 'smsc-codec[arrow]'"


class Rows(msgspec.Struct, frozen=True):
    """Rows of a recording."""

    first: int
    """The number of the first one, from 1."""
    batch: Any
    """A record batch of pyarrow."""
    keys: Keys

    @property
    def last(self) -> int:
        """The number of the last one."""
        return self.first + int(self.batch.num_rows) - 1


# Rows of a batch


def entries(rows: Rows) -> Iterator[Entry]:
    """Yield the entry of each row. Raise `OptionError` if a column is missing or has another type."""
    batch, keys = rows.batch, rows.keys
    check(batch.schema, keys)
    count = batch.num_rows
    bodies = batch.column(keys.body)
    text = _kind(bodies.type) == "text"
    formats = _column(batch, keys.fmt)
    asked = zip(
        [None] * count if formats is None else _formats(formats),
        *(_texts(_column(batch, name), count) for name in (keys.endpoint, keys.url, keys.charset)),
    )
    for number, (body, (fmt, endpoint, url, charset)) in enumerate(zip(_plain(bodies), asked), rows.first):
        look_up = _said if len(url) <= _LONGEST_REMEMBERED else _said.__wrapped__
        said = look_up(fmt, endpoint, url, charset)
        if said.problem:
            yield refused(number, said.url, said.problem)
            continue
        entry = Entry(number=number, body=body, text=text, url=said.url, fmt=said.fmt, charset=said.charset)
        yield entry if len(url) <= _LONGEST_REMEMBERED else bounded(entry)


def check(schema: Any, keys: Keys) -> None:
    """Raise `OptionError` if there are no bodies, or if a column has a wrong type."""
    for key in COLUMNS:
        name = getattr(keys, key)
        places = schema.get_all_field_indices(name)
        if not places and key == "body":
            raise OptionError(f"the column {quote(name)} for the bodies of replies is missing")
        if len(places) > 1:
            raise OptionError(f"expected one column {quote(name)}, found {len(places)}")
        kinds = ("text", "bytes", "null", *(("integer", "float") if key == "fmt" else ()))
        if places and _kind(schema.field(places[0]).type) not in kinds:
            found = quote(str(schema.field(places[0]).type))
            wanted = "numbers or text" if key == "fmt" else "bytes or text"
            raise OptionError(f"expected {wanted} in the column {quote(name)}, found {found}")


@lru_cache(1)
def _kinds() -> Mapping[int, str]:
    """Return the kinds of columns, by the numbers of their types."""
    from pyarrow import lib

    named = {
        "text": "STRING LARGE_STRING STRING_VIEW",
        "bytes": "BINARY LARGE_BINARY BINARY_VIEW",
        "integer": "INT8 INT16 INT32 INT64 UINT8 UINT16 UINT32 UINT64",
        "float": "HALF_FLOAT FLOAT DOUBLE",
        "null": "NA",
    }
    return {getattr(lib, f"Type_{name}"): kind for kind, names in named.items() for name in names.split()}


def _kind(type_: Any) -> str:
    """Return the kind of a column of a type, or an empty text if it is not read."""
    from pyarrow import types

    return _kinds().get((type_.value_type if types.is_dictionary(type_) else type_).id, "")


def _column(batch: Any, name: str) -> Any:
    """Return a column, or None if it is missing."""
    return batch.column(name) if name in batch.schema.names else None


def _plain(column: Any) -> list[Any]:
    """Return the values of a column. Make each value of a dictionary once."""
    import pyarrow as pa

    if isinstance(column, pa.DictionaryArray):
        known = _plain(column.dictionary)
        return [None if at is None else known[at] for at in column.indices.to_pylist()]
    if _kind(column.type) == "text":
        # Read texts as bytes, because other programs write texts that are not UTF-8.
        binary = {"string": pa.binary(), "large_string": pa.large_binary(), "string_view": pa.binary_view()}
        column = column.cast(binary[str(column.type)])
    values: list[Any] = column.to_pylist()
    return values


def _texts(column: Any, count: int) -> list[str]:
    """Return the texts of a column, with an empty text for each missing one."""
    if column is None:
        return [""] * count
    known: dict[bytes | None, str] = {None: ""}
    return [known.get(value) or known.setdefault(value, _text(value)) for value in _plain(column)]


def _text(value: bytes | None) -> str:
    return (value or b"").decode("utf-8", "replace")


def _formats(column: Any) -> list[int | None]:
    """Return the formats of a column; `_NO_FORMAT` stands for what is not a format."""
    values = _plain(column)
    known = {value: _format(value) for value in {*values}}
    return [known[value] for value in values]


def _format(value: Any) -> int | None:
    if value is None or value == b"" or value != value:  # noqa: PLR0124  not a number
        return None
    # pandas makes floats of numbers if one is missing.
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bytes):
        value = value.decode("latin-1")
        value = int(value) if value in ("0", "1", "2", "3") else value
    try:
        return int(format_of(value))
    except OptionError:
        return _NO_FORMAT


class _Said(NamedTuple):
    """What a row says about its reply."""

    fmt: int | None
    charset: str | None
    url: str
    """Its URL, or the path of its endpoint."""
    problem: str


@lru_cache(512)
def _said(fmt: int | None, endpoint: str, url: str, charset: str) -> _Said:
    problem = ""
    if fmt == _NO_FORMAT:
        problem = "fmt has to be 0, 1, 2, 3, text, csv, xml or json"
    elif charset and charset_name(charset) is None:
        problem = f"the charset has to be one of {', '.join(CHARSETS)}"
    elif endpoint:
        problem = wrong_endpoint(endpoint, url)
    return _Said(fmt, charset or None, url or page_of(endpoint), problem)


# Files


def read(tape: Tape, kind: Kind, keys: Keys) -> Iterator[Rows]:
    """Yield the rows of a file, some at a time. Raise `BrokenError`, `MissingError` and `OSError`."""
    if find_spec("pyarrow") is None:
        raise MissingError(f"Parquet and Arrow files {MISSING}")
    number = 1
    with tape.whole() as file:
        batches = (_parquet if kind is Kind.PARQUET else _arrow)(file, keys)
        while True:
            try:
                batch = next(batches, None)
                if batch is not None:
                    # Nothing else checks offsets and texts.
                    batch.validate(full=True)
            except OptionError as error:
                raise BrokenError(f"{error}; say which column it is (--key body=COLUMN)") from None
            except Exception as error:  # exceptions of pyarrow and of Python's files
                if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
                    raise
                # Broken data can refer to any place of the file, and ask for any amount of memory.
                reason = shortened(str(error).partition("\n")[0], _LONGEST_REASON) or "it does not fit the memory"
                raise BrokenError(f"the {kind.value} data is broken here: {reason}") from None
            if batch is None:
                return
            tape.consumed = max(tape.consumed, file.tell())
            for start in range(0, batch.num_rows, _ROWS):
                rows = Rows(number, batch.slice(start, _ROWS), keys)
                yield rows
                number = rows.last + 1


def _wanted(schema: Any, keys: Keys) -> list[int]:
    """Return the places of the columns that are read."""
    check(schema, keys)
    return [schema.get_field_index(name) for name in {*msgspec.structs.astuple(keys)} if name in schema.names]


def _parquet(file: Any, keys: Keys) -> Iterator[Any]:
    from pyarrow.parquet import ParquetFile

    recorded = ParquetFile(file, pre_buffer=False, buffer_size=1 << 18)
    schema = recorded.schema_arrow
    names = [schema.names[place] for place in _wanted(schema, keys)]
    yield from recorded.iter_batches(batch_size=_ROWS, columns=names, use_threads=False)


def _arrow(file: Any, keys: Keys) -> Iterator[Any]:
    from pyarrow import ipc

    is_file = file.read(6) == b"ARROW1"
    open_ = ipc.open_file if is_file else ipc.open_stream
    file.seek(0)
    places = _wanted(open_(file).schema, keys)
    file.seek(0)
    recorded = open_(file, options=ipc.IpcReadOptions(included_fields=places, use_threads=False))
    if is_file:
        yield from map(recorded.get_batch, range(recorded.num_record_batches))
    else:
        yield from recorded
