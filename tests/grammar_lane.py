"""The text format read by plain Lark and the grammar file alone: what the library's own reader is held against."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedInput

from smsc_codec import (
    ErrorReply,
    FrozenMapping,
    OperatorStatus,
    Sender,
    SenderCreated,
    SenderError,
    SenderList,
    SenderStatus,
    Success,
)
from smsc_codec.declare import Endpoint

GRAMMARS = Path(__file__).parent.parent / "grammars"


class _Model(Transformer[Token, Any]):
    def senders(self, items: list[Sender]) -> SenderList:
        return SenderList(tuple(items))

    def sender(self, tokens: list[Token]) -> Sender:
        values: dict[str, Any] = {}
        codes: dict[str, OperatorStatus] = {}
        texts: dict[str, str] = {}
        key = ""
        for token in tokens:
            if token.type == "KEY":
                key = str(token)
            elif token.type == "OPERATOR_CODE":
                codes[key] = OperatorStatus(int(token))
            elif token.type == "REPLACEMENT":
                texts[key] = str(token)
            else:
                values[token.type.lower()] = token
        return Sender(
            str(values["name"]),
            int(values["id"]) if "id" in values else None,
            SenderStatus(int(values["status"])) if "status" in values else None,
            FrozenMapping.of(codes),  # type: ignore[arg-type]
            FrozenMapping.of(texts),  # type: ignore[arg-type]
        )

    def created(self, tokens: list[Token]) -> SenderCreated:
        return SenderCreated(int(tokens[0]))

    def success(self, _: list[Token]) -> Success:
        return Success()

    def error(self, tokens: list[Token]) -> ErrorReply:
        values = {token.type.rpartition("__")[2]: token for token in tokens}
        description = str(values["DESCRIPTION"]) if "DESCRIPTION" in values else None
        return ErrorReply(SenderError(int(values["CODE"])), description, int(values["ID"]) if "ID" in values else None)

    def reply(self, items: list[Any]) -> Any:
        return items[0]


@cache
def parser_of(grammar: str) -> Lark:
    """Return a parser made of the file."""
    text = (GRAMMARS / f"{grammar}.lark").read_text("utf-8")
    return Lark(
        text, parser="lalr", start="reply", maybe_placeholders=False, transformer=_Model(), import_paths=[str(GRAMMARS)]
    )


def without_blank_lines(text: str) -> str:
    """Return the text without the lines of white space around it; the grammar allows one line end."""
    lines = text.split("\n")
    full = [number for number, line in enumerate(lines) if line.strip(" \t\r\ufeff")]
    if not full:
        return text if text in ("\n", "\r\n") else lines[-1].lstrip("\ufeff")
    body = "\n".join(lines[full[0] : full[-1] + 1]).lstrip("\ufeff")
    return body if full[-1] == len(lines) - 1 else f"{body}\n"


def read_by_lark(endpoint: Endpoint[Any], text: str) -> Any:
    """Return the reply, `None` if it is refused."""
    text = without_blank_lines(text)
    if text in ("", "\n", "\r\n"):
        return SenderList()
    try:
        return parser_of(endpoint.grammar).parse(text)
    except UnexpectedInput:
        return None
