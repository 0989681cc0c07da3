"""Messages with aiohttp: `SMSC_URL=… SMSC_LOGIN=… SMSC_PSW=… python aiohttp_messages.py PHONE TEXT` sends one."""

import asyncio
import os
import sys
from typing import TypeVar

import aiohttp

from smsc_codec import ApiError, Balance, DecodeError, ErrorReply, Message, MessageSent, MessageState, decode_response

R = TypeVar("R", Message, Balance)


class Messages:
    """The messages of one account. Raises `ApiError`, `DecodeError` and what aiohttp raises, such as time-outs."""

    def __init__(self, session: aiohttp.ClientSession, url: str, login: str, psw: str) -> None:
        self.session, self.url, self.patience = session, url, 60.0  # seconds
        self.always = {"login": login, "psw": psw, "fmt": 3, "charset": "utf-8"}  # in the form: URLs are shown in logs

    async def send(self, phone: str, text: str) -> MessageSent:  # never repeated: it could be sent twice
        form = {**self.always, "phones": phone, "mes": text, "cost": 3}
        async with self.session.post(f"{self.url}send.php", data=form) as response:
            content = await response.read()
        return decode_response(response, content, form=form, expect=MessageSent).raise_for_error()

    async def state(self, phone: str, id: int) -> Message:
        return await self._ask(Message, "status.php", {"phone": phone, "id": id})

    async def wait(self, phone: str, id: int, most: float = 600, pause: float = 5) -> Message:
        """Ask until the state is final, or for *most* seconds, with pauses that grow."""
        while True:
            message = await self.state(phone, id)
            # A message can be asked for before the service knows it.
            if most <= 0 or (message.final and message.status is not MessageState.NOT_FOUND):
                return message
            await asyncio.sleep(pause)
            most, pause = most - pause, min(pause * 1.5, 60)

    async def balance(self) -> Balance:
        return await self._ask(Balance, "balance.php", {"cur": 1})

    async def _ask(self, expect: type[R], path: str, parameters: dict[str, str | int], again: bool = True) -> R:
        form = {**self.always, **parameters}
        async with self.session.post(f"{self.url}{path}", data=form) as response:
            reply = decode_response(response, await response.read(), form=form, expect=expect)
        wait = reply.retry_after if isinstance(reply, ErrorReply) else None
        if again and wait is not None and wait.total_seconds() <= self.patience:
            await asyncio.sleep(wait.total_seconds())
            return await self._ask(expect, path, parameters, again=False)
        return reply.raise_for_error()


async def main(phone: str, text: str) -> None:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(10)) as session:
        client = Messages(session, os.environ["SMSC_URL"], os.environ["SMSC_LOGIN"], os.environ["SMSC_PSW"])
        sent = await client.send(phone, text)
        print(sent.id, (await client.wait(phone, sent.id)).status.meaning, (await client.balance()).balance)


if __name__ == "__main__":
    try:
        asyncio.run(main(sys.argv[1], sys.argv[2]))
    except (ApiError, DecodeError, aiohttp.ClientError, asyncio.TimeoutError) as error:
        raise SystemExit(f"{type(error).__name__}: {error}") from None
