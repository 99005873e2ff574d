"""Corrections and recalls owed to offices, each explaining itself: what they were given, why not, and what to do."""
from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from adapters.reading.words import due, people, span
from domain.agency.state import Agency
from domain.agency.targets import target_of
from domain.case.corrections import Owed, OwedBecause, Owes
from domain.case.owners import Owner, owner_of_correction
from domain.case.recalls import is_recalled
from domain.case.state import Case

WHY = {
    OwedBecause.UNTRUE: "something in it was never true", OwedBecause.NOT_FOR_THEM: "this office should not have been told",
    OwedBecause.BASIS_FELL: "the basis on which it was told has fallen",
    OwedBecause.EXPUNGED: "a court ordered it destroyed",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Owing:
    """One of them. `is_late` by the agency's own target alone: no law gives a number."""

    owed: Owed
    owner: Owner
    title: str
    state: str
    next: str
    is_late: bool


def explain_owing(case: Case, agency: Agency, now: datetime) -> list[Owing]:
    """Everything of a case that is still owed to an office because of what it was given, the oldest first."""
    found = [_explain(owed, case, agency, now) for owed in case.corrections.owed.values() if owed.is_open]
    return sorted(found, key=lambda one: one.owed.clock_start)


def _explain(owed: Owed, case: Case, agency: Agency, now: datetime) -> Owing:
    told, target = owed.owed, target_of(agency, owed)
    office = agency.offices.get(told.office)
    what = f"correct what {office.name if office else told.office} was given about" if told.owes is Owes.CORRECTION else (
        f"have {office.name if office else told.office} {_verb(owed)} what it was given about"
    )
    fields = f": {', '.join(told.paths)}" if told.paths else ""
    state = f"{WHY[told.because]}{fields}; open for {span(now - told.clock_start)}"
    is_late = target is not None and target.at is not None and target.at < now
    if target is not None and target.at is not None:
        passed = ", which has passed" if is_late else ""
        state += f"; the agency's own target, which is policy and not law: {due(target.at, told.due_zone)}{passed}"
    return Owing(
        owed=owed, owner=owner_of_correction(case, agency, told.correction_id, now),
        title=f"{what[:1].upper()}{what[1:]} {people(case, told.person_ids)}", state=state, next=_next(owed, case),
        is_late=is_late,
    )


def _verb(owed: Owed) -> str:
    return "erase" if owed.owed.owes is Owes.ERASURE else "disregard"


def _next(owed: Owed, case: Case) -> str:
    told = owed.owed
    if owed.prepared_as is not None:
        return f"what it is to learn is prepared: `casebridge release CASE {owed.prepared_as}` if it waits, then its receipt"
    if is_recalled(case, told.disclosure_id):
        return "it was asked to; its receipt is awaited, or for a letter `casebridge recall --told paper`"
    if told.owes is Owes.CORRECTION:
        return f"PrepareCorrection of {told.correction_id} asks it to disregard that and prepares what is true"
    return f"`casebridge recall CASE {told.disclosure_id}`"
