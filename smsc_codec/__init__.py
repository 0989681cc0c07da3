"""Read and write the replies of SMS Center's HTTP API (smsc.ru and its sister sites) in all four formats.

>>> from smsc_codec import decode, encode
>>> reply = decode(b"name = SMSC.RU, status = 1, id = 5", fmt=0)
>>> encode(reply, fmt=1)
b'SMSC.RU,1,5'
"""

from ._codec import Codec, Format
from ._errors import ApiError, DecodeError, EncodeError, LimitError, SmscCodecError
from ._limits import Limits
from ._model import (
    ErrorReply,
    FrozenMapping,
    OperatorStatus,
    Reply,
    Sender,
    SenderCreated,
    SenderError,
    SenderList,
    SenderStatus,
    Success,
)
from ._normal import from_json, to_json
from ._query import Query
from ._report import Finding, Report, Severity
from ._response import decode_response
from .senders import CODEC

__version__ = "0.1.0"

decode = CODEC.decode
encode = CODEC.encode
validate = CODEC.validate

__all__ = [
    "ApiError",
    "Codec",
    "DecodeError",
    "EncodeError",
    "ErrorReply",
    "Finding",
    "Format",
    "FrozenMapping",
    "LimitError",
    "Limits",
    "OperatorStatus",
    "Query",
    "Reply",
    "Report",
    "Sender",
    "SenderCreated",
    "SenderError",
    "SenderList",
    "SenderStatus",
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
