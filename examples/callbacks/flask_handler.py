"""Take the calls of SMS Center with Flask: `SMSC_SECRET=… flask --app flask_handler run`.

The address in the settings of the account is `https://…/smsc?charset=utf-8&md5=1`; the secret stands beside it.
"""

import os

from flask import Flask, Response, request

from smsc_codec import DecodeError
from smsc_codec.callbacks import Callback, CallCallback, IncomingCallback, StatusCallback, decode

app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = 256 * 1024
SECRET = os.environ["SMSC_SECRET"]
# In production a table with a unique column, which is written in the same transaction as the work.
done: set[str] = set()


def work(call: Callback) -> None:
    match call:
        case StatusCallback(id=id, status=status):
            print(f"message {id}: {status.meaning}")
        case IncomingCallback(phone=phone, mes=mes):
            print(f"{phone} wrote: {mes}")
        case CallCallback(phone=phone):
            print(f"{phone} called")


def smsc() -> Response:
    try:
        # The bytes as they came: `request.form` and `request.args` have decoded them as UTF-8.
        call = decode(request.get_data(), content_type=request.content_type, query=request.query_string)
    except DecodeError as error:
        app.logger.warning("not a call: %s", error)
        return Response("not a call", 400)
    if not call.verify(SECRET):
        return Response("wrong check value", 403)
    if call.key not in done:
        work(call)  # if it raises, the answer is 500, and the service calls again
        done.add(call.key)
    return Response("OK")


app.add_url_rule("/smsc", view_func=smsc, methods=["GET", "POST"])
