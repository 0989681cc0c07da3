"""Options and bodies that lie or raise when they are asked: nobody asks them, and nothing of theirs leaves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from types import SimpleNamespace
from typing import Any, Union

import pytest

from smsc_codec import (
    Codec,
    DecodeError,
    EncodeError,
    ErrorReply,
    Format,
    Limits,
    OptionError,
    Query,
    Reply,
    Sender,
    SenderCreated,
    SenderError,
    SenderList,
    SmscCodecError,
    Success,
    decode,
    decode_response,
    encode,
    from_json,
    to_json,
    validate,
)
from smsc_codec._types import lazy
from smsc_codec.codec import format_in
from smsc_codec.endpoints import balance, send, senders
from smsc_codec.recordings import validate_recordings

BODIES = {0: b"OK", 1: b"OK", 2: b"<result>OK</result>", 3: b'{"result": "OK"}'}
QUERY = Query(fmt=Format.JSON)


def answering(body: bytes, fmt: int, form: Any = None) -> Any:
    """Return the double of a response."""
    request = None if form is None else SimpleNamespace(body=form, headers={})
    return SimpleNamespace(url=f"senders.php?fmt={fmt}", headers={}, content=body, request=request)


# Classes that are asked for their instances


class Meta:
    """Makes a class whose metaclass answers *name* with *answer*, as soon as it is armed and was asked so often."""

    def __init__(self, name: str, answer: Any, calm: int) -> None:
        self.armed = False
        self.asked = 0

        def method(cls: type, *given: Any) -> Any:
            self.asked += self.armed
            if not self.armed or self.asked <= calm:
                return getattr(type, name)(cls, *given) if hasattr(type, name) else NotImplemented
            if answer is RuntimeError:
                raise RuntimeError("secret")
            return answer

        # A metaclass that compares has no hash otherwise.
        self.cls: Any = type("Asked", (type,), {"__hash__": type.__hash__, name: method})("Expected", (), {})


NAMES = ["__instancecheck__", "__subclasscheck__", "__eq__", "__ne__", "__hash__", "__getattribute__", "__call__"]
NAMES += ["__repr__", "__bool__", "__len__", "__iter__", "__contains__", "__or__", "__ror__", "__dir__", "__mro__"]
WAYS: dict[str, Callable[[Any], Any]] = {
    "alone": lambda cls: cls,
    "beside": lambda cls: SenderList | cls,
    "in a Union": lambda cls: Union[SenderList, cls],  # noqa: UP007
}


def calls(expect: Any) -> list[Callable[[], Any]]:
    made: list[Callable[[], Any]] = []
    for fmt, body in BODIES.items():
        made.append(partial(QUERY.decode, BODIES[3], expect=expect))
        made.append(partial(decode_response, answering(body, fmt), expect=expect))
        made.append(partial(validate, body, fmt=fmt, expect=expect))
        made.append(partial(QUERY.validate, BODIES[3], expect=expect))
        # It is checked before anything is read, also if the reply is an error, which is always allowed.
        made += [partial(decode, other, fmt=0, expect=expect) for other in (b"ERROR = 1 (x)", b"?", b"")]
        for strict in (False, True):
            made.append(partial(decode, body, fmt=fmt, expect=expect, strict=strict))
            made.append(partial(decode, body, expect=expect, strict=strict))
    return made


# Of the functions of the package, and of a codec.
NOT_EXPECTED = ("expect has to be a class of reply, such as SenderList, ", "expect has to be a reply of senders.php (")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("answer", [RuntimeError, True, 5], ids=["raises", "lies", "is odd"])
@pytest.mark.parametrize("way", WAYS)
def test_classes_are_not_asked(name: str, answer: Any, way: str) -> None:
    for calm in (0, 1, 2):
        meta = Meta(name, answer, calm)
        expect = WAYS[way](meta.cls)
        meta.armed = True
        for call in calls(expect):
            with pytest.raises(OptionError) as caught:
                call()
            assert str(caught.value).startswith(NOT_EXPECTED)
            assert "secret" not in str(caught.value)
        # Only what a message prints of the class is of its own making.
        assert not meta.asked or name == "__repr__"


class Done(Success, frozen=True):
    """Made of a reply, and none of the replies that a codec gives."""


def test_a_class_is_expected_by_its_identity() -> None:
    for fmt, body in BODIES.items():
        known: list[Any] = [Success, SenderCreated | Success, senders.Reply, Union[SenderList, Success]]  # noqa: UP007
        for expect in known:
            assert decode(body, fmt=fmt, expect=expect) == validate(body, fmt=fmt, expect=expect).reply == Success()
        for wrong in (object, SenderCreated | object, Success.__mro__[1], Done, Success | None, int | str, Sequence):
            for read in (decode, validate):
                with pytest.raises(OptionError, match=r"^expect has to be a ") as caught:
                    read(body, fmt=fmt, expect=wrong)
                assert SenderList.__name__ in str(caught.value)
    for expect in (Success, ErrorReply):
        assert decode(b"ERROR = 1 (x)", fmt=0, expect=expect) == ErrorReply(1, "x")
    with pytest.raises(DecodeError, match="expected an error, found"):
        decode(b"OK", fmt=0, expect=ErrorReply)
    for wrong in (int, object):
        with pytest.raises(OptionError, match=r"^expect has to be"):
            decode(b"ERROR = 1 (x)", fmt=0, expect=wrong)


# Switches

NO_SWITCHES = [0, 1, None, "", "yes", b"", (), [], 1.0, float("nan"), NotImplemented, ..., object(), bool]


class Undecided:
    def __bool__(self) -> bool:
        raise RuntimeError("secret")


@pytest.mark.parametrize("given", [*NO_SWITCHES, Undecided()], ids=range(len(NO_SWITCHES) + 1))
def test_switches_are_true_or_false(given: Any) -> None:
    for fmt, body in BODIES.items():
        for read in (
            partial(decode, body, fmt=fmt, strict=given),
            partial(decode, body + b"?", strict=given),
            partial(QUERY.decode, BODIES[3], strict=given),
            partial(decode_response, answering(body, fmt), strict=given),
            partial(validate, body, fmt=fmt, strict=given),
            partial(QUERY.validate, BODIES[3], strict=given),
        ):
            with pytest.raises(OptionError, match=r"^strict has to be True or False, not ") as caught:
                read()
            assert not hasattr(caught.value, "code") and caught.value.__context__ is None
        replies: list[Reply] = [Success(), ErrorReply(1, "x")]
        # Of nothing to drop there is no wrong name.
        for reply in () if type(given) in (tuple, list) else replies:
            with pytest.raises(
                OptionError, match=r"^drop has to be a list, a tuple or a set of names, not |^drop can hold"
            ):
                encode(reply, fmt=fmt, drop=given)
    with pytest.raises(OptionError, match=r"^strict has to be True or False, not "):
        validate_recordings([], strict=given)


def test_a_switch_that_is_true() -> None:
    for fmt, body in BODIES.items():
        assert decode(body, fmt=fmt, strict=True) == validate(body, fmt=fmt, strict=True).reply == Success()
        odd = validate(b"\xef\xbb\xbf" + body, fmt=fmt, strict=True)
        assert odd.reply is None and [finding.code for finding in odd.findings] == ["bom"]
    assert QUERY.validate(BODIES[3], strict=True).reply == QUERY.decode(BODIES[3], strict=True) == Success()
    assert encode(ErrorReply(3, "x"), fmt=1, drop=["description"]) == b"0,-3"


# Objects that answer whatever they are asked

ASKED = ["__bool__", "__eq__", "__ne__", "__hash__", "__len__", "__iter__", "__contains__", "__getitem__", "__int__"]
ASKED += ["__index__", "__str__", "__repr__", "__format__", "__buffer__", "__bytes__", "__getattribute__", "__class__"]
ASKED += ["__lt__", "__le__", "__add__", "__mod__", "__fspath__", "__reduce_ex__", "isprintable", "startswith", "lower"]
ASKED += ["strip", "encode", "decode", "items", "keys", "values", "partition", "__instancecheck__"]
BASES: list[tuple[type, Any]] = [(object, ()), (int, (3,)), (str, ("fmt=3",)), (str, ("utf-8",)), (bytes, (b"OK",))]
BASES += [(dict, ({"fmt": "3", "get": "1"},)), (tuple, ((("fmt", "3"),),)), (float, (1.5,)), (list, ([("fmt", "3")],))]


def asked(base: type, given: Any, name: str, answer: Any) -> Any:
    def method(self: Any, *arguments: Any, **options: Any) -> Any:
        if answer is RuntimeError:
            raise RuntimeError("secret")
        return answer

    return type("Odd\x1b[31m\n\u202e", (base,), {name: property(method) if name == "__class__" else method})(*given)


class Words(str):
    """What a method that has to answer with a string answers with."""

    def __getitem__(self, key: object) -> str:
        raise RuntimeError("secret")

    __len__ = __eq__ = __iter__ = isprintable = __getitem__  # type: ignore[assignment]
    __hash__ = str.__hash__


def uses(odd: Any) -> list[Callable[[], Any]]:
    """Return every place that an object can be given in."""
    names: list[Any] = [{"mts": odd}, odd]
    replies: list[Any] = [odd, ErrorReply(odd), ErrorReply(1, odd), SenderCreated(odd), SenderList((odd,))]
    replies += [SenderList((Sender("A", 1, None, given),)) for given in names]
    replies += [SenderList((Sender("A", 1, None, {}, given),)) for given in names]
    responses = [
        SimpleNamespace(url="senders.php?fmt=0", headers={}, content=odd),
        SimpleNamespace(url=odd, headers={}, content=b"OK"),
        SimpleNamespace(url="senders.php?fmt=0", headers=odd, content=b"OK"),
        SimpleNamespace(url="senders.php?fmt=0", headers={"Content-Type": odd}, content=b"OK"),
        SimpleNamespace(url="senders.php?fmt=0", headers={}, content=b"OK", request=odd),
        answering(b"OK", 0, odd),
        odd,
    ]
    made = [
        *(partial(decode_response, response) for response in responses),
        partial(decode_response, answering(b"OK", 0), form=odd),
        partial(decode_response, answering(b"OK", 0), odd),
        partial(decode, odd),
        *(partial(decode, odd, fmt=fmt) for fmt in Format),
        *(partial(Query, **{option: odd}) for option in Query.__struct_fields__),
        *(partial(Limits, **{option: odd}) for option in Limits.__struct_fields__),
        partial(Query.from_url, odd),
        partial(Query.from_url, "senders.php?fmt=0", odd),
        partial(Query.from_url, {"fmt": odd, "get": odd}),
        partial(Query.from_url, [(odd, "1"), ("fmt", odd)]),
        partial(QUERY.decode, b"OK", content_type=odd),
        partial(QUERY.validate, b"OK", content_type=odd),
        partial(QUERY.decode, odd),
        partial(QUERY.validate, odd),
        partial(from_json, odd),
        *(partial(encode, reply, fmt=fmt) for reply in replies for fmt in Format),
        *(partial(to_json, reply) for reply in replies),
        *(reply.raise_for_error for reply in replies[1:3]),
    ]
    for option in ("fmt", "charset", "expect", "strict", "limits"):
        for body in (b"OK", b"?"):
            made += [partial(decode, body, **{option: odd}), partial(validate, body, **{option: odd})]
    for option in ("fmt", "charset", "limits", "drop"):
        made.append(partial(encode, ErrorReply(1, "x"), **{"fmt": 1, option: odd}))
    return made


@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize("answer", [RuntimeError, True, 5, Words("x")], ids=["raises", "true", "five", "words"])
def test_nothing_leaves_but_errors_of_our_own(name: str, answer: Any) -> None:
    for base, given in BASES:
        odd = asked(base, given, name, answer)
        for use in uses(odd):
            try:
                use()
            except SmscCodecError as error:
                said = str(error)
                assert all(line.isprintable() for line in said.split("\n")) and len(said) < 700
                assert "secret" not in said


@pytest.mark.parametrize("name", ["__name__", "__eq__", "__ne__", "__hash__", "__getattribute__", "__instancecheck__"])
def test_the_classes_of_objects_are_not_asked(name: str) -> None:
    def method(cls: type, *given: Any) -> Any:
        raise RuntimeError("secret")

    members = {"__hash__": type.__hash__, name: property(method) if name == "__name__" else method}
    meta: Any = type("Meta", (type,), members)
    for base, given in BASES:
        odd = meta("Odd", (base,), {})
        for use in uses(type.__call__(odd, *given)) + uses(odd):
            try:
                use()
            except SmscCodecError as error:
                assert "secret" not in str(error)


def test_urls_and_names_are_read_once() -> None:
    """What a string says in the first place counts, whatever its methods say afterwards."""
    odd = Words("3")
    one: Any = Words("1")
    assert Query.from_url({"fmt": odd, "get": one}) == Query.from_url([("fmt", odd), ("get", one)])
    assert Query.from_url({"fmt": odd, "get": one}) == Query(fmt=Format.JSON, command="get")
    assert Query(endpoint=Words("senders")) == Query()
    command = Query(command=Words("get")).command
    assert type(command) is str and command == "get"


def test_normalized_json_of_any_bytes_or_string() -> None:
    for data in (b'{"kind":"success"}', '{"kind":"success"}', Words('{"kind":"success"}')):
        assert from_json(data) == Success()
    assert from_json(memoryview(b'{"kind":"success"}')) == Success()  # type: ignore[arg-type]
    released = memoryview(b"{}")
    released.release()
    for nothing in (None, 5, released):
        with pytest.raises(OptionError, match=r"^normalized JSON has to be bytes or a string, not "):
            from_json(nothing)  # type: ignore[arg-type]


def test_what_is_made_at_first_use_is_made_once() -> None:
    class Thing:
        made = 0

        @lazy
        def number(self) -> int:
            """How many were made."""
            self.made += 1
            return self.made

    one, two = Thing(), Thing()
    assert (one.number, one.number, two.number) == (1, 1, 1)
    assert Thing.number.__doc__ == "How many were made."


# Formats by name, and what may be left out


@pytest.mark.parametrize("fmt", Format)
def test_formats_by_name(fmt: Format) -> None:
    names = (fmt.name, fmt.name.lower(), fmt.name.title(), Words(fmt.name))
    for name in names:
        assert decode(BODIES[fmt], fmt=name) == decode(bytearray(BODIES[fmt]), fmt=name, strict=True) == Success()
        assert validate(BODIES[fmt], fmt=name).reply == Success()
        assert encode(Success(), fmt=name) == encode(Success(), fmt=fmt)
        assert Query(fmt=name).fmt is fmt  # type: ignore[arg-type]


@pytest.mark.parametrize("fmt", ["3", "", "html", " json", "json\n", "\u017fon", b"json", True, 4, -1, 1.0])
def test_no_formats(fmt: Any) -> None:
    words = "^fmt has to be 0, 1, 2, 3, 'text', 'csv', 'xml' or 'json', not "
    for use in (partial(decode, b"OK"), partial(validate, b"OK"), partial(encode, Success()), Query):
        with pytest.raises(OptionError, match=words):
            use(fmt=fmt)


class Names(list[str]):
    pass


REFUSED = ErrorReply(SenderError.NOT_FOUND, "record not found")


@pytest.mark.parametrize("kind", [tuple, list, set, frozenset])
def test_what_is_dropped(kind: Any) -> None:
    assert encode(REFUSED, fmt=1, drop=kind(["description"])) == b"0,-3"
    assert encode(ErrorReply(3, "x", 5), fmt=1, drop=kind(["description", "id"])) == b"5,-3"
    for fmt in (0, 2, 3):
        assert encode(REFUSED, fmt=fmt, drop=kind(["description", "id"])) == encode(REFUSED, fmt=fmt)
    for fmt in Format:
        assert encode(Success(), fmt=fmt, drop=kind(["description"])) == encode(Success(), fmt=fmt)
    for drop in ((), kind(["id"])):
        with pytest.raises(EncodeError, match="description: comma-separated replies have no place for it"):
            encode(REFUSED, fmt=1, drop=drop)


@pytest.mark.parametrize(
    "drop",
    [
        *(Names(["description"]), {"description": 1}, {"description": 1}.keys(), iter(["description"]), "description"),
        *(b"description", None, True, ["description", 5], [None], [["description"]], ("description", b"id")),
    ],
    ids=range(12),
)
def test_invalid_names_to_drop(drop: Any) -> None:
    for reply in (REFUSED, Success(), SenderList()):
        for fmt in Format:
            with pytest.raises(OptionError, match=r"^drop has to be a list, a tuple or a set of names, not "):
                encode(reply, fmt=fmt, drop=drop)


@pytest.mark.parametrize("name", ["code", "senders", "name", "Description", "", "cost"])
def test_names_that_cannot_be_dropped(name: str) -> None:
    for fmt in Format:
        with pytest.raises(OptionError, match=f"^drop can hold description, id, not '{name}'$"):
            encode(REFUSED, fmt=fmt, drop=["description", name])


@pytest.mark.parametrize(
    ("body", "fmt"),
    [
        ("name = A", Format.TEXT),
        ("\n \nOK", Format.TEXT),
        ("A,5", Format.CSV),
        ("", Format.CSV),
        (" \n<s>", Format.XML),
        ("\n[", Format.JSON),
        ("{", Format.JSON),
        (f"<{'x' * 1000}", Format.XML),
    ],
)
def test_the_format_that_a_body_begins_like(body: str, fmt: Format) -> None:
    for charset in ("utf-8", "utf-8-sig", "utf-16"):
        assert format_in(body.encode(charset)) is fmt


# What a request asked for


class Raising(dict[str, str]):
    def __iter__(self) -> Any:
        raise KeyError


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        (None, "parameters has to be a mapping of str to str, not NoneType"),
        ("cost=1", "parameters has to be a mapping of str to str, not str"),
        ([("cost", "1")], "parameters has to be a mapping of str to str, not list"),
        ({"cost": 1}, "the parameter 'cost' has to be str, not int"),
        ({"psw": b"secret"}, "the parameter 'psw' has to be str, not bytes"),
        ({5: "1"}, "the names in parameters have to be str, not int"),
        (
            {"cost": ["1"]},
            "the parameter 'cost' has to be str, not list (`parse_qs` returns lists: pass dict(parse_qsl(query)))",
        ),
        (Raising(), "parameters is a mapping that raises KeyError when it is read"),
    ],
)
@pytest.mark.parametrize("codec", [send.CODEC, send.CODEC.asked({"cost": "1"}), balance.CODEC])
def test_the_parameters_of_a_request(codec: Any, parameters: Any, reason: str) -> None:
    with pytest.raises(OptionError) as caught:
        codec.asked(parameters)
    assert caught.value.reason == reason


def test_a_codec_of_no_endpoint() -> None:
    for endpoint in ("send", send, send.ENDPOINT.own[0]):
        with pytest.raises(OptionError, match=r"^endpoint has to be an Endpoint of smsc_codec\.declare, not "):
            Codec(endpoint)  # type: ignore[arg-type]
