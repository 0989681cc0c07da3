"""Who else does the work: what people write by hand, and the libraries that they take for it.

Each contender is a function that prepares the work and returns it. One that needs a package imports it there, so that
a missing package is that contender's problem only. None checks more, or builds more, than its place in the table says.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, TypeAlias
from xml.etree import ElementTree

import msgspec
import orjson
from lark import Lark, Transformer

from smsc_codec import Format, FrozenMapping, OperatorStatus, Sender, SenderList, SenderStatus, decode, encode

from .bodies import fields
from .contest import Run

GRAMMARS = Path(__file__).parent.parent / "grammars"

Plain: TypeAlias = list[dict[str, str | int]]


# Decoding


def ours(body: bytes, fmt: Format) -> Run:
    return lambda: decode(body, fmt=fmt)


def split_into_dicts(body: bytes) -> Run:
    return lambda: [dict(f.split(" = ", 1) for f in l.split(", ")) for l in body.decode().split("\n")]  # noqa: E741


def split_with_free_text(body: bytes) -> Run:
    return lambda: [dict(f.partition(" = ")[::2] for f in l.split(", ")) for l in body.decode().split("\n")]  # noqa: E741


def split_into_lists(body: bytes) -> Run:
    return lambda: [l.split(",") for l in body.decode().split("\n")]  # noqa: E741


def by_turns(read: Callable[[bytes], Run], bodies: Sequence[bytes]) -> Run:
    """Several bodies one behind another, so that who remembers the last one has nothing of it."""
    runs = [read(body) for body in bodies]
    return lambda: [run() for run in runs]


class _Model(Transformer[Any, Any]):
    """Makes our model of what Lark finds; takes the tokens of both Larks, although one makes no strings."""

    def reply(self, items: list[Any]) -> Any:
        return items[0]

    def senders(self, items: list[Sender]) -> SenderList:
        return SenderList(tuple(items))

    def sender(self, tokens: list[Any]) -> Sender:
        name, *rest = tokens
        number = status = None
        codes = {}
        pairs = iter(rest)
        for token in pairs:
            if token.type == "KEY":
                codes[token.value] = OperatorStatus(int(next(pairs).value))
            elif token.type == "ID":
                number = int(token.value)
            else:
                status = SenderStatus(int(token.value))
        return Sender(name.value, number, status, FrozenMapping(tuple(codes), tuple(codes.values())))  # type: ignore[arg-type]


def lark(body: bytes, **options: Any) -> Run:
    parser = Lark(
        (GRAMMARS / "senders.lark").read_text("utf-8"),
        parser="lalr",
        start="reply",
        maybe_placeholders=False,
        transformer=_Model(),
        import_paths=[str(GRAMMARS)],
        **options,
    )
    return lambda: parser.parse(body.decode())


def lark_cython(body: bytes) -> Run:
    return lark(body, _plugins=import_module("lark_cython").plugins)


def element_tree(body: bytes) -> Run:
    return lambda: ElementTree.fromstring(body)


def lxml(body: bytes) -> Run:
    etree = import_module("lxml.etree")
    return lambda: etree.fromstring(body)


def json_loads(body: bytes) -> Run:
    return lambda: json.loads(body)


def orjson_loads(body: bytes) -> Run:
    return lambda: orjson.loads(body)


def _types(view: str) -> dict[str, type]:
    return {"sender": str, **dict.fromkeys(fields(Format.JSON, view), int)}


def pydantic_json(body: bytes, view: str) -> Run:
    adapter = _adapter(_types(view))
    return lambda: adapter.validate_json(body)


def _adapter(types: dict[str, type]) -> Any:
    pydantic: Any = import_module("pydantic")
    model: Any = pydantic.create_model("Sender", **{key: (cls, ...) for key, cls in types.items()})
    return pydantic.TypeAdapter(list[model])


def msgspec_json(body: bytes, view: str) -> Run:
    # Not strict: with operators=1 the server quotes numbers.
    decoder = msgspec.json.Decoder(list[_struct(_types(view))], strict=False)  # type: ignore[misc]
    return lambda: decoder.decode(body)


def _struct(types: dict[str, type]) -> Any:
    return msgspec.defstruct("Sender", list(types.items()))


# Encoding


def we_write(given: bytes, fmt: Format) -> Run:
    """Return a list that has been read."""
    reply = decode(given, fmt=fmt)
    return lambda: encode(reply, fmt=fmt)


def join_text(rows: Plain, view: str) -> Run:
    if view == "all=0":
        return lambda: "\n".join(f"name = {r['name']}, id = {r['id']}" for r in rows).encode()
    if view == "all=1":
        return lambda: "\n".join(f"name = {r['name']}, status = {r['status']}, id = {r['id']}" for r in rows).encode()
    return lambda: "\n".join(
        f"name = {r['name']}, mega_step = {r['mega_step']}, bee_step = {r['bee_step']}, "
        f"motiv_step = {r['motiv_step']}, sber_step = {r['sber_step']}, mts_step = {r['mts_step']}, "
        f"tele2_step = {r['tele2_step']}, tele2 = {r['tele2']}, motiv = {r['motiv']}, ua_reg = {r['ua_reg']}, "
        f"ua_int = {r['ua_int']}, mega_int = {r['mega_int']}, motiv_int = {r['motiv_int']}, "
        f"mts_int = {r['mts_int']}, id = {r['id']}"
        for r in rows
    ).encode()


def join_csv(rows: Plain, view: str) -> Run:
    if view == "all=0":
        return lambda: "\n".join(f"{r['name']},{r['id']}" for r in rows).encode()
    return lambda: "\n".join(f"{r['name']},{r['status']},{r['id']}" for r in rows).encode()


def build_tree(rows: Plain) -> Run:
    def write() -> bytes:
        root = ElementTree.Element("senders")
        for row in rows:
            attributes = {key: str(value) for key, value in row.items()}
            name = attributes.pop("name")
            ElementTree.SubElement(root, "sender", attributes).text = name
        return ElementTree.tostring(root)

    return write


def json_dumps(rows: Plain) -> Run:
    return lambda: json.dumps(rows).encode()


def orjson_dumps(rows: Plain) -> Run:
    return lambda: orjson.dumps(rows)


def msgspec_encode(rows: Plain) -> Run:
    structs = msgspec.convert(rows, list[_struct({key: type(value) for key, value in rows[0].items()})])  # type: ignore[misc]
    encoder = msgspec.json.Encoder()
    return lambda: encoder.encode(structs)


def pydantic_dump(rows: Plain) -> Run:
    adapter = _adapter({key: type(value) for key, value in rows[0].items()})
    models = adapter.validate_python(rows)
    return lambda: adapter.dump_json(models)
