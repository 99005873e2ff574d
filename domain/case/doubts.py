"""A hand-over that may have happened: no duty is met by it, and the office is treated as having what it was to get."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from domain.case.engagement import OFFICE
from domain.case.intake import OUR_ID
from domain.case.keys import Keys
from domain.events import Envelope, Event, clear, event
from domain.refusals import Refused
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.case.state import Case


@event("casebridge.disclosure.DisclosureDoubted")
class DisclosureDoubted(Event):
    """An office may have been handed a notice, or another disclosure: it left, and no proof came.

    No duty is met by it. What proves untrue of it, or is taken back, is owed to the office all the same.
    """

    disclosure_id: UUID = clear("our own id of the notice, or other disclosure, that may have been handed over")
    office: str = clear(OFFICE)
    person_ids: tuple[UUID, ...] = clear(OUR_ID)
    entry: int = clear("number of the entry in the office's feed")


NOT_SHOWN = (
    "this was not handed over, as far as the case knows: what only began to leave is in doubt after five minutes, and "
    "`casebridge recall` takes it back before that"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Doubt:
    told: DisclosureDoubted
    event_id: UUID


@dataclass(frozen=True, kw_only=True, slots=True)
class Doubts:
    """The last doubt of each disclosure. One whose hand-over was proven afterwards has its receipt besides."""

    of: Mapping[UUID, Doubt] = field(default_factory=dict)


@command
class RecordDisclosureDoubted(Command):
    """Record that a released notice, or another disclosure by its id, may have been handed over: no proof came."""

    disclosure_id: UUID
    entry: int


def record_doubted(submission: Submission[RecordDisclosureDoubted], case: Case) -> Sequence[Recording]:
    wish = submission.command
    notice = case.consular.notices.get(wish.disclosure_id)
    disclosure = case.disclosures.disclosures.get(wish.disclosure_id)
    known = disclosure if notice is None else notice
    if known is None or known.released is None:
        raise Refused("no such disclosure was released in this case", rule="DECISION-16", field="disclosure_id")
    return case.once((wish.disclosure_id, f"doubted as {wish.entry}"), DisclosureDoubted(
        disclosure_id=wish.disclosure_id, office=known.prepared.office, person_ids=known.prepared.person_ids,
        entry=wish.entry,
    ))


def shown_by(case: Case, disclosure_id: UUID) -> UUID | None:
    """The event that shows that an office has a notice or another disclosure, or may have it; None where none does."""
    notice, other = case.consular.notices.get(disclosure_id), case.disclosures.disclosures.get(disclosure_id)
    proven = notice.notified_event_id if notice is not None else None if other is None else other.received_event_id
    doubt = case.doubts.of.get(disclosure_id)
    return proven or (None if doubt is None else doubt.event_id)


def entry_of(case: Case, disclosure_id: UUID) -> int | None:
    """The number under which an office has a notice or another disclosure, or may have it; None of what had none."""
    notice, other = case.consular.notices.get(disclosure_id), case.disclosures.disclosures.get(disclosure_id)
    received = notice.notified if notice is not None else None if other is None else other.received
    doubt = case.doubts.of.get(disclosure_id)
    if received is not None:
        return received.entry
    return None if doubt is None else doubt.told.entry


def is_doubted(case: Case, disclosure_id: UUID, entry: int) -> bool:
    """Whether a number may have been handed over, proven since or not."""
    return (disclosure_id, f"doubted as {entry}") in case.recorded


def _doubted(state: Doubts, told: DisclosureDoubted, envelope: Envelope) -> Doubts:
    return Doubts(of={**state.of, told.disclosure_id: Doubt(told=told, event_id=envelope.circumstances.event_id)})


INITIAL = Doubts()
DECIDES = {RecordDisclosureDoubted: record_doubted}
EVOLVES = {DisclosureDoubted: _doubted}
KEYS: Keys = {DisclosureDoubted: lambda e: (e.disclosure_id, f"doubted as {e.entry}")}
