"""A parent is said to be detained by ICE, is searched for, and is located."""
from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from domain.case.intake import OUR_ID, Person, personal, require_person
from domain.case.keys import Keys
from domain.events import Compartment, Envelope, Event, boxed, clear, event
from domain.facts import Register
from domain.personal import Known, Personal
from domain.refusals import Refused
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.case.state import Case

A_NUMBER = re.compile(r"A?\d{7,9}")


class LocatorResult(StrEnum):
    FOUND = "found"
    NO_MATCH = "no_match"  # not the same as "not detained"
    SEVERAL = "several"


class LocatedBy(StrEnum):
    ODLS = "odls"
    FACILITY = "facility"
    PIC = "pic"
    CONSULATE = "consulate"


@event("casebridge.detention.ParentReportedDetained")
class ParentReportedDetained(Event):
    """Someone said that a parent is in the hands of ICE."""

    party_id: UUID = clear(OUR_ID)
    report_id: UUID = clear(OUR_ID)
    source: Personal[str] = boxed(Compartment.IMMIGRATION, about="party_id", meaning="who said so")


@event("casebridge.detention.ANumberObtained")
class ANumberObtained(Event):
    """The agency learned the number by which Homeland Security files a parent."""

    party_id: UUID = clear(OUR_ID)
    a_number: Personal[str] = boxed(Compartment.IMMIGRATION, about="party_id", meaning="A-Number, nine digits")
    source: Personal[str] = boxed(Compartment.IMMIGRATION, about="party_id", meaning="where it comes from")


@event("casebridge.detention.DetaineeLocatorSearched")
class DetaineeLocatorSearched(Event):
    """The online detainee locator was searched; the query itself discloses the number."""

    party_id: UUID = clear(OUR_ID)
    search_id: UUID = clear(OUR_ID)
    result: Personal[LocatorResult] = boxed(
        Compartment.IMMIGRATION, about="party_id", meaning="what it showed; no match is not `not detained`"
    )


@event("casebridge.detention.IceDetaineeLocated")
class IceDetaineeLocated(Event):
    """A detained parent was located in a facility. The place goes stale: check it again before each hearing and visit."""

    party_id: UUID = clear(OUR_ID)
    location_id: UUID = clear(OUR_ID)
    facility: Personal[str] = boxed(Compartment.IMMIGRATION, about="party_id", meaning="id of the facility")
    method: Personal[LocatedBy] = boxed(Compartment.IMMIGRATION, about="party_id", meaning="how it was found")
    confidence: Personal[str] = boxed(Compartment.IMMIGRATION, about="party_id", meaning="how sure the agency is")


@dataclass(frozen=True, kw_only=True, slots=True)
class Detainee:
    a_number: Register[str] = Register()
    facility: Register[str] = Register()


@dataclass(frozen=True, kw_only=True, slots=True)
class Detention:
    """Parents who were said to be detained, and what is known of each."""

    detainees: Mapping[UUID, Detainee] = field(default_factory=dict)


@command
class ReportParentDetained(Command):
    """Record that a parent is said to be in ICE detention, and by whom."""

    report_id: UUID
    party_id: UUID
    source: str


@command
class ObtainANumber(Command):
    """Record a parent's A-Number: seven to nine digits, padded to nine."""

    party_id: UUID
    a_number: str
    source: str | None = None


@command
class RecordLocatorSearch(Command):
    """Record what a search of the online detainee locator showed."""

    search_id: UUID
    party_id: UUID
    result: LocatorResult


@command
class LocateDetainee(Command):
    """Record where a detained parent was located, and how."""

    location_id: UUID
    party_id: UUID
    facility: str
    method: LocatedBy
    confidence: str | None = None


def _require_adult(case: Case, party_id: UUID) -> Person:
    person = require_person(case, party_id, "party_id")
    if person.role is None:
        raise Refused("a child is not searched for among detainees", rule="P04", field="party_id")
    return person


def _require_reported(case: Case, party_id: UUID) -> None:
    _require_adult(case, party_id)
    if party_id not in case.detention.detainees:
        raise Refused("nobody has reported this person detained", rule="P04", field="party_id")


def report_detained(submission: Submission[ReportParentDetained], case: Case) -> Sequence[Recording]:
    wish = submission.command
    _require_adult(case, wish.party_id)
    return case.once(wish.report_id, ParentReportedDetained(
        party_id=wish.party_id, report_id=wish.report_id, source=Known(wish.source),
    ))


def obtain_a_number(submission: Submission[ObtainANumber], case: Case) -> Sequence[Recording]:
    wish = submission.command
    _require_reported(case, wish.party_id)
    if not A_NUMBER.fullmatch(wish.a_number):
        raise Refused("an A-Number has seven to nine digits", rule="US-DETAIN-ANUM", field="a_number")
    padded = wish.a_number.removeprefix("A").zfill(9)
    others = (d.a_number.value for party, d in case.detention.detainees.items() if party != wish.party_id)
    if Known(padded) in others:
        raise Refused("this A-Number is recorded for another person of the case", rule="US-DETAIN-ANUM", field="a_number")
    if case.detention.detainees[wish.party_id].a_number.value == Known(padded):
        return []
    return [Recording(event=ANumberObtained(
        party_id=wish.party_id, a_number=Known(padded), source=personal(wish.source),
    ))]


def record_search(submission: Submission[RecordLocatorSearch], case: Case) -> Sequence[Recording]:
    wish = submission.command
    _require_reported(case, wish.party_id)
    if case.detention.detainees[wish.party_id].a_number.current is None:
        raise Refused("the locator is searched by A-Number: obtain it first", rule="US-DETAIN-ANUM", field="party_id")
    return case.once(wish.search_id, DetaineeLocatorSearched(
        party_id=wish.party_id, search_id=wish.search_id, result=Known(wish.result),
    ))


def locate(submission: Submission[LocateDetainee], case: Case) -> Sequence[Recording]:
    wish = submission.command
    _require_reported(case, wish.party_id)
    return case.once(wish.location_id, IceDetaineeLocated(
        party_id=wish.party_id, location_id=wish.location_id, facility=Known(wish.facility), method=Known(wish.method),
        confidence=personal(wish.confidence),
    ))


def _of(state: Detention, party_id: UUID) -> Detainee:
    return state.detainees.get(party_id, Detainee())


def _reported(state: Detention, told: ParentReportedDetained, _: Envelope) -> Detention:
    return Detention(detainees={**state.detainees, told.party_id: _of(state, told.party_id)})


def _number(state: Detention, told: ANumberObtained, envelope: Envelope) -> Detention:
    known = _of(state, told.party_id)
    changed = replace(known, a_number=known.a_number.tell(envelope, "a_number", told.a_number))
    return Detention(detainees={**state.detainees, told.party_id: changed})


def _searched(state: Detention, _: DetaineeLocatorSearched, __: Envelope) -> Detention:
    return state


def _located(state: Detention, told: IceDetaineeLocated, envelope: Envelope) -> Detention:
    known = _of(state, told.party_id)
    changed = replace(known, facility=known.facility.tell(envelope, "facility", told.facility))
    return Detention(detainees={**state.detainees, told.party_id: changed})


INITIAL = Detention()
DECIDES = {
    ReportParentDetained: report_detained, ObtainANumber: obtain_a_number, RecordLocatorSearch: record_search,
    LocateDetainee: locate,
}
EVOLVES = {
    ParentReportedDetained: _reported, ANumberObtained: _number, DetaineeLocatorSearched: _searched,
    IceDetaineeLocated: _located,
}
KEYS: Keys = {
    ParentReportedDetained: lambda e: e.report_id, DetaineeLocatorSearched: lambda e: e.search_id,
    IceDetaineeLocated: lambda e: e.location_id,
}
