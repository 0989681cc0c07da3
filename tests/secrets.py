"""Where a secret can stand, how it can be spelled, and whether something that is said repeats it."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from html import escape, unescape
from urllib.parse import quote, quote_plus, unquote
from xml.sax.saxutils import quoteattr

from hypothesis import strategies as st

from smsc_codec import Format

NAMES = (
    *("psw", "login", "password", "apikey", "api_key", "PSW", "Password", "user_login", "userPassword", "psw2"),
    *("X-Api-Key", "api-key", "Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie", "X-Auth-Token"),
    *("token", "access_token", "secret", "client_secret", "passwd", "pwd", "пароль", "Логин"),
    *("smsc.psw.prod", "password_confirmation_of_the_main_account"),
)
"""Names whose values are secret."""

Place = Callable[[str, str], str]
"""A text that holds a secret, from the name and the secret."""

# In these places a secret can be anything: the place says how it is written.
QUOTED: dict[str, Place] = {
    "a URL": lambda name, secret: f"https://smsc.ru/sys/senders.php?{quote(name)}={quote(secret, safe='')}&fmt=3",
    "a form": lambda name, secret: f"fmt=3&{quote_plus(name)}={quote_plus(secret)}",
    "an index": lambda name, secret: f"user[{quote(name)}]={quote(secret, safe='')}&{quote(name)}[0]=x",
    "an array": lambda name, secret: f"{quote(name)}[]={quote(secret, safe='')}&fmt=3",
    "JSON": lambda name, secret: json.dumps({name: secret, "id": 5}),
    "JSON in UTF-8": lambda name, secret: json.dumps({"a": 1, name: secret}, ensure_ascii=False),
    "JSON of PHP": lambda name, secret: json.dumps({name: secret}).replace("/", "\\/"),
    "JSON on lines": lambda name, secret: f'{{"sender": "A",\n{json.dumps(name)}\n:\n{json.dumps(secret)}, "id": 1}}',
    "JSON in JSON": lambda name, secret: json.dumps({"a": json.dumps({name: secret})}),
    "JSON in JSON in JSON": lambda name, secret: json.dumps([json.dumps([json.dumps({name: secret})])]),
    "a list": lambda name, secret: json.dumps({name: ["x", secret], "b": 1}),
    "an object": lambda name, secret: json.dumps({name: {"value": secret}, "b": 1}, indent=1),
    "a pair": lambda name, secret: json.dumps([name, secret]),
    "a name and a value": lambda name, secret: json.dumps({"name": name, "value": secret}),
    "a tuple of Python": lambda name, secret: repr([(name, secret)]),
    "a dictionary of Python": lambda name, secret: repr({name: secret, "x": 1}),
    "bytes of Python": lambda name, secret: repr({name.encode(): secret.encode()}),
    "an XML element": lambda name, secret: f"<{_tag(name)}>{escape(secret)}</{_tag(name)}>",
    "XML on lines": lambda name, secret: f"<a>\n<{_tag(name)}>\n  {escape(secret)}\n</{_tag(name)}>\n</a>",
    "nested XML": lambda name, secret: f"<{_tag(name)}><v>{escape(secret)}</v></{_tag(name)}>",
    "CDATA": lambda name, secret: f"<{_tag(name)}><![CDATA[{secret.replace(']]>', '')}]]></{_tag(name)}>",
    "an attribute": lambda name, secret: f"<user a='1' {_tag(name)}={quoteattr(secret)} b='2'/>",
    "an input": lambda name, secret: f'<input name="{_tag(name)}" type="text" value={quoteattr(secret)}>',
    "an input backwards": lambda name, secret: f"<input value={quoteattr(secret)} name='{_tag(name)}'>",
    "a table": lambda name, secret: f"<tr><td>{escape(name)}</td><td>{escape(secret)}</td></tr>",
    "a list of definitions": lambda name, secret: f"<dt><b>{escape(name)}:</b></dt>\n<dd>{escape(secret)}</dd>",
    "a plist": lambda name, secret: f"<key>{escape(name)}</key>\n<string>{escape(secret)}</string>",
    "var_export": lambda name, secret: f"array (\n  {_php(name)} => {_php(secret)},\n)",
    "serialize": lambda name, secret: f's:{len(name)}:"{name}";s:{len(secret.encode())}:"{secret}";',
    "var_dump": lambda name, secret: f'["{name}"]=>\n  string({len(secret.encode())}) "{secret}"\n}}',
    "var_dump of an object": lambda name, secret: (
        f'["{name}":"Class":private]=>\n  string({len(secret.encode())}) "{secret}"\n}}'
    ),
    "print_r of an object": lambda name, secret: f"Class Object\n(\n    [{name}:protected] => {_line(secret)}\n)",
    "YAML in quotes": lambda name, secret: "{}: '{}'\nx: 1".format(name, secret.replace("'", "''")),
    "a string in three quotes": lambda name, secret: f"{name} = {chr(39) * 3}{_line(secret)}{chr(39) * 3}",
    "a pair with another member": lambda name, secret: json.dumps({"name": name, "type": "x", "value": secret}),
    "an input with raw marks": lambda name, secret: '<input value="{}" name="{}">'.format(
        secret.replace('"', "&quot;"), _tag(name)
    ),
    "a password with a star": lambda name, secret: f"<td>{escape(name)} *</td><td>{escape(secret)}</td>",
    "a string with quotes": lambda name, secret: f"{name} = {json.dumps(secret)}; x = 1",
}
# In these nothing is written in any other way than it is.
BARE: dict[str, Place] = {
    "a header": lambda name, secret: f"{name}: {secret}",
    "a log": lambda name, secret: f"[12:00] {name}={secret}",
    "an INI file": lambda name, secret: f"[smsc]\n{name} = {secret}\nfmt = 3",
    "YAML": lambda name, secret: f"smsc:\n  {name}: {secret}\n  fmt: 3",
    "YAML on the next line": lambda name, secret: f"smsc:\n  {name}: >-\n    {secret}",
    "print_r": lambda name, secret: f"Array\n(\n    [{name}] => {secret}\n    [fmt] => 3\n)",
    "a table of text": lambda name, secret: f"| {name} | {secret} |",
    "a tab": lambda name, secret: f"{name}\t{secret}",
    "a part of a form": lambda name, secret: (
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\nContent-Type: text/plain\r\n\r\n{secret}\r\n--x--'
    ),
    "a block of YAML": lambda name, secret: f"smsc:\n  {name}: |\n    x\n    {secret}\n\n    {secret}\n  fmt: 3",
    "the text format": lambda name, secret: f"name = A, {name} = {secret}",
    "an attempt at XML": lambda name, secret: f"<{_tag(name)}>{secret}",
}
# In these the secret has no blanks.
WORDS: dict[str, Place] = {
    "userinfo": lambda name, secret: f"GET https://demo:{secret}@smsc.ru/sys/senders.php?fmt=3",
    "userinfo without a scheme": lambda name, secret: f"see //demo:{secret}@smsc.ru/",
    "a key in userinfo": lambda name, secret: f"https://{secret}@smsc.ru/",
    "Basic": lambda name, secret: f"sent Basic {base64.b64encode(f'demo:{secret}'.encode()).decode()}",
    "Bearer": lambda name, secret: f"sent bearer {secret}",
}

FRAMES = (
    *(
        "{}",
        "<html>{}</html>",
        '{{"x": {}, ',
        "name = A, id = {}",
        "A,{}",
        "ERROR = {}",
        '[{{"sender": "A", "id": {}}}]',
    ),
    *('<senders>\n<sender id="x">{}</sender>\n</senders>', "ERROR = 2 ({})", "A,5\n{}\n", "<p>\n{}", "OK{}", "x={}"),
)
"""What can stand around such a text."""


def _tag(name: str) -> str:
    return re.sub(r"\W", "_", name)


def _php(text: str) -> str:
    text = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{text}'"


def _line(text: str) -> str:
    return re.sub(r"^[\"'\[({]|(')(?=')", "", text)


Spelling = Callable[[str], str]

SPELLINGS: dict[str, Spelling] = {
    "as it is": lambda text: text,
    "percent": lambda text: quote(text, safe=""),
    "small percent": lambda text: re.sub("%..", lambda match: match[0].lower(), quote(text, safe="")),
    "a part in percent": lambda text: re.sub(
        '[?&=:"]', lambda match: f"%{ord(match[0]):02X}", text.replace("%", "%25")
    ),
    "percent of windows-1251": lambda text: quote(text, safe="", encoding=service_charset(text)),
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON of PHP": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "JSON, every letter": lambda text: "".join(f"\\u{unit:04x}" for unit in _units(text)),
    "Python": lambda text: repr(text)[1:-1],
    "bytes of Python": lambda text: repr(text.encode("utf-8", "replace"))[2:-1],
    "HTML": escape,
    "HTML, every letter": lambda text: "".join(f"&#{ord(letter)};" for letter in text),
    "HTML, every letter in hexadecimal": lambda text: "".join(f"&#x{ord(letter):X};" for letter in text),
    "JavaScript, every letter": lambda text: "".join(f"%u{unit:04X}" for unit in _units(text)),
}
"""Ways to write a whole text, which can be put on top of each other."""


def service_charset(text: str) -> str:
    """Return windows-1251 if it has all characters of the text, else UTF-8."""
    return "cp1251" if text.encode("cp1251", "replace").decode("cp1251") == text else "utf-8"


def _units(text: str) -> Iterator[int]:
    data = text.encode("utf-16-be", "surrogatepass")
    return (data[at] << 8 | data[at + 1] for at in range(0, len(data), 2))


# No blanks at the ends, which parsers strip, and nothing that a place of the kind would end at.
WORD = "qwzjkQWZJK_!+~$"
ANYTHING = "\"'\\/<>&%=:;,[]{}()| \tЖщя\N{GRINNING FACE}"
words = st.text(WORD, min_size=8, max_size=24)
"""Secrets without blanks, of characters that nothing else here has next to each other."""
bare = st.tuples(words, st.sampled_from(["", " ", ", ", "; ", " = ", ": "]), words).map("".join)
"""Secrets that can stand on a line."""
anything = st.tuples(words, st.text(st.sampled_from(ANYTHING), max_size=6), words).map("".join)
"""Secrets of whatever a place can write."""


def leaked(said: str, secret: str) -> str:
    """Return the first piece of four characters of *secret* that *said* shows in any spelling, or nothing."""
    pieces = {secret[at : at + 4] for at in range(len(secret) - 3)}
    # Our own words have some of these, and so has the text around the secret: marks and backslashes.
    pieces = {piece for piece in pieces if not re.search(r"[\s,;:=]|^[\\<>&\"'/#]+$", piece)}
    for text in _undone(said):
        for piece in pieces:
            if piece in text:
                return piece
    return ""


def _undone(text: str) -> Iterator[str]:
    for _ in range(6):
        yield text
        yield text.replace("\0", "").replace("\N{REPLACEMENT CHARACTER}", "")
        text = re.sub(r"\\u(....)|\\x(..)|%u(....)", _character, unescape(unquote(text, "latin-1")), flags=re.DOTALL)
        text = re.sub(r"\\(.)", r"\1", text)


def _character(match: re.Match[str]) -> str:
    try:
        return chr(int(match[match.lastindex or 0], 16))
    except ValueError:
        return match[0]


def charsets_of(body: str) -> list[bytes]:
    """Return the bytes of a text in every charset that a proxy may answer in."""
    encoded = []
    wide = ("utf-16", "utf-16-le", "utf-16-be") if not re.search("[\u0400-\u04ff]", body) else ()
    for charset in ("utf-8", "cp1251", "koi8-r", *wide):
        try:
            encoded.append(body.encode(charset))
        except UnicodeEncodeError:
            continue
    return encoded


FORMATS: tuple[Format | None, ...] = (None, *Format)
