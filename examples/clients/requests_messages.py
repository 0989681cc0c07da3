"""Messages with requests: `SMSC_URL=… SMSC_LOGIN=… SMSC_PSW=… python requests_messages.py PHONE TEXT` sends one."""

import os
import sys
import time
from typing import TypeVar

import requests

from smsc_codec import ApiError, Balance, DecodeError, ErrorReply, Message, MessageSent, MessageState, decode_response

R = TypeVar("R", Message, Balance)


class Messages:
    """The messages of one account. Raises `ApiError`, `DecodeError` and what requests raises, such as time-outs."""

    def __init__(self, session: requests.Session, url: str, login: str, psw: str) -> None:
        self.session, self.url, self.timeout, self.patience = session, url, 10.0, 60.0  # seconds
        self.always = {"login": login, "psw": psw, "fmt": 3, "charset": "utf-8"}  # in the form: URLs are shown in logs

    def send(self, phone: str, text: str) -> MessageSent:  # never repeated: it could be sent twice
        form = {**self.always, "phones": phone, "mes": text, "cost": 3}
        response = self.session.post(f"{self.url}send.php", form, timeout=self.timeout)
        return decode_response(response, expect=MessageSent).raise_for_error()

    def state(self, phone: str, id: int) -> Message:
        return self._ask(Message, "status.php", {"phone": phone, "id": id})

    def wait(self, phone: str, id: int, most: float = 600, pause: float = 5) -> Message:
        """Ask until the state is final, or for *most* seconds, with pauses that grow."""
        while True:
            message = self.state(phone, id)
            # A message can be asked for before the service knows it.
            if most <= 0 or (message.final and message.status is not MessageState.NOT_FOUND):
                return message
            time.sleep(pause)
            most, pause = most - pause, min(pause * 1.5, 60)

    def balance(self) -> Balance:
        return self._ask(Balance, "balance.php", {"cur": 1})

    def _ask(self, expect: type[R], path: str, parameters: dict[str, str | int], again: bool = True) -> R:
        response = self.session.post(f"{self.url}{path}", {**self.always, **parameters}, timeout=self.timeout)
        reply = decode_response(response, expect=expect)
        wait = reply.retry_after if isinstance(reply, ErrorReply) else None
        if again and wait is not None and wait.total_seconds() <= self.patience:
            time.sleep(wait.total_seconds())
            return self._ask(expect, path, parameters, again=False)
        return reply.raise_for_error()


if __name__ == "__main__":
    try:
        with requests.Session() as session:
            client = Messages(session, os.environ["SMSC_URL"], os.environ["SMSC_LOGIN"], os.environ["SMSC_PSW"])
            sent = client.send(sys.argv[1], sys.argv[2])
            print(sent.id, client.wait(sys.argv[1], sent.id).status.meaning, client.balance().balance)
    except (ApiError, DecodeError, requests.RequestException) as error:
        raise SystemExit(f"{type(error).__name__}: {error}") from None
