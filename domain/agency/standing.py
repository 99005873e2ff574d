"""Matters that stand in the agency's register, never on a case: tracked rules that no act about a child can satisfy."""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.events import Envelope, Event, clear, event
from domain.policy.pack import Role, Rule
from domain.refusals import Contradiction, Refused
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.agency.state import Agency

MATTER = "the agency's own matter, nothing about a person"


@event("casebridge.agency.StandingMatterSettled")
class StandingMatterSettled(Event):
    """Somebody of the agency recorded that a standing matter is settled, and where that can be read."""

    record_id: UUID = clear("our own id")
    rule_id: str = clear(MATTER)
    settled_by: str = clear("staff user who says so; staff are not persons of a case")
    document_ref: str = clear(MATTER)


@event("casebridge.agency.StandingMatterReopened")
class StandingMatterReopened(Event):
    """A matter that was settled is open again: a plan ran out, an agreement ended, nobody holds the post."""

    record_id: UUID = clear("our own id")
    rule_id: str = clear(MATTER)
    reason: str = clear(MATTER)


@dataclass(frozen=True, slots=True)
class Matter:
    """What was recorded last of a matter, by its time in the world."""

    told: StandingMatterSettled | StandingMatterReopened
    occurred_at: datetime
    version: int


@dataclass(frozen=True, slots=True)
class StandingMatters:
    matters: Mapping[str, tuple[Matter, ...]] = field(default_factory=dict)
    recorded: Mapping[UUID, Event] = field(default_factory=dict)

    def settled(self, rule_id: str, moment: datetime) -> StandingMatterSettled | None:
        """How a matter stood settled at `moment`; None where it was open."""
        told = [matter for matter in self.matters.get(rule_id, ()) if matter.occurred_at <= moment]
        last = max(told, key=lambda matter: (matter.occurred_at, matter.version), default=None)
        return last.told if last is not None and isinstance(last.told, StandingMatterSettled) else None


@command
class RecordStandingMatter(Command):
    """Record that a standing matter of a rule is settled: who says so, and which paper shows it."""

    record_id: UUID
    rule_id: str
    settled_by: str
    document_ref: str


@command
class ReopenStandingMatter(Command):
    """Record that a settled matter is open again, and why."""

    record_id: UUID
    rule_id: str
    reason: str


def standing_rules(agency: Agency, moment: datetime) -> list[Rule]:
    """The rules in force at `moment` whose matter stands in the agency's register."""
    return [rule for pack in agency.packs_at(moment) for rule in pack.rules if rule.role is Role.STANDING]


def open_matters(agency: Agency, moment: datetime) -> list[Rule]:
    """Those of them that nobody has recorded as settled by `moment`."""
    return [
        rule for rule in standing_rules(agency, moment) if agency.standing_matters.settled(rule.id, moment) is None
    ]


def settle(submission: Submission[RecordStandingMatter], agency: Agency) -> Sequence[Recording]:
    wish = submission.command
    _require(agency, wish.rule_id, submission.learned_at)
    for name in ("settled_by", "document_ref"):
        if not getattr(wish, name).strip():
            raise Refused("say who settled it and where that can be read", rule=wish.rule_id, field=name)
    return _once(agency, wish.record_id, StandingMatterSettled(
        record_id=wish.record_id, rule_id=wish.rule_id, settled_by=wish.settled_by, document_ref=wish.document_ref,
    ))


def reopen(submission: Submission[ReopenStandingMatter], agency: Agency) -> Sequence[Recording]:
    wish = submission.command
    _require(agency, wish.rule_id, submission.learned_at)
    reopened = _once(agency, wish.record_id, StandingMatterReopened(
        record_id=wish.record_id, rule_id=wish.rule_id, reason=wish.reason,
    ))
    if reopened and agency.standing_matters.settled(wish.rule_id, submission.occurred_at) is None:
        raise Refused("this matter is open: nothing was settled by then", rule=wish.rule_id, field="rule_id")
    return reopened


def _require(agency: Agency, rule_id: str, moment: datetime) -> None:
    if all(rule.id != rule_id for rule in standing_rules(agency, moment)):
        raise Refused("no adopted rule of this id stands in the agency's register", rule="DECISION-9", field="rule_id")


def _once(agency: Agency, record_id: UUID, told: Event) -> list[Recording]:
    known = agency.standing_matters.recorded.get(record_id)
    if known is None:
        return [Recording(event=told)]
    if known != told:
        raise Contradiction("this id was recorded before, with other content", field="record_id")
    return []


def _told(state: StandingMatters, told: Any, envelope: Envelope) -> StandingMatters:
    matter = Matter(told, envelope.circumstances.occurred_at, envelope.version)
    matters = (*state.matters.get(told.rule_id, ()), matter)
    return replace(
        state, matters={**state.matters, told.rule_id: matters}, recorded={**state.recorded, told.record_id: told}
    )


INITIAL = StandingMatters()
DECIDES: dict[type[Command], Callable[[Submission[Any], Agency], Sequence[Recording]]] = {
    RecordStandingMatter: settle, ReopenStandingMatter: reopen,
}
EVOLVES: dict[type[Event], Callable[[StandingMatters, Any, Envelope], StandingMatters]] = {
    StandingMatterSettled: _told, StandingMatterReopened: _told,
}
