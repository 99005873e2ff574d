"""P01, P02 and P18: custody, where people are from, the notice to a consulate, and what consulates are asked for."""
from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from domain.agency.state import Agency
from domain.case.acts import Act, ActStage, acts_of
from domain.case.citizenship import CitizenshipStage
from domain.case.consular_service import ServiceStage
from domain.case.custody import CustodyStage
from domain.case.next_routes import next_routes
from domain.case.processes.states import Stand, Step, after, step
from domain.case.state import Case
from domain.people import PARENTS
from domain.personal import known_or

ASK = step("RecordProxyAnswer", "a proxy question is a lawful way to ask; status never is")
INFORM = step("ObtainCitizenshipInformation", "record what was learned, with its source")
PAPER = step("ObtainCitizenshipDocument", "a paper may show it")
CORRECT = step("CorrectCitizenship", "where what is recorded was never true")
DETERMINE = step("DetermineCitizenship", "a named person decides on the evidence, or that nobody can tell")
CUSTODY = {
    CustodyStage.NONE: (
        step("PlanCustody", "it was decided to take the child"), step("TakeIntoCustody", "the child was taken"),
    ),
    CustodyStage.PLANNED: (step("TakeIntoCustody", "the child was taken"),),
    CustodyStage.TAKEN: (step("EndCustody", "custody ended"),),
    CustodyStage.ENDED: (step("TakeIntoCustody", "the child was taken again"),),
}
ORIGIN = {
    CitizenshipStage.UNKNOWN: (ASK, PAPER, step("ConsultCitizenshipSource", "another way than papers"), INFORM),
    CitizenshipStage.INFORMATION_OBTAINED: (DETERMINE, INFORM, CORRECT),
    CitizenshipStage.DETERMINED: (INFORM, CORRECT),
    CitizenshipStage.CORRECTED: (DETERMINE, INFORM, CORRECT),
    CitizenshipStage.UNDETERMINABLE: (INFORM,),
}
PREPARE = step("PrepareConsularNotification", "the notice goes out by the agency's form; no optional item holds it up")
NOTIFIED = step("RecordConsulateNotified", "the consulate was told in person, or by a letter")
NONE_HERE = step("RecordNoticeUndeliverable", "the country has no consulate here, or the notice came back")
NOTICE: dict[str, tuple[Step, ...]] = {
    "due": (PREPARE, NONE_HERE), "missed": (PREPARE, NONE_HERE),
    "prepared": (step("ReleaseDisclosure", "a person lets it leave, as it will be read"),),
    "released": (NOTIFIED, NONE_HERE),
    "sent": (step("RecordAcknowledgement", "the consulate said that it has it"), NONE_HERE),
    "acknowledged": (step("RequestConsularService", "the consulate may help; it may contact and advise its national"),),
    "undeliverable": (PREPARE,),
}
UNROUTED = step("RouteToOffice", "several offices, or none, are listed: a person names one")


def custody_and_origin(case: Case, standing: Agency, now: datetime) -> Iterator[Stand]:
    """Each child's custody; then of each child and parent, whether it is known where they are from."""
    for child in case.intake.children:
        stage = case.custody.stage(child.person_id)
        yield Stand(person_ids=(child.person_id,), what="custody", state=stage.value, next=after(CUSTODY, stage))
    for person in case.intake.people.values():
        if person.role is None or person.role in PARENTS:
            origin = case.citizenship.stage(person.person_id)
            yield Stand(
                person_ids=(person.person_id,), what="nationality and birth country", state=origin.value,
                next=after(ORIGIN, origin),
            )


def notices(case: Case, standing: Agency, now: datetime) -> Iterator[Stand]:
    """Each notice owed to a consulate, prepared for one, or told."""
    for act in acts_of(case, standing.packs_at(now)):
        if act.recipient_kind.startswith("CONS-"):
            state = _state(case, act)
            is_unrouted = act.office is None and state in ("due", "missed")
            yield Stand(
                person_ids=act.child_ids, what=f"notice to {act.office or act.recipient_kind}", state=state,
                next=(*((UNROUTED,) if is_unrouted else ()), *after(NOTICE, state)),
                id=act.notice.prepared.notice_id if act.notice else None,
            )


SERVICE = {
    ServiceStage.REQUESTED: (
        step("RecordAcknowledgement", "the consulate said that it has the request"),
        step("AnswerConsularService", "done, declined, or not able to"),
    ),
    ServiceStage.ACKNOWLEDGED: (step("AnswerConsularService", "done, declined, or not able to"),),
    ServiceStage.DONE: (step("RecordIdentityVerification", "where it was asked who somebody is"),),
    ServiceStage.CONTRADICTED: (step("AnswerConsularService", "a person asks which answer holds"),),
}


TURNED_DOWN = (ServiceStage.DECLINED, ServiceStage.UNABLE)


def services(case: Case, standing: Agency, now: datetime) -> Iterator[Stand]:
    """What consulates were asked for. Silence leaves a request where it is."""
    for request_id, request in case.consular_services.requests.items():
        stage = case.consular_services.stage(request_id)
        if stage is not None:
            service = known_or(request.requested.service, None)
            elsewhere = _elsewhere(case, standing, request_id, now) if stage in TURNED_DOWN else ()
            yield Stand(
                person_ids=request.requested.child_ids, state=stage.value, id=request_id,
                next=(*after(SERVICE, stage), *elsewhere),
                what=f"{service.value.replace('_', ' ') if service else 'service'} by {request.requested.office}",
            )


def _elsewhere(case: Case, standing: Agency, request_id: UUID, now: datetime) -> tuple[Step, ...]:
    """Whom else the guide describes for what a consulate would not or could not do."""
    request = case.requests.asked.get(request_id)
    routes = [] if request is None else next_routes(case, standing, request, now)
    return tuple(Step(route.command, route.words) for route in routes if route.command is not None)


def _state(case: Case, act: Act) -> str:
    if act.notice is not None and act.notice.corrected is not None:
        return "corrected"
    match act.stage:
        case ActStage.WITHDRAWN:
            return "withdrawn"
        case ActStage.DONE:
            id = act.notice.prepared.notice_id if act.notice else None
            return "acknowledged" if id in case.consular_services.acknowledged else "sent"
        case ActStage.OWED:
            return "missed" if act.was_missed else "due"
        case ActStage.PREPARED | ActStage.RELEASED:
            came_back = {told.notice_id for told in case.consular_services.undeliverable}
            if act.notice is not None and act.notice.prepared.notice_id in came_back:
                return "undeliverable"
            return "prepared" if act.stage is ActStage.PREPARED else "released"
