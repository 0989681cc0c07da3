"""What `info.php` does: the operators of numbers, as far as our table has them."""

from __future__ import annotations

from collections.abc import Mapping

from ..endpoints.info import InfoError, OperatorInfo, OperatorInfoList
from ..formats import Format
from ._account import Account, refuse
from ._numbers import digits_of, operator_of
from ._request import Form

INFO_PHRASES: Mapping[int, str] = {InfoError.NOT_FOUND: "operator not found"}

# [doc] Identical requests a minute, and all.
_SAME, _ANY = 3, 100


def answer_info(account: Account, form: Form) -> OperatorInfo | OperatorInfoList:
    """Return the operator of a number, or of several; numbers that the table does not have are left out."""
    asked = form.parameters
    numbers = [number for number in asked.get("phone", "").split(",") if number.strip()]
    if asked.get("get_operator") != "1" or not numbers:
        refuse(InfoError.PARAMETERS)
    account._count("info", _ANY, InfoError.TOO_MANY_REQUESTS)
    account._count(("info", asked["phone"]), _SAME, InfoError.TOO_MANY_REQUESTS)
    many = "," in asked["phone"]
    found = []
    for phone in map(digits_of, numbers):
        operator = operator_of(phone or "")
        if operator is not None:
            # [client] One number in fmt=3 is not repeated.
            known = phone if many or form.fmt is not Format.JSON else None
            found.append(OperatorInfo(known, *operator))
    if not found:
        refuse(InfoError.NOT_FOUND, INFO_PHRASES)
    return OperatorInfoList(tuple(found)) if many else found[0]
