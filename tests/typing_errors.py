"""Wrong uses that type checkers have to refuse. Nothing here runs: mypy and pyright read it, in `.ci/run`.

Each line names the error that each of the two has to find there. Both report a comment that silences nothing, so a
wrong use that passes is an error itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import smsc_codec
from smsc_codec import (
    Codec,
    ErrorReply,
    Query,
    Reply,
    SenderCreated,
    SenderList,
    Success,
    decode,
    decode_response,
    encode,
    validate,
)
from smsc_codec.endpoints.senders import Reply as SendersReply

if TYPE_CHECKING:
    import aiohttp
    from typing_extensions import assert_never

    def decoding(body: bytes) -> None:
        decode(5)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
        decode(body=body)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
        decode(body, 3)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
        decode(body, fmt=b"json")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
        decode(body, expect="senders")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
        decode(body, expect=SenderList())  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
        decode(body, endpoint=5)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
        _ = decode(body, endpoint="send").id  # type: ignore[union-attr]  # pyright: ignore[reportAttributeAccessIssue]
        _ = smsc_codec.Nothing  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
        decode(body, limits=5)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
        _ = decode(body).senders  # type: ignore[union-attr]  # pyright: ignore[reportAttributeAccessIssue]
        _ = decode(body, expect=SenderList).senders  # type: ignore[union-attr]  # pyright: ignore[reportAttributeAccessIssue]
        _ = decode(body, expect=SenderList).raise_for_error().id  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
        validate(body, fmt=3.0)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        validate(body, expect="senders")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        _ = validate(body, expect=SenderList).reply.senders  # type: ignore[union-attr]  # pyright: ignore[reportAttributeAccessIssue, reportOptionalMemberAccess]

    def encoding(reply: Reply) -> None:
        encode(reply)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
        encode(reply, 3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
        encode(b"OK", fmt=3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        _ = encode(reply, fmt=3) + "x"  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]

    def querying(query: Query, body: bytes) -> None:
        Query.from_url(5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        Query.from_url(None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        Query.from_url("", 5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        Query(fmt="3")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        Query(login="demo")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
        query.fmt = None  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
        query.decode(5)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
        query.decode(body, fmt=3)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
        query.validate(body, expect=5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        _ = query.decode(body).senders  # type: ignore[union-attr]  # pyright: ignore[reportAttributeAccessIssue]
        _ = query.decode(body, expect=SenderList).senders  # type: ignore[union-attr]  # pyright: ignore[reportAttributeAccessIssue]

    async def responses(response: aiohttp.ClientResponse) -> None:
        decode_response(response)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
        decode_response(response, response.read())  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
        decode_response(await response.read())  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]

    def codecs(codec: Codec[SenderCreated], body: bytes) -> None:
        codec.encode(Success(), fmt=0)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        _ = codec.decode(body).senders  # type: ignore[union-attr]  # pyright: ignore[reportAttributeAccessIssue]

    def changing(reply: SenderCreated) -> None:
        reply.id = 5  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
        _ = reply.raise_for_error().code  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]

    def forgetting(reply: SendersReply) -> None:
        match reply:
            case SenderList() | SenderCreated() | Success():
                pass
            case _:
                assert_never(reply)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    def forgetting_the_error(body: bytes) -> None:
        reply = decode(body, expect=SenderList)
        if not isinstance(reply, SenderList):
            assert_never(reply)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    def returning(reply: SendersReply) -> SenderList:
        return reply  # type: ignore[return-value]  # pyright: ignore[reportReturnType]

    def raising(error: ErrorReply) -> None:
        _ = error.retry_after.seconds  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]
