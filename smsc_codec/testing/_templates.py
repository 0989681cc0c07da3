"""The commands of `templates.php` and `op_templates.php`: message templates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from msgspec.structs import replace

from ..endpoints import op_templates, templates
from ..endpoints.op_templates import OperatorTemplate, OperatorTemplateList
from ..endpoints.templates import Template, TemplateError, TemplateList
from ..model import Created, Success
from ._account import Account
from ._commands import Asked, Commands

_NOT_FOUND, _SAVE = TemplateError.NOT_FOUND, TemplateError.SAVE
# [client] The kinds of messages that a template can be for.
_KINDS = frozenset({"sms", "flash", "bin", "push", "mms", "call", "mail", "viber", ""})
# [client] The purposes of templates for operators, for each operator.
_OPERATORS = tuple(f"{operator}_{kind}" for operator in ("mts", "mega", "bee", "tele2") for kind in ("srv", "trn"))


class Templates(Commands):
    """The templates of an account."""

    codec = templates.CODEC
    phrases: ClassVar[Mapping[int, str]] = {_NOT_FOUND: "template not found", _SAVE: "save error"}

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self._templates: dict[int, Template] = {}

    @property
    def templates(self) -> tuple[Template, ...]:
        """The templates, the first that was added first."""
        return tuple(self._templates.values())

    def on_add(self, asked: Asked) -> Created:
        """Add a template."""
        name, message = asked.get("name", ""), asked.get("msg", "")
        if not name or not message:
            self.refuse(1)
        id_ = self.new_id()
        kind = self._kind(asked, "sms")
        self._templates[id_] = Template(id_, name, message, kind, asked.get("sender", ""), 0)
        return Created(id_)

    def on_chg(self, asked: Asked) -> Success:
        """Change the given fields of a template."""
        old = self._known(asked)
        name, message = asked.get("name") or old.name, asked.get("msg") or old.message
        sender, kind = asked.get("sender", old.sender), self._kind(asked, old.format or "")
        self._templates[old.id] = replace(old, name=name, message=message, sender=sender, format=kind)
        return Success()

    def on_del(self, asked: Asked) -> Success:
        """Delete a template."""
        del self._templates[self._known(asked).id]
        return Success()

    def on_get(self, asked: Asked) -> TemplateList:
        """Return the templates, or the one with an id."""
        return TemplateList((self._known(asked),) if "id" in asked else self.templates)

    def _known(self, asked: Asked) -> Template:
        """Return the template that a request names."""
        id_ = self.number(asked, "id")
        if id_ not in self._templates:
            self.refuse(_NOT_FOUND if id_ else 1)
        return self._templates[id_]

    def _kind(self, asked: Asked, default: str) -> str:
        kind = asked.get("format", default)
        if kind not in _KINDS:
            self.refuse(1)
        return kind


class OperatorTemplates(Commands):
    """The templates of an account that operators have to approve."""

    codec = op_templates.CODEC
    phrases = Templates.phrases

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self._templates: list[OperatorTemplate] = []

    @property
    def templates(self) -> tuple[OperatorTemplate, ...]:
        """The templates, the first that was added first."""
        return tuple(self._templates)

    def on_add(self, asked: Asked) -> Created:
        """Add a template, which waits at each of the given operators."""
        if not asked.get("sender") or not asked.get("msg"):
            self.refuse(1)
        # Nobody knows the keys. The names of the parameters are our choice.
        states = {name: "0" for name in _OPERATORS if asked.get(name) == "1"}
        record = {"id": f"{len(self._templates) + 1}", "sender": asked["sender"], "msg": asked["msg"], **states}
        self._templates.append(OperatorTemplate(record))
        return Created(len(self._templates))

    def on_get(self, asked: Asked) -> OperatorTemplateList:
        """Return the templates."""
        return OperatorTemplateList(self.templates)
