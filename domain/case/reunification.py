"""A child goes to a parent or relative abroad: the plan is approved with its papers, and the child arrives."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from domain.case.custody import CustodyEnded
from domain.case.documents import DocumentKind
from domain.case.intake import OUR_ID, require_adult, require_child
from domain.case.keys import Keys
from domain.case.kin import StudyOutcome
from domain.countries import country
from domain.events import Compartment, Envelope, Event, boxed, clear, event
from domain.personal import Known, Personal, Withheld, known_or
from domain.refusals import Refused
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.case.state import Case

TRAVEL_PAPERS = frozenset({DocumentKind.PASSPORT, DocumentKind.TRAVEL_DOCUMENT})


class PlanWarning(StrEnum):
    """A part of a reunification abroad that the record does not show (US-REUNIFY-ABROAD)."""

    NO_FAVOURABLE_STUDY = "no_favourable_study"
    NO_TRAVEL_DOCUMENT = "no_travel_document"
    NO_BIRTH_RECORD = "no_birth_record"
    NO_CASE_FILE = "no_case_file"


class ArrivalWarning(StrEnum):
    NO_TRAVEL_ARRANGED = "no_travel_arranged"


@event("casebridge.reunification.ReunificationPlanAbroadApproved")
class ReunificationPlanAbroadApproved(Event):
    """It was approved that a child goes to live with a parent or relative abroad."""

    plan_id: UUID = clear(OUR_ID)
    child_id: UUID = clear(OUR_ID)
    carer_id: UUID = clear(OUR_ID)
    paper_ids: tuple[UUID, ...] = clear(OUR_ID)
    country: Personal[str] = boxed(Compartment.IDENTITY, about="child_id", meaning="country to which the child goes")
    warnings: tuple[PlanWarning, ...] = clear("names of parts that the record does not show, not what they hold")


@event("casebridge.reunification.ChildReunifiedAbroad")
class ChildReunifiedAbroad(Event):
    """A child arrived with the parent or relative abroad to whom the plan led."""

    plan_id: UUID = clear(OUR_ID)
    child_id: UUID = clear(OUR_ID)
    carer_id: UUID = clear(OUR_ID)
    country: Personal[str] = boxed(Compartment.IDENTITY, about="child_id", meaning="country in which the child arrived")
    warnings: tuple[ArrivalWarning, ...] = clear("codes of what the record does not show")


class ReunificationStage(StrEnum):
    PROPOSED = "proposed"
    STUDIED = "studied"
    PAPERS_READY = "papers_ready"
    APPROVED = "approved"
    TRAVEL_ARRANGED = "travel_arranged"
    REUNIFIED = "reunified"


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanAbroad:
    approved: ReunificationPlanAbroadApproved
    approved_at: datetime
    reunified_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Reunification:
    plans: Mapping[UUID, PlanAbroad] = field(default_factory=dict)


def stage_of(case: Case, child_id: UUID, carer_id: UUID) -> ReunificationStage:
    """How far the way of a child to a carer abroad has come."""
    plans = [
        plan for plan in case.reunification.plans.values()
        if (plan.approved.child_id, plan.approved.carer_id) == (child_id, carer_id)
    ]
    if any(plan.reunified_at is not None for plan in plans):
        return ReunificationStage.REUNIFIED
    if any(case.placement.travel_for(plan.approved.plan_id) for plan in plans):
        return ReunificationStage.TRAVEL_ARRANGED
    if plans:
        return ReunificationStage.APPROVED
    if not may_have_favourable_study(case, carer_id):
        return ReunificationStage.PROPOSED
    missing = set(_missing_papers(case, child_id))
    return ReunificationStage.STUDIED if missing else ReunificationStage.PAPERS_READY


def may_have_favourable_study(case: Case, carer_id: UUID) -> bool:
    """Whether the last study that found anything found this person's home favourable; also where that is withheld.

    A study whose own reports contradict each other found nothing, and neither did an inconclusive one.
    """
    found = [
        (max(at for at, _ in study.reports), study.outcome) for study in case.kin.studies.values()
        if study.subject_id == carer_id and study.outcome is not None
        and study.outcome != Known(StudyOutcome.INCONCLUSIVE)
    ]
    _, last = max(found, key=lambda item: item[0], default=(None, None))
    return last == Known(StudyOutcome.FAVOURABLE) or isinstance(last, Withheld)


def _missing_papers(case: Case, child_id: UUID) -> list[PlanWarning]:
    kinds = {paper.doc_type for paper in case.documents.received.values() if paper.person_id == child_id}
    found = []
    if not kinds & TRAVEL_PAPERS:
        found.append(PlanWarning.NO_TRAVEL_DOCUMENT)
    if DocumentKind.BIRTH_CERTIFICATE not in kinds:
        found.append(PlanWarning.NO_BIRTH_RECORD)
    if DocumentKind.CASE_FILE not in kinds:
        found.append(PlanWarning.NO_CASE_FILE)
    return found


@command
class ApproveReunificationAbroad(Command):
    """Record that a plan was approved by which a child goes to a parent or relative abroad.

    `paper_ids` name received documents with which the child travels. What the record does not show of the four
    parts (study, citizenship, papers, travel) is warned of; travel waits for the favourable study.
    """

    plan_id: UUID
    child_id: UUID
    carer_id: UUID
    country: str
    paper_ids: tuple[UUID, ...] = ()


@command
class RecordReunificationAbroad(Command):
    """Record that a child arrived with the carer abroad. Custody that still stands ends with it."""

    plan_id: UUID
    carer_id: UUID
    country: str


def approve(submission: Submission[ApproveReunificationAbroad], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_child(case, wish.child_id)
    require_adult(case, wish.carer_id, "carer_id")
    if country(wish.country, "country") == "US":
        raise Refused("a reunification abroad leads to another country", rule="P12", field="country")
    is_new = wish.plan_id not in case.recorded
    if is_new:
        _check_papers(wish, case)
    warnings = _missing_papers(case, wish.child_id)
    if not may_have_favourable_study(case, wish.carer_id):
        warnings.insert(0, PlanWarning.NO_FAVOURABLE_STUDY)
    return case.once(wish.plan_id, ReunificationPlanAbroadApproved(
        plan_id=wish.plan_id, child_id=wish.child_id, carer_id=wish.carer_id, paper_ids=wish.paper_ids,
        country=Known(wish.country), warnings=tuple(warnings),
    ))


def _check_papers(wish: ApproveReunificationAbroad, case: Case) -> None:
    """A travel paper is issued by the country of arrival, by the US, or by a country of which the child is a national."""
    nationalities = known_or(case.citizenship.of(wish.child_id).nationalities.value, ())
    fitting = {wish.country, "US", *nationalities}
    for paper_id in wish.paper_ids:
        paper = case.documents.received.get(paper_id)
        if paper is None or paper.person_id != wish.child_id:
            raise Refused("this is no received paper of this child", rule="P12", field="paper_ids")
        issuer = known_or(paper.issuer_country, wish.country)
        if paper.doc_type in TRAVEL_PAPERS and issuer not in fitting:
            raise Refused("this travel paper is for another country", rule="P12", field="paper_ids")


def record_reunification(submission: Submission[RecordReunificationAbroad], case: Case) -> Sequence[Recording]:
    wish = submission.command
    plan = case.reunification.plans.get(wish.plan_id)
    if plan is None:
        raise Refused("no plan abroad is approved under this id", rule="P12", field="plan_id")
    country(wish.country, "country")
    if wish.carer_id != plan.approved.carer_id:
        raise Refused("the plan leads to another carer", rule="P12", field="carer_id")
    if not isinstance(plan.approved.country, Withheld) and plan.approved.country != Known(wish.country):
        raise Refused("the plan leads to another country", rule="P12", field="country")
    if submission.occurred_at < plan.approved_at:
        raise Refused("the child does not arrive before the plan is approved", rule="P12", field="occurred_at")
    child_id = plan.approved.child_id
    has_travel = case.placement.travel_for(wish.plan_id) is not None
    recordings = case.once((wish.plan_id, "reunified"), ChildReunifiedAbroad(
        plan_id=wish.plan_id, child_id=child_id, carer_id=wish.carer_id, country=Known(wish.country),
        warnings=() if has_travel else (ArrivalWarning.NO_TRAVEL_ARRANGED,),
    ))
    episode = case.custody.current(child_id)
    if not recordings or episode is None:
        return recordings
    if submission.occurred_at < episode.taken_at:
        raise Refused("the child was taken into custody after that day", rule="P12", field="occurred_at")
    return [*recordings, Recording(event=CustodyEnded(
        child_id=child_id, episode_id=episode.episode_id, to_party_id=wish.carer_id, reason=Known("reunified abroad"),
    ))]


def _approved(state: Reunification, told: ReunificationPlanAbroadApproved, envelope: Envelope) -> Reunification:
    plan = PlanAbroad(approved=told, approved_at=envelope.circumstances.occurred_at)
    return Reunification(plans={**state.plans, told.plan_id: plan})


def _reunified(state: Reunification, told: ChildReunifiedAbroad, envelope: Envelope) -> Reunification:
    plan = state.plans.get(told.plan_id)
    if plan is None:
        return state  # A prefix or a filtered replay may lack the plan; a fold never raises (I10).
    reunified = replace(plan, reunified_at=envelope.circumstances.occurred_at)
    return Reunification(plans={**state.plans, told.plan_id: reunified})


INITIAL = Reunification()
DECIDES = {ApproveReunificationAbroad: approve, RecordReunificationAbroad: record_reunification}
EVOLVES = {ReunificationPlanAbroadApproved: _approved, ChildReunifiedAbroad: _reunified}
KEYS: Keys = {
    ReunificationPlanAbroadApproved: lambda e: e.plan_id, ChildReunifiedAbroad: lambda e: (e.plan_id, "reunified"),
}
