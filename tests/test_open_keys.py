"""Lists whose records have keys that nobody documents: compiled writers write them, within bounds."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, cast
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from smsc_codec import Codec, EncodeError, Format, FrozenMapping, Limits
from smsc_codec._rows.read import MOST_KEYS
from smsc_codec.declare import FORMATS, Other, Reply
from smsc_codec.endpoints import get
from smsc_codec.endpoints.get import MegaAccount, MegaAccountList
from smsc_codec.formats.reader import LONGEST_KEYS, FormatReader
from smsc_codec.formats.shapes import shape_budget
from smsc_codec.testing._declared import Values

from .declared import KNOWN, Known, written
from .fuzz.targets import outcome
from .registered import share

LISTS = [
    pytest.param(known, reply, id=f"{known.endpoint.name} {reply.kind}")
    for known in KNOWN
    for reply in known.endpoint.own
    if reply.many and isinstance(reply.object.open, Other)
]
NUMBERS = ["0", "5", "05", "-5", "9" * 18, "9" * 19, "²", "٣", "1.40"]
TEXTS = [
    "",
    "Tom",
    "Müller & Söhne",
    '"',
    "\\",
    "a, b",
    "a, b = c",
    ", a",
    "x,",
    "=",
    "a\nb",
    "\ud800",
    "<b>",
    "\x01",
    "]]>",
]
KEYS = [
    "city",
    "Town",
    "a b",
    "a = b",
    "1st",
    "ключ",
    "",
    "xmlns",
    "ID",
    "OK",
    "error",
    "error_code",
    "result",
    "\ud800",
]
COMPILED = [Format.TEXT, Format.XML, Format.JSON]


class NotCompiledError(Exception):
    """The careful writer has been asked."""


def without_careful_writer() -> Any:
    return patch.object(FormatReader, "write_carefully", side_effect=NotCompiledError)


def account(other: Any) -> MegaAccount:
    return MegaAccount(cast("Any", other if isinstance(other, FrozenMapping) else FrozenMapping.of(other)))


def accounts(*some: Any) -> MegaAccountList:
    return MegaAccountList(tuple(account(other) for other in some))


def encoded(codec: Codec[Any], reply: Any, fmt: Format) -> Any:
    """Return what a list is written as, or the words of the error."""
    found = outcome(codec.encode, reply, fmt=fmt)
    return found[0] if isinstance(found, tuple) else found


def careful(codec: Codec[Any], reply: Any, fmt: Format) -> Any:
    """Return the same by the careful writer: mappings of another class keep the compiled ones from it."""
    (name,) = reply.__struct_fields__
    proxies = [replace(each, other=MappingProxyType({**each.other})) for each in getattr(reply, name)]
    return encoded(codec, type(reply)(tuple(proxies)), fmt)


@pytest.mark.parametrize(("known", "reply"), LISTS)
@pytest.mark.parametrize("fmt", COMPILED)
def test_compiled_writers_write_undocumented_keys(known: Known, reply: Reply, fmt: Format) -> None:
    codec: Codec[Any] = Codec(known.endpoint)
    value = Values(st.just("Tom"), wild=False).replies(known.endpoint, fmt, reply.cls)
    other = {"city": "Moscow", "floor": "5", "tall": ""}
    carried = 0

    @share(60)
    @given(value)
    def law(made: Any) -> None:
        nonlocal carried
        records = getattr(made, reply.attribute)
        if not records:
            return
        some = [replace(records[0], other=FrozenMapping.of({**other, "floor": text})) for text in NUMBERS[:6]]
        several = reply.cls(tuple(some))
        expected = careful(codec, several, fmt)
        if isinstance(expected, bytes):
            carried += 1
            with without_careful_writer():
                assert codec.encode(several, fmt=fmt) == expected
            assert codec.decode(expected, fmt=fmt, expect=reply.cls) == several

    law()
    assert carried or not reply.is_known(FORMATS[fmt])


@pytest.mark.parametrize(("known", "reply"), LISTS)
def test_both_writers_agree_whatever_the_keys_and_texts(known: Known, reply: Reply) -> None:
    names = {
        name for each in known.endpoint.replies for fmt in ("text", "xml", "json") for name in each.object.names(fmt)
    }
    others = st.dictionaries(
        st.sampled_from([*KEYS, *sorted(names)]), st.sampled_from(NUMBERS + TEXTS) | st.text(max_size=4), max_size=3
    )
    value = Values(st.just("Tom"), wild=False).replies(known.endpoint, None, reply.cls)

    @share(500)
    @given(value, st.lists(others, min_size=1, max_size=3), st.sampled_from(Format))
    def law(made: Any, given_: list[dict[str, str]], fmt: Format) -> None:
        records = [replace(each, other=FrozenMapping.of(given_[n % len(given_)])) for n, each in enumerate(made)]
        several = reply.cls(tuple(records * 2))
        assert encoded(known.codec, several, fmt) == careful(known.codec, several, fmt)
        body = written(known.codec, several, fmt)
        if body is not None:
            assert known.codec.decode(body, fmt=fmt, expect=reply.cls) == several

    law()


@pytest.mark.parametrize("fmt", COMPILED)
def test_records_with_and_without_undocumented_keys(fmt: Format) -> None:
    kinds = [{}, {"a": "5"}, {"a": "x", "b": ""}, {"b": "1", "a": "2"}]
    reply = get.StatisticsList(
        tuple(get.Statistics(f"n{n}", n, other=cast("Any", FrozenMapping.of(kinds[n % 4]))) for n in range(40))
    )
    expected = careful(get.CODEC, reply, fmt)
    dictionaries = get.StatisticsList(tuple(replace(each, other={**each.other}) for each in reply))
    with without_careful_writer():
        assert get.CODEC.encode(reply, fmt=fmt) == get.CODEC.encode(dictionaries, fmt=fmt) == expected


@pytest.mark.parametrize("fmt", COMPILED)
@pytest.mark.parametrize("given_", [{"a": 5}, {"a": None}, {5: "a"}, {"a": "x", 5: "a"}])
def test_what_is_not_text_is_refused(given_: Any, fmt: Format) -> None:
    for reply in (accounts(given_), accounts({"a": "x"}, given_)):
        found = encoded(get.CODEC, reply, fmt)
        assert found == careful(get.CODEC, reply, fmt)
        assert isinstance(found, str)


@pytest.mark.parametrize("fmt", COMPILED)
@pytest.mark.parametrize(
    "broken", [FrozenMapping(("a",), ()), FrozenMapping(("a", "a"), ("1", "2")), FrozenMapping((), ("x",))]
)
def test_a_broken_mapping_is_refused(broken: Any, fmt: Format) -> None:
    for reply in (accounts(broken), accounts({"a": "x"}, broken)):
        with pytest.raises(EncodeError):
            get.CODEC.encode(reply, fmt=fmt)


@pytest.mark.parametrize("fmt", COMPILED)
def test_limits_hold_for_undocumented_keys(fmt: Format) -> None:
    reply = accounts(*[{"a": "Anderson", "town": "5"}] * 3)
    for limits in (Limits(text=7), Limits(text=3), Limits(fields=1)):
        with pytest.raises(EncodeError, match="expected"):
            get.CODEC.encode(reply, fmt=fmt, limits=limits)
    assert get.CODEC.encode(reply, fmt=fmt, limits=Limits(text=8, fields=2)) == get.CODEC.encode(reply, fmt=fmt)


BEYOND = {
    "long": {"k" * (LONGEST_KEYS + 1): "x"},
    "many": {f"k{number}": "x" for number in range(MOST_KEYS + 1)},
}


@pytest.mark.parametrize("fmt", COMPILED)
@pytest.mark.parametrize("other", BEYOND.values(), ids=BEYOND)
def test_too_long_or_too_many_keys_are_not_compiled(other: dict[str, str], fmt: Format) -> None:
    codec: Codec[Any] = Codec(get.ENDPOINT)
    reply = accounts(other, other)
    body = codec.encode(reply, fmt=fmt)
    assert len(codec._formats[fmt]._writers) == 0
    assert codec.decode(body, fmt=fmt, expect=MegaAccountList) == reply


@pytest.mark.parametrize("fmt", COMPILED)
def test_a_list_has_so_many_writers_compiled(fmt: Format) -> None:
    codec: Codec[Any] = Codec(get.ENDPOINT)
    reply = accounts(*[{f"k{number}": "x"} for number in range(200)])
    body = codec.encode(reply, fmt=fmt)
    assert len(codec._formats[fmt]._writers) == shape_budget(200)
    assert codec.decode(body, fmt=fmt, expect=MegaAccountList) == reply


def test_a_first_line_that_would_be_an_error_is_refused() -> None:
    for some in ([{"ERROR": "5"}], [{"ERROR": "5", "a": "1"}, {"a": "2"}]):
        with pytest.raises(EncodeError, match="read back as something else") as caught:
            get.CODEC.encode(accounts(*some), fmt=0)
        assert caught.value.path == "accounts[0]"
    reply = accounts({"a": "2"}, {"ERROR": "5"})
    assert get.CODEC.decode(get.CODEC.encode(reply, fmt=0), fmt=0, expect=MegaAccountList) == reply
