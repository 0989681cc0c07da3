"""A complete client with aiohttp: `SMSC_URL=… SMSC_LOGIN=… SMSC_PSW=… python aiohttp_smsc.py ID PHONE TEXT` sends."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

import aiohttp
from aiohttp import web
from aiohttp.typedefs import Handler

import smsc_codec as smsc
from smsc_codec.callbacks import Callback, decode

R = TypeVar("R", smsc.Balance, smsc.IncomingList, smsc.Message, smsc.MessageCost, smsc.MessageSent, smsc.SenderList)
NO_REPLY = (smsc.DecodeError, aiohttp.ClientError, asyncio.TimeoutError)


class OutcomeUnknownError(Exception):
    """Nobody knows whether the message with this id was sent. Ask for its state later; do not send it again."""


class Smsc:
    """One account. Raises `ApiError`, `DecodeError` and what aiohttp raises, such as time-outs."""

    def __init__(self, session: aiohttp.ClientSession, url: str, login: str, psw: str) -> None:
        self.session, self.url, self.patience, self.pauses = session, url, 60.0, (1.0, 5.0, 25.0)  # seconds
        self.always = {"login": login, "psw": psw, "fmt": 3, "charset": "utf-8"}  # in the form: URLs are shown in logs

    async def send(self, phone: str, text: str, id: int) -> None:
        """Send a message once. Its id is yours, from 1 to 2147483647: keep it with the message before you send."""
        try:
            await self._post(smsc.MessageSent, "send.php", {"phones": phone, "mes": text, "id": id})
        except NO_REPLY as error:  # it may have been sent all the same
            for pause in self.pauses:
                await asyncio.sleep(pause)
                with suppress(smsc.ApiError, *NO_REPLY):
                    if (await self.state(phone, id)).status is not smsc.MessageState.NOT_FOUND:
                        return
            raise OutcomeUnknownError(id) from error

    async def cost(self, phone: str, text: str) -> smsc.MessageCost:
        return await self._ask(smsc.MessageCost, "send.php", {"phones": phone, "mes": text, "cost": 1})

    async def state(self, phone: str, id: int) -> smsc.Message:
        return await self._ask(smsc.Message, "status.php", {"phone": phone, "id": id})

    async def wait(self, phone: str, id: int, most: float = 600, pause: float = 5) -> smsc.Message:
        """Ask until the state is final, or for *most* seconds; at first the service may not know the message."""
        while True:
            message = await self.state(phone, id)
            if most <= 0 or (message.final and message.status is not smsc.MessageState.NOT_FOUND):
                return message
            await asyncio.sleep(pause)
            most, pause = most - pause, min(pause * 1.5, 60)

    async def balance(self) -> smsc.Balance:
        return await self._ask(smsc.Balance, "balance.php", {"cur": 1})

    async def names(self) -> tuple[smsc.Sender, ...]:
        return (await self._ask(smsc.SenderList, "senders.php", {"get": 1, "all": 1})).senders

    async def incoming(self, after_id: int = 0) -> tuple[smsc.IncomingMessage, ...]:
        try:
            return (await self._ask(smsc.IncomingList, "get.php", {"get_answers": 1, "after_id": after_id})).messages
        except smsc.ApiError as error:
            return () if error.reply.is_empty else error.reply.raise_for_error()

    async def _ask(self, expect: type[R], path: str, parameters: dict[str, str | int]) -> R:
        for pause in self.pauses:
            try:
                return await self._post(expect, path, parameters)
            except (smsc.ApiError, *NO_REPLY) as error:
                later = getattr(error, "retry_after", None)
                wait = max(pause, later.total_seconds() if later else 0.0)
                if not getattr(error, "retry", True) or wait > self.patience:  # a time-out has no `retry`
                    raise
                await asyncio.sleep(wait)
        return await self._post(expect, path, parameters)

    async def _post(self, expect: type[R], path: str, parameters: dict[str, str | int]) -> R:
        form = {**self.always, **parameters}
        async with self.session.post(f"{self.url}{path}", data=form) as response:
            return smsc.decode_response(response, await response.read(), form=form, expect=expect).raise_for_error()


def receiver(secret: str, work: Callable[[Callback], Awaitable[None]]) -> Handler:
    """Return a handler for `aiohttp.web` that takes the calls of the service; *work* gets each of them once."""
    done: set[str] = set()  # in production a table, which is written in the transaction of the work

    async def take(request: web.Request) -> web.Response:
        try:
            body, kind = await request.read(), request.headers.get("Content-Type")
            call = decode(body, content_type=kind, query=request.query_string)
            is_genuine = call.verify(secret)
        except smsc.DecodeError:
            is_genuine = False
        if is_genuine and call.key not in done:
            await work(call)  # if it raises, the answer is 500, and the service calls again
            done.add(call.key)
        return web.Response(status=200 if is_genuine else 403)

    return take


async def main(id: int, phone: str, text: str) -> None:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(10)) as session:
        client = Smsc(session, os.environ["SMSC_URL"], os.environ["SMSC_LOGIN"], os.environ["SMSC_PSW"])
        await client.send(phone, text, id)
        print((await client.wait(phone, id)).status.meaning, (await client.balance()).balance)


if __name__ == "__main__":
    try:
        asyncio.run(main(int(sys.argv[1]), *sys.argv[2:]))
    except (smsc.ApiError, OutcomeUnknownError, *NO_REPLY) as error:
        raise SystemExit(f"{type(error).__name__}: {error}") from None
