"""What is compared: the pieces of work, who does them, and what we may cost at most."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from smsc_codec import ErrorReply, Format, Success, encode

from . import meanings, peers
from .bodies import CASES, VIEWS, body, fields, names, plain
from .contest import Contender, Effort, Run, Target, Work
from .timing import IMPORT, LOADED, PEAK, in_few_fresh_processes, in_fresh_processes, interleaved


def counted(count: int) -> str:
    return "one name" if count == 1 else f"{count:,} names"


def _reader(given: bytes, fmt: Format) -> Contender:
    return Contender("smsc_codec", "checked, typed model", partial(peers.ours, given, fmt), meanings.of_reply)


def decode_list(fmt: Format, view: str, count: int) -> Work:
    """Reading a list of that many names."""
    given = body(fmt, view, count)
    others = {Format.TEXT: _text, Format.CSV: _csv, Format.XML: _xml, Format.JSON: _json}[fmt](given, view, count)
    return Work(f"decode fmt={fmt:d}, {counted(count)}", view, _reader(given, fmt), others, interleaved)


def _text(given: bytes, view: str, count: int) -> tuple[Contender, ...]:
    target = Target(2 if count == 1 else 0.75)
    split = partial(peers.split_into_dicts, given)
    found = [Contender("split into dicts", "strings in dicts", split, meanings.of_dicts, target)]
    if view == "operators=1" and count > 1:
        plain, cython = partial(peers.lark, given), partial(peers.lark_cython, given)
        found.append(Contender("plain Lark", "typed model", plain, meanings.of_reply, Target(0.02)))
        found.append(Contender("lark-cython", "typed model", cython, meanings.of_reply))
    return tuple(found)


def _csv(given: bytes, view: str, _: int) -> tuple[Contender, ...]:
    split = partial(peers.split_into_lists, given)
    meaning = partial(meanings.of_lists, ("name", *fields(Format.CSV, view)))
    return (Contender("split into lists", "strings in lists", split, meaning, Target(1.5)),)


def _xml(given: bytes, _: str, __: int) -> tuple[Contender, ...]:
    standard, lxml = partial(peers.element_tree, given), partial(peers.lxml, given)
    return (
        Contender("ElementTree.fromstring", "tree", standard, meanings.of_tree, Target(1.1)),
        Contender("lxml.etree.fromstring", "tree", lxml, meanings.of_tree),
    )


def _json(given: bytes, view: str, _: int) -> tuple[Contender, ...]:
    standard, orjson = partial(peers.json_loads, given), partial(peers.orjson_loads, given)
    pydantic, msgspec = partial(peers.pydantic_json, given, view), partial(peers.msgspec_json, given, view)
    return (
        Contender("json.loads", "values in dicts", standard, meanings.of_dicts, Target(1.3)),
        Contender("orjson.loads", "values in dicts", orjson, meanings.of_dicts),
        Contender("pydantic", "typed models", pydantic, meanings.of_models, Target(1.0)),
        Contender("msgspec", "typed structs", msgspec, meanings.of_structs),
    )


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


def encode_new_list(fmt: Format, view: str, count: int) -> Work:
    """The same where nothing is known of the list: what it costs to look at all of it."""
    known = encode_list(fmt, view, count)
    ours = replace(known.ours, make=partial(peers.we_write_new, names(view, count).senders, fmt))
    join = replace(known.peers[0], target=None)
    return replace(known, group=f"encode fmt={fmt:d}, {counted(count)} made by hand", ours=ours, peers=(join,))


def small_replies() -> list[Work]:
    """The replies that clients see most."""
    error, success = encode(ErrorReply(3, "record not found"), fmt=0), encode(Success(), fmt=0)
    match = Contender("re.match", "strings", partial(peers.match_error, error), meanings.of_match, Target(2.5))
    equal = Contender('s == "OK"', "bool", partial(peers.is_ok, success), target=Target(1e-6, "more"))
    return [
        Work("decode fmt=0, an error", "", _reader(error, Format.TEXT), (match,), interleaved),
        Work("decode fmt=0, OK", "", _reader(success, Format.TEXT), (equal,), interleaved),
    ]


def timed() -> list[Work]:
    """All works that are done in this process."""
    return [
        *(decode_list(fmt, view, 1_000) for fmt, view in CASES),
        *(decode_list(Format.TEXT, view, 1) for view in VIEWS),
        *small_replies(),
        *(encode_list(fmt, view, 1_000) for fmt, view in CASES),
        *(encode_new_list(fmt, view, 1_000) for fmt, view in CASES if fmt in (Format.TEXT, Format.CSV)),
    ]


def imports() -> list[Work]:
    """What a program pays before it has read anything."""
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
    """How far reading a long list lifts the peak of the process; what is loaded late for it counts too."""
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
    return [*timed(), *imports(), *memory(effort.many)]
