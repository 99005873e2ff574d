"""What somebody allowed to be told: about whom, for what, and to which offices or kinds of partners."""
from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from domain.disclosure.kinds import SENT_TO, kind_of
from domain.disclosure.purposes import BY_RULE, Purpose
from domain.personal import Known, Personal, known_or
from domain.refusals import Refused
from domain.submission import Submission

PURPOSES, OFFICES, UNTIL = "purposes that contracts name", "offices of the directory", "when it ends by itself"
KINDS = "kinds of partners; a consulate's tells a nationality"


@dataclass(frozen=True, kw_only=True, slots=True)
class Allowed:
    """A consent or an approval as it stands. `kinds` may be withheld from this reader: then it covers no kind, and ends
    nothing."""

    person_ids: tuple[UUID, ...]
    purposes: tuple[Purpose, ...]
    offices: tuple[str, ...]
    kinds: Personal[tuple[str, ...]]
    until: datetime | None
    is_withdrawn: bool = False
    has_run_out: bool = False

    @property
    def stands(self) -> bool:
        return not self.is_withdrawn and not self.has_run_out

    def covers(self, office: str, recipient_kind: str, purpose: Purpose, persons: Collection[UUID]) -> bool:
        is_named = office in self.offices or kind_of(recipient_kind) in known_or(self.kinds, ())
        return self.stands and is_named and purpose in self.purposes and set(persons) <= set(self.person_ids)

    @property
    def has_unreadable_kinds(self) -> bool:
        return self.stands and not isinstance(self.kinds, Known)


class Named(Protocol):
    """What a command names that allows something, or less of it."""

    @property
    def person_ids(self) -> tuple[UUID, ...]: ...
    @property
    def purposes(self) -> tuple[Purpose, ...]: ...
    @property
    def offices(self) -> tuple[str, ...]: ...
    @property
    def kinds(self) -> tuple[str, ...]: ...


def require_named(wish: Named, submission: Submission[Any], rule: str) -> None:
    """Nobody allows everything: persons, purposes and recipients are named one by one. Raises Refused."""
    if not wish.person_ids or not wish.purposes:
        raise Refused("say about whom and for what", rule=rule, field="purposes" if wish.person_ids else "person_ids")
    if not wish.offices and not wish.kinds:
        raise Refused("say to which office or kind of partner", rule=rule, field="offices")
    if set(wish.purposes) & BY_RULE:
        raise Refused("what the law asks for rests on nobody's word", rule=rule, field="purposes")
    for office in wish.offices:
        if office not in submission.standing.offices:
            raise Refused("no such office in the directory", rule="DECISION-11", field="offices")
    if not set(wish.kinds) <= SENT_TO:
        raise Refused("name kinds of partners by their codes, such as ISS", rule="P17", field="kinds")
