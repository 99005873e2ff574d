"""How Casebridge says no: what, where, and under which rule."""
from __future__ import annotations


class Refused(Exception):
    """The command was understood, and is refused; nothing of it was recorded.

    `because` is a lower-case clause that a worker can read and holds no personal value. `rule` is the
    id of the rule or design decision that refused it, `field` the field of the command at fault.
    """

    def __init__(self, because: str, *, rule: str, field: str | None = None) -> None:
        super().__init__(because)
        self.because = because
        self.rule = rule
        self.field = field

    def __str__(self) -> str:
        where = f" (field {self.field})" if self.field else ""
        return f"{self.because}{where} [{self.rule}]"


class Contradiction(Refused):
    """The same id came again with other content."""

    def __init__(self, because: str, *, field: str | None = None) -> None:
        super().__init__(because, rule="IDEMPOTENCE", field=field)
