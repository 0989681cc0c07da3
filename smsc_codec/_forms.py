"""The vocabulary in which an endpoint says what its replies look like; it knows neither endpoints nor formats' syntax.

A reply is either *flat*, a fixed set of fields (an error, an id), or a *listing*, any number of records.
Each says where a field stands in each of the four formats:

- fmt=0: the rule of the endpoint's grammar; a terminal `ID` there is the field `id`;
- fmt=1: the columns, in order;
- fmt=2: the elements and attributes;
- fmt=3: the members, in order.

The readers and writers (`_text`, `_csv`, `_xml`, `_json`) turn these into code. Adding an endpoint is
a module like `senders.py` and a grammar; nothing here or there changes.
"""

from __future__ import annotations

from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from ._records import Order, Record
from ._types import lazy, name_of
from .errors import EncodeError

R = TypeVar("R")


class Column(NamedTuple):
    """A column of fmt=1: a field, what stands before its value, what stands there when it is `None`."""

    field: str
    prefix: str = ""
    absent: str | None = None


class Const(NamedTuple):
    """Fixed text, the same in every reply of the kind."""

    text: str


class XmlShape(NamedTuple):
    """A flat reply in fmt=2: the root, and either its text or its children.

    Each is a field or constant; `root=None` means that the only child stands alone.
    """

    root: str | None
    text: str | Const | None = None
    children: tuple[tuple[str, str], ...] = ()


class Flat(msgspec.Struct, frozen=True):
    """A reply that is a fixed set of fields."""

    record: Record
    kind: str
    """Its `kind` in normalized JSON."""
    words: str
    """What errors call it."""
    rule: str
    csv: tuple[Column | Const, ...]
    xml: tuple[XmlShape, ...]
    """The first is written, all are read."""
    json: tuple[tuple[str, str | Const], ...]
    anywhere: bool = False
    """Whether it is known to arrive as text (fmt=0) although XML or JSON was asked."""
    more: bool = False
    """Whether members and elements that are not listed may stand beside the listed ones."""

    @property
    def cls(self) -> Any:
        """The reply's class."""
        return self.record.cls

    @property
    def optional(self) -> frozenset[str]:
        """The fields that a reply can lack."""
        return frozenset(field.name for field in self.record.fields if field.optional)

    @property
    def columns(self) -> frozenset[str]:
        """The fields that fmt=1 has a place for."""
        return frozenset(column.field for column in self.csv if isinstance(column, Column))


class Listing(msgspec.Struct, frozen=True, dict=True):
    """A reply that is any number of records."""

    cls: Any
    kind: str
    words: str
    attribute: str
    """The attribute with the tuple of records."""
    record: Record
    rule: str
    """The grammar's rule of one record."""
    text: Order
    csv: tuple[tuple[str, ...], ...]
    """The fields of a line, told apart by their number."""
    xml: Order
    xml_root: str
    """Written; any is read."""
    xml_item: str
    xml_text: str
    """The field that is the element's text."""
    json: Order

    @lazy
    def immutable(self) -> bool:
        """Whether the reply and its records are frozen, and the reply has a `__dict__` for what is known of them."""
        reply, record = (getattr(cls, "__struct_config__", None) for cls in (self.cls, self.record.cls))
        return reply is not None and record is not None and bool(reply.frozen and reply.dict and record.frozen)


Form = Flat | Listing


class Endpoint(msgspec.Struct, Generic[R], frozen=True):
    """What one address of the service can answer. `R` is the union of the replies but for the error."""

    name: str
    grammar: str
    """The `.lark` file in `grammars/`, without its ending; its start rule is `reply`."""
    forms: tuple[Form, ...]
    """In the order in which a body is tried against them."""

    def form_of(self, reply: object) -> Form:
        """The form of a reply's class, `EncodeError` if it is none of this endpoint's."""
        for form in self.forms:
            if type(reply) is form.cls:
                return form
        names = ", ".join(form.cls.__name__ for form in self.forms)
        raise EncodeError(f"expected a reply of {self.name} ({names}), found {name_of(reply)}")

    def expected(self) -> str:
        """What any reply can be, for errors."""
        words = [form.words for form in self.forms]
        return f"{', '.join(words[:-1])} or {words[-1]}"
