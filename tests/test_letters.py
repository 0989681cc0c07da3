"""Letters: every row of `recordings/letters.jsonl` by the function or the command that it names.

A row has the bytes (`base64`) and how they are read: `options` for `decode` and `validate`, `url` and `headers` of a
response, or `args` of `smsc-codec validate`. It says what is read (`replies`, in normalized JSON), what is found
(`severity:code`), the exit `status`, and what nobody may see (`hidden`). `source` is the report that it comes from.
"""

# ruff: noqa: RUF001 - letters that look like others are what this file is about
from __future__ import annotations

import base64
import io
import json
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsc_codec import (
    Codec,
    DecodeError,
    ErrorReply,
    Format,
    OperatorStatus,
    Query,
    Report,
    Sender,
    SenderError,
    SenderList,
    Success,
    decode,
    decode_response,
    encode,
    from_json,
    to_json,
    validate,
)
from smsc_codec._letters import broken
from smsc_codec.cli.main import main
from smsc_codec.door import report as report_of
from smsc_codec.endpoints.senders import CODEC, SENDERS
from smsc_codec.recordings import _check, validate_recordings

from .lanes import SLOW
from .test_work import steps
from .work import is_linear

Row = dict[str, Any]
READER = Codec(SENDERS)._format(Format.TEXT)

ROWS: list[Row] = [
    json.loads(line)
    for line in (Path(__file__).parent / "recordings" / "letters.jsonl").read_text("utf-8").splitlines()
]
FORMATS = ("text", "json", "junit", "html")


def named(row: Row) -> str:
    return f"{row['kind']}-{row['name']}"


def of(surface: str) -> list[Row]:
    return [row for row in ROWS if surface in row]


def content_of(row: Row) -> Any:
    body = base64.b64decode(row["base64"])
    return body.decode() if row.get("text") else body


def plain(report: Report[Any]) -> Row:
    replies = [] if report.reply is None else [json.loads(to_json(report.reply))]
    return {"replies": replies, "findings": [f"{item.severity.value}:{item.code}" for item in report.findings]}


def validated(row: Row) -> Row:
    return plain(validate(content_of(row), **row["options"]))


def answered(row: Row) -> Row:
    kind = row["headers"].get("content-type")
    return plain(Query.from_url(row["url"]).validate(content_of(row), content_type=kind))


def judged(row: Row, path: Path, patch: pytest.MonkeyPatch, *options: str) -> tuple[Row, str]:
    """Return what the command reads and finds, its exit status and all that it prints."""
    path.write_bytes(base64.b64decode(row["base64"]))
    reports: list[Any] = []

    def kept(*arguments: Any) -> Report[Any]:
        report = report_of(*arguments)
        reports.append(report)
        return report

    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
    with patch.context() as patched:
        patched.setattr(_check, "report_of", kept)
        patched.setattr("sys.stdout", out)
        patched.setattr("sys.stderr", err)
        status = main(["validate", *row["args"], *options, str(path)])
    out.seek(0)
    printed = out.read() + err.getvalue()
    findings = [f"{item.severity.value}:{item.code}" for item in validate_recordings([path], **keywords(row["args"]))]
    replies = [json.loads(to_json(report.reply)) for report in reports if report.reply is not None]
    return {"replies": replies, "findings": findings, "status": status}, printed


def keywords(arguments: list[str]) -> Row:
    names = [name.removeprefix("--") for name in arguments[::2]]
    return {name: int(value) if name == "fmt" else value for name, value in zip(names, arguments[1::2])}


def wanted(row: Row) -> Row:
    return {name: row[name] for name in ("replies", "findings", "status") if name in row}


@pytest.mark.parametrize("row", of("options"), ids=named)
def test_bodies(row: Row) -> None:
    body = content_of(row)
    assert validated(row) == wanted(row)
    assert SLOW.validate(body, **row["options"]) == validate(body, **row["options"])
    if not row["replies"]:
        with pytest.raises(DecodeError):
            decode(body, **row["options"])
        return
    assert json.loads(to_json(decode(body, **row["options"]))) == row["replies"][0]
    if row["findings"]:
        with pytest.raises(DecodeError) as caught:
            decode(body, **row["options"], strict=True)
        assert row["findings"][0].endswith(f":{caught.value.code}")
    else:
        assert decode(body, **row["options"], strict=True) == decode(body, **row["options"])


@pytest.mark.parametrize("row", of("url"), ids=named)
def test_responses(row: Row) -> None:
    assert answered(row) == wanted(row)
    response: Any = SimpleNamespace(url=row["url"], headers=row["headers"], content=content_of(row))
    assert json.loads(to_json(decode_response(response))) == row["replies"][0]
    if row["findings"]:
        with pytest.raises(DecodeError):
            decode_response(response, strict=True)
    else:
        assert decode_response(response, strict=True) == decode_response(response)


@pytest.mark.parametrize("row", of("args"), ids=named)
def test_recordings(row: Row, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in FORMATS if "hidden" in row else FORMATS[:1]:
        seen, printed = judged(row, tmp_path / "recording", monkeypatch, "--format", name)
        assert seen == wanted(row)
        for hidden in row.get("hidden", ()):
            for spelling in (hidden, json.dumps(hidden)[1:-1], hidden.replace("\\", "\\\\")):
                assert spelling not in printed, name


def test_the_rows_of_each_kind() -> None:
    reported = [row["kind"] for row in ROWS if row["source"] != "neighbour"]
    assert {kind: reported.count(kind) for kind in reported} == {"K1": 9, "K2": 5, "K3": 9, "K6": 1, "K13": 9}


# No false alarm

ORDINARY = """
Магазин, Имя, Сёмга, Сёла и Рёва, Рёв, «МЕГАФОН-РУС», ТЕАТР», Тюмень № 5, Салон «Ёлка», ПРИЁМ, УЧЁТ, ЁЁ, 100 °С ± 5
Рівне, РІЧКИ, СІРІ ВОВКИ, Київ, Україна, Їжак, ПРІРВА, УЄФА, РЄПІН, СЇЗД, ЩУРІ, РЇРІ, Ґанок, Сініця, Беларусь, Ўладзімір
Қазақстан, Әділет, Ұлттық банк, ӘКІМДІК, Өскемен, ҮНЕМ, Шымкент, ТҮРКІСТАН, Ү—Т
Café, Müller, Ängström, Großbürgermeister, SÃO PAULO, NÃO, MAÇÃ», IRMÃ’s,\
 Português ação, Señor, ESPAÑA, Ñandú, ÑOÑO, CAÑÓN
ÆØÅ, ÅÄÖ AB, åäö, ÄÖÜ, éèê, où, été, naïve,\
 Noël, ¿Qué?, ¡Olé!, Nº 5, À bientôt, Þórður, ÐÞ, Łódź, Škoda, Dvořák, Ölçü, Ÿ
Tiếng Việt, Αθήνα, ΑΒΓ, 日本, Français: œuvre, Тел. +7 (999) 000-11-22, Р–С, Т“У”, С—П, ‘С’, Р»Т, Р\xa0С\xa0Т
"""


@pytest.mark.parametrize("text", ORDINARY.replace("\n", ", ").strip(", ").split(", "))
def test_ordinary_texts(text: str) -> None:
    for spelled in (text, text.upper(), text.lower(), f"{text} 24", f"SHOP {text}"):
        assert broken(spelled) is None
        assert not READER.may_be_broken(f"name = {spelled}\nname = {text}, id = 5\n".encode())


# In windows-1251 the second bytes of these are capitals of Ukrainian: a word of nothing else could be Ukrainian.
DOUBTFUL = frozenset("СХШЪЯв")
LETTERS = st.text("абвгдежзийклмнопрстуфхцчшщъыьэюяёіїєґ", min_size=3, max_size=12)


@given(LETTERS, st.sampled_from([str.lower, str.upper, str.title]))
def test_any_word_of_small_letters_capitals_or_both(word: str, spell: Any) -> None:
    """It is not mojibake; read as UTF-8 in another charset it is."""
    text = spell(word)
    assert broken(text) is None
    for reading in ("latin-1", "windows-1252", "windows-1251"):
        wrong = "".join(bytes([byte]).decode(reading, "ignore") or chr(byte) for byte in text.encode())
        found = broken(wrong)
        if reading == "windows-1251" and set(text) <= DOUBTFUL:
            assert found is None
            continue
        assert found is not None and found.code == "mojibake" and found.probably == text


def test_what_it_probably_was() -> None:
    """It is left out where a part of the text was right."""
    (finding,) = validate("Салон РњР°РіР°Р·РёРЅ,5", fmt=1).findings
    assert finding.message == "the text looks like UTF-8 read as windows-1251"
    (finding,) = validate("Ñêèäêè — 50%,5", fmt=1).findings
    assert finding.message == "the text looks like windows-1251 read as latin-1, and was probably 'Скидки — 50%'"
    (finding,) = validate("ERROR = 2 (ÐŸÑ€Ð¸Ð²ÐµÑ‚)", fmt=0).findings
    assert finding.message == "the text looks like UTF-8 read as latin-1, and was probably 'Привет'"
    assert (finding.path, finding.column) == ("description", 12)


@pytest.mark.parametrize(
    "text",
    [
        "Магазин",
        "Рё" * 2,
        "â€™",
        "вЂ™",
        "РІР°",
        "â„–5",
        "в„–5",
        "MÃ¼ller",
        "Ã¼ber",
        "aÃ©",
        "Ñ\x8f",
        "ÌàãàçèíRU",
        "ÌÀÃÀÇÈÍ",
    ],
)
def test_texts_that_are_broken(text: str) -> None:
    assert (broken(text) is None) is (text == "Магазин")


@pytest.mark.parametrize("text", ["ÌàRU", "RUÌàã", "Äà", "àÀàÀ", "ÁÁÁ", "ÂÃÄ", "²³º", "Ã»", "A Ã»B"])
def test_texts_that_say_too_little(text: str) -> None:
    assert (broken(text) is None) is (text != "A Ã»B")


@pytest.mark.parametrize("unit", ["Р", "Рё", "РІ", "РІРІ", "Ã", "Ð¸", "àÀ", "àÀ ", "à", "ё", "в„", "¸"])
def test_the_work_grows_with_the_text(unit: str) -> None:
    assert is_linear([steps(partial(broken, unit * (500 * times))) for times in (1, 2, 4, 8)])


@pytest.mark.parametrize("count", [1, 3, 50])
def test_both_lanes_find_the_same(count: int) -> None:
    senders = [Sender(f"Магазин {number}", number) for number in range(count)]
    senders[-1] = Sender("A", 7, None, {"bee_step": OperatorStatus(1)}, {"mts": "РњР°РіР°Р·РёРЅ"})
    for reply in (
        SenderList(tuple(senders)),
        SenderList((Sender("Èìÿ", 1), *senders)),
        SenderList((Sender("\ufffd", 1),)),
    ):
        for fmt in (0, 2, 3):
            body = encode(reply, fmt=fmt)
            assert decode(body, fmt=fmt) == reply
            report = validate(body, fmt=fmt)
            assert report == SLOW.validate(body, fmt=fmt) == Codec(SENDERS).validate(body, fmt=fmt)
            assert [finding.code for finding in report.findings] == [
                *(["mojibake"] if reply.senders[0].name == "Èìÿ" else []),
                *(["lost-characters"] if reply.senders[0].name == "\ufffd" else ["mojibake"]),
            ]
            with pytest.raises(DecodeError):
                decode(body, fmt=fmt, strict=True)


def test_secrets_are_masked_in_what_it_probably_was() -> None:
    wrong = "пароль".encode().decode("windows-1251")
    response: Any = SimpleNamespace(
        url="https://smsc.ru/sys/senders.php?get=1&fmt=0&psw=%D0%BF%D0%B0%D1%80%D0%BE%D0%BB%D1%8C",
        headers={},
        content=f"ERROR = 2 ({wrong})".encode(),
    )
    with pytest.raises(DecodeError) as caught:
        decode_response(response, strict=True)
    assert caught.value.code == "mojibake" and "пароль" not in str(caught.value)


# Charsets

SHORT = ("Сё", "Рё", "Рі", "Ті", "Р№", "Я»", "аёё", "Рё24")


@pytest.mark.parametrize("text", SHORT)
def test_short_texts_of_windows_1251_that_are_utf8_too(text: str) -> None:
    body = f"{text},5".encode("windows-1251")
    found = decode(body, fmt=1)
    assert isinstance(found, SenderList) and found.senders[0].name != text
    assert decode(body, fmt=1, charset="windows-1251") == SenderList((Sender(text, 5),))


@given(st.text("абвгдежзийклмнопрстуфхцчшщъыьэюя", min_size=2, max_size=10), st.sampled_from([str.lower, str.title]))
def test_ordinary_words_of_windows_1251_are_not_utf8(word: str, spell: Any) -> None:
    body = f"{spell(word)},5".encode("windows-1251")
    assert decode(body, fmt=1) == SenderList((Sender(spell(word), 5),))


@pytest.mark.parametrize(
    ("asked", "content_type", "message"),
    [
        ("windows-1251", "", "windows-1251 was asked, the bytes are UTF-8"),
        ("windows-1251", "a/b; charset=koi8-r", "Content-Type says koi8-r, the bytes are UTF-8"),
        ("koi8-r", "a/b; charset=utf-8", "Content-Type says utf-8, koi8-r was asked"),
    ],
)
def test_words_about_labels(asked: str, content_type: str, message: str) -> None:
    query = Query.from_url(f"senders.php?get=1&fmt=1&charset={asked}")
    report = query.validate("Имя,5".encode(), content_type=content_type)
    assert [finding.message for finding in report.findings] == [message]


def test_words_about_declarations() -> None:
    body = '<?xml version="1.0" encoding="windows-1251"?>\n<sender id="5">Имя</sender>'.encode()
    (finding,) = validate(body, fmt=2).findings
    assert finding.message == "the XML declaration says 'windows-1251', the bytes are UTF-8"
    assert (finding.line, finding.column, finding.offset) == (1, 31, 30)


# Marks and white space


@pytest.mark.parametrize("encoding", ["", "utf-8", "utf-16"])
@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("\ufeff\n\n  <a/>", [(3, 3, 5), (3, 3, 5)]),
        ("\n\nname = A, id = x", [(3, 1, 2), (3, 16, 17)]),
        ("\r\n\ufeffERROR = x", [(2, 1, 3), (2, 9, 11)]),
        ("  [{]", [(1, 3, 2), (1, 5, 4)]),
        ("name = Ж, id = 5\n\n", [(2, 1, 17)]),
    ],
)
def test_places_behind_white_space(encoding: str, text: str, places: list[tuple[int, int, int]]) -> None:
    body: Any = text.encode(encoding) if encoding else text
    found = [item for item in validate(body).findings if item.code not in ("bom", "utf-16")]
    assert [(item.line, item.column) for item in found] == [place[:2] for place in places]
    offsets = [len(text[:at].encode(encoding)) if encoding else at for _, _, at in places]
    assert [item.offset for item in found] == offsets


JSON = '{"kind":"senders","senders":[{"name":"Имя","id":5}]}'
MARKED = {
    "UTF-8": b"\xef\xbb\xbf" + JSON.encode(),
    "UTF-16LE": ("\ufeff" + JSON).encode("utf-16-le"),
    "UTF-16BE": ("\ufeff" + JSON).encode("utf-16-be"),
}


@pytest.mark.parametrize("name", MARKED)
def test_marks_before_normalized_json(name: str, tmp_path: Path, capsysbinary: Any) -> None:
    data = MARKED[name]
    wanted = SenderList((Sender("Имя", 5),))
    assert from_json(data) == from_json("\ufeff" + JSON) == wanted
    path = tmp_path / "x.json"
    path.write_bytes(data)
    assert main(["encode", "--fmt", "csv", str(path)]) == 0
    assert capsysbinary.readouterr().out.decode() == "Имя,5"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
def test_marks_before_lines_of_normalized_json(encoding: str, tmp_path: Path, capsys: Any) -> None:
    bad = '{"kind":"success","x":1}'
    path = tmp_path / "x.jsonl"
    path.write_bytes(f"\ufeff{JSON}\r\n\r\n{bad}\n".encode(encoding))
    out = tmp_path / "out"
    assert main(["encode", "--fmt", "csv", "--output", str(out), str(path)]) == 1
    assert [(item.name, item.read_text("utf-8")) for item in out.iterdir()] == [("x-1.csv", "Имя,5")]
    offset = len(f"\ufeff{JSON}\r\n\r\n".encode(encoding))
    assert f"x.jsonl: line 3, column 1 (offset {offset})" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("data", "offset"),
    [
        ("\ufeff{]", 2),
        (b"\xef\xbb\xbf{]", 4),
        ("\ufeff{]".encode("utf-16-le"), 4),
        ("\ufeff{}".encode("utf-16-be")[:-1], 4),
    ],
)
def test_where_normalized_json_with_a_mark_is_broken(data: Any, offset: int) -> None:
    with pytest.raises(DecodeError) as caught:
        from_json(data)
    assert caught.value.offset == offset


def test_half_of_a_character() -> None:
    body = "\ufeffЖ,5".encode("utf-16-le")[:-1]
    (finding,) = validate(body, fmt=1).findings
    assert (finding.code, finding.offset, finding.excerpt) == ("charset", 6, "Ж,\ufffd\n  ^")
    assert finding.message == "expected text in UTF-16, as the byte order mark says, found half of a character"


@given(st.text(" \t\r\n\ufeffA,5", max_size=12), st.sampled_from([None, 0, 1, 2, 3]))
def test_white_space_in_both_lanes(text: str, fmt: int | None) -> None:
    for body in (text, text.encode()):
        assert CODEC.validate(body, fmt=fmt) == SLOW.validate(body, fmt=fmt)


def test_blank_lines_are_left_out_in_linear_time() -> None:
    bodies = ["\n \n" * times + "OK" + "\n\t" * times for times in (1000, 2000, 4000, 8000)]
    assert is_linear([steps(partial(decode, body)) for body in bodies])


@pytest.mark.parametrize("fmt", [0, 1, 2, 3])
@pytest.mark.parametrize("reply", [Success(), ErrorReply(SenderError(2)), SenderList((Sender("A", 5),))], ids=str)
def test_replies_of_every_kind_between_blank_lines(reply: Any, fmt: int) -> None:
    text = encode(reply, fmt=fmt).decode()
    assert decode(f"\n\n{text}\n\n", fmt=fmt) == decode(f"\n\n{text}\n\n") == reply
