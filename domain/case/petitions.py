"""A child is found to be one for whom a petition may be filed; petitions are filed and decided."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from domain.case.intake import OUR_ID, personal, require_child, require_person
from domain.case.keys import Keys
from domain.case.relief import ReliefKind
from domain.case.trafficking import is_us_citizen
from domain.events import Compartment, Envelope, Event, boxed, clear, event
from domain.facts import Register
from domain.personal import Known, Personal, known_or
from domain.refusals import Refused
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.case.state import Case


class PetitionDecision(StrEnum):
    GRANTED = "granted"
    DENIED = "denied"
    WITHDRAWN = "withdrawn"


class ReliefWarning(StrEnum):
    DECIDED_BEFORE = "decided_before"  # another decision of this petition stands beside it: which holds is a person's to say
    NOT_FOUND_ELIGIBLE = "not_found_eligible"  # filed, and nobody had recorded that the child may be


@event("casebridge.relief.SijsEligibilityIdentified")
class SijsEligibilityIdentified(Event):
    """A child was found to be one for whom a petition as special immigrant juvenile may be filed."""

    child_id: UUID = clear(OUR_ID)
    finding_id: UUID = clear(OUR_ID)
    basis_ref: Personal[str] = boxed(Compartment.IMMIGRATION, about="child_id", meaning="where the finding is kept")


@event("casebridge.relief.SijsPetitionFiled")
class SijsPetitionFiled(Event):
    """A petition for a child as special immigrant juvenile was filed."""

    child_id: UUID = clear(OUR_ID)
    petition_id: UUID = clear(OUR_ID)
    receipt_ref: Personal[str] = boxed(Compartment.IMMIGRATION, about="child_id", meaning="number on the receipt")
    warnings: tuple[ReliefWarning, ...] = clear("codes of what looked odd; they tell nothing of a person")


@event("casebridge.relief.ReliefPetitionFiled")
class ReliefPetitionFiled(Event):
    """A petition or application of another kind was filed for a person."""

    person_id: UUID = clear(OUR_ID)
    petition_id: UUID = clear(OUR_ID)
    kind: Personal[ReliefKind] = boxed(Compartment.IMMIGRATION, about="person_id", meaning="which petition")


@event("casebridge.relief.ReliefPetitionDecided")
class ReliefPetitionDecided(Event):
    """A petition was granted, denied or withdrawn."""

    person_id: UUID = clear(OUR_ID)
    petition_id: UUID = clear(OUR_ID)
    decision_id: UUID = clear(OUR_ID)
    decision: Personal[PetitionDecision] = boxed(Compartment.IMMIGRATION, about="person_id", meaning="how it was decided")
    warnings: tuple[ReliefWarning, ...] = clear("codes of what looked odd; they tell nothing of a person")


@dataclass(frozen=True, kw_only=True, slots=True)
class Petition:
    petition_id: UUID
    person_id: UUID
    kind: Personal[ReliefKind]
    event_id: UUID
    filed_at: datetime
    decisions: Register[PetitionDecision] = Register()

    @property
    def is_open(self) -> bool:
        return self.decisions.current is None


@dataclass(frozen=True, kw_only=True, slots=True)
class Petitions:
    eligible: frozenset[UUID] = frozenset()  # children found eligible as special immigrant juveniles
    petitions: Mapping[UUID, Petition] = field(default_factory=dict)

    def of(self, person_id: UUID) -> list[Petition]:
        return [petition for petition in self.petitions.values() if petition.person_id == person_id]

    @property
    def unfiled(self) -> list[UUID]:
        """Children found eligible for whom nothing was filed: New Mexico must file, and elsewhere one should."""
        filed = {p.person_id for p in self.petitions.values() if p.kind == Known(ReliefKind.SIJS)}
        return sorted(self.eligible - filed)


class ReliefStage(StrEnum):
    NOT_REFERRED = "not_referred"
    REFERRED = "referred"
    SCREENED = "screened"  # what for is withheld from this reader
    NO_CANDIDATE = "no_candidate"
    CANDIDATE = "candidate"
    FILED = "filed"
    GRANTED = "granted"
    DENIED = "denied"
    WITHDRAWN = "withdrawn"
    DECIDED = "decided"  # how is withheld from this reader


def relief_stage(case: Case, person_id: UUID) -> ReliefStage:
    """Where the process stands for a person: an open petition first, then the last decision, then the screening."""
    petitions = case.petitions.of(person_id)
    if any(petition.is_open for petition in petitions):
        return ReliefStage.FILED
    decided = [petition.decisions.current for petition in petitions if petition.decisions.current is not None]
    if decided:
        last = max(decided, key=lambda fact: (fact.occurred_at, fact.version)).value
        return ReliefStage(last.value.value) if isinstance(last, Known) else ReliefStage.DECIDED
    if person_id in case.petitions.eligible:
        return ReliefStage.CANDIDATE
    results = case.relief.screened.get(person_id, ())
    if not results:
        return ReliefStage.REFERRED if person_id in case.relief.referred else ReliefStage.NOT_REFERRED
    if any(known_or(result, ()) for result in results):
        return ReliefStage.CANDIDATE
    return ReliefStage.NO_CANDIDATE if all(isinstance(r, Known) for r in results) else ReliefStage.SCREENED


@command
class IdentifySijsEligibility(Command):
    """Record that a child may be petitioned for as special immigrant juvenile, and where the finding is kept."""

    finding_id: UUID
    child_id: UUID
    basis_ref: str


@command
class FileSijsPetition(Command):
    """Record that a petition as special immigrant juvenile was filed for a child."""

    petition_id: UUID
    child_id: UUID
    receipt_ref: str | None = None


@command
class FileReliefPetition(Command):
    """Record that a petition or application of another kind was filed for a person."""

    petition_id: UUID
    person_id: UUID
    kind: ReliefKind


@command
class DecideReliefPetition(Command):
    """Record how a petition was decided."""

    decision_id: UUID
    petition_id: UUID
    decision: PetitionDecision


def _require_noncitizen_child(case: Case, child_id: UUID) -> None:
    require_child(case, child_id)
    if is_us_citizen(case, child_id):
        raise Refused("no such petition is filed for a US citizen", rule="US-SIJS-FILE", field="child_id")


def _require_none_open(case: Case, petition_id: UUID, person_id: UUID, kind: ReliefKind) -> None:
    for petition in case.petitions.of(person_id):
        if petition.petition_id != petition_id and petition.is_open and petition.kind == Known(kind):
            raise Refused("a petition of this kind is open: record its decision first", rule="P06", field="petition_id")


def identify_eligibility(submission: Submission[IdentifySijsEligibility], case: Case) -> Sequence[Recording]:
    wish = submission.command
    _require_noncitizen_child(case, wish.child_id)
    return case.once(wish.finding_id, SijsEligibilityIdentified(
        child_id=wish.child_id, finding_id=wish.finding_id, basis_ref=Known(wish.basis_ref),
    ))


def file_sijs(submission: Submission[FileSijsPetition], case: Case) -> Sequence[Recording]:
    wish = submission.command
    _require_noncitizen_child(case, wish.child_id)
    _require_none_open(case, wish.petition_id, wish.child_id, ReliefKind.SIJS)
    is_found = wish.child_id in case.petitions.eligible
    return case.once(wish.petition_id, SijsPetitionFiled(
        child_id=wish.child_id, petition_id=wish.petition_id, receipt_ref=personal(wish.receipt_ref),
        warnings=() if is_found else (ReliefWarning.NOT_FOUND_ELIGIBLE,),
    ))


def file_petition(submission: Submission[FileReliefPetition], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_person(case, wish.person_id, "person_id")
    if wish.kind is ReliefKind.SIJS:
        raise Refused("this kind has a command of its own: FileSijsPetition", rule="P06", field="kind")
    _require_none_open(case, wish.petition_id, wish.person_id, wish.kind)
    return case.once(wish.petition_id, ReliefPetitionFiled(
        person_id=wish.person_id, petition_id=wish.petition_id, kind=Known(wish.kind),
    ))


def decide_petition(submission: Submission[DecideReliefPetition], case: Case) -> Sequence[Recording]:
    wish = submission.command
    petition = case.petitions.petitions.get(wish.petition_id)
    if petition is None:
        raise Refused("no such petition is recorded: record its filing first", rule="P06", field="petition_id")
    if submission.occurred_at < petition.filed_at:
        raise Refused("a petition is not decided before it is filed", rule="P06", field="occurred_at")
    return case.once(wish.decision_id, ReliefPetitionDecided(
        person_id=petition.person_id, petition_id=wish.petition_id, decision_id=wish.decision_id,
        decision=Known(wish.decision), warnings=() if petition.is_open else (ReliefWarning.DECIDED_BEFORE,),
    ))


def _eligible(state: Petitions, told: SijsEligibilityIdentified, _: Envelope) -> Petitions:
    return replace(state, eligible=state.eligible | {told.child_id})


def _filed(
    state: Petitions, petition_id: UUID, person_id: UUID, kind: Personal[ReliefKind], envelope: Envelope
) -> Petitions:
    circumstances = envelope.circumstances
    petition = Petition(
        petition_id=petition_id, person_id=person_id, kind=kind, event_id=circumstances.event_id,
        filed_at=circumstances.occurred_at,
    )
    return replace(state, petitions={**state.petitions, petition_id: petition})


def _sijs_filed(state: Petitions, told: SijsPetitionFiled, envelope: Envelope) -> Petitions:
    return _filed(state, told.petition_id, told.child_id, Known(ReliefKind.SIJS), envelope)


def _petition_filed(state: Petitions, told: ReliefPetitionFiled, envelope: Envelope) -> Petitions:
    return _filed(state, told.petition_id, told.person_id, told.kind, envelope)


def _decided(state: Petitions, told: ReliefPetitionDecided, envelope: Envelope) -> Petitions:
    petition = state.petitions.get(told.petition_id)
    if petition is None:
        return state  # A filtered replay may lack the filing; a fold never raises (I10).
    decided = replace(petition, decisions=petition.decisions.tell(envelope, "decision", told.decision))
    return replace(state, petitions={**state.petitions, told.petition_id: decided})


INITIAL = Petitions()
DECIDES = {
    IdentifySijsEligibility: identify_eligibility, FileSijsPetition: file_sijs, FileReliefPetition: file_petition,
    DecideReliefPetition: decide_petition,
}
EVOLVES = {
    SijsEligibilityIdentified: _eligible, SijsPetitionFiled: _sijs_filed, ReliefPetitionFiled: _petition_filed,
    ReliefPetitionDecided: _decided,
}
KEYS: Keys = {
    SijsEligibilityIdentified: lambda e: e.finding_id, SijsPetitionFiled: lambda e: e.petition_id,
    ReliefPetitionFiled: lambda e: e.petition_id, ReliefPetitionDecided: lambda e: e.decision_id,
}
