"""P04, P08, P09, P10 and P14: detained parents, papers served, visits, hearings, and the time that a family has."""
from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from domain.agency.state import Agency
from domain.case.court import HearingStage
from domain.case.detainee import OVER, DetentionStage
from domain.case.next_routes import SERVED_BY, search_order
from domain.case.processes.states import Stand, Step, after, step
from domain.case.reunification_time import TimeStage
from domain.case.reunification_time import stage_of as time_stage
from domain.case.service import ServiceStage
from domain.case.state import Case
from domain.case.visits import VisitStage
from domain.people import PARENTS
from domain.personal import UNKNOWN

LOCATE = step("LocateDetainee", "somebody found where the parent is held")
END = step("EndDetention", "released or removed, and only where somebody said so")
MOVED = step("RecordDetaineeTransfer", "the parent was moved")
COORDINATOR = step("ContactParentalInterestCoordinator", "ICE's coordinator: to reach, visit or bring the parent to court")
ANSWERED = step("RecordCoordinatorResponse", "the coordinator answered")
NUMBER = step("ObtainANumber", "the number by which the locator is searched")
WITH_COUNSEL = (
    step("FacilitateCounselCommunication", "contact with counsel; nothing that was said is recorded"),
    step("AdvocateRelease", "children are left behind"), step("ExplainParentalInterestRights", "the Directive and rights"),
    step("ExecuteContingencyDocument", "a power of attorney, an emergency guardianship"),
    step("MakeFamilyPreparednessPlan", "who would care for the children"),
)
KEEP_IN_CONTACT = (
    step("DesignateDetentionContact", "someone in the facility through whom the parent is reached"),
    step("RecordLocatorSearch", "a place goes stale: look again before each hearing and visit"),
    step("ArrangeCourtTransport", "for a hearing, or by phone or video"),
    step("ReferDetainedParentToCounsel", "to a programme that represents people"), COORDINATOR, MOVED, END,
)
DETENTION = {
    DetentionStage.REPORTED: (LOCATE, END), DetentionStage.SEARCHING: (LOCATE, END),
    DetentionStage.TRANSFERRED: (LOCATE, END), DetentionStage.LOCATED: KEEP_IN_CONTACT,
    DetentionStage.IN_CONTACT: KEEP_IN_CONTACT,
    DetentionStage.RELEASED: (step("ReportParentDetained", "detained again"),),
    DetentionStage.REMOVED: (step("ReportParentDetained", "detained again"),),
    DetentionStage.ENDED: (step("ReportParentDetained", "detained again"),),
}
SEARCHED = (DetentionStage.REPORTED, DetentionStage.SEARCHING, DetentionStage.TRANSFERRED)
ATTEMPT = step("RecordServiceAttempt", "somebody tried; where it failed, the next route of this place is named")
PROVE = step("ProveService", "served on the person whom the papers name, with proof")
SERVICE = {
    ServiceStage.SENT: (ATTEMPT, PROVE), ServiceStage.ATTEMPTED: (ATTEMPT, PROVE), ServiceStage.REROUTED: (ATTEMPT, PROVE),
    ServiceStage.FAILED: (step("RequestServiceOfProcess", "by another route of this place"), ATTEMPT),
}
HELD = step("RecordVisitHeld", "it took place")
CANCEL = step("CancelVisit", "it did not take place, or somebody did not come")
VISIT = {
    VisitStage.PLANNED: (step("CoordinateBorderVisit", "at a port of entry: with the consulate and CBP"), HELD, CANCEL),
    VisitStage.COORDINATED: (HELD, CANCEL),
    VisitStage.CANCELLED: (step("PlanVisit", "another one"),), VisitStage.NO_SHOW: (step("PlanVisit", "another one"),),
}
TOOK_PART = step("RecordParticipation", "the parent took part")
HEARING = {
    HearingStage.SCHEDULED: (step("ArrangeRemoteParticipation", "who cannot come takes part by phone or video"), TOOK_PART),
    HearingStage.ARRANGED: (TOOK_PART,),
    HearingStage.MISSED: (TOOK_PART, step("ScheduleHearing", "the parent's part is made up for")),
}
ASK_TIME = step("RequestReunificationExtension", "a parent is detained or deported, or status stands in the way")
GIVE_TIME = step("ExtendReunificationPeriod", "the court gave more time, by its order")
TIME = {
    TimeStage.RUNNING: (ASK_TIME, GIVE_TIME), TimeStage.EXTENDED_18: (ASK_TIME, GIVE_TIME),
}


def detained(case: Case, standing: Agency, now: datetime) -> Iterator[Stand]:
    """Each parent said to be detained. Nobody is free because nobody answered."""
    for party_id, detainee in case.detention.detainees.items():
        search: tuple[Step, ...] = ()
        if detainee.stage in SEARCHED:
            routes = search_order(case, standing, party_id)
            search = tuple(Step(route.command, route.words) for route in routes if route.command is not None)
        number = () if detainee.stage in SEARCHED or detainee.a_number.value is not UNKNOWN else (NUMBER,)
        unanswered = any(request.party_id == party_id for request in case.participation.unanswered)
        yield Stand(
            person_ids=(party_id,), what="detained parent", state=detainee.stage.value,
            next=_once((
                *search, *((ANSWERED,) if unanswered else ()), *after(DETENTION, detainee.stage), *number,
                *(() if detainee.stage in OVER else WITH_COUNSEL),
            )),
        )


def _once(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """A command that two tables offer is told once, in the words of the first."""
    return tuple({step.command: step for step in reversed(steps)}[name] for name in dict.fromkeys(s.command for s in steps))


def served(case: Case, standing: Agency, now: datetime) -> Iterator[Stand]:
    for request_id, serving in case.service.servings.items():
        stage = case.service.stage(request_id)
        yield Stand(
            person_ids=(serving.requested.party_id,), what=f"papers by {SERVED_BY[serving.requested.route][0]}",
            state=stage.value, next=after(SERVICE, stage), id=request_id,
        )


def visits(case: Case, standing: Agency, now: datetime) -> Iterator[Stand]:
    for visit_id, visit in case.visits.visits.items():
        planned = visit.planned
        yield Stand(
            person_ids=(*planned.child_ids, planned.party_id), state=visit.stage.value,
            what=f"visit on {planned.planned_for.astimezone(ZoneInfo(planned.planned_zone)):%d %b %Y}",
            next=after(VISIT, visit.stage), id=visit_id,
        )


def hearings(case: Case, standing: Agency, now: datetime) -> Iterator[Stand]:
    """Each parent's part in each hearing about their children that no other hearing replaced."""
    for hearing_id, hearing in case.court.hearings.items():
        for person in case.intake.people.values():
            if person.role not in PARENTS or not set(person.child_ids) & set(hearing.child_ids):
                continue
            stage = case.court.stage(hearing_id, person.person_id, now)
            if stage is not HearingStage.REPLACED:
                at = hearing.scheduled_for.astimezone(ZoneInfo(hearing.scheduled_zone))
                yield Stand(
                    person_ids=(person.person_id,), what=f"hearing on {at:%d %b %Y %H:%M}", state=stage.value,
                    next=after(HEARING, stage), id=hearing_id,
                )


def time_to_reunify(case: Case, standing: Agency, now: datetime) -> Iterator[Stand]:
    """Each clock, on the agency's own day."""
    today = now.astimezone(ZoneInfo(standing.zone)).date()
    for clock_id, clock in case.reunification_time.clocks.items():
        stage = time_stage(case, clock_id, today)
        if stage is not None:
            yield Stand(
                person_ids=(clock.child_id,), what=f"{clock.months} months, until {clock.ends_on:%d %b %Y}",
                state=stage.value, next=after(TIME, stage), id=clock_id,
            )
