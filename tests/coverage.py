"""What is known of each reply in each format: the first table in `docs/wire-format/coverage.md`.

`python -m tests.coverage` writes the table anew.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from smsc_codec.declare import FORMATS, Reply
from smsc_codec.endpoints import ENDPOINTS, codec_of

from .vectors import OTHERS, VECTORS

PAGE = Path(__file__).parent.parent / "docs" / "wire-format" / "coverage.md"
HEAD = "| endpoint | asked | reply | fmt=0 | fmt=1 | fmt=2 | fmt=3 |\n|---|---|---|---|---|---|---|\n"
END = "\n## "


def asked(name: str, cls: Any) -> str:
    """Return the commands that are answered with a class."""
    commands = codec_of(name).endpoint.commands
    return ", ".join(f"`{command}`" for command, answer in commands.items() if answer is cls)


def grade(name: str, reply: Reply, fmt: int) -> str:
    """Return the best evidence in the table of cases for a reply in a format."""
    if not reply.is_known(FORMATS[fmt]):
        return "unknown"
    found = {
        vector.row["evidence"]
        for vector in (*VECTORS, *OTHERS)
        if vector.endpoint == name and vector.row["fmt"] == fmt and (vector.reply or {}).get("kind") == reply.kind
    }
    sure = [each for each in ("documented", "recorded") if each in found]
    return ", ".join(sure) or next((each for each in ("client", "choice") if each in found), "unknown")


def table() -> str:
    """Return one line for each reply of each endpoint but its error, which has a table in `service.md`."""
    lines = []
    for name in ENDPOINTS:
        for reply in codec_of(name).endpoint.own:
            cells = [grade(name, reply, fmt) for fmt in range(4)]
            title = reply.title.replace('"OK"', "`OK`")
            lines.append(f"| [{name}]({name}.md) | {asked(name, reply.cls)} | {title} | {' | '.join(cells)} |\n")
    return HEAD + "".join(lines)


def parts() -> tuple[str, str, str]:
    """Return the page before the table, the table, and the rest of the page."""
    text = PAGE.read_text("utf-8")
    start = text.index(HEAD.partition("\n")[0])
    end = text.index(END, start)
    return text[:start], text[start:end], text[end:]


if __name__ == "__main__":
    before, _, behind = parts()
    PAGE.write_text(before + table() + behind, "utf-8")
