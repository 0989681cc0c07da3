"""The schemas in `tests/vectors`, made of the declarations of the endpoints and of the texts in the model.

`python -m tests.schemas` writes them anew.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import smsc_codec
from smsc_codec import endpoints
from smsc_codec.declare import (
    DIGITS,
    FORMATS,
    FREE,
    NAME,
    TEXT,
    Const,
    Field,
    Many,
    Object,
    Only,
    OpenMap,
    Other,
    Reply,
    Several,
    Type,
)
from smsc_codec.endpoints import ENDPOINTS, all_kinds, codec_of
from smsc_codec.model import MAX_NUMBER
from smsc_codec.normal import is_shared

from .vectors import FOLDER, OTHERS

DRAFT = "https://json-schema.org/draft/2020-12/schema"
NUMBER = {"$ref": "#/$defs/number"}
EXAMPLES: list[dict[str, Any]] = [
    {
        "kind": "senders",
        "senders": [
            {
                "name": "SMSC.RU",
                "id": 5,
                "status": 1,
                "operators": {"mega_step": 2},
                "replacements": {"mega_step": "INFO"},
            },
            {"name": "79990001122"},
        ],
    },
    {"kind": "senders", "senders": []},
    {"kind": "created", "id": MAX_NUMBER},
    {"kind": "success"},
    {"kind": "error", "code": 7, "description": "invalid number", "id": 541},
    {"kind": "error", "endpoint": "send", "code": 7, "description": "invalid number", "id": 541},
    {"kind": "error", "code": 100},
    {"kind": "record_created", "endpoint": "phones", "id": 5},
]
# In them are the codes of findings and errors that no row can have: those of a known request, and of the call.
NOT_OF_A_BODY = {"no-status", "no-operators", "option"}


def _name(cls: type) -> str:
    return cls.__name__[0].lower() + cls.__name__[1:]


def _words(text: str) -> str:
    """Return a text of the documentation without its marks."""
    return " ".join(re.sub(r"[`*]", "", text).split())


def _title(cls: type) -> str:
    return _words(inspect.getdoc(cls) or "").partition(". ")[0].rstrip(".")


@cache
def _sources() -> dict[str, ast.ClassDef]:
    """Return the classes of the model, by their names: a public one does not say which module it stands in."""
    files = [Path(smsc_codec.__file__).parent / "model.py", *(Path(endpoints.__file__).parent.glob("*.py"))]
    trees = [node for file in files for node in ast.parse(file.read_text("utf-8")).body]
    return {node.name: node for node in trees if isinstance(node, ast.ClassDef)}


def _texts(cls: type) -> dict[str, str]:
    """Return the docstrings of a class's attributes."""
    tree = _sources()[cls.__name__]
    found = {}
    for node, after in zip(tree.body, tree.body[1:]):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and isinstance(after, ast.Expr):
            assert isinstance(after.value, ast.Constant)
            found[node.target.id] = _words(str(after.value.value))
    return found


class _Schema:
    def __init__(self) -> None:
        self.defs: dict[str, Any] = {}
        self.types: dict[str, Any] = {
            "name": {"type": "string", "minLength": 1},
            "number": {
                "description": "18 digits at most: a signed integer of 64 bits holds it, a float of 64 bits does not.",
                "type": "integer",
                "minimum": 0,
                "maximum": MAX_NUMBER,
            },
        }

    def type(self, type_: Type) -> Any:
        if type_.enum is not None:
            return self.code(type_)
        if type_.kind == "number":
            return NUMBER
        if type_.pattern in (TEXT.pattern, FREE.pattern, DIGITS.pattern):
            return {"type": "string"}
        # In Python a dollar also matches before a line end that nothing follows.
        return {"$ref": "#/$defs/name"} if type_.pattern == NAME.pattern else self.pattern(type_)

    def pattern(self, type_: Type) -> Any:
        name = {"money": "amount"}.get(type_.kind, type_.kind)
        described = {"description": type_.title, "type": "string", "pattern": f"^(?:{type_.pattern})$(?!\\n)"}
        assert self.types.setdefault(name, described) == described
        return {"$ref": f"#/$defs/{name}"}

    def code(self, type_: Type) -> Any:
        enum, name = type_.enum, _name(type_.enum)
        many_digits = "{0,17}" in type_.pattern
        known = [{"const": int(code), "title": code.name, "description": code.meaning} for code in enum]
        bounds = {"type": "integer", "minimum": -MAX_NUMBER if "-?" in type_.pattern else 0}
        bounds["maximum"] = MAX_NUMBER if many_digits else 99
        others = NUMBER if many_digits and not bounds["minimum"] else bounds
        text = f"{_title(enum)}. Numbers that are not documented are kept."
        self.types.setdefault(name, {"description": text, "anyOf": [*known, others]})
        return {"$ref": f"#/$defs/{name}"}

    def members(self, obj: Object) -> dict[str, Any]:
        """Return the properties of an object, in the order of its class."""
        texts = _texts(obj.cls)
        found: dict[str, Any] = {}
        for field in obj.fields:
            found[field.name] = self.field(field)
        rest = obj.open
        if isinstance(rest, Other):
            found[rest.name] = {"type": "object", "additionalProperties": {"type": "string"}}
        elif isinstance(rest, OpenMap):
            for attribute, type_ in ((rest.codes, rest.code), (rest.texts, rest.text)):
                value = {"$ref": "#/$defs/name"} if type_ is rest.text else self.type(type_)
                found[attribute] = {"type": "object", "additionalProperties": value}
        order = obj.cls.__struct_fields__
        return {name: ({"description": texts[name], **found[name]} if name in texts else found[name]) for name in order}

    def field(self, field: Field) -> Any:
        if isinstance(field.type, Many):
            return {"type": "array", "items": self.record(field.type.object)}
        if isinstance(field.type, Several):
            return {"type": "array", "items": self.type(field.type.type)}
        return self.type(field.type)

    def record(self, obj: Object) -> Any:
        name = _name(obj.cls)
        if name not in self.defs:
            self.defs[name] = None
            self.defs[name] = self.object(_title(obj.cls), self.members(obj), self.needed(obj))
        return {"$ref": f"#/$defs/{name}"}

    def needed(self, obj: Object) -> list[str]:
        optional = {field.name for field in obj.fields if field.optional or field.absent_in}
        fields = {field.name for field in obj.fields}
        return [name for name in obj.cls.__struct_fields__ if name in fields - optional]

    def object(self, title: str, properties: dict[str, Any], required: list[str]) -> Any:
        head = {"title": title, "type": "object", "required": required, "additionalProperties": False}
        return {**head, "properties": properties}

    def inside(self, reply: Reply) -> dict[str, Any]:
        """Return the properties of a reply beside its kind."""
        if not reply.many:
            return self.members(reply.object)
        return {reply.attribute: {"type": "array", "items": self.record(reply.object)}}

    def reply(self, reply: Reply, names: list[str]) -> Any:
        """Return the schema of a kind of replies that the endpoints with these names have."""
        kind = {"kind": {"const": reply.kind}}
        title = _title(reply.cls)
        needed = ["kind", *([reply.attribute] if reply.many else self.needed(reply.object))]
        if not is_shared(reply):
            return self.object(title, {**kind, **self.inside(reply)}, needed)
        first, *others = names
        alone = self.object(title, {**kind, "endpoint": {"const": first}, **self.inside(reply)}, needed)
        beside = []
        for name in others:
            same = next(each for each in codec_of(name).endpoint.replies if each.kind == reply.kind)
            members = {**kind, "endpoint": {"const": name}, **self.inside(same)}
            beside.append(self.object(f"{title}, of {name}.php", members, ["kind", "endpoint", *needed[1:]]))
        return {"title": title, "oneOf": [alone, *beside]}


def reply_schema() -> Any:
    schema = _Schema()
    kinds: dict[str, tuple[Reply, list[str]]] = {}
    for name in ENDPOINTS:
        for reply in sorted(codec_of(name).endpoint.replies, key=lambda each: each.kind == "error"):
            kinds.setdefault(reply.kind, (reply, []))[1].append(name)
    for kind, (reply, names) in kinds.items():
        schema.defs[kind] = schema.reply(reply, names)
    return {
        "$schema": DRAFT,
        "title": "A reply of the service as normalized JSON",
        "description": "What a reply says, whatever format it came in. A member is absent where the reply did not hold "
        "the value. Where several endpoints have a kind, endpoint says which one; without it that is senders.php, or "
        "the first one that has the kind.",
        "oneOf": [{"$ref": f"#/$defs/{kind}"} for kind in kinds],
        "examples": [*EXAMPLES, *_examples({*kinds} - {example["kind"] for example in EXAMPLES})],
        "$defs": {**schema.defs, **schema.types},
    }


def _examples(kinds: set[str]) -> list[Any]:
    """Return a reply of each of these kinds: that with the most members in the table of cases."""
    found: dict[str, Any] = {}
    for vector in OTHERS:
        reply = vector.reply
        if reply is not None and reply["kind"] in kinds:
            best = found.setdefault(reply["kind"], reply)
            if len(json.dumps(reply)) > len(json.dumps(best)) and not vector.findings:
                found[reply["kind"]] = reply
    return [found[kind] for kind in sorted(found)]


def documented_codes() -> tuple[list[str], list[str]]:
    """Return the codes of findings and of errors that `docs/findings.md` lists and a row can have, in its order."""
    page = (FOLDER.parent.parent / "docs" / "findings.md").read_text("utf-8")
    found, refused = re.split(r"^## Errors", page, flags=re.MULTILINE)
    lists = (
        re.findall(r"^\| `([\w-]+)`", found, re.M),
        re.findall(r"^\| `([\w-]+)`", refused.split("## Limits")[0], re.M),
    )
    findings, errors = ([*dict.fromkeys(code for code in codes if code not in NOT_OF_A_BODY)] for codes in lists)
    return findings, errors


def row_schema() -> Any:
    """Return `vector.schema.json` with the kinds and the codes that there are."""
    schema = json.loads((FOLDER / "vector.schema.json").read_text("utf-8"))
    properties = schema["properties"]
    findings, errors = documented_codes()
    properties["expect"]["enum"] = all_kinds()
    properties["findings"]["items"]["enum"] = findings
    properties["error"]["properties"]["code"]["enum"] = errors
    request = {
        "description": "Parameters of the request that decide what the reply is, if they are known; others are 0.",
        "type": "object",
        "additionalProperties": {"type": "string"},
    }
    schema["properties"] = {}
    for key, value in properties.items():
        schema["properties"][key] = value
        if key == "expect":
            schema["properties"]["request"] = request
    return schema


def written(schema: Any) -> str:
    """Return a schema as its file has it: what fits stands on one line."""
    return _laid_out(schema, 0, 0) + "\n"


def _laid_out(value: Any, depth: int, before: int) -> str:
    line = json.dumps(value, ensure_ascii=False)
    is_short = depth > 1 and before + 2 * depth + len(line) <= 118
    if not isinstance(value, (dict, list)) or not value or is_short:
        return line
    blank = "  " * (depth + 1)
    if isinstance(value, list):
        inner = [blank + _laid_out(item, depth + 1, 0) for item in value]
        return "[\n" + ",\n".join(inner) + f"\n{'  ' * depth}]"
    keys = [(f"{json.dumps(key)}: ", item) for key, item in value.items()]
    inner = [f"{blank}{key}{_laid_out(item, depth + 1, len(key))}" for key, item in keys]
    return "{\n" + ",\n".join(inner) + f"\n{'  ' * depth}}}"


# How the formats spell the replies


def _type_of(type_: Type) -> Any:
    anything = type_.pattern in (TEXT.pattern, FREE.pattern, DIGITS.pattern)
    pattern = {} if anything else {"pattern": type_.pattern if type_.pattern != NAME.pattern else "[^]+"}
    marks = {name: True for name in ("loose", "free") if getattr(type_, name)}
    return {"kind": type_.kind, **pattern, **marks}


def _fields_of(obj: Object) -> Any:
    fields = []
    for field in obj.fields:
        keys = {fmt: key for fmt in FORMATS if (key := field.key(fmt)) is not None}
        described: dict[str, Any] = {"name": field.name, "keys": keys, **({"optional": True} if field.optional else {})}
        described |= {"leads": True} if field.leads else {}
        described |= {"absent_in": field.absent_in} if field.absent_in else {}
        if isinstance(field.type, Many):
            inner = {"item": field.type.item, **_fields_of(field.type.object), "csv": _layouts_of(field.type.csv)}
            described["many"] = inner
        elif isinstance(field.type, Several):
            described["several"] = _type_of(field.type.type)
        else:
            described["type"] = _type_of(field.type)
        fields.append(described)
    rest = obj.open
    found: dict[str, Any] = {"fields": fields}
    if isinstance(rest, Other):
        found["other"] = rest.name
    elif isinstance(rest, OpenMap):
        found["open"] = {rest.codes: _type_of(rest.code), rest.texts: _type_of(rest.text)}
    if obj.also:
        found["also"] = obj.also
    return found


def _layouts_of(layouts: Any) -> Any:
    return [
        {
            "cells": [_cell_of(cell) for cell in layout.cells],
            **({"when": layout.when} if layout.when else {}),
            **({"rank": layout.rank} if layout.rank else {}),
        }
        for layout in layouts
    ]


def _cell_of(cell: Any) -> Any:
    """Return a cell as an object with one member: what it is, and what it has. The name of a field alone is one too."""
    if isinstance(cell, str):
        return cell
    kind = type(cell).__name__.lower()
    named = {kind: cell.text if isinstance(cell, Const) else cell.name}
    return {**named, "pattern": cell.pattern} if isinstance(cell, Only) else named


def forms() -> Any:
    """Return the forms of all replies, for readers that are not written in Python."""
    found: dict[str, Any] = {}
    for name in ENDPOINTS:
        replies = []
        for reply in codec_of(name).endpoint.replies:
            described: dict[str, Any] = {"kind": reply.kind}
            if reply.constant:
                described["constant"] = reply.constant
            if reply.many:
                described |= {"many": reply.attribute, "item": reply.item}
                described |= {"member": reply.member} if reply.member else {}
            described |= {"xml": list(reply.xml), **_fields_of(reply.object), "csv": _layouts_of(reply.csv)}
            described |= {mark: True for mark in ("may_be_plain_text", "allow_unknown") if getattr(reply, mark)}
            replies.append(described)
        found[name] = replies
    return found


FILES = {"reply.schema.json": reply_schema, "vector.schema.json": row_schema, "endpoints.json": forms}

if __name__ == "__main__":
    for file, make in FILES.items():
        (FOLDER / file).write_text(written(make()), "utf-8")
