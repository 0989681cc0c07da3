"""No body makes the library open anything, expand anything, or repeat itself at length."""

from __future__ import annotations

import ast
import contextlib
import encodings
import itertools
import linecache
import pickle
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch

import pytest
from hypothesis import given, settings

import smsc_codec
from smsc_codec import (
    DecodeError,
    Format,
    Report,
    Sender,
    SenderList,
    Severity,
    SmscCodecError,
    decode,
    encode,
    from_json,
    to_json,
    validate,
)
from smsc_codec.endpoints.senders import CODEC, SENDERS

from .grammar_lane import GRAMMARS
from .strategies import bodies
from .test_limits import HOSTILE
from .vectors import VECTORS
from .work import FAMILIES

COMPILED = "<smsc_codec "
PACKAGE = Path(smsc_codec.__file__).parent
COMPILER = [*(PACKAGE / "_rows").glob("*.py")]
"""What the names of compiled functions' files begin with."""
CHARSETS = (None, "utf-8", "windows-1251", "koi8-r")


class _Audit:
    """What the interpreter reports: the first event of each kind."""

    def __init__(self) -> None:
        self.events: dict[str, Any] = {}
        # There is no way to take a hook away again, and one in Python disturbs the tracing of threads in later tests.
        sys.addaudithook(cast("Any", self.events.setdefault))

    @contextlib.contextmanager
    def nothing(self) -> Iterator[None]:
        """Nothing may happen within: no file, socket, process or import, not even a look into a folder.

        Except the functions that the library compiles; `test_no_text_of_a_body_becomes_code` looks at them.
        """
        self.events.clear()
        yield
        _, file = self.events.pop("compile", (None, COMPILED))
        code, *_ = self.events.pop("exec", (None,))
        assert file.startswith(COMPILED) and (code is None or code.co_filename.startswith(COMPILED))
        self.events.pop("builtins.id", None)  # which of two objects it is
        self.events.pop("array.__new__", None)  # memory for numbers
        assert self.events == {}


@pytest.fixture(scope="module")
def audit() -> _Audit:
    for vector in VECTORS[::10]:  # what is loaded late is loaded now
        use(vector.body)
    use(encode(SenderList(tuple(Sender("A", number) for number in range(20))), fmt=1))
    return _Audit()


def use(body: bytes) -> None:
    """Everything that can be done with a body."""
    for fmt, charset in itertools.product((None, *Format), CHARSETS):
        report = validate(body, fmt=fmt, charset=charset)
        if report.reply is None:
            continue
        assert decode(body, fmt=fmt, charset=charset) == report.reply
        with contextlib.suppress(SmscCodecError):
            from_json(to_json(report.reply))
        for other in Format:
            with contextlib.suppress(SmscCodecError):
                encode(report.reply, fmt=other)


def test_the_table_of_cases_opens_nothing(audit: _Audit) -> None:
    with audit.nothing():
        for vector in VECTORS:
            use(vector.body)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_bodies_open_nothing(audit: _Audit, name: str) -> None:
    with audit.nothing():
        use(HOSTILE[name][:20_000])


@pytest.mark.parametrize("fmt", Format)
def test_hostile_families_open_nothing(audit: _Audit, fmt: Format) -> None:
    with audit.nothing():
        for family in FAMILIES[fmt].values():
            use(family(300))


def words_in(text: str) -> set[str]:
    """Return words without the underscores and numbers that join them."""
    return {*re.findall(r"[^\W\d_]+", text)}


def test_no_text_of_a_body_becomes_code() -> None:
    """What is compiled is made of the words of the compiler, of the declaration and of the grammar."""
    # `repr` shows all of a declaration.
    grammars = (GRAMMARS / name for name in ("senders.lark", "service.lark"))
    sources = [repr(SENDERS.replies), *(path.read_text("utf-8") for path in (*COMPILER, *grammars))]
    known = words_in("\n".join(sources))
    assert "invented" not in known
    before = {*linecache.cache}
    with patch.object(CODEC, "_formats", {}):
        for fmt in Format:
            for family in FAMILIES[fmt].values():
                use(family(300))
        for body in (b"name = A, invented = 1\n" * 2, b'[{"sender":"A","invented":"1"}]'):
            use(body)
        use(b'<senders>\n<sender invented="1">A</sender>\n</senders>')
        made = [linecache.getlines(name) for name in linecache.cache.keys() - before if name.startswith(COMPILED)]
    assert len(made) > 100
    assert set().union(*(words_in("".join(lines)) for lines in made)) <= known


def test_only_the_compiler_runs_code() -> None:
    sources = [path.read_text("utf-8") for path in PACKAGE.rglob("*.py")]
    calls = [
        node.func.id
        for source in sources
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("exec", "eval", "compile")
    ]
    assert sorted(calls) == ["compile", "exec"]
    assert "exec(compile(" in (PACKAGE / "_rows" / "source.py").read_text("utf-8")


def test_no_body_opens_anything(audit: _Audit) -> None:
    @settings(max_examples=settings().max_examples // 3)
    @given(bodies)
    def run(body: bytes) -> None:
        with audit.nothing():
            validate(body)
            for fmt in Format:
                validate(body, fmt=fmt)

    run()


def test_the_name_of_a_charset_opens_nothing(audit: _Audit) -> None:
    with audit.nothing():
        for name in ("cp037", "idna", "zlib", "no_such", "utf-16", "../../x", "os.path", "x" * 1000):
            for fmt in (None, *Format):
                validate(f'<?xml version="1.0" encoding="{name}"?><sender>A</sender>'.encode(), fmt=fmt)


def test_names_of_charsets_are_not_remembered() -> None:
    """Python keeps every name of a codec that it was ever asked for."""
    before = len(encodings._cache)
    for number in range(10):
        validate(f'<?xml version="1.0" encoding="none-{number}"?><sender>A</sender>'.encode(), fmt=2)
    assert len(encodings._cache) == before


# Longer than what may be quoted, in every format.
SHORT = 1_000


@pytest.mark.parametrize("fmt", Format)
def test_errors_and_findings_are_short(fmt: Format) -> None:
    for name, family in FAMILIES[fmt].items():
        body = family(2 * 1024)
        for asked in (None, fmt):
            report: Report[Any] = validate(body, fmt=asked)
            for finding in report.findings[:100] + report.findings[-1:]:
                assert len(repr(finding)) < SHORT, name
                assert all(character.isprintable() or character == "\n" for character in finding.excerpt)
            try:
                decode(body, fmt=asked)
            except DecodeError as error:
                assert len(str(error)) < SHORT and len(pickle.dumps(error)) < SHORT, name
                assert error.__cause__ is None and error.__context__ is None


SECRET = "do-not-expand"
ATTACKS = {
    "a bomb": '<!DOCTYPE l [<!ENTITY a "do-not-expand"><!ENTITY b "&a;&a;">]><sender>&b;</sender>',
    "an entity in an attribute": '<!DOCTYPE l [<!ENTITY a "do-not-expand">]><sender id="&a;">A</sender>',
    "an external entity": '<!DOCTYPE l [<!ENTITY a SYSTEM "file:///do-not-expand">]><sender>&a;</sender>',
    "a public entity": '<!DOCTYPE l [<!ENTITY a PUBLIC "x" "http://127.0.0.1/">]><sender>&a;</sender>',
    "a parameter entity": '<!DOCTYPE l [<!ENTITY % a SYSTEM "http://127.0.0.1/">%a;]><sender>A</sender>',
    "an unparsed entity": '<!DOCTYPE l [<!NOTATION n SYSTEM "x"><!ENTITY a SYSTEM "y" NDATA n>]><sender>A</sender>',
    "an external DTD": '<!DOCTYPE sender SYSTEM "http://127.0.0.1/a.dtd"><sender>A</sender>',
    "an empty DTD": "<!DOCTYPE sender><sender>A</sender>",
    "a default attribute": '<!DOCTYPE l [<!ATTLIST sender id CDATA "5">]><sender>A</sender>',
    "an undeclared entity": "<sender>&do-not-expand;</sender>",
    "an undeclared entity in a list": '<senders>\n<sender id="5">&a;</sender>\n</senders>',
    "a declaration and a DTD": '<?xml version="1.0" standalone="no"?><!DOCTYPE sender><sender>A</sender>',
    "a DTD behind a comment": "<!-- --><!DOCTYPE sender><sender>A</sender>",
    "a DTD behind an instruction": "<?a b?><!DOCTYPE sender><sender>A</sender>",
    "a DTD behind an element": "<sender>A</sender><!DOCTYPE sender><sender>A</sender>",
    "XInclude": '<a xmlns:x="http://www.w3.org/2001/XInclude"><x:include href="/do-not-expand"/></a>',
}
ENCODED = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be", "cp1251", "koi8-r", "utf-7")


@pytest.mark.parametrize("name", ATTACKS)
@pytest.mark.parametrize("declared", ["", "utf-8", "utf-16", "windows-1251", "koi8-r"])
def test_entities_and_document_types_are_refused(audit: _Audit, name: str, declared: str) -> None:
    text = ATTACKS[name]
    if declared:
        text = f'<?xml version="1.0" encoding="{declared}"?>' + text.partition("?>")[2] or text
    given: list[bytes | str] = [text, "\ufeff" + text, *(text.encode(charset) for charset in ENCODED)]
    with audit.nothing():
        for body, charset, fmt in itertools.product(given, CHARSETS, (None, Format.XML)):
            report = validate(body, fmt=fmt, charset=charset)
            assert report.reply is None, (body, charset, fmt)
            assert report.findings[-1].severity is Severity.ERROR
