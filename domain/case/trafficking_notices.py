"""Who else is told that a child may have been trafficked: the unit, a task force, hotlines, a prosecutor, a service."""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.case.intake import OUR_ID, personal, require_child
from domain.case.keys import Keys
from domain.events import Compartment, Envelope, Event, boxed, clear, event
from domain.personal import Known, Personal
from domain.refusals import Refused
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.case.state import Case

# Immigration status is in none of these notices: no field of them could hold it (domain.md 5.3, B6).
SANCTUARY = "SCC"  # no cooperation with law enforcement; its agency may widen that by a rule of its own


class HotlineNumber(StrEnum):
    NJ_STATE = "nj_state"
    POLARIS = "polaris"


class OnwardBody(StrEnum):
    """Who learns it through the one that was told."""

    DHS = "dhs"
    FBI = "fbi"
    LAW_ENFORCEMENT = "law_enforcement"
    OTHER = "other"


PASSED_ON = {HotlineNumber.POLARIS: (OnwardBody.DHS, OnwardBody.FBI), HotlineNumber.NJ_STATE: ()}


class AvanzarPurpose(StrEnum):
    SCREENING = "screening"
    SERVICES = "services"


class Told(StrEnum):
    """Whom, by the codes of partners."""

    UNIT = "TRF-UNIT"
    TASK_FORCE = "TF-SD"
    LAW_ENFORCEMENT = "LE"
    STATE_HOTLINE = "HOTLINE-NJ"
    POLARIS = "POLARIS"
    PROSECUTOR = "PROS-NJ"
    AVANZAR = "AVANZAR"


@event("casebridge.trafficking.TraffickingUnitNotified")
class TraffickingUnitNotified(Event):
    """The agency's own unit for trafficked children was told of a child."""

    child_id: UUID = clear(OUR_ID)
    notice_id: UUID = clear(OUR_ID)
    unit: str = clear("a unit of the agency, nothing about a person")


@event("casebridge.trafficking.TaskForceNotified")
class TaskForceNotified(Event):
    """The task force on human trafficking was told of a child."""

    child_id: UUID = clear(OUR_ID)
    notice_id: UUID = clear(OUR_ID)


@event("casebridge.trafficking.LawEnforcementCrossReported")
class LawEnforcementCrossReported(Event):
    """Suspected trafficking of a child was reported to law enforcement as well."""

    child_id: UUID = clear(OUR_ID)
    notice_id: UUID = clear(OUR_ID)
    agency: Personal[str] = boxed(Compartment.TRAFFICKING, about="child_id", meaning="which agency of law enforcement")
    report_no: Personal[str] = boxed(Compartment.TRAFFICKING, about="child_id", meaning="its number of the report")


@event("casebridge.trafficking.TraffickingHotlineNotified")
class TraffickingHotlineNotified(Event):
    """A trafficking hotline was told of a child. What it passes on, others know too."""

    child_id: UUID = clear(OUR_ID)
    notice_id: UUID = clear(OUR_ID)
    line: HotlineNumber = clear("which of two hotlines, nothing about a person")
    onward_disclosure: tuple[OnwardBody, ...] = clear("bodies to which this hotline passes on every notice")


@event("casebridge.trafficking.PolarisReportReceived")
class PolarisReportReceived(Event):
    """Polaris reported to the agency about a child of the case."""

    child_id: UUID = clear(OUR_ID)
    report_id: UUID = clear(OUR_ID)
    polaris_ref: Personal[str] = boxed(Compartment.TRAFFICKING, about="child_id", meaning="the hotline's own reference")


@event("casebridge.trafficking.ProsecutorLiaisonNotified")
class ProsecutorLiaisonNotified(Event):
    """The county prosecutor's liaison for human trafficking was told of a child."""

    child_id: UUID = clear(OUR_ID)
    notice_id: UUID = clear(OUR_ID)
    county: Personal[str] = boxed(Compartment.TRAFFICKING, about="child_id", meaning="which county's prosecutor")


@event("casebridge.trafficking.AvanzarReferralMade")
class AvanzarReferralMade(Event):
    """A child was referred to the contracted agency that screens and supports possible victims."""

    child_id: UUID = clear(OUR_ID)
    referral_id: UUID = clear(OUR_ID)
    purpose: Personal[AvanzarPurpose] = boxed(Compartment.TRAFFICKING, about="child_id", meaning="screening or services")


@event("casebridge.trafficking.IndividualServicePlanAdopted")
class IndividualServicePlanAdopted(Event):
    """A plan of services with goals of its own was adopted for a child."""

    child_id: UUID = clear(OUR_ID)
    plan_id: UUID = clear(OUR_ID)
    goals_ref: Personal[str] = boxed(Compartment.TRAFFICKING, about="child_id", meaning="where the goals are kept")


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    told: Told
    event_id: UUID
    occurred_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class TraffickingNotices:
    notices: Mapping[UUID, tuple[Notice, ...]] = field(default_factory=dict)

    def of(self, child_id: UUID) -> tuple[Notice, ...]:
        return self.notices.get(child_id, ())


@command
class NotifyTraffickingUnit(Command):
    """Record that the agency's trafficking unit was told of a child."""

    notice_id: UUID
    child_id: UUID
    unit: str


@command
class NotifyTaskForce(Command):
    """Record that the human trafficking task force was told of a child."""

    notice_id: UUID
    child_id: UUID


@command
class CrossReportToLawEnforcement(Command):
    """Record a report of suspected trafficking to law enforcement."""

    notice_id: UUID
    child_id: UUID
    agency: str
    report_no: str | None = None


@command
class NotifyTraffickingHotline(Command):
    """Record that a hotline was told of a child. Whom Polaris tells in turn is added; name others that you know of."""

    notice_id: UUID
    child_id: UUID
    line: HotlineNumber
    onward_disclosure: tuple[OnwardBody, ...] = ()


@command
class ReceivePolarisReport(Command):
    """Record a report of Polaris about a child of the case."""

    report_id: UUID
    child_id: UUID
    polaris_ref: str


@command
class NotifyProsecutorLiaison(Command):
    """Record that the county prosecutor's liaison was told of a child."""

    notice_id: UUID
    child_id: UUID
    county: str


@command
class ReferToAvanzar(Command):
    """Record a referral for screening or for services; one for each."""

    referral_id: UUID
    child_id: UUID
    purpose: AvanzarPurpose


@command
class AdoptIndividualServicePlan(Command):
    """Record that a plan of services was adopted for a child."""

    plan_id: UUID
    child_id: UUID
    goals_ref: str


def notify_unit(submission: Submission[NotifyTraffickingUnit], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_child(case, wish.child_id)
    return case.once(wish.notice_id, TraffickingUnitNotified(
        child_id=wish.child_id, notice_id=wish.notice_id, unit=wish.unit,
    ))


def _refuse_in_sanctuary(submission: Submission[Any]) -> None:
    if submission.standing.jurisdiction == SANCTUARY:
        raise Refused("this county does not work with law enforcement", rule="SCC-PRIV-SANCTUARY")


def notify_task_force(submission: Submission[NotifyTaskForce], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_child(case, wish.child_id)
    _refuse_in_sanctuary(submission)
    return case.once(wish.notice_id, TaskForceNotified(child_id=wish.child_id, notice_id=wish.notice_id))


def cross_report(submission: Submission[CrossReportToLawEnforcement], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_child(case, wish.child_id)
    _refuse_in_sanctuary(submission)
    return case.once(wish.notice_id, LawEnforcementCrossReported(
        child_id=wish.child_id, notice_id=wish.notice_id, agency=Known(wish.agency), report_no=personal(wish.report_no),
    ))


def notify_hotline(submission: Submission[NotifyTraffickingHotline], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_child(case, wish.child_id)
    return case.once(wish.notice_id, TraffickingHotlineNotified(
        child_id=wish.child_id, notice_id=wish.notice_id, line=wish.line,
        onward_disclosure=tuple(dict.fromkeys((*PASSED_ON[wish.line], *wish.onward_disclosure))),
    ))


def receive_polaris(submission: Submission[ReceivePolarisReport], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_child(case, wish.child_id)
    return case.once(wish.report_id, PolarisReportReceived(
        child_id=wish.child_id, report_id=wish.report_id, polaris_ref=Known(wish.polaris_ref),
    ))


def notify_prosecutor(submission: Submission[NotifyProsecutorLiaison], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_child(case, wish.child_id)
    return case.once(wish.notice_id, ProsecutorLiaisonNotified(
        child_id=wish.child_id, notice_id=wish.notice_id, county=Known(wish.county),
    ))


def refer_to_avanzar(submission: Submission[ReferToAvanzar], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_child(case, wish.child_id)
    return case.once(wish.referral_id, AvanzarReferralMade(
        child_id=wish.child_id, referral_id=wish.referral_id, purpose=Known(wish.purpose),
    ))


def adopt_service_plan(submission: Submission[AdoptIndividualServicePlan], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_child(case, wish.child_id)
    return case.once(wish.plan_id, IndividualServicePlanAdopted(
        child_id=wish.child_id, plan_id=wish.plan_id, goals_ref=Known(wish.goals_ref),
    ))


def _tell(state: TraffickingNotices, child_id: UUID, envelope: Envelope, told: Told) -> TraffickingNotices:
    circumstances = envelope.circumstances
    notice = Notice(told=told, event_id=circumstances.event_id, occurred_at=circumstances.occurred_at)
    return TraffickingNotices(notices={**state.notices, child_id: (*state.of(child_id), notice)})


def _telling(told: Told) -> Callable[[TraffickingNotices, Any, Envelope], TraffickingNotices]:
    return lambda state, event, envelope: _tell(state, event.child_id, envelope, told)


def _hotline(state: TraffickingNotices, event: TraffickingHotlineNotified, envelope: Envelope) -> TraffickingNotices:
    told = Told.POLARIS if event.line is HotlineNumber.POLARIS else Told.STATE_HOTLINE
    return _tell(state, event.child_id, envelope, told)


def _kept(state: TraffickingNotices, _: Event, __: Envelope) -> TraffickingNotices:
    """Nobody was told by it."""
    return state


INITIAL = TraffickingNotices()
DECIDES = {
    NotifyTraffickingUnit: notify_unit, NotifyTaskForce: notify_task_force, CrossReportToLawEnforcement: cross_report,
    NotifyTraffickingHotline: notify_hotline, ReceivePolarisReport: receive_polaris,
    NotifyProsecutorLiaison: notify_prosecutor, ReferToAvanzar: refer_to_avanzar,
    AdoptIndividualServicePlan: adopt_service_plan,
}
EVOLVES: dict[type[Event], Callable[[TraffickingNotices, Any, Envelope], TraffickingNotices]] = {
    TraffickingUnitNotified: _telling(Told.UNIT), TaskForceNotified: _telling(Told.TASK_FORCE),
    LawEnforcementCrossReported: _telling(Told.LAW_ENFORCEMENT), TraffickingHotlineNotified: _hotline,
    PolarisReportReceived: _kept, ProsecutorLiaisonNotified: _telling(Told.PROSECUTOR),
    AvanzarReferralMade: _telling(Told.AVANZAR), IndividualServicePlanAdopted: _kept,
}
KEYS: Keys = {
    TraffickingUnitNotified: lambda e: e.notice_id, TaskForceNotified: lambda e: e.notice_id,
    LawEnforcementCrossReported: lambda e: e.notice_id, TraffickingHotlineNotified: lambda e: e.notice_id,
    PolarisReportReceived: lambda e: e.report_id, ProsecutorLiaisonNotified: lambda e: e.notice_id,
    AvanzarReferralMade: lambda e: e.referral_id, IndividualServicePlanAdopted: lambda e: e.plan_id,
}
