"""Check the caller's arguments. Raise `OptionError` if one is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import UnionType
from typing import Any, Union

from ._source import CHARSETS, charset_name, quote
from ._types import class_name, is_really, name_of
from .errors import OptionError
from .formats import BY_NAME, Format
from .limits import Limits

# Before Python 3.14 this is another class than that of `int | str`.
_UNION = type(Union[int, str])  # noqa: UP007

_FORMATS = f"0, 1, 2, 3, {', '.join(map(repr, [*BY_NAME][:-1]))} or {[*BY_NAME][-1]!r}"

_NUMBERED = tuple(Format)
"""The formats by their numbers. A call of the enumeration takes ten times as long as a look-up."""


def format_of(fmt: object) -> Format:
    """Return the format with that number or name."""
    if is_really(fmt, int) and not is_really(fmt, bool) and 0 <= int.__int__(fmt) <= 3:
        return _NUMBERED[int.__int__(fmt)]
    named = BY_NAME.get(str.__str__(fmt).lower()) if is_really(fmt, str) else None
    if named is None:
        raise OptionError(f"fmt has to be {_FORMATS}, not {quote(fmt)}")
    return named


def charset_of(charset: object) -> str:
    """Return the service's name for a charset."""
    name = charset_name(charset)
    if name is None:
        raise OptionError(f"charset has to be {', '.join(CHARSETS[:-1])} or {CHARSETS[-1]}, not {quote(charset)}")
    return name


def limits_of(limits: object) -> Limits:
    """Return limits as they are."""
    if type(limits) is not Limits:
        raise OptionError(f"limits has to be a Limits, not {name_of(limits)}")
    return limits


def parameters_of(parameters: Any) -> dict[str, str]:
    """Return the parameters of a request as plain strings; no value is repeated, as some are secret."""
    if not issubclass(type(parameters), Mapping):
        raise OptionError(f"parameters has to be a mapping of str to str, not {name_of(parameters)}")
    try:
        given = {name: parameters[name] for name in parameters}
    except Exception as error:
        raise OptionError(f"parameters is a mapping that raises {name_of(error)} when it is read") from error
    for name, value in given.items():
        if not is_really(name, str) or not is_really(value, str):
            hint = " (`parse_qs` returns lists: pass dict(parse_qsl(query)))" if is_really(value, list) else ""
            wrong = name if not is_really(name, str) else value
            what = "the names in parameters have" if wrong is name else f"the parameter {quote(name)} has"
            raise OptionError(f"{what} to be str, not {name_of(wrong)}{hint}")
    return {str.__str__(name): str.__str__(value) for name, value in given.items()}


def flag_of(name: str, value: object) -> bool:
    """Return a switch as it is; what is true may be an object that raises when it is asked."""
    if value is not True and value is not False:
        raise OptionError(f"{name} has to be True or False, not {quote(value)}")
    return value


def classes_in(expect: Any, known: Sequence[type], of: str) -> tuple[type, ...]:
    """Return the classes of a union or the only one; each has to be among the *known* ones, those *of* an endpoint.

    None of them is asked for anything: what it says may change.
    """
    members = members_of(expect)
    wrong = [member for member in members if not any(cls is member for cls in known)]
    if wrong:
        names = [cls.__name__ for cls in known]
        allowed = f"{', '.join(names[:-1])} or {names[-1]}, or a union of them"
        raise OptionError(f"expect has to be a reply of {of} ({allowed}), not {class_in(wrong[0])}")
    return members


def class_in(member: object) -> str:
    """Return a class by its name, which is not cut off, or what else was given."""
    return class_name(member) if is_really(member, type) else quote(member)


def members_of(expect: Any) -> tuple[Any, ...]:
    """Return what is in a union, or the only thing that is expected."""
    kind = type(expect)
    return tuple(expect.__args__) if kind is UnionType or kind is _UNION else (expect,)


def names_in(name: str, given: Any, known: frozenset[str]) -> frozenset[str]:
    """Return the names in a collection; each has to be among the *known* ones."""
    kind = type(given)
    plain = kind is tuple or kind is list or kind is set or kind is frozenset
    if not plain or not all(is_really(item, str) for item in given):
        raise OptionError(f"{name} has to be a list, a tuple or a set of names, not {quote(given)}")
    names = frozenset(str.__str__(item) for item in given)
    if not names <= known:
        raise OptionError(f"{name} can hold {', '.join(sorted(known))}, not {quote(min(names - known))}")
    return names
