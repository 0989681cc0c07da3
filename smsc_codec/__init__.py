"""Read and write the replies of SMS Center's HTTP API (smsc.ru and its sister sites) in all four formats.

>>> from smsc_codec import decode, encode
>>> reply = decode(b"name = SMSC.RU, status = 1, id = 5", fmt=0)
>>> encode(reply, fmt=1)
b'SMSC.RU,1,5'
"""

from typing import TYPE_CHECKING

from ._loading import LOADING
from ._public import OVERLOADED, describe, publish
from .codec import Codec
from .door import decode, encode, validate
from .endpoints import HOMES
from .errors import DecodeError, EncodeError, LimitError, OptionError, SmscCodecError
from .formats import Format
from .limits import Limits
from .mapping import FrozenMapping
from .model import Answer, ApiError, Created, ErrorCode, ErrorReply, Reply, ServiceError, Success, records_of
from .report import Finding, Report, Severity

if TYPE_CHECKING:
    from .endpoints.balance import *  # noqa: F403
    from .endpoints.documents import *  # noqa: F403
    from .endpoints.get import *  # noqa: F403
    from .endpoints.get_mnp import *  # noqa: F403
    from .endpoints.info import *  # noqa: F403
    from .endpoints.jobs import *  # noqa: F403
    from .endpoints.op_templates import *  # noqa: F403
    from .endpoints.phones import *  # noqa: F403
    from .endpoints.ping import *  # noqa: F403
    from .endpoints.receive_phones import *  # noqa: F403
    from .endpoints.send import *  # noqa: F403
    from .endpoints.senders import *  # noqa: F403
    from .endpoints.status import *  # noqa: F403
    from .endpoints.templates import *  # noqa: F403
    from .endpoints.tinyurls import *  # noqa: F403
    from .endpoints.users import *  # noqa: F403
    from .endpoints.wait_call import *  # noqa: F403
    from .normal import from_json, to_dict, to_json
    from .query import Query
    from .response import decode_response

__version__ = "0.1.0"

__all__ = [
    "Answer",
    "ApiError",
    "Codec",
    "Created",
    "DecodeError",
    "EncodeError",
    "ErrorCode",
    "ErrorReply",
    "Finding",
    "Format",
    "FrozenMapping",
    "LimitError",
    "Limits",
    "OptionError",
    "Query",
    "Reply",
    "Report",
    "ServiceError",
    "Severity",
    "SmscCodecError",
    "Success",
    "decode",
    "decode_response",
    "encode",
    "from_json",
    "records_of",
    "to_dict",
    "to_json",
    "validate",
]

publish(globals())
describe(decode, OVERLOADED)

# Imported when it is used: who only decodes need not wait for it, nor for endpoints that are not asked.
_LAZY = {"Query": "query", "decode_response": "response"}
_LAZY |= dict.fromkeys(("from_json", "to_dict", "to_json"), "normal")
_LAZY |= {name: f"endpoints.{endpoint}" for name, endpoint in HOMES.items()}

# To type checkers a function `__getattr__` would be a class of every name.
if not TYPE_CHECKING:
    __all__ += list(HOMES)

    def __getattr__(name: str) -> object:
        if name not in _LAZY:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        with LOADING:
            found = getattr(import_module(f".{_LAZY[name]}", __name__), name)
        globals()[name] = found
        return found

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
