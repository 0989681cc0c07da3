"""A complete client with httpx: `SMSC_URL=… SMSC_LOGIN=… SMSC_PSW=… python httpx_smsc.py ID PHONE TEXT` sends."""

import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from typing import TypeVar

import httpx

import smsc_codec as smsc
from smsc_codec.callbacks import LIMITS, Callback, decode

R = TypeVar("R", smsc.Balance, smsc.IncomingList, smsc.Message, smsc.MessageCost, smsc.MessageSent, smsc.SenderList)
NO_REPLY = (smsc.DecodeError, httpx.HTTPError)


class OutcomeUnknownError(Exception):
    """Nobody knows whether the message with this id was sent. Ask for its state later; do not send it again."""


class Smsc:
    """One account. Raises `ApiError`, `DecodeError` and what httpx raises, such as time-outs."""

    def __init__(self, session: httpx.Client, url: str, login: str, psw: str) -> None:
        self.session, self.url, self.patience, self.pauses = session, url, 60.0, (1.0, 5.0, 25.0)  # seconds
        self.always = {"login": login, "psw": psw, "fmt": 3, "charset": "utf-8"}  # in the form: URLs are shown in logs

    def send(self, phone: str, text: str, id: int) -> None:
        """Send a message once. Its id is yours, from 1 to 2147483647: keep it with the message before you send."""
        try:
            self._post(smsc.MessageSent, "send.php", {"phones": phone, "mes": text, "id": id})
        except NO_REPLY as error:  # it may have been sent all the same
            for pause in self.pauses:
                time.sleep(pause)
                with suppress(smsc.ApiError, *NO_REPLY):
                    if self.state(phone, id).status is not smsc.MessageState.NOT_FOUND:
                        return
            raise OutcomeUnknownError(id) from error

    def cost(self, phone: str, text: str) -> smsc.MessageCost:
        return self._ask(smsc.MessageCost, "send.php", {"phones": phone, "mes": text, "cost": 1})

    def state(self, phone: str, id: int) -> smsc.Message:
        return self._ask(smsc.Message, "status.php", {"phone": phone, "id": id})

    def wait(self, phone: str, id: int, most: float = 600, pause: float = 5) -> smsc.Message:
        """Ask until the state is final, or for *most* seconds; at first the service may not know the message."""
        while True:
            message = self.state(phone, id)
            if most <= 0 or (message.final and message.status is not smsc.MessageState.NOT_FOUND):
                return message
            time.sleep(pause)
            most, pause = most - pause, min(pause * 1.5, 60)

    def balance(self) -> smsc.Balance:
        return self._ask(smsc.Balance, "balance.php", {"cur": 1})

    def names(self) -> tuple[smsc.Sender, ...]:
        return self._ask(smsc.SenderList, "senders.php", {"get": 1, "all": 1}).senders

    def incoming(self, after_id: int = 0) -> tuple[smsc.IncomingMessage, ...]:
        try:
            return self._ask(smsc.IncomingList, "get.php", {"get_answers": 1, "after_id": after_id}).messages
        except smsc.ApiError as error:
            return () if error.reply.is_empty else error.reply.raise_for_error()

    def _ask(self, expect: type[R], path: str, parameters: dict[str, str | int]) -> R:
        for pause in self.pauses:
            try:
                return self._post(expect, path, parameters)
            except (smsc.ApiError, *NO_REPLY) as error:
                later = getattr(error, "retry_after", None)
                wait = max(pause, later.total_seconds() if later else 0.0)
                if not getattr(error, "retry", True) or wait > self.patience:  # a time-out has no `retry`
                    raise
                time.sleep(wait)
        return self._post(expect, path, parameters)

    def _post(self, expect: type[R], path: str, parameters: dict[str, str | int]) -> R:
        response = self.session.post(f"{self.url}{path}", data={**self.always, **parameters})
        return smsc.decode_response(response, expect=expect).raise_for_error()


def receiver(secret: str, work: Callable[[Callback], None]) -> type[BaseHTTPRequestHandler]:
    """Return a handler for `http.server` that takes the calls of the service; *work* gets each of them once."""
    done: set[str] = set()  # in production a table, which is written in the transaction of the work

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(min(int(self.headers.get("Content-Length", 0)), LIMITS.body + 1))
            try:
                call = decode(body, content_type=self.headers["Content-Type"], query=self.path.partition("?")[2])
                is_genuine = call.verify(secret)
            except smsc.DecodeError:
                is_genuine = False
            if is_genuine and call.key not in done:
                work(call)  # if it raises, there is no answer, and the service calls again
                done.add(call.key)
            self.send_response(200 if is_genuine else 403)
            self.end_headers()

    return Handler


if __name__ == "__main__":
    id, phone, text = sys.argv[1:]
    try:
        with httpx.Client(timeout=10) as session:
            client = Smsc(session, os.environ["SMSC_URL"], os.environ["SMSC_LOGIN"], os.environ["SMSC_PSW"])
            client.send(phone, text, int(id))
            print(client.wait(phone, int(id)).status.meaning, client.balance().balance)
    except (smsc.ApiError, OutcomeUnknownError, *NO_REPLY) as error:
        raise SystemExit(f"{type(error).__name__}: {error}") from None
