"""fmt=2: a root with elements in it. Read by expat behind defusedxml's guards, written by hand.

The documentation shows single elements and no root, so any root is read, and none; see `docs/wire-format.md`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from typing import Any
from xml.parsers import expat

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from ._errors import EncodeError
from ._forms import Const, Endpoint, Flat, Form, Listing, XmlShape
from ._limits import Limits
from ._records import Order, Pair
from ._report import Severity
from ._runs import escape, texts, weave
from ._source import Source, shown
from ._values import Unusual

_DECLARATION = re.compile(r"<\?xml\s[^>]*\?>\s*")
_HTML = re.compile(r"\s*<(?:!doctype\s+)?html\b", re.IGNORECASE)
# Names that begin with xml are XML's own.
_NAME = re.compile(r"(?![Xx][Mm][Ll])[A-Za-z_][A-Za-z0-9_.-]*")
# Characters that XML 1.0 has no way to write, not even as a reference.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
# Line ends and tabs would come back as line feeds and spaces.
_ESCAPES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
)
_SPECIAL = re.compile('[&<>"\t\n\r]')
_TEXT_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})


@dataclass
class Element:
    """An element as far as replies have use for it."""

    tag: str
    attributes: list[tuple[str, str]]
    index: int
    children: list[Element] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)

    @cached_property
    def text(self) -> str:
        """The text in it, but not in its children."""
        return "".join(self.pieces)


class XmlFormat:
    """Reads and writes an endpoint's replies in fmt=2."""

    def __init__(self, endpoint: Endpoint[Any]) -> None:
        self._endpoint = endpoint
        self._listing = next((form for form in endpoint.forms if isinstance(form, Listing)), None)

    # Reading

    def fast(self, body: bytes, limits: Limits) -> Any:
        """The reply, or `None` if `read` has to judge: a flat reply, an error, a layout that is not the canonical."""
        form = self._listing
        if form is None or body[:1] != b"<" or body[:2] == b"<?" or b"<!" in body or b"\0" in body:
            return None
        events: list[Any] = []
        parser = DefusedXMLParser(forbid_dtd=True).parser
        parser.buffer_text = True
        parser.ordered_attributes = True
        extend = events.extend

        def start(tag: str, attributes: list[str]) -> None:
            extend((tag, attributes))

        parser.StartElementHandler = start
        parser.EndElementHandler = events.append
        parser.CharacterDataHandler = events.append
        try:
            parser.Parse(body, True)
        except expat.ExpatError:
            return None
        # A single name without attributes may be the id of a new one.
        if len(events) == 9 and not events[4]:
            return None
        # Of each name five events: the line end before it, its tag, its attributes, its text, its tag again.
        # A list is always attributes, a line end is never a tag, and text is never in two pieces but for a
        # very long one, so that these places can hold nothing else.
        items = (len(events) - 4) // 5
        tags, attributes, texts = events[3::5], events[4::5], events[5::5]
        if (
            not 0 < items <= limits.names
            or len(events) != items * 5 + 4
            or events[2::5].count("\n") != items + 1
            or tags.count(form.xml_item) != items
            or events[6::5].count(form.xml_item) != items
            or set(map(type, attributes)) != {list}
            or set(map(type, texts)) != {str}
        ):
            return None
        try:
            return form.cls(tuple(self._columns(form, attributes, texts, limits)))
        except Unusual:
            return None

    def _columns(self, form: Listing, attributes: list[list[str]], texts: list[str], limits: Limits) -> list[Any]:
        longest = limits.text
        names = {form.xml_item: form.xml_text, **form.xml.names}
        records: list[Any] = []
        for keys, rows in _runs(attributes):
            if len(keys) >= limits.attributes or form.xml_item in keys:
                raise Unusual
            columns = [texts[len(records) : len(records) + len(rows)], *list(zip(*rows))[1::2]]
            records += form.record.columns([form.xml_item, *keys], columns, names, longest)
        return records

    def read(self, source: Source, collect: bool, expect: tuple[Any, ...]) -> Any:
        """The reply; *collect* if findings are wanted, forms of *expect* are tried before others."""
        if "\0" in source.text:  # expat would take it for UTF-16
            source.fail("expected a reply in XML, found a NUL character", source.text.index("\0"))
        roots = _parse(source)
        forms = sorted(self._endpoint.forms, key=lambda form: form.cls not in expect)
        for form in forms:
            if isinstance(form, Flat):
                pairs = _match_flat(form, roots, source)
                if pairs is not None:
                    return form.record.build(pairs, {pair.key: pair.key for pair in pairs}, source, "", roots[0].index)
            else:
                items = _match_listing(form, roots, source)
                if items is not None:
                    return form.cls(tuple(self._build(form, item, number, source) for number, item in enumerate(items)))
        if _HTML.match(source.text):
            source.fail("expected a reply in XML, found an HTML page", roots[0].index)
        found = f"<{roots[0].tag}>" + (f" with <{roots[0].children[0].tag}> in it" if roots[0].children else "")
        return source.fail(f"expected {self._endpoint.expected()} in XML, found {found}", roots[0].index)

    def _build(self, form: Listing, item: Element, number: int, source: Source) -> Any:
        path = f"{form.attribute}[{number}]"
        if item.children:
            source.fail(f"expected text in <{item.tag}>, found <{item.children[0].tag}>", item.children[0].index, path)
        names = {form.xml_item: form.xml_text, **form.xml.names}
        pairs = [Pair(form.xml_item, item.text, item.index)]
        pairs += (Pair(key, value, item.index) for key, value in item.attributes)
        return form.record.build(pairs, names, source, path, item.index)

    # Writing

    def write(self, reply: Any, form: Form) -> str:
        """The canonical text, or `EncodeError`."""
        if isinstance(form, Flat):
            return self._write_flat(reply, form)
        try:
            runs = list(self._write_runs(getattr(reply, form.attribute), form))
            return "".join([f"<{form.xml_root}>", *runs, f"\n</{form.xml_root}>"])
        except Unusual:
            pass
        lines = [f"<{form.xml_root}>"]
        for number, value in enumerate(getattr(reply, form.attribute)):
            path = f"{form.attribute}[{number}]"
            text = _spelled(form, value, path)
            lines.append(text)
        return "\n".join([*lines, f"</{form.xml_root}>"])

    def _write_runs(self, values: Any, form: Listing) -> Iterator[str]:
        for runs in form.record.runs(values, _order(form)):
            if any(map(_UNWRITABLE.search, texts(runs))) or not all(_NAME.fullmatch(run.key) for run in runs):
                raise Unusual
            text, *attributes = runs
            parts: list[str | Sequence[str]] = []
            before = f"\n<{form.xml_item} "
            for run in attributes:
                parts += (f'{before}{run.key}="', escape(run, _SPECIAL, _escape_attribute).column)
                before = '" '
            before = '">' if attributes else f"\n<{form.xml_item}>"
            parts += (before, escape(text, _SPECIAL, _escape_text).column, f"</{form.xml_item}>")
            yield weave(parts, len(text.column))

    def _write_flat(self, reply: Any, form: Flat) -> str:
        shape = form.xml[0]
        if isinstance(shape.text, Const):
            return f"<{shape.root}>{shape.text.text}</{shape.root}>"
        types = form.record.by_name
        lines = [f"<{shape.root}>"]
        for tag, name in shape.children:
            value = getattr(reply, name)
            if value is not None or not types[name].optional:
                text = _writable(types[name].type.spell(value, name), name)
                lines.append(f"<{tag}>{text.translate(_TEXT_ESCAPES)}</{tag}>")
        return "\n".join([*lines, f"</{shape.root}>"])


def _runs(attributes: list[list[str]]) -> Iterator[tuple[list[str], list[list[str]]]]:
    """The keys of consecutive elements with the same ones in the same order, and these elements' attributes."""
    keys = attributes[0][::2]
    if [row[::2] for row in attributes].count(keys) == len(attributes):
        yield keys, attributes
    else:
        yield from ((keys, list(rows)) for keys, rows in groupby(attributes, lambda row: row[::2]))


def _order(form: Listing) -> Order:
    """The attributes with the text, under the element's own tag, before them."""
    return form.xml._replace(head=((form.xml_item, form.xml_text), *form.xml.head))


def _spelled(form: Listing, value: Any, path: str) -> str:
    (_, text), *attributes = form.record.spell(value, _order(form), path, unique=True)
    written = ""
    for key, spelled in attributes:
        if not _NAME.fullmatch(key):
            raise EncodeError(f"{shown(key)} cannot be the name of an XML attribute", path=path)
        written += f' {key}="{_escape_attribute(_writable(spelled, f"{path}.{key}"))}"'
    text = _writable(text, f"{path}.{form.xml_text}").translate(_TEXT_ESCAPES)
    return f"<{form.xml_item}{written}>{text}</{form.xml_item}>"


def _escape_text(text: str) -> str:
    return text.translate(_TEXT_ESCAPES)


def _escape_attribute(text: str) -> str:
    return text.translate(_ESCAPES)


def _writable(text: str, path: str) -> str:
    found = _UNWRITABLE.search(text)
    if found:
        raise EncodeError(f"XML cannot hold the character U+{ord(found[0]):04X}", path=path)
    return text


def _match_flat(form: Flat, roots: list[Element], source: Source) -> list[Pair] | None:
    for shape in form.xml:
        pairs = _match_shape(form, shape, roots, source)
        if pairs is not None:
            return pairs
    return None


def _match_shape(form: Flat, shape: XmlShape, roots: list[Element], source: Source) -> list[Pair] | None:
    if len(roots) != 1:
        return None
    (root,) = roots
    if shape.root is not None and root.tag != shape.root:
        return None
    if isinstance(shape.text, Const):
        return [] if root.text == shape.text.text and not root.children and not root.attributes else None
    children = roots if shape.root is None else root.children
    if shape.root is not None and root.text.strip():
        return None
    names = dict(shape.children)
    types = form.record.by_name
    pairs: list[Pair] = []
    others = []
    for child in children:
        if child.tag in names:
            if child.children or child.attributes or any(pair.key == names[child.tag] for pair in pairs):
                return None
            pairs.append(Pair(names[child.tag], child.text, child.index))
        elif form.more:
            others.append(child)
        else:
            return None
    found = {pair.key for pair in pairs}
    for name in names.values():
        if not types[name].optional and name not in found:
            return None
    # The tag of a new name's id is that of a name in a list: only a number is an id.
    if len(names) == 1 and not types[pairs[0].key].type.pattern.fullmatch(pairs[0].value):
        return None
    for child in others:
        message = f"the element <{child.tag}> is not known, and not kept"
        source.note(Severity.WARNING, "unknown-key", message, child.index, child.tag)
    return pairs


def _match_listing(form: Listing, roots: list[Element], source: Source) -> list[Element] | None:
    items = roots
    if len(roots) == 1 and roots[0].tag != form.xml_item:
        (root,) = roots
        if root.text.strip() or (not root.children and root.tag != form.xml_root):
            return None
        items = root.children
    for item in items:
        if item.tag != form.xml_item:
            return None
    if len(items) > source.limits.names:
        source.fail(f"expected at most {source.limits.names} names, found {len(items)}", items[-1].index, code="limit")
    return items


def _parse(source: Source) -> list[Element]:
    """The elements that stand alone; a run of them without a root is what the documentation may mean."""
    try:
        return _elements(source, source.text, 0, "", "")
    except expat.ExpatError as error:
        if error.code != expat.errors.codes[expat.errors.XML_ERROR_JUNK_AFTER_DOC_ELEMENT]:
            raise _syntax_error(error, source, source.text, 0) from None
    declaration = _DECLARATION.match(source.text)
    start = declaration.end() if declaration else 0
    try:
        return _elements(source, source.text[start:], start, "<run>", "</run>")
    except expat.ExpatError as error:
        raise _syntax_error(error, source, source.text[start:], start, len("<run>")) from None


def _syntax_error(error: expat.ExpatError, source: Source, text: str, start: int, before: int = 0) -> Exception:
    # expat counts lines as we do, and columns in characters from 0.
    lines = text.split("\n", error.lineno)
    column = error.offset - (before if error.lineno == 1 else 0)
    index = sum(len(line) + 1 for line in lines[: error.lineno - 1]) + max(column, 0)
    said = expat.errors.messages[error.code]
    words = f"expected a reply in XML, found {'an HTML page' if _HTML.match(text) else f'broken XML ({said})'}"
    return source.error(words, start + index)


def _elements(source: Source, text: str, start: int, before: str, after: str) -> list[Element]:
    roots: list[Element] = []
    stack: list[Element] = []
    limits = source.limits
    wrapped = len(before) > 0
    indices = _Indices(text, start, len(before))
    parser = DefusedXMLParser(forbid_dtd=True).parser
    parser.ordered_attributes = True
    parser.buffer_text = False  # for the position of text that does not belong there
    depth = 0

    def start_element(tag: str, attributes: list[str]) -> None:
        nonlocal depth
        depth += 1
        if wrapped and depth == 1:
            return
        index = indices.of(parser.CurrentByteIndex)
        if depth > limits.depth:
            source.fail(f"expected elements at most {limits.depth} deep", index, code="limit")
        element = Element(tag, list(zip(attributes[::2], attributes[1::2])), index)
        (stack[-1].children if stack else roots).append(element)
        stack.append(element)

    def end_element(tag: str) -> None:
        nonlocal depth
        depth -= 1
        if stack:
            stack.pop()

    def characters(data: str) -> None:
        if stack:
            stack[-1].pieces.append(data)
        elif data.strip():
            index = indices.of(parser.CurrentByteIndex)
            source.fail(f"expected an element, found the text {shown(data.strip())}", index)

    parser.StartElementHandler = start_element
    parser.EndElementHandler = end_element
    parser.CharacterDataHandler = characters
    try:
        parser.Parse(before + text + after, True)
    except DefusedXmlException:
        found = "an HTML page" if _HTML.match(text) else "a document type declaration, which is refused"
        source.fail(f"expected a reply in XML, found {found}", text.find("<!") + start)
    return roots


class _Indices:
    """Characters for expat's bytes; asked in rising order, so that all of them together cost one pass."""

    def __init__(self, text: str, start: int, before: int) -> None:
        self._data = None if text.isascii() else text.encode()
        self._start = start
        self._before = before
        self._bytes = 0
        self._characters = 0

    def of(self, byte: int) -> int:
        byte = max(byte - self._before, 0)
        if self._data is None:
            return self._start + byte
        self._characters += len(self._data[self._bytes : byte].decode("utf-8", "replace"))
        self._bytes = byte
        return self._start + self._characters
