"""The table of cases: `tests/vectors/*.jsonl`, one JSON object a line. `tests/vectors/README.md` describes it."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "vectors"


@dataclass(frozen=True)
class Vector:
    """A body, what was asked, and what has to come out."""

    name: str
    row: dict[str, Any]
    endpoint: str = "senders"

    @property
    def request(self) -> dict[str, str] | None:
        return self.row.get("request")

    @property
    def body(self) -> bytes:
        if "body_base64" in self.row:
            return base64.b64decode(self.row["body_base64"])
        return str(self.row["body"]).encode()

    @property
    def asked(self) -> dict[str, Any]:
        return {"fmt": self.row["fmt"], "charset": self.row.get("charset")}

    @property
    def charset(self) -> str:
        """The one that the body is in."""
        return str(self.row.get("charset", "utf-8"))

    @property
    def expect(self) -> str | None:
        return self.row.get("expect")

    @property
    def reply(self) -> dict[str, Any] | None:
        return self.row.get("reply")

    @property
    def error(self) -> dict[str, Any]:
        return dict(self.row["error"])

    @property
    def canonical(self) -> bool:
        return bool(self.row.get("canonical"))

    @property
    def findings(self) -> list[str]:
        return list(self.row.get("findings", []))

    def __repr__(self) -> str:
        return self.name


def _load(folder: Path, endpoint: str, prefix: str) -> list[Vector]:
    found = []
    for path in sorted(folder.glob("*.jsonl")):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            found.append(Vector(f"{prefix}{path.stem}:{number}", json.loads(line), endpoint))
    return found


VECTORS = _load(FOLDER, "senders", "")
OTHERS = [
    vector
    for folder in sorted(FOLDER.iterdir())
    if folder.is_dir() and folder.name != "callbacks"
    for vector in _load(folder, folder.name, f"{folder.name}/")
]
"""Those of the other endpoints, each in a folder of its name."""
CALLS = _load(FOLDER / "callbacks", "callbacks", "callbacks/")
"""Calls of the service, which are not replies: a row has other keys, but its body in the same way."""
GOOD = [vector for vector in VECTORS if vector.reply is not None]
BAD = [vector for vector in VECTORS if vector.reply is None]
