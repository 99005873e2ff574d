"""A detained parent takes part in the case: the ICE coordinator, counsel, court, papers and plans for the children."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from domain.case.detention import require_adult, require_reported
from domain.case.intake import OUR_ID, require_child
from domain.case.keys import Keys
from domain.events import Compartment, Envelope, Event, boxed, clear, event
from domain.personal import Known, Personal
from domain.refusals import Refused
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.case.state import Case

# Order-of-deportation information goes to no part of Homeland Security (New Mexico), nor does client information as a
# report (Oregon); elsewhere the coordinator still learns no more than the request needs (domain.md 5.2, 5.3 B1 and B5).
NOT_TOLD_RULE = {"NM": "NM-PRIV-NO-DEPORT", "OR": "OR-PRIV-NO-REPORT"}


class CoordinatorPurpose(StrEnum):
    LOCATE_PARENT = "locate_parent"
    CONTACT_PARENT = "contact_parent"
    ARRANGE_VISIT = "arrange_visit"
    COURT_ATTENDANCE = "court_attendance"
    ADVOCATE_RELEASE = "advocate_release"


class CoordinatorField(StrEnum):
    """What the coordinator may be told at all."""

    CUSTODY = "custody"
    CHILD_NAME = "child_name"
    PARENT_NAME = "parent_name"
    PARENT_BIRTH_DATE = "parent_birth_date"
    PARENT_BIRTHPLACE = "parent_birthplace"
    A_NUMBER = "a_number"
    DETENTION_PLACE = "detention_place"
    HEARING = "hearing"
    VISIT = "visit"
    DOCUMENT_TO_SERVE = "document_to_serve"


class TransportState(StrEnum):
    REQUESTED = "requested"
    GRANTED = "granted"
    REFUSED = "refused"


class CounselKind(StrEnum):
    IMMIGRATION = "immigration"
    RESPONDENT = "respondent"


class ContingencyDocument(StrEnum):
    POWER_OF_ATTORNEY = "poa"
    EMERGENCY_GUARDIANSHIP = "emergency_guardianship"
    EMERGENCY_CONTACTS = "emergency_contacts"
    AFFIDAVIT = "affidavit"


@event("casebridge.detention.ParentalInterestCoordinatorContacted")
class ParentalInterestCoordinatorContacted(Event):
    """The agency wrote to ICE's coordinator for parents: to find, reach or visit one, or to bring one to court."""

    party_id: UUID = clear(OUR_ID)
    request_id: UUID = clear(OUR_ID)
    disclosed_fields: tuple[CoordinatorField, ...] = clear("names of the fields that were told, never their values")
    purpose: Personal[CoordinatorPurpose] = boxed(Compartment.IMMIGRATION, about="party_id", meaning="what was asked for")


@event("casebridge.detention.ParentalInterestCoordinatorResponded")
class ParentalInterestCoordinatorResponded(Event):
    """ICE's coordinator for parents answered a request."""

    party_id: UUID = clear(OUR_ID)
    request_id: UUID = clear(OUR_ID)
    response_id: UUID = clear(OUR_ID)
    outcome: Personal[str] = boxed(Compartment.IMMIGRATION, about="party_id", meaning="the answer, in words")


@event("casebridge.detention.DetainedParentCourtTransportArranged")
class DetainedParentCourtTransportArranged(Event):
    """Bringing a detained parent to a hearing was asked for, granted or refused; each is an event of its own."""

    party_id: UUID = clear(OUR_ID)
    transport_id: UUID = clear(OUR_ID)
    hearing_id: UUID = clear(OUR_ID)
    state: TransportState = clear("asked for, granted or refused: no more of the parent than the event's name")


@event("casebridge.detention.DetainedParentReleaseAdvocated")
class DetainedParentReleaseAdvocated(Event):
    """The agency pressed for the release of a parent whose children are left behind."""

    party_id: UUID = clear(OUR_ID)
    advocacy_id: UUID = clear(OUR_ID)
    ground: Personal[str] = boxed(Compartment.IMMIGRATION, about="party_id", meaning="the ground that was given")
    to: Personal[str] = boxed(Compartment.IMMIGRATION, about="party_id", meaning="to whom")


@event("casebridge.detention.DetainedParentReferredToCounsel")
class DetainedParentReferredToCounsel(Event):
    """A detained parent was referred to a programme that represents people."""

    party_id: UUID = clear(OUR_ID)
    referral_id: UUID = clear(OUR_ID)
    programme: Personal[str] = boxed(Compartment.IMMIGRATION, about="party_id", meaning="which programme")


@event("casebridge.detention.CounselCommunicationFacilitated")
class CounselCommunicationFacilitated(Event):
    """The agency made contact possible between a detained parent and counsel. Nothing that was said is recorded."""

    party_id: UUID = clear(OUR_ID)
    communication_id: UUID = clear(OUR_ID)
    counsel_kind: Personal[CounselKind] = boxed(Compartment.IMMIGRATION, about="party_id", meaning="which counsel")


@event("casebridge.detention.ParentalInterestRightsExplained")
class ParentalInterestRightsExplained(Event):
    """Those around the case were told of the ICE Directive on parents, and of the parent's rights."""

    party_id: UUID = clear(OUR_ID)
    explanation_id: UUID = clear(OUR_ID)
    stakeholders: Personal[tuple[str, ...]] = boxed(Compartment.IMMIGRATION, about="party_id", meaning="who was told")


@event("casebridge.detention.ContingencyDocumentExecuted")
class ContingencyDocumentExecuted(Event):
    """A parent signed a paper for the case of being detained or deported."""

    party_id: UUID = clear(OUR_ID)
    document_id: UUID = clear(OUR_ID)
    kind: Personal[ContingencyDocument] = boxed(Compartment.IMMIGRATION, about="party_id", meaning="which paper")


@event("casebridge.detention.FamilyPreparednessPlanMade")
class FamilyPreparednessPlanMade(Event):
    """A parent and the agency planned who would care for the children."""

    party_id: UUID = clear(OUR_ID)
    plan_id: UUID = clear(OUR_ID)
    carer_id: UUID = clear(OUR_ID)
    child_ids: tuple[UUID, ...] = clear(OUR_ID)


@dataclass(frozen=True, kw_only=True, slots=True)
class Participation:
    """`asked` are requests to the coordinator by id, and `answered` those with a response."""

    asked: Mapping[UUID, ParentalInterestCoordinatorContacted] = field(default_factory=dict)
    answered: frozenset[UUID] = frozenset()
    transports: Mapping[UUID, DetainedParentCourtTransportArranged] = field(default_factory=dict)
    plans: Mapping[UUID, FamilyPreparednessPlanMade] = field(default_factory=dict)

    @property
    def unanswered(self) -> list[ParentalInterestCoordinatorContacted]:
        """Silence is no answer, and no consent."""
        return [request for request_id, request in self.asked.items() if request_id not in self.answered]


@command
class ContactParentalInterestCoordinator(Command):
    """Record a request to ICE's coordinator for parents, with the names of the fields that it told."""

    request_id: UUID
    party_id: UUID
    purpose: CoordinatorPurpose
    disclosed_fields: tuple[str, ...]


@command
class RecordCoordinatorResponse(Command):
    """Record the coordinator's answer to a request."""

    response_id: UUID
    request_id: UUID
    party_id: UUID
    outcome: str


@command
class ArrangeCourtTransport(Command):
    """Record that transport to a hearing was requested, granted or refused; all three under one id."""

    transport_id: UUID
    party_id: UUID
    hearing_id: UUID
    state: TransportState


@command
class AdvocateRelease(Command):
    """Record that the agency pressed for a parent's release, on which ground, and to whom."""

    advocacy_id: UUID
    party_id: UUID
    ground: str
    to: str


@command
class ReferDetainedParentToCounsel(Command):
    """Record that a detained parent was referred to a programme of representation."""

    referral_id: UUID
    party_id: UUID
    programme: str


@command
class FacilitateCounselCommunication(Command):
    """Record that contact between a detained parent and counsel was made possible; never what was said."""

    communication_id: UUID
    party_id: UUID
    counsel_kind: CounselKind


@command
class ExplainParentalInterestRights(Command):
    """Record who was told of the Directive and of the parent's rights."""

    explanation_id: UUID
    party_id: UUID
    stakeholders: tuple[str, ...]


@command
class ExecuteContingencyDocument(Command):
    """Record a paper that a parent signed for the case of detention or deportation."""

    document_id: UUID
    party_id: UUID
    kind: ContingencyDocument


@command
class MakeFamilyPreparednessPlan(Command):
    """Record who would care for which children if the parent could not."""

    plan_id: UUID
    party_id: UUID
    carer_id: UUID
    child_ids: tuple[UUID, ...]


def contact_coordinator(submission: Submission[ContactParentalInterestCoordinator], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_reported(case, wish.party_id)
    if not set(wish.disclosed_fields) <= set(CoordinatorField):
        raise Refused(
            f"the coordinator is told no more than {', '.join(CoordinatorField)}",
            rule=NOT_TOLD_RULE.get(submission.standing.jurisdiction, "P04"), field="disclosed_fields",
        )
    return case.once(wish.request_id, ParentalInterestCoordinatorContacted(
        party_id=wish.party_id, request_id=wish.request_id,
        disclosed_fields=tuple(CoordinatorField(name) for name in wish.disclosed_fields), purpose=Known(wish.purpose),
    ))


def record_response(submission: Submission[RecordCoordinatorResponse], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_reported(case, wish.party_id)
    asked = case.participation.asked.get(wish.request_id)
    if asked is None or asked.party_id != wish.party_id:
        raise Refused("no such request about this person is recorded", rule="P04", field="request_id")
    return case.once(wish.response_id, ParentalInterestCoordinatorResponded(
        party_id=wish.party_id, request_id=wish.request_id, response_id=wish.response_id, outcome=Known(wish.outcome),
    ))


def _transport_key(state: TransportState) -> str:
    """Granted and refused answer one request: the second of them is a contradiction, seen and refused."""
    return "requested" if state is TransportState.REQUESTED else "answered"


def arrange_transport(submission: Submission[ArrangeCourtTransport], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_reported(case, wish.party_id)
    requested = case.participation.transports.get(wish.transport_id)
    if wish.state is not TransportState.REQUESTED and (requested is None or requested.party_id != wish.party_id):
        raise Refused("no request for this transport is recorded", rule="P04", field="transport_id")
    if requested is not None and requested.hearing_id != wish.hearing_id:
        raise Refused("this transport is for another hearing", rule="P04", field="hearing_id")
    return case.once((wish.transport_id, _transport_key(wish.state)), DetainedParentCourtTransportArranged(
        party_id=wish.party_id, transport_id=wish.transport_id, hearing_id=wish.hearing_id, state=wish.state,
    ))


def advocate_release(submission: Submission[AdvocateRelease], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_reported(case, wish.party_id)
    return case.once(wish.advocacy_id, DetainedParentReleaseAdvocated(
        party_id=wish.party_id, advocacy_id=wish.advocacy_id, ground=Known(wish.ground), to=Known(wish.to),
    ))


def refer_to_counsel(submission: Submission[ReferDetainedParentToCounsel], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_reported(case, wish.party_id)
    return case.once(wish.referral_id, DetainedParentReferredToCounsel(
        party_id=wish.party_id, referral_id=wish.referral_id, programme=Known(wish.programme),
    ))


def facilitate_counsel(submission: Submission[FacilitateCounselCommunication], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_reported(case, wish.party_id)
    return case.once(wish.communication_id, CounselCommunicationFacilitated(
        party_id=wish.party_id, communication_id=wish.communication_id, counsel_kind=Known(wish.counsel_kind),
    ))


def explain_rights(submission: Submission[ExplainParentalInterestRights], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_reported(case, wish.party_id)
    if not wish.stakeholders:
        raise Refused("say who was told", rule="P04", field="stakeholders")
    return case.once(wish.explanation_id, ParentalInterestRightsExplained(
        party_id=wish.party_id, explanation_id=wish.explanation_id, stakeholders=Known(wish.stakeholders),
    ))


def execute_document(submission: Submission[ExecuteContingencyDocument], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_adult(case, wish.party_id)  # Such papers are signed before anyone is detained.
    return case.once(wish.document_id, ContingencyDocumentExecuted(
        party_id=wish.party_id, document_id=wish.document_id, kind=Known(wish.kind),
    ))


def make_plan(submission: Submission[MakeFamilyPreparednessPlan], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_adult(case, wish.party_id)
    for child_id in wish.child_ids:
        require_child(case, child_id, "child_ids")
    if wish.carer_id == wish.party_id:
        raise Refused("the plan is for when this parent cannot care: name someone else", rule="P04", field="carer_id")
    carer = case.intake.people.get(wish.carer_id)
    if carer is None or carer.role is None:
        raise Refused("the carer is not in the case as an adult: add them first", rule="P04", field="carer_id")
    return case.once(wish.plan_id, FamilyPreparednessPlanMade(
        party_id=wish.party_id, plan_id=wish.plan_id, carer_id=wish.carer_id, child_ids=wish.child_ids,
    ))


def _asked(state: Participation, told: ParentalInterestCoordinatorContacted, _: Envelope) -> Participation:
    return replace(state, asked={**state.asked, told.request_id: told})


def _answered(state: Participation, told: ParentalInterestCoordinatorResponded, _: Envelope) -> Participation:
    return replace(state, answered=state.answered | {told.request_id})


def _transport(state: Participation, told: DetainedParentCourtTransportArranged, _: Envelope) -> Participation:
    known = state.transports.get(told.transport_id)
    if known is not None and told.state is TransportState.REQUESTED:
        return state  # The answer stands, in whichever order the two came.
    return replace(state, transports={**state.transports, told.transport_id: told})


def _planned(state: Participation, told: FamilyPreparednessPlanMade, _: Envelope) -> Participation:
    return replace(state, plans={**state.plans, told.plan_id: told})


def _kept(state: Participation, _: Event, __: Envelope) -> Participation:
    """Recorded for readers; nothing is decided by it."""
    return state


INITIAL = Participation()
DECIDES = {
    ContactParentalInterestCoordinator: contact_coordinator, RecordCoordinatorResponse: record_response,
    ArrangeCourtTransport: arrange_transport, AdvocateRelease: advocate_release,
    ReferDetainedParentToCounsel: refer_to_counsel, FacilitateCounselCommunication: facilitate_counsel,
    ExplainParentalInterestRights: explain_rights, ExecuteContingencyDocument: execute_document,
    MakeFamilyPreparednessPlan: make_plan,
}
EVOLVES = {
    ParentalInterestCoordinatorContacted: _asked, ParentalInterestCoordinatorResponded: _answered,
    DetainedParentCourtTransportArranged: _transport, DetainedParentReleaseAdvocated: _kept,
    DetainedParentReferredToCounsel: _kept, CounselCommunicationFacilitated: _kept, ParentalInterestRightsExplained: _kept,
    ContingencyDocumentExecuted: _kept, FamilyPreparednessPlanMade: _planned,
}
KEYS: Keys = {
    ParentalInterestCoordinatorContacted: lambda e: e.request_id,
    ParentalInterestCoordinatorResponded: lambda e: e.response_id,
    DetainedParentCourtTransportArranged: lambda e: (e.transport_id, _transport_key(e.state)),
    DetainedParentReleaseAdvocated: lambda e: e.advocacy_id, DetainedParentReferredToCounsel: lambda e: e.referral_id,
    CounselCommunicationFacilitated: lambda e: e.communication_id,
    ParentalInterestRightsExplained: lambda e: e.explanation_id, ContingencyDocumentExecuted: lambda e: e.document_id,
    FamilyPreparednessPlanMade: lambda e: e.plan_id,
}
