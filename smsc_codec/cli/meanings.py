"""The meanings of the codes of findings, for reports that are read without the documentation."""

from ..recordings import CODES

MEANINGS = {
    "bom": "UTF-8 byte order marks come before the reply",
    "utf-16": "the reply is in UTF-16, which the service does not send",
    "white-space": "white space or blank lines come before or after the reply",
    "content-charset": "the bytes contradict a statement about their charset",
    "lost-characters": "a text contains U+FFFD: a character was lost when the bytes were read in a wrong charset",
    "mojibake": "a text was read in a wrong charset",
    "other-format": "the reply is in another format than the requested XML or JSON",
    "duplicate-key": "a field is given twice; the last value is kept",
    "line-end-in-text": "a text that a person wrote contains a line end; its author could have forged a record there",
    "unknown-key": "an undocumented key; as a note it is kept, as a warning it is not",
    "unknown-number": "a number with an undocumented meaning; it is kept",
    "no-status": "the request has all=1, but a name does not have a status",
    "no-operators": "the request has operators=1, but a name does not have operators",
    "malformed": "the body is malformed, or is not a reply in that format",
    "value": "a field has a wrong value, or is missing",
    "empty": "the body is empty",
    "ambiguous": "a line can mean two things, and only the request tells which",
    "unknown-form": "a line of fmt=1 has undocumented cells, or a line after the first has an undocumented form",
    "unexpected": "the reply is of another kind than the request leads to",
    "charset": "the bytes are not text in the given or declared charset",
    "limit": "the body is larger, longer or deeper than the limits",
    **{code: words for code, (_, words) in CODES.items()},
}
"""The meanings by code. `docs/findings.md` and `docs/validating.md` say more about each."""
