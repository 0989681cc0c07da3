"""Take the calls of SMS Center with FastAPI: `SMSC_SECRET=… uvicorn fastapi_handler:app`.

With Starlette alone it is the same function: `app = Starlette(routes=[Route("/smsc", smsc, methods=["GET", "POST"])])`.
The address in the settings of the account is `https://…/smsc?charset=utf-8&md5=1`; the secret stands beside it.
"""

import logging
import os

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from smsc_codec import DecodeError
from smsc_codec.callbacks import LIMITS, Callback, CallCallback, IncomingCallback, StatusCallback, decode

app = FastAPI()
SECRET = os.environ["SMSC_SECRET"]
# In production a table with a unique column, which is written in the same transaction as the work.
done: set[str] = set()


async def work(call: Callback) -> None:
    match call:
        case StatusCallback(id=id, status=status):
            print(f"message {id}: {status.meaning}")
        case IncomingCallback(phone=phone, mes=mes):
            print(f"{phone} wrote: {mes}")
        case CallCallback(phone=phone):
            print(f"{phone} called")


async def smsc(request: Request) -> PlainTextResponse:
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > LIMITS.body:
            return PlainTextResponse("too large", 413)
    try:
        # The bytes as they came: `request.form()` and `request.query_params` have decoded them as UTF-8.
        kind, query = request.headers.get("content-type"), request.scope["query_string"]
        call = decode(body, content_type=kind, query=query)
    except DecodeError as error:
        logging.warning("not a call: %s", error)
        return PlainTextResponse("not a call", 400)
    if not call.verify(SECRET):
        return PlainTextResponse("wrong check value", 403)
    if call.key not in done:
        await work(call)  # if it raises, the answer is 500, and the service calls again
        done.add(call.key)
    return PlainTextResponse("OK")


app.add_route("/smsc", smsc, methods=["GET", "POST"])
