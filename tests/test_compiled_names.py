"""Names of fields do not get in the way of the names that compiled functions use."""

from __future__ import annotations

import builtins
import re
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import msgspec
import pytest

from smsc_codec import Codec, EncodeError, Format, OptionError
from smsc_codec._sound import RESERVED
from smsc_codec.declare import DATE, ID, MONEY, TEXT, Endpoint, Field, Layout, Object, Reply
from smsc_codec.endpoints.senders import SENDERS

from .registered import CODECS
from .test_endpoint import GRAMMARS, groups_of
from .vectors import OTHERS, VECTORS

COMMON = [
    *("date", "match", "text", "found", "last", "plain", "body", "read", "other", "mark", "broken", "classes", "reply"),
    *("record", "longest", "lines", "records", "rows", "tables", "row", "find", "head", "checked", "kind", "make"),
]
VALUES = ((DATE, datetime(2024, 1, 2, 3, 4, 5)), (MONEY, Decimal("1.5")))


@pytest.mark.parametrize("name", COMMON)
def test_a_field_may_have_a_name_that_compiled_functions_could_use(name: str) -> None:
    for type_, value in VALUES:
        one: Any = msgspec.defstruct("One", [("id", int), (name, Any, None), ("z", Any, None)], frozen=True)
        many: Any = msgspec.defstruct("Several", [("ones", tuple, ())], frozen=True)
        rest = Field("z", TEXT, optional=True, text=None)
        obj = Object(one, (Field("id", ID), Field(name, type_, optional=True, text=None), rest))
        csv = (Layout(("id", name)), Layout(("id", name, "z")))
        replies = (
            Reply("group", "a group", obj, csv=csv, xml=("result",)),
            Reply("group", "groups", obj, many=many, item="group", rule="group", csv=csv, xml=("groups",)),
        )
        for reply in replies:
            codec: Codec[Any] = Codec(Endpoint("groups.php", str(GRAMMARS / "groups.lark"), (reply,)))
            for given in ((one(1, value),), (one(1, value, "y"), one(2, value, "z"))):
                made = many(given) if reply.many else given[0]
                for fmt in (1, 2, 3):
                    body = codec.encode(made, fmt=fmt)
                    for _ in range(2):
                        assert codec.decode(body, fmt=fmt, expect=type(made)) == made
                    assert codec.validate(body, fmt=fmt, expect=type(made)).reply == made


def test_names_of_compiled_functions_are_reserved() -> None:
    """Names that come of fields have one in them, or a number."""
    with patch("smsc_codec._rows.source.exec", create=True, side_effect=builtins.exec) as made:
        for each in CODECS:
            codec: Codec[Any] = Codec(each.endpoint)
            for vector in [*VECTORS, *OTHERS][::3]:
                if f"{vector.endpoint}.php" == codec.endpoint.name:
                    reply: Any = codec.validate(vector.body, **vector.asked).reply
                    for fmt in Format if reply is not None else ():
                        with suppress(EncodeError):
                            codec.encode(reply, fmt=fmt)
    names = {name for call in made.call_args_list for name in call.args[1] if name not in ("__name__", "__builtins__")}
    fields = {field.name for each in CODECS for reply in each.endpoint.replies for field in reply.object.fields}
    fields |= {"codes", "texts", "operators", "replacements", "other"}
    own = {name for name in names if not re.search(r"\d", name) and not any(field in name for field in fields)}
    assert own <= RESERVED
    assert {"match_whole", "Record", "find_writer"} <= own


@pytest.mark.parametrize("name", ["Record", "match_whole", "MAX"])
def test_a_reserved_name(name: str) -> None:
    cls: Any = msgspec.defstruct("Group", [("id", int), (name, Any, None)], frozen=True)
    with pytest.raises(OptionError, match=f"field '{name}' has a name that compiled functions use"):
        groups_of(cls, Field("id", ID), Field(name, TEXT, optional=True))


@pytest.mark.parametrize("fmt", [0, 2, 3])
def test_nothing_is_compiled_for_a_record_with_very_many_keys(fmt: int) -> None:
    """A body chooses its keys, and to compile something for them takes longer than to read a record carefully."""
    for count, compiles in ((20, True), (100, False)):
        keys = [f"k{number}" for number in range(count)]
        bodies = {
            0: "name = A, " + ", ".join(f"{key} = 1" for key in keys),
            2: "<senders>\n<sender " + " ".join(f'{key}="1"' for key in keys) + ">A</sender>\n</senders>",
            3: '[{\n"sender": "A",\n' + ",\n".join(f'"{key}": "1"' for key in keys) + "\n}]",
        }
        codec: Codec[Any] = Codec(SENDERS)
        codec.validate("ERROR = 1 (x)", fmt=fmt)
        with patch("smsc_codec._rows.source.exec", create=True, side_effect=builtins.exec) as made:
            reply: Any = codec.decode(bodies[fmt], fmt=fmt)
        assert len(reply.senders[0].operators) == count
        compiled = [call for call in made.call_args_list if f"Sender fmt={fmt}" in call.args[0].co_filename]
        assert bool(compiled) == compiles
