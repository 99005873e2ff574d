"""Studies of relatives' homes: asked of DIF or ISS, answered, failed, and asked again."""
from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from domain.case.intake import OUR_ID, personal, require_adult, require_children
from domain.case.keys import Keys
from domain.case.relatives import CourtesyHomeEvaluationRequestedByDif
from domain.dwellings import is_one_home, require_dwelling
from domain.events import Compartment, Envelope, Event, boxed, clear, event
from domain.people import Address
from domain.personal import UNKNOWN, Known, Personal, Withheld
from domain.refusals import Refused
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.case.state import Case

class StudyProvider(StrEnum):
    """Who goes to a home and writes the report."""

    ISS = "iss"
    DIF = "dif"
    CONSULATE = "consulate"
    FOSTER_AGENCY = "foster_agency"
    AGENCY = "agency"


class StudyMode(StrEnum):
    IN_PERSON = "in_person"
    VIRTUAL = "virtual"


class StudyOutcome(StrEnum):
    FAVOURABLE = "favourable"
    UNFAVOURABLE = "unfavourable"
    INCONCLUSIVE = "inconclusive"


class StudyFailure(StrEnum):
    ADDRESS_NOT_FOUND = "address_not_found"
    REFUSED = "refused"
    NO_REPLY = "no_reply"
    WITHDRAWN = "withdrawn"
    NO_CAPACITY = "no_capacity"


class StudyWarning(StrEnum):
    """What a reader of the report should know; it does not make the report less true."""

    REQUEST_HAD_FAILED = "request_had_failed"
    CONTRADICTS_EARLIER_REPORT = "contradicts_earlier_report"  # a person asks which of the two holds


@event("casebridge.kin.IssHomeStudyRequested")
class IssHomeStudyRequested(Event):
    """The agency asked International Social Service to study the home of a relative abroad."""

    request_id: UUID = clear(OUR_ID)
    subject_id: UUID = clear(OUR_ID)
    child_ids: tuple[UUID, ...] = clear(OUR_ID)
    attempt: int = clear("which attempt this is, from 1")
    prior_request_id: UUID | None = clear(OUR_ID)
    country: Personal[str] = boxed(Compartment.IDENTITY, about="subject_id", meaning="country of the home")
    address: Personal[Address] = boxed(Compartment.IDENTITY, about="subject_id", meaning="the dwelling to be studied")
    reason_for_iss: Personal[str] = boxed(
        Compartment.IDENTITY, about="subject_id", meaning="why the study goes to ISS and not through a consulate"
    )


@event("casebridge.kin.DifHomeStudyRequested")
class DifHomeStudyRequested(Event):
    """The agency asked DIF, Mexico's child-welfare agency, to study the home of a relative."""

    request_id: UUID = clear(OUR_ID)
    subject_id: UUID = clear(OUR_ID)
    child_ids: tuple[UUID, ...] = clear(OUR_ID)
    attempt: int = clear("which attempt this is, from 1")
    prior_request_id: UUID | None = clear(OUR_ID)
    municipality: Personal[str] = boxed(
        Compartment.IDENTITY, about="subject_id", meaning="the municipality, by which DIF's office is found"
    )
    address: Personal[Address] = boxed(Compartment.IDENTITY, about="subject_id", meaning="the dwelling to be studied")


@event("casebridge.kin.HomeStudyCompleted")
class HomeStudyCompleted(Event):
    """A study of a home was completed, and its report is there."""

    request_id: UUID = clear(OUR_ID)
    subject_id: UUID = clear(OUR_ID)
    provider: StudyProvider = clear("which kind of body wrote the report")
    mode: StudyMode = clear("whether someone went there or saw it over a screen")
    outcome: Personal[StudyOutcome] = boxed(Compartment.IDENTITY, about="subject_id", meaning="what the report finds")
    report_ref: Personal[str] = boxed(Compartment.IDENTITY, about="subject_id", meaning="the report's reference")
    warnings: tuple[str, ...] = clear("codes of what is odd about the report")
    report_id: UUID | None = clear("our own id, where it is not the first report on this request", default=None)


@event("casebridge.kin.HomeStudyFailed")
class HomeStudyFailed(Event):
    """A study that was asked for did not come about."""

    request_id: UUID = clear(OUR_ID)
    subject_id: UUID = clear(OUR_ID)
    reason: StudyFailure = clear("one of five reasons; says nothing of the home or the people in it")


class StudyStage(StrEnum):
    NEEDED = "needed"
    REQUESTED = "requested"
    ACKNOWLEDGED = "acknowledged"
    COMPLETED = "completed"
    FAILED = "failed"
    RE_REQUESTED = "re_requested"
    CONTRADICTED = "contradicted"  # two reports on one request differ
    ABANDONED = "abandoned"


@dataclass(frozen=True, kw_only=True, slots=True)
class HomeStudy:
    """One request and what came of it. `home` is unknown where no dwelling was named (a clearance)."""

    request_id: UUID
    subject_id: UUID
    provider: StudyProvider
    attempt: int = 1
    prior_request_id: UUID | None = None
    home: Personal[Address] = UNKNOWN
    requested_at: datetime | None = None
    reports: tuple[tuple[datetime, HomeStudyCompleted], ...] = ()
    failed: HomeStudyFailed | None = None

    @property
    def is_live(self) -> bool:
        return not self.reports and self.failed is None

    @property
    def outcome(self) -> Personal[StudyOutcome] | None:
        """What its reports find; None where there is none, or where two that can be read differ."""
        read = {report.outcome for _, report in self.reports if isinstance(report.outcome, Known)}
        if len(read) > 1 or not self.reports:
            return None
        return next(iter(read), self.reports[-1][1].outcome)


@dataclass(frozen=True, kw_only=True, slots=True)
class Kin:
    studies: Mapping[UUID, HomeStudy] = field(default_factory=dict)

    def followed_by(self, request_id: UUID) -> HomeStudy | None:
        return next((s for s in self.studies.values() if s.prior_request_id == request_id), None)

    def stage(self, request_id: UUID, acknowledged: Container[UUID] = ()) -> StudyStage:
        """How one study stands; `acknowledged` are the requests that partners said they have.

        A report counts before a failure, in whatever order the two arrived: that it was late is on the report.
        """
        study = self.studies.get(request_id)
        if study is None:
            return StudyStage.NEEDED
        if study.reports:
            return StudyStage.CONTRADICTED if study.outcome is None else StudyStage.COMPLETED
        if study.failed is None:
            return StudyStage.ACKNOWLEDGED if request_id in acknowledged else StudyStage.REQUESTED
        if self.followed_by(request_id) is not None:
            return StudyStage.RE_REQUESTED
        return StudyStage.ABANDONED if study.failed.reason is StudyFailure.WITHDRAWN else StudyStage.FAILED


@command
class RequestHomeStudy(Command):
    """Ask ISS for a home study. A second attempt names the request that failed."""

    request_id: UUID
    subject_id: UUID
    child_ids: tuple[UUID, ...]
    address: Address
    attempt: int
    prior_request_id: UUID | None = None
    reason_for_iss: str | None = None


@command
class RequestDifHomeStudy(Command):
    """Ask DIF for a study of a home in Mexico. A second attempt names the request that failed."""

    request_id: UUID
    subject_id: UUID
    child_ids: tuple[UUID, ...]
    address: Address
    attempt: int
    prior_request_id: UUID | None = None


@command
class RecordHomeStudy(Command):
    """Record the report of a home study, when it was completed, and the request that it answers.

    A second report on the same request brings a `report_id` of its own; where the two differ, neither counts.
    A study that no request of this case asked for (by a foster agency, a consulate, the agency itself)
    brings the id that its sender gave it.
    """

    request_id: UUID
    subject_id: UUID
    provider: StudyProvider
    mode: StudyMode
    outcome: StudyOutcome
    report_ref: str | None = None
    report_id: UUID | None = None


@command
class RecordHomeStudyFailure(Command):
    """Record that a home study that was asked for will not come, and why."""

    request_id: UUID
    reason: StudyFailure


def _may_be_one_home(study: HomeStudy, subject_id: UUID, address: Address) -> bool:
    if isinstance(study.home, Known):
        return is_one_home(study.home.value, address)
    return isinstance(study.home, Withheld) and study.subject_id == subject_id


def _check_request(wish: RequestHomeStudy | RequestDifHomeStudy, case: Case, provider: StudyProvider) -> None:
    kin = case.kin
    if any(s.is_live and _may_be_one_home(s, wish.subject_id, wish.address) for s in kin.studies.values()):
        raise Refused("a study of this home is under way: await it, or record that it failed", rule="P03", field="address")
    if (wish.attempt == 1) is not (wish.prior_request_id is None):
        raise Refused("a first attempt names no earlier request, a later one does", rule="P03", field="prior_request_id")
    mine = [s for s in kin.studies.values() if s.provider is provider and s.subject_id == wish.subject_id]
    if wish.prior_request_id is None:
        failed = (s for s in mine if s.home is not UNKNOWN and kin.stage(s.request_id) is StudyStage.FAILED)
        if any(failed):
            raise Refused("an earlier request failed: name it", rule="P03", field="prior_request_id")
        return
    prior = next((s for s in mine if s.request_id == wish.prior_request_id), None)
    if prior is None or prior.attempt != wish.attempt - 1:
        raise Refused("the attempt must follow the one it names", rule="P03", field="attempt")
    if prior.failed is None:
        raise Refused("the request that it names has not failed", rule="P03", field="prior_request_id")
    if kin.followed_by(prior.request_id) is not None:
        raise Refused("the request that it names was followed already", rule="P03", field="prior_request_id")


def request_home_study(submission: Submission[RequestHomeStudy], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_adult(case, wish.subject_id, "subject_id")
    require_children(case, wish.child_ids)
    require_dwelling(wish.address, "address")
    if wish.request_id not in case.recorded:
        _check_request(wish, case, StudyProvider.ISS)
    return case.once(wish.request_id, IssHomeStudyRequested(
        request_id=wish.request_id, subject_id=wish.subject_id, child_ids=wish.child_ids, attempt=wish.attempt,
        prior_request_id=wish.prior_request_id, country=Known(wish.address.country), address=Known(wish.address),
        reason_for_iss=personal(wish.reason_for_iss),
    ))


def request_dif_home_study(submission: Submission[RequestDifHomeStudy], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_adult(case, wish.subject_id, "subject_id")
    require_children(case, wish.child_ids)
    require_dwelling(wish.address, "address")
    if wish.address.country != "MX":
        raise Refused("DIF studies homes in Mexico", rule="US-REUNIFY-DIF", field="address.country")
    if wish.address.municipality is None:
        raise Refused("DIF's office is found by the municipality", rule="P03", field="address.municipality")
    if wish.request_id not in case.recorded:
        _check_request(wish, case, StudyProvider.DIF)
    return case.once(wish.request_id, DifHomeStudyRequested(
        request_id=wish.request_id, subject_id=wish.subject_id, child_ids=wish.child_ids, attempt=wish.attempt,
        prior_request_id=wish.prior_request_id, municipality=Known(wish.address.municipality),
        address=Known(wish.address),
    ))


def record_study(submission: Submission[RecordHomeStudy], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_adult(case, wish.subject_id, "subject_id")
    study = case.kin.studies.get(wish.request_id)
    if study is None and wish.provider in {StudyProvider.ISS, StudyProvider.DIF}:
        raise Refused("nobody asked for this study: name its request", rule="P03", field="request_id")
    if study is not None and (study.provider, study.subject_id) != (wish.provider, wish.subject_id):
        raise Refused("this report answers another request", rule="P03", field="request_id")
    if study is not None and study.requested_at is not None and submission.occurred_at < study.requested_at:
        raise Refused("a report is not older than its request", rule="P03", field="occurred_at")
    earlier = [] if study is None else [report.outcome for _, report in study.reports]
    doubts = {
        StudyWarning.REQUEST_HAD_FAILED: study is not None and study.failed is not None,
        StudyWarning.CONTRADICTS_EARLIER_REPORT: any(isinstance(o, Known) and o.value is not wish.outcome for o in earlier),
    }
    return case.once(wish.report_id or (wish.request_id, "completed"), HomeStudyCompleted(
        request_id=wish.request_id, subject_id=wish.subject_id, provider=wish.provider, mode=wish.mode,
        outcome=Known(wish.outcome), report_ref=personal(wish.report_ref), report_id=wish.report_id,
        warnings=tuple(warning for warning, applies in doubts.items() if applies),
    ))


def record_failure(submission: Submission[RecordHomeStudyFailure], case: Case) -> Sequence[Recording]:
    wish = submission.command
    study = case.kin.studies.get(wish.request_id)
    if study is None:
        raise Refused("nobody asked for this study: name its request", rule="P03", field="request_id")
    if study.requested_at is not None and submission.occurred_at < study.requested_at:
        raise Refused("a study cannot fail before it was asked for", rule="P03", field="occurred_at")
    is_over = study.failed is None and any(at <= submission.occurred_at for at, _ in study.reports)
    if is_over:  # A failure from before the report may arrive after it.
        raise Refused("the report of this study is there: it did not fail", rule="P03", field="request_id")
    return case.once((wish.request_id, "failed"), HomeStudyFailed(
        request_id=wish.request_id, subject_id=study.subject_id, reason=wish.reason,
    ))


def with_study(state: Kin, study: HomeStudy) -> Kin:
    """A request as first told, beside an answer that a replay in part may have met before it."""
    known = state.studies.get(study.request_id)
    if known is not None:
        study = replace(study, reports=known.reports, failed=known.failed)
    return Kin(studies={**state.studies, study.request_id: study})


def _asked(state: Kin, told: IssHomeStudyRequested | DifHomeStudyRequested, envelope: Envelope) -> Kin:
    is_iss = isinstance(told, IssHomeStudyRequested)
    return with_study(state, HomeStudy(
        request_id=told.request_id, subject_id=told.subject_id, home=told.address, attempt=told.attempt,
        provider=StudyProvider.ISS if is_iss else StudyProvider.DIF, prior_request_id=told.prior_request_id,
        requested_at=envelope.circumstances.occurred_at,
    ))


def _courtesy(state: Kin, told: CourtesyHomeEvaluationRequestedByDif, envelope: Envelope) -> Kin:
    return with_study(state, HomeStudy(
        request_id=told.request_id, subject_id=told.subject_id, provider=StudyProvider.AGENCY, home=told.home_address,
        requested_at=envelope.circumstances.occurred_at,
    ))


def _answered(state: Kin, told: HomeStudyCompleted, envelope: Envelope) -> Kin:
    unasked = HomeStudy(request_id=told.request_id, subject_id=told.subject_id, provider=told.provider)
    study = state.studies.get(told.request_id, unasked)
    study = replace(study, reports=(*study.reports, (envelope.circumstances.occurred_at, told)))
    return Kin(studies={**state.studies, told.request_id: study})


def _failed(state: Kin, told: HomeStudyFailed, _: Envelope) -> Kin:
    study = state.studies.get(told.request_id)
    if study is None:
        return state  # A prefix or a filtered replay may lack the request; a fold never raises (I10).
    return Kin(studies={**state.studies, told.request_id: replace(study, failed=told)})


INITIAL = Kin()
DECIDES = {
    RequestHomeStudy: request_home_study, RequestDifHomeStudy: request_dif_home_study,
    RecordHomeStudy: record_study, RecordHomeStudyFailure: record_failure,
}
EVOLVES = {
    IssHomeStudyRequested: _asked, DifHomeStudyRequested: _asked,
    CourtesyHomeEvaluationRequestedByDif: _courtesy, HomeStudyCompleted: _answered, HomeStudyFailed: _failed,
}
KEYS: Keys = {
    IssHomeStudyRequested: lambda e: e.request_id, DifHomeStudyRequested: lambda e: e.request_id,
    HomeStudyCompleted: lambda e: e.report_id or (e.request_id, "completed"),
    HomeStudyFailed: lambda e: (e.request_id, "failed"),
}
