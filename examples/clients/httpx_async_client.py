"""Sender names with httpx: `SMSC_URL=… SMSC_LOGIN=… SMSC_PSW=… python httpx_async_client.py` prints them."""

import asyncio
import os
from typing import TypeVar

import httpx

from smsc_codec import ApiError, DecodeError, ErrorReply, Sender, SenderCreated, SenderList, Success, decode_response

R = TypeVar("R", SenderList, SenderCreated, Success)


class Senders:
    """The names of one account. Raises `ApiError`, `DecodeError` and what httpx raises, such as time-outs."""

    def __init__(self, session: httpx.AsyncClient, url: str, login: str, psw: str) -> None:
        self.session, self.url, self.patience = session, url, 60.0  # seconds
        self.always = {"login": login, "psw": psw, "fmt": 3, "charset": "utf-8"}  # in the form: URLs are shown in logs

    async def names(self, **view: int) -> tuple[Sender, ...]:
        return (await self._ask(SenderList, {"get": 1, **view})).senders

    async def add(self, name: str, comment: str) -> int:
        return (await self._ask(SenderCreated, {"add": 1, "sender": name, "cmt": comment})).id

    async def change(self, name: str, comment: str) -> None:
        await self._ask(Success, {"chg": 1, "sender": name, "cmt": comment})

    async def delete(self, name: str) -> None:
        await self._ask(Success, {"del": 1, "sender": name})

    async def send_code(self, phone: str) -> None:
        await self._ask(Success, {"send_code": 1, "sender": phone})

    async def check_code(self, phone: str, code: str) -> None:
        await self._ask(Success, {"check_code": 1, "sender": phone, "code": code})

    async def _ask(self, expect: type[R], parameters: dict[str, str | int], again: bool = True) -> R:
        response = await self.session.post(self.url, data={**self.always, **parameters})
        reply = decode_response(response, expect=expect)
        wait = reply.retry_after if isinstance(reply, ErrorReply) else None
        if again and wait is not None and wait.total_seconds() <= self.patience:
            await asyncio.sleep(wait.total_seconds())
            return await self._ask(expect, parameters, again=False)
        return reply.raise_for_error()


async def main() -> None:
    async with httpx.AsyncClient(timeout=10) as session:
        senders = Senders(session, os.environ["SMSC_URL"], os.environ["SMSC_LOGIN"], os.environ["SMSC_PSW"])
        print(*await senders.names(all=1), sep="\n")


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except (ApiError, DecodeError, httpx.HTTPError) as error:
        raise SystemExit(f"{type(error).__name__}: {error}") from None
