"""A court seals the record of a case, or a part of it, and may open it again; nothing is destroyed by it."""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.case.engagement import EndedBecause, EngagementEnded
from domain.case.intake import OUR_ID, personal
from domain.case.keys import Keys
from domain.case.record_scope import SCOPE, Scope, covers_everybody, scope_of, written_about
from domain.case.subjects import rests_on
from domain.disclosure.contract import Purpose
from domain.events import Compartment, Envelope, Event, boxed, clear, event
from domain.personal import Personal
from domain.refusals import Refused
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.case.consular import Notice
    from domain.case.state import Case

SECOND_PERSON = "staff user who confirmed; staff are not persons of a case"


@event("casebridge.record.RecordSealed")
class RecordSealed(Event):
    """By a court's order the record of these persons, or a part of it, is closed to every reader: keys are withheld."""

    seal_id: UUID = clear(OUR_ID)
    person_ids: tuple[UUID, ...] = clear(SCOPE)
    compartments: tuple[Compartment, ...] = clear(SCOPE)
    second_person: str = clear(SECOND_PERSON)
    order_ref: Personal[str] = boxed(Compartment.LEGAL, about="person_ids", meaning="the order's number at the court")


@event("casebridge.record.RecordUnsealed")
class RecordUnsealed(Event):
    """By a court's order a sealed record may be read again."""

    seal_id: UUID = clear(OUR_ID)
    person_ids: tuple[UUID, ...] = clear(SCOPE)
    second_person: str = clear(SECOND_PERSON)
    order_ref: Personal[str] = boxed(Compartment.LEGAL, about="person_ids", meaning="the order's number at the court")


@dataclass(frozen=True, kw_only=True, slots=True)
class Sealing:
    """`seals` are those that stand, by their id."""

    seals: Mapping[UUID, Scope] = field(default_factory=dict)

    @property
    def pairs(self) -> frozenset[tuple[UUID, Compartment]]:
        """Whose keys of which compartment are withheld."""
        none: frozenset[tuple[UUID, Compartment]] = frozenset()
        return none.union(*(scope.pairs for scope in self.seals.values()))


@command
class SealRecord(Command):
    """Close the record of persons of a case by a court's order, so that nobody can read it: of everybody where nobody
    is named, in full where no compartment is. It can be opened again by another order."""

    seal_id: UUID
    person_ids: tuple[UUID, ...] | None = None
    compartments: tuple[Compartment, ...] | None = None
    order_ref: str
    second_person: str


@command
class UnsealRecord(Command):
    """Open a sealed record again by a court's order."""

    seal_id: UUID
    order_ref: str
    second_person: str


def seal(submission: Submission[SealRecord], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_second_person(submission, wish.second_person)
    scope = scope_of(case, wish.person_ids, wish.compartments)
    sealed = case.once((wish.seal_id, "sealed"), RecordSealed(
        seal_id=wish.seal_id, person_ids=scope.person_ids, compartments=scope.compartments,
        second_person=wish.second_person, order_ref=personal(wish.order_ref),
    ))
    return [*sealed, *close_to_partners(case, scope, EndedBecause.SEALED)] if sealed else []


def unseal(submission: Submission[UnsealRecord], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_second_person(submission, wish.second_person)
    known = case.recorded.get((wish.seal_id, "sealed"))
    if not isinstance(known, RecordSealed):
        raise Refused("no such seal stands on this case", rule="P19", field="seal_id")
    return case.once((wish.seal_id, "unsealed"), RecordUnsealed(
        seal_id=wish.seal_id, person_ids=known.person_ids, second_person=wish.second_person,
        order_ref=personal(wish.order_ref),
    ))


def require_second_person(submission: Submission[Any], second_person: str) -> None:
    """Two people, neither of them only claimed to be somebody else than whoever runs the program."""
    if second_person in (submission.actor.user, submission.principal):
        raise Refused("a second person has to confirm this", rule="DECISION-20", field="second_person")


def close_to_partners(case: Case, scope: Scope, reason: EndedBecause) -> list[Recording]:
    """End every engagement about these persons that rests on a compartment of the scope: one that says who they are, or
    holds what its purpose is about. A recall still goes out: it tells nothing."""
    persons, closed = set(scope.person_ids), frozenset(scope.compartments)
    return [
        Recording(event=EngagementEnded(engagement_id=engagement.engagement_id, reason=reason))
        for engagement in case.engagements.engagements.values()
        if engagement.is_open and engagement.purpose is not Purpose.RECALL
        and closed & rests_on(engagement.purpose) and persons & set(engagement.references)
    ]


def closed_to_partners(case: Case, purpose: Purpose) -> frozenset[UUID]:
    """Persons of whom no office may learn more for a purpose: what it rests on is sealed, or is to be expunged."""
    pairs, wanted = case.sealing.pairs | case.erasure.ordered_pairs, rests_on(purpose)
    return frozenset(person for person, compartment in pairs if compartment in wanted)


def may_leave(case: Case, notice: Notice) -> bool:
    """Whether a notice that was not handed over may be still: what it was released on is open, or it waits for a person and
    names nobody whose record is closed."""
    if notice.released is None:
        return not closed_to_partners(case, Purpose.CONSULAR_NOTICE) & set(notice.prepared.person_ids)
    engagement = case.engagements.engagements.get(notice.released.engagement_id)
    return engagement is not None and engagement.is_open


def unanswerable(case: Case) -> frozenset[UUID]:
    """Persons of whom no answer can be recorded: who they are is sealed or expunged. What is withheld is not missing."""
    pairs = case.sealing.pairs | case.erasure.expunged_pairs
    return frozenset(person for person, compartment in pairs if compartment is Compartment.IDENTITY)


def require_told_of(case: Case, person_ids: Iterable[UUID], purpose: Purpose, name: str) -> None:
    """Refuse to let an office learn more of somebody of whose record the part is closed that it would learn."""
    if closed_to_partners(case, purpose) & set(person_ids):
        raise Refused("the record of one of these persons is closed: no office may learn of them", rule="P19", field=name)


WHILE_CLOSED = frozenset({
    "SealRecord", "UnsealRecord", "PlaceLitigationHold", "LiftLitigationHold", "OrderExpunge", "WithdrawExpungeOrder",
    "BeginExpunge", "CompleteExpunge", "ConfirmErasure", "RecordMissedDeadline", "RecordConsulateNotified",
    "RecordCorrectionReceived", "RecordDisclosureReceived", "RecordDisclosureDoubted", "CorrectConsularNotification",
    "RecallDisclosure", "HoldDisclosure", "RefuseDisclosure", "RecordDisclosureBreach", "NarrowConsent", "WithdrawConsent",
    "WithdrawCounselApproval", "CloseEngagement", "RecordMoments", "RecordCorrectedOutside",
})
"""Commands that a closed record takes: its own keeping, what clocks and couriers bring home, and what only takes away."""


def check_closed(submission: Submission[Any], before: Case, events: Sequence[Event]) -> None:
    """Refuse what would add to a sealed record without an order, or to an expunged one at all (domain.md 3.19)."""
    if type(submission.command).__name__ in WHILE_CLOSED:
        return
    sealed, expunged = before.sealing.pairs, before.erasure.expunged_pairs
    if not sealed and not expunged:
        return
    if covers_everybody(before, sealed | expunged):
        because = "this record is expunged" if expunged else "this record is sealed: unseal it by an order first"
        raise Refused(because, rule="P19", field="case")
    for told in events:
        pairs = written_about(told)
        if pairs & expunged:
            raise Refused("what is known of this person was expunged, and nothing is added to it", rule="P19", field="data")
        if pairs & sealed:
            raise Refused("this part of the record is sealed: unseal it by an order first", rule="P19", field="data")


def _sealed(state: Sealing, told: RecordSealed, _: Envelope) -> Sealing:
    return replace(state, seals={**state.seals, told.seal_id: Scope(told.person_ids, told.compartments)})


def _unsealed(state: Sealing, told: RecordUnsealed, _: Envelope) -> Sealing:
    return replace(state, seals={seal_id: scope for seal_id, scope in state.seals.items() if seal_id != told.seal_id})


INITIAL = Sealing()
DECIDES = {SealRecord: seal, UnsealRecord: unseal}
EVOLVES = {RecordSealed: _sealed, RecordUnsealed: _unsealed}
KEYS: Keys = {RecordSealed: lambda e: (e.seal_id, "sealed"), RecordUnsealed: lambda e: (e.seal_id, "unsealed")}
