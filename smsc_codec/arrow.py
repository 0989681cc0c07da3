"""Replies in Arrow: decode record batches inside the engine that holds them.

>>> import pyarrow as pa
>>> from smsc_codec.arrow import decode_batch
>>> batch = pa.record_batch({"body": [b"SMSC.RU,5", b'{"balance": "1"}'], "endpoint": ["senders", "balance"]})
>>> decode_batch(batch).column("kind").to_pylist()
['senders', 'balance']

`docs/engines.md` has examples for Spark, Polars, DuckDB, Dask and Ray. pyarrow is installed by
`pip install 'smsc-codec[arrow]'`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from ._public import publish
from ._secrets import printable
from ._source import quote
from ._types import is_really, name_of
from .declare import Many, Object, OpenMap, Several, Type
from .declare import Reply as Declared
from .endpoints import DEFAULT, ENDPOINTS, all_kinds, codec_of
from .errors import OptionError
from .model import ErrorReply
from .normal import from_json_of, written
from .recordings._check import ROW_HINT, Judge, Options
from .recordings._columns import COLUMNS, MISSING, Rows, entries
from .recordings._keys import Keys
from .report import Finding

try:
    import pyarrow as pa
except ImportError:
    raise ImportError(f"batches of Arrow {MISSING}") from None

_MOST = 2**31 - 1
"""Bytes of all texts in a column of a batch."""
_AT_ONCE = 512
"""Replies that are in memory as values at a time."""
_LAST_SECOND = 253_402_300_799
"""The last one of the year 9999, which `datetime` ends with."""

ROW = pa.schema(
    {"body": pa.binary(), "fmt": pa.int8(), "endpoint": pa.string(), "url": pa.string(), "charset": pa.string()}
)
"""What `decode_batch` reads: the body, and what is known of the request. Other types can hold them too."""

FINDING = pa.struct(
    {
        "severity": pa.string(),
        "code": pa.string(),
        "message": pa.string(),
        "offset": pa.int64(),
        "line": pa.int64(),
        "column": pa.int64(),
        "path": pa.string(),
        "excerpt": pa.string(),
        "count": pa.int64(),
    }
)
"""The type of a finding, with the attributes of `smsc_codec.Finding`."""

SCHEMA = pa.schema(
    {
        "ok": pa.bool_(),
        "endpoint": pa.string(),
        "fmt": pa.int8(),
        "kind": pa.string(),
        "error_code": pa.int64(),
        "error": pa.string(),
        "reply": pa.string(),
        "findings": pa.list_(FINDING),
    }
)
"""What `decode_batch` returns."""


def decode_batch(
    batch: Any,
    *,
    body: str = "body",
    fmt: str = "fmt",
    endpoint: str = "endpoint",
    url: str = "url",
    charset: str = "charset",
) -> Any:
    """Read the replies in a `pyarrow.RecordBatch`, and return a record batch of `SCHEMA` with a row for each.

    The parameters are the names of columns. Only that of the bodies has to be there: what a batch or a row does not say
    is not known, as for `smsc_codec.validate`.

    - *body*: bytes, or text. They can be large, views or dictionary-encoded.
    - *fmt*: the number or the name of a format.
    - *endpoint*: such as `send` or `send.php`.
    - *url*: the URL of the request, which says the same as `Query.from_url`; no row that is returned has it.
    - *charset*: `utf-8`, `windows-1251` or `koi8-r`.

    The columns of a row:

    - `ok`: whether the body can be read; null if there is no reply to read: the body is null, or the request went to
      something else than an endpoint whose replies are read.
    - `endpoint`, `fmt`: those of the reply.
    - `kind`, `reply`: the kind of the reply, and its normalized JSON, as `to_json` writes it.
    - `error_code`, `error`: of an error its number and what the endpoint's documentation says of it.
    - `findings`: what is wrong or unusual, as `smsc-codec validate` finds it.

    Raise `OptionError` for what is not a record batch, for columns of other types, and if the replies of a batch take
    more than 2 GiB as JSON; never because of a body, or of a value in another column: a wrong one is a finding with the
    code `bad-entry`, which does not repeat it.
    """
    _check(batch)
    names = (body, fmt, endpoint, url, charset)
    if not all([is_really(name, str) for name in names]):
        raise OptionError("the names of columns have to be str")
    rows: list[tuple[Any, ...]] = []
    size = 0
    judge = Judge(Options(), ROW_HINT).judge
    declared = {name: codec_of(name).endpoint for name in ENDPOINTS}
    found = entries(Rows(1, batch, Keys(**dict(zip(COLUMNS, names)))))
    # To read some replies and then to write them takes three quarters of the time of reading and writing by turns.
    while verdicts := [judge(entry) for entry in islice(found, _AT_ONCE)]:
        for verdict in verdicts:
            reply, name = verdict.reply, verdict.endpoint
            noted = [_plain_finding(finding) for finding in verdict.findings] if verdict.findings else ()
            if reply is None:
                ok = False if verdict.is_reply else None
                rows.append((ok, name or None, verdict.fmt, None, None, None, None, noted))
                continue
            text = written(declared[name], reply, "" if name == DEFAULT else name)
            size += len(text)
            if size > _MOST:
                raise OptionError(
                    "the replies of the batch take more than 2 GiB: pass fewer rows at once (batch.slice)"
                )
            code, words = (int(reply.code), reply.meaning) if reply.__class__ is ErrorReply else (None, None)
            # orjson leaves room for a kilobyte behind the bytes that it makes: to keep a copy takes less time.
            rows.append((True, name, verdict.fmt, verdict.kind, code, words, text.decode(), noted))
    columns = zip(*rows) if rows else [()] * len(SCHEMA)
    return pa.record_batch([pa.array(column, field.type) for column, field in zip(columns, SCHEMA)], schema=SCHEMA)


def _check(batch: Any) -> None:
    if not isinstance(batch, pa.RecordBatch):
        raise OptionError(f"expected a pyarrow.RecordBatch, not {name_of(batch)} (a table has to_batches)")


def _plain_finding(finding: Finding) -> dict[str, Any]:
    plain = {name: getattr(finding, name) for name in finding.__struct_fields__}
    return {**plain, "severity": finding.severity.value, "message": printable(finding.message)}


# Typed columns


def schema_of(kind: str) -> Any:
    """Return the schema of what `explode` returns for a kind of replies. Raise `OptionError` if there is no such kind.

    It is made of the declarations of all endpoints with that kind. Before the fields of the reply, or of the records of
    a list, stand

    - `row`: the number of the row in the batch, from 0;
    - `endpoint`: whose reply it is;
    - `record`: of a list, the number of the record in it, from 0.
    """
    forms = [*_forms(kind).values()]
    first = {"row": pa.int64(), "endpoint": pa.string(), **({"record": pa.int64()} if forms[0].many else {})}
    fields = {name: type_ for form in reversed(forms) for name, type_ in _fields(form.object).items()}
    order = {name: None for form in forms for name in _fields(form.object)}
    return pa.schema({**first, **{name: fields[name] for name in order}})


def explode(batch: Any, kind: str) -> Any:
    """Return a `pyarrow.RecordBatch` with the replies of one kind in a batch that `decode_batch` has returned.

    A reply is a row, or each record of a list is one. `schema_of` says which columns it has: amounts are decimals,
    dates and timestamps are timestamps (null beyond the year 9999), numbers with a meaning are dictionaries of the
    names in their enumerations, such as `DELIVERED`.

    Raise `OptionError` for another batch and an unknown kind, and `DecodeError` for a `reply` that is not normalized
    JSON.
    """
    _check(batch)
    schema = schema_of(kind)
    missing = {"kind", "endpoint", "reply"} - {*batch.schema.names}
    if missing:
        raise OptionError(f"expected a batch of decode_batch, which has the column {min(missing)!r}")
    forms = _forms(kind)
    given = zip(*(batch.column(name).to_pylist() for name in ("kind", "endpoint", "reply")))
    rows: list[dict[str, Any]] = []
    for row, (found, endpoint, text) in enumerate(given):
        if found != kind or text is None:
            continue
        reply: Any
        reply, name = from_json_of(text, endpoint or DEFAULT)
        form = forms.get(name)
        if form is None or type(reply) is not form.cls:
            raise OptionError(f"expected a reply of the kind {kind} in row {row}, found another one")
        if form.many:
            rows += [
                {"row": row, "endpoint": name, "record": at, **_values(form.object, record)}
                for at, record in enumerate(reply)
            ]
        else:
            rows.append({"row": row, "endpoint": name, **_values(form.object, reply)})
    columns = [pa.array([each.get(field.name) for each in rows], field.type) for field in schema]
    return pa.record_batch(columns, schema=schema)


def _forms(kind: object) -> dict[str, Declared]:
    """Return what a kind of replies is, by the endpoints that have it."""
    name = str.__str__(kind) if is_really(kind, str) else None
    found = {
        endpoint: reply for endpoint in ENDPOINTS for reply in codec_of(endpoint).endpoint.replies if reply.kind == name
    }
    if not found:
        raise OptionError(f"kind has to be one of error, {', '.join(all_kinds())}, not {quote(kind)}")
    return found


def _members(obj: Object) -> Iterator[tuple[str, Type | Many | Several, bool]]:
    """Yield the attributes of a class, what each holds, and whether it is a mapping of such."""
    order = obj.cls.__struct_fields__
    for field in sorted(obj.fields, key=lambda field: order.index(field.name)):
        yield field.name, field.type, False
    rest = obj.open
    if isinstance(rest, OpenMap):
        yield rest.codes, rest.code, True
        yield rest.texts, rest.text, True
    elif rest is not None:
        yield rest.name, _TEXT, True


_TEXT = Type("text", "text", "")
_TYPES = {
    "number": pa.int64(),
    "code": pa.dictionary(pa.int32(), pa.string()),
    "money": pa.decimal128(21, 6),
    "date": pa.timestamp("us"),
    "text": pa.string(),
}
"""By the kinds of `smsc_codec.declare.Type`."""
_MOMENT = pa.timestamp("us", "UTC")


def _fields(obj: Object) -> dict[str, Any]:
    """Return the types of the columns that the attributes of a class become."""
    return {
        name: pa.map_(pa.string(), _type(name, type_)) if is_mapping else _type(name, type_)
        for name, type_, is_mapping in _members(obj)
    }


def _type(name: str, type_: Type | Many | Several) -> Any:
    if isinstance(type_, Many):
        return pa.list_(pa.struct(_fields(type_.object)))
    if isinstance(type_, Several):
        return pa.list_(_type("", type_.type))
    return _MOMENT if _is_moment(name, type_) else _TYPES[type_.kind]


def _is_moment(name: str, type_: Type) -> bool:
    """Return whether a number is seconds since 1970."""
    return type_.kind == "number" and name.endswith("_timestamp")


def _values(obj: Object, record: Any) -> dict[str, Any]:
    """Return what the columns hold of a record."""
    return {
        name: [(key, _value(name, type_, item)) for key, item in getattr(record, name).items()]
        if is_mapping
        else _value(name, type_, getattr(record, name))
        for name, type_, is_mapping in _members(obj)
    }


def _value(name: str, type_: Type | Many | Several, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(type_, Many):
        return [_values(type_.object, each) for each in value]
    if isinstance(type_, Several):
        return [_value("", type_.type, each) for each in value]
    if _is_moment(name, type_):
        return value * 1_000_000 if value <= _LAST_SECOND else None
    return value.name if type_.kind == "code" else value


__all__ = ["FINDING", "ROW", "SCHEMA", "decode_batch", "explode", "schema_of"]
publish(globals())
