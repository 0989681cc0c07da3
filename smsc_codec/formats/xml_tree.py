"""An XML document with positions: the slow lane's view of it, by expat behind defusedxml's guards."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.parsers import expat

import msgspec
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from .._records import Pair
from .._source import Source

_HTML = re.compile(r"\s*<(?:!doctype\s+)?html\b", re.IGNORECASE)
_DECLARATION = re.compile(r"<\?xml\s[^>]*\?>\s*")
_START = re.compile(r"<[^\s/>]+")
_ATTRIBUTE = re.compile(r"""\s+([^\s=]+)\s*=\s*("[^"]*"|'[^']*')""")

# A reply has a root, elements in it, and nothing in these. What is inside them is only counted, but for the
# first, which the error shows.
_DEEPEST = 3


class Element(msgspec.Struct):
    """An element as far as replies have use for it."""

    tag: str
    attributes: list[tuple[str, str]]
    index: int
    children: list[Element] = []
    pieces: list[str] = []

    @property
    def text(self) -> str:
        """The text in it, but not in its children."""
        return "".join(self.pieces)

    def pairs(self, text: str) -> Iterator[Pair]:
        """The attributes; *text* is that of the document, and where in it the values stand is looked for."""
        match = _START.match(text, self.index)
        for name, value in self.attributes:
            match = _next_attribute(text, match)
            yield Pair(name, value, match.start(2) + 1)


def _next_attribute(text: str, match: re.Match[str] | None) -> re.Match[str]:
    """The attribute behind *match*, but for those that declare a namespace, which expat keeps to itself."""
    while True:
        match = match and _ATTRIBUTE.match(text, match.end())
        assert match is not None, "expat has seen a start tag with an attribute"
        if match[1] != "xmlns" and not match[1].startswith("xmlns:"):
            return match


class _Broken(Exception):  # noqa: N818 - a signal, not an error
    """What expat says of a document, and where. Never leaves this module."""

    def __init__(self, code: int, index: int) -> None:
        self.code = code
        self.index = index


def is_html(text: str) -> bool:
    """Whether it is a page for people."""
    return _HTML.match(text) is not None


def parse(source: Source) -> list[Element]:
    """The elements that stand alone; a run of them without a root is what the documentation may mean."""
    try:
        return _elements(source, 0, "", "")
    except _Broken as error:
        if error.code != expat.errors.codes[expat.errors.XML_ERROR_JUNK_AFTER_DOC_ELEMENT]:
            raise _syntax_error(error, source) from None
    declaration = _DECLARATION.match(source.text)
    try:
        return _elements(source, declaration.end() if declaration else 0, "<run>", "</run>")
    except _Broken as error:
        raise _syntax_error(error, source) from None


def _syntax_error(error: _Broken, source: Source) -> Exception:
    said = expat.errors.messages[error.code]
    found = "an HTML page" if is_html(source.text) else f"broken XML ({said})"
    return source.error(f"expected a reply in XML, found {found}", error.index)


def _elements(source: Source, start: int, before: str, after: str) -> list[Element]:
    text = source.text[start:]
    roots: list[Element] = []
    stack: list[Element] = []
    limits = source.limits
    # More would be too many of whatever they are.
    most = max(limits.items, limits.fields) + 1
    indices = _Indices(text, start, len(before))
    parser = DefusedXMLParser(forbid_dtd=True).parser
    parser.ordered_attributes = True
    parser.buffer_text = False  # for the position of text that does not belong there
    # The depth of elements that stand alone, which a run has an element of ours around.
    outside = 1 if before else 0
    depth = -outside

    def start_element(tag: str, attributes: list[str]) -> None:
        nonlocal depth
        depth += 1
        if depth == 0:
            return
        index = indices.of(parser.CurrentByteIndex)
        if depth > limits.depth:
            source.fail(f"expected elements at most {limits.depth} deep", index, code="limit")
        siblings = stack[-1].children if stack else roots
        if depth < _DEEPEST and len(siblings) >= most:
            source.fail(f"expected at most {most} elements", index, code="limit")
        element = Element(tag, list(zip(attributes[::2], attributes[1::2])), index)
        if depth < _DEEPEST or not siblings:
            siblings.append(element)
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
            source.fail(f"expected an element, found the text {source.shown(data.strip())}", index)

    parser.StartElementHandler = start_element
    parser.EndElementHandler = end_element
    parser.CharacterDataHandler = characters
    try:
        parser.Parse(before + text + after, True)
    except DefusedXmlException:
        found = "an HTML page" if is_html(text) else "a document type declaration, which is refused"
        source.fail(f"expected a reply in XML, found {found}", text.find("<!"))
    except expat.ExpatError as error:
        raise _Broken(error.code, _Indices(text, start, len(before)).of(parser.ErrorByteIndex)) from None
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
