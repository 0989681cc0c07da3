"""Which lines of fmt=1 are replies of several endpoints: the table in `docs/wire-format/collisions.md`.

`python -m tests.collisions` writes the page anew.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from smsc_codec import DecodeError, ErrorReply, Success
from smsc_codec.endpoints import ENDPOINTS, codec_of

from .vectors import OTHERS, VECTORS, Vector

PAGE = Path(__file__).parent.parent / "docs" / "wire-format" / "collisions.md"
HEAD = "| body | what it is | what else it can be read as |\n|---|---|---|\n"


def readings(body: bytes) -> dict[str, str]:
    """Return what each endpoint reads a line of fmt=1 as: kinds by endpoint. It has none that refuses the line."""
    found = {}
    for name in ENDPOINTS:
        codec = codec_of(name)
        try:
            reply: Any = codec.decode(body, fmt=1)
        except DecodeError as error:
            if error.code == "ambiguous":
                found[name] = "only the request tells"
            continue
        found[name] = next(each.title for each in codec.endpoint.replies if each.cls is type(reply))
    return found


def canonical() -> list[Vector]:
    """Return the replies that are written in fmt=1, those apart which mean the same at every endpoint."""
    return [
        vector
        for vector in [*VECTORS, *OTHERS]
        if vector.row["fmt"] == 1 and vector.canonical and vector.reply is not None and vector.body
    ]


def table() -> str:
    """Return one line for each kind of replies and each set of endpoints that read it."""
    order = [*ENDPOINTS]
    places: dict[Any, list[tuple[int, str]]] = {}
    for vector in canonical():
        codec = codec_of(vector.endpoint)
        assert vector.reply is not None
        declared = next(each for each in codec.endpoint.replies if each.kind == vector.reply["kind"])
        if declared.cls in (ErrorReply, Success) or b"\n" in vector.body or not vector.body.isascii():
            continue
        found = readings(vector.body)
        if [*found] == [vector.endpoint] and found[vector.endpoint] == declared.title:
            continue
        same: dict[str, list[str]] = {}
        for name, words in found.items():
            same.setdefault(words, []).append(f"{name}.php")
        others = [f"{', '.join(names)}: {words}" for words, names in same.items() if words != declared.title]
        line = f"| `{vector.body.decode()}` | {vector.endpoint}.php: {declared.title} | {'; '.join(others)} |\n"
        # Of a kind that several endpoints have, the first one is listed.
        places.setdefault((declared.kind, tuple(found.items())), []).append((order.index(vector.endpoint), line))
    lines = [min(some, key=lambda place: place[0]) for some in places.values()]
    return HEAD + "".join(line for _, line in sorted(lines, key=lambda place: place[0]))


if __name__ == "__main__":
    text = PAGE.read_text("utf-8")
    PAGE.write_text(text[: text.index("| body |")] + table(), "utf-8")
