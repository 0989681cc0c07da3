"""Lists of any endpoint in any format, from a random number: undocumented keys, unusual values, unusual layouts.

What the encoder writes is too tidy to find where readers differ: here numbers stand in quotes, values are empty or hold
marks of the format, keys stand anywhere and are named like secrets, and shapes take turns.
"""

from __future__ import annotations

import json
import re
from random import Random
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

from smsc_codec import Codec, Format
from smsc_codec.declare import FORMATS, Const, Field, Layout, OpenMap, Reply, Type

_TEXTS = (
    """
    A|B c|x, y|a = b|foo = 1|, foo = 1|Korea, Republic of|12|05|-5|1.5|5|0|a:b|"|\\|&|<b>|a&b|]]>|'|/|//|found it|{|]
    |psw=secret|a token: abc|//user:pass@host|Bearer abcdef|basic dXNlcjpwdw==|\\token=abc|psw%3Dsecret|psw&#61;x|login
    |Имя|пароль: тайна|РџР°СЂРѕР»СЊ|Тест|\ufffd|é|\t|\ufeffA|²|٣
""".replace("\n    ", "")
    .strip("\n")
    .split("|")
)
_KEYS = [
    *("foo", "bar", "psw", "login", "token", "found", "a.b", "k[1]", "k[2]", "фу", "api_key", "ID", "id2", "zone"),
    *("sender", "sms", "mts", "mega", "other", "name", "status", "type", "flag", "message", "result", "error", "code"),
    *("cost", "_keys", "psw[0]", "x-y"),
]
_UNUSUAL_KEYS = ["found it", "psw=>{:] ;(", "basic psw:}&", "psw, found it", "a b", "", '"', "\\", "//u:p@h", "v" * 60]
_XML_KEY = re.compile(r"[^\W\d][\w.-]*").fullmatch
_TEXT_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*").fullmatch
_NUMBERS = ["1", "5", "0", "99", "123456", "79991234567"]
_USUAL = {
    "number": _NUMBERS,
    "money": ["1", "1.5", "0.25", "100.00"],
    "date": ["31.12.1999 23:59:59", "28.06.2021 15:55:47"],
    "text": ["A", "Bc", "abc", "12345"],
}


class Shape(NamedTuple):
    """The keys of the records of a list, each with the type of its values, or None if it is not documented."""

    reply: Reply
    keys: list[tuple[str, Type | None]]
    layout: Layout | None
    codes: bool
    """Whether the undocumented keys have codes."""


class Lists:
    """Makes lists of a codec's endpoint in a format."""

    def __init__(self, codec: Codec[Any], fmt: Format, random: Random) -> None:
        self._fmt, self._random, self._count = fmt, random, 1
        every = codec.endpoint.replies
        tags = {key for reply in every for key in reply.object.names("xml") if _XML_KEY(key)}
        self._tags = sorted(tags | {reply.item for reply in every if reply.item})
        self._replies = [
            reply
            for reply in codec.endpoint.replies
            if (reply.many or reply.object.open is not None) and (fmt is not Format.CSV or reply.csv)
        ]

    def shapes(self) -> list[Shape]:
        """Return one or two shapes for records, now and then of two replies. No shapes if no reply can have records."""
        if not self._replies:
            return []
        random = self._random
        self._count = random.choice([1, 1, 2, 2, 3, 9, 20])
        shape = self._shape(random.choice(self._replies))
        if random.random() < 0.5:
            return [shape]
        generic = [reply for reply in self._replies if reply.many and reply.object.takes_any_keys]
        if generic and random.random() < 0.3:
            # Beside these records, ones that could be records of the same list if they did not lack a key.
            needed = {field.key(FORMATS[self._fmt]) for field in shape.reply.object.fields if not field.optional}
            keys = [("any" if key in needed else key, None) for key, _ in shape.keys]
            return [shape, Shape(random.choice(generic), [*dict(keys).items()], None, False)]
        return [shape, self._shape(random.choice([shape.reply, *self._replies]))]

    def _shape(self, reply: Reply) -> Shape:
        random, obj = self._random, reply.object
        if self._fmt is Format.CSV:
            return Shape(reply, [], random.choice(reply.csv), True)
        name = FORMATS[self._fmt]
        keys: list[tuple[str, Type | None]] = [
            (field.key(name) or "", field.type)
            for field in obj.ordered(name)
            if isinstance(field, Field)
            and isinstance(field.type, Type)
            and (not field.optional or random.random() < 0.5)
        ]
        if obj.also.get(name) and random.random() < 0.5:
            other = random.choice([*obj.also[name].items()])
            keys = [(other[0], type_) if obj.names(name).get(key) == other[1] else (key, type_) for key, type_ in keys]
        allowed = {Format.TEXT: _TEXT_KEY, Format.XML: _XML_KEY}.get(self._fmt, bool)
        for _ in range(random.randint(0, 3) if obj.open is not None else 0):
            key = random.choice(_KEYS if random.random() < 0.8 else _UNUSUAL_KEYS)
            if (allowed(key) or random.random() < 0.05) and key not in dict(keys):
                keys.insert(random.randint(0, len(keys)), (key, None))
        return Shape(reply, keys, None, isinstance(obj.open, OpenMap) and random.random() < 0.7)

    def body(self, shapes: list[Shape]) -> bytes:
        """Return a list whose records have one of the shapes, or take turns."""
        random = self._random
        used = random.sample(shapes, len(shapes)) if random.random() < 0.2 else [random.choice(shapes)]
        reply = used[0].reply
        count = self._count if random.random() < 0.6 else random.choice([1, 1, 2, 2, 3, 9, 20])
        count = count if reply.many else 1
        records = [self._record(random.choice(used)) for _ in range(count)]
        made = self._framed(reply, records) + random.choice(["", "", "\n"])
        return self._changed(made).encode("utf-8", "replace")

    def _framed(self, reply: Reply, records: list[str]) -> str:
        random = self._random
        if self._fmt is Format.JSON and reply.many:
            listed = f"[{(',' + chr(10)).join(records)}]"
            return f'{{\n"{reply.member}": {listed}\n}}' if reply.member and random.random() < 0.7 else listed
        if self._fmt is Format.XML and reply.many:
            root = random.choice([reply.xml[0], reply.xml[0], "psw", "x", "пароль", random.choice(self._tags)])
            return "\n".join([f"<{root}>", *records, f"</{root}>"])
        return "\n".join(records)

    def _changed(self, made: str) -> str:
        """Return a list in another layout, or with something else in one place, once in a while."""
        random = self._random
        for old, new in (("\n", "\r\n"), ("\n", ""), ("\n", "\n "), (": ", ":")):
            if random.random() < 0.04:
                made = made.replace(old, new)
        if random.random() < 0.04:
            made = random.choice(["\ufeff", "\n", '<?xml version="1.0" encoding="utf-8"?>\n']) + made
        if random.random() < 0.15:
            at = random.randint(0, len(made))
            made = (
                made[:at]
                + random.choice(["", "", *' \n\t,=<>"\\&/:[]{}0', *_TEXTS])
                + made[at + random.randint(0, 2) :]
            )
        return made

    def _record(self, shape: Shape) -> str:
        values = [(key, type_, self._value(type_, shape.codes)) for key, type_ in shape.keys]
        if shape.layout is not None:
            return ",".join([self._cell(shape.reply, cell) for cell in shape.layout.cells])
        if self._fmt is Format.TEXT:
            return ", ".join(f"{key} = {value}" for key, _, value in values)
        if self._fmt is Format.JSON:
            return (
                "{\n"
                + ",\n".join(f"{json.dumps(key)}: {self._member(type_, value)}" for key, type_, value in values)
                + "\n}"
            )
        beside_text = "." in shape.reply.object.names("xml")
        tag = shape.reply.item or (shape.reply.xml or ("result",))[0] or "result"
        attributes, inside = "", ""
        for key, _, value in values:
            if key == ".":
                inside += escape(value)
            elif beside_text or key.startswith("@"):
                attributes += f' {key.lstrip("@")}="{escape(value, {chr(34): "&quot;"})}"'
            else:
                inside += f"\n<{key}>{escape(value)}</{key}>"
        return f"<{tag}{attributes}>{inside}{chr(10) * inside.startswith(chr(10))}</{tag}>"

    def _value(self, type_: Type | None, codes: bool) -> str:
        random = self._random
        if type_ is None and codes:
            return str(random.randint(0, 9)) if random.random() < 0.95 else random.choice(["12", "99", "", "AB"])
        if type_ is None or random.random() < 0.04:
            return random.choice(_TEXTS if random.random() < 0.8 else ["5", "57", "a, b"])
        if type_.kind == "code":
            return str(random.choice([*map(int, type_.documented), 99]))
        fitting = [text for text in [*_TEXTS, ""] if type_.kind == "text" and re.fullmatch(type_.pattern, text)]
        return random.choice(fitting if fitting and random.random() < 0.6 else _USUAL[type_.kind])

    def _cell(self, reply: Reply, cell: Any) -> str:
        if isinstance(cell, Const):
            return cell.text
        type_ = reply.object.by_name[cell if isinstance(cell, str) else cell.name].type
        return self._value(type_ if isinstance(type_, Type) else None, False)

    def _member(self, type_: Type | None, value: str) -> str:
        """Return a value of JSON, bare or quoted as the service writes it, and once in a while the other way."""
        usual = type_ is not None and type_.bare
        bare = usual if self._random.random() < 0.9 else not usual
        return value if bare and re.fullmatch(r"-?(?:0|[1-9]\d*)(?:\.\d+)?", value, re.ASCII) else json.dumps(value)
