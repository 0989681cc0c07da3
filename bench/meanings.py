"""What an answer means: something that is equal for all right answers, whatever a contender makes of a reply."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

import msgspec

from smsc_codec import Format, SenderList, decode

Rows: TypeAlias = list[dict[str, str]]
"""A list of names: the fields of each as they stand on the wire, in any order."""


def of_reply(reply: Any) -> object:
    """Our model, or plain Lark's."""
    return rows_of(reply) if isinstance(reply, SenderList) else reply


def rows_of(reply: SenderList) -> Rows:
    """Return a list of names."""
    given = ({"name": s.name, "status": s.status, "id": s.id, **s.operators, **s.replacements} for s in reply.senders)
    return of_dicts({key: value for key, value in item.items() if value is not None} for item in given)


def of_dicts(dicts: Iterable[Mapping[str, object]]) -> Rows:
    return [{"name" if key == "sender" else key: str(value) for key, value in item.items()} for item in dicts]


def of_lists(columns: tuple[str, ...], lists: list[list[str]]) -> Rows:
    return [dict(zip(columns, values)) for values in lists]


def of_tree(root: Any) -> Rows:
    return of_dicts({"name": element.text, **element.attrib} for element in root)


def of_structs(structs: list[Any]) -> Rows:
    return of_dicts(map(msgspec.structs.asdict, structs))


def of_models(models: list[Any]) -> Rows:
    return of_dicts(model.model_dump() for model in models)


def of_several(meaning: Callable[[Any], Rows]) -> Callable[[list[Any]], list[Rows]]:
    """Return the answers to several bodies."""
    return lambda answers: [meaning(answer) for answer in answers]


def of_names(reply: SenderList) -> object:
    """Return the names alone, where lists differ in something else."""
    return [sender.name for sender in reply.senders]


def of_bytes(fmt: Format) -> Callable[[bytes], object]:
    """Return what was written; the layout is free."""
    return lambda written: of_reply(decode(written, fmt=fmt))
