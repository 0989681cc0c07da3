"""The endpoints of the service. Each has a module, which declares its replies and how each format spells them.

This is the registry. An endpoint is a line of `ENDPOINTS`, and its module has an `ENDPOINT` and a `CODEC`. A module is
imported when its endpoint or one of its classes is needed.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from .._loading import LOADING
from ..model import Created, ServiceError

if TYPE_CHECKING:
    from ..codec import Codec
    from . import senders

    DefaultReply = senders.Reply  # the replies of the default endpoint

__all__ = [
    "CLASSES",
    "DEFAULT",
    "ENDPOINTS",
    "HOMES",
    "SHARED",
    "all_kinds",
    "codec_of",
    "first_of",
    "having",
    "kinds",
    "known",
    "loaded",
    "module_of",
    "name_in",
    "with_kind",
]

ENDPOINTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "senders": (
            *("OperatorStatus", "Sender", "SenderCreated"),
            *("SenderError", "SenderList", "SenderStatus"),
        ),
        "send": ("MessageCost", "MessageError", "MessageSent", "PhoneResult"),
        "status": (
            *("DeliveryError", "Message", "MessageFlags", "MessageState"),
            *("MessageType", "StatusError", "StatusList", "TemplateKind"),
        ),
        "balance": ("Balance", "BalanceError"),
        "info": ("InfoError", "OperatorInfo", "OperatorInfoList"),
        "get": (
            *("GetError", "IncomingList", "IncomingMessage", "MegaAccount", "MegaAccountList", "MessageList"),
            *("PriceList", "PriceZone", "SenderList", "Statistics", "StatisticsList"),
        ),
        "phones": ("Contact", "ContactError", "ContactList", "Group", "GroupList"),
        "jobs": ("Mailing", "MailingCreated", "MailingError", "MailingList"),
        "templates": ("Template", "TemplateError", "TemplateList"),
        "op_templates": ("OperatorTemplate", "OperatorTemplateList"),
        "users": ("StatisticsList", "UserError"),
        "documents": ("Document", "DocumentList"),
        "tinyurls": ("ShortLink", "ShortLinkError"),
        "receive_phones": ("ReceivePhone", "ReceivePhoneError", "ReceivePhoneList"),
        "wait_call": ("CallError", "CallNumber"),
        "get_mnp": ("Ported", "PortedList"),
        "ping": (),
    }
)
"""The endpoints whose replies can be read and written, and the public classes of each. The first one is meant if the
caller does not name one. If several endpoints have a class, it is in the module of the first one."""

DEFAULT = next(iter(ENDPOINTS))
"""The endpoint that is meant if the caller does not name one."""

HOMES: Mapping[str, str] = MappingProxyType(
    {cls: name for name, classes in reversed([*ENDPOINTS.items()]) for cls in classes}
)
"""The first endpoint that has each of the classes."""

_LISTED = [cls for classes in ENDPOINTS.values() for cls in classes]

CLASSES: Mapping[str, str] = MappingProxyType({cls: name for cls, name in HOMES.items() if _LISTED.count(cls) == 1})
"""The endpoint of each class that only one endpoint has."""

SHARED: tuple[tuple[type, str], ...] = ((Created, "phones"), (ServiceError, "get_mnp"))
"""The classes of `model.py` that several endpoints have, except the default one, and the first endpoint of each."""

_FILE = re.compile(r"([a-z_]{1,40})\.php")


@lru_cache(len(ENDPOINTS))
def module_of(name: str) -> Any:
    """Return the module of an endpoint."""
    with LOADING:
        return import_module(f".{name}", __name__)


def codec_of(name: str) -> Codec[Any]:
    """Return the codec of an endpoint."""
    codec: Codec[Any] = module_of(name).CODEC
    return codec


@lru_cache(1)
def kinds() -> Mapping[str, Mapping[str, Any]]:
    """Return the classes of replies except errors, by endpoint and kind. Load all modules."""
    replies = {name: codec_of(name).endpoint.own for name in ENDPOINTS}
    return {name: {reply.kind: reply.cls for reply in own} for name, own in replies.items()}


def with_kind(kind: str) -> str | None:
    """Return the first endpoint that has a kind of replies, or None if none has."""
    return next((name for name, own in kinds().items() if kind in own), None)


def all_kinds() -> list[str]:
    """Return all kinds of replies except errors, in the order of their endpoints."""
    return [*dict.fromkeys(kind for own in kinds().values() for kind in own)]


def known(ending: str = "") -> str:
    """Return the names of all endpoints for a message, each with an ending."""
    *names, last = (f"{name}{ending}" for name in ENDPOINTS)
    return f"{', '.join(names)} or {last}"


def loaded() -> Iterator[str]:
    """Yield the endpoints whose modules have been imported. A caller can only have classes of these."""
    for name in ENDPOINTS:
        if hasattr(sys.modules.get(f"{__name__}.{name}"), "CODEC"):
            yield name


def first_of(cls: object, name: str) -> str:
    """Return the first endpoint of a class that several endpoints have, or *name* for any other class."""
    return next((first for shared, first in SHARED if shared is cls), name)


def having(classes: Iterable[object]) -> list[str]:
    """Return the endpoints that may have some of these classes: all that are loaded, in the order of the registry.

    The module of classes that several endpoints have does not load an endpoint, so the first one is loaded for each.
    """
    names = {first_of(cls, DEFAULT) for cls in classes}
    return sorted({DEFAULT, *names, *loaded()}, key=[*ENDPOINTS].index)


def name_in(path: str) -> tuple[str, bool]:
    """Return the endpoint that the path of a URL names, and whether it is the JSON interface (`/rest/`).

    The name is empty if it does not look like a path of the service. Such a path can contain anything, even a secret.
    """
    folder, _, last = path.rstrip("/").rpartition("/")
    file = _FILE.fullmatch(last)
    if file is not None:
        return file[1], False
    rest = folder.rpartition("/")[2] == "rest" and last in ENDPOINTS
    return last if rest else "", rest
