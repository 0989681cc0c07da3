"""The command of `info.php`: the operators of the numbers that the table has."""

from __future__ import annotations

from collections.abc import Mapping

from ..endpoints.info import InfoError, OperatorInfo, OperatorInfoList
from ..formats import Format
from ._account import Account, refuse
from ._numbers import digits_of, operator_of
from ._request import Form

INFO_PHRASES: Mapping[int, str] = {InfoError.NOT_FOUND: "operator not found"}

# [doc] The requests that are allowed in a minute: identical ones, and all.
_SAME, _ANY = 3, 100


def answer_info(account: Account, form: Form) -> OperatorInfo | OperatorInfoList:
    """Return the operator of a number, or of several. Leave out numbers that are not in the table."""
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
            # [client] If a request has one number, fmt=3 does not repeat it.
            known = phone if many or form.fmt is not Format.JSON else None
            found.append(OperatorInfo(known, *operator))
    if not found:
        refuse(InfoError.NOT_FOUND, INFO_PHRASES)
    return OperatorInfoList(tuple(found)) if many else found[0]
