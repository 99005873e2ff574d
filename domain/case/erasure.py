"""A record is expunged by order: announced, waited for, carried out by destroying keys, confirmed by who was given it."""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from domain.case.engagement import OFFICE
from domain.case.intake import OUR_ID, personal
from domain.case.keys import Keys
from domain.case.record_scope import SCOPE, Scope, scope_of
from domain.case.sealing import SECOND_PERSON, require_second_person
from domain.events import Compartment, Envelope, Event, boxed, clear, event
from domain.personal import Personal
from domain.refusals import Refused
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.case.state import Case

WAIT_DAYS_MIN, WAIT_DAYS_MAX = 7, 366
"""Between an order and the destruction: time to say no, and for offices to be asked to erase what they hold."""
WHEN = "dates of an order and of what was destroyed: no text of the record"


@event("casebridge.record.LitigationHoldPlaced")
class LitigationHoldPlaced(Event):
    """The record of these persons must be kept for a lawsuit: nothing of it is expunged while this stands."""

    hold_id: UUID = clear(OUR_ID)
    person_ids: tuple[UUID, ...] = clear(SCOPE)
    review_on: date = clear("when somebody looks whether the hold is still needed")
    reason: Personal[str] = boxed(Compartment.LEGAL, about="person_ids", meaning="for which lawsuit the record is kept")


@event("casebridge.record.LitigationHoldLifted")
class LitigationHoldLifted(Event):
    """The lawsuit is over: the record need not be kept for it any more."""

    hold_id: UUID = clear(OUR_ID)
    second_person: str = clear(SECOND_PERSON)


@event("casebridge.record.ExpungeOrdered")
class ExpungeOrdered(Event):
    """A court ordered that the record of these persons, or a part of it, be destroyed, not before a moment."""

    expunge_id: UUID = clear(OUR_ID)
    person_ids: tuple[UUID, ...] = clear(SCOPE)
    compartments: tuple[Compartment, ...] = clear(SCOPE)
    offices: tuple[str, ...] = clear("offices of the directory that were, or may have been, given something of this record")
    not_before: datetime = clear(WHEN)
    second_person: str = clear(SECOND_PERSON)
    order_ref: Personal[str] = boxed(Compartment.LEGAL, about="person_ids", meaning="the order's number at the court")


@event("casebridge.record.ExpungeWithdrawn")
class ExpungeWithdrawn(Event):
    """The order to expunge was taken back before anything was destroyed."""

    expunge_id: UUID = clear(OUR_ID)


@event("casebridge.record.ExpungeBegun")
class ExpungeBegun(Event):
    """The wait is over and no hold stands: from here on the keys may be gone, and no hold can be placed any more."""

    expunge_id: UUID = clear(OUR_ID)
    person_ids: tuple[UUID, ...] = clear(SCOPE)
    compartments: tuple[Compartment, ...] = clear(SCOPE)


@event("casebridge.record.RecordExpunged")
class RecordExpunged(Event):
    """The keys of a record are destroyed, and its text with them, for ever. Ids, rules, clocks and counts remain."""

    expunge_id: UUID = clear(OUR_ID)
    key_destroyed_at: datetime = clear(WHEN)


@event("casebridge.record.ErasureConfirmed")
class ErasureConfirmed(Event):
    """An office that had been given something of an expunged record says that it holds it no longer."""

    expunge_id: UUID = clear(OUR_ID)
    office: str = clear(OFFICE)
    second_person: str | None = clear("staff user who heard it; absent where the office's own system says so")


class Asked(StrEnum):
    """Whether an office is asked to keep nothing of what is to be expunged."""

    NOW = "now"  # because of the order
    BEFORE = "before"  # it had been asked to disregard it, and to keep no copy
    NOT_YET = "not_yet"  # no hand-over is proven


@dataclass(frozen=True, kw_only=True, slots=True)
class Expunge:
    """One order, as far as it has come. `confirmed` are the offices that say that they erased."""

    ordered: ExpungeOrdered
    event_id: UUID
    is_withdrawn: bool = False
    begun: bool = False
    expunged: RecordExpunged | None = None
    confirmed: frozenset[str] = frozenset()

    @property
    def scope(self) -> Scope:
        return Scope(self.ordered.person_ids, self.ordered.compartments)


@dataclass(frozen=True, kw_only=True, slots=True)
class Erasure:
    """`holds` are the litigation holds that stand."""

    holds: Mapping[UUID, LitigationHoldPlaced] = field(default_factory=dict)
    expunges: Mapping[UUID, Expunge] = field(default_factory=dict)

    @property
    def standing(self) -> Mapping[UUID, Expunge]:
        """Every order that was not taken back, by the id of its event."""
        return {expunge.event_id: expunge for expunge in self.expunges.values() if not expunge.is_withdrawn}

    @property
    def expunged_pairs(self) -> frozenset[tuple[UUID, Compartment]]:
        """What is gone, or may be gone at any moment."""
        return _pairs(expunge for expunge in self.expunges.values() if expunge.begun)

    @property
    def ordered_pairs(self) -> frozenset[tuple[UUID, Compartment]]:
        """What is to be expunged, or is."""
        return _pairs(self.standing.values())

    def held(self, person_ids: Iterable[UUID]) -> LitigationHoldPlaced | None:
        """A hold that stands on one of these persons."""
        wanted = set(person_ids)
        return next((hold for hold in self.holds.values() if wanted & set(hold.person_ids)), None)


def _pairs(expunges: Iterable[Expunge]) -> frozenset[tuple[UUID, Compartment]]:
    none: frozenset[tuple[UUID, Compartment]] = frozenset()
    return none.union(*(expunge.scope.pairs for expunge in expunges))


@command
class PlaceLitigationHold(Command):
    """Keep the record of persons of a case, or of everybody in it, for a lawsuit."""

    hold_id: UUID
    person_ids: tuple[UUID, ...] | None = None
    review_on: date
    reason: str


@command
class LiftLitigationHold(Command):
    """End a litigation hold."""

    hold_id: UUID
    second_person: str


@command
class OrderExpunge(Command):
    """Record a court's order to destroy the record of persons of a case, or of everybody in it, after a wait of days."""

    expunge_id: UUID
    person_ids: tuple[UUID, ...] | None = None
    compartments: tuple[Compartment, ...] | None = None
    wait_days: int = WAIT_DAYS_MIN
    order_ref: str
    second_person: str


@command
class WithdrawExpungeOrder(Command):
    """Take an order to expunge back while nothing is destroyed yet."""

    expunge_id: UUID


@command
class BeginExpunge(Command):
    """The custodian of the keys starts to carry out an order whose wait is over."""

    expunge_id: UUID


@command
class CompleteExpunge(Command):
    """The key store's report that the keys of an expunged record are destroyed."""

    expunge_id: UUID


@command
class ConfirmErasure(Command):
    """Record that an office erased what it had been given of an expunged record; `second_person` heard it with you."""

    expunge_id: UUID
    office: str
    second_person: str | None = None


def place_hold(submission: Submission[PlaceLitigationHold], case: Case) -> Sequence[Recording]:
    wish = submission.command
    scope = scope_of(case, wish.person_ids, None)
    placed = case.once((wish.hold_id, "placed"), LitigationHoldPlaced(
        hold_id=wish.hold_id, person_ids=scope.person_ids, review_on=wish.review_on, reason=personal(wish.reason),
    ))
    if placed and {person for person, _ in case.erasure.expunged_pairs} & set(scope.person_ids):
        raise Refused("what this hold would keep is expunged, or being so", rule="DECISION-20", field="person_ids")
    return placed


def lift_hold(submission: Submission[LiftLitigationHold], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_second_person(submission, wish.second_person)
    if (wish.hold_id, "placed") not in case.recorded:
        raise Refused("no such hold stands on this case", rule="DECISION-20", field="hold_id")
    lifted = LitigationHoldLifted(hold_id=wish.hold_id, second_person=wish.second_person)
    return case.once((wish.hold_id, "lifted"), lifted)


def withdraw_order(submission: Submission[WithdrawExpungeOrder], case: Case) -> Sequence[Recording]:
    expunge = _expunge(case, submission.command.expunge_id)
    if expunge.begun:
        raise Refused("too late: it is being carried out", rule="DECISION-20", field="expunge_id")
    return [] if expunge.is_withdrawn else [Recording(event=ExpungeWithdrawn(expunge_id=expunge.ordered.expunge_id))]


def begin(submission: Submission[BeginExpunge], case: Case) -> Sequence[Recording]:
    expunge = _expunge(case, submission.command.expunge_id)
    ordered = expunge.ordered
    if expunge.begun:
        return []
    if expunge.is_withdrawn:
        raise Refused("this order was taken back", rule="DECISION-20", field="expunge_id")
    if submission.received_at < ordered.not_before:
        raise Refused("this order is still in its wait", rule="DECISION-20", field="expunge_id")
    refuse_while_held(case, ordered.person_ids)
    return [Recording(event=ExpungeBegun(
        expunge_id=ordered.expunge_id, person_ids=ordered.person_ids, compartments=ordered.compartments,
    ))]


def complete(submission: Submission[CompleteExpunge], case: Case) -> Sequence[Recording]:
    wish = submission.command
    expunge = _expunge(case, wish.expunge_id)
    if not expunge.begun:
        raise Refused("nothing of this record is destroyed", rule="DECISION-20", field="expunge_id")
    if expunge.expunged is not None:
        return []
    return [Recording(event=RecordExpunged(expunge_id=wish.expunge_id, key_destroyed_at=submission.occurred_at))]


def confirm(submission: Submission[ConfirmErasure], case: Case) -> Sequence[Recording]:
    wish = submission.command
    expunge = _expunge(case, wish.expunge_id)
    if wish.office not in asked(case, expunge):
        raise Refused("this office was given nothing of this record", rule="P19", field="office")
    if wish.office in expunge.confirmed:
        return []
    confirmed = ErasureConfirmed(expunge_id=wish.expunge_id, office=wish.office, second_person=wish.second_person)
    return [Recording(event=confirmed)]


def refuse_while_held(case: Case, person_ids: Iterable[UUID]) -> None:
    hold = case.erasure.held(person_ids)
    if hold is not None:
        because = f"a litigation hold stands on this record, to be looked at on {hold.review_on}: lift it first"
        raise Refused(because, rule="DECISION-20", field="person_ids")


def _expunge(case: Case, expunge_id: UUID) -> Expunge:
    expunge = case.erasure.expunges.get(expunge_id)
    if expunge is None:
        raise Refused("no such order to expunge in this case", rule="P19", field="expunge_id")
    return expunge


def asked(case: Case, expunge: Expunge) -> dict[str, Asked]:
    """Every office that was given, or may have been given, something of what is to be expunged, and what it is asked.
    Whoever may have it is asked once its hand-over is proven, also after the order."""
    owed = (one.owed for one in case.corrections.owed.values())
    now = {one.office for one in owed if one.cause_event_id == expunge.event_id}
    before = {
        *(n.prepared.office for n in case.consular.notices.values() if n.correction_received is not None),
        *(recall.recalled.office for recall in case.recalls.of.values() if recall.received is not None),
    }
    return {
        office: Asked.NOW if office in now else Asked.BEFORE if office in before else Asked.NOT_YET
        for office in (*expunge.ordered.offices, *sorted(now))
    }


def _changed(state: Erasure, expunge_id: UUID, **changes: object) -> Erasure:
    known = state.expunges.get(expunge_id)
    if known is None:
        return state  # A prefix or a filtered replay may lack the order; a fold never raises (I10).
    return replace(state, expunges={**state.expunges, expunge_id: replace(known, **changes)})  # type: ignore[arg-type]


def _placed(state: Erasure, told: LitigationHoldPlaced, _: Envelope) -> Erasure:
    return replace(state, holds={**state.holds, told.hold_id: told})


def _lifted(state: Erasure, told: LitigationHoldLifted, _: Envelope) -> Erasure:
    return replace(state, holds={hold_id: hold for hold_id, hold in state.holds.items() if hold_id != told.hold_id})


def _ordered(state: Erasure, told: ExpungeOrdered, envelope: Envelope) -> Erasure:
    expunge = Expunge(ordered=told, event_id=envelope.circumstances.event_id)
    return replace(state, expunges={**state.expunges, told.expunge_id: expunge})


def _withdrawn(state: Erasure, told: ExpungeWithdrawn, _: Envelope) -> Erasure:
    return _changed(state, told.expunge_id, is_withdrawn=True)


def _begun(state: Erasure, told: ExpungeBegun, _: Envelope) -> Erasure:
    return _changed(state, told.expunge_id, begun=True)


def _expunged(state: Erasure, told: RecordExpunged, _: Envelope) -> Erasure:
    return _changed(state, told.expunge_id, expunged=told)


def _confirmed(state: Erasure, told: ErasureConfirmed, _: Envelope) -> Erasure:
    known = state.expunges.get(told.expunge_id)
    return state if known is None else _changed(state, told.expunge_id, confirmed=known.confirmed | {told.office})


INITIAL = Erasure()
DECIDES = {
    PlaceLitigationHold: place_hold, LiftLitigationHold: lift_hold, WithdrawExpungeOrder: withdraw_order,
    BeginExpunge: begin, CompleteExpunge: complete, ConfirmErasure: confirm,
}
EVOLVES = {
    LitigationHoldPlaced: _placed, LitigationHoldLifted: _lifted, ExpungeOrdered: _ordered, ExpungeWithdrawn: _withdrawn,
    ExpungeBegun: _begun, RecordExpunged: _expunged, ErasureConfirmed: _confirmed,
}
KEYS: Keys = {
    LitigationHoldPlaced: lambda e: (e.hold_id, "placed"), LitigationHoldLifted: lambda e: (e.hold_id, "lifted"),
    ExpungeOrdered: lambda e: (e.expunge_id, "ordered"),
}
