"""The commands of `phones.php`: contacts, groups of contacts, and the black list."""

from __future__ import annotations

import re
from typing import Any

from msgspec.structs import replace

from ..endpoints.phones import CODEC, Contact, ContactList, Group, GroupList
from ..model import Created, Success
from ._commands import THREE, Asked, Commands
from ._messages import Messages
from ._numbers import digits_of

_NOT_FOUND, _FAILED = 3, 5
_SEPARATORS = re.compile("[^0-9+() -]+")
_ID = re.compile("[1-9][0-9]{0,17}")
# [client] The parameter for each field of a contact.
_FIELDS = {
    "name": "name",
    "fnm": "first_name",
    "lnm": "last_name",
    "mnm": "middle_name",
    "bd": "birthday",
    "myid": "id",
    "cmt": "comments",
    "tags": "tags",
    "pho": "phone_other",
}


class PhoneBook(Commands):
    """The contacts and groups of an account."""

    codec, most = CODEC, THREE

    def __init__(self, account: Messages) -> None:
        super().__init__(account)
        self._black = account._black
        self._contacts: dict[str, tuple[int, Contact]] = {}
        self._groups: dict[int, Group] = {}

    @property
    def contacts(self) -> tuple[Contact, ...]:
        """The contacts, in the order in which they were added."""
        return tuple(contact for _, contact in self._contacts.values())

    @property
    def groups(self) -> tuple[Group, ...]:
        """The groups, each with the number of its contacts."""
        members = [id_ for contact in self.contacts for id_ in _ids(contact)]
        return tuple(replace(group, cnt=members.count(group.id)) for group in self._groups.values())

    def on_add(self, asked: Asked) -> Created:
        """Add a contact for each number. Return the id of the last one."""
        phones, groups = self._phones(asked), self._chosen(asked)
        if any(phone in self._contacts for phone in phones):
            self.refuse(_FAILED)
        fields = dict.fromkeys(_FIELDS.values(), "") | _fields(asked)
        for phone in phones:
            self._contacts[phone] = self.new_id(), Contact(phone, group=_joined(groups), **fields)
        return Created(self._last_id)

    def on_chg(self, asked: Asked) -> Success:
        """Change the fields of a contact, and its number."""
        old = self._known(asked)[0]
        new = self._phones({"phone": asked["new_phone"]})[0] if asked.get("new_phone") else old
        if new != old and new in self._contacts:
            self.refuse(_FAILED)
        groups = {"group": _joined(self._chosen(asked))} if "grp" in asked else {}
        id_, contact = self._contacts[old]
        changed = id_, replace(contact, phone=new, **groups, **_fields(asked))
        self._contacts = {new if phone == old else phone: each for phone, each in self._contacts.items()}
        self._contacts[new] = changed
        return Success()

    def on_del(self, asked: Asked) -> Success:
        """Delete contacts."""
        for phone in self._known(asked):
            del self._contacts[phone]
        return Success()

    def on_get(self, asked: Asked) -> ContactList:
        """Return the contacts in a group, with a number, with a word, or after an id. By default return all of them."""
        groups, after, word = self._chosen(asked), self.number(asked, "after_id"), asked.get("search", "").lower()
        phones = self._phones(asked) if asked.get("phone") else None
        found = [
            contact
            for id_, contact in self._contacts.values()
            if id_ > after
            and (phones is None or contact.phone in phones)
            and (not groups or not {*groups}.isdisjoint(_ids(contact)))
            and word in f"{contact.phone} {contact.name}".lower()
        ]
        # [client] The service sends an error instead of an empty list.
        if not found:
            self.refuse(_NOT_FOUND)
        return ContactList(tuple(found))

    def on_add_group(self, asked: Asked) -> Created:
        """Add a group."""
        if not asked.get("name"):
            self.refuse(1)
        id_ = self.new_id()
        self._groups[id_] = Group(id_, _capital(asked["name"]), self.number(asked, "num") or None)
        return Created(id_)

    def on_chg_group(self, asked: Asked) -> Success:
        """Change the name or the number of a group."""
        group = self._group(asked)
        name, number = _capital(asked.get("name") or group.name), self.number(asked, "num", group.number or 0)
        self._groups[group.id] = replace(group, name=name, number=number or None)
        return Success()

    def on_del_group(self, asked: Asked) -> Success:
        """Delete a group. Its contacts stay."""
        gone = self._group(asked).id
        del self._groups[gone]
        for phone in self._contacts:
            self._regroup(phone, [id_ for id_ in _ids(self._contacts[phone][1]) if id_ != gone])
        return Success()

    def on_get_group(self, asked: Asked) -> GroupList:
        """Return the groups."""
        if not self._groups:
            self.refuse(_NOT_FOUND)
        return GroupList(self.groups)

    def on_move_group(self, asked: Asked) -> Success:
        """Move contacts to groups (1), add them to these (2), or remove them from these (3)."""
        chosen = self._chosen(asked)
        if not chosen:
            self.refuse(1)
        for phone in self._known(asked):
            old = _ids(self._contacts[phone][1])
            new = {"1": chosen, "2": [*dict.fromkeys(old + chosen)], "3": [id_ for id_ in old if id_ not in chosen]}
            self._regroup(phone, new[asked["move_group"]])
        return Success()

    def on_add_black(self, asked: Asked) -> Created:
        """Add numbers to the black list. They do not get messages."""
        phones = self._phones(asked)
        for phone in phones:
            if phone not in self._black:
                self._black[phone] = self.new_id()
        return Created(self._black[phones[-1]])

    def on_del_black(self, asked: Asked) -> Success:
        """Remove numbers from the black list."""
        phones = self._phones(asked)
        if any(phone not in self._black for phone in phones):
            self.refuse(_NOT_FOUND)
        for phone in phones:
            self._black.pop(phone, None)
        return Success()

    def _regroup(self, phone: str, groups: list[int]) -> None:
        id_, contact = self._contacts[phone]
        self._contacts[phone] = id_, replace(contact, group=_joined(groups))

    def _phones(self, asked: Asked) -> list[str]:
        """Return the numbers of a request, each once. [client] Any character that is not in a number separates them."""
        given = [each for each in _SEPARATORS.split(asked.get("phone", "")) if each.strip(" +-()")]
        phones = [digits_of(each) for each in given]
        if not phones or None in phones:
            self.refuse(1)
        return [*dict.fromkeys(phone for phone in phones if phone is not None)]

    def _known(self, asked: Asked) -> list[str]:
        """Return the numbers of a request. Each has to belong to a contact."""
        phones = self._phones(asked)
        if any(phone not in self._contacts for phone in phones):
            self.refuse(_NOT_FOUND)
        return phones

    def _chosen(self, asked: Asked) -> list[int]:
        """Return the groups of a request, or an empty list if it does not name a group, or names 0."""
        given = [each.strip() for each in re.split("[,|;]", asked.get("grp", "")) if each.strip() not in ("", "0")]
        if not all(_ID.fullmatch(each) for each in given):
            self.refuse(1)
        if any(int(each) not in self._groups for each in given):
            self.refuse(_NOT_FOUND)
        return [*dict.fromkeys(map(int, given))]

    def _group(self, asked: Asked) -> Group:
        """Return the group of a request, which is named by its id or by `grp`."""
        id_ = self.number(asked, "id") or self.number(asked, "grp")
        if id_ not in self._groups:
            self.refuse(_NOT_FOUND if id_ else 1)
        return self._groups[id_]


def _fields(asked: Asked) -> dict[str, Any]:
    return {field: asked[name] for name, field in _FIELDS.items() if name in asked}


def _ids(contact: Contact) -> list[int]:
    return [int(each) for each in (contact.group or "0").split("|") if each != "0"]


def _joined(groups: list[int]) -> str:
    """Return groups in the form of replies [client]."""
    return "|".join(map(str, groups)) or "0"


def _capital(name: str) -> str:
    """Return the name of a group in the form that the service keeps [cap]."""
    return name[0].upper() + name[1:]
