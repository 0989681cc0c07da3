"""apprise's plugin for the service, as it is published, against the fake service."""

from __future__ import annotations

import importlib
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from smsc_codec.testing import FakeSmsc

from ..needs import is_here, needs

apprise: Any = importlib.import_module("apprise") if is_here("apprise") else None
responses: Any = importlib.import_module("responses") if is_here("responses") else None

pytestmark = [needs("apprise", "responses"), pytest.mark.filterwarnings("default")]
PHONE, OTHER = "79101112233", "79201112233"


@pytest.fixture
def service() -> Iterator[FakeSmsc]:
    service = FakeSmsc(rate_limits=False)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.add_callback("POST", re.compile(r"https://smsc\.ru/sys/.*"), callback=service.handle_requests)
        yield service


def notify(url: str = f"smsc://demo:demo@{PHONE}", body: str = "hello", **options: Any) -> bool:
    client = apprise.Apprise()
    assert client.add(url)
    return bool(client.notify(body=body, **options))


def test_it_sends(service: FakeSmsc) -> None:
    assert notify(f"smsc://demo:demo@{PHONE}/{OTHER}?sender=SHOP")
    assert [(message.phone, message.text, message.sender) for message in service.messages] == [
        (PHONE, "hello", "SHOP"),
        (OTHER, "hello", "SHOP"),
    ]
    (request,) = service.requests
    assert (request.method, request.parameters["fmt"]) == ("POST", "3")


def test_it_sends_files(service: FakeSmsc, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"x")
    assert notify(attach=str(tmp_path / "a.png"))
    assert service.requests[0].files == ("a.png",) and service.messages[0].type == 6


def test_it_sees_errors(service: FakeSmsc, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert not notify(f"smsc://demo:wrong@{PHONE}")
        service.balance = 0
        assert not notify()
    assert "SMSC API error (code=2): authorise error" in caplog.text
    assert "SMSC API error (code=3): no money" in caplog.text
    service.misbehave(delay=60)
    assert not notify()
    service.misbehave(status=502, body=b"<html>")
    assert not notify()


def test_where_it_contradicts_the_facts(service: FakeSmsc) -> None:
    """It takes an error that comes as text for a success, and sends UTF-8 where windows-1251 is expected."""
    service.misbehave(error=2, plain=True)
    assert notify()
    service.misbehave(body=b"<html>bad gateway</html>")
    assert notify()
    assert notify(body="Привет")
    assert service.messages[-1].text == "Привет".encode().decode("windows-1251", "replace")
    errors = importlib.import_module("apprise.plugins.smsc").SMSC_API_ERROR_MAP
    assert (errors[8], errors[9]) == ("Message body is required.", "Too many phone numbers specified.")
