"""fmt=2: a root with elements in it. Read by expat behind defusedxml's guards, written by hand.

The documentation shows single elements and no root, so any root is read, and none; see `docs/wire-format.md`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any
from xml.parsers import expat

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser
from msgspec.structs import replace

from .._forms import Const, Endpoint, Flat, Form, Listing, XmlShape
from .._lists import ListMaker, written
from .._records import Order, Pair
from .._runs import Codes, Rows, Run, escape, weave
from .._source import Source, shown
from .._values import Unusual
from ..errors import EncodeError
from ..limits import Limits
from ..report import Severity
from .lines import LONG_LINE, MAX_NEW_SHAPES, Lines, Shapes, in_order, parts
from .xml_tree import Element, is_html, parse

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


# The canonical layout, which the fast lane reads. Without references, other alphabets and the end of a CDATA section
# it has nothing in it that a parser could refuse; else expat is asked first whether it is XML.
_ROOT = re.compile(r"<([A-Za-z_][A-Za-z0-9_.-]*)>\n(?=<)")
_START = re.compile(r'<([^\s<>/]+)((?: [^\s=<>"]+="[^"<\t\n\r]*")*)>')
_KEY = re.compile(r' ([^\s=<>"]+)="[^"]*"')
_REFERENCE = re.compile("&(?:#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6})|(amp|lt|gt|quot|apos));|&")
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}

_DEPTH = 2
"""Elements inside each other in a list."""


class XmlFormat:
    """Reads and writes an endpoint's replies in fmt=2."""

    def __init__(self, endpoint: Endpoint[Any]) -> None:
        self._endpoint = endpoint
        self._listing = next((form for form in endpoint.forms if isinstance(form, Listing)), None)
        self._shapes: Shapes[Lines] = Shapes()
        self._orders = {form.rule: _order(form) for form in endpoint.forms if isinstance(form, Listing)}

    # Reading

    def fast(self, body: bytes, limits: Limits) -> Any:
        """The reply, or `None` if `read` has to judge: a flat reply, an error, a layout that is not the canonical."""
        form = self._listing
        if form is None or limits.depth < _DEPTH or body[:2] == b"<?":
            return None
        try:
            text = body.decode()
            root = _ROOT.match(text)
            if root is None or root[1] == form.xml_item:
                return None
            if not text.isascii() or "&" in text or "]]>" in text:
                _check(body)
            return self._read_canonical(form, text, root, limits)
        except (UnicodeDecodeError, expat.ExpatError, DefusedXmlException, Unusual):
            return None

    def _read_canonical(self, form: Listing, text: str, root: re.Match[str], limits: Limits) -> Any:
        longest = limits.text if len(text) > limits.text else None
        order = self._orders[form.rule]
        rows_of = Rows if "&" not in text else _Escaped
        records: list[Any] = []
        maker = ListMaker(form)
        position = root.end()
        shape_at = partial(self._shape_at, form, text, limits, iter(range(MAX_NEW_SHAPES)))
        while (shape := shape_at(position)) is not None:
            before = position
            for rows, shapes, after in parts(shape, text, position, shape_at):
                made = {}
                for lines, some in rows.items():
                    maker.note(lines.keys, order.names)
                    table = rows_of(some, lines.places)
                    made[lines] = form.record.many(lines.keys, table, order.names, order.arrange, longest)
                records += in_order(made, shapes)
                position = after
                if len(records) > limits.items:
                    raise Unusual
            if position == before:
                raise Unusual
        if not records or text[position:].rstrip("\n") != f"</{root[1]}>":
            raise Unusual
        if len(records) == 1 and text.startswith(f"<{form.xml_item}>", root.end()):
            raise Unusual  # Without attributes it may be the id of a new name.
        return maker.reply(records)

    def _shape_at(self, form: Listing, text: str, limits: Limits, budget: Iterator[int], position: int) -> Lines | None:
        """The shape of the line at *position*, `None` behind the last; learning one takes one from *budget*."""
        if text.find("\n", position, position + LONG_LINE) < 0:
            return None
        start = _START.match(text, position)
        if start is None:
            return None
        keys = tuple(_KEY.findall(start[2]))
        if len(keys) >= limits.fields:
            raise Unusual
        lines = self._shapes.get(keys)
        if lines is None:
            if next(budget, None) is None or start[1] != form.xml_item:
                raise Unusual
            lines = self._shapes.add(keys, _lines(form, keys))
        return lines

    def read(self, source: Source, expect: tuple[Any, ...]) -> Any:
        """The reply; forms of *expect* are tried before others."""
        if "\0" in source.text:  # expat would take it for UTF-16
            source.fail("expected a reply in XML, found a NUL character", source.text.index("\0"))
        roots = parse(source)
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
        if is_html(source.text):
            source.fail("expected a reply in XML, found an HTML page", roots[0].index)
        found = f"<{roots[0].tag}>" + (f" with <{roots[0].children[0].tag}> in it" if roots[0].children else "")
        return source.fail(f"expected {self._endpoint.expected()} in XML, found {found}", roots[0].index)

    def _build(self, form: Listing, item: Element, number: int, source: Source) -> Any:
        path = f"{form.attribute}[{number}]"
        if item.children:
            source.fail(f"expected text in <{item.tag}>, found <{item.children[0].tag}>", item.children[0].index, path)
        order = self._orders[form.rule]
        # Of two values with the same key the last is kept, and that is to be the text.
        pairs = [*item.pairs(source.text), Pair(form.xml_item, item.text, item.index)]
        return form.record.build(pairs, order.names, source, path, item.index, order.arrange)

    # Writing

    def write(self, reply: Any, form: Form, limits: Limits) -> str:
        """The canonical text, or `EncodeError`."""
        if isinstance(form, Flat):
            return self._write_flat(reply, form, limits)
        try:
            texts = written(form, reply, self._orders[form.rule], limits, partial(_woven, form), "\n")
            return "".join([f"<{form.xml_root}>", *texts, f"\n</{form.xml_root}>"])
        except Unusual:
            pass
        lines = [f"<{form.xml_root}>"]
        for number, value in enumerate(getattr(reply, form.attribute)):
            path = f"{form.attribute}[{number}]"
            text = _spelled(form, self._orders[form.rule], value, path, limits)
            lines.append(text)
        return "\n".join([*lines, f"</{form.xml_root}>"])

    def _write_flat(self, reply: Any, form: Flat, limits: Limits) -> str:
        shape = form.xml[0]
        if isinstance(shape.text, Const):
            return f"<{shape.root}>{shape.text.text}</{shape.root}>"
        types = form.record.by_name
        lines: list[str] = []
        for tag, name in shape.children:
            value = getattr(reply, name)
            if value is not None or not types[name].optional:
                text = _writable(types[name].type.spell(value, name, limits), name)
                lines.append(f"<{tag}>{text.translate(_TEXT_ESCAPES)}</{tag}>")
        if shape.root is not None:
            lines = [f"<{shape.root}>", *lines, f"</{shape.root}>"]
        return "\n".join(lines)


def _check(body: bytes) -> None:
    """Raise an exception of expat or of the guards if this is not XML, or not to be read."""
    parser = DefusedXMLParser(forbid_dtd=True).parser
    # The guards have handlers of their own; without others expat only says whether this is XML.
    parser.StartElementHandler = parser.EndElementHandler = parser.CharacterDataHandler = None
    parser.DefaultHandlerExpand = None
    parser.Parse(body, True)


class _Escaped(Rows):
    """Rows of a body with references in it."""

    def column(self, key: str) -> list[Any]:
        """The values of a key."""
        column = super().column(key)
        return list(map(_unescaped, column)) if "&" in "".join(column) else column


def _unescaped(text: str) -> str:
    return _REFERENCE.sub(_referred, text)


def _referred(match: re.Match[str]) -> str:
    decimal, hexadecimal, name = match.groups()
    if name:
        return _ENTITIES[name]
    if not decimal and not hexadecimal:
        raise Unusual  # A number with more leading zeros than anybody needs.
    return chr(int(decimal) if decimal else int(hexadecimal, 16))


def _lines(form: Listing, keys: tuple[str, ...]) -> Lines:
    if form.xml_item in keys or len({*keys}) < len(keys) or not all(map(_NAME.fullmatch, keys)):
        raise Unusual  # Two values of a field, or a name that is no attribute's, or XML's own.
    attributes = "".join(rf' {re.escape(key)}="([^"<\x00-\x1f]*)"' for key in keys)
    line = rf"<{form.xml_item}{attributes}>([^<\x00-\x08\x0b-\x1f]*)</{form.xml_item}>"
    return Lines((*keys, form.xml_item), line, r"\n", last=False)


def _order(form: Listing) -> Order:
    """The attributes with the text, under the element's own tag, before them."""
    return replace(form.xml, head=((form.xml_item, form.xml_text), *form.xml.head))


def _woven(form: Listing, runs: Sequence[Run | Codes]) -> str:
    """The elements of records with the same fields, each behind a line end."""
    if any(_UNWRITABLE.search(run.text) for run in runs) or not all(_NAME.fullmatch(run.key) for run in runs):
        raise Unusual
    text, *attributes = runs
    if text.key != form.xml_item:
        raise Unusual
    parts: list[str | Sequence[str]] = []
    before = f"\n<{form.xml_item} "
    for run in attributes:
        parts += escape(run, _SPECIAL, _escape_attribute).behind(f'{before}{run.key}="')
        before = '" '
    before = '">' if attributes else f"\n<{form.xml_item}>"
    parts += (*escape(text, _SPECIAL, _escape_text).behind(before), f"</{form.xml_item}>")
    return weave(parts, len(text.column))


def _spelled(form: Listing, order: Order, value: Any, path: str, limits: Limits) -> str:
    fields = form.record.spell(value, order, path, limits, unique=True)
    if not fields or fields[0][0] != form.xml_item:
        raise EncodeError(f"the XML form needs a value of {form.xml_text}", path=path)
    (_, text), *attributes = fields
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
        if root.text != shape.text.text or root.children:
            return None
        _note_attributes(root, source)
        return []
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
    if shape.root is not None:
        _note_attributes(root, source)
    most = source.limits.fields
    if len(children) > most:
        source.fail(f"expected at most {most} fields", children[most].index, code="limit")
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
    if any(item.tag != form.xml_item for item in items):
        return None
    most = source.limits.items
    if len(items) > most:
        source.fail(f"expected at most {most} names", items[most].index, code="limit")
    if items is not roots:
        _note_attributes(roots[0], source)
    return items


def _note_attributes(root: Element, source: Source) -> None:
    most = source.limits.fields
    for count, (key, _, at) in enumerate(root.pairs(source.text), 1):
        if count > most:
            source.fail(f"expected at most {most} attributes", at, code="limit")
        message = f"the attribute {source.shown(key)} of <{root.tag}> is not known, and not kept"
        source.note(Severity.WARNING, "unknown-key", message, at, key)
