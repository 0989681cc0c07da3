"""Runs node-smsc from npm, as published, against the fake service over HTTP."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from smsc_codec.testing import FakeSmsc

from ..needs import needs

NODE = shutil.which("node")
SCRIPT = Path(__file__).with_name("node_smsc.js")
PHONE = "79101112233"


pytestmark = needs("node", "node-smsc")


def call(service: FakeSmsc, *calls: tuple[str, dict[str, Any]], password: str = "demo") -> list[Any]:
    """Return what the client makes of the answers to some calls."""
    command = [str(NODE), str(SCRIPT), service.url, "demo", password, *map(json.dumps, calls)]
    run = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True, timeout=60)
    return [json.loads(line) for line in run.stdout.splitlines()]


def test_it_sends_and_asks(fake_smsc: FakeSmsc) -> None:
    message = {"phones": PHONE, "mes": "Привет"}
    sent, dear, price = call(
        fake_smsc, ("send", message), ("send", {**message, "cost": 3}), ("send", {**message, "cost": 1})
    )
    assert sent == {"value": {"id": 1, "cnt": 1}}
    assert dear == {"value": {"id": 2, "cnt": 1, "cost": "1.4", "balance": "97.2"}}
    assert price == {"value": {"cost": "1.4", "cnt": 1}}
    assert [message.text for message in fake_smsc.messages] == ["Привет", "Привет"]
    fake_smsc.advance(5)
    one, many, deleted, gone = call(
        fake_smsc,
        ("status", {"phone": PHONE, "id": 1}),
        ("status", {"phone": f"{PHONE},{PHONE}", "id": "1,138"}),
        ("status", {"phone": PHONE, "id": 1, "del": 1}),
        ("status", {"phone": PHONE, "id": 1}),
    )
    changed = {"last_date": "17.03.2023 16:48:01", "last_timestamp": 1679060881, "flag": 0, "err": 0}
    assert one == {"value": {"status": 1, **changed}}
    assert many["value"] == [
        {"status": 1, **changed, "id": 1, "phone": PHONE},
        {"status": -3, "id": 138, "phone": PHONE},
    ]
    assert deleted == {"value": {"result": "OK"}} and gone == {"value": {"status": -3}}


def test_it_reads_the_balance_and_names(fake_smsc: FakeSmsc) -> None:
    balance, added, names, deleted = call(
        fake_smsc,
        ("balance", {"cur": 1}),
        ("senders", {"add": 1, "sender": "SHOP", "cmt": "a shop"}),
        ("senders", {"get": 1, "all": 1}),
        ("senders", {"del": 1, "sender": "SHOP"}),
    )
    assert balance == {"value": {"balance": "100", "currency": "RUR"}}
    assert added == {"value": {"sender": 1}}
    assert names == {"value": [{"sender": "SHOP", "status": 0, "id": 1}]}
    assert deleted == {"value": {"result": "OK"}}
    # [cap 2013] The client accepts a bare OK instead of the object.
    fake_smsc.senders = ["SHOP"]
    fake_smsc.misbehave(plain=True)
    assert call(fake_smsc, ("senders", {"del": 1, "sender": "SHOP"})) == [{"value": {"result": "OK"}}]


def test_it_asks_for_operators(fake_smsc: FakeSmsc) -> None:
    """[client] The client's own test asserts that each of the six values is not empty."""
    (found,) = call(fake_smsc, ("info", {"get_operator": 1, "phone": PHONE}))
    assert list(found["value"]) == ["country", "operator", "region", "mcc", "mnc", "tz"]
    assert all(found["value"].values())


def test_it_sees_errors(fake_smsc: FakeSmsc) -> None:
    fake_smsc.balance = 0
    (poor,) = call(fake_smsc, ("send", {"phones": PHONE, "mes": "hi"}))
    assert (poor["error"], poor["message"]) == ("SmscApiError", "no money (3)")
    assert poor["response"] == {"error": "no money", "error_code": 3, "id": 1}
    (refused,) = call(fake_smsc, ("balance", {}), password="wrong")
    assert refused["response"] == {"error": "authorise error", "error_code": 2}


def test_where_it_contradicts_the_facts(fake_smsc: FakeSmsc) -> None:
    """The client demands JSON, although an error can come as text."""
    fake_smsc.misbehave(error=3, plain=True)
    (broken,) = call(fake_smsc, ("balance", {}))
    assert broken["error"] == "SyntaxError"
