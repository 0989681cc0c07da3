"""The numbers of the service and what they mean: states, delivery errors, types, flags, errors of each endpoint."""

from __future__ import annotations

import pickle
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from smsc_codec import Codec, ErrorCode, ErrorReply, ServiceError
from smsc_codec.endpoints import (
    balance,
    get,
    info,
    jobs,
    phones,
    receive_phones,
    send,
    senders,
    status,
    templates,
    tinyurls,
    users,
    wait_call,
)
from smsc_codec.endpoints.status import (
    DeliveryError,
    Message,
    MessageFlags,
    MessageState,
    MessageType,
    TemplateKind,
)
from smsc_codec.model import Code

from .test_docs import DOCS, rows

STATES = [*MessageState, MessageState(77), MessageState(-9)]
FINAL = {-3, -2, 1, 2, 3, 4, 6, 20, 22, 23, 24, 25}


@pytest.mark.parametrize("state", STATES, ids=int)
def test_what_a_state_means(state: MessageState) -> None:
    """A message that may still change is waited for, and so is one in a state that nobody has documented."""
    assert state.final is (state in FINAL) is Message(state).final
    assert state.delivered is (state in {1, 2, 4}) is Message(state).delivered


def test_all_states_but_two_are_final() -> None:
    assert {int(state) for state in MessageState} - FINAL == {-1, 0}


@pytest.mark.parametrize(("err", "delivered"), [(None, True), (0, True), (6, False), (999, False)])
def test_a_message_with_an_error_has_not_arrived(err: int | None, delivered: bool) -> None:
    error = None if err is None else DeliveryError(err)
    assert Message(MessageState.DELIVERED, err=error).delivered is delivered
    assert not Message(MessageState.UNREACHABLE, err=error).delivered


def test_what_the_bits_of_a_flag_mean() -> None:
    assert Message(MessageState.SENT).flags is None
    plain = Message(MessageState.SENT, flag=0).flags
    assert plain == MessageFlags(0) and plain.type is MessageType.SMS
    assert not plain.second_balance and not plain.template and plain.template_kind is None
    # [client] wiser has met 8 and 40 with e-mails.
    assert MessageFlags(8).type is MessageFlags(40).type is MessageType.MAIL
    assert not MessageFlags(8).second_balance and MessageFlags(40).second_balance
    kinds = [MessageFlags(1 << 8 | kind << 9).template_kind for kind in range(4)]
    assert kinds == [*TemplateKind] and all(MessageFlags(1 << 8 | kind << 9).template for kind in range(4))
    # Without bit 8 the bits of the kind mean nothing.
    assert MessageFlags(3 << 9).template_kind is None
    assert MessageFlags(15).type == 15 and not MessageFlags(15).type.known
    assert MessageFlags(1 << 15) == pickle.loads(pickle.dumps(MessageFlags(1 << 15))) != MessageFlags(0)


def test_the_time_of_a_stamp() -> None:
    message = Message(MessageState.SENT, last_timestamp=1476869445, send_timestamp=0)
    assert message.last_utc == datetime(2016, 10, 19, 9, 30, 45, tzinfo=timezone.utc)
    assert message.send_utc == datetime(1970, 1, 1, tzinfo=timezone.utc)
    assert Message(MessageState.SENT).last_utc is Message(MessageState.SENT).send_utc is None
    # No calendar has it, and the number is kept.
    late = status.CODEC.decode(b"1,999999999999999999,0", fmt=1)
    assert isinstance(late, Message) and late.last_timestamp == 10**18 - 1 and late.last_utc is None


ERRORS: dict[type[ErrorCode], tuple[Codec[Any], set[int]]] = {
    senders.SenderError: (senders.CODEC, {1, 2, 3, 4, 5, 7, 8, 9, 10, 11}),
    send.MessageError: (send.CODEC, {1, 2, 3, 4, 5, 6, 7, 8, 9}),
    status.StatusError: (status.CODEC, {1, 2, 4, 5, 9}),
    balance.BalanceError: (balance.CODEC, {1, 2, 4, 9}),
    info.InfoError: (info.CODEC, {1, 2, 3, 4, 9}),
    phones.ContactError: (phones.CODEC, {1, 2, 3, 4, 5, 9}),
    jobs.MailingError: (jobs.CODEC, {1, 2, 3, 4, 5, 9}),
    templates.TemplateError: (templates.CODEC, {1, 2, 3, 4, 5, 9}),
    users.UserError: (users.CODEC, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}),
    tinyurls.ShortLinkError: (tinyurls.CODEC, {1, 2, 3, 4, 9}),
    receive_phones.ReceivePhoneError: (receive_phones.CODEC, {1, 2, 4, 9}),
    wait_call.CallError: (wait_call.CODEC, {1, 2, 3, 4, 5, 6, 9}),
}


@pytest.mark.parametrize("errors", ERRORS)
def test_the_errors_of_an_endpoint(errors: type[ErrorCode]) -> None:
    codec, numbers = ERRORS[errors]
    assert codec.endpoint.errors is errors and {*map(int, errors)} == numbers
    assert all(member.meaning for member in errors)
    # What passes with time may be repeated.
    later = {int(member): member.retry_after for member in errors if member.retry}
    others: dict[type[ErrorCode], dict[int, timedelta | None]] = {
        senders.SenderError: {10: timedelta(hours=8)},
        wait_call.CallError: {6: None},  # on another day
    }
    assert later == {4: None, 9: timedelta(minutes=1), **others.get(errors, {})}
    for shared in (1, 2):
        assert errors(shared).meaning == ServiceError(shared).meaning


@pytest.mark.parametrize("errors", ERRORS)
def test_unknown_errors_survive(errors: type[ErrorCode]) -> None:
    codec, _ = ERRORS[errors]
    for fmt in range(4):
        error = ErrorReply(errors(77), None if fmt == 1 else "something new")
        again = codec.decode(codec.encode(error, fmt=fmt), fmt=fmt)
        assert again == error and type(again.code) is errors
        assert not again.code.known and not again.retry and again.retry_after is None


TABLES: list[tuple[str, type[Code]]] = [
    ("send.md", send.MessageError),
    *(("status.md", cls) for cls in (MessageState, DeliveryError, MessageType, TemplateKind, status.StatusError)),
    ("balance.md", balance.BalanceError),
    ("info.md", info.InfoError),
    ("get.md", get.GetError),
    ("phones.md", phones.ContactError),
    ("jobs.md", jobs.MailingError),
    ("templates.md", templates.TemplateError),
    ("users.md", users.UserError),
    ("tinyurls.md", tinyurls.ShortLinkError),
    ("receive_phones.md", receive_phones.ReceivePhoneError),
    ("wait_call.md", wait_call.CallError),
]


@pytest.mark.parametrize(("page", "cls"), TABLES, ids=lambda given: getattr(given, "__name__", given))
def test_the_tables_of_the_docs(page: str, cls: type[Code]) -> None:
    text = Path(DOCS / "wire-format" / page).read_text("utf-8")
    _, _, behind = text.partition(f"`{cls.__name__}`:\n\n")
    table, _, _ = behind.partition("\n\n")
    assert {int(cells[0]): cells[1] for cells in rows(table)} == {int(member): member.meaning for member in cls}
