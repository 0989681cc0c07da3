"""Hostile bodies and replies of any size, and what reading and writing them costs: `python -m tests.work`.

The command counts every instruction of the interpreter, expat, orjson and the engine of `re` with valgrind; the test
suite counts steps of Python code, which needs none (`test_work.py`).
"""

from __future__ import annotations

import argparse
import gc
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from smsc_codec import (
    Codec,
    EncodeError,
    Format,
    FrozenMapping,
    Limits,
    OperatorStatus,
    Sender,
    SenderCreated,
    SenderList,
    SenderStatus,
    validate,
)
from smsc_codec.endpoints.senders import SENDERS

ROOT = Path(__file__).parent.parent
SIZES = (1, 2, 4, 8)
LAST_SIZES = SIZES[-2:]
"""Those that `is_linear` compares."""


def repeated(unit: str, before: str = "", after: str = "") -> Callable[[int], bytes]:
    """Return bodies with *unit* again and again, of about as many bytes as asked."""

    def body(size: int) -> bytes:
        return (before + unit * (size // len(unit.encode())) + after).encode()

    return body


def numbered(unit: str, before: str = "", after: str = "") -> Callable[[int], bytes]:
    """Return the same with a number in each, instead of `#`."""

    def body(size: int) -> bytes:
        count = size // (len(unit.encode()) + 4)
        return (before + "".join(unit.replace("#", str(number)) for number in range(count)) + after).encode()

    return body


FAMILIES: dict[Format, dict[str, Callable[[int], bytes]]] = {
    Format.TEXT: {
        "a list": repeated("name = A, status = 1, id = 5\n"),
        "CRLF": repeated("name = A, id = 5\r\n"),
        "two shapes by turns": repeated("name = A\nname = A, id = 5\n"),
        "invented shapes": numbered("name = A, k# = 1\n"),
        "undocumented keys": repeated("name = A, new = 1\n"),
        "undocumented numbers": repeated("name = A, status = 7\n"),
        "secrets in findings": repeated("name = login=abc, new = 1\n"),
        "replacements by turns": repeated("name = A, mts = 1, mega = B\nname = A, mts = B, mega = 1\n"),
        "replacements": numbered("name = A, mts = N#\n"),
        "fields": repeated(", a = 1", "name = A"),
        "near-miss lines": repeated("name = A, id = 5x\n"),
        "a near-miss line at the end": repeated("name = A, id = 5\n", "", "name = A, id"),
        "separators": repeated(", "),
        "separators in a name": repeated(", ", "name = A"),
        "commas in a name": repeated(",", "name = A"),
        "halves of equals signs": repeated(" =", "name = A"),
        "spaces in a name": repeated(" ", "name = A", "= "),
        "equals signs": repeated(" = "),
        "line ends": repeated("\n"),
        "carriage returns": repeated("\r"),
        "line ends in a list": repeated("\n", "name = A"),
        "a long name": repeated("A", "name = "),
        "a long wide name": repeated("\U0001f600", "name = "),
        "digits": repeated("9", "name = A, id = "),
        "digits of an id": repeated("9", "ID = "),
        "brackets": repeated(")", "ERROR = 3 (", "x"),
        "half an error": repeated("), ID - ", "ERROR = 3 ("),
        "errors": repeated("ERROR = 3 (x)\n"),
        "OK": repeated("OK\n"),
        "names of secrets": repeated("login="),
        "spaces behind the name of a secret": repeated(" ", "authorization"),
        "quotes of secrets": repeated("password='"),
        "NUL": repeated("\0"),
        "a long key": repeated("k", "name = A, ", " = 1"),
    },
    Format.CSV: {
        "a list": repeated("A,1,5\n"),
        "CRLF": repeated("A,5\r\n"),
        "two widths by turns": repeated("A,5\nA,1,5\n"),
        "undocumented numbers": repeated("A,7,5\n"),
        "a near-miss line at the end": repeated("A,5\n", "", "A,x"),
        "near-miss lines": repeated("A,5x\n"),
        "commas": repeated(","),
        "commas in a line": repeated(",", "A\n"),
        "line ends": repeated("\n"),
        "carriage returns": repeated("\r"),
        "digits": repeated("9", "A,"),
        "digits alone": repeated("9"),
        "a long name": repeated("A", "", ",5"),
        "long wide names": repeated("\U0001f600", "", ",5"),
        "names of secrets": repeated("login="),
    },
    Format.XML: {
        "a list": repeated('<sender status="1" id="5">A</sender>\n', "<senders>\n", "</senders>"),
        "a list in another layout": repeated("<sender id='5'>A</sender>", "<a>", "</a>"),
        "wide names": repeated('<sender id="5" b="1">Ж</sender>\n', "<senders>\n", "</senders>"),
        "a run without a root": repeated('<sender id="5">A</sender>'),
        "a run that ends in another": repeated('<sender id="5">A</sender>', "", "</run><run>"),
        "two shapes by turns": repeated(
            '<sender id="5">A</sender>\n<sender status="1">A</sender>\n', "<senders>\n", "</senders>"
        ),
        "invented shapes": numbered('<sender a#="1">A</sender>\n', "<senders>\n", "</senders>"),
        "replacements": numbered('<sender mts="N#">A</sender>\n', "<senders>\n", "</senders>"),
        "undocumented numbers": repeated('<sender status="7">A</sender>\n', "<senders>\n", "</senders>"),
        "tags": repeated("<a>"),
        "closed tags": lambda size: b"<a>" * (size // 7) + b"</a>" * (size // 7),
        "tags in an element": repeated("<a/>", "<senders><sender>", "</sender></senders>"),
        "pairs of tags": repeated("<a><b/></a>", "<senders>", "</senders>"),
        "text between tags": repeated("<a/>x", "<senders><sender>", "</sender></senders>"),
        "attributes": numbered(' a#="1"', "<sender", ">A</sender>"),
        "attributes of a root": numbered(' a#="1"', "<senders", "/>"),
        "namespaces": numbered(' xmlns:a#="1"', "<sender", ' id="5">A</sender>'),
        "the same attribute": repeated(' a="1"', "<sender", ">A</sender>"),
        "unknown elements": repeated("<x/>", "<result><error>x</error><error_code>3</error_code>", "</result>"),
        "spaces in a tag": repeated(" ", "<sender", 'id="5">A</sender>'),
        "spaces between tags": repeated(" ", "<senders>", "</senders>"),
        "spaces before a tag": repeated(" ", "", "<sender>A</sender>"),
        "references": repeated("&amp;", "<senders>\n<sender id='5'>", "</sender>\n</senders>"),
        "references in an attribute": repeated("&#65;", '<senders>\n<sender mts="', '">A</sender>\n</senders>'),
        "leading zeros": repeated("0", "<sender>&#", "65;</sender>"),
        "entities": numbered('<!ENTITY e# "x">', "<!DOCTYPE a [", "]><sender>A</sender>"),
        "a comment": repeated("-", "<!--", "--><sender>A</sender>"),
        "comments": repeated("<!-- -->", "<sender>", "</sender>"),
        "instructions": repeated("<?a b?>", "<sender>", "</sender>"),
        "an unclosed comment behind a run": repeated("<sender>A</sender>", "", "<!--"),
        "CDATA": repeated("<![CDATA[a]]>", "<sender>", "</sender>"),
        "brackets": repeated("]", "<sender>", "]></sender>"),
        "quotes": repeated('"', "<sender "),
        "an HTML page": repeated("<p>x", "<html>"),
        "a long name": repeated("A", "<sender>", "</sender>"),
        "a long declaration": repeated(" ", "<?xml version='1.0'", "?><sender>A</sender>"),
        "half a declaration": repeated(" encoding", "<?xml "),
        "a long tag": repeated("k", "<", "/>"),
        "a long tag in a root": repeated("k", "<a><", "/></a>"),
        "a long tag in an element": repeated("k", "<sender><", "/></sender>"),
        "a long unknown tag": repeated("k", "<result><error>x</error><error_code>1</error_code><", "/></result>"),
        "a long attribute": repeated("k", "<sender ", '="">A</sender>'),
    },
    Format.JSON: {
        "a list": repeated('{\n"sender": "A",\n"status": 1,\n"id": 5\n},\n', "[", '{"sender":"A"}]'),
        "a list in another layout": repeated('{"sender":"A","id":"5"},', "[", '{"sender":"A"}]'),
        "colons in names": repeated('{"sender":":"},', "[", '{"sender":"A"}]'),
        "escaped colons": repeated('{"sender":"\\u003a"},', "[", '{"sender":"A"}]'),
        "minus zero": repeated('{"sender":"A","id":-0},', "[", '{"sender":"A"}]'),
        "two shapes by turns": repeated('{"sender":"A"},{"sender":"A","id":5},', "[", '{"sender":"A"}]'),
        "invented shapes": numbered('{"sender":"A","k#":1},', "[", '{"sender":"A"}]'),
        "replacements by turns": repeated('{"sender":"A","mts":"1"},{"sender":"A","mts":"B"},', "[", '{"sender":"A"}]'),
        "replacements": numbered('{"sender":"A","mts":"N#"},', "[", '{"sender":"A","mts":"1"}]'),
        "keys given twice": repeated('{"sender":"A","id":1,"id":1},', "[", '{"sender":"A"}]'),
        "undocumented numbers": repeated('{"sender":"A","status":7},', "[", '{"sender":"A"}]'),
        "arrays": repeated("["),
        "closed arrays": lambda size: b"[" * (size // 2) + b"]" * (size // 2),
        "empty arrays": repeated("[],", "[", "[]]"),
        "objects": repeated('{"a":'),
        "an array of arrays in a member": repeated("[],", '[{"sender":"A","x":[', "[]]}]"),
        "members": numbered('"a#":1,', '{"sender":"A",', '"id":1}'),
        "members of an error": numbered('"a#":1,', '{"error":"x",', '"error_code":1}'),
        "the same member": repeated('"id":1,', '{"sender":"A",', '"id":1}'),
        "members in a list": numbered('"a#":1,', '[{"sender":"A",', '"id":1}]'),
        "escapes": repeated("\\u0041", '[{"sender":"', '"}]'),
        "backslashes": repeated("\\\\", '[{"sender":"', '"}]'),
        "half an escape": repeated("\\", '[{"sender":"', "\\u"),
        "surrogates": repeated("\\ud83d\\ude00", '[{"sender":"', '"}]'),
        "quotes": repeated('"'),
        "spaces": repeated(" ", "[", "]"),
        "digits": repeated("9", '[{"sender":"A","id":', "}]"),
        "digits of an id": repeated("9", '{"sender":', "}"),
        "exponents": repeated("1e9,", "[", "1]"),
        "commas": repeated(","),
        "a long name": repeated("A", '[{"sender":"', '"}]'),
        "a long key": repeated("k", '[{"sender":"A","', '":[]}]'),
        "a long key of an error": repeated("k", '{"error":"x","error_code":2,"', '":1}'),
        "cuts inside of a string": repeated("},\\n{\\n", '[{"sender":"', '"}]'),
        "cuts inside of a member": repeated('{\n"a": 1\n},\n', '[{"sender":"A","x":[', "1]}]"),
    },
}


def senders(units: int, *made: Callable[[int], Sender]) -> Callable[[int], SenderList]:
    """Return lists of as many senders as asked, by turns; each has about *units* characters."""
    return lambda size: SenderList(tuple(made[number % len(made)](number) for number in range(size // units)))


def one(made: Callable[[int], Sender]) -> Callable[[int], SenderList]:
    """Return a list of one sender of about that size."""
    return lambda size: SenderList((made(size),))


def _with(operators: Mapping[str, int], name: str = "A") -> Sender:
    codes = {key: OperatorStatus(code) for key, code in operators.items()}
    return Sender(name, 5, operators=FrozenMapping.of(codes))  # type: ignore[arg-type]


def _replaced(replacements: Mapping[str, str]) -> Sender:
    return Sender("A", 5, replacements=FrozenMapping.of(replacements))  # type: ignore[arg-type]


def _last(name: str) -> Callable[[int], SenderList]:
    return lambda size: SenderList((*(Sender("A", 5) for _ in range(size // 8)), Sender(name, 5)))


# What can be learned of a list is spoiled by the next name, or by the last one.
REPLIES: dict[str, Callable[[int], SenderList]] = {
    "a list": senders(8, lambda number: Sender("A", 5)),
    "names to escape": senders(8, lambda number: Sender('&"<\\', 5)),
    "a name to escape": one(lambda size: Sender('&"<\\' * (size // 4), 5)),
    "wide names": senders(8, lambda number: Sender("\U0001f600", 5)),
    "halves of separators": senders(8, lambda number: Sender(" =,;", 5)),
    "a name of halves of separators": one(lambda size: Sender(",;" * (size // 2), 5)),
    "shapes by turns": senders(8, lambda number: Sender("A", 5), lambda number: Sender("A", 5, SenderStatus.ALLOWED)),
    "operators by turns": senders(16, lambda number: _with({"mts": 1}), lambda number: _with({"mega": 1, "mts": 2})),
    "invented operators": senders(16, lambda number: _with({f"k{number}": 1})),
    "operators in another order": senders(32, lambda number: _with({"ua_int": 1, "x": 1, "mts_step": 1})),
    "undocumented numbers": senders(8, lambda number: _with({"mts": 77})),
    "mappings by hand": senders(16, lambda number: Sender("A", 5, operators={"mts": OperatorStatus.SENT})),
    "replacements by hand": senders(16, lambda number: Sender("A", 5, replacements={"mts": "INFO"})),
    "replacements": senders(16, lambda number: _replaced({"mts": f"N{number}"})),
    "replacements by turns": senders(16, lambda number: _with({"mts": 1}), lambda number: _replaced({"mts": "B"})),
    "invented replacements": senders(16, lambda number: _replaced({f"k{number}": "B"})),
    "a replacement that is a code at the end": lambda size: SenderList(
        (*(_replaced({"mts": "B"}) for _ in range(size // 16)), _replaced({"mts": "7"}))
    ),
    "long keys": senders(64, lambda number: _with({"k" * 50 + str(number): 1})),
    "a long key": one(lambda size: _with({"k" * size: 1})),
    "operators": one(lambda size: _with({f"k{number}": 1 for number in range(size // 8)})),
    "a surrogate at the end": _last("\ud800"),
    "a control character at the end": _last("\x00"),
    "a separator at the end": _last("A, id = 5,6"),
    "a line end at the end": _last("A\nB"),
    "no name at the end": _last(""),
}
LARGE = Limits(body=2**40, items=2**40, fields=2**40, text=2**40)
"""None of them is refused for its size, which would cost nothing."""


def writing(reply: SenderList, fmt: Format) -> Callable[[], None]:
    """Return the work of writing it, or of finding that the format cannot carry it, by a new codec."""
    codec: Codec[Any] = Codec(SENDERS)
    codec.encode(SenderCreated(5), fmt=fmt)  # What is loaded late is not counted.

    def work() -> None:
        with suppress(EncodeError):
            codec.encode(reply, fmt=fmt, limits=LARGE)

    return work


def is_linear(counts: Sequence[float]) -> bool:
    """Return whether work at `SIZES` is: what is quadratic becomes four times as much with each doubling.

    Only the last one is asked: what a body costs can change its nature where a longer one is refused.
    """
    return counts[-1] <= 2.4 * counts[-2]


# A function of C that nothing else calls: valgrind writes its counts down at each call.
_MARK = "getppid"


def instructions(fmt: Format, kind: str, families: Sequence[str], size: int) -> Iterator[tuple[str, list[int]]]:
    """Yield what each family costs at `SIZES`; one process for all. *kind* is `read` or `write`."""
    with tempfile.TemporaryDirectory() as folder:
        valgrind = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", f"--dump-before={_MARK}"]
        given = [f"--size={size}", f"--{kind}={fmt.value}", *(f"--family={name}" for name in families)]
        subprocess.run(
            [*valgrind, sys.executable, "-m", "tests.work", *given],
            check=True,
            capture_output=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": "0"},
        )
        parts = sorted(Path(folder).glob("out.*"), key=lambda path: int(path.suffix[1:]))
        totals = [int(re.findall(r"^totals: (\d+)", part.read_text(), re.MULTILINE)[-1]) for part in parts]
    # Every second part is what was done between two marks.
    counts = totals[1::2]
    for number, name in enumerate(families):
        yield name, counts[number * len(SIZES) :][: len(SIZES)]


def _work(works: Sequence[Callable[[], object]]) -> None:
    works[0]()  # What is loaded late is not counted.
    for work in works:
        gc.collect()
        os.getppid()
        work()
        os.getppid()


def main() -> int:
    """Print a row for each family; exit status 1 if one is not linear."""
    parser = argparse.ArgumentParser(prog="python -m tests.work", description=__doc__)
    parser.add_argument(
        "--size", type=int, default=4 * 1024, help="bytes of the smallest body, characters of the smallest reply"
    )
    parser.add_argument("--family", action="append", help="only this one; may be repeated")
    for kind in ("--read", "--write"):
        parser.add_argument(kind, type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    sizes = [options.size * times for times in SIZES]
    gc.disable()  # It would be counted where it happens to be due.
    if options.read is not None:
        fmt = Format(options.read)
        for name in options.family:
            _work([partial(validate, FAMILIES[fmt][name](size), fmt=fmt) for size in sizes])
        return 0
    if options.write is not None:
        for name in options.family:
            _work([writing(REPLIES[name](size), Format(options.write)) for size in sizes])
        return 0
    bad = 0
    print(f"{'':44}" + "".join(f"{times * options.size:>14,}" for times in SIZES) + "  instructions a byte")
    everything = [(fmt, "read", tuple(families)) for fmt, families in FAMILIES.items()]
    everything += [(fmt, "write", tuple(REPLIES)) for fmt in Format]
    for fmt, kind, families in everything:
        wanted = [name for name in families if options.family is None or name in options.family]
        for name, counts in instructions(fmt, kind, wanted, options.size) if wanted else ():
            bad += not is_linear(counts)
            row = "".join(f"{count:14,}" for count in counts)
            a_byte = (counts[-1] - counts[-2]) / (SIZES[-1] - SIZES[-2]) / options.size
            print(
                f"{kind:6}{fmt.name:5}{name:33}{row}{a_byte:9,.0f}{'' if is_linear(counts) else '  not linear'}",
                flush=True,
            )
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
