"""Visits between children and a parent abroad or detained: planned, coordinated at the border, held or cancelled."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from domain.case.intake import OUR_ID, personal, require_adult, require_children
from domain.case.keys import Keys
from domain.events import Compartment, Envelope, Event, boxed, clear, event
from domain.growing import Growing
from domain.personal import UNKNOWN, Known, Personal
from domain.plans import require_zone, zone_name
from domain.refusals import Refused
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.case.state import Case


class VisitMode(StrEnum):
    VIRTUAL = "virtual"
    BORDER = "border"
    ABROAD = "abroad"
    DETENTION = "detention"


class Platform(StrEnum):
    WHATSAPP = "whatsapp"
    ZOOM = "zoom"
    FACETIME = "facetime"
    TEAMS = "teams"
    SKYPE = "skype"
    OTHER = "other"


class Attendee(StrEnum):
    CHILD = "child"
    PARENT = "parent"
    CASEWORKER = "caseworker"
    CONSULATE_REPRESENTATIVE = "consulate_representative"
    CBP_OFFICERS = "cbp_officers"
    CARER = "carer"
    RELATIVE = "relative"
    INTERPRETER = "interpreter"
    OTHER = "other"


class CancelledBy(StrEnum):
    AGENCY = "agency"
    PARENT = "parent"
    CHILD = "child"
    CARER = "carer"
    CONSULATE = "consulate"
    CBP = "cbp"
    FACILITY = "facility"
    COURT = "court"
    OTHER = "other"


class VisitWarning(StrEnum):
    REQUIRED_ATTENDEE_MISSING = "required_attendee_missing"
    NOT_COORDINATED = "not_coordinated"
    CONSULATE_NOT_LISTED = "consulate_not_listed"
    AGAINST_AN_ORDER = "against_an_order"


REQUIRED_AT_BORDER: Mapping[str, frozenset[Attendee]] = {
    "NM": frozenset({Attendee.CASEWORKER, Attendee.CONSULATE_REPRESENTATIVE, Attendee.CBP_OFFICERS}),
}  # NM-VISIT-BORDER
FAMILY = ("child_ids", "party_id")
MODE = "virtual, at the border, abroad, or in detention"


@event("casebridge.visits.VisitPlanned")
class VisitPlanned(Event):
    """A visit between children and a parent was planned."""

    visit_id: UUID = clear(OUR_ID)
    child_ids: tuple[UUID, ...] = clear(OUR_ID)
    party_id: UUID = clear(OUR_ID)
    escort_id: UUID | None = clear(OUR_ID)
    supervisor_id: UUID | None = clear(OUR_ID)
    supervised: bool = clear("whether somebody is with them; says nothing of why")
    platform: Platform | None = clear("over which service they see each other")
    planned_for: datetime = clear("when it is to be: without it nobody could be reminded")
    planned_zone: str = clear("zone in which the agency reads the time")
    mode: Personal[VisitMode] = boxed(Compartment.IMMIGRATION, about=FAMILY, meaning=MODE)
    crosses_border: Personal[bool] = boxed(
        Compartment.IMMIGRATION, about=FAMILY, meaning="whether the children are taken across"
    )
    place: Personal[str] = boxed(
        Compartment.IMMIGRATION, about=FAMILY, meaning="where; it may be a port of entry or a detention facility"
    )


@event("casebridge.visits.BorderVisitCoordinated")
class BorderVisitCoordinated(Event):
    """A visit at a port of entry was coordinated with the consulate and Customs and Border Protection."""

    visit_id: UUID = clear(OUR_ID)
    child_ids: tuple[UUID, ...] = clear(OUR_ID)
    party_id: UUID = clear(OUR_ID)
    consulate: Personal[str] = boxed(Compartment.IMMIGRATION, about=FAMILY, meaning="office of the consulate")
    cbp_contact: Personal[str] = boxed(Compartment.IMMIGRATION, about=FAMILY, meaning="whom at CBP")
    port: Personal[str] = boxed(Compartment.IMMIGRATION, about=FAMILY, meaning="port of entry")
    attendees: Personal[tuple[Attendee, ...]] = boxed(Compartment.IMMIGRATION, about=FAMILY, meaning="who is to be there")
    warnings: tuple[str, ...] = clear("codes of what is odd about it")


@event("casebridge.visits.VisitHeld")
class VisitHeld(Event):
    """A visit took place; it began when this occurred."""

    visit_id: UUID = clear(OUR_ID)
    child_ids: tuple[UUID, ...] = clear(OUR_ID)
    party_id: UUID = clear(OUR_ID)
    ended_at: datetime | None = clear("when it ended")
    mode: Personal[VisitMode] = boxed(Compartment.IMMIGRATION, about=FAMILY, meaning=MODE)
    attendees: Personal[tuple[Attendee, ...]] = boxed(Compartment.IMMIGRATION, about=FAMILY, meaning="who was there")
    warnings: tuple[str, ...] = clear("codes of what is odd about it")


@event("casebridge.visits.VisitCancelled")
class VisitCancelled(Event):
    """A planned visit did not take place: it was cancelled, or somebody did not come."""

    visit_id: UUID = clear(OUR_ID)
    child_ids: tuple[UUID, ...] = clear(OUR_ID)
    party_id: UUID = clear(OUR_ID)
    is_no_show: bool = clear("whether somebody did not come; says nothing of who")
    reason: Personal[str] = boxed(Compartment.IMMIGRATION, about=FAMILY, meaning="why")
    by: Personal[CancelledBy] = boxed(
        Compartment.IMMIGRATION, about=FAMILY, meaning="who cancelled it; the facility, where there is one"
    )


class VisitStage(StrEnum):
    PLANNED = "planned"
    COORDINATED = "coordinated"
    HELD = "held"
    CANCELLED = "cancelled"
    NO_SHOW = "no_show"


@dataclass(frozen=True, kw_only=True, slots=True)
class Visit:
    planned: VisitPlanned
    is_coordinated: bool = False
    held: VisitHeld | None = None
    cancelled: VisitCancelled | None = None

    @property
    def stage(self) -> VisitStage:
        if self.held is not None:
            return VisitStage.HELD
        if self.cancelled is not None:
            return VisitStage.NO_SHOW if self.cancelled.is_no_show else VisitStage.CANCELLED
        return VisitStage.COORDINATED if self.is_coordinated else VisitStage.PLANNED


@dataclass(frozen=True, kw_only=True, slots=True)
class Visits:
    visits: Growing[UUID, Visit] = field(default_factory=Growing)


@command
class PlanVisit(Command):
    """Plan a visit. A virtual one names its platform; who takes the children across must be able to cross.

    `escort_may_cross` is asked and not stored. Escort and supervisor are parties of the case; staff are not named.
    """

    visit_id: UUID
    child_ids: tuple[UUID, ...]
    party_id: UUID
    mode: VisitMode
    planned_for: datetime
    supervised: bool
    platform: Platform | None = None
    supervisor_id: UUID | None = None
    escort_id: UUID | None = None
    crosses_border: bool = False
    escort_may_cross: bool | None = None
    place: str | None = None


@command
class CoordinateBorderVisit(Command):
    """Record that a border visit was coordinated: with which consulate, at which port, and who is to be there."""

    visit_id: UUID
    port: str
    attendees: tuple[Attendee, ...]
    consulate: str | None = None
    cbp_contact: str | None = None


@command
class RecordVisitHeld(Command):
    """Record that a planned visit took place: when it began, and who was there."""

    visit_id: UUID
    attendees: tuple[Attendee, ...]
    ended_at: datetime | None = None


@command
class CancelVisit(Command):
    """Record that a planned visit did not take place, and why."""

    visit_id: UUID
    by: CancelledBy
    reason: str | None = None
    is_no_show: bool = False


def plan(submission: Submission[PlanVisit], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_children(case, wish.child_ids)
    require_adult(case, wish.party_id)
    require_zone(wish.planned_for, rule="P09", name="planned_for")
    if wish.mode is VisitMode.VIRTUAL and wish.platform is None:
        raise Refused("a virtual visit needs its platform", rule="US-VISIT-VIRTUAL", field="platform")
    if wish.supervisor_id is not None:
        require_adult(case, wish.supervisor_id, "supervisor_id")
        if not wish.supervised:
            raise Refused("a visit with a supervisor is supervised", rule="P09", field="supervised")
    _check_crossing(wish, case)
    is_alone = wish.visit_id not in case.recorded and not wish.supervised
    if is_alone and case.court.needs_supervision(wish.child_ids, wish.party_id):
        raise Refused("the court allows supervised visits only", rule="P09", field="supervised")
    return case.once(wish.visit_id, VisitPlanned(
        visit_id=wish.visit_id, child_ids=wish.child_ids, party_id=wish.party_id,
        escort_id=wish.escort_id, supervisor_id=wish.supervisor_id, supervised=wish.supervised, platform=wish.platform,
        planned_for=wish.planned_for, planned_zone=zone_name(wish.planned_for, submission.standing.zone),
        mode=Known(wish.mode), crosses_border=Known(wish.crosses_border or wish.mode is VisitMode.ABROAD),
        place=personal(wish.place),
    ))


def _check_crossing(wish: PlanVisit, case: Case) -> None:
    if wish.crosses_border and wish.mode not in {VisitMode.BORDER, VisitMode.ABROAD}:
        raise Refused("nobody crosses the border for such a visit", rule="SDC-VISIT-CROSS", field="crosses_border")
    if wish.escort_id is None:
        return
    require_adult(case, wish.escort_id, "escort_id")
    crosses = wish.crosses_border or wish.mode is VisitMode.ABROAD
    if crosses and wish.escort_may_cross is not True:
        raise Refused(
            "nobody confirmed that this carer can cross and come back", rule="SDC-VISIT-CROSS", field="escort_may_cross"
        )


def _visit(case: Case, visit_id: UUID) -> Visit:
    visit = case.visits.visits.get(visit_id)
    if visit is None:
        raise Refused("no such visit: plan it first", rule="P09", field="visit_id")
    return visit


def _missing(jurisdiction: str, attendees: tuple[Attendee, ...]) -> frozenset[Attendee]:
    return REQUIRED_AT_BORDER.get(jurisdiction, frozenset()) - set(attendees)


def coordinate(submission: Submission[CoordinateBorderVisit], case: Case) -> Sequence[Recording]:
    wish, standing = submission.command, submission.standing
    visit = _visit(case, wish.visit_id)
    if isinstance(visit.planned.mode, Known) and visit.planned.mode.value is not VisitMode.BORDER:
        raise Refused("only a visit at the border is coordinated so", rule="US-VISIT-BORDER", field="visit_id")
    if wish.consulate is None:
        raise Refused("a visit at a port of entry needs a consulate", rule="US-VISIT-BORDER", field="consulate")
    key = (wish.visit_id, "coordinated")
    if key not in case.recorded:
        if visit.cancelled is not None:
            raise Refused("this visit was cancelled: plan another", rule="P09", field="visit_id")
        if _missing(standing.jurisdiction, wish.attendees):
            raise Refused(
                "a worker, a consulate's representative and CBP officers are to be there", rule="NM-VISIT-BORDER",
                field="attendees",
            )
    office = standing.offices.get(wish.consulate)
    is_listed = office is not None and office.recipient_kind.startswith("CONS-")
    return case.once(key, BorderVisitCoordinated(
        visit_id=wish.visit_id, child_ids=visit.planned.child_ids, party_id=visit.planned.party_id,
        consulate=Known(wish.consulate), cbp_contact=personal(wish.cbp_contact), port=Known(wish.port),
        attendees=Known(wish.attendees), warnings=() if is_listed else (VisitWarning.CONSULATE_NOT_LISTED,),
    ))


def hold(submission: Submission[RecordVisitHeld], case: Case) -> Sequence[Recording]:
    wish = submission.command
    visit, key = _visit(case, wish.visit_id), (wish.visit_id, "held")
    if wish.ended_at is not None:
        require_zone(wish.ended_at, rule="P09", name="ended_at")
        if not submission.occurred_at <= wish.ended_at <= submission.received_at:
            raise Refused("a visit ends after it began, and not in the future", rule="P09", field="ended_at")
    if visit.cancelled is not None and key not in case.recorded:
        raise Refused("this visit was cancelled: plan another", rule="P09", field="visit_id")
    return case.once(key, VisitHeld(
        visit_id=wish.visit_id, child_ids=visit.planned.child_ids, party_id=visit.planned.party_id,
        ended_at=wish.ended_at, attendees=Known(wish.attendees),
        mode=visit.planned.mode if isinstance(visit.planned.mode, Known) else UNKNOWN,
        warnings=_odd(submission, visit, case),
    ))


def _odd(submission: Submission[RecordVisitHeld], visit: Visit, case: Case) -> tuple[VisitWarning, ...]:
    """What happened is recorded as it happened, even where it should not have."""
    found, planned = list[VisitWarning](), visit.planned
    if planned.mode == Known(VisitMode.BORDER):
        if not visit.is_coordinated:
            found.append(VisitWarning.NOT_COORDINATED)
        if _missing(submission.standing.jurisdiction, submission.command.attendees):
            found.append(VisitWarning.REQUIRED_ATTENDEE_MISSING)
    if not planned.supervised and case.court.needs_supervision(planned.child_ids, planned.party_id):
        found.append(VisitWarning.AGAINST_AN_ORDER)
    return tuple(found)


def cancel(submission: Submission[CancelVisit], case: Case) -> Sequence[Recording]:
    wish = submission.command
    visit = _visit(case, wish.visit_id)
    if visit.held is not None:
        raise Refused("this visit took place", rule="P09", field="visit_id")
    return case.once((wish.visit_id, "cancelled"), VisitCancelled(
        visit_id=wish.visit_id, child_ids=visit.planned.child_ids, party_id=visit.planned.party_id,
        is_no_show=wish.is_no_show, reason=personal(wish.reason), by=Known(wish.by),
    ))


def _planned(state: Visits, told: VisitPlanned, _: Envelope) -> Visits:
    return Visits(visits=state.visits.having(told.visit_id, Visit(planned=told)))


def _after(state: Visits, told: BorderVisitCoordinated | VisitHeld | VisitCancelled, _: Envelope) -> Visits:
    visit = state.visits.get(told.visit_id)
    if visit is None:
        return state  # A prefix or a filtered replay may lack the plan; a fold never raises (I10).
    if isinstance(told, VisitHeld):
        visit = replace(visit, held=told)
    elif isinstance(told, VisitCancelled):
        visit = replace(visit, cancelled=told)
    else:
        visit = replace(visit, is_coordinated=True)
    return Visits(visits=state.visits.having(told.visit_id, visit))


INITIAL = Visits()
DECIDES = {PlanVisit: plan, CoordinateBorderVisit: coordinate, RecordVisitHeld: hold, CancelVisit: cancel}
EVOLVES = {VisitPlanned: _planned, BorderVisitCoordinated: _after, VisitHeld: _after, VisitCancelled: _after}
KEYS: Keys = {
    VisitPlanned: lambda e: e.visit_id, BorderVisitCoordinated: lambda e: (e.visit_id, "coordinated"),
    VisitHeld: lambda e: (e.visit_id, "held"), VisitCancelled: lambda e: (e.visit_id, "cancelled"),
}
