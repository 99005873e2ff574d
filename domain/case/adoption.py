"""A relative or other carer abroad, who is no parent of the child, adopts it under the Hague Adoption Convention."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from domain.agency.events import Treaty
from domain.case.intake import OUR_ID, require_adult, require_child
from domain.case.keys import Keys
from domain.case.reunification import may_have_favourable_study
from domain.countries import country
from domain.events import Compartment, Envelope, Event, boxed, clear, event
from domain.people import PARENTS
from domain.personal import Known, Personal
from domain.refusals import Refused
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.case.state import Case


class AdoptionWarning(StrEnum):
    NO_FAVOURABLE_STUDY = "no_favourable_study"
    PARTIES_NOT_LISTED = "parties_not_listed"  # the agency keeps no list of the convention's parties


@event("casebridge.adoption.InternationalAdoptionInitiated")
class InternationalAdoptionInitiated(Event):
    """Work began on the adoption of a child by a relative or carer abroad."""

    adoption_id: UUID = clear(OUR_ID)
    child_id: UUID = clear(OUR_ID)
    adopter_id: UUID = clear(OUR_ID)
    hague_party: bool | None = clear("whether the agency's list of parties has the country; none where it keeps no list")
    country: Personal[str] = boxed(Compartment.IDENTITY, about="child_id", meaning="country of the adopter")
    warnings: tuple[AdoptionWarning, ...] = clear("codes of what is not shown yet")


@event("casebridge.adoption.InternationalAdoptionFinalized")
class InternationalAdoptionFinalized(Event):
    """The adoption of a child by a relative or carer abroad became final."""

    adoption_id: UUID = clear(OUR_ID)
    child_id: UUID = clear(OUR_ID)


class AdoptionStage(StrEnum):
    INITIATED = "initiated"
    FINALIZED = "finalized"


@dataclass(frozen=True, kw_only=True, slots=True)
class Adoption:
    initiated: InternationalAdoptionInitiated
    initiated_at: datetime
    is_final: bool = False

    @property
    def stage(self) -> AdoptionStage:
        return AdoptionStage.FINALIZED if self.is_final else AdoptionStage.INITIATED


@dataclass(frozen=True, kw_only=True, slots=True)
class Adoptions:
    adoptions: Mapping[UUID, Adoption] = field(default_factory=dict)


@command
class InitiateInternationalAdoption(Command):
    """Record that work began on an adoption abroad. The country must be a party to the Hague Adoption Convention."""

    adoption_id: UUID
    child_id: UUID
    adopter_id: UUID
    country: str


@command
class FinalizeInternationalAdoption(Command):
    """Record that an adoption abroad became final."""

    adoption_id: UUID


def initiate(submission: Submission[InitiateInternationalAdoption], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_child(case, wish.child_id)
    adopter = require_adult(case, wish.adopter_id, "adopter_id")
    if adopter.role in PARENTS:
        because = "a parent does not adopt the child: this is a reunification"
        raise Refused(because, rule="US-ADOPT-HAGUE", field="adopter_id")
    if country(wish.country, "country") == "US":
        raise Refused("the adopter lives in another country", rule="P16", field="country")
    parties = submission.standing.parties_at(Treaty.HAGUE_ADOPTION, submission.learned_at)
    hague_party = None if parties is None else wish.country in parties
    known = case.recorded.get(wish.adoption_id)
    if isinstance(known, InternationalAdoptionInitiated):
        hague_party = known.hague_party  # What was accepted once is not judged by later lists.
    if hague_party is False and known is None:
        raise Refused(
            "this country is no party to the Hague convention on adoption (that on service does not count)",
            rule="US-ADOPT-HAGUE", field="country",
        )
    warnings = [AdoptionWarning.PARTIES_NOT_LISTED] if hague_party is None else []
    if not may_have_favourable_study(case, wish.adopter_id):
        warnings.append(AdoptionWarning.NO_FAVOURABLE_STUDY)
    return case.once(wish.adoption_id, InternationalAdoptionInitiated(
        adoption_id=wish.adoption_id, child_id=wish.child_id, adopter_id=wish.adopter_id, hague_party=hague_party,
        country=Known(wish.country), warnings=tuple(warnings),
    ))


def finalize(submission: Submission[FinalizeInternationalAdoption], case: Case) -> Sequence[Recording]:
    wish = submission.command
    adoption = case.adoptions.adoptions.get(wish.adoption_id)
    if adoption is None:
        raise Refused("no such adoption was initiated", rule="P16", field="adoption_id")
    if submission.occurred_at < adoption.initiated_at:
        raise Refused("an adoption is not final before it began", rule="P16", field="occurred_at")
    initiated = adoption.initiated
    recordings = case.once((wish.adoption_id, "finalized"), InternationalAdoptionFinalized(
        adoption_id=wish.adoption_id, child_id=initiated.child_id,
    ))
    if recordings and not may_have_favourable_study(case, initiated.adopter_id):
        raise Refused("no study found the adopter's home favourable", rule="P16", field="adoption_id")
    return recordings


def _initiated(state: Adoptions, told: InternationalAdoptionInitiated, envelope: Envelope) -> Adoptions:
    adoption = Adoption(initiated=told, initiated_at=envelope.circumstances.occurred_at)
    return Adoptions(adoptions={**state.adoptions, told.adoption_id: adoption})


def _finalized(state: Adoptions, told: InternationalAdoptionFinalized, _: Envelope) -> Adoptions:
    adoption = state.adoptions.get(told.adoption_id)
    if adoption is None:
        return state  # A prefix or a filtered replay may lack the beginning; a fold never raises (I10).
    return Adoptions(adoptions={**state.adoptions, told.adoption_id: replace(adoption, is_final=True)})


INITIAL = Adoptions()
DECIDES = {InitiateInternationalAdoption: initiate, FinalizeInternationalAdoption: finalize}
EVOLVES = {InternationalAdoptionInitiated: _initiated, InternationalAdoptionFinalized: _finalized}
KEYS: Keys = {
    InternationalAdoptionInitiated: lambda e: e.adoption_id,
    InternationalAdoptionFinalized: lambda e: (e.adoption_id, "finalized"),
}
