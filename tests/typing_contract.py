"""What type checkers say of the public interface. Nothing here runs: mypy and pyright read it, in `.ci/run`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from smsc_codec import (
    ApiError,
    Balance,
    Codec,
    ErrorReply,
    Format,
    Message,
    MessageCost,
    MessageSent,
    Query,
    Reply,
    Report,
    Sender,
    SenderCreated,
    SenderError,
    SenderList,
    SenderStatus,
    Success,
    decode,
    decode_response,
    encode,
    from_json,
    to_dict,
    to_json,
    validate,
)
from smsc_codec.callbacks import Callback, CallCallback, IncomingCallback, StatusCallback
from smsc_codec.callbacks import decode as decode_call
from smsc_codec.callbacks import encode as encode_call
from smsc_codec.endpoints.senders import SENDERS
from smsc_codec.endpoints.senders import Reply as SendersReply

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta
    from decimal import Decimal

    import aiohttp
    import httpx
    import requests
    from hypothesis.strategies import SearchStrategy
    from typing_extensions import assert_never, assert_type
    from yarl import URL

    from smsc_codec.declare import Endpoint
    from smsc_codec.model import Answer
    from smsc_codec.testing import FakeSenders, ReceivedRequest
    from smsc_codec.testing.strategies import bodies, damaged, names, replies, replies_of

    def decoding(body: bytes) -> None:
        assert_type(decode(body), SendersReply)
        assert_type(decode(body, expect=None), SendersReply)
        assert_type(decode(body, endpoint="send"), Reply)
        assert_type(decode(body, fmt=3, expect=MessageSent), MessageSent | ErrorReply)
        assert_type(decode(body, fmt=3, expect=Message, endpoint="status").raise_for_error(), Message)
        assert_type(decode(body, expect=Balance).raise_for_error().balance, Decimal)
        assert_type(decode(body, expect=MessageSent | MessageCost), Reply)
        assert_type(validate(body, endpoint="send").reply, Reply | None)
        assert_type(decode(body), SenderList | SenderCreated | Success | ErrorReply)
        assert_type(decode(bytearray(body), fmt=Format.JSON, expect=SenderList), SenderList | ErrorReply)
        assert_type(decode(body, fmt=3, expect=SenderCreated), SenderCreated | ErrorReply)
        assert_type(decode("OK", expect=Success, strict=True), Success | ErrorReply)
        assert_type(decode(memoryview(body), expect=SenderList | Success, charset="koi8-r"), Reply)
        assert_type(validate(body), Report[Reply])
        assert_type(validate(body, expect=SenderList).reply, Reply | None)
        assert_type(validate(body, expect=SenderList | Success).findings[0].line, int)

    def formats_by_name(body: bytes) -> None:
        assert_type(decode(body, fmt="json", expect=SenderList), SenderList | ErrorReply)
        assert_type(validate(body, fmt="TEXT").ok, bool)
        assert_type(encode(Success(), fmt="csv", drop={"description"}), bytes)

    def sequences(names: SenderList) -> None:
        assert_type(names[0], Sender)
        assert_type(names[1:], tuple[Sender, ...])
        assert_type([sender.name for sender in names], list[str])
        assert_type(next(reversed(names)), Sender)
        assert_type((len(names), names.index(names[0]), names.count(names[0])), tuple[int, int, int])
        assert_type(names[0] in names, bool)
        assert_type(names.by_name("A"), Sender)

    def encoding(reply: Reply, names: SenderList, error: ErrorReply) -> None:
        assert_type(encode(reply, fmt=0), bytes)
        assert_type(encode(names, fmt=Format.XML, charset="windows-1251"), bytes)
        assert_type(encode(error, fmt=1, drop=["description"], endpoint="send"), bytes)
        assert_type(to_json(reply), bytes)
        assert_type(to_dict(reply), dict[str, Any])
        assert_type(from_json(to_json(names)), Reply)
        assert_type(from_json(to_json(error, endpoint="send")), Reply)

    def raising(body: bytes, reply: Reply, error: ErrorReply) -> None:
        assert_type(decode(body, expect=SenderList).raise_for_error(), SenderList)
        assert_type(decode(body, expect=SenderCreated).raise_for_error().id, int)
        assert_type(decode(body, expect=Success).raise_for_error(), Success)
        assert_type(reply.raise_for_error(), Answer)
        assert_type(decode(body).raise_for_error(), SenderList | SenderCreated | Success)
        assert_never(error.raise_for_error())

    def errors(error: ApiError, reply: ErrorReply) -> None:
        assert_type(error.code, int)
        assert_type(error.description, str | None)
        assert_type(error.meaning, str)
        assert_type(error.retry, bool)
        assert_type(error.retry_after, timedelta | None)
        assert_type(error.reply, ErrorReply)
        assert_type((reply.code, reply.retry, reply.retry_after), tuple[int, bool, timedelta | None])
        assert_type((SenderError.SAVE.retry, SenderError.SAVE.retry_after), tuple[bool, timedelta | None])

    def querying(
        body: bytes, address: URL, link: httpx.URL, form: dict[str, list[str]], headers: httpx.Headers
    ) -> None:
        query = Query.from_url(address, form)
        assert_type(query, Query)
        assert_type(Query.from_url(link, b"fmt=3"), Query)
        assert_type(Query.from_url([("fmt", 3), ("get", "1")]), Query)
        assert_type(query.endpoint, str)
        assert_type(query.fmt, Format | None)
        assert_type(query.charset, str | None)
        assert_type(query.command, str | None)
        assert_type(query.parameters, Mapping[str, str])
        assert_type(query.expect, type[Answer] | None)
        assert_type(query.decode(body), Reply)
        assert_type(query.decode(body, expect=None, content_type="text/plain"), Reply)
        assert_type(query.decode(body, expect=SenderList, strict=True), SenderList | ErrorReply)
        assert_type(query.decode(body, content_type=headers.get("Content-Type")), Reply)
        assert_type(query.decode(body, expect=SenderList | Success), Reply)
        assert_type(query.validate(body), Report[Reply])

    def responses(whole: requests.Response, other: httpx.Response) -> None:
        assert_type(decode_response(whole), Reply)
        assert_type(decode_response(other), Reply)
        assert_type(decode_response(whole, expect=SenderList), SenderList | ErrorReply)
        assert_type(decode_response(other, expect=SenderList, form={"fmt": 3}), SenderList | ErrorReply)
        assert_type(decode_response(other, expect=SenderList | Success), Reply)
        assert_type(decode_response(whole, expect=SenderCreated).raise_for_error(), SenderCreated)

    async def read_responses(response: aiohttp.ClientResponse) -> None:
        assert_type(decode_response(response, await response.read()), Reply)
        assert_type(decode_response(response, await response.text(), form="fmt=3"), Reply)
        assert_type(decode_response(response, await response.read(), expect=Success), Success | ErrorReply)
        assert_type(decode_response(response, await response.read(), expect=Success | SenderList), Reply)

    def calls(body: bytes, given: StatusCallback) -> None:
        call = decode_call(body, content_type=None, query=b"charset=utf-8")
        assert_type(call, StatusCallback | IncomingCallback | CallCallback)
        assert_type(decode_call(bytearray(body), query="md5=1"), Callback)
        assert_type((call.verify("x"), call.verify(b"x", allow_crc32=True)), tuple[bool, bool])
        assert_type((call.key, call.md5, call.other), tuple[str, str | None, Mapping[str, str]])
        assert_type(given.sign("x", sha1=True), StatusCallback)
        assert_type(encode_call(given, fmt=Format.JSON), bytes)
        match call:
            case StatusCallback(id=id):
                assert_type((id, call.ts_utc, call.delivered), tuple[int, datetime | None, bool])
            case IncomingCallback(phone, mes, to):
                assert_type((phone, mes, to, call.id), tuple[str, str, str, int | None])
            case CallCallback(waitcall=waitcall, ts=ts):
                assert_type((waitcall, ts), tuple[str, int])
            case _:
                assert_never(call)

    def codecs(body: bytes, mailings: Endpoint[int | str]) -> None:
        senders = Codec(SENDERS)
        assert_type(senders, Codec[SenderList | SenderCreated | Success])
        assert_type(senders.decode(body), SendersReply)
        assert_type(senders.decode(body, expect=SenderList), SenderList | ErrorReply)
        codec = Codec(mailings)
        assert_type(codec, Codec[int | str])
        assert_type(codec.decode(body), int | str | ErrorReply)
        assert_type(codec.decode(body, expect=int), int | ErrorReply)
        assert_type(codec.validate(body), Report[int | str | ErrorReply])
        assert_type(codec.encode(5, fmt=0), bytes)

    def matching(reply: SendersReply) -> None:
        match reply:
            case SenderList(senders):
                assert_type(senders, tuple[Sender, ...])
            case SenderCreated(id):
                assert_type(id, int)
            case Success():
                assert_type(reply, Success)
            case ErrorReply(code, description, id):
                assert_type((code, description, id), tuple[int, str | None, int | None])
            case _:
                assert_never(reply)

    def matching_what_was_expected(body: bytes) -> SenderCreated | None:  # noqa: RET503
        # Every case returns: a checker that did not see it would want another return.
        match decode(body, expect=SenderCreated):
            case SenderCreated() as reply:
                return reply
            case ErrorReply(SenderError.SAVE):
                return None
            case ErrorReply() as error:
                error.raise_for_error()

    def telling_apart(reply: SendersReply) -> None:
        if isinstance(reply, ErrorReply):
            assert_type(reply, ErrorReply)
        elif isinstance(reply, SenderList):
            assert_type(reply, SenderList)
        else:
            assert_type(reply, SenderCreated | Success)

    def senders(sender: Sender) -> None:
        assert_type(sender.name, str)
        assert_type(sender.id, int | None)
        assert_type(sender.status, SenderStatus | None)
        assert_type(sender.operators["mts"].meaning, str)
        assert_type(sender.replacements, Mapping[str, str])

    def testing(server: FakeSenders) -> None:
        server.senders = ["SHOP", Sender("R&B", 6)]
        assert_type(server.senders, tuple[Sender, ...])
        assert_type(server.requests, tuple[ReceivedRequest, ...])
        assert_type(server.requests[0].reply, Any)
        assert_type(server.codes, dict[str, str])
        with FakeSenders([Sender("SHOP")], login="demo", psw="demo") as running:
            assert_type(running, FakeSenders)
            assert_type(running.url, str)

    def strategies() -> None:
        assert_type(names(fmt=1, charset="koi8-r"), SearchStrategy[str])
        assert_type(replies(Format.XML), SearchStrategy[SendersReply])
        assert_type(damaged(bodies(3, endpoint="send")), SearchStrategy[bytes])
        assert_type(replies_of(SenderList, 3), SearchStrategy[SenderList])
