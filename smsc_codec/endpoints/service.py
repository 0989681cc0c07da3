"""The replies that every endpoint of the service gives in the same form: the error and the bare OK."""

from __future__ import annotations

from .._forms import Column, Const, Flat, XmlShape
from .._records import Field, Record
from .._values import NUMBER, TEXT, Scalar
from ..model import ErrorReply, Success


def error_form(code: Scalar) -> Flat:
    """The error; the meaning of its number is the endpoint's own.

    fmt=1 has no place for the description. A message's id goes with it on endpoints that have messages:
    `ERROR = 7 (invalid number), ID - 541`, `541,-7`, `"id": 541` [doc, cap].
    """
    return Flat(
        Record(ErrorReply, (Field("code", code), Field("description", TEXT, True), Field("id", NUMBER, True))),
        kind="error",
        words="an error",
        rule="error",
        csv=(Column("id", absent="0"), Column("code", prefix="-")),
        xml=(XmlShape("result", children=(("error", "description"), ("error_code", "code"), ("id", "id"))),),
        json=(("error", "description"), ("error_code", "code"), ("id", "id")),
        # `ERROR = 3 (…)` came although fmt=3 was asked: valery1707/smsc-java, templates.php [cap].
        anywhere=True,
        more=True,
    )


SUCCESS = Flat(
    Record(Success, ()),
    kind="success",
    words='"OK"',
    rule="success",
    csv=(Const("OK"),),
    xml=(XmlShape("result", text=Const("OK")),),
    json=(("result", Const("OK")),),
    # A bare OK came although fmt=3 was asked: zxcabs/node-smsc, senders.php, 2013 [cap].
    anywhere=True,
)
