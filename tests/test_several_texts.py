"""A list of texts in a reply: `all_phones` of wait_call.php."""

from __future__ import annotations

import json
from typing import Any

import pytest

from smsc_codec import DecodeError, EncodeError, LimitError, Limits, from_json, to_json
from smsc_codec.endpoints.wait_call import CODEC, CallNumber

BOTH = CallNumber("79990001122", ("79990001122", "79990001123"))
BODY = b'{\n"phone": "79990001122",\n"all_phones": ["79990001122", "79990001123"]\n}'


def test_numbers_in_an_array() -> None:
    for charset in ("utf-8", "windows-1251"):
        assert CODEC.encode(BOTH, fmt=3, charset=charset) == BODY
        assert CODEC.decode(BODY, fmt=3, charset=charset, expect=CallNumber) == BOTH
    bare = b'{"all_phones": [79990001122, "79990001123"], "phone": 79990001122}'
    assert CODEC.decode(bare, fmt=3, strict=True) == BOTH
    assert json.loads(to_json(BOTH))["all_phones"] == [*BOTH.all_phones]
    assert from_json(to_json(BOTH)) == BOTH
    assert "all_phones" not in json.loads(to_json(CallNumber("7")))


@pytest.mark.parametrize(
    ("value", "reason", "path"),
    [
        ("5", "expected an array, found 5", "all_phones"),
        ("{}", "expected an array, found an object", "all_phones"),
        ("[null]", "expected text, found null", "all_phones[0]"),
        ('["7", ["7"]]', "expected text, found an array", "all_phones[1]"),
    ],
)
def test_what_is_not_a_list_of_texts(value: str, reason: str, path: str) -> None:
    with pytest.raises(DecodeError, match=reason) as caught:
        CODEC.decode(f'{{"phone": "7", "all_phones": {value}}}', fmt=3)
    assert caught.value.path == path
    with pytest.raises(DecodeError, match="expected"):
        from_json(f'{{"kind": "call_number", "phone": "7", "all_phones": {value}}}')


def test_limits_of_a_list_of_texts() -> None:
    assert CODEC.decode(BODY, fmt=3, limits=Limits(items=2, text=11)) == BOTH
    with pytest.raises(LimitError, match="at most 1 records"):
        CODEC.decode(BODY, fmt=3, limits=Limits(items=1))
    with pytest.raises(LimitError, match="at most 10 characters"):
        CODEC.decode(BODY, fmt=3, limits=Limits(text=10))
    with pytest.raises(EncodeError, match="at most 1 records"):
        CODEC.encode(BOTH, fmt=3, limits=Limits(items=1))


@pytest.mark.parametrize("fmt", [0, 1, 2])
def test_no_other_format_has_a_place_for_it(fmt: int) -> None:
    with pytest.raises(EncodeError, match=r"^all_phones: .* no place for it"):
        CODEC.encode(BOTH, fmt=fmt)
    assert CODEC.encode(BOTH, fmt=fmt, drop=["all_phones"]) == CODEC.encode(CallNumber(BOTH.phone), fmt=fmt)


@pytest.mark.parametrize("phones", [None, ["7"], ("7", 5), "7"])
def test_what_is_not_written(phones: Any) -> None:
    with pytest.raises(EncodeError, match=r"^all_phones"):
        CODEC.encode(CallNumber("7", phones), fmt=3)
    with pytest.raises(EncodeError, match=r"^all_phones"):
        to_json(CallNumber("7", phones))
