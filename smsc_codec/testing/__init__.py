"""Test your client against a fake service on this machine, without an account.

>>> from smsc_codec.testing import FakeSmsc
>>> with FakeSmsc(login="demo", password="demo") as service:
...     service.url.endswith("/sys/")
True

`smsc_codec.testing.strategies`, which needs Hypothesis, has replies and bodies for property tests. pytest finds the
fixtures `fake_smsc` and `fake_senders` by itself; see `docs/testing.md`.
"""

from .._public import publish
from ._callbacks import PostedCall
from ._faults import MISBEHAVIOURS
from ._mailings import SentMailing
from ._only_senders import FakeSenders
from ._request import ReceivedRequest
from ._sent import SentMessage
from ._smsc import FakeSmsc
from ._users import SubClient
from ._vcr import vcr_config

__all__ = [
    "MISBEHAVIOURS",
    "FakeSenders",
    "FakeSmsc",
    "PostedCall",
    "ReceivedRequest",
    "SentMailing",
    "SentMessage",
    "SubClient",
    "vcr_config",
]

publish(globals())
