"""ISS is asked to clear a home abroad before a child visits there: a study of `kin` without a dwelling of its own."""
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from domain.case.intake import OUR_ID, require_adult, require_children
from domain.case.keys import Keys
from domain.case.kin import HomeStudy, Kin, StudyProvider, with_study
from domain.countries import country
from domain.events import Compartment, Envelope, Event, boxed, clear, event
from domain.personal import Known, Personal
from domain.refusals import Refused
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.case.state import Case


@event("casebridge.kin.InternationalHomeClearanceRequested")
class InternationalHomeClearanceRequested(Event):
    """The agency asked ISS to clear a home abroad before a child visits there."""

    request_id: UUID = clear(OUR_ID)
    subject_id: UUID = clear(OUR_ID)
    child_ids: tuple[UUID, ...] = clear(OUR_ID)
    country: Personal[str] = boxed(Compartment.IDENTITY, about="subject_id", meaning="country of the home")


@command
class RequestHomeClearance(Command):
    """Ask ISS to clear a home abroad before a child visits there."""

    request_id: UUID
    subject_id: UUID
    child_ids: tuple[UUID, ...]
    country: str


def request_clearance(submission: Submission[RequestHomeClearance], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_adult(case, wish.subject_id, "subject_id")
    require_children(case, wish.child_ids)
    if country(wish.country, "country") == "US":
        raise Refused("the clearance is of a home abroad", rule="NYC-CLEARANCE-ISS", field="country")
    return case.once(wish.request_id, InternationalHomeClearanceRequested(
        request_id=wish.request_id, subject_id=wish.subject_id, child_ids=wish.child_ids, country=Known(wish.country),
    ))


def _clearance(state: Kin, told: InternationalHomeClearanceRequested, envelope: Envelope) -> Kin:
    return with_study(state, HomeStudy(
        request_id=told.request_id, subject_id=told.subject_id, provider=StudyProvider.ISS,
        requested_at=envelope.circumstances.occurred_at,
    ))


DECIDES = {RequestHomeClearance: request_clearance}
EVOLVES = {InternationalHomeClearanceRequested: _clearance}
KEYS: Keys = {InternationalHomeClearanceRequested: lambda e: e.request_id}
