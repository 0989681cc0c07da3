"""Take the calls of SMS Center with Django: put `smsc` into the views of a project, and `urlpatterns` into `urls.py`.

The address in the settings of the account is `https://…/smsc?charset=utf-8&md5=1`; the secret stands beside it.
"""

import logging
import os

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from smsc_codec import DecodeError
from smsc_codec.callbacks import Callback, CallCallback, IncomingCallback, StatusCallback, decode

SECRET = os.environ["SMSC_SECRET"]
# In production a model with a unique field, which is written in the same transaction as the work.
done: set[str] = set()


def work(call: Callback) -> None:
    match call:
        case StatusCallback(id=id, status=status):
            print(f"message {id}: {status.meaning}")
        case IncomingCallback(phone=phone, mes=mes):
            print(f"{phone} wrote: {mes}")
        case CallCallback(phone=phone):
            print(f"{phone} called")


def smsc(request: HttpRequest) -> HttpResponse:
    try:
        # The bytes as they came, and the whole header: `request.POST` and `request.GET` have decoded them as UTF-8, and
        # `request.content_type` lacks its parameters. Django refuses a body above DATA_UPLOAD_MAX_MEMORY_SIZE.
        kind, query = request.headers.get("Content-Type"), request.META["QUERY_STRING"]
        call = decode(request.body, content_type=kind, query=query)
    except DecodeError as error:
        logging.warning("not a call: %s", error)
        return HttpResponse("not a call", status=400)
    if not call.verify(SECRET):
        return HttpResponse("wrong check value", status=403)
    if call.key not in done:
        work(call)  # if it raises, the answer is 500, and the service calls again
        done.add(call.key)
    return HttpResponse("OK")


urlpatterns = [path("smsc", csrf_exempt(require_http_methods(["GET", "POST"])(smsc)))]
