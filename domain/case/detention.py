"""A parent is said to be detained by ICE, is searched for, located, moved, and no longer detained."""
from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from domain.case.detainee import LEFT, Detainee, Step
from domain.case.intake import OUR_ID, Person, personal, require_person
from domain.case.keys import Keys
from domain.events import Compartment, Envelope, Event, boxed, clear, event
from domain.personal import UNKNOWN, Known, Personal, known_or
from domain.refusals import Refused
from domain.spelling import plain
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.case.state import Case

WARNINGS = "codes of what looked odd; they name no place and no person"
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


class DetentionEnd(StrEnum):
    RELEASED = "released"
    REMOVED = "removed"
    UNKNOWN = "unknown"


class DetentionWarning(StrEnum):
    FACILITY_WITHOUT_ID = "facility_without_id"
    MOVED_SINCE = "moved_since"  # a later transfer or end is recorded: this place is an old one
    ELSEWHERE_BEFORE = "elsewhere_before"  # another place was known, and no transfer from there
    LOCATED_SINCE = "located_since"  # located after this end: either of the two is wrong, or it is another detention


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
    facility: Personal[str] = boxed(Compartment.IMMIGRATION, about="party_id", meaning="name of the facility")
    method: Personal[LocatedBy] = boxed(Compartment.IMMIGRATION, about="party_id", meaning="how it was found")
    confidence: Personal[str] = boxed(Compartment.IMMIGRATION, about="party_id", meaning="how sure the agency is")
    facility_id: Personal[str] = boxed(
        Compartment.IMMIGRATION, about="party_id", meaning="the facility's code in the locator", default=UNKNOWN
    )
    warnings: tuple[DetentionWarning, ...] = clear(WARNINGS, default=())


@event("casebridge.detention.DetaineeTransferred")
class DetaineeTransferred(Event):
    """The agency learned that a detained parent was moved. Where to may be unknown: then the search begins again."""

    party_id: UUID = clear(OUR_ID)
    transfer_id: UUID = clear(OUR_ID)
    from_facility: Personal[str] = boxed(Compartment.IMMIGRATION, about="party_id", meaning="facility that was left")
    to_facility: Personal[str] = boxed(Compartment.IMMIGRATION, about="party_id", meaning="facility of arrival")


@event("casebridge.detention.DetentionFacilityContacted")
class DetentionFacilityContacted(Event):
    """The agency contacted the facility where a parent is, or may be, held."""

    party_id: UUID = clear(OUR_ID)
    contact_id: UUID = clear(OUR_ID)
    facility: Personal[str] = boxed(Compartment.IMMIGRATION, about="party_id", meaning="name of the facility")
    purpose: Personal[str] = boxed(Compartment.IMMIGRATION, about="party_id", meaning="what was asked for")
    outcome: Personal[str] = boxed(Compartment.IMMIGRATION, about="party_id", meaning="what came of it")


@event("casebridge.detention.DetentionContactDesignated")
class DetentionContactDesignated(Event):
    """Someone in the facility was named through whom a detained parent is reached and kept aware."""

    party_id: UUID = clear(OUR_ID)
    designation_id: UUID = clear(OUR_ID)
    facility: Personal[str] = boxed(Compartment.IMMIGRATION, about="party_id", meaning="name of the facility")
    contact_ref: Personal[str] = boxed(Compartment.IMMIGRATION, about="party_id", meaning="who it is, as the facility says")


@event("casebridge.detention.DetentionEnded")
class DetentionEnded(Event):
    """A parent is no longer detained."""

    party_id: UUID = clear(OUR_ID)
    end_id: UUID = clear(OUR_ID)
    outcome: Personal[DetentionEnd] = boxed(Compartment.IMMIGRATION, about="party_id", meaning="released, removed, unknown")
    warnings: tuple[DetentionWarning, ...] = clear(WARNINGS)


ENDS = {DetentionEnd.RELEASED: Step.RELEASED, DetentionEnd.REMOVED: Step.REMOVED, DetentionEnd.UNKNOWN: Step.ENDED}


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
    facility_id: str | None = None


@command
class RecordDetaineeTransfer(Command):
    """Record that a detained parent was moved; leave out where to if nobody knows."""

    transfer_id: UUID
    party_id: UUID
    from_facility: str | None = None
    to_facility: str | None = None


@command
class RecordFacilityContact(Command):
    """Record that a facility was contacted about a parent, what for, and what came of it."""

    contact_id: UUID
    party_id: UUID
    facility: str
    purpose: str
    outcome: str | None = None


@command
class DesignateDetentionContact(Command):
    """Record who in the facility is the contact for a detained parent."""

    designation_id: UUID
    party_id: UUID
    facility: str
    contact_ref: str


@command
class EndDetention(Command):
    """Record that a parent is no longer detained, and how it ended as far as it is known."""

    end_id: UUID
    party_id: UUID
    outcome: DetentionEnd


def require_adult(case: Case, party_id: UUID) -> Person:
    """A party of the case; the locator shows nobody under 18, and a child is not a detained parent."""
    person = require_person(case, party_id, "party_id")
    if person.role is None:
        raise Refused("a child is not searched for among detainees", rule="P04", field="party_id")
    return person


def require_reported(case: Case, party_id: UUID) -> None:
    require_adult(case, party_id)
    if party_id not in case.detention.detainees:
        raise Refused("nobody has reported this person detained", rule="P04", field="party_id")


def report_detained(submission: Submission[ReportParentDetained], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_adult(case, wish.party_id)
    return case.once(wish.report_id, ParentReportedDetained(
        party_id=wish.party_id, report_id=wish.report_id, source=Known(wish.source),
    ))


def obtain_a_number(submission: Submission[ObtainANumber], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_reported(case, wish.party_id)
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
    require_reported(case, wish.party_id)
    if case.detention.detainees[wish.party_id].a_number.current is None:
        raise Refused("the locator is searched by A-Number: obtain it first", rule="US-DETAIN-ANUM", field="party_id")
    return case.once(wish.search_id, DetaineeLocatorSearched(
        party_id=wish.party_id, search_id=wish.search_id, result=Known(wish.result),
    ))


def locate(submission: Submission[LocateDetainee], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_reported(case, wish.party_id)
    moved = case.detention.detainees[wish.party_id].last(*LEFT)
    before = case.detention.detainees[wish.party_id].whereabouts
    is_old = moved is not None and moved > submission.occurred_at
    is_elsewhere = isinstance(before, Known) and plain(before.value) != plain(wish.facility)
    doubts = {
        DetentionWarning.FACILITY_WITHOUT_ID: wish.facility_id is None,
        DetentionWarning.MOVED_SINCE: is_old,
        DetentionWarning.ELSEWHERE_BEFORE: is_elsewhere and not is_old,
    }
    return case.once(wish.location_id, IceDetaineeLocated(
        party_id=wish.party_id, location_id=wish.location_id, facility=Known(wish.facility), method=Known(wish.method),
        confidence=personal(wish.confidence), facility_id=personal(wish.facility_id),
        warnings=tuple(warning for warning, applies in doubts.items() if applies),
    ))


def record_transfer(submission: Submission[RecordDetaineeTransfer], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_reported(case, wish.party_id)
    if wish.to_facility is not None and wish.to_facility == wish.from_facility:
        raise Refused("a transfer leads to another facility", rule="P04", field="to_facility")
    return case.once(wish.transfer_id, DetaineeTransferred(
        party_id=wish.party_id, transfer_id=wish.transfer_id, from_facility=personal(wish.from_facility),
        to_facility=personal(wish.to_facility),
    ))


def record_contact(submission: Submission[RecordFacilityContact], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_reported(case, wish.party_id)
    return case.once(wish.contact_id, DetentionFacilityContacted(
        party_id=wish.party_id, contact_id=wish.contact_id, facility=Known(wish.facility), purpose=Known(wish.purpose),
        outcome=personal(wish.outcome),
    ))


def designate_contact(submission: Submission[DesignateDetentionContact], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_reported(case, wish.party_id)
    return case.once(wish.designation_id, DetentionContactDesignated(
        party_id=wish.party_id, designation_id=wish.designation_id, facility=Known(wish.facility),
        contact_ref=Known(wish.contact_ref),
    ))


def end_detention(submission: Submission[EndDetention], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_reported(case, wish.party_id)
    located = case.detention.detainees[wish.party_id].last(Step.LOCATED)
    is_odd = located is not None and located > submission.occurred_at
    return case.once(wish.end_id, DetentionEnded(
        party_id=wish.party_id, end_id=wish.end_id, outcome=Known(wish.outcome),
        warnings=(DetentionWarning.LOCATED_SINCE,) if is_odd else (),
    ))


def _of(state: Detention, party_id: UUID) -> Detainee:
    return state.detainees.get(party_id, Detainee())


def _step(state: Detention, party_id: UUID, envelope: Envelope, step: Step, place: Personal[str] = UNKNOWN) -> Detention:
    """One more step; a step that names a place tells it."""
    known = _of(state, party_id)
    changed = replace(
        known, steps=known.steps.tell(envelope, "step", Known(step)),
        facility=known.facility.tell(envelope, "facility", place),
    )
    return Detention(detainees={**state.detainees, party_id: changed})


def _reported(state: Detention, told: ParentReportedDetained, envelope: Envelope) -> Detention:
    return _step(state, told.party_id, envelope, Step.REPORTED)


def _number(state: Detention, told: ANumberObtained, envelope: Envelope) -> Detention:
    known = _of(state, told.party_id)
    changed = replace(known, a_number=known.a_number.tell(envelope, "a_number", told.a_number))
    return Detention(detainees={**state.detainees, told.party_id: changed})


def _searched(state: Detention, told: DetaineeLocatorSearched, envelope: Envelope) -> Detention:
    return _step(state, told.party_id, envelope, Step.SEARCHED)


def _located(state: Detention, told: IceDetaineeLocated, envelope: Envelope) -> Detention:
    return _step(state, told.party_id, envelope, Step.LOCATED, told.facility)


def _transferred(state: Detention, told: DetaineeTransferred, envelope: Envelope) -> Detention:
    return _step(state, told.party_id, envelope, Step.TRANSFERRED, told.to_facility)


def _contacted(
    state: Detention, told: DetentionFacilityContacted | DetentionContactDesignated, envelope: Envelope
) -> Detention:
    return _step(state, told.party_id, envelope, Step.CONTACTED)


def _ended(state: Detention, told: DetentionEnded, envelope: Envelope) -> Detention:
    return _step(state, told.party_id, envelope, ENDS[known_or(told.outcome, DetentionEnd.UNKNOWN)])


INITIAL = Detention()
DECIDES = {
    ReportParentDetained: report_detained, ObtainANumber: obtain_a_number, RecordLocatorSearch: record_search,
    LocateDetainee: locate, RecordDetaineeTransfer: record_transfer, RecordFacilityContact: record_contact,
    DesignateDetentionContact: designate_contact, EndDetention: end_detention,
}
EVOLVES = {
    ParentReportedDetained: _reported, ANumberObtained: _number, DetaineeLocatorSearched: _searched,
    IceDetaineeLocated: _located, DetaineeTransferred: _transferred, DetentionFacilityContacted: _contacted,
    DetentionContactDesignated: _contacted, DetentionEnded: _ended,
}
KEYS: Keys = {
    ParentReportedDetained: lambda e: e.report_id, DetaineeLocatorSearched: lambda e: e.search_id,
    IceDetaineeLocated: lambda e: e.location_id, DetaineeTransferred: lambda e: e.transfer_id,
    DetentionFacilityContacted: lambda e: e.contact_id, DetentionContactDesignated: lambda e: e.designation_id,
    DetentionEnded: lambda e: e.end_id,
}
