"""What left the agency in a case and awaits a reply, whichever area asked; and until when a reply is needed."""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.case.consular import ConsularNotificationCorrected, ConsulateNotified
from domain.case.consular_service import ConsularServiceAnswered, ConsularServiceRequested
from domain.case.detention import DetaineeLocatorSearched, DetentionEnded, IceDetaineeLocated
from domain.case.documents import DocumentReceived, DocumentRequested, DocumentUnobtainable
from domain.case.intake import OUR_ID, personal, require_open
from domain.case.keys import Keys
from domain.case.kin import (
    DifHomeStudyRequested,
    HomeStudyCompleted,
    HomeStudyFailed,
    InternationalHomeClearanceRequested,
    IssHomeStudyRequested,
)
from domain.case.language import TranslationCompleted, TranslationRequested
from domain.case.participation import (
    DetainedParentCourtTransportArranged,
    DetainedParentReferredToCounsel,
    ParentalInterestCoordinatorContacted,
    ParentalInterestCoordinatorResponded,
    TransportState,
)
from domain.case.petitions import ReliefPetitionDecided, ReliefPetitionFiled, SijsPetitionFiled
from domain.case.relief import ImmigrationCounselAssigned, ReliefScreeningCompleted, ReliefScreeningRequested
from domain.case.reunification_time import ReunificationExtensionRequested, ReunificationPeriodExtended
from domain.case.screening import TraffickingScreeningCompleted
from domain.case.service import ServiceCompleted, ServiceOfProcessRequested
from domain.case.trafficking import OtipLetterReceived, OtipReferralSubmitted
from domain.case.trafficking_notices import (
    AvanzarReferralMade,
    IndividualServicePlanAdopted,
    LawEnforcementCrossReported,
    ProsecutorLiaisonNotified,
    TaskForceNotified,
    TraffickingHotlineNotified,
    TraffickingUnitNotified,
)
from domain.events import Compartment, Envelope, Event, boxed, clear, event
from domain.personal import Personal
from domain.plans import require_zone, zone_name
from domain.refusals import Refused
from domain.requests import AskedFor
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.case.state import Case

ReplyKey = UUID | tuple[AskedFor, UUID]
"""What a reply names: the request itself, or, where it does not, what was asked and about whom."""


class NeededFor(StrEnum):
    """Why a reply is needed by a day. A birthday is none of them: its day would tell the birth date."""

    HEARING = "hearing"
    VISIT = "visit"
    TRAVEL = "travel"
    END_OF_TERM = "end_of_term"
    OTHER = "other"


@event("casebridge.requests.NeededByDateSet")
class NeededByDateSet(Event):
    """Somebody settled by when the reply to a request is needed, and what for."""

    setting_id: UUID = clear(OUR_ID)
    request_id: UUID = clear(OUR_ID)
    person_ids: tuple[UUID, ...] = clear(OUR_ID)
    needed_by: datetime = clear("a date of a plan: without it nobody could be reminded")
    needed_zone: str = clear("zone in which the agency reads it")
    needed_for: NeededFor = clear("one of five kinds of reason")
    for_id: UUID | None = clear("our own id of the hearing or the visit")
    reason: Personal[str] = boxed(Compartment.LEGAL, about="person_ids", meaning="why, in words")


@dataclass(frozen=True, slots=True)
class Asking:
    """An event as a request: what for, under which id, about whom, and what a reply to it names."""

    kind: AskedFor
    request_id: UUID
    person_ids: tuple[UUID, ...]
    key: ReplyKey


def _by_request(kind: AskedFor, id_name: str, person_name: str) -> Callable[[Any], Asking]:
    """The reply names the request."""

    def asking(told: Any) -> Asking:
        request_id = getattr(told, id_name)
        return Asking(kind, request_id, _tuple(getattr(told, person_name)), request_id)

    return asking


def _by_person(kind: AskedFor, id_name: str, person_name: str) -> Callable[[Any], Asking]:
    """The reply names the person only."""

    def asking(told: Any) -> Asking:
        person_id = getattr(told, person_name)
        return Asking(kind, getattr(told, id_name), (person_id,), (kind, person_id))

    return asking


def _tuple(ids: UUID | tuple[UUID, ...]) -> tuple[UUID, ...]:
    return ids if isinstance(ids, tuple) else (ids,)


def _transport(told: DetainedParentCourtTransportArranged) -> Asking | None:
    if told.state is not TransportState.REQUESTED:
        return None
    return Asking(AskedFor.COURT_TRANSPORT, told.transport_id, (told.party_id,), told.transport_id)


ASKINGS: Mapping[type[Event], Callable[[Any], Asking | None]] = {
    ConsulateNotified: _by_request(AskedFor.CONSULAR_NOTICE, "notice_id", "child_ids"),
    ConsularServiceRequested: _by_request(AskedFor.CONSULAR_SERVICE, "request_id", "child_ids"),
    DifHomeStudyRequested: _by_request(AskedFor.DIF_HOME_STUDY, "request_id", "subject_id"),
    IssHomeStudyRequested: _by_request(AskedFor.ISS_HOME_STUDY, "request_id", "subject_id"),
    InternationalHomeClearanceRequested: _by_request(AskedFor.HOME_CLEARANCE, "request_id", "subject_id"),
    DetaineeLocatorSearched: _by_person(AskedFor.DETAINEE_SEARCH, "search_id", "party_id"),
    ParentalInterestCoordinatorContacted: _by_request(AskedFor.DETAINEE_COORDINATOR, "request_id", "party_id"),
    DetainedParentCourtTransportArranged: _transport,
    DetainedParentReferredToCounsel: _by_person(AskedFor.COUNSEL_FOR_DETAINEE, "referral_id", "party_id"),
    TraffickingUnitNotified: _by_request(AskedFor.TRAFFICKING_NOTICE, "notice_id", "child_id"),
    TaskForceNotified: _by_request(AskedFor.TRAFFICKING_NOTICE, "notice_id", "child_id"),
    LawEnforcementCrossReported: _by_request(AskedFor.TRAFFICKING_NOTICE, "notice_id", "child_id"),
    TraffickingHotlineNotified: _by_request(AskedFor.TRAFFICKING_NOTICE, "notice_id", "child_id"),
    ProsecutorLiaisonNotified: _by_request(AskedFor.TRAFFICKING_NOTICE, "notice_id", "child_id"),
    OtipReferralSubmitted: _by_person(AskedFor.OTIP_REFERRAL, "referral_id", "child_id"),
    AvanzarReferralMade: _by_person(AskedFor.AVANZAR_REFERRAL, "referral_id", "child_id"),
    ReliefScreeningRequested: _by_person(AskedFor.RELIEF_SCREENING, "request_id", "child_id"),
    SijsPetitionFiled: _by_request(AskedFor.RELIEF_PETITION, "petition_id", "child_id"),
    ReliefPetitionFiled: _by_request(AskedFor.RELIEF_PETITION, "petition_id", "person_id"),
    TranslationRequested: _by_request(AskedFor.TRANSLATION, "request_id", "person_ids"),
    ServiceOfProcessRequested: _by_request(AskedFor.SERVICE_OF_PROCESS, "request_id", "party_id"),
    DocumentRequested: _by_request(AskedFor.DOCUMENT, "request_id", "person_id"),
    ReunificationExtensionRequested: _by_person(AskedFor.REUNIFICATION_EXTENSION, "request_id", "child_id"),
}
"""Every event by which something leaves and a reply is hoped for. A request that reached the agency is none."""


def _request_id(told: Any) -> ReplyKey | None:
    key: UUID | None = told.request_id
    return key


def _transport_reply(told: DetainedParentCourtTransportArranged) -> ReplyKey | None:
    return None if told.state is TransportState.REQUESTED else told.transport_id


REPLIES: Mapping[type[Event], Callable[[Any], ReplyKey | None]] = {
    ConsularNotificationCorrected: lambda e: e.notice_id,  # nobody is waited for over a notice that was taken back
    ConsularServiceAnswered: _request_id,
    HomeStudyCompleted: _request_id,
    HomeStudyFailed: _request_id,
    IceDetaineeLocated: lambda e: (AskedFor.DETAINEE_SEARCH, e.party_id),
    DetentionEnded: lambda e: (AskedFor.DETAINEE_SEARCH, e.party_id),
    ParentalInterestCoordinatorResponded: _request_id,
    DetainedParentCourtTransportArranged: _transport_reply,
    ImmigrationCounselAssigned: lambda e: (AskedFor.COUNSEL_FOR_DETAINEE, e.person_id),
    OtipLetterReceived: lambda e: (AskedFor.OTIP_REFERRAL, e.child_id),
    IndividualServicePlanAdopted: lambda e: (AskedFor.AVANZAR_REFERRAL, e.child_id),
    TraffickingScreeningCompleted: lambda e: (AskedFor.AVANZAR_REFERRAL, e.child_id),
    ReliefScreeningCompleted: lambda e: (AskedFor.RELIEF_SCREENING, e.person_id),
    ReliefPetitionDecided: lambda e: e.petition_id,
    TranslationCompleted: _request_id,
    ServiceCompleted: _request_id,
    DocumentReceived: _request_id,
    DocumentUnobtainable: _request_id,
    ReunificationPeriodExtended: lambda e: (AskedFor.REUNIFICATION_EXTENSION, e.child_id),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    asking: Asking
    event_id: UUID
    asked_at: datetime

    @property
    def request_id(self) -> UUID:
        return self.asking.request_id


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    event_id: UUID
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Requests:
    asked: Mapping[UUID, Request] = field(default_factory=dict)
    replies: Mapping[ReplyKey, tuple[Reply, ...]] = field(default_factory=dict)
    needed_by: Mapping[UUID, tuple[tuple[datetime, int, NeededByDateSet], ...]] = field(default_factory=dict)

    def reply_to(self, request: Request) -> Reply | None:
        """The first reply. One that names only the person counts where it is no older than the request."""
        key = request.asking.key
        replies = [r for r in self.replies.get(key, ()) if isinstance(key, UUID) or r.at >= request.asked_at]
        return min(replies, key=lambda reply: reply.at, default=None)

    def needed(self, request_id: UUID) -> NeededByDateSet | None:
        """By when the reply is needed, as was settled last."""
        told = max(self.needed_by.get(request_id, ()), key=lambda item: item[:2], default=None)
        return None if told is None else told[2]


@command
class SetNeededByDate(Command):
    """Say by when the reply to a request is needed and what for. With `for_id`, a hearing or visit of the case."""

    setting_id: UUID
    request_id: UUID
    needed_by: datetime
    needed_for: NeededFor
    for_id: UUID | None = None
    reason: str | None = None


def set_needed_by(submission: Submission[SetNeededByDate], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_open(case)
    request = case.requests.asked.get(wish.request_id)
    if request is None:
        raise Refused("this case asked for nothing under this id", rule="DECISION-9", field="request_id")
    require_zone(wish.needed_by, rule="DECISION-9", name="needed_by")
    if wish.needed_by < request.asked_at:
        raise Refused("a reply cannot be needed before it was asked for", rule="DECISION-9", field="needed_by")
    known: Mapping[UUID, object] = {}
    if wish.needed_for is NeededFor.HEARING:
        known = case.court.hearings
    elif wish.needed_for is NeededFor.VISIT:
        known = case.visits.visits
    if wish.for_id is not None and wish.for_id not in known:
        raise Refused("no such hearing or visit in this case", rule="DECISION-9", field="for_id")
    if wish.needed_for is NeededFor.OTHER and wish.reason is None:
        raise Refused("say in words what it is needed for", rule="DECISION-9", field="reason")
    return case.once(wish.setting_id, NeededByDateSet(
        setting_id=wish.setting_id, request_id=wish.request_id, person_ids=request.asking.person_ids,
        needed_by=wish.needed_by, needed_zone=zone_name(wish.needed_by, submission.standing.zone),
        needed_for=wish.needed_for, for_id=wish.for_id, reason=personal(wish.reason),
    ))


def _told(state: Requests, told: Event, envelope: Envelope) -> Requests:
    """An event that asks, replies, or does both by turns."""
    circumstances, kind = envelope.circumstances, type(told)
    asking = ASKINGS[kind](told) if kind in ASKINGS else None
    if asking is not None and asking.request_id not in state.asked:
        request = Request(asking=asking, event_id=circumstances.event_id, asked_at=circumstances.occurred_at)
        state = replace(state, asked={**state.asked, asking.request_id: request})
    key = REPLIES[kind](told) if kind in REPLIES else None
    if key is not None:
        reply = Reply(event_id=circumstances.event_id, at=circumstances.occurred_at)
        state = replace(state, replies={**state.replies, key: (*state.replies.get(key, ()), reply)})
    return state


def _needed(state: Requests, told: NeededByDateSet, envelope: Envelope) -> Requests:
    settled = (envelope.circumstances.occurred_at, envelope.version, told)
    before = state.needed_by.get(told.request_id, ())
    return replace(state, needed_by={**state.needed_by, told.request_id: (*before, settled)})


INITIAL = Requests()
DECIDES = {SetNeededByDate: set_needed_by}
EVOLVES: dict[type[Event], Any] = {
    **dict.fromkeys((*ASKINGS, *REPLIES), _told), NeededByDateSet: _needed,
}
KEYS: Keys = {NeededByDateSet: lambda e: e.setting_id}
