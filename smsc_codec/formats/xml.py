"""Reads and writes fmt=2: a root with elements in it. One expression reads it, or expat behind defusedxml's guards.

The documentation shows single elements without a root. So a list is read with any root, and without one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any

from .._careful import Builder, Formatted, Note, Pair, Pairs, Place, Trouble
from .._rows.read import rows
from .._rows.small import Part, Variant, each_way
from .._rows.source import Fallback, title_of
from .._rows.values import may_be_empty
from .._rows.write import Keys, Slot, Template, Writer, open_slots, surrounded, writer
from .._source import Source, is_html, quote
from .._types import lazy
from ..declare import TEXT, XML_NAME, Endpoint, Field, Many, Object, OpenMap, Other, Reply, Type
from ..errors import EncodeError
from ..limits import Limits
from ..report import Severity
from .reader import check_width, rank, texts_with
from .runs import RunReader
from .shapes import Shape, Shapes, Tables
from .xml_tree import ROOT, Element, Tree

_is_name = re.compile(XML_NAME).fullmatch
# XML 1.0 cannot contain these characters, not even as references.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]").search
# Without escapes, line ends and tabs would come back as line feeds and spaces.
_ATTRIBUTE_ESCAPES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
)
_TEXT_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})

_BLANK = r"[ \t\r\n]*"
# The carriage return is among the refused characters too: expat makes a line feed of it.
_CHARS = r"[^<\x00-\x08\x0b-\x1f\ufffe\uffff]"
_IN_QUOTES = r'[^"<\x00-\x1f\ufffe\uffff]'
_VALUE = f"{_IN_QUOTES}*"
_HEAD = r"(?:<\?xml version=[\"']1\.0[\"'](?: encoding=[\"'][Uu][Tt][Ff]-8[\"'])?[ \t\r\n]*\?>[ \t\r\n]*)?"
_ROOT = re.compile(rf"{_HEAD}<({XML_NAME})>{_BLANK}(?=<)").match
_DECLARED = re.compile(_HEAD).match
_ITEM = re.compile(rf'<({XML_NAME})((?: {XML_NAME}="{_VALUE}")*)>').match
_TAG = re.compile(rf"<({XML_NAME})").match
_KEY = re.compile(rf' ({XML_NAME})="{_VALUE}"').findall
_CHILD = re.compile(rf"{_BLANK}<({XML_NAME})>{_CHARS}*</\1>").match
_BEHIND = re.compile(_BLANK).match
_TAGS = re.compile(r"<[^<>]*>").findall
_REFERENCE = re.compile("&(?:#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6})|(amp|lt|gt|quot|apos));|&|]]>")
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_LEGAL = re.compile("[\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]").fullmatch

# The most characters of an element whose shape is learned.
_LONG_ITEM = 4096
# The distance that a repeated field adds. It is larger than that of all other elements of a reply together.
_AGAIN = 2**32
# The depth of the elements that compiled functions read: a root, a record and its values.
_COMPILED_DEPTH = 3


def _unescaped(text: str) -> str:
    """Return a text with its references replaced. Raise `Fallback` about a reference that XML does not allow."""
    return text if "&" not in text and "]]>" not in text else _REFERENCE.sub(_referred, text)


def _referred(match: re.Match[str]) -> str:
    decimal, hexadecimal, name = match.groups()
    if name:
        return _ENTITIES[name]
    if not decimal and not hexadecimal:
        raise Fallback
    found = chr(int(decimal) if decimal else int(hexadecimal, 16))
    if not _LEGAL(found):
        raise Fallback
    return found


def _escape_text(text: str) -> str:
    if _UNWRITABLE(text):
        raise Fallback
    return text.translate(_TEXT_ESCAPES)


def _escape_attribute(text: str) -> str:
    if _UNWRITABLE(text):
        raise Fallback
    return text.translate(_ATTRIBUTE_ESCAPES)


_SPECIAL = "&<>\r\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff"
_TEXTS = texts_with(re.compile(f"[{_SPECIAL}]").search, _escape_text)
_ATTRIBUTES = texts_with(re.compile(f'[{_SPECIAL}"\t\n]').search, _escape_attribute)


class XmlFormat(RunReader):
    """Reads and writes an endpoint's replies in fmt=2."""

    fmt = "xml"
    hides = staticmethod(re.compile(rb"&#").search)
    outside = "<"

    def __init__(self, endpoint: Endpoint[Any]) -> None:
        super().__init__(endpoint)
        self._shapes: Shapes[Shape] = Shapes()
        attributes = [f for reply in self.lists for f in reply.object.fields if (f.key(self.fmt) or "").startswith("@")]
        self.mark = '="' if attributes else "</"
        # The beginnings of replies of each kind.
        self._small_heads = ("<?xml ", *{head for reply in self.narrow for head in _heads(reply)})
        single = [reply for reply in self.replies if not reply.many]
        self._roots = {root for reply in single for root in reply.xml}
        self._elements = {key for reply in single for key in reply.object.names(self.fmt)}
        self._with_text = {reply.kind for reply in self.replies if "." in reply.object.names(self.fmt)}
        self._inner_tags = self._elements | {reply.item for reply in self.lists}
        self._has_generic = any(reply.object.is_generic for reply in single)
        fields = [field.type for reply in single for field in reply.object.fields]
        self._items = tuple({type_.item for type_ in fields if isinstance(type_, Many)})
        self._wide_heads = [(f"<{root}>", reply) for reply in self.wide for root in reply.xml if root]

    # Reading

    def may_be_own(self, text: str) -> bool:
        """Return whether a text contains the keys of a reply of the endpoint alone, or the root of an empty list."""
        return super().may_be_own(text) or any(root in text and item not in text for root, item in self._own_lists)

    @lazy
    def _own_lists(self) -> list[tuple[str, str]]:
        """The roots of lists of the endpoint alone, each with the element of a record."""
        lists = [reply for reply in self.own if reply.many]
        return [(f"<{root}", f"<{reply.item}") for reply in lists for root in reply.xml if root is not None]

    def variants(
        self, replies: Sequence[Reply], first: type | None, canonical: bool
    ) -> tuple[list[Variant], tuple[str, str], Callable[[str], str] | None]:
        """Return the variants of these replies, with their elements in the documented order."""
        found = [
            Variant(reply.object, parts)
            for reply in replies
            for root in reply.xml
            for parts in _parts(reply, root, canonical)
            if root is not None or not reply.constant
        ]
        if canonical:
            return [way for variant in found for way in each_way(variant)], ("", ""), _unescaped
        return found, (_HEAD, ""), _unescaped

    def fast(self, body: bytes, limits: Limits, expect: tuple[Any, ...], tables: Tables) -> Any:
        """Read a reply. Return None if only `read` can read it."""
        text = body.decode()
        if limits.depth < _COMPILED_DEPTH:
            return None
        if text.startswith(self._small_heads):
            found = self.read_small(text, expect, limits, tables)
            if found is not None:
                return found
        declared = _DECLARED(text)
        at = declared.end() if declared else 0
        for head, reply in self._wide_heads:
            if text.startswith(head, at):
                records, alike = self.runs(text[at:], reply, limits, tables)
                if len(records) > 1:
                    return None
                self.learn(text, records[0], alike, expect, tables)
                return records[0]
        return self._list(text, limits, expect, tables) if self.lists else None

    def _list(self, text: str, limits: Limits, expect: tuple[Any, ...], tables: Tables) -> Any:
        root = _ROOT(text)
        first = root and _TAG(text, root.end())
        if not root or not first:
            return None
        at = root.end()
        reply = next((reply for reply in self.ordered(expect, self.lists) if reply.item == first[1]), None)
        # A root with the name of a record or of a field can mean another reply, such as an error.
        if reply is None or (root[1] in self._inner_tags and root[1] not in reply.xml):
            return None
        # In the root of a single reply, the element may be a field of that reply: a name, or the id of a new one.
        # Fields do not have attributes.
        if root[1] in self._roots and (
            reply.object.is_generic or (reply.item in self._elements and text[first.end()] == ">")
        ):
            return None
        end = text.rfind("</")
        if end < at or text[end:].rstrip(" \t\r\n") != f"</{root[1]}>":
            return None
        records, alike = self.runs(text[at:end], reply, limits, tables)
        found = reply.many(tuple(records))
        if root[1] == reply.xml[0]:
            self.learn(text, found, alike, expect, tables)
        return found if len(records) <= limits.items else None

    def width(self, text: str, reply: Reply) -> int:
        """Return how many attributes the first element seems to have, with its text or the elements in it."""
        end = text.find(">")
        attributes = text.count("=", 0, end)
        if reply.kind in self._with_text:
            return attributes + 1
        tag = text[1:end].partition(" ")[0]
        return attributes + text.count("</", 0, text.find(f"</{tag}>"))

    def pieces(self, text: str, reply: Reply) -> tuple[list[str], Iterable[Hashable], str]:
        """Return the elements of a text without their end tags, the names in each, and their end tag."""
        close = f"</{reply.item}>"
        elements = text.split(close)
        if elements.pop().strip(" \t\r\n") or max(map(len, elements)) > _LONG_ITEM:
            raise Fallback
        elements = [element.lstrip(" \t\r\n") for element in elements]
        if _children(reply):
            return elements, [tuple(_TAGS(element)) for element in elements], close
        return elements, [tuple(element.split('"')[:-1:2]) for element in elements], close

    def shape_at(self, text: str, at: int, reply: Reply) -> tuple[Shape, int]:
        """Return the shape of the element at a place, and where the next one begins."""
        item = _ITEM(text, at, at + _LONG_ITEM)
        if item is None or item[1] not in ((reply.item,) if reply.many else reply.xml):
            raise Fallback
        keys = list(_KEY(item[2]))
        children: list[str] = []
        inside, limit = item.end(), item.end() + _LONG_ITEM
        while (child := _CHILD(text, inside, limit)) is not None:
            children.append(child[1])
            inside = child.end()
        # Look after the children, because one of them may have the name of the element: a zone has a <zone>.
        close = f"</{item[1]}>"
        end = text.find(close, inside, limit)
        if end < 0:
            raise Fallback
        behind = _BEHIND(text, end + len(close))
        assert behind is not None
        known = (reply.kind, item[1], tuple(keys), tuple(children))
        return self._shapes.get(known, lambda: self._shape(reply, item[1], keys, children)), behind.end()

    def _shape(self, reply: Reply, tag: str, keys: Sequence[str], children: Sequence[str]) -> Shape:
        obj = reply.object
        own = "." in obj.names(self.fmt)

        if (own and (children or tag in keys)) or (not own and not children):
            raise Fallback
        if not reply.many and self.has_rivals(reply, (*keys, *children)):
            raise Fallback
        attributes = "".join(rf' {re.escape(key)}="({_pattern(obj, key, _IN_QUOTES)})"' for key in keys)
        text = f"({_CHARS}+)" if own else ""
        some = [rf"<{re.escape(key)}>({_pattern(obj, key, _CHARS)})</{re.escape(key)}>" for key in children]
        every = (*keys, *children, *(["."] if own else []))
        found, usual = (
            rf"<{tag}{attributes}>{text or blank}{''.join(f'{each}{blank}' for each in some)}</{tag}>"
            for blank in (_BLANK, "\n")
        )
        find = re.compile(rf"{found}{_BLANK}|((?s:.+))").findall
        head, pattern = "", rf"{usual}\n?"
        if reply.many:
            head = f"<{reply.xml[0]}>\n"
            pattern = rf"{usual}\n(?:(?=<{tag})|</{reply.xml[0]}>\n?\Z)|((?s:.+))"
        before = {key: len(f"<{key}>") for key in children}
        made = self.make_at_once(obj, reply, every, pattern, before, head, _unescaped)
        return Shape(reply, rows(obj, self.fmt, every, "match"), find, made)

    def plain_rows(self, text: str, found: list[Any]) -> list[Any]:
        """Return rows with their references replaced."""
        if "&" not in text and "]]>" not in text:
            return found
        return [tuple([_unescaped(cell) if "&" in cell or "]]>" in cell else cell for cell in row]) for row in found]

    def around(self, text: str, reply: Reply) -> Sequence[str] | None:
        """Return the tags of a list and of its records. A list can have any root."""
        root = _ROOT(text)
        return (root[1], reply.item) if root else None

    def read(self, source: Source, expect: tuple[Any, ...], notes: list[Note] | None) -> Any:
        """Return the reply that has a place for most of the elements. If several do, return the expected one."""
        if "\0" in source.text:  # expat would take it for UTF-16
            source.fail("expected a reply in XML, found a NUL character", source.text.index("\0"))
        tree = Tree(source)
        roots = tree.roots
        if _is_empty_result(roots) and (self.several_lists or any(reply.cls in expect for reply in self.lists)):
            _note_attributes(roots[0], (ROOT,), "", source, notes)
            return self.empty_list(expect, "an empty <result>")
        inside = self._single(roots)
        is_error = self.is_error([element.tag for element in inside])
        ranked = [(0, self.error, inside)] if is_error else self._ranked(roots, expect)
        if not ranked:
            if is_html(source.text):
                source.fail("expected a reply in XML, found an HTML page", tree.index(roots[0].byte))
            what = f"<{roots[0].tag}>{_contents(roots[0], source)}"
            source.fail(f"expected {self.endpoint.expected()} in XML, found {what}", tree.index(roots[0].byte))
        best = self.choose([(others, reply) for others, reply, _ in ranked], expect)
        if len(best) > 1:
            raise self.ambiguous(best, f"<{roots[0].tag}>")
        reply, children = next((reply, children) for _, reply, children in ranked if reply is best[0])
        if reply.many:
            return self._listed(reply, roots, source, notes)
        any_root = reply.object.is_generic or (is_error and self._has_generic)
        known = {roots[0].tag} if any_root else self._roots if is_error else reply.xml
        if len(roots) == 1 and roots[0].tag in known:
            _note_attributes(roots[0], (ROOT,), "", source, notes)
        if reply.constant:
            return reply.object.cls()
        pairs = _of_children(reply.object, children)
        check_width(pairs, source.limits)
        _note_inside(reply.object, children, (), "", source, notes)
        builder = self.builder(reply)
        made = builder.build(pairs, source, (), "", notes)
        for tag, strays in _strays(reply.object, children):
            made = builder.with_others(made, strays, source, (tag,), notes)
        return made

    def _ranked(self, roots: list[Element], expect: tuple[Any, ...]) -> list[tuple[int, Reply, list[Element]]]:
        """Return the replies that a document can be, each with its distance from the document, and its elements."""
        ranked: list[tuple[int, Reply, list[Element]]] = []
        for reply in self.ordered(expect, self.replies):
            generic = reply.object.is_generic
            if reply.many:
                items = _items(reply, roots)
                if items is not None:
                    # Without a root, the first record may be a reply of its own. Count what it has no place for.
                    others = 0
                    if items is roots:
                        others = _unknown(reply.object, items[0]) + _misfits(reply.object, items[0].children)
                    is_foreign = generic and any(item.tag != reply.item for item in items[:1])
                    ranked.append((is_foreign if generic else others, reply, []))
                continue
            children = _flat(reply, roots)
            if children is not None:
                fits = 0 if reply.constant else rank(reply, self.fmt, _of_children(reply.object, children))
                if fits is not None:
                    fits += _misfits(reply.object, children)
                    ranked.append((roots[0].tag not in reply.xml if generic else fits, reply, children))
        return ranked

    def _single(self, roots: list[Element]) -> list[Element]:
        """Return the elements of a reply that is not a list, or an empty list if the root says that it is a list.

        Without a root, an error has only its own elements, unless the endpoint has replies without a root.
        """
        if len(roots) == 1 and (roots[0].tag in self._roots or self._has_generic):
            return roots[0].children if not roots[0].text.strip() else []
        own = self.error.object.names(self.fmt)
        return roots if None in self._roots or all(root.tag in own for root in roots) else []

    def _listed(self, reply: Reply, roots: list[Element], source: Source, notes: list[Note] | None) -> Any:
        items = _items(reply, roots) or []
        most = source.limits.items
        if items is not roots:
            _note_attributes(roots[0], (ROOT,), "", source, notes)
        if items and items[0].tag != reply.item and notes is not None:
            message = f"the records are <{items[0].tag}>, where <{reply.item}> is expected"
            notes.append(Note(Severity.WARNING, "unknown-key", message, Place((0,)), items[0].tag))
        build, records = self.builder(reply).build, []
        for number, item in enumerate(items):
            if number >= most:
                raise Trouble(f"expected at most {most} records", Place((number,)), "", "limit")
            path = f"{reply.attribute}[{number}]"
            pairs = _pairs(reply.object, item, source, Place((number,)), path)
            _note_inside(reply.object, item.children, (number,), f"{path}.", source, notes)
            records.append(build(pairs, source, (number,), path, notes))
        return reply.many(tuple(records))

    def make_builder(self, reply: Reply) -> Builder:
        """Make the careful reader of a reply's records."""
        if not reply.many:
            return Builder(reply.object, self.fmt, "the element {}")
        return Builder(reply.object, self.fmt, names=reply.object.names(self.fmt, reply.item))

    def locate(self, source: Source, places: Sequence[Place], expect: tuple[Any, ...] = ()) -> list[int]:
        """Return where in the text each of *places* is."""
        numbers = [place.steps[0] for place in places if place.steps and isinstance(place.steps[0], int)]
        tree = Tree(source, max(numbers) if len(numbers) == len(places) else None, self._items)
        return [tree.place(place) for place in places]

    # Writing

    def framed(self, lines: list[str], reply: Reply) -> str:
        """Return the records of a list with the text around and between them."""
        return "\n".join([f"<{reply.xml[0]}>", *lines, f"</{reply.xml[0]}>"])

    def constant(self, reply: Reply) -> str:
        """Return the text of a reply that is a word."""
        return f"<{reply.xml[0]}>{reply.constant}</{reply.xml[0]}>"

    def compile_writer(self, reply: Reply, present: frozenset[str], keys: Keys) -> Writer:
        """Compile a writer of records with these fields and open keys."""
        obj = reply.object
        self.check_keys(reply, keys)
        if not all(map(_is_name, keys.codes + keys.texts)):
            raise Fallback
        beside_text = "." in obj.names(self.fmt)
        attributes: Template = []
        children: Template = []
        own: Template = []
        texts = {}
        for member in obj.ordered(self.fmt, present):
            if not isinstance(member, Field):
                for key, slot in open_slots(member, self.fmt, keys):
                    if beside_text:
                        attributes += surrounded(f' {key}="', slot, '"')
                    else:
                        children += surrounded(f"<{key}>", slot, f"</{key}>\n")
            elif member.name in present:
                key = member.key(self.fmt) or ""
                texts[member.name] = _ATTRIBUTES if key.startswith("@") else _TEXTS
                if key.startswith("@"):
                    attributes += [f' {key[1:]}="', Slot(member.name), '"']
                elif key == ".":
                    own.append(Slot(member.name))
                else:
                    children += [f"<{key}>", Slot(member.name), f"</{key}>\n"]
        if (
            len(texts) < len(present)
            or not (present or reply.many)
            or (not own and any(field.key(self.fmt) == "." for field in obj.fields))
        ):
            raise Fallback
        tag = reply.item if reply.many else _root(reply, len(children) // 3)
        template = [f"<{tag}", *attributes, ">", *(["\n"] if children else []), *children, *own, f"</{tag}>"]
        if tag is None:
            template = children
            template[-1] = str(template[-1]).removesuffix("\n")
        texts |= dict.fromkeys(keys.slots, _ATTRIBUTES if beside_text else _TEXTS)
        return writer(obj, title_of(obj, self.fmt), template, keys, texts)

    def taken(self, reply: Reply) -> str:
        """Return the tag of a record whose text is a field. An attribute of that name would be the same field."""
        return reply.item if "." in reply.object.names(self.fmt) else ""

    def format_record(self, fields: list[Formatted], value: Any, reply: Reply, path: str, limits: Limits) -> str:
        """Return an element with these attributes or children, and with the lists in it."""
        obj, tag = reply.object, reply.item if reply.many else _root(reply, len(fields))
        attributes, own = "", ""
        children: list[str] = []
        given = {each.name for each in fields}
        lacking = next((name for key, name in obj.names("xml").items() if key == "." and name not in given), None)
        if lacking is not None:  # without a text the element would be read as something else
            raise EncodeError(f"the XML form needs a value of {lacking}", path=path)
        for each in fields:
            found = _UNWRITABLE(each.text)
            if found:
                raise EncodeError(f"XML cannot hold the character U+{ord(found[0]):04X}", path=each.path)
            key = (obj.by_name[each.name].key("xml") or "") if each.name else f"@{each.key}"
            is_attribute = key.startswith("@") and (each.name != "" or "." in obj.names("xml"))
            if key == ".":
                own = each.text.translate(_TEXT_ESCAPES)
            elif not _is_name(each.key):
                what = "attribute" if is_attribute else "element"
                raise EncodeError(f"{quote(each.key)} cannot be the name of an XML {what}", path=path)
            elif is_attribute:
                attributes += f' {each.key}="{each.text.translate(_ATTRIBUTE_ESCAPES)}"'
            else:
                children.append(f"<{each.key}>{each.text.translate(_TEXT_ESCAPES)}</{each.key}>")
        for field in obj.fields:
            if isinstance(field.type, Many) and getattr(value, field.name):
                inner = Reply("", "", field.type.object, xml=(field.type.item,), item=field.type.item)
                where = f"{path}.{field.name}" if path else field.name
                items = [
                    self.write_carefully(item, inner, f"{where}[{number}]", limits)
                    for number, item in enumerate(getattr(value, field.name))
                ]
                key = field.key("xml") or ""
                children += [f"<{key}>", *items, f"</{key}>"]
        if tag is None:
            return "\n".join(children)
        inside = "".join(f"\n{child}" for child in children) + "\n" * bool(children)
        return f"<{tag}{attributes}>{inside}{own}</{tag}>"


def _root(reply: Reply, count: int) -> str | None:
    """Return the root for a reply with that many elements. Several elements get a root if the reply can have one."""
    return next((root for root in reply.xml if root is not None or count == 1), None)


def _heads(reply: Reply) -> list[str]:
    """Return the possible beginnings of a reply if its fields are not optional."""
    keys = [field.key("xml") for field in reply.object.fields] + [*reply.object.also.get("xml", {})]
    return [f"<{tag}>" for tag in (*filter(None, reply.xml), *(keys if None in reply.xml else ()))]


def _children(reply: Reply) -> bool:
    """Return whether the records of a list have their fields in elements."""
    return all(not (field.key("xml") or "").startswith(("@", ".")) for field in reply.object.fields)


def _parts(reply: Reply, root: str | None, canonical: bool) -> Iterable[tuple[Part, ...]]:
    """Yield the parts of a small reply with that root, for each way to spell its keys.

    White space belongs to the part before it. Otherwise two runs of it would be tried in each division.
    """
    end = "(?:\n|)" if canonical else _BLANK
    blank = "\n" if canonical and root is not None else end
    if reply.constant:
        yield (Part(f"<{root}>{re.escape(reply.constant)}</{root}>{end}"),)
        return
    for also in ({}, *({name: key} for key, name in reply.object.also.get("xml", {}).items())):
        parts = [Part(f"<{root}>{blank}")] if root is not None else []
        for field in reply.object.ordered("xml"):
            if isinstance(field, Field) and isinstance(field.type, Type):
                key = re.escape(also.get(field.name) or field.key("xml") or "")
                parts.append(
                    Part(f"<{key}>", field.name, _pattern_of(field.type, _CHARS), f"</{key}>{blank}", field.optional)
                )
        yield (*parts, *([Part(f"</{root}>{end}")] if root is not None else []))


def _pattern(obj: Object, key: str, chars: str) -> str:
    """Return the pattern of a value. If its type does not have a pattern, it is a text of *chars*."""
    name = obj.names("xml").get(key)
    if name is None and isinstance(obj.open, OpenMap):
        return f"{chars}+"  # neither a code nor the text beside codes is empty
    type_ = obj.by_name[name].type if name else TEXT
    # Compiled rows never contain a list.
    return _pattern_of(type_, chars) if isinstance(type_, Type) else chars


def _pattern_of(type_: Type, chars: str) -> str:
    return type_.pattern if type_.kind != "text" else f"{chars}*" if may_be_empty(type_) else f"{chars}+"


def _flat(reply: Reply, roots: list[Element]) -> list[Element] | None:
    """Return the elements of a reply that is not a list, or None if this is not one."""
    (root, *others) = roots
    if reply.constant:
        return (
            [] if not others and root.tag in reply.xml and root.text == reply.constant and not root.children else None
        )
    if reply.object.is_generic:
        # Its root is not known, but contains values.
        is_flat = not others and root.children and not any(child.children for child in root.children)
        return root.children if is_flat and not root.text.strip() else None
    if not others and root.tag in reply.xml:
        return root.children if not root.text.strip() else None
    return roots if None in reply.xml else None


def _contents(element: Element, source: Source) -> str:
    """Return what errors say about the contents of an element: its text, or else its first child."""
    text = element.text.strip()
    if text and element.children:
        return f" with the text {source.quote(text)} in it"
    return f" with <{element.children[0].tag}> in it" if element.children else ""


def _many_of(obj: Object, tag: str) -> Many | None:
    """Return the type of the list in an element of an object, or None if the element is a value or unknown."""
    field = obj.by_name.get(obj.names("xml").get(tag, ""))
    return field.type if field is not None and isinstance(field.type, Many) else None


def _of_children(obj: Object, children: Sequence[Element]) -> list[Pair]:
    """Return elements as pairs."""
    pairs: list[Pair] = []
    for child in children:
        many = _many_of(obj, child.tag)
        value: Any = _plain(child)
        if many is not None:
            items = [item for item in child.children if item.tag == many.item]
            value = [Pairs(_pairs_of(many.object, item)) for item in items]
        pairs.append((child.tag, value))
    return pairs


def _misfits(obj: Object, children: Sequence[Element]) -> int:
    """Return the distance of elements from those of an object."""
    known = [child for child in children if child.tag in obj.names("xml")]
    misfits = [each for each in known if each.attributes or (each.children and _many_of(obj, each.tag) is None)]
    return len(misfits) + _AGAIN * (len(known) - len({child.tag for child in known}))


def _strays(obj: Object, children: Sequence[Element]) -> Iterable[tuple[str, list[Pair]]]:
    """Yield the elements in each list of a reply that are not objects of the list."""
    for child in children:
        many = _many_of(obj, child.tag)
        strays = [(item.tag, _plain(item)) for item in child.children if many is not None and item.tag != many.item]
        if strays:
            yield child.tag, strays


def _plain(element: Element) -> Any:
    """Return the text of an element, or the element itself if it contains others and so is not a value."""
    return element if element.children else element.text


def _pairs_of(obj: Object, item: Element) -> list[Pair]:
    """Return the attributes, the children and the text of an element as pairs."""
    pairs: list[Pair] = [*item.attributes, *((child.tag, _plain(child)) for child in item.children)]
    # The last of two values with the same key is kept. Blanks around a child with the element's own tag do not count.
    if "." not in obj.names("xml") or (not item.text.strip() and any(key == item.tag for key, _ in pairs)):
        return pairs
    return [*pairs, (item.tag, item.text)]


def _unknown(obj: Object, item: Element) -> int:
    """Return how many keys do not fit into a record."""
    return len({key for key, _ in _pairs_of(obj, item)} - obj.names("xml", item.tag).keys())


def _pairs(obj: Object, item: Element, source: Source, place: Place, path: str) -> list[Pair]:
    """Return the pairs of a record. Raise `Trouble` if there is more in it."""
    own = "." in obj.names("xml")
    for child in item.children:
        # A generic record must not lose anything.
        if own or (obj.is_generic and child.children):
            outside, inside = (item, child) if own else (child, child.children[0])
            reason = f"expected text in <{outside.tag}>, found <{inside.tag}>"
            raise Trouble(reason, Place((*place.steps, child.tag)), path, "malformed")
    if not own:
        _check_no_text(item, place, path, source)
    return _pairs_of(obj, item)


def _items(reply: Reply, roots: list[Element]) -> list[Element] | None:
    """Return the elements of a list, or None if this is not one."""
    items = roots
    if len(roots) == 1 and roots[0].tag != reply.item:
        (root,) = roots
        if root.text.strip() or (not root.children and root.tag not in reply.xml):
            return None
        items = root.children
    if all(item.tag == reply.item for item in items):
        return items
    # The tag of the records of a generic list is not known, but each contains values.
    is_generic = reply.object.is_generic and items is not roots and len({item.tag for item in items}) == 1
    return items if is_generic and all(item.children or item.attributes for item in items) else None


def _is_empty_result(roots: list[Element]) -> bool:
    """Return whether a document is `<result/>`, which says of a list that it is empty."""
    return [root.tag for root in roots] == ["result"] and not roots[0].children and not roots[0].text.strip()


def _check_no_text(element: Element, place: Place, path: str, source: Source) -> None:
    """Raise `Trouble` about text between the elements in an element."""
    text = element.text.strip()
    if text:
        reason = f"expected elements in <{element.tag}>, found {source.quote(text)}"
        raise Trouble(reason, place, path, "malformed")


def _note_attributes(
    element: Element, steps: tuple[str | int, ...], path: str, source: Source, notes: list[Note] | None, again: int = 0
) -> None:
    """Report the attributes of an element that is a value or a root: the reply has no place for them."""
    for count, (key, _) in enumerate(element.attributes, 1):
        place = Place((*steps, key), again)
        if count > source.limits.fields:
            raise Trouble(f"expected at most {source.limits.fields} attributes", place, "", "limit")
        if notes is not None:
            message = f"the attribute {source.quote(key)} of <{element.tag}> is not known, and not kept"
            notes.append(Note(Severity.WARNING, "unknown-key", message, place, f"{path}.{key}" if path else key))


def _note_inside(
    obj: Object,
    children: Sequence[Element],
    steps: tuple[str | int, ...],
    before: str,
    source: Source,
    notes: list[Note] | None,
) -> None:
    """Report the attributes of an object's values. Raise `Trouble` about text between the objects of a list."""
    names, seen = obj.names("xml"), dict[str, int]()
    for child in children:
        again = seen[child.tag] = seen.get(child.tag, -1) + 1
        many, inside = _many_of(obj, child.tag), (*steps, child.tag)
        path = f"{before}{names.get(child.tag) or _open_path(obj, child.tag)}"
        if many is not None or not child.children:
            _note_attributes(child, inside, path, source, notes, again)
        if many is not None:
            _check_no_text(child, Place(inside, again), path, source)
            items = [item for item in child.children if item.tag == many.item]
            for number, item in enumerate(items):
                if "." not in many.object.names("xml"):
                    _check_no_text(item, Place((*inside, number)), f"{path}[{number}]", source)
                _note_inside(many.object, item.children, (*inside, number), f"{path}[{number}].", source, notes)
            for stray in [item for item in child.children if item.tag != many.item and not item.children]:
                where = f"{before}{_open_path(obj, stray.tag)}"
                _note_attributes(stray, (*inside, stray.tag), where, source, notes)


def _open_path(obj: Object, tag: str) -> str:
    """Return the path of an element that is not a field."""
    return f"{obj.open.name}.{tag}" if isinstance(obj.open, Other) else tag
