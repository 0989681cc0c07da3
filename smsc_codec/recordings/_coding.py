"""How bodies and files are packed: gzip, deflate, zstd and brotli, none of which is trusted."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, Protocol

from .._source import UTF16_MARKS, is_utf8
from ..limits import DEFAULT_LIMITS

MOST = DEFAULT_LIMITS.body + 1
"""Bytes of a body that are kept: one more than the limit is enough to be refused."""
LONGEST = 2 * MOST
"""Bytes of a line, an entry, a string or whatever else a recording spells a reply with.

It has room for the longest body in base64, and for its chunks; JSON and YAML seldom take twice as many bytes for a
text. What is longer is refused before it is built.
"""
GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
FILE_WINDOW, BODY_WINDOW = 1 << 27, 1 << 23
"""The most memory that zstd may ask for: what its command line takes, and what RFC 9659 allows in HTTP."""
_CODINGS = 5
"""Codings of a body, of which each costs a pass. Servers use one."""
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")
_BLANKS = b" \t\r\n\0"
# The first bytes of gzip and zstd as UTF-8, where they were read as latin-1; and where letters of them were lost.
_AS_LETTERS = (b"\x1f\xc2\x8b", b"(\xc2\xb5/\xc3\xbd")
_AS_LOST_LETTERS = (b"\x1f\xef\xbf\xbd", b"\x1f\xe2\x80\xb9", b"(\xef\xbf\xbd/\xef\xbf\xbd")
PACKED = (GZIP, ZSTD, b"x\x01", b"x\x5e", b"x\x9c", b"x\xda", *_AS_LETTERS, *_AS_LOST_LETTERS)
"""How bodies begin that are packed, whatever their headers say."""


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
    """Makes what unpacks one stream."""
    bite: int
    """How many bytes are fed at once. It bounds what comes out at once, by the highest ratio of this packing."""
    damage: str
    """What an error of the unpacker means."""
    next: re.Pattern[bytes] | None = None
    """How another stream begins, None if there is never more than one."""


_DAMAGED = "the compressed data is damaged"
_LONGEST_SIGN = 4
_NEXT_GZIP = re.compile(rb"\x1f\x8b")
# A frame, or one that is skipped (RFC 8878).
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
    # Four bytes can stand for a block of 128 KiB, so that at most 2.2 MB come out at once. All streams share the
    # decompressor: to make one takes longer than to unpack an empty stream.
    new = zstandard.ZstdDecompressor(max_window_size=window).decompressobj
    return Packing("zstd", new, 64, damage, _NEXT_ZSTD)


def packing_of(head: bytes, window: int = FILE_WINDOW) -> Packing | None:
    """Say how data that begins with *head* is packed, or None if it is not packed. Raise `MissingError`."""
    if head.startswith(ZSTD):
        return _zstd(window)
    return _GZIP if head.startswith(GZIP) else None


def unpacked(chunks: Iterable[bytes], packing: Packing, behind: list[bytes] | None = None) -> Iterator[bytes]:
    """Unpack one or several streams after one another, some 2 MB at a time at most. Raise `BrokenError`.

    Zeros behind a stream fill up a block, and are ignored. Anything else that does not begin another stream is an
    error; if there is a list *behind*, blanks are ignored too, and what is left is added there and read no further.
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
    except Exception as error:  # each library has its own
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
    """That a header is wrong, or that something follows the compressed data; empty if all is right."""


def content(body: bytes, encoding: str, text: bool = False) -> Content:
    """Return a body without its `Content-Encoding`, at most `MOST` bytes. Raise `BrokenError` and `MissingError`.

    No header is believed: recorders keep it where they have unpacked the body, and servers name the wrong coding. A
    coding is removed if it comes out; otherwise a body that is text stays as it stands. gzip, zstd and zlib are
    recognised without a header. If the recording holds the body as *text*, it can only be packed where its bytes were
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
        # What is packed in another way is unpacked in the end.
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
    """Unpack a body that may be zlib's or raw deflate data, None if it does not come out."""
    # The header of zlib names a method, a window of any size, and has a checksum.
    if packing is _ZLIB and not (len(body) > 1 and body[0] & 0x8F == 8 and not (body[0] << 8 | body[1]) % 31):
        return None
    more: list[str] = []
    try:
        whole = _whole(body, packing, more)
    except BrokenError:
        return None
    if packing is _RAW and more:
        # Without a checksum, what ends in the middle of the body is an accident.
        return None
    doubts += more
    return whole


def _without_brotli(body: bytes) -> bytes | None:
    """Unpack a body, None if it is not brotli's. Nothing tells that data is brotli's but that it can be unpacked."""
    try:
        import brotli
    except ImportError:
        raise MissingError("brotli needs brotli: pip install 'smsc-codec[cli]'") from None
    # Behind the data there can be blanks, which are part of it otherwise.
    for data in dict.fromkeys((body, body.rstrip(_BLANKS))):
        unpacker = brotli.Decompressor()
        try:
            # The limit is where it stops to take more, which is a little beyond.
            whole: bytes = unpacker.process(data, output_buffer_limit=MOST)[:MOST]
        except brotli.error:
            continue
        if unpacker.is_finished() or len(whole) == MOST:
            return whole
    return None


def _is_text(body: bytes) -> bool:
    """Say whether a body may be text: without control characters, or valid UTF-8 without zeros, or UTF-16."""
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
