"""Whatever a library of others raises, only our own errors leave this one; and it reads on as before.

`MemoryError` and `RecursionError`, which say something of the process and nothing of the body, may pass as they are;
`KeyboardInterrupt` has to. What a call cannot raise is not tried: to catch it would hide mistakes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import product
from types import SimpleNamespace
from typing import Any, NamedTuple
from unittest.mock import patch
from xml.parsers import expat

import msgspec
import orjson
import pytest
from defusedxml.common import DTDForbidden, EntitiesForbidden, ExternalReferenceForbidden, NotSupportedError
from defusedxml.ElementTree import DefusedXMLParser
from lark import Lark
from lark.exceptions import UnexpectedInput

from smsc_codec import Format, SmscCodecError, decode, encode, from_json, to_json, validate
from smsc_codec._rows import values
from smsc_codec.endpoints.senders import CODEC, SENDERS
from smsc_codec.formats import json
from smsc_codec.formats.grammar import Grammar

from .anew import made_once
from .vectors import GOOD, VECTORS, Vector

Raise = Callable[..., Any]
Work = Callable[[], Any]


class Call(NamedTuple):
    """A call of a library of others, replaced by *place*, and what it can raise."""

    place: Callable[[Raise], Any]
    real: Callable[..., Any]
    errors: tuple[Callable[[], BaseException], ...]


class _Replaced:
    """An object with one of its methods replaced."""

    def __init__(self, real: Any, name: str, by: Raise) -> None:
        self._real = real
        self._name = name
        self._by = by

    def __getattr__(self, name: str) -> Any:
        return self._by if name == self._name else getattr(self._real, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in ("_real", "_name", "_by"):
            object.__setattr__(self, name, value)
        else:
            setattr(self._real, name, value)


@contextmanager
def _expat(by: Raise) -> Iterator[None]:
    def made(**options: Any) -> SimpleNamespace:
        real = DefusedXMLParser(**options).parser
        return SimpleNamespace(parser=_Replaced(real, "Parse", partial(by, real)))

    with patch("smsc_codec.formats.xml_tree.DefusedXMLParser", made):
        yield


@contextmanager
def _rows_of_json(by: Raise) -> Iterator[None]:
    real = json._compiled

    def shape(*given: Any) -> Any:
        made = real(*given)
        return made._replace(wire=partial(by, made.wire), loose=partial(by, made.loose), one=partial(by, made.one))

    # A reader that knows no shapes yet.
    with (
        made_once(),
        patch("smsc_codec.formats.json._compiled", shape),
        patch.dict(CODEC._formats, {Format.JSON: json.JsonFormat(SENDERS)}),
    ):
        yield


def _expat_error(code: str) -> expat.ExpatError:
    error = expat.ExpatError(code)
    error.code = expat.errors.codes[code]
    error.lineno, error.offset = 1, 0
    return error


def _caught(work: Work, *classes: type[BaseException]) -> BaseException:
    with pytest.raises(classes) as caught:
        work()
    return caught.value


def _lark_error(text: str) -> BaseException:
    return _caught(partial(Grammar("senders", ("reply",))._lark.parse, text, start="reply"), UnexpectedInput)


_PARSE, _LOADS, _DUMPS = Lark.parse, orjson.loads, orjson.dumps
_CODES = sorted(set(expat.errors.codes))

CALLS = {
    "orjson.loads": Call(
        lambda by: patch("orjson.loads", by),
        _LOADS,
        (lambda: _caught(lambda: _LOADS(b"["), orjson.JSONDecodeError), lambda: orjson.JSONDecodeError("x", "", 0)),
    ),
    "orjson.dumps": Call(
        lambda by: patch("orjson.dumps", by), _DUMPS, (lambda: orjson.JSONEncodeError("x"), lambda: TypeError("x"))
    ),
    "expat.Parse": Call(
        _expat,
        lambda parser, *given: parser.Parse(*given),
        (
            *(partial(_expat_error, code) for code in _CODES),
            lambda: DTDForbidden("a", None, None),
            lambda: EntitiesForbidden("a", "b", None, None, None, None),
            lambda: ExternalReferenceForbidden("a", None, None, None),
            NotSupportedError,
        ),
    ),
    "Lark.parse": Call(
        lambda by: patch.object(Lark, "parse", by),
        _PARSE,
        tuple(partial(_lark_error, text) for text in ("", "x", "OK OK", "name = ", "name = A, 5", "ERROR = 3 (")),
    ),
    "msgspec.convert": Call(
        lambda by: patch.object(msgspec, "convert", by),
        msgspec.convert,
        (lambda: msgspec.ValidationError("x"),),
    ),
    "msgspec decode": Call(
        lambda by: patch.object(values, "_decode_numbers", by),
        values._decode_numbers,
        (lambda: msgspec.ValidationError("x"), lambda: msgspec.DecodeError("x")),
    ),
    "msgspec rows": Call(
        _rows_of_json,
        lambda decode, *given: decode(*given),
        (
            lambda: msgspec.ValidationError("x"),
            lambda: msgspec.DecodeError("x"),
            lambda: UnicodeDecodeError("utf-8", b"x", 0, 1, "x"),
        ),
    ),
    # Numbers that have just been read have been checked, and it has nothing to object to.
    "msgspec encode": Call(
        lambda by: patch.object(values, "_encode", by),
        values._encode,
        (),
    ),
    # What it is given has been read by orjson.
    "json decode": Call(lambda by: patch.object(json, "_LOAD", by), json._LOAD, ()),
}


def json_list(records: list[dict[str, Any]]) -> str:
    """Return a list with a member a line."""
    return orjson.dumps(records, option=orjson.OPT_INDENT_2).decode()


# Numbers of more than 16 records are read and written all at once.
LISTS = [
    Vector(name, {"fmt": fmt, "body": body})
    for name, times in (("two", 1), ("many", 10))
    for fmt, body in enumerate(
        (
            "\n".join(["name = A, id = 5\nname = B, id = 6"] * times),
            "\n".join(["A,5\nB,6"] * times) + "\n",
            "\n".join(["<senders>", *['<sender id="5">A</sender>', '<sender id="6">B</sender>'] * times, "</senders>"]),
            json_list([{"sender": "A", "id": 5}, {"sender": "B", "id": "6"}] * times),
            json_list([{"sender": "A", "id": "5"}] * 2 * times),
        )
    )
    for fmt in [min(fmt, 3)]
]


def works() -> Iterator[Work]:
    """Everything that the library does, in small parts."""
    for vector in (*LISTS, *VECTORS[::4]):
        yield partial(decode, vector.body, **vector.asked)
        yield partial(decode, vector.body, **{**vector.asked, "charset": "utf-8"})
        yield partial(validate, vector.body, **vector.asked)
    for vector in (*LISTS, *GOOD[::4]):
        reply = decode(vector.body, **vector.asked)
        for fmt in Format:
            yield partial(encode, reply, fmt=fmt)
        yield partial(to_json, reply)
        yield partial(from_json, to_json(reply))


WORKS = list(works())


def outcome(work: Work) -> Any:
    try:
        return work()
    except SmscCodecError as error:
        return type(error), str(error)


@pytest.fixture(scope="module")
def expected() -> list[Any]:
    return [outcome(work) for work in WORKS]


def reaching(name: str) -> list[Work]:
    """Return the works that make the call, after all have been done once."""
    call = CALLS[name]
    reached = 0

    def by(*given: Any, **options: Any) -> Any:
        nonlocal reached
        reached += 1
        return call.real(*given, **options)

    found = []
    for work in WORKS:
        before = reached
        with call.place(by):
            outcome(work)
        if reached > before:
            found.append(work)
    assert found
    return found


@pytest.mark.parametrize("name", [name for name, call in CALLS.items() if call.errors])
def test_only_our_errors_leave(name: str, expected: list[Any]) -> None:
    call = CALLS[name]
    works = reaching(name)
    for error, first in product([make() for make in call.errors], (1, 2)):
        reached = 0
        for work in works[:: 1 if len(call.errors) < 10 else 10]:
            count = 0

            def by(*given: Any, error: BaseException = error, first: int = first, **options: Any) -> Any:
                nonlocal count, reached
                count += 1
                if count < first:
                    return call.real(*given, **options)
                reached += 1
                raise error.with_traceback(None)

            with call.place(by):
                outcome(work)
        assert reached or first > 1
    assert [outcome(work) for work in WORKS] == expected, "nothing is left behind"


@pytest.mark.parametrize("name", CALLS)
def test_what_says_nothing_of_the_body_may_pass(name: str, expected: list[Any]) -> None:
    works = reaching(name)
    for cls in (MemoryError, RecursionError, KeyboardInterrupt):
        reached = passed = 0

        def by(*given: Any, cls: type[BaseException] = cls, **options: Any) -> Any:
            nonlocal reached
            reached += 1
            raise cls

        for work in works:
            with CALLS[name].place(by):
                try:
                    outcome(work)
                except cls:
                    passed += 1
        assert passed == reached if cls is KeyboardInterrupt else reached
    assert [outcome(work) for work in WORKS] == expected, "nothing is left behind"
