"""Parses an XML document for the careful reader, with positions, by expat behind defusedxml's guards."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Any
from xml.parsers import expat

import msgspec
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from .._careful import Place
from .._source import Source, is_html
from .._types import lazy

_DECLARATION = re.compile(r"<\?xml\s[^>]*\?>\s*")
_START = re.compile(r"<[^\s/>]+")
_ATTRIBUTE = re.compile(r"""\s+([^\s=]+)\s*=\s*("[^"]*"|'[^']*')""")

ROOT = "@"
"""The first step of a place that is an attribute of the root. No element has this name."""

# A reply has a root, elements in it, and in these at most a list of elements with fields. Deeper elements are only
# counted, except for the first one, which the error shows.
_DEEPEST = 5


class Element(msgspec.Struct):
    """An element, as far as replies need it."""

    tag: str
    attributes: list[tuple[str, str]]
    byte: int
    """Its position as expat counts, in bytes of UTF-8 after the declaration and the added root."""
    children: list[Element] = []
    pieces: list[str] = []

    @property
    def text(self) -> str:
        """The text in it, but not in its children."""
        return "".join(self.pieces)


def _next_attribute(text: str, match: re.Match[str] | None) -> re.Match[str]:
    """Return the attribute after *match*. Skip declarations of namespaces, which expat does not report."""
    while True:
        match = match and _ATTRIBUTE.match(text, match.end())
        assert match is not None, "expat has seen a start tag with an attribute"
        if match[1] != "xmlns" and not match[1].startswith("xmlns:"):
            return match


# The number of characters between two positions whose byte is remembered.
_STEP = 1024


class _Characters:
    """Tell which character a byte of UTF-8 belongs to. All answers cost one pass over the text, and each one step."""

    def __init__(self, text: str, start: int) -> None:
        self._text, self._start = text, start
        sizes = (len(text[at : at + _STEP].encode()) for at in range(start, len(text), _STEP))
        self._bytes = array("Q", accumulate(sizes, initial=0))

    def at(self, byte: int) -> int:
        """Return the character of a byte after the start."""
        step = bisect_right(self._bytes, byte) - 1
        first = min(self._start + step * _STEP, len(self._text))
        before = self._text[first : first + _STEP].encode()[: byte - self._bytes[step]]
        return first + len(before.decode("utf-8", "replace"))


class _Broken(Exception):  # noqa: N818 - a signal, not an error
    """Carries the error of expat and its position. Never leaves this module."""

    def __init__(self, code: int, byte: int) -> None:
        self.code = code
        self.byte = byte


class _Enough(Exception):  # noqa: N818 - a signal, not an error
    """Signals that all wanted records have been parsed. Never leaves this module."""


def _named(name: str) -> str:
    """Return a name from expat as ElementTree writes it: `{namespace}name`, or the name alone."""
    return f"{{{name}" if "}" in name else name


def _only_root(text: str) -> str:
    """Return the tag of the only root, or an empty text if the end of the text does not show that there is only one."""
    text = text.rstrip()
    tag = text[text.rfind("</") + 2 : -1]
    return tag if text.find(f"</{tag}>") == len(text) - len(f"</{tag}>") else ""


class Tree:
    """The top-level elements, in `roots`. There may be several: the documentation shows elements without a root.

    Positions in the text are computed only if an error or a finding needs them.
    """

    def __init__(self, source: Source, last: int | None = None, items: Sequence[str] = ()) -> None:
        """Parse a source.

        *last* is the number of the last wanted record, or None if all are wanted. *items* are the tags of objects in a
        list that is a field.
        """
        self._last, self._items = last, items
        self._only_root = "" if last is None else _only_root(source.text)
        # The parsed text begins at *start*, and *before* is the number of characters that were added before it.
        self._source, self._start, self._before = source, 0, 0
        # Where the attributes of an element are, and which elements of a list have a tag, by the object's identity.
        self._attributes: dict[int, dict[str, int]] = {}
        self._tags: dict[int, dict[str, list[Element]]] = {}
        try:
            self.roots = self._elements("", "")
            return
        except _Broken as error:
            if error.code != expat.errors.codes[expat.errors.XML_ERROR_JUNK_AFTER_DOC_ELEMENT]:
                raise self._syntax_error(error) from None
        declaration = _DECLARATION.match(source.text)
        self._start, self._before = declaration.end() if declaration else 0, len("<run>")
        try:
            self.roots = self._elements("<run>", "</run>")
        except _Broken as error:
            raise self._syntax_error(error) from None

    def index(self, byte: int) -> int:
        """Return the character at a byte of the text that expat parsed."""
        byte = max(byte - self._before, 0)
        return self._start + byte if self._source.text.isascii() else self._characters.at(byte)

    @lazy
    def _characters(self) -> _Characters:
        return _Characters(self._source.text, self._start)

    def place(self, place: Place) -> int:
        """Return the position of a place in the text."""
        first, *steps = place.steps or (0,)
        if first == ROOT:
            return self._attribute(self.roots[0], str(steps[0])) or 0
        at: Element = self.roots[0]
        inside = self.roots if len(self.roots) > 1 or not at.children else at.children
        if isinstance(first, int):
            items = inside if first < len(inside) else self.roots
            return self._inside(items[first], steps, place.again)
        root = Element("", [], at.byte, inside if self._named(inside, first) else self.roots)
        return self._inside(root, [first, *steps], place.again)

    def _inside(self, element: Element, steps: Sequence[str | int], again: int) -> int:
        for number, step in enumerate(steps):
            if isinstance(step, int):
                objects = (self._named(element.children, tag) for tag in self._items)
                element = next(filter(None, objects), element.children)[step]
                continue
            last = number == len(steps) - 1
            found = self._attribute(element, step) if last else None
            if found is not None:
                return found
            named = self._named(element.children, step)
            if not named:
                break
            asked = named[min(again, len(named) - 1)]
            # If there are several elements, the one with the attribute is meant.
            is_meant = last or self._attribute(asked, str(steps[number + 1])) is not None
            element = asked if is_meant else named[0]
        return self.index(element.byte)

    def _named(self, elements: list[Element], tag: str) -> list[Element]:
        """Return the elements that have a tag."""
        tags = self._tags.get(id(elements))
        if tags is None:
            tags = self._tags[id(elements)] = {}
            for element in elements:
                tags.setdefault(element.tag, []).append(element)
        return tags.get(tag, [])

    def _attribute(self, element: Element, name: str) -> int | None:
        """Return where the value of an attribute begins, or None if there is none."""
        if not element.attributes:
            return None
        places = self._attributes.get(id(element))
        if places is None:
            places = self._attributes[id(element)] = {}
            match = _START.match(self._source.text, self.index(element.byte))
            for key, _ in element.attributes:
                match = _next_attribute(self._source.text, match)
                places[key] = match.start(2) + 1
        return places.get(name)

    def _elements(self, before: str, after: str) -> list[Element]:
        """Parse the text between *before* and *after*."""
        source = self._source
        text = source.text[self._start :]
        roots: list[Element] = []
        stack: list[Element] = []
        limits = source.limits
        # More elements would be too many, whether they are records or fields.
        most = max(limits.items, limits.fields) + 1
        parser = DefusedXMLParser(forbid_dtd=True).parser
        parser.ordered_attributes = True
        parser.buffer_text = False  # for the position of text that does not belong there
        # Elements without a root get an added one around them, which does not count for the depth.
        depth = -1 if before else 0

        def start_element(tag: str, attributes: list[str]) -> None:
            nonlocal depth
            depth += 1
            if depth == 0:
                return
            byte = parser.CurrentByteIndex
            if depth > limits.depth:
                source.fail(f"expected elements at most {limits.depth} deep", self.index(byte), code="limit")
            siblings = stack[-1].children if stack else roots
            self._check_enough(roots, stack)
            if depth < _DEEPEST and len(siblings) >= most:
                source.fail(f"expected at most {most} elements", self.index(byte), code="limit")
            element = Element(_named(tag), list(zip(map(_named, attributes[::2]), attributes[1::2])), byte)
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
                found = source.quote(data.strip())
                source.fail(f"expected an element, found the text {found}", self.index(parser.CurrentByteIndex))

        parser.StartElementHandler = start_element
        parser.EndElementHandler = end_element
        parser.CharacterDataHandler = characters
        self._parse(parser, before + text + after, text)
        return roots

    def _parse(self, parser: Any, whole: str, text: str) -> None:
        """Parse *whole*, which contains the *text* of the source."""
        try:
            parser.Parse(whole, True)
        except _Enough:
            pass
        except DefusedXmlException:
            found = "an HTML page" if is_html(text) else "a document type declaration, which is refused"
            self._source.fail(f"expected a reply in XML, found {found}", text.find("<!"))
        except expat.ExpatError as error:
            raise _Broken(error.code, parser.ErrorByteIndex) from None
        finally:
            # The handlers refer to the parser and the elements, which would live until the garbage collector runs.
            parser.StartElementHandler = parser.EndElementHandler = parser.CharacterDataHandler = None

    def _check_enough(self, roots: list[Element], stack: list[Element]) -> None:
        """Raise `_Enough` if another record begins (a child of one root, or a root) and no other is wanted."""
        last = self._last
        if last is None:
            return
        inside = len(stack) == 1 and stack[0].tag == self._only_root
        if len(roots) > last + 1 or (inside and len(stack[0].children) > last):
            raise _Enough

    def _syntax_error(self, error: _Broken) -> Exception:
        said = expat.errors.messages[error.code]
        found = "an HTML page" if is_html(self._source.text) else f"broken XML ({said})"
        return self._source.error(f"expected a reply in XML, found {found}", self.index(error.byte))
