"""The agency plans to take a child into custody, takes it, and custody ends; each time is an episode of its own."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.case.intake import OUR_ID, personal, require_child
from domain.case.keys import Keys
from domain.events import Compartment, Envelope, Event, boxed, clear, event
from domain.personal import Personal
from domain.refusals import Refused
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.case.state import Case


@event("casebridge.custody.CustodyPlanned")
class CustodyPlanned(Event):
    """Someone in the agency decided to take a child into custody. It has not happened yet, and may never happen."""

    plan_id: UUID = clear(OUR_ID)
    child_id: UUID = clear(OUR_ID)
    decided_by: str = clear("staff user who decided; staff are not persons of a case")
    planned_for: Personal[date] = boxed(Compartment.IDENTITY, about="child_id", meaning="day for which it is planned")


@event("casebridge.custody.CustodyTaken")
class CustodyTaken(Event):
    """The agency took a child into custody. One event for each child, even where they were taken together."""

    child_id: UUID = clear(OUR_ID)
    episode_id: UUID = clear(OUR_ID)
    authority: Personal[str] = boxed(Compartment.LEGAL, about="child_id", meaning="on whose authority")
    place: Personal[str] = boxed(Compartment.IDENTITY, about="child_id", meaning="where the child was taken from")
    circumstances: Personal[str] = boxed(Compartment.IDENTITY, about="child_id", meaning="how it came about")


@event("casebridge.custody.CustodyEnded")
class CustodyEnded(Event):
    """Custody of a child ended."""

    child_id: UUID = clear(OUR_ID)
    episode_id: UUID = clear(OUR_ID)
    to_party_id: UUID | None = clear(OUR_ID)
    reason: Personal[str] = boxed(Compartment.IDENTITY, about="child_id", meaning="why it ended")


@dataclass(frozen=True, kw_only=True, slots=True)
class Episode:
    episode_id: UUID
    child_id: UUID
    event_id: UUID
    taken_at: datetime
    ended_at: datetime | None = None
    ended_to: UUID | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """That custody was decided on, by whom and when; the event may start a clock where a rule counts planned custody."""

    plan_id: UUID
    child_id: UUID
    event_id: UUID
    planned_at: datetime
    learned_at: datetime


class CustodyStage(StrEnum):
    NONE = "none"
    PLANNED = "planned"
    TAKEN = "taken"
    ENDED = "ended"


@dataclass(frozen=True, kw_only=True, slots=True)
class Custody:
    episodes: Mapping[UUID, Episode] = field(default_factory=dict)
    plans: Mapping[UUID, Plan] = field(default_factory=dict)

    def current(self, child_id: UUID) -> Episode | None:
        return next((e for e in self.episodes.values() if e.child_id == child_id and e.ended_at is None), None)

    def episodes_of(self, child_id: UUID) -> list[Episode]:
        """The custody episodes of a child, earliest first."""
        return sorted((e for e in self.episodes.values() if e.child_id == child_id), key=lambda e: e.taken_at)

    def planned(self, child_id: UUID) -> Plan | None:
        """The earliest plan to take this child that no taking has followed."""
        taken = max((e.taken_at for e in self.episodes.values() if e.child_id == child_id), default=None)
        plans = [p for p in self.plans.values() if p.child_id == child_id and (taken is None or p.planned_at > taken)]
        return min(plans, key=lambda plan: plan.planned_at, default=None)

    def stage(self, child_id: UUID) -> CustodyStage:
        if self.current(child_id) is not None:
            return CustodyStage.TAKEN
        if self.planned(child_id) is not None:
            return CustodyStage.PLANNED
        return CustodyStage.ENDED if self.episodes_of(child_id) else CustodyStage.NONE


@command
class PlanCustody(Command):
    """Record the decision to take a child into custody, before it is done."""

    plan_id: UUID
    child_id: UUID
    decided_by: str
    planned_for: date | None = None


@command
class TakeIntoCustody(Command):
    """Record that a child was taken into custody; `episode_id` is the sender's id of this episode."""

    child_id: UUID
    episode_id: UUID
    authority: str | None = None
    place: str | None = None
    circumstances: str | None = None


@command
class EndCustody(Command):
    """Record that custody of a child ended, to whom, and why."""

    child_id: UUID
    episode_id: UUID
    to_party_id: UUID | None = None
    reason: str | None = None


def plan_custody(submission: Submission[PlanCustody], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_child(case, wish.child_id)
    current = case.custody.current(wish.child_id)
    if wish.plan_id not in case.recorded and current is not None and current.taken_at <= submission.occurred_at:
        raise Refused("the child is in custody already: nothing is planned any more", rule="P01", field="child_id")
    day = submission.occurred_at.astimezone(ZoneInfo(submission.standing.zone)).date()
    if wish.planned_for is not None and wish.planned_for < day:
        raise Refused("custody is not planned for a day that is over", rule="P01", field="planned_for")
    return case.once(wish.plan_id, CustodyPlanned(
        plan_id=wish.plan_id, child_id=wish.child_id, decided_by=wish.decided_by, planned_for=personal(wish.planned_for),
    ))


def take_into_custody(submission: Submission[TakeIntoCustody], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_child(case, wish.child_id)
    current = case.custody.current(wish.child_id)
    if current is not None and current.episode_id != wish.episode_id:
        raise Refused("the child is in custody already: end that episode first", rule="P01", field="episode_id")
    for former in case.custody.episodes.values():
        if former.child_id != wish.child_id or former.episode_id == wish.episode_id or former.ended_at is None:
            continue
        if former.taken_at <= submission.occurred_at < former.ended_at:
            raise Refused("the child was in custody then: that episode had not ended", rule="P01", field="occurred_at")
    return case.once(wish.episode_id, CustodyTaken(
        child_id=wish.child_id, episode_id=wish.episode_id, authority=personal(wish.authority),
        place=personal(wish.place), circumstances=personal(wish.circumstances),
    ))


def end_custody(submission: Submission[EndCustody], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_child(case, wish.child_id)
    episode = case.custody.episodes.get(wish.episode_id)
    if episode is None or episode.child_id != wish.child_id:
        raise Refused("the child has no such custody episode", rule="P01", field="episode_id")
    if submission.occurred_at < episode.taken_at:
        raise Refused("custody cannot end before it began", rule="P01", field="occurred_at")
    return case.once((wish.episode_id, "ended"), CustodyEnded(
        child_id=wish.child_id, episode_id=wish.episode_id, to_party_id=wish.to_party_id, reason=personal(wish.reason),
    ))


def _planned(custody: Custody, told: CustodyPlanned, envelope: Envelope) -> Custody:
    plan = Plan(
        plan_id=told.plan_id, child_id=told.child_id, event_id=envelope.circumstances.event_id,
        planned_at=envelope.circumstances.occurred_at, learned_at=envelope.circumstances.learned_at,
    )
    return replace(custody, plans={**custody.plans, told.plan_id: plan})


def _taken(custody: Custody, told: CustodyTaken, envelope: Envelope) -> Custody:
    episode = Episode(
        episode_id=told.episode_id, child_id=told.child_id, event_id=envelope.circumstances.event_id,
        taken_at=envelope.circumstances.occurred_at,
    )
    return replace(custody, episodes={**custody.episodes, told.episode_id: episode})


def _ended(custody: Custody, told: CustodyEnded, envelope: Envelope) -> Custody:
    episode = custody.episodes.get(told.episode_id)
    if episode is None:
        return custody  # A prefix or a filtered replay may lack the beginning; a fold never raises (I10).
    ended = replace(episode, ended_at=envelope.circumstances.occurred_at, ended_to=told.to_party_id)
    return replace(custody, episodes={**custody.episodes, told.episode_id: ended})


INITIAL = Custody()
DECIDES = {PlanCustody: plan_custody, TakeIntoCustody: take_into_custody, EndCustody: end_custody}
EVOLVES = {CustodyPlanned: _planned, CustodyTaken: _taken, CustodyEnded: _ended}
KEYS: Keys = {
    CustodyPlanned: lambda e: e.plan_id, CustodyTaken: lambda e: e.episode_id,
    CustodyEnded: lambda e: (e.episode_id, "ended"),
}
