"""Unpacks bodies and files: gzip, deflate, zstd and brotli. Packed data is not trusted."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, Protocol

from .._source import UTF16_MARKS, is_utf8
from ..limits import DEFAULT_LIMITS

MOST = DEFAULT_LIMITS.body + 1
"""The most bytes of a body that are kept. One more than the limit is enough for the body to be refused."""
LONGEST = 2 * MOST
"""The most bytes of a line, an entry, a string or anything else in a recording that contains a reply.

This is enough for the longest body in base64, and for its chunks. JSON and YAML seldom take twice as many bytes for a
text. Anything longer is refused before it is built.
"""
GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
FILE_WINDOW, BODY_WINDOW = 1 << 27, 1 << 23
"""The most memory that zstd may ask for: the maximum of its command line, and that which RFC 9659 allows in HTTP."""
_CODINGS = 5
"""The most codings of a body. Each costs a pass. Servers use one."""
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")
_BLANKS = b" \t\r\n\0"
# The first bytes of gzip and zstd as UTF-8 after they were read as latin-1, and after letters of them were lost.
_AS_LETTERS = (b"\x1f\xc2\x8b", b"(\xc2\xb5/\xc3\xbd")
_AS_LOST_LETTERS = (b"\x1f\xef\xbf\xbd", b"\x1f\xe2\x80\xb9", b"(\xef\xbf\xbd/\xef\xbf\xbd")
PACKED = (GZIP, ZSTD, b"x\x01", b"x\x5e", b"x\x9c", b"x\xda", *_AS_LETTERS, *_AS_LOST_LETTERS)
"""The beginnings of packed bodies, whatever their headers say."""


class BrokenError(Exception):
    """A recording, or packed data in it, that is cut, damaged or packed in an unknown way."""


class MissingError(Exception):
    """A library that is needed is not installed; the message says which and how to get it."""


class _Unpacker(Protocol):
    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, /) -> bytes: ...


class Packing(NamedTuple):
    """A way to pack data."""

    name: str
    new: Callable[[], _Unpacker]
    """Makes the unpacker of one stream."""
    bite: int
    """The number of bytes that are fed at once. With the highest ratio of this packing, it bounds the output."""
    damage: str
    """The meaning of an error of the unpacker."""
    next: re.Pattern[bytes] | None = None
    """The beginning of another stream; None if there is never more than one."""


_DAMAGED = "the compressed data is damaged"
_LONGEST_SIGN = 4
_NEXT_GZIP = re.compile(rb"\x1f\x8b")
# A frame, or a skippable frame (RFC 8878).
_NEXT_ZSTD = re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18")
# Deflate packs 1,032 bytes into one at best, so that at most 2.1 MB come out at once.
_GZIP = Packing("gzip", lambda: zlib.decompressobj(31), 2048, _DAMAGED, _NEXT_GZIP)
_ZLIB = Packing("zlib", zlib.decompressobj, 2048, _DAMAGED)
_RAW = Packing("deflate", lambda: zlib.decompressobj(-15), 2048, _DAMAGED)


def _zstd(window: int) -> Packing:
    try:
        import zstandard
    except ImportError:
        raise MissingError("zstd needs zstandard: pip install 'smsc-codec[cli]'") from None
    damage = f"{_DAMAGED}, or needs a window of more than {window >> 20} MiB"
    # Four bytes can unpack to a block of 128 KiB, so that at most 2.2 MB come out at once. All streams share the
    # decompressor, because making one takes longer than unpacking an empty stream.
    new = zstandard.ZstdDecompressor(max_window_size=window).decompressobj
    return Packing("zstd", new, 64, damage, _NEXT_ZSTD)


def packing_of(head: bytes, window: int = FILE_WINDOW) -> Packing | None:
    """Return how data that begins with *head* is packed, or None if it is not packed. Raise `MissingError`."""
    if head.startswith(ZSTD):
        return _zstd(window)
    return _GZIP if head.startswith(GZIP) else None


def unpacked(chunks: Iterable[bytes], packing: Packing, behind: list[bytes] | None = None) -> Iterator[bytes]:
    """Unpack one or more consecutive streams, about 2 MB at a time at most. Raise `BrokenError`.

    Zeros after a stream fill up a block, and are ignored. Anything else that does not begin another stream is an
    error. If *behind* is given, blanks are ignored too, and the rest is added to that list and not read.
    """
    filling = b"\0" if behind is None else _BLANKS
    packer, begun, held = packing.new(), False, b""
    try:
        for chunk in chunks:
            for start in range(0, len(chunk), packing.bite):
                data = held + chunk[start : start + packing.bite]
                held = b""
                while data:
                    if packer.eof:
                        data = data.lstrip(filling)
                        if len(data) < _LONGEST_SIGN or packing.next is None or not packing.next.match(data):
                            held = data
                            break
                        packer = packing.new()
                    begun = True
                    yield packer.decompress(data)
                    data = packer.unused_data if packer.eof else b""
                if len(held) >= _LONGEST_SIGN:
                    break
            if len(held) >= _LONGEST_SIGN:
                break
    except Exception as error:  # each library has its own exceptions
        if isinstance(error, (OSError, BrokenError)):
            raise
        raise BrokenError(packing.damage) from None
    if begun and not packer.eof:
        raise BrokenError("the compressed data is cut")
    if held and behind is None:
        raise BrokenError("there is something behind the compressed data that is not compressed")
    if held and behind is not None:
        behind.append(held)


class Content(NamedTuple):
    """A body without its `Content-Encoding`."""

    body: bytes
    doubt: str = ""
    """What is wrong with a header, or that something follows the compressed data; empty if all is right."""


def content(body: bytes, encoding: str, text: bool = False) -> Content:
    """Return a body without its `Content-Encoding`, at most `MOST` bytes. Raise `BrokenError` and `MissingError`.

    The header is not believed: recorders keep it after they have unpacked the body, and servers name the wrong coding.
    A coding is removed if that works. Otherwise a body that is text is left as it is. gzip, zstd and zlib are
    recognised without a header. If the recording contains the body as *text*, it can only be packed if its bytes were
    read as letters.
    """
    if body.startswith(_AS_LOST_LETTERS):
        raise BrokenError(_LOST)
    if body.startswith(_AS_LETTERS):
        try:
            body = body.decode().encode("latin-1")
        except UnicodeError:
            raise BrokenError(_LOST) from None
    elif text:
        return Content(body)
    names = encoding.split(",", _CODINGS)
    if len(names) > _CODINGS:
        raise BrokenError(f"Content-Encoding names more than {_CODINGS} codings")
    doubts: list[str] = []
    for name in reversed([part.strip().lower() for part in names]):
        body = _without(name, body, doubts)
    for _ in range(_CODINGS):
        packing = packing_of(body, BODY_WINDOW)
        if packing is not None:
            body = _whole(body, packing, doubts)
        elif (whole := _tried(body, doubts, _ZLIB)) is not None:
            packing, body = _ZLIB, whole
        else:
            return Content(body, doubts[0] if doubts else "")
        doubts.append(f"the body is {packing.name} data, which Content-Encoding does not say")
    raise BrokenError(f"the body is packed more than {_CODINGS} times, without a Content-Encoding that says so")


_LOST = "the body is compressed data that was recorded as text, by which bytes are lost"
_NAMES = {"gzip": "gzip", "x-gzip": "gzip", "zstd": "zstd", "deflate": "deflate", "br": "br"}
_NOT_THAT = "Content-Encoding says {}, and the body is neither that, or is cut or damaged, nor text"


def _without(name: str, body: bytes, doubts: list[str]) -> bytes:
    """Remove one coding, if the body has it."""
    name = _NAMES.get(name, "")
    if not name:
        return body
    packing = None if name in ("deflate", "br") else packing_of(body, BODY_WINDOW)
    if packing is not None and packing.name == name:
        return _whole(body, packing, doubts)
    if name != "br" and (whole := _tried(body, doubts, _ZLIB)) is not None:
        if name != "deflate":
            doubts.append(f"Content-Encoding says {name}, the body is zlib data")
        return whole
    is_text = _is_text(body)
    if is_text and (body.isascii() or name not in ("deflate", "br")):
        return body
    whole = _without_brotli(body) if name == "br" else _tried(body, doubts, _RAW)
    if whole is not None:
        if name not in ("deflate", "br"):
            doubts.append(f"Content-Encoding says {name}, the body is deflate data")
        return whole
    if is_text or packing_of(body, BODY_WINDOW) is not None:
        # A body that is packed in another way is unpacked at the end.
        return body
    raise BrokenError(_NOT_THAT.format(name))


def _whole(body: bytes, packing: Packing, doubts: list[str]) -> bytes:
    """Unpack a body. Raise `BrokenError`."""
    behind: list[bytes] = []
    whole = _bounded(unpacked([body], packing, behind))
    if behind:
        doubts.append(f"there is something behind the {packing.name} data of the body")
    return whole


def _tried(body: bytes, doubts: list[str], packing: Packing) -> bytes | None:
    """Unpack a body that may be zlib or raw deflate data. Return None if that fails."""
    # The header of zlib names a method, a window of any size, and has a checksum.
    if packing is _ZLIB and not (len(body) > 1 and body[0] & 0x8F == 8 and not (body[0] << 8 | body[1]) % 31):
        return None
    more: list[str] = []
    try:
        whole = _whole(body, packing, more)
    except BrokenError:
        return None
    if packing is _RAW and more:
        # Without a checksum, a stream that ends in the middle of the body is an accident.
        return None
    doubts += more
    return whole


def _without_brotli(body: bytes) -> bytes | None:
    """Unpack a body with brotli. Return None if that fails: nothing else tells that data is brotli's."""
    try:
        import brotli
    except ImportError:
        raise MissingError("brotli needs brotli: pip install 'smsc-codec[cli]'") from None
    # Blanks can follow the data, or be part of it.
    for data in dict.fromkeys((body, body.rstrip(_BLANKS))):
        unpacker = brotli.Decompressor()
        try:
            # The unpacker checks the limit between steps, so that the output can be a little longer.
            whole: bytes = unpacker.process(data, output_buffer_limit=MOST)[:MOST]
        except brotli.error:
            continue
        if unpacker.is_finished() or len(whole) == MOST:
            return whole
    return None


def _is_text(body: bytes) -> bool:
    """Return whether a body may be text: without control characters, or valid UTF-8 without zeros, or UTF-16."""
    if body.startswith(UTF16_MARKS) or not _CONTROL.search(body):
        return True
    return b"\0" not in body and is_utf8(body)


def _bounded(parts: Iterable[bytes]) -> bytes:
    whole = bytearray()
    for part in parts:
        whole += part
        if len(whole) >= MOST:
            break
    return bytes(memoryview(whole)[:MOST])
