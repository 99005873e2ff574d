"""A child comes back to the US: taken away or left abroad, asked back, assessed, returned."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from domain.case.custody import CustodyTaken
from domain.case.intake import OUR_ID, personal, require_child
from domain.case.keys import Keys
from domain.case.reunification import ChildReunifiedAbroad
from domain.countries import country
from domain.events import Compartment, Envelope, Event, boxed, clear, event
from domain.facts import Register
from domain.personal import Known, Personal
from domain.refusals import Refused
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.case.state import Case


class Initiator(StrEnum):
    """Who may ask the agency for a return (domain.md L460-466)."""

    DOS = "dos"
    ISS = "iss"
    CONSULATE = "consulate"


class AssessmentSource(StrEnum):
    ISS = "iss"
    DOS = "dos"
    DIF = "dif"


class AbductionWarning(StrEnum):
    CUSTODY_DIFFERS = "custody_differs"  # the report and the record differ on whether the child was in custody


@event("casebridge.repatriation.ChildAbductionReported")
class ChildAbductionReported(Event):
    """A child was reported taken away."""

    report_id: UUID = clear(OUR_ID)
    child_id: UUID = clear(OUR_ID)
    in_custody: bool = clear("whether the agency had custody, which stands clear by its own events")
    warnings: tuple[AbductionWarning, ...] = clear("codes of what looked odd; they name nobody")


@event("casebridge.repatriation.RepatriationToUsRequested")
class RepatriationToUsRequested(Event):
    """Somebody abroad, or who speaks for them, asked the agency to take a child back to the US."""

    request_id: UUID = clear(OUR_ID)
    child_id: UUID = clear(OUR_ID)
    initiator: Initiator = clear("which of three kinds of body asked; no country")
    from_country: Personal[str] = boxed(Compartment.IDENTITY, about="child_id", meaning="country where the child is")


@event("casebridge.repatriation.BioPsychoSocialAssessmentCompleted")
class BioPsychoSocialAssessmentCompleted(Event):
    """The agency assessed what a child who comes back will need, from what others told."""

    assessment_id: UUID = clear(OUR_ID)
    request_id: UUID = clear(OUR_ID)
    child_id: UUID = clear(OUR_ID)
    sources: tuple[AssessmentSource, ...] = clear("which of three bodies told something; not what")


@event("casebridge.repatriation.ChildRepatriatedToUs")
class ChildRepatriatedToUs(Event):
    """A child came back to the US."""

    request_id: UUID = clear(OUR_ID)
    child_id: UUID = clear(OUR_ID)
    via: Personal[str] = boxed(Compartment.IDENTITY, about="child_id", meaning="by what way, and with whom")


class RepatriationStage(StrEnum):
    REQUESTED = "requested"
    ASSESSED = "assessed"
    TRAVEL_SET = "travel_set"
    RETURNED = "returned"


@dataclass(frozen=True, kw_only=True, slots=True)
class ReturnRequest:
    requested: RepatriationToUsRequested
    requested_at: datetime
    is_assessed: bool = False
    returned_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Repatriation:
    """Returns asked for; and of each child whether it was last known here, won by what occurred last."""

    requests: Mapping[UUID, ReturnRequest] = field(default_factory=dict)
    here: Mapping[UUID, Register[bool]] = field(default_factory=dict)

    def is_here(self, child_id: UUID) -> bool:
        """Whether the record last shows the child in the US. Where it shows nothing, nobody can tell: no."""
        register = self.here.get(child_id)
        return register is not None and register.value == Known(True)


def stage_of(case: Case, request_id: UUID) -> RepatriationStage | None:
    request = case.repatriation.requests.get(request_id)
    if request is None:
        return None
    if request.returned_at is not None:
        return RepatriationStage.RETURNED
    if case.placement.travel_for(request_id) is not None:
        return RepatriationStage.TRAVEL_SET
    return RepatriationStage.ASSESSED if request.is_assessed else RepatriationStage.REQUESTED


@command
class ReportChildAbduction(Command):
    """Record that a child was reported taken away, and whether the agency had custody then."""

    report_id: UUID
    child_id: UUID
    in_custody: bool


@command
class RequestRepatriation(Command):
    """Record that the State Department, ISS or a consulate asked for a child's return to the US."""

    request_id: UUID
    child_id: UUID
    initiator: Initiator
    from_country: str | None = None


@command
class CompleteBioPsychoSocialAssessment(Command):
    """Record that a child's needs were assessed, and who told the agency what it rests on."""

    assessment_id: UUID
    request_id: UUID
    sources: tuple[AssessmentSource, ...]


@command
class RecordRepatriation(Command):
    """Record that a child came back to the US on a request."""

    request_id: UUID
    via: str | None = None


def report_abduction(submission: Submission[ReportChildAbduction], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_child(case, wish.child_id)
    was_in_custody = any(
        e.taken_at <= submission.occurred_at and (e.ended_at is None or submission.occurred_at <= e.ended_at)
        for e in case.custody.episodes_of(wish.child_id)
    )
    differs = was_in_custody is not wish.in_custody
    return case.once(wish.report_id, ChildAbductionReported(
        report_id=wish.report_id, child_id=wish.child_id, in_custody=wish.in_custody,
        warnings=(AbductionWarning.CUSTODY_DIFFERS,) if differs else (),
    ))


def request_return(submission: Submission[RequestRepatriation], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_child(case, wish.child_id)
    if wish.from_country is not None and country(wish.from_country, "from_country") == "US":
        raise Refused("a child returns to the US from another country", rule="P13", field="from_country")
    recordings = case.once(wish.request_id, RepatriationToUsRequested(
        request_id=wish.request_id, child_id=wish.child_id, initiator=wish.initiator,
        from_country=personal(wish.from_country),
    ))
    if recordings and case.repatriation.is_here(wish.child_id):
        raise Refused("the record shows this child in the US already", rule="P13", field="child_id")
    return recordings


def complete_assessment(submission: Submission[CompleteBioPsychoSocialAssessment], case: Case) -> Sequence[Recording]:
    wish = submission.command
    request = _request(case, wish.request_id)
    if not wish.sources:
        raise Refused("name who told the agency what the assessment rests on", rule="SDC-REPAT-ASSESS", field="sources")
    return case.once(wish.assessment_id, BioPsychoSocialAssessmentCompleted(
        assessment_id=wish.assessment_id, request_id=wish.request_id, child_id=request.requested.child_id,
        sources=tuple(dict.fromkeys(wish.sources)),
    ))


def record_return(submission: Submission[RecordRepatriation], case: Case) -> Sequence[Recording]:
    wish = submission.command
    request = _request(case, wish.request_id)
    if submission.occurred_at < request.requested_at:
        raise Refused("the child had come back before anyone asked", rule="P13", field="occurred_at")
    recordings = case.once((wish.request_id, "returned"), ChildRepatriatedToUs(
        request_id=wish.request_id, child_id=request.requested.child_id, via=personal(wish.via),
    ))
    if recordings and case.repatriation.is_here(request.requested.child_id):
        raise Refused("the record shows this child in the US already", rule="P13", field="request_id")
    return recordings


def _request(case: Case, request_id: UUID) -> ReturnRequest:
    request = case.repatriation.requests.get(request_id)
    if request is None:
        raise Refused("no return to the US was asked for under this id", rule="P13", field="request_id")
    return request


def _where(state: Repatriation, child_id: UUID, envelope: Envelope, is_here: bool) -> Repatriation:
    register: Register[bool] = state.here.get(child_id, Register())
    return replace(state, here={**state.here, child_id: register.tell(envelope, "here", Known(is_here))})


def _taken(state: Repatriation, told: CustodyTaken, envelope: Envelope) -> Repatriation:
    return _where(state, told.child_id, envelope, True)


def _abducted(state: Repatriation, told: ChildAbductionReported, envelope: Envelope) -> Repatriation:
    return _where(state, told.child_id, envelope, False)


def _went_abroad(state: Repatriation, told: ChildReunifiedAbroad, envelope: Envelope) -> Repatriation:
    return _where(state, told.child_id, envelope, False)


def _requested(state: Repatriation, told: RepatriationToUsRequested, envelope: Envelope) -> Repatriation:
    request = ReturnRequest(requested=told, requested_at=envelope.circumstances.occurred_at)
    return replace(state, requests={**state.requests, told.request_id: request})


def _assessed(state: Repatriation, told: BioPsychoSocialAssessmentCompleted, _: Envelope) -> Repatriation:
    request = state.requests.get(told.request_id)
    if request is None:
        return state  # A prefix or a filtered replay may lack the request; a fold never raises (I10).
    return replace(state, requests={**state.requests, told.request_id: replace(request, is_assessed=True)})


def _returned(state: Repatriation, told: ChildRepatriatedToUs, envelope: Envelope) -> Repatriation:
    state = _where(state, told.child_id, envelope, True)
    request = state.requests.get(told.request_id)
    if request is None:
        return state
    returned = replace(request, returned_at=envelope.circumstances.occurred_at)
    return replace(state, requests={**state.requests, told.request_id: returned})


INITIAL = Repatriation()
DECIDES = {
    ReportChildAbduction: report_abduction, RequestRepatriation: request_return,
    CompleteBioPsychoSocialAssessment: complete_assessment, RecordRepatriation: record_return,
}
EVOLVES = {
    CustodyTaken: _taken, ChildReunifiedAbroad: _went_abroad, ChildAbductionReported: _abducted,
    RepatriationToUsRequested: _requested, BioPsychoSocialAssessmentCompleted: _assessed,
    ChildRepatriatedToUs: _returned,
}
KEYS: Keys = {
    ChildAbductionReported: lambda e: e.report_id, RepatriationToUsRequested: lambda e: e.request_id,
    BioPsychoSocialAssessmentCompleted: lambda e: e.assessment_id,
    ChildRepatriatedToUs: lambda e: (e.request_id, "returned"),
}
