"""An office is asked to disregard or erase what it was given, whichever it was; it learns no new fact by that."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.case import consular
from domain.case.consular import ENTRY, RecordCorrectionReceived, TextCode, Way
from domain.case.doubts import NOT_SHOWN, shown_by
from domain.case.engagement import OFFICE, EndedBecause, EngagementEnded, EngagementOpened, Signs
from domain.case.intake import OUR_ID, personal
from domain.case.keys import Keys
from domain.disclosure.purposes import Purpose
from domain.events import Compartment, Envelope, Event, boxed, clear, event
from domain.personal import Personal
from domain.refusals import Refused
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.case.state import Case

RULE = "P19"


@event("casebridge.disclosure.DisclosureRecalled")
class DisclosureRecalled(Event):
    """An office is asked to disregard, or to erase, a disclosure that it was given. It learns no new fact by it."""

    disclosure_id: UUID = clear(OUR_ID)
    office: str = clear(OFFICE)
    replaces_event_id: UUID = clear(OUR_ID)
    engagement_id: UUID = clear(OUR_ID)
    person_ids: tuple[UUID, ...] = clear(OUR_ID)
    text_code: TextCode = clear("which standing text goes out")


@event("casebridge.disclosure.RecallReceived")
class RecallReceived(Event):
    """The hand-over of the recall of a disclosure is proven, or a person says that the office has it."""

    disclosure_id: UUID = clear(OUR_ID)
    office: str = clear(OFFICE)
    person_ids: tuple[UUID, ...] = clear(OUR_ID)
    entry: int | None = clear(ENTRY)
    channel: Way = clear("how it travelled, as a code")
    receipt: Personal[str] = boxed(Compartment.IDENTITY, about="person_ids", meaning="the receipt's own reference")


@dataclass(frozen=True, kw_only=True, slots=True)
class Recall:
    recalled: DisclosureRecalled
    received: RecallReceived | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Recalls:
    """Recalls of disclosures, by what they recall; a notice carries its own."""

    of: Mapping[UUID, Recall] = field(default_factory=dict)


@command
class RecallDisclosure(Command):
    """Ask an office to disregard (or by a court's order to erase) what it was given: a notice or another disclosure."""

    disclosure_id: UUID
    text_code: TextCode


def recall(submission: Submission[RecallDisclosure], case: Case) -> Sequence[Recording]:
    wish = submission.command
    if is_recalled(case, wish.disclosure_id):
        return []
    return recall_of(submission, case, wish.disclosure_id, Signs(submission, case), wish.text_code, ordinal=0)


def is_recalled(case: Case, disclosure_id: UUID) -> bool:
    return asked_to(case, disclosure_id) is not None


def asked_to(case: Case, disclosure_id: UUID) -> TextCode | None:
    """What the office of a notice, or of another disclosure, was asked to do with it; None where it was not recalled."""
    notice, recall = case.consular.notices.get(disclosure_id), case.recalls.of.get(disclosure_id)
    if notice is not None:
        return None if notice.corrected is None else notice.corrected.text_code
    return None if recall is None else recall.recalled.text_code


def recall_of(
    submission: Submission[Any], case: Case, disclosure_id: UUID, signs: Signs, text_code: TextCode, *, ordinal: int
) -> list[Recording]:
    """Ask the office of a notice, or of another disclosure, to disregard or erase it, under an engagement of its own.

    `ordinal` tells the recalls of one command apart. What may have been handed over is recalled like what was (design
    decision 16). Raises Refused where it surely was not.
    """
    notice = case.consular.notices.get(disclosure_id)
    if notice is not None:
        return consular.recall(submission, case, notice, signs, text_code, ordinal=ordinal)
    disclosure = case.disclosures.disclosures.get(disclosure_id)
    replaces_event_id = shown_by(case, disclosure_id)
    if disclosure is None or replaces_event_id is None:
        raise Refused(NOT_SHOWN, rule=RULE, field="disclosure_id")
    prepared, engagement_id = disclosure.prepared, submission.own_id("engagement", ordinal)
    opened = EngagementOpened(
        engagement_id=engagement_id, office=prepared.office, purpose=Purpose.RECALL,
        case_reference=signs.of(prepared.office, None), persons=signs.of_all(prepared.office, prepared.person_ids),
        rule_ids=(RULE,),
    )
    recalled = DisclosureRecalled(
        disclosure_id=disclosure_id, office=prepared.office, replaces_event_id=replaces_event_id,
        engagement_id=engagement_id, person_ids=prepared.person_ids, text_code=text_code,
    )
    return [Recording(event=opened), Recording(event=recalled)]


def record_received(submission: Submission[RecordCorrectionReceived], case: Case) -> Sequence[Recording]:
    """A receipt that the office has the recall of a notice or of another disclosure."""
    wish = submission.command
    known = case.recalls.of.get(wish.notice_id)
    if known is None:
        return consular.record_correction_received(submission, case)
    if known.received is not None:
        return []
    recalled = known.recalled
    received = RecallReceived(
        disclosure_id=recalled.disclosure_id, office=recalled.office, person_ids=recalled.person_ids, entry=wish.entry,
        channel=wish.channel, receipt=personal(wish.receipt),
    )
    ended = EngagementEnded(engagement_id=recalled.engagement_id, reason=EndedBecause.FULFILLED)
    return [Recording(event=received), Recording(event=ended)]


def _recalled(state: Recalls, told: DisclosureRecalled, _: Envelope) -> Recalls:
    return Recalls(of={**state.of, told.disclosure_id: Recall(recalled=told)})


def _received(state: Recalls, told: RecallReceived, _: Envelope) -> Recalls:
    known = state.of.get(told.disclosure_id)
    if known is None:
        return state  # A history cut short; a fold never raises (I10).
    return Recalls(of={**state.of, told.disclosure_id: replace(known, received=told)})


INITIAL = Recalls()
DECIDES = {RecallDisclosure: recall, RecordCorrectionReceived: record_received}
EVOLVES = {DisclosureRecalled: _recalled, RecallReceived: _received}
KEYS: Keys = {}
