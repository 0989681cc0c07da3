"""Take the calls of SMS Center with aiohttp: `SMSC_SECRET=… python aiohttp_handler.py`.

The address in the settings of the account is `https://…/smsc?charset=utf-8&md5=1`; the secret stands beside it.
"""

import logging
import os

from aiohttp import web

from smsc_codec import DecodeError
from smsc_codec.callbacks import LIMITS, Callback, CallCallback, IncomingCallback, StatusCallback, decode

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


async def smsc(request: web.Request) -> web.Response:
    try:
        # The bytes as they came: `request.post()` and `request.query` have decoded them as UTF-8.
        kind, query = request.headers.get("Content-Type"), request.rel_url.raw_query_string
        call = decode(await request.read(), content_type=kind, query=query)
    except DecodeError as error:
        logging.warning("not a call: %s", error)
        return web.Response(text="not a call", status=400)
    if not call.verify(SECRET):
        return web.Response(text="wrong check value", status=403)
    if call.key not in done:
        await work(call)  # if it raises, the answer is 500, and the service calls again
        done.add(call.key)
    return web.Response(text="OK")


def application() -> web.Application:
    app = web.Application(client_max_size=LIMITS.body)
    app.add_routes([web.get("/smsc", smsc), web.post("/smsc", smsc)])
    return app


if __name__ == "__main__":
    web.run_app(application())
