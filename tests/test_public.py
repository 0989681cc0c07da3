"""Everything public names the shortest path that it can be imported from."""

from __future__ import annotations

import inspect
import pickle
import pickletools
from importlib import import_module
from pkgutil import walk_packages
from types import FunctionType
from typing import Any, get_args, get_type_hints

import pytest

import smsc_codec
import smsc_codec.callbacks
from smsc_codec import (
    ApiError,
    DecodeError,
    EncodeError,
    ErrorReply,
    Format,
    LimitError,
    Limits,
    OptionError,
    Query,
    Reply,
    Sender,
    SenderCreated,
    SenderError,
    ServiceError,
    Severity,
    Success,
    decode,
    validate,
)
from smsc_codec.model import Answer
from smsc_codec.recordings import CODES, Entry, Found, Kind, Problem, Summary, WorkerError

PACKAGES = (
    *("smsc_codec", "smsc_codec.arrow", "smsc_codec.callbacks"),
    *("smsc_codec.recordings", "smsc_codec.testing"),
)
PUBLIC = [(package, name) for package in PACKAGES for name in import_module(package).__all__]
_FOUND = [each.name for each in walk_packages(smsc_codec.__path__, "smsc_codec.")]
MODULES = ["smsc_codec", *(name for name in _FOUND if "._" not in name)]
# Values.
OTHERS = {"MISBEHAVIOURS", "Reply", "CODES", "Callback", "LIMITS", "FINDING", "ROW", "SCHEMA"}


@pytest.mark.parametrize(("package", "name"), PUBLIC, ids=str)
def test_public_names(package: str, name: str) -> None:
    thing = getattr(import_module(package), name)
    if name in OTHERS:
        assert not isinstance(thing, (type, FunctionType))
        return
    assert isinstance(thing, (type, FunctionType))
    assert (thing.__module__, thing.__qualname__) == (package, name)
    assert pickle.loads(pickle.dumps(thing)) is thing
    if isinstance(thing, type):
        assert get_type_hints(thing).keys() >= inspect.get_annotations(thing).keys()


@pytest.mark.parametrize("module", MODULES)
def test_every_name_in_all_can_be_imported(module: str) -> None:
    namespace: dict[str, Any] = {}
    exec(f"from {module} import *", namespace)
    assert namespace.keys() >= {*getattr(import_module(module), "__all__", ())}


def test_hints_are_types() -> None:
    assert get_type_hints(Sender)["status"] == smsc_codec.SenderStatus | None
    assert get_type_hints(Query)["fmt"] == Format | None
    assert get_type_hints(ApiError)["reply"] is ErrorReply


INSTANCES: list[Any] = [
    *(ErrorReply(SenderError(3), "x"), ErrorReply(ServiceError(2)), SenderCreated(5), Success(), SenderError(77)),
    decode(b"name = A, mts = 1, id = 5", fmt=0),
    *(Query(command="get"), Limits(), Format.XML, Severity.ERROR, validate(b"name = A, new = 1", fmt=0)),
    *(ApiError(ErrorReply(3, "x")), DecodeError("x", code="value"), LimitError("x", code="limit")),
    *(EncodeError("x"), OptionError("x"), WorkerError("x"), Kind.HAR),
]


@pytest.mark.parametrize("value", INSTANCES, ids=lambda value: type(value).__name__)
def test_pickles_refer_to_what_is_public(value: Any) -> None:
    data = pickle.dumps(value)
    assert type(pickle.loads(data)) is type(value)
    # A module stands in a pickle as a text of its own, before the name in it.
    texts = [text for _, text, _ in pickletools.genops(data) if isinstance(text, str)]
    modules = {text for text in texts if text.startswith("smsc_codec")}
    assert modules & {type(value).__module__}
    assert modules <= {*PACKAGES, "smsc_codec.errors", "smsc_codec.mapping"}


@pytest.mark.parametrize(
    ("function", "parameters", "returned"),
    [
        (decode, "expect: type | UnionType | None = None, endpoint: str | None = None", "Reply"),
        (validate, "limits: Limits = Limits()", "Report[Reply]"),
        (smsc_codec.encode, "charset: str = 'utf-8'", "bytes"),
        (smsc_codec.decode_response, "expect: type | UnionType | None = None", "Reply"),
        (smsc_codec.to_dict, "reply: Reply", "dict[str, Any]"),
        (smsc_codec.callbacks.decode, "content_type: str | None = None", "Callback"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_what_help_shows(function: Any, parameters: str, returned: str) -> None:
    signature = inspect.signature(function)
    given = ", ".join(str(parameter) for parameter in signature.parameters.values())
    assert parameters in given
    assert "'str" not in given and "Limits(body=335" not in given
    assert str(signature).endswith(f" -> {returned}")


def test_what_a_traceback_says() -> None:
    for error in (DecodeError, EncodeError, OptionError, ApiError):
        assert f"{error.__module__}.{error.__qualname__}" == f"smsc_codec.{error.__name__}"
    assert repr(Query) == "<class 'smsc_codec.Query'>"
    assert repr(Found) == "<class 'smsc_codec.recordings.Found'>"
    assert {Entry.__module__, Problem.__module__, Summary.__module__} == {"smsc_codec.recordings"}
    assert CODES["no-body"][0] is Severity.WARNING
    assert get_args(Reply) == (Answer, ErrorReply)
