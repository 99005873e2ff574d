"""Whoever was told outside of every feed what does not stand any more is owed that until a person has told them so."""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from domain.case.consular import Way
from domain.case.corrections import RULE, OnTheAgencysClock, OwedBecause, Owes
from domain.case.intake import OUR_ID, personal
from domain.case.keys import Keys
from domain.case.obligations import CLOCK
from domain.case.told import Telling
from domain.events import Compartment, Envelope, Event, boxed, clear, event
from domain.personal import Personal
from domain.refusals import Refused
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.case.state import Case

BY_A_PERSON = frozenset({Way.MAIL, Way.EMAIL, Way.PAPER, Way.TELEPHONE, Way.IN_PERSON, Way.PORTAL})
COVERS: Mapping[Owes, frozenset[Owes]] = {
    Owes.CORRECTION: frozenset(), Owes.RECALL: frozenset({Owes.CORRECTION, Owes.RECALL}), Owes.ERASURE: frozenset(Owes),
}
"""Who has disregarded all of it is owed no more for a part of it."""


@event("casebridge.disclosure.OutsideCorrectionOwed")
class OutsideCorrectionOwed(Event):
    """Somebody was told outside of every feed what they should not go on believing, or keep: they are owed a correction
    or a recall. Who it is, and what they were told, the telling alone says."""

    correction_id: UUID = clear(OUR_ID)
    telling_id: UUID = clear(OUR_ID)
    cause_event_id: UUID = clear("our own id of the event that showed it: this one, where a person decided so")
    person_ids: tuple[UUID, ...] = clear(OUR_ID)
    owes: Owes = clear("what they are to get, as a code")
    because: OwedBecause = clear("why, as a code")
    clock_start: datetime = clear(CLOCK)
    due_zone: str = clear(CLOCK)


@event("casebridge.disclosure.OutsideCorrectionSettled")
class OutsideCorrectionSettled(Event):
    """Whoever was told outside of every feed has the correction or the recall that they were owed, by a person's word."""

    correction_id: UUID = clear(OUR_ID)
    person_ids: tuple[UUID, ...] = clear(OUR_ID)
    how: Way = clear("how it was told, as a code")
    receipt: Personal[str] = boxed(
        Compartment.LEGAL, about="person_ids", meaning="who there has it, with the number of their receipt"
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Settled:
    """By a person's word, `at` which moment; recorded as `version` of the case."""

    told: OutsideCorrectionSettled
    at: datetime
    version: int


@dataclass(frozen=True, kw_only=True, slots=True)
class OwedOutside(OnTheAgencysClock):
    """One of them, by the clock of every correction."""

    owed: OutsideCorrectionOwed
    settled: Settled | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class OutsideCorrections:
    owed: Mapping[UUID, OwedOutside] = field(default_factory=dict)

    def of(self, telling_id: UUID) -> list[OwedOutside]:
        return [one for one in self.owed.values() if one.owed.telling_id == telling_id]

    def standing(self, case: Case, telling: Telling) -> list[OwedOutside]:
        """What is owed of a telling, or was until it was settled; not for a cause that was taken back before."""
        return [
            one for one in self.of(telling.told.telling_id)
            if one.settled is not None or not _is_taken_back(case, one.owed, telling)
        ]

    def still_owed(self, case: Case) -> Iterator[tuple[OwedOutside, Telling]]:
        """What is open of each telling, in the order in which they were recorded."""
        for telling in case.told.outside.values():
            yield from ((one, telling) for one in self.standing(case, telling) if one.is_open)


def _is_taken_back(case: Case, owed: OutsideCorrectionOwed, telling: Telling) -> bool:
    """Whether the order to expunge was withdrawn, the court's order stands again, or what showed it was itself wrong."""
    if owed.because is OwedBecause.EXPUNGED:
        return owed.cause_event_id not in case.erasure.standing
    if owed.because is OwedBecause.BASIS_FELL and telling.told.order_id is not None:
        return telling.told.order_id in case.court.orders and case.court.is_binding(telling.told.order_id)
    return owed.cause_event_id in case.mislinks.withdrawn


@command
class RecallToldOutside(Command):
    """Record that somebody should never have been told what they were told outside of every feed: a recall of all of it
    is owed to them, with no new fact."""

    telling_id: UUID


@command
class RecordCorrectedOutside(Command):
    """Record that whoever was told outside of every feed has the correction, the recall or the order to erase that they
    were owed. `receipt` says who there has it, with the number of their receipt where there is one; it is left out where
    the record is expunged."""

    correction_id: UUID
    how: Way
    receipt: str | None = None


def recall(submission: Submission[RecallToldOutside], case: Case) -> Sequence[Recording]:
    telling = case.told.outside.get(submission.command.telling_id)
    if telling is None:
        raise Refused("nothing of this id was told outside of every feed", rule=RULE, field="telling_id")
    if any(one.owed.owes is not Owes.CORRECTION for one in case.outside_corrections.standing(case, telling)):
        return []  # All of it is to be disregarded, or was.
    return [Recording(event=OutsideCorrectionOwed(
        correction_id=submission.own_id("outside recall", 0), telling_id=telling.told.telling_id,
        cause_event_id=submission.event_id(0), person_ids=telling.told.person_ids, owes=Owes.RECALL,
        because=OwedBecause.NOT_FOR_THEM, clock_start=submission.learned_at, due_zone=submission.standing.zone,
    ))]


def settle(submission: Submission[RecordCorrectedOutside], case: Case) -> Sequence[Recording]:
    wish = submission.command
    known = case.outside_corrections.owed.get(wish.correction_id)
    if known is None:
        raise Refused("no such correction is owed to anybody told outside", rule=RULE, field="correction_id")
    if wish.how not in BY_A_PERSON:
        raise Refused("no feed tells them: say how a person did", rule=RULE, field="how")
    owed = known.owed
    told = OutsideCorrectionSettled(
        correction_id=wish.correction_id, person_ids=owed.person_ids, how=wish.how, receipt=personal(wish.receipt),
    )
    settled = case.once((wish.correction_id, "corrected outside"), told)
    if not settled:
        return []
    _check_receipt(case, wish, owed.person_ids)
    covered = [
        one.owed.correction_id for one in case.outside_corrections.of(owed.telling_id)
        if one.is_open and one is not known and one.owed.owes in COVERS[owed.owes]
    ]
    return [*settled, *(Recording(event=replace(told, correction_id=correction_id)) for correction_id in covered)]


def _check_receipt(case: Case, wish: RecordCorrectedOutside, person_ids: Sequence[UUID]) -> None:
    """Nothing is written of a person whose record is destroyed; else nobody's word stands without it."""
    is_destroyed = any((person, Compartment.LEGAL) in case.erasure.expunged_pairs for person in person_ids)
    if is_destroyed and wish.receipt is not None:
        raise Refused("this record was expunged: leave out who has it", rule="P19", field="receipt")
    if not is_destroyed and not (wish.receipt or "").strip():
        raise Refused("say who there has it", rule=RULE, field="receipt")


def _owed(state: OutsideCorrections, told: OutsideCorrectionOwed, _: Envelope) -> OutsideCorrections:
    return OutsideCorrections(owed={**state.owed, told.correction_id: OwedOutside(owed=told)})


def _settled(state: OutsideCorrections, told: OutsideCorrectionSettled, envelope: Envelope) -> OutsideCorrections:
    known = state.owed.get(told.correction_id)
    if known is None:
        return state  # A history cut short; a fold never raises (I10).
    settled = Settled(told=told, at=envelope.circumstances.occurred_at, version=envelope.version)
    return OutsideCorrections(owed={**state.owed, told.correction_id: replace(known, settled=settled)})


INITIAL = OutsideCorrections()
DECIDES = {RecallToldOutside: recall, RecordCorrectedOutside: settle}
EVOLVES = {OutsideCorrectionOwed: _owed, OutsideCorrectionSettled: _settled}
KEYS: Keys = {OutsideCorrectionSettled: lambda e: (e.correction_id, "corrected outside")}
