"""A child is referred to counsel, who screens for immigration relief; what counsel says of a status is kept apart."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from domain.case.intake import OUR_ID, require_child, require_person
from domain.case.keys import Keys
from domain.events import Compartment, Envelope, Event, boxed, clear, event
from domain.facts import Register
from domain.personal import Known, Personal
from domain.refusals import Refused
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.case.state import Case

COUNSEL = "counsel are not persons of a case"


class ReliefProvider(StrEnum):
    """Who screens, by the codes of partners."""

    CONTRACT = "LAW-CONTRACT"
    RUTGERS = "LAW-RUTGERS"
    PRO_BONO = "LAW-PROBONO"
    IN_HOUSE = "LAW-NM"
    COMMUNITY = "LAW-COMM"
    UNIT = "UNIT-IMM"


class CounselAssignment(StrEnum):
    RUTGERS = "rutgers"
    CONTRACT = "contract"
    PRO_BONO = "pro_bono"
    IN_HOUSE = "in_house"


class ScreenedBy(StrEnum):
    ATTORNEY = "attorney"
    IMMIGRATION_UNIT = "immigration_unit"
    CASEWORKER = "caseworker"


class ReliefKind(StrEnum):
    SIJS = "sijs"
    U = "u"
    T = "t"
    VAWA = "vawa"
    RENEWAL = "renewal"
    GREEN_CARD_REPLACEMENT = "green_card_replacement"
    CITIZENSHIP = "citizenship"


class ToldBy(StrEnum):
    """Who may tell a person's immigration status. That somebody was asked for it is none of these."""

    COUNSEL = "counsel"
    IMMIGRATION_UNIT = "immigration_unit"
    DOCUMENT = "document"


@event("casebridge.relief.ReliefScreeningRequested")
class ReliefScreeningRequested(Event):
    """A child was referred to a legal provider to be screened for relief."""

    child_id: UUID = clear(OUR_ID)
    request_id: UUID = clear(OUR_ID)
    provider: ReliefProvider = clear("kind of provider, nothing about a person")


@event("casebridge.relief.ImmigrationCounselAssigned")
class ImmigrationCounselAssigned(Event):
    """Immigration counsel took on a person of the case."""

    person_id: UUID = clear(OUR_ID)
    assignment_id: UUID = clear(OUR_ID)
    counsel_id: UUID = clear(COUNSEL)
    kind: CounselAssignment = clear("how counsel is engaged, nothing about a person")


@event("casebridge.relief.ReliefScreeningCompleted")
class ReliefScreeningCompleted(Event):
    """A person was screened for relief by someone who may judge it."""

    person_id: UUID = clear(OUR_ID)
    screening_id: UUID = clear(OUR_ID)
    screened_by: ScreenedBy = clear("what kind of professional screened, nothing about a person")
    attorney_id: UUID | None = clear(COUNSEL)
    candidates: Personal[tuple[ReliefKind, ...]] = boxed(
        Compartment.IMMIGRATION, about="person_id", meaning="kinds of relief that may be open; none where empty"
    )


@event("casebridge.relief.ImmigrationStatusRecorded")
class ImmigrationStatusRecorded(Event):
    """What counsel, the unit or a paper says of a person's status. No rule reads it, and nothing of it leaves."""

    person_id: UUID = clear(OUR_ID)
    record_id: UUID = clear(OUR_ID)
    told_by: ToldBy = clear("what kind of source it has, nothing about a person")
    status: Personal[str] = boxed(Compartment.IMMIGRATION, about="person_id", meaning="the status, in the source's words")


@event("casebridge.relief.LegalResourcesProvided")
class LegalResourcesProvided(Event):
    """A child was given a list of legal resources."""

    child_id: UUID = clear(OUR_ID)
    provision_id: UUID = clear(OUR_ID)
    list_ref: str = clear("which of the agency's own lists, nothing about a person")


@dataclass(frozen=True, kw_only=True, slots=True)
class Relief:
    referred: frozenset[UUID] = frozenset()
    screened: Mapping[UUID, tuple[Personal[tuple[ReliefKind, ...]], ...]] = field(default_factory=dict)
    statuses: Mapping[UUID, Register[str]] = field(default_factory=dict)

    def status(self, person_id: UUID) -> Personal[str]:
        """A third thing beside birth country and nationality, and inferred from neither."""
        return self.statuses.get(person_id, NOTHING).value


NOTHING: Register[str] = Register()


@command
class RequestReliefScreening(Command):
    """Record that a child was referred to a legal provider for screening."""

    request_id: UUID
    child_id: UUID
    provider: ReliefProvider


@command
class AssignImmigrationCounsel(Command):
    """Record that immigration counsel took on a person of the case."""

    assignment_id: UUID
    person_id: UUID
    counsel_id: UUID
    kind: CounselAssignment


@command
class CompleteReliefScreening(Command):
    """Record the result of a screening for relief, and who did it. An attorney is named; no candidates is a result."""

    screening_id: UUID
    person_id: UUID
    screened_by: ScreenedBy
    attorney_id: UUID | None = None
    candidates: tuple[ReliefKind, ...]


@command
class RecordImmigrationStatus(Command):
    """Record what counsel, the immigration unit or a paper says of a person's status. Nobody asks a family for it."""

    record_id: UUID
    person_id: UUID
    told_by: ToldBy
    status: str


@command
class ProvideLegalResources(Command):
    """Record that a child was given a list of legal resources."""

    provision_id: UUID
    child_id: UUID
    list_ref: str


def request_screening(submission: Submission[RequestReliefScreening], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_child(case, wish.child_id)
    return case.once(wish.request_id, ReliefScreeningRequested(
        child_id=wish.child_id, request_id=wish.request_id, provider=wish.provider,
    ))


def assign_counsel(submission: Submission[AssignImmigrationCounsel], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_person(case, wish.person_id, "person_id")
    if wish.counsel_id in case.intake.people:
        raise Refused("a member of the family is not its counsel", rule="P06", field="counsel_id")
    return case.once(wish.assignment_id, ImmigrationCounselAssigned(
        person_id=wish.person_id, assignment_id=wish.assignment_id, counsel_id=wish.counsel_id, kind=wish.kind,
    ))


def complete_screening(submission: Submission[CompleteReliefScreening], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_person(case, wish.person_id, "person_id")
    is_attorney = wish.screened_by is ScreenedBy.ATTORNEY
    if submission.standing.jurisdiction == "NYC" and not is_attorney:
        raise Refused("only an immigration attorney screens for relief", rule="NYC-LEGAL-ATTORNEY", field="screened_by")
    if wish.screened_by is ScreenedBy.CASEWORKER:
        raise Refused("a caseworker refers for screening, and does not complete one", rule="P06", field="screened_by")
    if is_attorney is (wish.attorney_id is None):
        raise Refused("name the attorney who screened, and nobody else as one", rule="P06", field="attorney_id")
    if wish.attorney_id is not None and wish.attorney_id in case.intake.people:
        raise Refused("a member of the family is not its counsel", rule="P06", field="attorney_id")
    return case.once(wish.screening_id, ReliefScreeningCompleted(
        person_id=wish.person_id, screening_id=wish.screening_id, screened_by=wish.screened_by,
        attorney_id=wish.attorney_id, candidates=Known(wish.candidates),
    ))


def record_status(submission: Submission[RecordImmigrationStatus], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_person(case, wish.person_id, "person_id")
    return case.once(wish.record_id, ImmigrationStatusRecorded(
        person_id=wish.person_id, record_id=wish.record_id, told_by=wish.told_by, status=Known(wish.status),
    ))


def provide_resources(submission: Submission[ProvideLegalResources], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_child(case, wish.child_id)
    return case.once(wish.provision_id, LegalResourcesProvided(
        child_id=wish.child_id, provision_id=wish.provision_id, list_ref=wish.list_ref,
    ))


def _requested(state: Relief, told: ReliefScreeningRequested, _: Envelope) -> Relief:
    return replace(state, referred=state.referred | {told.child_id})


def _assigned(state: Relief, told: ImmigrationCounselAssigned, _: Envelope) -> Relief:
    return replace(state, referred=state.referred | {told.person_id})


def _screened(state: Relief, told: ReliefScreeningCompleted, _: Envelope) -> Relief:
    results = (*state.screened.get(told.person_id, ()), told.candidates)
    return replace(state, screened={**state.screened, told.person_id: results})


def _status(state: Relief, told: ImmigrationStatusRecorded, envelope: Envelope) -> Relief:
    register = state.statuses.get(told.person_id, NOTHING).tell(envelope, "status", told.status)
    return replace(state, statuses={**state.statuses, told.person_id: register})


def _kept(state: Relief, _: LegalResourcesProvided, __: Envelope) -> Relief:
    return state


INITIAL = Relief()
DECIDES = {
    RequestReliefScreening: request_screening, AssignImmigrationCounsel: assign_counsel,
    CompleteReliefScreening: complete_screening, ProvideLegalResources: provide_resources,
    RecordImmigrationStatus: record_status,
}
EVOLVES = {
    ReliefScreeningRequested: _requested, ImmigrationCounselAssigned: _assigned, ReliefScreeningCompleted: _screened,
    LegalResourcesProvided: _kept, ImmigrationStatusRecorded: _status,
}
KEYS: Keys = {
    ReliefScreeningRequested: lambda e: e.request_id, ImmigrationCounselAssigned: lambda e: e.assignment_id,
    ReliefScreeningCompleted: lambda e: e.screening_id, LegalResourcesProvided: lambda e: e.provision_id,
    ImmigrationStatusRecorded: lambda e: e.record_id,
}
