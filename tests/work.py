"""Hostile bodies of any size, and what reading them costs, in instructions: `python -m tests.work`, with valgrind.

The command counts every instruction of the interpreter, expat, orjson and the engine of `re`; the test suite
counts steps of Python code, which needs no valgrind (`test_work.py`).
"""

from __future__ import annotations

import argparse
import gc
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from smsc_codec import Format, validate

ROOT = Path(__file__).parent.parent
SIZES = (1, 2, 4, 8)


def repeated(unit: str, before: str = "", after: str = "") -> Callable[[int], bytes]:
    """Bodies with *unit* again and again, of about as many bytes as asked."""

    def body(size: int) -> bytes:
        return (before + unit * (size // len(unit.encode())) + after).encode()

    return body


def numbered(unit: str, before: str = "", after: str = "") -> Callable[[int], bytes]:
    """The same with a number in each, instead of `#`."""

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


def is_linear(counts: Sequence[float]) -> bool:
    """Whether work at `SIZES` is: what is quadratic becomes four times as much with each doubling.

    Only the last one is asked: what a body costs can change its nature where a longer one is refused.
    """
    return counts[-1] <= 2.4 * counts[-2]


# A function of C that nothing else calls: valgrind writes its counts down at each call.
_MARK = "getppid"


def instructions(fmt: Format, families: Sequence[str], size: int) -> Iterator[tuple[str, list[int]]]:
    """What each family costs at `SIZES`; one process for all."""
    with tempfile.TemporaryDirectory() as folder:
        valgrind = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", f"--dump-before={_MARK}"]
        given = [f"--size={size}", f"--read={fmt.value}", *(f"--family={name}" for name in families)]
        subprocess.run(
            [*valgrind, sys.executable, "-m", "tests.work", *given],
            check=True,
            capture_output=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": "0"},
        )
        parts = sorted(Path(folder).glob("out.*"), key=lambda path: int(path.suffix[1:]))
        totals = [int(re.findall(r"^totals: (\d+)", part.read_text(), re.MULTILINE)[-1]) for part in parts]
    # Every second part is what was done between two marks for a body.
    counts = totals[1::2]
    for number, name in enumerate(families):
        yield name, counts[number * len(SIZES) :][: len(SIZES)]


def _read(fmt: Format, families: Sequence[str], size: int) -> None:
    gc.disable()  # It would be counted where it happens to be due.
    for name in families:
        bodies = [FAMILIES[fmt][name](size * times) for times in SIZES]
        validate(bodies[0], fmt=fmt)
        for body in bodies:
            gc.collect()
            os.getppid()
            validate(body, fmt=fmt)
            os.getppid()


def main() -> int:
    """Print a row for each family; exit status 1 if one is not linear."""
    parser = argparse.ArgumentParser(prog="python -m tests.work", description=__doc__)
    parser.add_argument("--size", type=int, default=4 * 1024, help="bytes of the smallest body")
    parser.add_argument("--family", action="append", help="only this one; may be repeated")
    parser.add_argument("--read", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.read is not None:
        _read(Format(options.read), options.family, options.size)
        return 0
    bad = 0
    print(f"{'':38}" + "".join(f"{times * options.size:>14,}" for times in SIZES) + "  instructions a byte")
    for fmt, families in FAMILIES.items():
        wanted = [name for name in families if options.family is None or name in options.family]
        for name, counts in instructions(fmt, wanted, options.size) if wanted else ():
            bad += not is_linear(counts)
            row = "".join(f"{count:14,}" for count in counts)
            a_byte = (counts[-1] - counts[-2]) / (SIZES[-1] - SIZES[-2]) / options.size
            print(f"{fmt.name:5}{name:33}{row}{a_byte:9,.0f}{'' if is_linear(counts) else '  not linear'}", flush=True)
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
