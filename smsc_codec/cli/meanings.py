"""What the codes of findings mean, for reports that are read without the documentation."""

from ..recordings import CODES

MEANINGS = {
    "bom": "UTF-8 byte order marks come before the reply",
    "utf-16": "the reply is in UTF-16, which the service does not send",
    "white-space": "white space or blank lines come before or after the reply",
    "content-charset": "what is said of the charset is not what the bytes are",
    "lost-characters": "a text holds U+FFFD: a character was lost when the bytes were read in a wrong charset",
    "mojibake": "a text was read in a wrong charset",
    "other-format": "XML or JSON was asked, and the reply is in another format",
    "duplicate-key": "a field is given twice; the last value is kept",
    "line-end-in-text": "a line end stands in a text that a person wrote, who could have forged a record there",
    "unknown-key": "a key that nobody documents; as a note it is kept, as a warning it is not",
    "unknown-number": "a number whose meaning nobody documents; it is kept",
    "no-status": "all=1 was asked, and a name has no status",
    "no-operators": "operators=1 was asked, and a name has no operators",
    "malformed": "the body is malformed, or is not a reply in that format",
    "value": "the value of a field is not what belongs there, or a field is missing",
    "empty": "there is no body",
    "ambiguous": "a line can mean two things, and only the request tells which",
    "unknown-form": "a further line without keys that nobody has documented",
    "unexpected": "a reply, but of another kind than the request leads to",
    "charset": "the bytes are not text in the charset that was given or declared",
    "limit": "the body is larger, longer or deeper than the limits",
    **{code: words for code, (_, words) in CODES.items()},
}
"""By code. `docs/findings.md` and `docs/validating.md` say more of each."""
