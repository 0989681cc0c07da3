"""The classes that declare the replies of an endpoint: one line for each field, one key for each format. Data only.

An `Endpoint` has replies. A `Reply` is one `Object`, or a list of them, or a fixed word. An `Object` is a class of the
model and its fields. A `Field` has a type, and a key in each of the four formats:

    Field("parts", COUNT, xml="cnt", json="cnt")

- `text`: the key of a line of `key = value`, or the name of a terminal of the reply's grammar rule, in small letters;
- `csv`: the name that the layouts of the reply use;
- `xml`: a child element; `"@key"` an attribute; `"."` the element's own text;
- `json`: a member.

A key that is left out is the field's own name, and `None` says that the format has no place for the field.
`docs/adding-an-endpoint.md` declares one, step by step.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Generic, TypeVar

import msgspec

from ._source import quote
from ._types import is_really, lazy
from .errors import OptionError
from .model import MAX_NUMBER, Code, Created, ErrorCode, ErrorReply, ServiceError, Success

R = TypeVar("R")

SAME = "="
"""The key of a field is its name."""

FORMATS = ("text", "csv", "xml", "json")
"""What a declaration calls fmt=0 to fmt=3."""

XML_NAME = r"(?![Xx][Mm][Ll])[A-Za-z_][A-Za-z0-9_.-]*"
"""The pattern of the name of an element or an attribute. Those that begin with xml are XML's own."""


class Type(msgspec.Struct, frozen=True):
    """What a value is, whichever format it stands in."""

    kind: str
    """`number`, `code`, `money`, `date` or `text`: the Python type that it becomes."""
    title: str
    """What errors call it."""
    pattern: str
    """A regular expression that matches every spelling that is read. It has no groups that capture."""
    bare: bool = False
    """Whether fmt=3 has it without quotes."""
    loose: bool = False
    """Of a text: whether fmt=3 may have a whole number without quotes in its place."""
    free: bool = False
    """Of a text: whether fmt=0 writes it without escapes, so that it can contain separators."""
    enum: Any = None
    """Of a code: the class of its numbers."""
    documented: frozenset[int] = frozenset()
    """Of a code: the numbers that no finding is made of."""


_DIGITS = "0|[1-9][0-9]{0,17}"

ID = Type("number", "a whole number of at most 18 digits", _DIGITS, bare=True)
"""The service's number of something, as an `int`."""
COUNT = ID
"""How many there are, as an `int`."""
TIMESTAMP = ID
"""Seconds since 1970 in UTC, as an `int`."""
MONEY = Type(
    "money", "an amount of money (at most 15 digits and 6 decimals)", r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,6}|)"
)
"""An amount as a `Decimal` with the digits as sent."""
DATE = Type(
    "date",
    "a date (DD.MM.YYYY hh:mm:ss)",
    r"(?:0[1-9]|[12][0-9]|3[01])\.(?:0[1-9]|1[0-2])\.[0-9]{4} (?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]",
)
"""A date in the account's time zone, as a naive `datetime`."""
TEXT = Type("text", "text", r"[^\ud800-\udfff]*", loose=True)
"""Text that may be empty."""
DIGITS = TEXT
"""Digits that are not a number, such as those of a phone: leading zeros count. Any text is read."""
FREE = Type("text", "text", r"[^\ud800-\udfff]*", free=True, loose=True)
"""Text that a person wrote, such as that of a message. `formats/free_text.py` says where it ends in fmt=0."""
NAME = Type("text", "a name of at least one character", r"[^\ud800-\udfff]+")
"""Text of at least one character."""


def code(enum: type[Code], title: str, pattern: str | None = None, documented: frozenset[int] | None = None) -> Type:
    """Return the type of a number with meanings. Negative ones are read if the documentation has such.

    Raise `OptionError` if *enum* is not a subclass of `Code`.
    """
    if not is_really(enum, type) or not issubclass(enum, Code):
        raise OptionError(f"the class of {title} has to be a subclass of Code, not {quote(enum)}")
    sign = "-?" if min(map(int, enum), default=0) < 0 else ""
    known = frozenset(map(int, enum)) if documented is None else documented
    return Type("code", title, pattern or f"0|{sign}[1-9][0-9]{{0,17}}", bare=True, enum=enum, documented=known)


class Field(msgspec.Struct, frozen=True):
    """An attribute of a class, its type, and its key in each format."""

    name: str
    """The attribute of the class."""
    type: Type | Many | Several
    """What its value is."""
    text: str | None = SAME
    """Its key in a line of `key = value`, or the name of its terminal in small letters."""
    csv: str | None = SAME
    """Its name in layouts; None if no layout has it."""
    xml: str | None = SAME
    """Its child element, `"@key"` for an attribute, `"."` for the element's own text.

    A reply that is not a list has all its fields in child elements. Beside an own text all other fields are attributes.
    """
    json: str | None = SAME
    """Its member."""
    optional: bool = False
    """Whether a reply may lack it; the attribute is `None` then, which is the class's default."""
    absent_in: str = ""
    """A format of `FORMATS` with a form that lacks it, while all other forms have it. Without the field the form could
    be a reply of another endpoint, so it is read only if the caller expects the reply."""

    leads: bool = False
    """Whether the first value of a line in fmt=0 is this field, whatever its key. Nobody has seen the key."""

    def may_lack(self, fmt: str) -> bool:
        """Return whether a reply in a format may lack it."""
        return self.optional or fmt == self.absent_in

    def key(self, fmt: str) -> str | None:
        """Return the key in a format of `FORMATS`, or None if it has no place for the field."""
        key: str | None = getattr(self, fmt)
        return self.name if key == SAME else key


class Many(msgspec.Struct, frozen=True):
    """The type of a field that is a list of objects.

    fmt=3 has an array, fmt=2 an element with an element for each object in it, fmt=0 and fmt=1 a line for each object
    behind the first line of the reply. Within another list, which fmt=3 alone can have, the field has `xml=None`.
    """

    object: Object
    """What is in the list."""
    item: str = ""
    """The element of an object in fmt=2."""
    rule: str = ""
    """The grammar's rule of a line in fmt=0; empty if that format has no place for the list."""
    csv: tuple[Layout, ...] = ()
    """The lines of fmt=1; none if that format has no place for the list."""


class Several(msgspec.Struct, frozen=True):
    """The type of a field that is a list of texts: fmt=3 has an array, and the other formats have no place for it."""

    type: Type
    """What each of them is."""


class OpenMap(msgspec.Struct, frozen=True):
    """Keys that nobody can list, of codes and texts: a value that is a code goes to *codes*, another to *texts*."""

    codes: str
    """The attribute with the codes by key."""
    code: Type
    """What a code is."""
    texts: str
    """The attribute with the texts by key."""
    text: Type
    """What a text is, which no code is."""
    known: frozenset[str]
    """The keys that the documentation names."""
    order: Mapping[str, tuple[str, ...]]
    """The documented order of the keys in each format."""
    quotes: bool = False
    """Whether fmt=3 quotes every value of a record with such keys."""


class Other(msgspec.Struct, frozen=True):
    """Keys that the documentation does not name: each is kept as text in the attribute *name*."""

    name: str = "other"
    """The attribute, which is a mapping of `str` to `str` and the last one of its class."""


class Object(msgspec.Struct, frozen=True, dict=True):
    """A class of the model and its fields, in the order in which the formats have them."""

    cls: Any
    """The class: a frozen `msgspec.Struct` with an attribute for each field, none of them keyword-only."""
    members: tuple[Field | OpenMap | Other, ...]
    """Its fields, and what becomes of other keys: they are not kept if there is neither an `OpenMap` nor an `Other`."""
    orders: Mapping[str, tuple[tuple[str, ...], ...]] = {}
    """Of a format with an order of its own: names of fields. The first order that has all fields of the value is
    written."""
    also: Mapping[str, Mapping[str, str]] = {}
    """Of a format that has other keys too: which field each of them stands for. They are read, and not written."""

    @lazy
    def fields(self) -> tuple[Field, ...]:
        """The fields alone."""
        return tuple(member for member in self.members if isinstance(member, Field))

    @lazy
    def open(self) -> OpenMap | Other | None:
        """What becomes of keys that are not fields; None if they are not kept."""
        return next((member for member in self.members if not isinstance(member, Field)), None)

    @lazy
    def opened(self) -> tuple[str, ...]:
        """The attributes that hold keys which are not fields."""
        rest = self.open
        return () if rest is None else (rest.name,) if isinstance(rest, Other) else (rest.codes, rest.texts)

    @lazy
    def is_generic(self) -> bool:
        """Whether nobody knows its keys: it has no fields, and keeps whatever comes."""
        return not self.fields and isinstance(self.open, Other)

    @lazy
    def takes_any_keys(self) -> bool:
        """Whether any keys can be such an object: it needs none, and keeps whatever comes."""
        return isinstance(self.open, Other) and all(field.optional for field in self.fields)

    @lazy
    def by_name(self) -> dict[str, Field]:
        """The fields by their names."""
        return {field.name: field for field in self.fields}

    @lazy
    def _names(self) -> dict[tuple[str, str], Mapping[str, str]]:
        """What `names` has returned."""
        return {}

    def names(self, fmt: str, tag: str = ".") -> Mapping[str, str]:
        """Return the name of the field that each key of a format stands for; *tag* is that of an element's own text."""
        found = self._names.get((fmt, tag))
        if found is None:
            keys = ((field.key(fmt), field.name) for field in self.fields)
            named = {tag if key == "." else key.removeprefix("@"): name for key, name in keys if key is not None}
            found = self._names[fmt, tag] = {**named, **self.also.get(fmt, {})}
        return found

    def ordered(self, fmt: str, present: frozenset[str] | None = None) -> list[Field | OpenMap | Other]:
        """Return the members that a format has, in the order in which it writes a value with the *present* fields."""
        members = [each for each in self.members if not isinstance(each, Field) or each.key(fmt) is not None]
        for order in self.orders.get(fmt, ()):
            if present is not None and present <= {*order}:
                first = [self.by_name[name] for name in order if self.by_name[name] in members]
                return [*first, *(member for member in members if member not in first)]
        return members


class Const(msgspec.Struct, frozen=True):
    """A cell of fmt=1 that is the same in every reply."""

    text: str
    """What stands there."""


class Signed(msgspec.Struct, frozen=True):
    """A cell of fmt=1 with a field's value behind a minus sign."""

    name: str
    """The field."""


class Rest(msgspec.Struct, frozen=True):
    """The cell of fmt=1 that takes the commas which the other cells of its line leave."""

    name: str
    """The field."""


def name_of_cell(cell: Any) -> str:
    """Return the field whose value a cell has, an empty name if it has none."""
    return cell if isinstance(cell, str) else "" if isinstance(cell, Const) else str(cell.name)


class Only(msgspec.Struct, frozen=True):
    """A cell of fmt=1 with a field's value whose spelling tells the layout."""

    name: str
    """The field."""
    pattern: str
    """A regular expression that matches such a cell as a whole. It has no groups that capture."""


class Maybe(msgspec.Struct, frozen=True):
    """A cell of fmt=1 with a field that a reply may lack: 0 or nothing stands there then. 0 is written."""

    name: str
    """The field."""


Cell = str | Const | Signed | Rest | Only | Maybe
"""A cell of a layout: the name of a field, or one of the classes above."""


class Layout(msgspec.Struct, frozen=True, dict=True):
    """The cells of a line in fmt=1, from left to right. Each required field needs one. At most one is a `Rest`.

    A line has the layout that fits: the number of its cells, their fixed texts and patterns, and the types of their
    values. If several fit, those of the lowest *rank* are meant, and of these the first. But if two of them belong to
    different requests or replies, only the request can tell which it is. Without it the line is refused as ambiguous.
    """

    cells: tuple[Cell, ...]
    """What stands between the commas."""
    when: Mapping[str, str] = {}
    """Parameters of the request with which this layout is meant. What a request does not have is `0`."""
    rank: int = 0
    """Negative if its patterns decide, positive if it is an old form."""

    @lazy
    def required(self) -> frozenset[str]:
        """The fields that a line of it has."""
        fixed = (Const, Maybe)
        return frozenset(name_of_cell(cell) for cell in self.cells if not isinstance(cell, fixed))

    @lazy
    def names(self) -> frozenset[str]:
        """The fields that a line of it can have."""
        return frozenset(name_of_cell(cell) for cell in self.cells if not isinstance(cell, Const))

    def has_place_for(self, fields: Collection[str]) -> bool:
        """Return whether a value that has these fields can be written in it."""
        return self.required <= {*fields} <= self.names

    def collides(self, other: Layout) -> bool:
        """Return whether lines of both can have the same number of cells."""
        few, many = sorted((self, other), key=lambda layout: len(layout.cells))
        return len(few.cells) == len(many.cells) or few.rest is not None

    @lazy
    def rest(self) -> str | None:
        """The field that takes the commas."""
        return next((cell.name for cell in self.cells if isinstance(cell, Rest)), None)


class Reply(msgspec.Struct, frozen=True, dict=True):
    """One kind of reply.

    An endpoint may have several lists. The expected one is meant, or else the one that the body tells: in fmt=0 by the
    first key of a line, in fmt=1 by the first line, in fmt=2 by `item`, in fmt=3 by the keys of the first record. If
    nothing tells, as of an empty list, the body is refused.

    A reply whose keys nobody knows is *generic*: its `object` has nothing but `Other()`, and its `rule` is
    `record`, which `service.lark` has. It is the last that a body is taken for, unless it is expected.
    """

    kind: str
    """Its `kind` in normalized JSON, and the rule of the endpoint's grammar."""
    title: str
    """What errors call it."""
    object: Object
    """The reply, or of a list a record of it."""
    many: Any = None
    """Of a list: its class, whose only attribute holds the records."""
    rule: str = ""
    """The grammar's rule of a record; of a reply that is not a list its kind."""
    constant: str = ""
    """The word that it is, if it has no fields."""
    csv: tuple[Layout, ...] = ()
    """The lines that it, or a record of it, can be in fmt=1. The first that has place for a value is written."""
    xml: tuple[str | None, ...] = ("result",)
    """The root elements that it may have. The first is written. None means that the document is the single element
    itself."""
    item: str = ""
    """Of a list: the element of a record in fmt=2."""
    may_be_plain_text: bool = False
    """Whether it is known to come as text where fmt=2 or fmt=3 was asked."""
    allow_unknown: bool = False
    """Whether fmt=2 and fmt=3 may have members that are not fields; they are reported, and not kept."""
    member: str = ""
    """Of a list: the member of an object that has the array in fmt=3; empty if the array is the whole reply. What else
    the object has is reported, and not kept."""
    unknown: tuple[str, ...] = ()
    """Formats of `FORMATS` in which nobody knows what it looks like, so that `encode` refuses them. Those with keys are
    read by the keys that are declared; fmt=1 is refused as `unknown-form`."""

    @lazy
    def cls(self) -> Any:
        """The class of the reply."""
        return self.many or self.object.cls

    @lazy
    def attribute(self) -> str:
        """Of a list: the attribute with the records."""
        return str(self.many.__struct_fields__[0]) if self.many else ""

    def is_known(self, fmt: str) -> bool:
        """Return whether its form in a format is known. A generic reply has none in a format without keys."""
        return fmt not in self.unknown and not (fmt == "csv" and self.object.is_generic)

    def behind(self, fmt: str) -> tuple[str, Reply] | None:
        """Return the field whose objects stand in lines behind the first, and what such a line is, if there is one."""
        for field in self.object.fields:
            if isinstance(field.type, Many) and (field.type.rule if fmt == "text" else field.type.csv):
                kind, title = f"{self.kind}.{field.name}", f"a line of {field.name}"
                return field.name, Reply(kind, title, field.type.object, rule=field.type.rule, csv=field.type.csv)
        return None

    def asked(self, parameters: Mapping[str, str]) -> Reply:
        """Return the reply with the layouts that a request can get. *parameters* has the value of each that decides.

        A layout without `when` stays if its rank is negative, or if it does not collide with a layout of this request.
        """
        meant = [layout for layout in self.csv if layout.when.items() <= parameters.items()]
        named = [layout for layout in meant if layout.when]
        kept = [
            msgspec.structs.replace(layout, when={})
            for layout in meant
            if layout.when or layout.rank < 0 or not any(map(layout.collides, named))
        ]
        return self if kept == [*self.csv] else msgspec.structs.replace(self, csv=tuple(kept))


COUNTED = ("one", "several")
"""The words for a parameter of numbers or ids: it says of whom, so that only how many there are is kept of it."""

ANOTHER = "another"
"""The word for the value of a parameter that the documentation does not have."""


class View(msgspec.Struct, frozen=True, dict=True):
    """A field that each record of a list has if the request asks for it."""

    when: Mapping[str, str]
    """The parameters that ask for it. What a request does not have is `0`."""
    field: str
    """The field; `no-` and its name is the code of the finding if it is missing."""
    formats: tuple[str, ...] = FORMATS
    """The formats that have it."""

    @lazy
    def title(self) -> str:
        """The first of the parameters, for messages."""
        return "=".join(next(iter(self.when.items())))


class Endpoint(msgspec.Struct, Generic[R], frozen=True, dict=True):
    """An address of the service: what it can answer. *R* are the classes of its replies except the error."""

    name: str
    """The last part of its path, such as `send.php`."""
    grammar: str
    """The file in `grammars/` without its ending, or the path of any other; its start rule is `reply`."""
    own: tuple[Reply, ...]
    """Its replies except the error, in the order in which a body is tried against them."""
    errors: type[ErrorCode] = ServiceError
    """The numbers of its errors."""
    other_errors: frozenset[int] = frozenset()
    """Numbers of errors that no finding is made of, although the documentation of this endpoint does not have them."""
    reads: Mapping[str, tuple[str, ...]] = {}
    """The parameters of a request that decide what its reply looks like, and the values of each that the documentation
    has, except 0; or `COUNTED`. A `Query` keeps these and nothing else."""
    commands: Mapping[str, Any] = {}
    """The parameters one of which is 1 in a request, and the class of the reply to each; in the documented order."""
    answer: Callable[[Mapping[str, str]], Any] | None = None
    """Returns the class of the reply to a request, by what is kept of its parameters and the command, if it has one;
    None if they do not tell. If it is not given, the commands alone tell."""
    views: tuple[View, ...] = ()
    """What a request can ask for of each record of a list."""

    @lazy
    def replies(self) -> tuple[Reply, ...]:
        """All replies, the error first."""
        return (error(self.errors, self.other_errors), *self.own)

    def answer_to(self, asked: Mapping[str, str]) -> Any:
        """Return the class of the reply to a request, or None if what is known of its parameters does not tell."""
        if self.answer is not None:
            return self.answer(asked)
        for name, cls in self.commands.items():
            if asked.get(name) == "1":
                return cls
        return None

    @lazy
    def droppable(self) -> frozenset[str]:
        """The fields that may be left out where a format has no place for them."""
        fields = ((reply, field) for reply in self.replies for field in reply.object.fields if field.optional)
        opened = (reply.object.open for reply in self.replies)
        return frozenset(
            [field.name for reply, field in fields if not reply.many or None in map(field.key, FORMATS)]
            + [rest.name for rest in opened if isinstance(rest, Other)]
        )

    @lazy
    def decides(self) -> dict[str, frozenset[str]]:
        """The values of parameters that decide which layouts a reply has in fmt=1."""
        found: dict[str, set[str]] = {}
        for layout in (layout for reply in self.own for layout in reply.csv):
            for name, value in layout.when.items():
                found.setdefault(name, {"0"}).add(value)
        return {name: frozenset(values) for name, values in sorted(found.items())}

    def asked(self, parameters: Mapping[str, str]) -> Endpoint[R]:
        """Return the endpoint with the layouts that a request can get, as `Reply.asked` chooses them."""
        own = tuple(reply.asked(parameters) for reply in self.own)
        return self if own == self.own else msgspec.structs.replace(self, own=own)

    def reply_of(self, cls: type) -> Reply | None:
        """Return the reply of a class, or None if the endpoint does not have it."""
        return next((reply for reply in self.replies if reply.cls is cls), None)

    def expected(self) -> str:
        """Return what any reply can be, for errors."""
        return either(reply.title for reply in self.replies)


def either(words: Iterable[str]) -> str:
    """Return a choice of words, for errors."""
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last


def error(codes: type[ErrorCode], others: frozenset[int] = frozenset()) -> Reply:
    """Return the error of an endpoint; the meaning of its number is the endpoint's own.

    fmt=1 has no place for the description. A message's id goes with it on endpoints that have messages:
    `ERROR = 7 (invalid number), ID - 541`, `541,-7`, `"id": 541` [doc, cap].
    """
    number = code(codes, "the number of an error", _DIGITS, frozenset(map(int, codes)) | others)
    return Reply(
        "error",
        "an error",
        Object(
            ErrorReply,
            (
                Field("description", TEXT, csv=None, xml="error", json="error", optional=True),
                Field("code", number, xml="error_code", json="error_code"),
                Field("id", ID, optional=True),
            ),
        ),
        csv=(Layout((Const("0"), Signed("code")), rank=-1), Layout(("id", Signed("code")), rank=-1)),
        # `ERROR = 3 (…)` came although fmt=3 was asked: valery1707/smsc-java, templates.php [cap].
        may_be_plain_text=True,
        allow_unknown=True,
    )


SUCCESS = Reply(
    "success",
    '"OK"',
    Object(Success, ()),
    constant="OK",
    # A bare OK came although fmt=3 was asked: zxcabs/node-smsc, senders.php, 2013 [cap].
    may_be_plain_text=True,
)
"""The answer to a command that has nothing else to say."""

CREATED = Reply(
    "record_created",
    "the id of something new",
    Object(Created, (Field("id", ID),)),
    csv=(Layout(("id",)),),
    # Without a root it is read as the id of a sender name is [our choice].
    xml=("result", None),
)
"""The answer to a command that makes something new: `ID = 5`, `5`, `<id>` in `<result>`, `"id": 5` [doc, cap]."""

__all__ = [
    "ANOTHER",
    "COUNT",
    "COUNTED",
    "CREATED",
    "DATE",
    "DIGITS",
    "FORMATS",
    "FREE",
    "ID",
    "MAX_NUMBER",
    "MONEY",
    "NAME",
    "SAME",
    "SUCCESS",
    "TEXT",
    "TIMESTAMP",
    "Cell",
    "Const",
    "Endpoint",
    "Field",
    "Layout",
    "Many",
    "Maybe",
    "Object",
    "Only",
    "OpenMap",
    "Other",
    "Reply",
    "Rest",
    "Several",
    "Signed",
    "Type",
    "View",
    "code",
    "error",
]
