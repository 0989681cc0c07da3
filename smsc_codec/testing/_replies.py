"""Writes replies as their requests ask for them, and refuses replies that nobody has seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from ..codec import Codec
from ..declare import FORMATS
from ..endpoints import codec_of
from ..errors import EncodeError
from ..formats import Format
from ._request import Form
from ._states import all_of
from ._texts import plainest, printable, unambiguous

# [cap] The type of JSON is recorded. The others are our choice.
CONTENT_TYPES: Mapping[Format, str] = {
    Format.TEXT: "text/plain",
    Format.CSV: "text/plain",
    Format.XML: "application/xml",
    Format.JSON: "application/json",
}

# Commands that are answered with a file, or may be. Nobody has seen a reply to them.
_FILES: Mapping[str, frozenset[str | None]] = {
    "documents": frozenset({"get_account", "get_act"}),
    "get_mnp": frozenset({None}),
}


def gap_in(form: Form) -> str | None:
    """Return what is unknown about the reply that a request asks for, or None if it is known."""
    assert form.fmt is not None
    declared = codec_of(form.endpoint).endpoint
    command = form.command(declared)
    if declared.commands and command is None:
        return None  # the request is refused
    cls = declared.answer_to(form.parameters)
    if cls is None:
        if command not in _FILES.get(form.endpoint, ()):
            return None
        asked = f"to {command}=1" if command else "without a date"
        return f"nobody has seen what {declared.name} answers {asked}"
    reply = declared.reply_of(cls)
    if reply is None or reply.is_known(FORMATS[form.fmt]):
        return None
    return f"nobody has seen {reply.title} of {declared.name} with fmt={int(form.fmt)}"


def codec_for(form: Form) -> Codec[Any]:
    """Return the codec for the replies to a request."""
    asked = {name: form.parameters.get(name, "0") for name in ("cost", "mes", "call")}
    return codec_of(form.endpoint).asked({**asked, "all": all_of(form.parameters)})


def write(reply: Any, form: Form, fmt: Format, charset: str, wrong: str | None) -> bytes:
    """Write a reply, in a *wrong* charset if one is given. Simplify texts that the format cannot carry.

    Names of senders are not simplified: the caller gets an error about them instead.
    """
    codec = codec_for(form)

    def written(reply: Any) -> bytes:
        if wrong is None:
            return codec.encode(reply, fmt=fmt, charset=charset, drop=("description",))
        return codec.encode(reply, fmt=fmt, drop=("description",)).decode().encode(wrong, "replace")

    if form.endpoint != "senders":
        for plainer in (printable, unambiguous, plainest):
            try:
                return written(reply)
            except EncodeError:
                reply = _plainer(reply, plainer, charset)
    return written(reply)


def _plainer(value: Any, plainer: Callable[[str, str], str], charset: str) -> Any:
    """Return a reply, or a part of it, with simpler texts."""
    if isinstance(value, str):
        return plainer(value, charset)
    if isinstance(value, tuple):
        return tuple(_plainer(each, plainer, charset) for each in value)
    if isinstance(value, Mapping):
        return {key: _plainer(each, plainer, charset) for key, each in value.items()}
    if isinstance(value, msgspec.Struct):
        names = value.__struct_fields__
        return replace(value, **{name: _plainer(getattr(value, name), plainer, charset) for name in names})
    return value
