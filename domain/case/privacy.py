"""What a family was assured, and what went to someone who should not have had it."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from domain.case.engagement import OFFICE
from domain.case.intake import OUR_ID, require_person
from domain.case.keys import Keys
from domain.events import Compartment, Envelope, Event, boxed, clear, event
from domain.personal import Known, Personal
from domain.refusals import Refused
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.case.state import Case


@event("casebridge.privacy.ConfidentialityAssuranceGiven")
class ConfidentialityAssuranceGiven(Event):
    """A family member was told what stays private."""

    person_id: UUID = clear(OUR_ID)
    assurance_id: UUID = clear(OUR_ID)
    text_version: str = clear("version of the standing text that was spoken")


@event("casebridge.privacy.DisclosureBreachRecorded")
class DisclosureBreachRecorded(Event):
    """Facts reached an office that should not have had them. What they were is the feed's entry."""

    breach_id: UUID = clear(OUR_ID)
    office: str = clear(OFFICE)
    notice_id: UUID = clear(OUR_ID)
    child_ids: tuple[UUID, ...] = clear(OUR_ID)
    how: Personal[str] = boxed(Compartment.LEGAL, about="child_ids", meaning="how it came about")
    containment: Personal[str] = boxed(Compartment.LEGAL, about="child_ids", meaning="what was done to contain it")


@dataclass(frozen=True, kw_only=True, slots=True)
class Privacy:
    breaches: tuple[DisclosureBreachRecorded, ...] = ()


@command
class GiveConfidentialityAssurance(Command):
    """Record that a family member was told what stays private."""

    assurance_id: UUID
    person_id: UUID
    text_version: str


@command
class RecordDisclosureBreach(Command):
    """Record that a notice reached an office that should not have had it."""

    breach_id: UUID
    notice_id: UUID
    how: str
    containment: str


def give_assurance(submission: Submission[GiveConfidentialityAssurance], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_person(case, wish.person_id, "person_id")
    return case.once(wish.assurance_id, ConfidentialityAssuranceGiven(
        person_id=wish.person_id, assurance_id=wish.assurance_id, text_version=wish.text_version,
    ))


def record_breach(submission: Submission[RecordDisclosureBreach], case: Case) -> Sequence[Recording]:
    wish = submission.command
    notice = case.consular.notices.get(wish.notice_id)
    if notice is None or notice.notified is None:
        raise Refused("no such notice was handed over", rule="P17", field="notice_id")
    return case.once(wish.breach_id, DisclosureBreachRecorded(
        breach_id=wish.breach_id, office=notice.prepared.office, notice_id=wish.notice_id,
        child_ids=notice.prepared.child_ids, how=Known(wish.how), containment=Known(wish.containment),
    ))


def _assured(state: Privacy, _: ConfidentialityAssuranceGiven, __: Envelope) -> Privacy:
    return state


def _breached(state: Privacy, told: DisclosureBreachRecorded, _: Envelope) -> Privacy:
    return Privacy(breaches=(*state.breaches, told))


INITIAL = Privacy()
DECIDES = {GiveConfidentialityAssurance: give_assurance, RecordDisclosureBreach: record_breach}
EVOLVES = {ConfidentialityAssuranceGiven: _assured, DisclosureBreachRecorded: _breached}
KEYS: Keys = {
    ConfidentialityAssuranceGiven: lambda e: e.assurance_id, DisclosureBreachRecorded: lambda e: e.breach_id,
}
