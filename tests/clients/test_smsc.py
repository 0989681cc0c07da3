"""smsc from PyPI, as it is published, against the fake service."""

from __future__ import annotations

import importlib
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest

from smsc_codec.testing import FakeSmsc

from ..needs import is_here, needs

smsc: Any = importlib.import_module("smsc") if is_here("smsc") else None
responses: Any = importlib.import_module("responses") if is_here("responses") else None

pytestmark = [needs("smsc", "responses"), pytest.mark.filterwarnings("default")]
PHONE, OTHER = "79101112233", "79201112233"


@pytest.fixture
def service() -> Iterator[FakeSmsc]:
    service = FakeSmsc(rate_limits=False)
    # The library lets everything be logged, with the password in addresses.
    logging.getLogger("urllib3").setLevel(logging.WARNING)
    with responses.RequestsMock() as mock:
        mock.add_callback("GET", re.compile(r"https://smsc\.ru/sys/.*"), callback=service.handle_requests)
        yield service


@pytest.fixture
def client() -> Any:
    return smsc.SMSC(login="demo", password="demo")


def test_it_sends(service: FakeSmsc, client: Any) -> None:
    sent = client.send(to=PHONE, message=smsc.SMSMessage(text="Привет, мир" * 7))
    assert (sent.message_id, sent.count, sent.cost, sent.error) == (1, 2, 2.8, None)
    assert (service.messages[0].text, service.messages[0].sender) == ("Привет, мир" * 7, "SMSC.ru")
    price = client.get_cost(to=[PHONE, OTHER], message=smsc.FlashMessage(text="hello"))
    assert (price.count, price.cost, price.error) == (2, 2.8, None)
    assert len(service.messages) == 1


def test_it_polls_until_delivered(service: FakeSmsc, client: Any) -> None:
    sent = client.send(to=PHONE, message=smsc.SMSMessage(text="hello"))
    seen = []
    for _ in range(6):
        (found,) = client.get_status(to=PHONE, msg_id=str(sent.message_id))
        seen.append(found.status.status_id)
        service.advance(1)
    assert seen == [-1, 0, 0, 0, 0, 1]
    assert found.status.name == "Доставлено"
    assert found.data["last_date"].isoformat() == "2023-03-17T16:48:01+03:00"
    assert (found.data["phone"], found.data["cost"], found.data["country"]) == (PHONE, "1.4", "Россия")


def test_it_reads_the_balance(service: FakeSmsc, client: Any) -> None:
    service.credit = "15.5"
    found = client.get_balance()
    assert (found.balance, found.credit, found.currency) == (100.0, 15.5, "RUR")
    service.credit = 0
    assert client.get_balance().credit == 0.0


def test_it_sees_errors(service: FakeSmsc, client: Any) -> None:
    refused = client.send(to="12", message=smsc.SMSMessage(text="hello"))
    assert (refused.error.code, refused.error.error, refused.message_id) == (7, "invalid number", 1)
    service.password = "changed"
    assert client.get_balance().error == (2, "authorise error")
    with pytest.raises(smsc.GetStatusError):
        client.get_status(to=PHONE, msg_id="1")


def test_where_it_contradicts_the_facts(service: FakeSmsc, client: Any) -> None:
    """It demands the name and the dates of a state that nobody knows, and JSON where an error can come as text."""
    with pytest.raises(KeyError, match="status_name"):
        client.get_status(to=PHONE, msg_id="138")
    service.misbehave(error=2, plain=True)
    with pytest.raises(ValueError, match="Expecting value"):
        client.get_balance()
