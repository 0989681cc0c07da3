"""`/sys/users.php`: sub-clients.

The evidence is in `docs/wire-format/users.md`, the grammar of fmt=0 in `grammars/users.lark`.
"""

from datetime import timedelta

from .._public import publish
from ..codec import Codec
from ..declare import CREATED, SUCCESS, Endpoint
from ..model import BLOCKED, WRONG_LOGIN, WRONG_PARAMETERS, Created, ErrorCode, Success
from .get import STATISTICS, StatisticsList


class UserError(ErrorCode):
    """The error numbers of `users.php`."""

    PARAMETERS = WRONG_PARAMETERS
    AUTHORISATION = WRONG_LOGIN
    NOT_FOUND = 3, "no records found", False, True
    IP_BLOCKED = BLOCKED
    FAILED = 5, "operation failed"
    NO_USER = 6, "no sub-client of that login"
    SHARED_BALANCE = 7, "the sub-client shares the main balance, or balance2=1 is missing"
    SAVE = 8, "error saving a record"
    TOO_MANY_REQUESTS = (
        9,
        "more than three additions or changes a minute, or 15 or more simultaneous requests under one login",
        timedelta(minutes=1),
    )
    NO_MONEY = 10, "not enough money for crediting"


ENDPOINT: Endpoint[Created | StatisticsList | Success] = Endpoint(
    "users.php",
    "users",
    (SUCCESS, CREATED, STATISTICS),
    errors=UserError,
    commands={
        "add": Created,
        "chg": Success,
        "pay": Success,
        "get_stat": StatisticsList,
        "get_stat_all": StatisticsList,
    },
)
CODEC = Codec(ENDPOINT)

__all__ = ["StatisticsList", "UserError"]
publish(globals(), "smsc_codec")
