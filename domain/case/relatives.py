"""Relatives come to light, are considered for a child whatever their status, licensed, or evaluated for DIF."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from domain.case.intake import OUR_ID, personal, require_adult, require_children
from domain.case.keys import Keys
from domain.countries import country
from domain.dwellings import require_dwelling
from domain.events import Compartment, Envelope, Event, boxed, clear, event
from domain.facts import Register
from domain.people import Address
from domain.personal import Known, Personal
from domain.refusals import Refused
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.case.state import Case


class PlacementAssessment(StrEnum):
    """What an assessment finds of a relative as a carer; never anything about status."""

    SUITABLE = "suitable"
    UNSUITABLE = "unsuitable"
    UNDECIDED = "undecided"


@event("casebridge.relatives.RelativeIdentified")
class RelativeIdentified(Event):
    """Somebody named a relative who may care for a child."""

    identification_id: UUID = clear(OUR_ID)
    party_id: UUID = clear(OUR_ID)
    relation: Personal[str] = boxed(Compartment.IDENTITY, about="party_id", meaning="relation to the children, in words")
    country: Personal[str] = boxed(Compartment.IDENTITY, about="party_id", meaning="country where the relative lives")
    found_by: Personal[str] = boxed(Compartment.IDENTITY, about="party_id", meaning="who named the relative")


@event("casebridge.relatives.RelativePlacementAssessed")
class RelativePlacementAssessed(Event):
    """The agency assessed whether a child may live with a relative."""

    assessment_id: UUID = clear(OUR_ID)
    party_id: UUID = clear(OUR_ID)
    child_ids: tuple[UUID, ...] = clear(OUR_ID)
    status_ignored: bool = clear("always true: immigration status is never weighed, so it tells nothing of anyone")
    result: Personal[PlacementAssessment] = boxed(Compartment.IDENTITY, about="party_id", meaning="what was found")


@event("casebridge.relatives.CaregiverLicensed")
class CaregiverLicensed(Event):
    """A relative or other carer was licensed as a foster parent."""

    licence_id: UUID = clear(OUR_ID)
    party_id: UUID = clear(OUR_ID)
    licence_ref: Personal[str] = boxed(Compartment.IDENTITY, about="party_id", meaning="number of the licence")


@event("casebridge.relatives.CourtesyHomeEvaluationRequestedByDif")
class CourtesyHomeEvaluationRequestedByDif(Event):
    """DIF asked the agency to evaluate a home here; the answer is a home study whose provider is the agency."""

    request_id: UUID = clear(OUR_ID)
    subject_id: UUID = clear(OUR_ID)
    dif_ref: Personal[str] = boxed(Compartment.IDENTITY, about="subject_id", meaning="DIF's reference")
    home_address: Personal[Address] = boxed(Compartment.IDENTITY, about="subject_id", meaning="the home to be evaluated")


@dataclass(frozen=True, kw_only=True, slots=True)
class Relative:
    """Where a relative lives and what an assessment found, each won by what occurred last."""

    country: Register[str] = Register()
    assessment: Register[PlacementAssessment] = Register()
    is_licensed: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Relatives:
    known: Mapping[UUID, Relative] = field(default_factory=dict)

    def of(self, party_id: UUID) -> Relative:
        return self.known.get(party_id, Relative())


@command
class IdentifyRelative(Command):
    """Record that somebody named a relative, who is in the case already as a party."""

    identification_id: UUID
    party_id: UUID
    relation: str | None = None
    country: str | None = None
    found_by: str | None = None


@command
class AssessRelativePlacement(Command):
    """Record what the assessment of a relative found. Status has no place in it."""

    assessment_id: UUID
    party_id: UUID
    child_ids: tuple[UUID, ...]
    result: PlacementAssessment


@command
class LicenseCaregiver(Command):
    """Record that a carer was licensed."""

    licence_id: UUID
    party_id: UUID
    licence_ref: str | None = None


@command
class ReceiveCourtesyEvaluationRequest(Command):
    """Record that DIF asks the agency to evaluate a home here."""

    request_id: UUID
    subject_id: UUID
    dif_ref: str
    home_address: Address


def identify(submission: Submission[IdentifyRelative], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_adult(case, wish.party_id)
    if wish.country is not None:
        country(wish.country, "country")
    return case.once(wish.identification_id, RelativeIdentified(
        identification_id=wish.identification_id, party_id=wish.party_id, relation=personal(wish.relation),
        country=personal(wish.country), found_by=personal(wish.found_by),
    ))


def assess_placement(submission: Submission[AssessRelativePlacement], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_adult(case, wish.party_id)
    require_children(case, wish.child_ids)
    return case.once(wish.assessment_id, RelativePlacementAssessed(
        assessment_id=wish.assessment_id, party_id=wish.party_id, child_ids=wish.child_ids, status_ignored=True,
        result=Known(wish.result),
    ))


def license_caregiver(submission: Submission[LicenseCaregiver], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_adult(case, wish.party_id)
    return case.once(wish.licence_id, CaregiverLicensed(
        licence_id=wish.licence_id, party_id=wish.party_id, licence_ref=personal(wish.licence_ref),
    ))


def receive_courtesy_request(submission: Submission[ReceiveCourtesyEvaluationRequest], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_adult(case, wish.subject_id, "subject_id")
    require_dwelling(wish.home_address, "home_address")
    if wish.home_address.country != "US":
        raise Refused("DIF asks about a home here", rule="SDC-DIF-COURTESY", field="home_address.country")
    return case.once(wish.request_id, CourtesyHomeEvaluationRequestedByDif(
        request_id=wish.request_id, subject_id=wish.subject_id, dif_ref=Known(wish.dif_ref),
        home_address=Known(wish.home_address),
    ))


def _with(state: Relatives, party_id: UUID, relative: Relative) -> Relatives:
    return Relatives(known={**state.known, party_id: relative})


def _identified(state: Relatives, told: RelativeIdentified, envelope: Envelope) -> Relatives:
    known = state.of(told.party_id)
    return _with(state, told.party_id, replace(known, country=known.country.tell(envelope, "country", told.country)))


def _assessed(state: Relatives, told: RelativePlacementAssessed, envelope: Envelope) -> Relatives:
    known = state.of(told.party_id)
    return _with(state, told.party_id, replace(known, assessment=known.assessment.tell(envelope, "result", told.result)))


def _licensed(state: Relatives, told: CaregiverLicensed, _: Envelope) -> Relatives:
    return _with(state, told.party_id, replace(state.of(told.party_id), is_licensed=True))


def _courtesy(state: Relatives, _: CourtesyHomeEvaluationRequestedByDif, __: Envelope) -> Relatives:
    return state  # It is a study that the agency owes: `kin` keeps it.


INITIAL = Relatives()
DECIDES = {
    IdentifyRelative: identify, AssessRelativePlacement: assess_placement, LicenseCaregiver: license_caregiver,
    ReceiveCourtesyEvaluationRequest: receive_courtesy_request,
}
EVOLVES = {
    RelativeIdentified: _identified, RelativePlacementAssessed: _assessed, CaregiverLicensed: _licensed,
    CourtesyHomeEvaluationRequestedByDif: _courtesy,
}
KEYS: Keys = {
    RelativeIdentified: lambda e: e.identification_id, RelativePlacementAssessed: lambda e: e.assessment_id,
    CaregiverLicensed: lambda e: e.licence_id, CourtesyHomeEvaluationRequestedByDif: lambda e: e.request_id,
}
