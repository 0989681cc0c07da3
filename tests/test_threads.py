"""One codec in many threads, from its very first use; and what it makes in other processes."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier, Semaphore
from typing import Any

import pytest

from smsc_codec import (
    ApiError,
    Codec,
    DecodeError,
    EncodeError,
    ErrorReply,
    Format,
    LimitError,
    Limits,
    OptionError,
    Reply,
    Sender,
    SenderList,
    SmscCodecError,
    decode,
    encode,
    validate,
)
from smsc_codec.endpoints.senders import SENDERS

from .vectors import GOOD, VECTORS, Vector
from .work import FAMILIES

THREADS = 16


@pytest.fixture(autouse=True)
def _threads_by_turns() -> Iterator[None]:
    """Let threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def at_once(works: list[Callable[[], Any]]) -> list[Any]:
    """Return what each returns, all of them begun at the same time."""
    # A thread that dies before it gets there must not leave the others waiting for ever.
    barrier = Barrier(len(works), timeout=120)

    alive = Semaphore(0)

    def begun(work: Callable[[], Any]) -> Any:
        alive.release()
        barrier.wait()
        return work()

    futures = []
    with ThreadPoolExecutor(len(works)) as pool:
        for work in works:
            futures.append(pool.submit(begun, work))
            # CPython 3.11 fails if two threads install the tracer of coverage at the same moment.
            assert alive.acquire(timeout=120)
        return [future.result() for future in futures]


def outcome(codec: Codec[Any], body: bytes, **options: Any) -> Any:
    try:
        return codec.decode(body, **options)
    except SmscCodecError as error:
        return str(error)


def outcomes(codec: Codec[Any], vectors: list[Vector]) -> list[Any]:
    """Everything that the codec makes of the table of cases: read, judged, and written in every format."""
    made: list[Any] = []
    for vector in vectors:
        made += (outcome(codec, vector.body, **vector.asked), codec.validate(vector.body, **vector.asked))
        if not isinstance(made[-2], str):
            for fmt in Format:
                try:
                    made.append(codec.encode(made[-2], fmt=fmt))
                except EncodeError as error:
                    made.append(str(error))
    return made


@pytest.mark.parametrize("round_", range(2))
def test_the_first_use_by_all_at_once(round_: int) -> None:
    codec = Codec(SENDERS)
    some = VECTORS[round_::5]
    expected = outcomes(Codec(SENDERS), some)
    for found in at_once([partial(outcomes, codec, some)] * THREADS):
        assert found == expected


def test_shapes_that_are_learned_and_forgotten_by_all_at_once() -> None:
    """More shapes than are remembered, other ones in each thread, in the formats that learn them."""

    def work(codec: Codec[Any], thread: int) -> list[Any]:
        made = []
        for number in range(12):
            key = f"k{thread * 5 + number}"
            text = f"name = A, {key} = 1, id = 5\nname = B, {key} = 2, id = 6".encode()
            reply = codec.decode(text, fmt=0)
            made.append((reply, codec.decode(text, fmt=0), *map(partial(again, codec, reply), (0, 2, 3))))
        return made

    def again(codec: Codec[Any], reply: Any, fmt: int) -> Any:
        return codec.decode(codec.encode(reply, fmt=fmt), fmt=fmt)

    codec = Codec(SENDERS)
    for thread, found in enumerate(at_once([partial(work, codec, thread) for thread in range(THREADS)])):
        assert found == work(Codec(SENDERS), thread)
        assert all(read == replies[0] for replies in found for read in replies)


@pytest.mark.parametrize("fmt", Format)
def test_long_lists_by_all_at_once(fmt: Format) -> None:
    names = ["a list", "two widths by turns" if fmt is Format.CSV else "two shapes by turns"]
    bodies = [FAMILIES[fmt][names[thread % 2]](1024 * (1 + thread)) for thread in range(THREADS)]
    codec = Codec(SENDERS)
    found = at_once([partial(outcome, codec, body, fmt=fmt) for body in bodies])
    assert found == [decode(body, fmt=fmt) for body in bodies]


REPLIES = [decode(vector.body, **vector.asked) for vector in GOOD]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_replies_through_pickle(protocol: int) -> None:
    for reply in REPLIES:
        again = pickle.loads(pickle.dumps(reply, protocol))
        assert again == reply and hash(again) == hash(reply) and repr(again) == repr(reply)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_replies_through_copy(copied: Callable[[Any], Any]) -> None:
    for reply in REPLIES:
        assert copied(reply) == reply and hash(copied(reply)) == hash(reply)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda report: pickle.loads(pickle.dumps(report))])
def test_reports_through_copy_and_pickle(copied: Callable[[Any], Any]) -> None:
    for vector in VECTORS:
        report = validate(vector.body, **vector.asked)
        assert copied(report) == report


def every_error() -> list[SmscCodecError]:
    """Return one of each class, with all that it can hold."""
    made: list[SmscCodecError] = [ApiError(ErrorReply(7, "invalid number", 541))]
    for work in (
        lambda: decode(b"name = A, id = x", fmt=0),
        lambda: decode(b"name = A\nname = B", fmt=0, limits=Limits(items=1)),
        lambda: encode(SenderList(()), fmt=9),
        lambda: encode(SenderList((Sender("A"),)), fmt=1),
        lambda: encode(
            decode("Ж,5".encode(), fmt=1, expect=SenderList), fmt=0, charset="koi8-r", limits=Limits(body=1)
        ),
    ):
        try:
            work()
        except SmscCodecError as error:
            made.append(error)
    assert {type(error) for error in made} == {ApiError, DecodeError, EncodeError, LimitError, OptionError}
    return made


@pytest.mark.parametrize("through", [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))])
def test_errors_through_pickle_and_copy(through: Callable[[Any], Any]) -> None:
    for error in every_error():
        again = through(error)
        assert type(again) is type(error) and str(again) == str(error) and vars(again) == vars(error)


def there_and_back(given: tuple[bytes, Reply]) -> tuple[Reply, SmscCodecError, bytes]:
    """Return what another process makes of a body and of a reply, and an error of its own."""
    body, reply = given
    try:
        decode(body + b", id = x", fmt=0)
    except SmscCodecError as error:
        return decode(body, fmt=0), error, encode(reply, fmt=3)
    raise AssertionError("no error")


def test_another_process() -> None:
    body = b"name = A, mts = 900, mega_step = 2, status = 7, id = 5"
    reply = decode(body, fmt=0)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        again, error, written = pool.apply(there_and_back, ((body, reply),))
    assert again == reply and written == encode(reply, fmt=3)
    with pytest.raises(DecodeError) as caught:
        decode(body + b", id = x", fmt=0)
    assert str(error) == str(caught.value) and type(error) is DecodeError
