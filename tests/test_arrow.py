"""Replies in Arrow: `decode_batch` and `explode`, and recordings in Parquet and in Arrow's own files."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import feather, ipc

from smsc_codec import Finding, Format, OptionError, arrow, to_json, validate
from smsc_codec.arrow import FINDING, ROW, SCHEMA, decode_batch, explode, schema_of
from smsc_codec.cli.main import main
from smsc_codec.endpoints import ENDPOINTS, all_kinds, codec_of
from smsc_codec.errors import DecodeError
from smsc_codec.model import ErrorReply
from smsc_codec.recordings import _columns, _tape, recorded_in, validate_recordings
from smsc_codec.recordings._check import message_of

from .vectors import OTHERS, VECTORS

ALL = [*VECTORS, *OTHERS]
NAME = b"SMSC.RU,5"
URL = "https://smsc.ru/sys/send.php?login=demo&psw=hunter2&fmt=3&phones=79990000000"
Row = dict[str, Any]


def decoded(*bodies: Any, type_: Any = None, **columns: Any) -> list[Row]:
    batch = pa.record_batch({"body": pa.array(bodies, type_ or pa.binary()), **columns})
    result = decode_batch(batch)
    assert result.schema == SCHEMA
    assert result.num_rows == len(bodies)
    result.validate(full=True)
    rows: list[Row] = result.to_pylist()
    return rows


def codes(row: Row) -> list[str]:
    return [finding["code"] for finding in row["findings"]]


# What a row is


def test_every_body_of_the_table_is_what_validate_says() -> None:
    """With a charset the recording judges whether it fits the bytes, which `validate` takes as an order."""
    chosen = [vector for vector in ALL if vector.request is None and vector.row.get("charset") is None]
    chosen = [vector for vector in chosen if vector.expect is None and vector.body]
    assert {vector.endpoint for vector in chosen} == {*ENDPOINTS}
    rows = decoded(
        *[vector.body for vector in chosen],
        fmt=[vector.row["fmt"] for vector in chosen],
        endpoint=[vector.endpoint for vector in chosen],
    )
    for vector, row in zip(chosen, rows):
        report = validate(vector.body, fmt=vector.row["fmt"], endpoint=vector.endpoint)
        reply: Any = report.reply
        assert row["ok"] is report.ok is (reply is not None), vector
        assert row["endpoint"] == vector.endpoint
        assert row["reply"] == (None if reply is None else to_json(reply, endpoint=vector.endpoint).decode())
        assert row["kind"] == (None if reply is None else json.loads(row["reply"])["kind"])
        is_error = isinstance(reply, ErrorReply)
        assert (row["error_code"], row["error"]) == ((reply.code, reply.meaning) if is_error else (None, None))
        found = [{name: getattr(each, name) for name in Finding.__struct_fields__} for each in report.findings]
        assert row["findings"] == [{**each, "severity": each["severity"].value} for each in found]


def test_the_format_is_that_of_the_body() -> None:
    bodies = [b"name = A", b"A,1", b"<senders><sender>A</sender></senders>", b'[{"sender": "A"}]', b"OK", b"\xff"]
    rows = decoded(*bodies, fmt=[None, None, None, None, 3, None])
    assert [row["fmt"] for row in rows] == [*Format, Format.TEXT, None]
    assert codes(rows[4]) == ["other-format"]


BYTES = (pa.binary(), pa.large_binary(), pa.binary_view())
TEXTS = (pa.string(), pa.large_string(), pa.string_view())


@pytest.mark.parametrize("type_", BYTES + TEXTS, ids=str)
@pytest.mark.parametrize("is_dictionary", [False, True])
def test_the_types_of_bodies(type_: Any, is_dictionary: bool) -> None:
    values = [NAME, None, "name = Имя?, id = 5".encode(), NAME, b""]
    texts = [value and value.decode() for value in values]
    column = pa.array(values if type_ in BYTES else texts, type_)
    if is_dictionary:
        distinct = [values[0], None, values[2], b""]
        plain = pa.array(distinct if type_ in BYTES else [each and each.decode() for each in distinct], type_)
        column = pa.DictionaryArray.from_arrays(pa.array([0, None, 2, 0, 3], pa.int8()), plain)
    rows = decode_batch(pa.record_batch({"body": column})).to_pylist()
    assert [row["ok"] for row in rows] == [True, None, True, True, False]
    assert rows[2]["reply"] == '{"kind":"senders","senders":[{"name":"Имя?","id":5}]}'
    assert [*map(codes, rows)] == [[], ["no-body"], [], [], ["empty"]]


def test_bodies_that_are_all_null_and_batches_without_rows() -> None:
    assert [row["ok"] for row in decoded(None, None, type_=pa.null())] == [None, None]
    assert decoded() == []
    assert decode_batch(pa.record_batch({"body": pa.array([], pa.string())})).num_rows == 0


def test_a_text_has_no_charset() -> None:
    """A string column can hold what is not UTF-8: nobody has to check it."""
    latin = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\5\0\0\0"), pa.py_buffer(b"\xcf\xf0,5 ")]
    )
    assert decode_batch(pa.record_batch({"body": latin})).num_rows == 1
    words = pa.record_batch({"body": [NAME], "charset": latin})
    assert codes(decode_batch(words).to_pylist()[0]) == ["bad-entry"]


# What is known of the request


@pytest.mark.parametrize(
    "column",
    [
        pa.array([1, None, 1], pa.int8()),
        pa.array([1, None, 1], pa.uint64()),
        pa.array([1, None, 1], pa.float64()),
        pa.array([1, float("nan"), 1], pa.float32()),
        pa.array(["1", None, "csv"]),
        pa.array(["CSV", "", "1"], pa.large_string()),
        pa.array(["1", None, "1"]).dictionary_encode(),
        pa.array([None] * 3, pa.null()),
    ],
    ids=lambda column: str(column.type)[:10],
)
def test_the_ways_to_say_a_format(column: Any) -> None:
    rows = decoded(NAME, NAME, NAME, fmt=column)
    assert [(row["ok"], row["fmt"]) for row in rows] == [(True, 1)] * 3


@pytest.mark.parametrize(
    "columns",
    [
        {"fmt": [9]},
        {"fmt": [-1]},
        {"fmt": [1.5]},
        {"fmt": [float("inf")]},
        {"fmt": ["hunter2"]},
        {"fmt": ["²"]},
        {"endpoint": ["hunter2"]},
        {"endpoint": ["hunter2.php"], "url": [URL]},
        {"endpoint": ["status"], "url": [URL]},
        {"charset": ["hunter2"], "url": [URL]},
        {"charset": ["latin-1"]},
        {"url": [f"{URL}&x={'y' * 70_000}"]},
    ],
    ids=lambda columns: str(columns)[:40],
)
def test_wrong_words_are_findings_that_do_not_repeat_them(columns: dict[str, list[Any]]) -> None:
    (row,) = decoded(NAME, **columns)
    assert (row["ok"], row["reply"], codes(row)) == (False, None, ["bad-entry"])
    assert row["findings"][0]["severity"] == "error"
    text = repr(row)
    assert not any(word in text for word in ("hunter2", "demo", "7999", "latin-1"))


def test_the_url_says_what_was_asked() -> None:
    price, list_ = b"1.50,2", b"SMSC.RU,5"
    rows = decoded(
        price,
        price,
        list_,
        NAME,
        url=[f"{URL}&cost=1&fmt=1", None, "https://smsc.ru/sys/senders.php?get=1&fmt=1&all=1&psw=x", "https://a.b/c"],
    )
    assert [row["kind"] for row in rows] == ["cost", "senders", "senders", None]
    assert codes(rows[2]) == ["no-status"]
    # What others answer cannot be judged.
    assert rows[3] == {**dict.fromkeys(SCHEMA.names), "findings": []}


def test_an_endpoint_decides_which_error_it_is() -> None:
    body = b"ERROR = 3 (no money)"
    rows = decoded(body, body, body, endpoint=["send", "send.php", None], url=[None, URL, ""])
    assert [row["error"] for row in rows] == ["not enough money"] * 2 + ["sender name not found"]
    assert [json.loads(row["reply"]).get("endpoint") for row in rows] == ["send", "send", None]


def test_a_reply_of_another_endpoint_says_what_to_add() -> None:
    (row,) = decoded(b'{"id": 33, "cnt": 1}', fmt=[3])
    assert row["findings"][0]["message"].endswith("send.php: give the row its url or the endpoint 'send'")


def test_what_a_url_keeps_secret_is_masked_in_findings() -> None:
    (row,) = decoded(
        b"name = hunter2, id = x; 79990000000", url=[URL.replace("send.php", "senders.php").replace("=3", "=0")]
    )
    assert not row["ok"]
    assert "hunter2" not in repr(row)


def test_packed_bodies_are_unpacked() -> None:
    (row,) = decoded(gzip.compress(NAME))
    assert (row["kind"], codes(row)) == ("senders", ["other-coding"])


def test_columns_have_any_names() -> None:
    batch = pa.record_batch({"a": [NAME], "b": [1], "c": ["senders"], "d": [""], "e": ["utf-8"], "body": [5]})
    result = decode_batch(batch, body="a", fmt="b", endpoint="c", url="d", charset="e")
    assert result.column("ok").to_pylist() == [True]


@pytest.mark.parametrize(
    ("batch", "words"),
    [
        (None, "expected a pyarrow.RecordBatch, not NoneType"),
        (pa.table({"body": [NAME]}), "not Table"),
        (pa.record_batch({"x": [NAME]}), "the column 'body' for the bodies of replies is missing"),
        (pa.record_batch([[NAME], [NAME]], ["body", "body"]), "expected one column 'body', found 2"),
        (pa.record_batch({"body": [1]}), "expected bytes or text in the column 'body', found 'int64'"),
        (pa.record_batch({"body": [NAME], "fmt": [True]}), "expected numbers or text in the column 'fmt'"),
        (pa.record_batch({"body": [NAME], "url": [[1]]}), "expected bytes or text in the column 'url', found 'list<"),
    ],
    ids=str,
)
def test_wrong_batches(batch: Any, words: str) -> None:
    with pytest.raises(OptionError) as caught:
        decode_batch(batch)
    assert words in str(caught.value)


def test_wrong_names_of_columns() -> None:
    with pytest.raises(OptionError, match="names of columns have to be str"):
        decode_batch(pa.record_batch({"body": [NAME]}), url=5)  # type: ignore[arg-type]


def test_replies_beyond_what_a_column_can_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrow, "_MOST", 60)
    decode_batch(pa.record_batch({"body": [NAME]}))
    with pytest.raises(OptionError, match="more than 2 GiB: pass fewer rows"):
        decode_batch(pa.record_batch({"body": [NAME] * 2}))


ANYTHING = st.one_of(
    st.binary(max_size=40),
    st.sampled_from([vector.body for vector in ALL]),
    st.builds(
        lambda body, at, put: body[:at] + put + body[at + 1 :],
        st.sampled_from([each.body for each in ALL]),
        st.integers(0, 60),
        st.sampled_from([b"", b"\0", b"\xed\xa0\x80", b"\\ud800", b"?", b"<"]),
    ),
)


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "body": st.none() | ANYTHING,
                "fmt": st.none() | st.integers(-1, 4),
                "endpoint": st.none() | st.sampled_from([*ENDPOINTS, "x"]) | st.text(max_size=5),
                "url": st.none() | st.text(max_size=20) | st.sampled_from([URL, f"{URL}&fmt=1&cost=1"]),
                "charset": st.none() | st.sampled_from(["utf-8", "windows-1251", "koi8-r", "x"]),
            }
        ),
        max_size=5,
    )
)
def test_no_body_raises(rows: list[Row]) -> None:
    result = decode_batch(pa.RecordBatch.from_pylist(rows, schema=ROW))
    result.validate(full=True)
    assert result.num_rows == len(rows)
    for kind in {*result.column("kind").to_pylist()} - {None}:
        assert explode(result, kind).schema == schema_of(kind)


# Typed columns


KINDS = [*all_kinds(), "error"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_typed_columns(kind: str, tmp_path: Path) -> None:
    vectors = [vector for vector in ALL if vector.reply is not None and vector.reply["kind"] == kind and vector.body]
    chosen = [vector for vector in vectors if vector.row.get("charset") is None]
    batch = pa.record_batch(
        {
            "body": pa.array([vector.body for vector in chosen], pa.binary()),
            "fmt": pa.array([vector.row["fmt"] for vector in chosen], pa.int8()),
            "endpoint": [vector.endpoint for vector in chosen],
        }
    )
    result = decode_batch(batch)
    columns = explode(result, kind)
    columns.validate(full=True)
    assert columns.schema == schema_of(kind)
    replies = [
        json.loads(text) if found == kind else None
        for found, text in zip(result["kind"].to_pylist(), result["reply"].to_pylist())
    ]
    rows = columns.to_pylist()
    expected = [
        (number, record)
        for number, reply in enumerate(replies)
        if reply is not None
        for record in (
            next(each for each in reply.values() if isinstance(each, list))
            if "record" in columns.schema.names
            else [reply]
        )
    ]
    assert [row["row"] for row in rows] == [number for number, _ in expected]
    for row, (_, record) in zip(rows, expected):
        for name, value in record.items():
            if name not in ("kind", "endpoint"):
                assert plain(row[name]) == plain(value), name
    # What engines write: decimals, dictionaries and maps too.
    pq.write_table(pa.table(columns), tmp_path / "x.parquet")
    assert pq.read_table(tmp_path / "x.parquet").num_rows == len(rows)


def plain(value: Any) -> Any:
    """Return a value so that what JSON has and what the columns have compares equal where it has to."""
    if isinstance(value, list):
        if value and isinstance(value[0], tuple):
            return {key: plain(item) for key, item in value}
        if value and isinstance(value[0], str):
            return [plain(each) for each in value]
        return [{key: plain(item) for key, item in each.items() if item not in (None, [])} for each in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return "a value" if value is not None else None


def test_the_types_of_columns() -> None:
    body = (
        b'{"status": 1, "last_date": "28.12.2019 19:20:22", "last_timestamp": 1577550022, "flag": 0, "err": 99,'
        b' "send_timestamp": 999999999999999999, "cost": "0.40", "phone": "79990000000", "new": "x"}'
    )
    batch = decode_batch(pa.record_batch({"body": [body], "fmt": [3], "endpoint": ["status"]}))
    columns = explode(batch, "status")
    (row,) = columns.to_pylist()
    assert (row["status"], row["err"]) == ("DELIVERED", "UNKNOWN_99")
    assert row["cost"] == Decimal("0.40")
    assert row["last_date"].isoformat() == "2019-12-28T19:20:22"
    assert row["last_timestamp"].isoformat() == "2019-12-28T16:20:22+00:00"
    assert row["send_timestamp"] is None
    assert row["other"] == [("new", "x")]
    assert columns.schema.field("status").type == pa.dictionary(pa.int32(), pa.string())
    assert columns.schema.field("cost").type == pa.decimal128(21, 6)
    assert columns.schema.field("last_date").type == pa.timestamp("us")
    assert columns.schema.field("last_timestamp").type == pa.timestamp("us", "UTC")
    assert columns.schema.field("flag").type == pa.int64()


def test_the_declarations_of_a_kind_agree() -> None:
    """A kind that several endpoints have is one table, and no field has the name of another column."""
    for kind in KINDS:
        forms = arrow._forms(kind)
        assert len({bool(form.many) for form in forms.values()}) == 1, kind
        known: dict[str, Any] = {}
        for form in forms.values():
            for name, type_ in arrow._fields(form.object).items():
                assert known.setdefault(name, type_) == type_, (kind, name)
        assert not {"row", "endpoint", "record"} & {*known}, kind


def test_errors_of_all_endpoints_are_one_table() -> None:
    body = b"ERROR = 3 (x), ID - 541"
    result = decode_batch(
        pa.record_batch({"body": [b"ERROR = 3 (x)", body, NAME], "endpoint": ["senders", "send", None]})
    )
    rows = explode(result, "error").to_pylist()
    assert [(row["row"], row["endpoint"], row["code"], row["id"]) for row in rows] == [
        (0, "senders", "NOT_FOUND", None),
        (1, "send", "NO_MONEY", 541),
    ]


@pytest.mark.parametrize("kind", ["x", "", None, ["sent"]])
def test_kinds_that_there_are_not(kind: Any) -> None:
    with pytest.raises(OptionError, match="kind has to be one of error, success"):
        schema_of(kind)


def test_batches_that_decode_batch_has_not_made() -> None:
    columns = {"kind": ["sent"], "endpoint": ["send"], "reply": ['{"kind":"success"}']}
    with pytest.raises(OptionError, match="expected a reply of the kind sent in row 0, found another one"):
        explode(pa.record_batch(columns), "sent")
    with pytest.raises(OptionError, match="has the column 'reply'"):
        explode(pa.record_batch({"kind": ["sent"], "endpoint": ["send"]}), "sent")
    with pytest.raises(OptionError, match="not list"):
        explode([], "sent")
    with pytest.raises(DecodeError):
        explode(pa.record_batch({**columns, "reply": ["{"]}), "sent")
    assert explode(pa.record_batch({**columns, "kind": [None]}), "sent").num_rows == 0


def test_schemas() -> None:
    assert [field.name for field in FINDING] == list(Finding.__struct_fields__)
    assert tuple(ROW.names) == _columns.COLUMNS
    assert all(codec_of(name).endpoint.replies for name in ENDPOINTS)


# Files


def table(count: int = 1) -> Any:
    rows = [
        {"body": NAME, "fmt": 1},
        {"body": b"name = A, id = x", "fmt": 0, "endpoint": "senders"},
        {"body": b'{"id": 1, "cnt": "z", "psw": "hunter2"}', "url": URL},
        {"body": None},
        {"body": NAME, "url": "https://elsewhere.example/x?psw=hunter2"},
        {"body": NAME, "fmt": 7, "url": f"{URL}&y=hunter2"},
        {"body": b'{"id": 33, "cnt": 1}'},
    ]
    return pa.Table.from_pylist(rows * count, schema=ROW.append(pa.field("more", pa.list_(pa.int8()))))


def parquet(path: Path, given: Any) -> None:
    pq.write_table(given, path, row_group_size=5)


def stream(path: Path, given: Any) -> None:
    with ipc.new_stream(path, given.schema) as writer:
        writer.write_table(given, max_chunksize=5)


def file(path: Path, given: Any) -> None:
    with ipc.new_file(path, given.schema) as writer:
        writer.write_table(given, max_chunksize=5)


WRITERS: dict[str, Callable[[Path, Any], Any]] = {
    "parquet": parquet,
    "stream": stream,
    "file": file,
    "feather": lambda path, given: feather.write_feather(given, path),
}


@pytest.fixture(params=WRITERS)
def write(request: pytest.FixtureRequest) -> Callable[[Path, Any], Any]:
    return WRITERS[request.param]


def found_in(path: Path, **options: Any) -> list[tuple[int, str, str]]:
    return [(each.entry, each.code, each.message) for each in validate_recordings([path], **options)]


def test_files_are_judged_as_batches_are(write: Callable[[Path, Any], Any], tmp_path: Path) -> None:
    path = tmp_path / "recording"
    write(path, table(3))
    validation = validate_recordings([path])
    found = [(each.entry, each.code, each.message) for each in validation]
    expected = []
    for number, row in enumerate(decode_batch(table(3).combine_chunks().to_batches()[0]).to_pylist(), 1):
        for plain_finding in row["findings"]:
            message = message_of(Finding(**plain_finding))
            if "the endpoint 'send'" in message:
                message += ", or pass endpoint='send'"
            expected.append((number, plain_finding["code"], message))
    assert found == expected
    assert [code for _, code, _ in found[:5]] == ["malformed", "value", "no-body", "bad-entry", "malformed"]
    summary = validation.summary
    assert (summary.replies, summary.undecoded) == (15, 12)
    assert summary.skipped == {"elsewhere.example": 3}
    assert 0 < validation.consumed <= path.stat().st_size
    assert "hunter2" not in repr(found)


@pytest.mark.parametrize("rows", [1, 1024])
def test_rows_are_read_in_parts(
    write: Callable[[Path, Any], Any], rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = tmp_path / "recording"
    write(whole, table(2))
    before = found_in(whole)
    monkeypatch.setattr(_columns, "_ROWS", rows)
    assert found_in(whole) == before


def test_several_processes_find_the_same(tmp_path: Path) -> None:
    parquet(tmp_path / "recording", table(3))
    assert found_in(tmp_path, jobs=2) == found_in(tmp_path)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_standard_input_and_packed_files(
    write: Callable[[Path, Any], Any], pack: Callable[[bytes], bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "recording"
    write(path, table())
    before = found_in(path)

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    data = Pipe(pack(path.read_bytes()))
    monkeypatch.setattr(sys, "stdin", type("Stdin", (), {"buffer": data}))
    assert found_in(Path("-")) == before


def test_a_packed_file_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parquet(tmp_path / "recording", table())
    (tmp_path / "recording").write_bytes(gzip.compress((tmp_path / "recording").read_bytes()))
    monkeypatch.setattr(_tape, "_LONGEST_WHOLE", 100)
    assert found_in(tmp_path) == [(0, "bad-recording", "the unpacked data has more than 100 bytes")]


def test_columns_can_have_other_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.parquet"
    parquet(path, pa.table({"response": [NAME, b"zz"], "f": [1, 1]}))
    assert [found[:2] for found in found_in(path, keys={"body": "response", "fmt": "f"})] == [(2, "malformed")]
    words = "the column 'body' for the bodies of replies is missing; say which column it is"
    assert found_in(path) == [(0, "bad-recording", f"{words} (--key body=COLUMN)")]
    assert main(["validate", "--key", "body=response", "--key", "fmt=f", str(path)]) == 1
    assert "2 replies" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["validate", "--key", "psw=hunter2", str(path)])
    assert "hunter2" not in capsys.readouterr().err


@pytest.mark.parametrize("keys", ["body", {"x": "y"}, {"body": 5}, {5: "y"}])
def test_wrong_keys(keys: Any) -> None:
    with pytest.raises(OptionError, match=r"keys has to be|keys can hold|the name for 'body'"):
        validate_recordings([], keys=keys)


def test_broken_files(write: Callable[[Path, Any], Any], tmp_path: Path) -> None:
    """A file that is broken is not taken for one that cannot be read, and does not stop the others."""
    path = tmp_path / "recording"
    write(path, pa.table({"body": [NAME] * 12}))
    whole = path.read_bytes()
    for end in range(9, len(whole) - 16, len(whole) // 7):
        path.write_bytes(whole[:end])
        assert [code for _, code, _ in found_in(path)] == ["bad-recording"]
    for at in range(9, len(whole), len(whole) // 31):
        path.write_bytes(whole[:at] + b"\xff\xff" + whole[at + 2 :])
        assert {code for _, code, _ in found_in(path)} <= {"bad-recording", "malformed", "value"}


def test_what_the_system_says_is_not_the_file_s_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "recording"
    parquet(path, table())

    def fail(*arguments: object) -> Iterator[Any]:
        raise OSError(5, "Input/output error")
        yield

    monkeypatch.setattr(_columns, "_parquet", fail)
    assert found_in(path) == [(0, "unreadable", "cannot be read: Input/output error")]


def test_entries_of_a_file(tmp_path: Path) -> None:
    parquet(tmp_path / "x", table())
    with open(tmp_path / "x", "rb") as opened:
        assert [entry.body for entry in recorded_in(opened)][:2] == [NAME, b"name = A, id = x"]


def test_findings_in_parquet(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    parquet(tmp_path / "x.parquet", table())
    monkeypatch.setattr("smsc_codec.cli.reports._ROWS", 2)
    assert main(["validate", "--format", "parquet", str(tmp_path / "x.parquet")]) == 1
    printed = capsysbinary.readouterr()
    rows = pq.read_table(io.BytesIO(printed.out)).to_pylist()
    found = [*validate_recordings([tmp_path / "x.parquet"])]
    assert [(row["entry"], row["code"], row["line"]) for row in rows] == [
        (each.entry, each.code, each.line) for each in found
    ]
    assert b"5 replies" in printed.err
    assert b"hunter2" not in printed.out + printed.err


def test_nobody_reads_the_findings(tmp_path: Path) -> None:
    """The end of the file is not written to a pipe that is closed."""
    parquet(tmp_path / "x.parquet", table(20))
    command = f"{sys.executable} -m smsc_codec validate --format parquet x.parquet 2> errors | head -c 4"
    run = subprocess.run(["bash", "-c", command], cwd=tmp_path, stdout=subprocess.PIPE, check=False)
    assert run.stdout == b"PAR1"
    assert "Traceback" not in (tmp_path / "errors").read_text()


# Without pyarrow


def test_without_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    parquet(tmp_path / "x.parquet", table())
    (tmp_path / "y.txt").write_bytes(NAME)
    for name in [name for name in sys.modules if name.partition(".")[0] == "pyarrow"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    words = "Parquet and Arrow files need pyarrow: pip install 'smsc-codec[arrow]'"
    assert found_in(tmp_path / "x.parquet") == [(0, "unreadable", f"cannot be read: {words}")]
    assert found_in(tmp_path / "y.txt") == []
    assert main(["validate", "--format", "parquet", str(tmp_path)]) == 2
    assert "reports in Parquet need pyarrow: pip install 'smsc-codec[arrow]'" in capsys.readouterr().err
    monkeypatch.delitem(sys.modules, "smsc_codec.arrow")
    with pytest.raises(ImportError, match="batches of Arrow need pyarrow: pip install"):
        exec("import smsc_codec.arrow")


def test_pyarrow_is_imported_by_those_who_ask_for_it(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text('{"body": "OK"}\n')
    program = (
        "import sys, smsc_codec.recordings as r, smsc_codec.cli.main as m\n"
        "assert not list(r.validate_recordings(['x.jsonl'], jobs=1)) and m.main(['validate', 'x.jsonl']) == 0\n"
        "assert 'pyarrow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True, stderr=subprocess.DEVNULL)
