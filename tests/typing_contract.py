"""What a type checker says of the public functions. Nothing here runs: mypy reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smsc_codec import (
    ErrorReply,
    Format,
    Reply,
    Report,
    SenderCreated,
    SenderList,
    Success,
    decode,
    encode,
    from_json,
    to_json,
    validate,
)

if TYPE_CHECKING:
    from typing_extensions import assert_never, assert_type

    def results(body: bytes) -> None:
        assert_type(decode(body), SenderList | SenderCreated | Success | ErrorReply)
        assert_type(decode(body, fmt=Format.JSON, expect=SenderList), SenderList | ErrorReply)
        assert_type(decode(body, fmt=3, expect=SenderList).raise_for_error(), SenderList)
        assert_type(decode("OK", expect=Success, strict=True), Success | ErrorReply)
        assert_type(decode(memoryview(body), expect=SenderList | Success), Reply)
        assert_type(validate(body), Report[SenderList | SenderCreated | Success | ErrorReply])
        assert_type(encode(decode(body), fmt=0), bytes)
        assert_type(from_json(to_json(decode(body))), Reply)

    def every_reply(reply: Reply) -> None:
        match reply:
            case SenderList() | SenderCreated() | Success() | ErrorReply():
                pass
            case _:
                assert_never(reply)
