"""A consulate cannot be told, acknowledges what it got, is asked for a service, and answers."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.agency.agreements import ConsularService
from domain.agency.events import OfficeStage
from domain.case.engagement import OFFICE
from domain.case.intake import OUR_ID, personal, require_children, require_open
from domain.case.keys import Keys
from domain.case.obligations import DutyWithdrawn, WithdrawnBecause
from domain.countries import country
from domain.events import Compartment, Envelope, Event, boxed, clear, event
from domain.partners import CONSULATE, partner
from domain.personal import Known, Personal
from domain.refusals import Contradiction, Refused
from domain.requests import NOT_ACKNOWLEDGED
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.case.state import Case


class UndeliverableBecause(StrEnum):
    NONE_IN_US = "none_in_us"
    BOUNCED = "bounced"
    REFUSED = "refused"


class ServiceOutcome(StrEnum):
    DONE = "done"
    DECLINED = "declined"
    UNABLE = "unable"


class AnswerWarning(StrEnum):
    CONTRADICTS = "contradicts_earlier_answer"


@event("casebridge.consular.ConsularNotificationUndeliverable")
class ConsularNotificationUndeliverable(Event):
    """A notice cannot reach a consulate: its country has none here, or the notice came back or was turned away."""

    attempt_id: UUID = clear(OUR_ID)
    notice_id: UUID | None = clear(OUR_ID)
    child_ids: tuple[UUID, ...] = clear(OUR_ID)
    duty_ids: tuple[UUID, ...] = clear(OUR_ID)
    reason: UndeliverableBecause = clear("one of three reasons; names no country")
    consulate_country: Personal[str] = boxed(
        Compartment.IDENTITY, about="child_ids", meaning="the consulate's country, which tells a nationality"
    )


@event("casebridge.consular.PartnerAcknowledged")
class PartnerAcknowledged(Event):
    """A partner said that it has what the agency sent, or acted on it. It is no answer and agrees to nothing."""

    acknowledgement_id: UUID = clear(OUR_ID)
    request_id: UUID = clear(OUR_ID)
    person_ids: tuple[UUID, ...] = clear(OUR_ID)
    partner: Personal[str] = boxed(
        Compartment.IDENTITY, about="person_ids", meaning="office or code of the partner; a consulate's tells a nationality"
    )
    partner_ref: Personal[str] = boxed(Compartment.IDENTITY, about="person_ids", meaning="the partner's own reference")


@event("casebridge.consular.ConsularServiceRequested")
class ConsularServiceRequested(Event):
    """The agency asked a consulate for a service, with or without an agreement that holds it."""

    request_id: UUID = clear(OUR_ID)
    office: str = clear(OFFICE)
    child_ids: tuple[UUID, ...] = clear(OUR_ID)
    relies_on_agreement: bool = clear("whether an agreement is the ground; says nothing of a person")
    service: Personal[ConsularService] = boxed(Compartment.IDENTITY, about="child_ids", meaning="what was asked for")


@event("casebridge.consular.ConsularServiceAnswered")
class ConsularServiceAnswered(Event):
    """A consulate answered a request for a service: done, declined, or not able to."""

    answer_id: UUID = clear(OUR_ID)
    request_id: UUID = clear(OUR_ID)
    child_ids: tuple[UUID, ...] = clear(OUR_ID)
    outcome: ServiceOutcome = clear("done, declined or unable; what was asked stands elsewhere, encrypted")
    note_ref: Personal[str] = boxed(Compartment.IDENTITY, about="child_ids", meaning="the consulate's note")
    warnings: tuple[AnswerWarning, ...] = clear("codes of what looked odd; they name nobody")


class ServiceStage(StrEnum):
    REQUESTED = "requested"
    ACKNOWLEDGED = "acknowledged"
    DONE = "done"
    DECLINED = "declined"
    UNABLE = "unable"
    CONTRADICTED = "contradicted"  # two answers differ: a person asks which holds


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceRequest:
    requested: ConsularServiceRequested
    requested_at: datetime
    answers: tuple[ConsularServiceAnswered, ...] = ()

    @property
    def outcome(self) -> ServiceOutcome | None:
        """What came of it; None while nothing did, or while answers differ. Silence is no answer."""
        outcomes = {answer.outcome for answer in self.answers}
        return outcomes.pop() if len(outcomes) == 1 else None


@dataclass(frozen=True, kw_only=True, slots=True)
class ConsularServices:
    """`acknowledged` holds every request or notice of the case that a partner acknowledged, whatever its area."""

    requests: Mapping[UUID, ServiceRequest] = field(default_factory=dict)
    acknowledged: Mapping[UUID, datetime] = field(default_factory=dict)
    undeliverable: tuple[ConsularNotificationUndeliverable, ...] = ()

    def stage(self, request_id: UUID) -> ServiceStage | None:
        request = self.requests.get(request_id)
        if request is None:
            return None
        if request.answers:
            return ServiceStage.CONTRADICTED if request.outcome is None else ServiceStage(request.outcome.value)
        return ServiceStage.ACKNOWLEDGED if request_id in self.acknowledged else ServiceStage.REQUESTED


@command
class RecordNoticeUndeliverable(Command):
    """Record that a country has no consulate here, or that a notice (`notice_id`) came back or was turned away."""

    attempt_id: UUID
    country: str
    reason: UndeliverableBecause
    notice_id: UUID | None = None


@command
class RecordAcknowledgement(Command):
    """Record that a partner acknowledged a request or a notice. `partner` is an office, or a code such as ISS."""

    acknowledgement_id: UUID
    request_id: UUID
    partner: str
    partner_ref: str | None = None


@command
class RequestConsularService(Command):
    """Ask a consulate for a service. Where it relies on an agreement, that must be in force and hold the service."""

    request_id: UUID
    office: str
    child_ids: tuple[UUID, ...]
    service: ConsularService
    relies_on_agreement: bool = False


@command
class AnswerConsularService(Command):
    """Record a consulate's answer to a request for a service."""

    answer_id: UUID
    request_id: UUID
    outcome: ServiceOutcome
    note_ref: str | None = None


def record_undeliverable(submission: Submission[RecordNoticeUndeliverable], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_open(case)
    country(wish.country, "country")
    known = case.recorded.get(wish.attempt_id)
    if known is not None:  # Its duties have ended since: only what the sender says is compared.
        if not isinstance(known, ConsularNotificationUndeliverable):
            raise Contradiction("this id was recorded before, for something else", field="attempt_id")
        again = replace(known, consulate_country=Known(wish.country), reason=wish.reason, notice_id=wish.notice_id)
        return case.once(wish.attempt_id, again)
    child_ids, duty_ids = _untold(submission, case)
    recordings = [Recording(event=ConsularNotificationUndeliverable(
        attempt_id=wish.attempt_id, notice_id=wish.notice_id, child_ids=child_ids, duty_ids=duty_ids,
        reason=wish.reason, consulate_country=Known(wish.country),
    ))]
    if wish.reason is UndeliverableBecause.NONE_IN_US:
        recordings += [
            Recording(event=DutyWithdrawn(duty_id=duty_id, reason=WithdrawnBecause.NO_RECIPIENT)) for duty_id in duty_ids
        ]
    return recordings


def _untold(
    submission: Submission[RecordNoticeUndeliverable], case: Case
) -> tuple[tuple[UUID, ...], tuple[UUID, ...]]:
    """The children and the duties of which a consulate cannot be told."""
    wish = submission.command
    kind = f"{CONSULATE}{wish.country}"
    if wish.reason is not UndeliverableBecause.NONE_IN_US:
        notice = None if wish.notice_id is None else case.consular.notices.get(wish.notice_id)
        if notice is None:
            raise Refused("name the notice that came back", rule="P02", field="notice_id")
        office = submission.standing.offices.get(notice.prepared.office)
        if office is not None and office.recipient_kind != kind:
            raise Refused("that notice was for another country's consulate", rule="P02", field="country")
        return notice.prepared.child_ids, notice.prepared.duty_ids
    if any(o.recipient_kind == kind and o.stage is not OfficeStage.ENDED for o in submission.standing.offices.values()):
        raise Refused("the directory has an office of this country", rule="DIRECTORY", field="reason")
    duties = case.obligations.open_duties(kind)
    if not duties:
        raise Refused("no duty toward this country is open", rule="P02", field="country")
    child_ids = tuple(dict.fromkeys(duty.raised.child_id for duty in duties))
    return child_ids, tuple(duty.duty_id for duty in duties)


def record_acknowledgement(submission: Submission[RecordAcknowledgement], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_open(case)
    if wish.partner not in submission.standing.offices:
        partner(wish.partner, "partner")
    person_ids = _whom(case, wish.request_id)
    if not person_ids:
        raise Refused("this case sent nothing under this id", rule="P02", field="request_id")
    sent_at = case.mislinks.occurred(case.recorded[wish.request_id])
    if sent_at is not None and submission.occurred_at < sent_at:
        raise Refused("an acknowledgement is not older than what it acknowledges", rule="P02", field="occurred_at")
    return case.once(wish.acknowledgement_id, PartnerAcknowledged(
        acknowledgement_id=wish.acknowledgement_id, request_id=wish.request_id, person_ids=person_ids,
        partner=Known(wish.partner), partner_ref=personal(wish.partner_ref),
    ))


def _whom(case: Case, request_id: UUID) -> tuple[UUID, ...]:
    """Whom a request or a notice of this case is about; nobody where there is none of this id."""
    sent: Any = case.recorded.get(request_id)
    if sent is None or request_id not in (getattr(sent, "request_id", None), getattr(sent, "notice_id", None)):
        asked = case.requests.asked.get(request_id)  # A referral or a petition goes by an id of another name.
        return () if asked is None or asked.asking.kind in NOT_ACKNOWLEDGED else asked.asking.person_ids
    for name in ("child_ids", "subject_id", "party_id", "person_id", "child_id"):
        about = getattr(sent, name, None)
        if about:
            return about if isinstance(about, tuple) else (about,)
    return ()


def request_service(submission: Submission[RequestConsularService], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_children(case, wish.child_ids)
    office = submission.standing.offices.get(wish.office)
    if office is None:
        raise Refused("no such office in the directory", rule="DECISION-11", field="office")
    if not office.recipient_kind.startswith(CONSULATE):
        raise Refused("this office is no consulate", rule="P18", field="office")
    if wish.relies_on_agreement and wish.request_id not in case.recorded:
        land = office.recipient_kind.removeprefix(CONSULATE)
        agreement = submission.standing.agreements.in_force(land, submission.occurred_at)
        if agreement is None:
            raise Refused("the agency has no agreement with this country", rule="P18", field="relies_on_agreement")
        if wish.service not in agreement.services:
            raise Refused("the agreement does not hold this service", rule="P18", field="service")
    return case.once(wish.request_id, ConsularServiceRequested(
        request_id=wish.request_id, office=wish.office, child_ids=wish.child_ids,
        relies_on_agreement=wish.relies_on_agreement, service=Known(wish.service),
    ))


def answer_service(submission: Submission[AnswerConsularService], case: Case) -> Sequence[Recording]:
    wish = submission.command
    request = case.consular_services.requests.get(wish.request_id)
    if request is None:
        raise Refused("no such service was asked for", rule="P18", field="request_id")
    if submission.occurred_at < request.requested_at:
        raise Refused("an answer is not older than its request", rule="P18", field="occurred_at")
    contradicts = any(answer.outcome is not wish.outcome for answer in request.answers)
    return case.once(wish.answer_id, ConsularServiceAnswered(
        answer_id=wish.answer_id, request_id=wish.request_id, child_ids=request.requested.child_ids,
        outcome=wish.outcome, note_ref=personal(wish.note_ref),
        warnings=(AnswerWarning.CONTRADICTS,) if contradicts else (),
    ))


def _undeliverable(state: ConsularServices, told: ConsularNotificationUndeliverable, _: Envelope) -> ConsularServices:
    return replace(state, undeliverable=(*state.undeliverable, told))


def _acknowledged(state: ConsularServices, told: PartnerAcknowledged, envelope: Envelope) -> ConsularServices:
    at = envelope.circumstances.occurred_at
    first = min(at, state.acknowledged.get(told.request_id, at))
    return replace(state, acknowledged={**state.acknowledged, told.request_id: first})


def _requested(state: ConsularServices, told: ConsularServiceRequested, envelope: Envelope) -> ConsularServices:
    request = ServiceRequest(requested=told, requested_at=envelope.circumstances.occurred_at)
    return replace(state, requests={**state.requests, told.request_id: request})


def _answered(state: ConsularServices, told: ConsularServiceAnswered, _: Envelope) -> ConsularServices:
    request = state.requests.get(told.request_id)
    if request is None:
        return state  # A prefix or a filtered replay may lack the request; a fold never raises (I10).
    answered = replace(request, answers=(*request.answers, told))
    return replace(state, requests={**state.requests, told.request_id: answered})


INITIAL = ConsularServices()
DECIDES = {
    RecordNoticeUndeliverable: record_undeliverable, RecordAcknowledgement: record_acknowledgement,
    RequestConsularService: request_service, AnswerConsularService: answer_service,
}
EVOLVES = {
    ConsularNotificationUndeliverable: _undeliverable, PartnerAcknowledged: _acknowledged,
    ConsularServiceRequested: _requested, ConsularServiceAnswered: _answered,
}
KEYS: Keys = {
    ConsularNotificationUndeliverable: lambda e: e.attempt_id, PartnerAcknowledged: lambda e: e.acknowledgement_id,
    ConsularServiceRequested: lambda e: e.request_id, ConsularServiceAnswered: lambda e: e.answer_id,
}
