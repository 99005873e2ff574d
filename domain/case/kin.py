"""Relatives, and studies of their homes abroad."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from domain.case.intake import OUR_ID, personal, require_child, require_person
from domain.case.keys import Keys
from domain.countries import country
from domain.events import Compartment, Envelope, Event, boxed, clear, event
from domain.people import Address
from domain.personal import Known, Personal
from domain.refusals import Refused
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.case.state import Case


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Kin:
    requests: Mapping[UUID, IssHomeStudyRequested] = field(default_factory=dict)


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


def request_home_study(submission: Submission[RequestHomeStudy], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_person(case, wish.subject_id, "subject_id")
    for child_id in wish.child_ids:
        require_child(case, child_id, "child_ids")
    country(wish.address.country, "address.country")
    if wish.address.country == "MX" and not (wish.address.colonia or wish.address.landmarks):
        raise Refused(
            "a home in Mexico is not found without its colonia or a landmark", rule="P03", field="address.colonia"
        )
    prior = None if wish.prior_request_id is None else case.kin.requests.get(wish.prior_request_id)
    if (wish.attempt == 1) is not (wish.prior_request_id is None):
        raise Refused("a first attempt names no earlier request, a later one does", rule="P03", field="prior_request_id")
    if wish.prior_request_id is not None and (prior is None or prior.attempt != wish.attempt - 1):
        raise Refused("the attempt must follow the one it names", rule="P03", field="attempt")
    return case.once(wish.request_id, IssHomeStudyRequested(
        request_id=wish.request_id, subject_id=wish.subject_id, child_ids=wish.child_ids, attempt=wish.attempt,
        prior_request_id=wish.prior_request_id, country=Known(wish.address.country), address=Known(wish.address),
        reason_for_iss=personal(wish.reason_for_iss),
    ))


def _requested(state: Kin, told: IssHomeStudyRequested, _: Envelope) -> Kin:
    return Kin(requests={**state.requests, told.request_id: told})


INITIAL = Kin()
DECIDES = {RequestHomeStudy: request_home_study}
EVOLVES = {IssHomeStudyRequested: _requested}
KEYS: Keys = {IssHomeStudyRequested: lambda e: e.request_id}
