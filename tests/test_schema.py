"""The vectors for other languages: their schemas, held against the model, and the reader in Node.js."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

import smsc_codec
from smsc_codec import (
    EncodeError,
    Reply,
    SmscCodecError,
    from_json,
    to_json,
)
from smsc_codec.endpoints import CLASSES, ENDPOINTS, codec_of
from smsc_codec.model import Code
from smsc_codec.normal import is_shared

from . import schemas
from .declared import Known, replies_of, with_known
from .needs import needs
from .strategies import replies
from .vectors import FOLDER, GOOD, OTHERS, VECTORS


def _schema(name: str) -> Any:
    return json.loads((FOLDER / name).read_text("utf-8"))


REPLY, ROW = _schema("reply.schema.json"), _schema("vector.schema.json")
_registry: Any = Registry().with_resource("reply.schema.json", Resource.from_contents(REPLY))
valid_reply = Draft202012Validator(REPLY)
valid_row = Draft202012Validator(ROW, registry=_registry)
DEFINED = REPLY["$defs"]


def test_the_schemas_are_schemas() -> None:
    for schema in (REPLY, ROW):
        Draft202012Validator.check_schema(schema)
        assert schema["examples"]
    for example in REPLY["examples"]:
        valid_reply.validate(example)
        made = json.loads(to_json(from_json(json.dumps(example))))
        # Of a class that several endpoints have it says which.
        assert {**made, **example} == made and made.keys() - example.keys() <= {"endpoint"}
    for example in ROW["examples"]:
        valid_row.validate(example)


@pytest.mark.parametrize("name", schemas.FILES)
def test_the_schemas_are_those_of_the_declarations(name: str) -> None:
    assert (FOLDER / name).read_text("utf-8") == schemas.written(schemas.FILES[name]()), "run python -m tests.schemas"


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_every_row_is_valid(endpoint: str) -> None:
    rows = [vector for vector in (*VECTORS, *OTHERS) if vector.endpoint == endpoint]
    assert rows
    assert [(vector, error.message) for vector in rows for error in valid_row.iter_errors(vector.row)] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"fmt": 4},
        {"charset": "utf-16"},
        {"expect": "error"},
        {"body": None},
        {"body_base64": "QQ=="},
        {"reply": {"kind": "success", "id": 5}},
        {"error": {"code": "value", "offset": 0, "line": 1, "column": 1}},
        {"findings": ["odd"]},
        {"evidence": "hearsay"},
        {"note": ""},
        {"more": 1},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_wrong_rows_are_not(wrong: dict[str, Any]) -> None:
    row = next(vector.row for vector in GOOD if "body" in vector.row)
    assert valid_row.is_valid(row)
    assert not valid_row.is_valid({**row, **wrong})


def test_the_readme_names_every_key() -> None:
    page = (FOLDER / "README.md").read_text("utf-8").partition("`captures.jsonl`")[0]
    keys = re.findall(r"^\| `(\w+)`(?: or `(\w+)`)? \|", page, re.MULTILINE)
    assert [key for pair in keys for key in pair if key] == [
        *("fmt", "charset", "expect", "request", "body", "body_base64"),
        *("reply", "canonical", "findings", "error", "evidence", "note"),
    ]
    assert {key for pair in keys for key in pair if key} == set(ROW["properties"])


def test_the_schema_is_that_of_the_model() -> None:
    kinds = {reply.kind: reply for name in ENDPOINTS for reply in codec_of(name).endpoint.replies}
    assert sorted(entry["$ref"] for entry in REPLY["oneOf"]) == sorted(f"#/$defs/{kind}" for kind in kinds)
    for kind, reply in kinds.items():
        for described in DEFINED[kind].get("oneOf", [DEFINED[kind]]):
            fixed = {"kind", "endpoint"} if is_shared(reply) else {"kind"}
            assert {*described["properties"]} == fixed | {field.name for field in msgspec.structs.fields(reply.cls)}
            assert described["additionalProperties"] is False
        if reply.many:
            described = DEFINED[kind].get("oneOf", [DEFINED[kind]])[0]
            record = DEFINED[described["properties"][reply.attribute]["items"]["$ref"].rpartition("/")[2]]
            fields = msgspec.structs.fields(reply.object.cls)
            assert list(record["properties"]) == [field.name for field in fields]
            needed = {field.name for field in reply.object.fields if not field.optional}
            assert {*record["required"]} == needed


ENUMS = {name: cls for name in CLASSES if issubclass(cls := getattr(smsc_codec, name), Code)}
# Some are parts of a number that a reply has as a whole.
ENUMS = {name: cls for name, cls in ENUMS.items() if name[0].lower() + name[1:] in DEFINED}


@pytest.mark.parametrize("name", ENUMS)
def test_the_numbers_are_those_of_the_model(name: str) -> None:
    entries = DEFINED[name[0].lower() + name[1:]]["anyOf"][:-1]
    described = [(entry["const"], entry["title"], entry["description"]) for entry in entries]
    assert described == [(int(member), member.name, member.meaning) for member in ENUMS[name]]


@given(with_known(replies_of))
def test_what_is_written_of_every_endpoint_is_valid(found: tuple[Known, Any]) -> None:
    known, reply = found
    if known.endpoint.name.removesuffix(".php") not in ENDPOINTS:
        return
    try:
        written = to_json(reply, endpoint=known.endpoint.name)
    except EncodeError:
        return
    valid_reply.validate(json.loads(written))
    assert from_json(written) == reply


@given(replies)
def test_what_is_written_is_valid(reply: Reply) -> None:
    try:
        written = to_json(reply)
    except EncodeError:
        return
    valid_reply.validate(json.loads(written))


# No whole number with a fraction, which is one to JSON Schema and none to us.
values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.sampled_from(
            [-1, 0, 5, 99, 100, 10**18 - 1, 10**18, 1.5, "", "5", "A", "senders", "error", "send", "status"]
        ),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=3),
    ),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["name", "id", "x"]), inner, max_size=2)
    ),
    max_leaves=4,
)
KEYS = ["kind", "endpoint", "senders", "name", "id", "status", "operators", "replacements", "code", "description", "x"]
KEYS += ["messages", "phones", "cost", "parts", "last_date", "other", "balance", "message", "type"]


@st.composite
def damaged(draw: st.DrawFn) -> Any:
    """Normalized JSON with a member changed, added or taken away."""
    whole = json.loads(json.dumps(draw(st.sampled_from(REPLY["examples"]) | st.just({}))))
    place: Any = whole
    while isinstance(place, dict) and draw(st.booleans()):
        inner = [item for item in place.values() if isinstance(item, (dict, list)) and item]
        if not inner:
            break
        place = draw(st.sampled_from(inner))
        if isinstance(place, list):
            at = draw(st.integers(0, len(place) - 1))
            if not isinstance(place[at], dict) or draw(st.booleans()):
                place[at] = draw(values)
                return whole
            place = place[at]
    if place and draw(st.booleans()):
        key = draw(st.sampled_from(list(place)))
        if draw(st.booleans()):
            del place[key]
            return whole
    else:
        key = draw(st.sampled_from(KEYS))
    place[key] = draw(values)
    return whole


@given(damaged() | values)
def test_from_json_takes_what_is_valid_and_nothing_else(value: Any) -> None:
    try:
        from_json(json.dumps(value))
        taken = True
    except SmscCodecError:
        taken = False
    assert taken is valid_reply.is_valid(value)


# The reader in Node.js

NODE = shutil.which("node")


def _check(*arguments: str) -> subprocess.CompletedProcess[str]:
    assert NODE is not None
    command = [NODE, str(FOLDER / "check.mjs"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, encoding="utf-8")


@needs("node")
def test_another_reader_agrees() -> None:
    run = _check()
    assert (run.returncode, run.stderr) == (0, "")
    counted = re.fullmatch(r"valid: (\d+) examples, (\d+) rows of (\d+) endpoints; compared: (.*)\n", run.stdout)
    assert counted is not None
    examples, rows, endpoints = map(int, counted.groups()[:3])
    assert examples == len(REPLY["examples"]) + len(ROW["examples"])
    every = [*VECTORS, *OTHERS]
    assert (rows, endpoints) == (len(every), len(ENDPOINTS))
    compared = [int(count) for count in re.findall(r"(\d+) in fmt=\d", counted[4])]
    assert len(compared) == 4
    for fmt, count in enumerate(compared):
        # And some of those where the format has to be detected.
        assert count >= sum(vector.row["fmt"] == fmt for vector in every) > 80


Rows = list[dict[str, Any]]


def _first(rows: Rows, **wanted: Any) -> dict[str, Any]:
    return next(row for row in rows if all(row.get(key) == value for key, value in wanted.items()))


def _another_id(rows: Rows) -> None:
    # As a float it would be the same.
    _first(rows, fmt=3, note="the largest id")["reply"]["senders"][0]["id"] -= 1


def _another_name(rows: Rows) -> None:
    _first(rows, fmt=1)["reply"]["senders"][0]["name"] += "x"


def _no_error(rows: Rows) -> None:
    row = rows[0]
    row["fmt"], row["body"] = 1, "OK"


def _no_reply(rows: Rows) -> None:
    _first(rows, fmt=3)["body"] = "[{}]"


def _another_state(rows: Rows) -> None:
    _first(rows, fmt=0)["reply"]["status"] = 3


def _another_request(rows: Rows) -> None:
    _first(rows, fmt=1, request={"cost": "0"})["request"] = {"cost": "1"}


def _no_column(rows: Rows) -> None:
    del rows[0]["note"]


@needs("node")
@pytest.mark.parametrize(
    ("name", "damage", "said"),
    [
        ("lists", _another_id, r"lists:\d+: read as .*999999999999999999.*, expected .*999999999999999998"),
        ("lists", _another_name, r"lists:\d+: read as .*, expected .*x\""),
        ("refused", _no_error, r"refused:1: read as .*success.*, expected the error "),
        ("lists", _no_reply, r"lists:\d+: refused \(no name\), expected "),
        ("status/replies", _another_state, r"status/replies:\d+: read as .*\"status\":1.*, expected .*\"status\":3"),
        ("send/replies", _another_request, r"send/replies:\d+: read as .*\"cost\".*, expected .*\"sent\""),
        ("small", _no_column, r"small:1: not valid by vector\.schema\.json"),
        ("variants", list.clear, r"variants\.jsonl: there is no row in it"),
    ],
    ids=["JSON", "CSV", "error", "reply", "endpoint", "request", "schema", "empty"],
)
def test_another_reader_sees_what_is_wrong(
    tmp_path: Path, name: str, damage: Callable[[Rows], None], said: str
) -> None:
    folder = shutil.copytree(FOLDER, tmp_path / "vectors")
    path = folder / f"{name}.jsonl"
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    damage(rows)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    run = _check(str(folder))
    assert run.returncode == 1
    assert re.match(said, run.stderr)


@needs("node")
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"examples"', '"title"', "there are no schemas with examples"),
        ('"minimum"', '"exclusiveMinimum"', "the keyword exclusiveMinimum of JSON Schema is not implemented here"),
        ('"maximum": 999', '"maximum": 9', "reply.schema.json: the example 3 is not valid"),
        ('"additionalProperties": false', '"title": "x"', "reply.schema.json: anything is valid"),
    ],
    ids=["no examples", "keyword", "wrong example", "open"],
)
def test_another_reader_sees_what_is_wrong_with_a_schema(tmp_path: Path, old: str, new: str, said: str) -> None:
    folder = shutil.copytree(FOLDER, tmp_path / "vectors")
    for path in folder.glob("*.schema.json"):
        path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")
    run = _check(str(folder))
    assert (run.returncode, run.stderr) == (1, f"{said}\n")


@needs("node")
@pytest.mark.parametrize("fmt", range(4))
def test_another_reader_wants_something_to_compare(tmp_path: Path, fmt: int) -> None:
    folder = shutil.copytree(FOLDER, tmp_path / "vectors")
    for path in folder.glob("*.jsonl"):
        rows = [line for line in path.read_text("utf-8").splitlines() if json.loads(line)["fmt"] not in (fmt, None)]
        path.write_text("\n".join(rows) + "\n", "utf-8")
    run = _check(str(folder))
    assert (run.returncode, run.stderr) == (1, f"no row of senders.php with fmt={fmt} was compared\n")
