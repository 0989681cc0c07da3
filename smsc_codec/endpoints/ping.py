"""`/sys/ping.php`: notices of events. The evidence is in `docs/wire-format/ping.md`; fmt=0 in `grammars/ping.lark`."""

from ..codec import Codec
from ..declare import SUCCESS, Endpoint
from ..model import Success

# [open] Nobody has seen a reply. A client sends the parameters `id`, `ok`, `name`, `host` and `info`.
ENDPOINT: Endpoint[Success] = Endpoint("ping.php", "ping", (SUCCESS,), answer=lambda asked: Success)
CODEC = Codec(ENDPOINT)

__all__: list[str] = []
