"""What is compared: the pieces of work, who does them, and what we may cost at most."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from importlib import import_module
from typing import Any

from smsc_codec import Format, Report, SenderCreated, decode, decode_response, validate

from . import meanings, peers
from .bodies import CASES, VIEWS, body, fields, in_one_line, messages, plain, undocumented
from .contest import Contender, Effort, Measure, Run, Target, Work
from .endpoints import answers
from .small import small_replies
from .timing import IMPORT, LOADED, PEAK, in_few_fresh_processes, in_fresh_processes, interleaved, interleaved_for_long

USUAL = 1_000
"""The names of a list beside which everybody is measured."""

SIZES = (1, 2, 10, 100, USUAL)


def counted(count: int) -> str:
    return "one name" if count == 1 else f"{count:,} names"


def _reader(given: bytes, fmt: Format) -> Contender:
    return Contender("smsc_codec", "checked, typed model", partial(peers.ours, given, fmt), meanings.of_reply)


def decode_list(fmt: Format, view: str, count: int, measure: Measure = interleaved) -> Work:
    """Reading a list of that many names; at 1,000 beside everybody, else beside what most people have."""
    given = body(fmt, view, count)
    others = {Format.TEXT: _text, Format.CSV: _csv, Format.XML: _xml, Format.JSON: _json}[fmt](given, view, count)
    peers = others if count == USUAL else others[:1]
    group = f"decode fmt={fmt:d}, {counted(count)}"
    return Work(group, view, _reader(given, fmt), peers, measure)


def _limit(fmt: Format, count: int) -> Target:
    """Return what reading a list may cost, beside what most people have."""
    if count >= USUAL:
        return Target({Format.TEXT: 0.75, Format.CSV: 1.5, Format.XML: 0.85, Format.JSON: 0.9}[fmt])
    if fmt is Format.CSV:
        return Target(round(1.8 + 0.2 * count, 1), "J more")
    return Target({Format.TEXT: 1.6, Format.XML: 1.0, Format.JSON: 1.4}[fmt])


def _text(given: bytes, view: str, count: int) -> tuple[Contender, ...]:
    split = partial(peers.split_into_dicts, given)
    found = [Contender("split into dicts", "strings in dicts", split, meanings.of_dicts, _limit(Format.TEXT, count))]
    if view == "operators=1":
        plain, cython = partial(peers.lark, given), partial(peers.lark_cython, given)
        found.append(Contender("plain Lark", "typed model", plain, meanings.of_reply))
        found.append(Contender("lark-cython", "typed model", cython, meanings.of_reply))
    return tuple(found)


def _csv(given: bytes, view: str, count: int) -> tuple[Contender, ...]:
    split = partial(peers.split_into_lists, given)
    meaning = partial(meanings.of_lists, ("name", *fields(Format.CSV, view)))
    return (Contender("split into lists", "strings in lists", split, meaning, _limit(Format.CSV, count)),)


def _xml(given: bytes, _: str, count: int) -> tuple[Contender, ...]:
    standard, lxml = partial(peers.element_tree, given), partial(peers.lxml, given)
    return (
        Contender("ElementTree.fromstring", "tree", standard, meanings.of_tree, _limit(Format.XML, count)),
        Contender("lxml.etree.fromstring", "tree", lxml, meanings.of_tree),
    )


def _json(given: bytes, view: str, count: int) -> tuple[Contender, ...]:
    standard, orjson = partial(peers.json_loads, given), partial(peers.orjson_loads, given)
    pydantic, msgspec = partial(peers.pydantic_json, given, view), partial(peers.msgspec_json, given, view)
    return (
        Contender("json.loads", "values in dicts", standard, meanings.of_dicts, _limit(Format.JSON, count)),
        Contender("orjson.loads", "values in dicts", orjson, meanings.of_dicts),
        Contender("pydantic", "typed models", pydantic, meanings.of_models),
        Contender("msgspec", "typed structs", msgspec, meanings.of_structs),
    )


def views_by_turns() -> list[Work]:
    """Reading a list of one name in each view, one behind another."""
    others: dict[Format, tuple[str, str, Callable[[bytes], Run], Callable[[Any], meanings.Rows], float]] = {
        Format.TEXT: ("split into dicts", "strings in dicts", peers.split_into_dicts, meanings.of_dicts, 1.9),
        Format.XML: ("ElementTree.fromstring", "tree", peers.element_tree, meanings.of_tree, 1.1),
        Format.JSON: ("json.loads", "values in dicts", peers.json_loads, meanings.of_dicts, 1.5),
    }
    found = []
    for fmt, (name, gives, read, meaning, limit) in others.items():
        bodies = [body(fmt, view, 1) for view in VIEWS]
        ours = partial(peers.by_turns, lambda given, fmt=fmt: peers.ours(given, fmt), bodies)  # type: ignore[misc]
        us = Contender("smsc_codec", "checked, typed models", ours, meanings.of_several(meanings.rows_of))
        several = meanings.of_several(meaning)
        peer = Contender(name, gives, partial(peers.by_turns, read, bodies), several, Target(limit))
        found.append(Work(f"decode fmt={fmt:d}, one name", "three views by turns", us, (peer,), interleaved))
    return found


def free_text() -> Work:
    """Reading the states of messages; what splits them takes the comma in a message for one between fields."""
    from smsc_codec.endpoints.status import CODEC

    given = messages(USUAL)
    ours = Contender("smsc_codec", "checked, typed model", lambda: lambda: CODEC.decode(given, fmt=0), len)
    split = partial(peers.split_with_free_text, given)
    peer = Contender("split into dicts", "strings in dicts, texts cut at commas", split, len, Target(1.8))
    return Work("decode fmt=0, 1,000 messages", "free text", ours, (peer,), interleaved)


def layouts() -> list[Work]:
    """Reading lists that are laid out or filled in another way, beside the same list in canonical form."""
    works = []

    def add(fmt: Format, title: str, given: bytes, canonical: bytes) -> None:
        ours = Contender(title, "checked, typed model", partial(peers.ours, given, fmt), meanings.of_names)
        peer = replace(ours, name="canonical", make=partial(peers.ours, canonical, fmt), target=Target(3))
        works.append(Work(f"decode fmt={fmt:d}, {counted(USUAL)}", title, ours, (peer,), interleaved))

    declaration = b'<?xml version="1.0" encoding="UTF-8"?>\n'
    add(Format.XML, "a declaration", declaration + body(Format.XML, "all=1", USUAL), body(Format.XML, "all=1", USUAL))
    for fmt in Format:
        canonical = body(fmt, "all=1", USUAL)
        add(fmt, "CRLF", canonical.replace(b"\n", b"\r\n"), canonical)
        if fmt in (Format.XML, Format.JSON):
            add(fmt, "in one line", in_one_line(canonical, fmt), canonical)
        if fmt is not Format.CSV:
            canonical = body(fmt, "operators=1", USUAL)
            add(fmt, "an undocumented key in one name", undocumented(fmt, USUAL, every=USUAL), canonical)
            add(fmt, "an undocumented key in every name", undocumented(fmt, USUAL, every=1), canonical)
    return works


def validations() -> list[Work]:
    """Validating lists, beside decoding them."""
    works = []

    def meaning(report: Report[Any]) -> object:
        return meanings.of_reply(report.reply)

    def add(fmt: Format, count: int, title: str, given: bytes, limit: float) -> None:
        ours = Contender("validate", "report", lambda: lambda: validate(given, fmt=fmt), meaning)
        peer = replace(_reader(given, fmt), name="decode", target=Target(limit))
        works.append(Work(f"validate fmt={fmt:d}, {counted(count)}", title, ours, (peer,), interleaved))

    for fmt in Format:
        for count in SIZES:
            add(fmt, count, "clean", body(fmt, "all=1", count), 1.35)
            if fmt is not Format.CSV:
                add(fmt, count, "an undocumented key in every name", undocumented(fmt, count, every=1), 3)
    return works


def from_response() -> Work:
    """Reading the content of a response, beside reading it with the options that its request leads to."""
    content = b'{\n"sender": 24336\n}'

    def make() -> Run:
        httpx = import_module("httpx")
        request = httpx.Request(
            "GET", "https://smsc.ru/sys/senders.php?login=a&psw=b&fmt=3&charset=utf-8&add=1&sender=A"
        )
        response = httpx.Response(200, content=content, request=request)
        return lambda: decode_response(response)

    ours = Contender("decode_response", "checked, typed model", make)
    read = lambda: lambda: decode(content, fmt=3, expect=SenderCreated)  # noqa: E731
    peer = Contender("decode", "checked, typed model", read, target=Target(7, "J more"))
    return Work("decode the response", "created, fmt=3", ours, (peer,), interleaved)


def encode_list(fmt: Format, view: str, count: int) -> Work:
    """Writing a list of that many names."""
    rows = plain(fmt, view, count)
    # With operators=1 the wire has numbers as strings, and so have these dictionaries.
    wire = json.loads(body(Format.JSON, view, count))
    writers: dict[Format, dict[str, Callable[[], Run]]] = {
        Format.TEXT: {"f-string join": partial(peers.join_text, rows, view)},
        Format.CSV: {"f-string join": partial(peers.join_csv, rows, view)},
        Format.XML: {"ElementTree.tostring": partial(peers.build_tree, rows)},
        Format.JSON: {
            "json.dumps": partial(peers.json_dumps, wire),
            "orjson.dumps": partial(peers.orjson_dumps, wire),
            "msgspec": partial(peers.msgspec_encode, wire),
            "pydantic": partial(peers.pydantic_dump, wire),
        },
    }
    meaning = meanings.of_bytes(fmt)
    others = tuple(
        Contender(name, "bytes", make, meaning, None if place else Target(1.0))
        for place, (name, make) in enumerate(writers[fmt].items())
    )
    ours = partial(peers.we_write, body(fmt, view, count), fmt)
    us = Contender("smsc_codec", "checked, canonical bytes", ours, meaning)
    return Work(f"encode fmt={fmt:d}, {counted(count)}", view, us, others, interleaved)


def timed() -> list[Work]:
    """Return all works that are done in this process in a moment."""
    return [
        *small_replies(),
        *answers(USUAL),
        *(decode_list(fmt, view, count) for count in SIZES for fmt, view in CASES),
        *views_by_turns(),
        free_text(),
        *layouts(),
        *validations(),
        from_response(),
        *(encode_list(fmt, view, USUAL) for fmt, view in CASES),
    ]


def imports() -> list[Work]:
    """Return what a program pays before it has read anything."""
    us, them = "smsc_codec", "json, xml.etree.ElementTree"
    late = ("lark", "defusedxml", "argparse")

    def work(group: str, script: str, target: Target, unit: str) -> Work:
        ours = Contender(us, "module", script=script.format(modules=us, late=late))
        peer = Contender(f"import {them}", "modules", script=script.format(modules=them, late=late), target=target)
        return Work(group, "", ours, (peer,), in_fresh_processes, unit)

    return [
        work("import smsc_codec", IMPORT, Target(0.03, "more"), "s"),
        work(f"import smsc_codec: loaded modules of {', '.join(late)}", LOADED, Target(0, "more"), "modules"),
    ]


def memory(count: int) -> list[Work]:
    """Return how far reading a long list lifts the peak of the process; what is loaded late for it counts too."""
    view = "operators=1"
    standard = Contender(
        "json.loads",
        "values in dicts",
        lambda: peers.json_loads(body(Format.JSON, view, count)),
        meanings.of_dicts,
        Target(1.0),
        PEAK.format(module="json", function="loads", options=""),
        partial(body, Format.JSON, view, count),
    )

    def work(fmt: Format) -> Work:
        ours = Contender(
            "smsc_codec",
            "checked, typed model",
            lambda: peers.ours(body(fmt, view, count), fmt),
            meanings.of_reply,
            script=PEAK.format(module="smsc_codec", function="decode", options=f", fmt={fmt:d}"),
            stdin=partial(body, fmt, view, count),
        )
        group = f"peak memory of decoding {counted(count)}, {view}"
        return Work(group, f"fmt={fmt:d}", ours, (standard,), in_few_fresh_processes, "B")

    return [work(fmt) for fmt in (Format.TEXT, Format.XML, Format.JSON)]


def works(effort: Effort) -> list[Work]:
    """Everything that is compared."""
    long = [decode_list(fmt, view, effort.many, interleaved_for_long) for fmt, view in CASES]
    return [*timed(), *long, *imports(), *memory(effort.many)]
