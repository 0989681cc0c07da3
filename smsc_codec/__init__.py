"""Read and write the replies of SMS Center's HTTP API (smsc.ru and its sister sites) in all four formats.

>>> from smsc_codec import decode, encode
>>> reply = decode(b"name = SMSC.RU, status = 1, id = 5", fmt=0)
>>> encode(reply, fmt=1)
b'SMSC.RU,1,5'
"""

from typing import TYPE_CHECKING

from ._loading import LOADING
from ._public import publish
from .codec import Codec
from .endpoints.senders import (
    CODEC,
    OperatorStatus,
    Reply,
    Sender,
    SenderCreated,
    SenderError,
    SenderList,
    SenderStatus,
)
from .errors import DecodeError, EncodeError, LimitError, OptionError, SmscCodecError
from .formats import Format
from .limits import Limits
from .mapping import FrozenMapping
from .model import ApiError, ErrorCode, ErrorReply, ServiceError, Success
from .report import Finding, Report, Severity

if TYPE_CHECKING:
    from .normal import from_json, to_json
    from .query import Query
    from .response import decode_response

__version__ = "0.1.0"

decode = CODEC.decode
encode = CODEC.encode
validate = CODEC.validate

__all__ = [
    "ApiError",
    "Codec",
    "DecodeError",
    "EncodeError",
    "ErrorCode",
    "ErrorReply",
    "Finding",
    "Format",
    "FrozenMapping",
    "LimitError",
    "Limits",
    "OperatorStatus",
    "OptionError",
    "Query",
    "Reply",
    "Report",
    "Sender",
    "SenderCreated",
    "SenderError",
    "SenderList",
    "SenderStatus",
    "ServiceError",
    "Severity",
    "SmscCodecError",
    "Success",
    "decode",
    "decode_response",
    "encode",
    "from_json",
    "to_json",
    "validate",
]

publish(globals())

# Imported when it is used: who only decodes need not wait for it.
_LATE = {"Query": "query", "decode_response": "response", "from_json": "normal", "to_json": "normal"}


def __getattr__(name: str) -> object:
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    with LOADING:
        found: object = getattr(import_module(f".{_LATE[name]}", __name__), name)
    globals()[name] = found
    return found
