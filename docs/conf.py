"""The site: `nox -s docs` makes it of the Markdown pages and the docstrings.

The source folder is the root of the repository, so that links lead to the same places in the site and in the
repository: from `docs/findings.md` to `../SECURITY.md`, say. Nothing is fetched, neither now nor by readers.
"""

from __future__ import annotations

import re
import sys
from enum import Enum
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from docutils import nodes  # noqa: E402
from pygments.lexers.special import TextLexer  # noqa: E402

import smsc_codec  # noqa: E402
import smsc_codec.callbacks  # noqa: E402
from smsc_codec.model import Code  # noqa: E402

project = "smsc_codec"
version = release = smsc_codec.__version__
copyright = "the authors of smsc_codec, MIT licence"
extensions = ["myst_parser", "sphinx.ext.autodoc", "site_check"]

root_doc = "docs/index"
include_patterns = [
    "docs/*.md",
    "docs/wire-format/*.md",
    "docs/*.rst",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "CHANGELOG.md",
    "tests/vectors/README.md",
]

# Headings get the anchors that repository pages give them; a link to one that is not there is a warning.
myst_heading_anchors = 3

html_theme = "furo"
smartquotes = False
html_title = "smsc_codec"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
templates_path = ["templates"]
# The site's own address leads to the first page.
html_additional_pages = {"index": "redirect.html"}

autodoc_default_options = {"members": True, "undoc-members": True, "member-order": "bysource"}
autodoc_typehints_format = "short"
autodoc_type_aliases = {"Reply": "smsc_codec.Reply"}
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 80
html_domain_indices = False
html_use_index = False
# Single backquotes in docstrings are names of the library where there is one, and code elsewhere.
default_role = "py:obj"


# Classes whose objects the library makes: readers do not need their signatures.
_MADE_HERE = ("FrozenMapping", "Validation", "Summary")


def _signature(
    app: object, what: str, name: str, obj: Any, options: object, sig: str | None, returns: str | None
) -> Any:
    """Return the signature as its readers use it."""
    if sig is None:
        return None
    if isinstance(obj, type) and (issubclass(obj, (Enum, Exception)) or obj.__name__ in _MADE_HERE):
        return "", None
    for pattern, words in (
        (re.escape(repr(smsc_codec.Limits())), "Limits()"),
        (re.escape(repr(smsc_codec.callbacks.LIMITS)), "LIMITS"),
        ("<function <lambda>>", "..."),
        ("<built-in function monotonic>", "time.monotonic"),
        (r"[~\w.]*\bR \| [~\w.]*ErrorReply", "Reply"),  # the functions are those of one codec
        ("expect: Any", "expect: type | UnionType | None"),
        (r"\bAny$", "Reply"),  # what `decode` has overloads for
    ):
        sig, returns = re.sub(pattern, words, sig), returns and re.sub(pattern, words, returns)
    return sig, returns


def _docstring(app: object, what: str, name: str, obj: Any, options: object, lines: list[str]) -> None:
    """Turn pages that a docstring names into links, and list the numbers of an enum with their meanings."""
    lines[:] = [re.sub(r"`(docs/[a-z/-]+)\.md`", r":doc:`/\1`", line) for line in lines]
    if isinstance(obj, type) and issubclass(obj, Code):
        for code in obj:
            lines += ["", f".. py:attribute:: {code.name}", f"   :value: {int(code)}", "", f"   {code.meaning}"]


def _defaults(app: object, doctree: Any) -> None:
    """Replace the name of a private constant, which autodoc takes from the source of overloads."""
    for text in list(doctree.findall(nodes.Text)):
        if text == "DEFAULT_LIMITS":
            text.parent.replace(text, nodes.Text("Limits()"))


def setup(app: Any) -> None:
    """Connect the functions above to Sphinx."""
    app.connect("doctree-read", _defaults)
    app.add_lexer("lark", TextLexer)
    app.connect("autodoc-process-signature", _signature)
    app.connect("autodoc-process-docstring", _docstring)


# Sphinx takes the `type` of annotations for attributes of that name.
suppress_warnings = ["ref.python"]
