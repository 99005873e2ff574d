"""Corrections and recalls owed for what was given or told, each explaining itself: to whom, why, and what to do."""
from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from adapters.reading.words import due, in_words, people, person, personal, span
from domain.agency.events import OfficeStage
from domain.agency.state import Agency
from domain.agency.targets import target_of
from domain.case.corrections import CorrectionOwed, Owed, OwedBecause, Owes
from domain.case.given_outside import proved_untrue
from domain.case.outside_corrections import OutsideCorrectionOwed, OwedOutside
from domain.case.owners import Owner, owner_of_correction
from domain.case.particulars import ChangingField, FactSuperseded
from domain.case.recalls import is_recalled
from domain.case.state import Case
from domain.case.told import Telling
from domain.case.updates import still_owed

WHY = {
    OwedBecause.UNTRUE: "something in it was never true", OwedBecause.NOT_FOR_THEM: "this office should not have been told",
    OwedBecause.BASIS_FELL: "the basis on which it was told has fallen",
    OwedBecause.EXPUNGED: "a court ordered it destroyed", OwedBecause.RECALLED: "it was recalled",
    OwedBecause.SUPERSEDED: "what was true then is so no longer",
}
CHANGED = {
    ChangingField.ADDRESS: "{} has moved: tell them the new address",
    ChangingField.PHONE: "{} has another telephone number: tell them the new one",
    ChangingField.NAME: "{} has another name from now on: tell them the new one",
}
STOPPED = {
    OfficeStage.SUSPENDED: "; it is suspended, and nothing leaves to it until it is put live",
    OfficeStage.ENDED: "; it has ended, and nothing leaves to it any more: take the letter there",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Owing:
    """One of them, owed `to` an office or whoever was told outside of every feed; `fields` of what proved untrue, or is so
    no longer.

    `is_late` by the agency's own target alone: no law gives a number.
    """

    owed: Owed | OwedOutside
    to: str
    fields: tuple[str, ...]
    owner: Owner
    title: str
    state: str
    next: str
    is_late: bool


def explain_owing(case: Case, agency: Agency, now: datetime) -> list[Owing]:
    """Everything of a case that is still owed because of what was given or told, the oldest first."""
    given = [_of_office(owed, case, agency, now) for owed in still_owed(case, agency, now)]
    outside = case.outside_corrections.still_owed(case)
    told = [_of_telling(owed, telling, case, agency, now) for owed, telling in outside]
    return sorted((*given, *told), key=lambda one: one.owed.clock_start)


def told_to(telling: Telling, agency: Agency) -> str:
    """Who was told outside: an office by its name, else by its code."""
    partner = personal(telling.told.partner)
    office = agency.offices.get(partner)
    return office.name if office else partner


def _of_office(owed: Owed, case: Case, agency: Agency, now: datetime) -> Owing:
    told, office = owed.owed, agency.offices.get(owed.owed.office)
    return _explain(
        owed, case, agency, now, to=told.office, name=office.name if office else told.office, verb="was given",
        fields=told.paths, next_=_next(owed, case) + ("" if office is None else STOPPED.get(office.stage, "")),
    )


def _of_telling(owed: OwedOutside, telling: Telling, case: Case, agency: Agency, now: datetime) -> Owing:
    told = owed.owed
    items = [
        in_words(item) for untrue, touched in proved_untrue(case, telling) for item in touched
        if untrue.by_event_id == told.cause_event_id and told.because is OwedBecause.UNTRUE
    ]
    said = f"`casebridge recall CASE {told.telling_id} --told telephone --receipt WHO` when they know"
    return _explain(
        owed, case, agency, now, to=personal(telling.told.partner), name=told_to(telling, agency),
        verb=f"was told outside of the feeds on {telling.at:%d %b %Y}", fields=tuple(dict.fromkeys(items)),
        next_=f"tell them that it is not so, and what is; {said}" if told.owes is Owes.CORRECTION
        else f"`casebridge recall CASE {told.telling_id}` prints the letter, which tells nothing new; {said}",
    )


def _explain(
    owed: Owed | OwedOutside, case: Case, agency: Agency, now: datetime, *, to: str, name: str, verb: str,
    fields: tuple[str, ...], next_: str,
) -> Owing:
    told, target = owed.owed, target_of(agency, owed)
    named = f": {', '.join(fields)}" if fields else ""
    state = f"{_why(case, told)}{named}; open for {span(now - told.clock_start)}"
    is_late = target is not None and target.at is not None and target.at < now
    if target is not None and target.at is not None:
        passed = ", which has passed" if is_late else ""
        state += f"; the agency's own target, which is policy and not law: {due(target.at, told.due_zone)}{passed}"
    return Owing(
        owed=owed, to=to, fields=fields, owner=owner_of_correction(case, agency, told.correction_id, now),
        title=f"{_what(told.owes, name)} {verb} about {people(case, told.person_ids)}", state=state, next=next_,
        is_late=is_late,
    )


def _what(owes: Owes, name: str) -> str:
    match owes:
        case Owes.CORRECTION:
            return f"Correct what {name}"
        case Owes.UPDATE:
            return f"Bring up to date what {name}"
        case Owes.RECALL:
            return f"Have {name} disregard what it"
        case Owes.ERASURE:
            return f"Have {name} erase what it"


def _why(case: Case, told: CorrectionOwed | OutsideCorrectionOwed) -> str:
    cause = case.mislinks.history.get(told.cause_event_id)
    if cause is None or not isinstance(cause[2], FactSuperseded):
        return WHY[told.because]
    return CHANGED[cause[2].field].format(person(case, cause[2].person_id))


def _next(owed: Owed, case: Case) -> str:
    told = owed.owed
    if owed.prepared_as is not None:
        return f"what it is to learn is prepared: `casebridge release CASE {owed.prepared_as}` if it waits, then its receipt"
    if is_recalled(case, told.disclosure_id):
        return "it was asked to; its receipt is awaited, or for a letter `casebridge recall --told paper`"
    if told.owes is Owes.UPDATE:
        return f"PrepareCorrection of {told.correction_id} prepares it as it is now, and takes nothing back"
    if told.owes is Owes.CORRECTION:
        return f"PrepareCorrection of {told.correction_id} asks it to disregard that and prepares what is true"
    return f"`casebridge recall CASE {told.disclosure_id}`"
