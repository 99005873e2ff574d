"""Which events ask others for something, and which reply: the words of the stream, and no rule."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from domain.case.clearance import InternationalHomeClearanceRequested
from domain.case.consular import ConsularNotificationCorrected, ConsulateNotified
from domain.case.consular_service import ConsularServiceAnswered, ConsularServiceRequested
from domain.case.detention import DetaineeLocatorSearched, DetentionEnded, IceDetaineeLocated
from domain.case.documents import DocumentReceived, DocumentRequested, DocumentUnobtainable
from domain.case.kin import (
    DifHomeStudyRequested,
    HomeStudyCompleted,
    HomeStudyFailed,
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
from domain.events import Event
from domain.requests import AskedFor

ReplyKey = UUID | tuple[AskedFor, UUID]
"""What a reply names: the request itself, or, where it does not, what was asked and about whom."""


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
