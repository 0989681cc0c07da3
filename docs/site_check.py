"""Warns of what is wrong with the site that was made: links that lead nowhere, and anything from another host.

With `-W` a warning fails the build.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

# Elements whose addresses the browser fetches by itself; the others wait for a click.
_FETCHED = {"script", "link", "img", "iframe", "source", "object", "embed", "video", "audio", "use", "image"}
_IN_STYLES = re.compile(r"""(?:@import\s+|url\()["']?((?:https?:)?//[^"')\s]+)""")


class _Page(HTMLParser):
    """The addresses in a page, and the anchors that others can lead to."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.anchors = {"", "top"}
        self.links: list[tuple[str, str]] = []
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what an element has."""
        for name, value in attrs:
            if name in ("id", "name") and value:
                self.anchors.add(value)
            elif name in ("href", "src", "data", "xlink:href", "poster") and value:
                self.links.append((tag, value))


def problems(site: Path) -> list[str]:
    """Return what is wrong with the site in the folder *site*, a line each."""
    pages = {path.resolve(): _Page(path) for path in sorted(site.rglob("*.html"))}
    found = [] if pages else [f"there is no page in {site}"]
    for path, page in pages.items():
        for tag, link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                if parts.scheme != "data" and tag in _FETCHED:
                    found.append(f"{path.relative_to(site.resolve())}: <{tag}> fetches {link}")
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            anchors = pages[target].anchors if target in pages else {unquote(parts.fragment)}
            if not target.exists() or unquote(parts.fragment) not in anchors:
                found.append(f"{path.relative_to(site.resolve())}: {link} leads nowhere")
    for style in sorted(site.rglob("*.css")):
        for link in _IN_STYLES.findall(style.read_text("utf-8")):
            found.append(f"{style.relative_to(site)}: fetches {link}")
    return found


def _check(app: Any, exception: Exception | None) -> None:
    from sphinx.util import logging

    if exception is None and app.builder.name == "html":
        for problem in problems(Path(app.outdir)):
            logging.getLogger(__name__).warning(problem)


def setup(app: Any) -> dict[str, bool]:
    """Connect the check to Sphinx."""
    app.connect("build-finished", _check)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
