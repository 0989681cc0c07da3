"""`/sys/senders.php`: what its replies look like in each of the four formats.

The evidence for each form is in `docs/wire-format.md`; the text format is in `grammars/senders.lark`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from msgspec.structs import replace

from ._codec import Codec
from ._forms import Column, Endpoint, Flat, Listing, XmlShape
from ._model import OperatorStatus, Sender, SenderCreated, SenderError, SenderList, SenderStatus, Success
from ._records import Extras, Field, Order, Record
from ._service import SUCCESS, error_form
from ._values import NAME, NUMBER, code

# [doc] The order of the operators differs between the text format and the other two.
TEXT_ORDER = (
    *("mega_step", "bee_step", "motiv_step", "sber_step", "mts_step", "tele2_step", "tele2"),
    *("motiv", "ua_reg", "ua_int", "mega_int", "motiv_int", "mts_int"),
)
XML_AND_JSON_ORDER = (
    *("mega_step", "mega_int", "bee_step", "motiv_step", "motiv_int", "sber_step"),
    *("mts_step", "mts_int", "tele2_step", "tele2", "motiv", "ua_reg", "ua_int"),
)
# [doc] Until 2022 and 2017, and request parameters whose replies nobody has recorded yet.
OTHER_OPERATORS = ("mega", "mts", "winmob_step", "volnamob_step", "by_reg")

# A replacement can be a short number of three digits and more; documented codes have one digit.
_OPERATOR_CODE = code(OperatorStatus, "an operator's code (0 to 99)", re.compile("0|[1-9][0-9]?"))
_REPLACEMENT = replace(NAME, words="the name of a replacement, which one or two digits are not")

_SENDER = Record(
    Sender,
    (
        Field("name", NAME),
        Field("id", NUMBER, optional=True),
        Field("status", code(SenderStatus, "the number of a status"), optional=True),
    ),
    Extras(
        codes="operators",
        code=_OPERATOR_CODE,
        names="replacements",
        text=_REPLACEMENT,
        known=frozenset(TEXT_ORDER + OTHER_OPERATORS),
    ),
)

LIST = Listing(
    SenderList,
    kind="senders",
    words="a list of sender names",
    attribute="senders",
    record=_SENDER,
    rule="sender",
    text=Order(head=(("name", "name"), ("status", "status")), tail=(("id", "id"),), extras=TEXT_ORDER),
    csv=(("name", "id"), ("name", "status", "id")),
    xml=Order(head=(("status", "status"),), tail=(("id", "id"),), extras=XML_AND_JSON_ORDER),
    xml_root="senders",
    xml_item="sender",
    xml_text="name",
    json=Order(head=(("sender", "name"), ("status", "status")), tail=(("id", "id"),), extras=XML_AND_JSON_ORDER),
)

CREATED = Flat(
    Record(SenderCreated, (Field("id", NUMBER),)),
    kind="created",
    words="the id of a new sender name",
    rule="created",
    csv=(Column("id"),),
    # Nobody has recorded it in XML; these are the forms that the replies of other endpoints suggest.
    xml=(
        XmlShape("result", children=(("sender", "id"),)),
        XmlShape("result", children=(("id", "id"),)),
        XmlShape(None, children=(("sender", "id"),)),
        XmlShape(None, children=(("id", "id"),)),
    ),
    json=(("sender", "id"),),
)

# [cap] send.php has an error 6; the form of errors is the whole service's.
_KNOWN_ERRORS = frozenset(SenderError) | {6}
_ERROR_CODE = replace(code(SenderError, "the number of an error"), known=_KNOWN_ERRORS.__contains__)

SENDERS: Endpoint[SenderList | SenderCreated | Success] = Endpoint(
    "senders.php", grammar="senders", forms=(error_form(_ERROR_CODE), SUCCESS, CREATED, LIST)
)
CODEC = Codec(SENDERS)

COMMANDS: Mapping[str, type[SenderList | SenderCreated | Success]] = MappingProxyType(
    {
        "get": SenderList,
        "add": SenderCreated,
        "chg": Success,
        "send_code": Success,
        "check_code": Success,
        "del": Success,
    }
)
"""[doc] The parameter that is 1 in a request, and what it is answered with."""
