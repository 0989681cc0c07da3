"""What the tests of a client need: a `senders.php` of their own, on this machine, without an account.

>>> from smsc_codec.testing import FakeSenders
>>> with FakeSenders(senders=["SMSC.RU"], login="demo", psw="demo") as server:
...     server.url.endswith("/sys/senders.php")
True

`smsc_codec.testing.strategies`, which needs Hypothesis, has replies and bodies for property tests. The fixture
`fake_senders` is there wherever pytest runs; see `docs/testing.md`.
"""

from .._public import publish
from ._request import ReceivedRequest
from ._server import FakeSenders

__all__ = ["FakeSenders", "ReceivedRequest"]

publish(globals())
