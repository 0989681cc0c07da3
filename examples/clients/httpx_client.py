"""Sender names with httpx: `SMSC_URL=… SMSC_LOGIN=… SMSC_PSW=… python httpx_client.py` prints them."""

import os
import time
from typing import TypeVar

import httpx

from smsc_codec import ApiError, DecodeError, ErrorReply, Sender, SenderCreated, SenderList, Success, decode_response

R = TypeVar("R", SenderList, SenderCreated, Success)


class Senders:
    """The names of one account. Raises `ApiError`, `DecodeError` and what httpx raises, such as time-outs."""

    def __init__(self, session: httpx.Client, url: str, login: str, psw: str) -> None:
        self.session, self.url, self.patience = session, url, 60.0  # seconds
        self.always = {"login": login, "psw": psw, "fmt": 3, "charset": "utf-8"}  # in the form: URLs are shown in logs

    def names(self, **view: int) -> tuple[Sender, ...]:
        return self._ask(SenderList, {"get": 1, **view}).senders

    def add(self, name: str, comment: str) -> int:
        return self._ask(SenderCreated, {"add": 1, "sender": name, "cmt": comment}).id

    def change(self, name: str, comment: str) -> None:
        self._ask(Success, {"chg": 1, "sender": name, "cmt": comment})

    def delete(self, name: str) -> None:
        self._ask(Success, {"del": 1, "sender": name})

    def send_code(self, phone: str) -> None:
        self._ask(Success, {"send_code": 1, "sender": phone})

    def check_code(self, phone: str, code: str) -> None:
        self._ask(Success, {"check_code": 1, "sender": phone, "code": code})

    def _ask(self, expect: type[R], parameters: dict[str, str | int], again: bool = True) -> R:
        response = self.session.post(self.url, data={**self.always, **parameters})
        reply = decode_response(response, expect=expect)
        wait = reply.retry_after if isinstance(reply, ErrorReply) else None
        if again and wait is not None and wait.total_seconds() <= self.patience:
            time.sleep(wait.total_seconds())
            return self._ask(expect, parameters, again=False)
        return reply.raise_for_error()


if __name__ == "__main__":
    try:
        with httpx.Client(timeout=10) as session:
            senders = Senders(session, os.environ["SMSC_URL"], os.environ["SMSC_LOGIN"], os.environ["SMSC_PSW"])
            print(*senders.names(all=1), sep="\n")
    except (ApiError, DecodeError, httpx.HTTPError) as error:
        raise SystemExit(f"{type(error).__name__}: {error}") from None
