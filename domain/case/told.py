"""What offices did with what they were given, as they say, and what was told outside of every feed."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from domain.case.court import CourtOrderEntered
from domain.case.doubts import entry_of, is_doubted
from domain.case.engagement import OFFICE
from domain.case.intake import OUR_ID, personal, require_person
from domain.case.keys import Keys
from domain.disclosure.items import AskedItem
from domain.events import Compartment, Envelope, Event, boxed, clear, event
from domain.partners import partner
from domain.personal import Known, Personal
from domain.refusals import Refused
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.case.state import Case


class Reached(StrEnum):
    """How far an office has come with an entry. Each implies those before it; what no channel tells stays unknown."""

    HANDED_OVER = "handed_over"
    DELIVERED = "delivered"
    OPENED = "opened"
    ACTED_ON = "acted_on"


class Outside(StrEnum):
    """Why something was told that no feed carried."""

    SUBPOENA = "subpoena"
    COURT_ORDER = "court_order"
    PERSON = "person"  # by telephone, by letter, in a meeting


@event("casebridge.disclosure.EntryReached")
class EntryReached(Event):
    """An office said, or its system did, how far it has come with an entry of its feed."""

    report_id: UUID = clear(OUR_ID)
    office: str = clear(OFFICE)
    entry: int = clear("number of the entry in the office's feed")
    person_ids: tuple[UUID, ...] = clear(OUR_ID)
    reached: Reached = clear("a stage of a delivery")
    reference: Personal[str] = boxed(Compartment.IDENTITY, about="person_ids", meaning="the office's own reference")


@event("casebridge.disclosure.ToldOutside")
class ToldOutside(Event):
    """Something of the case was told that no feed carried: under a subpoena or an order, or by a person."""

    telling_id: UUID = clear(OUR_ID)
    person_ids: tuple[UUID, ...] = clear(OUR_ID)
    why: Outside = clear("why, as a code")
    order_id: UUID | None = clear(OUR_ID)
    partner: Personal[str] = boxed(
        Compartment.LEGAL, about="person_ids", meaning="office or code of who was told; a consulate's tells a nationality"
    )
    items: Personal[tuple[AskedItem, ...]] = boxed(
        Compartment.LEGAL, about="person_ids", meaning="names of the items that were told, never their values"
    )
    authority: Personal[str] = boxed(
        Compartment.LEGAL, about="person_ids", meaning="whose order or subpoena, with its number; or who told it"
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Telling:
    """What was told outside, `at` which moment; recorded, perhaps later, as `version` of the case."""

    told: ToldOutside
    at: datetime
    version: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """`reached` has for an entry when each stage was said to be reached; `outside` what no feed carried, by its id."""

    reached: Mapping[tuple[str, int], Mapping[Reached, datetime]] = field(default_factory=dict)
    outside: Mapping[UUID, Telling] = field(default_factory=dict)


@command
class ReportEntryReached(Command):
    """Record that an office received, opened or acted on an entry of its feed, as it says itself."""

    report_id: UUID
    office: str
    entry: int
    reached: Reached
    reference: str | None = None


@command
class RecordToldOutside(Command):
    """Record what was told outside of every feed: to whom, which items about whom, and under what authority.

    `partner` is an office of the directory or one code; an order of this case is named by its id.
    """

    telling_id: UUID
    person_ids: tuple[UUID, ...]
    partner: str
    items: tuple[AskedItem, ...]
    why: Outside
    order_id: UUID | None = None
    authority: str


def report_reached(submission: Submission[ReportEntryReached], case: Case) -> Sequence[Recording]:
    wish = submission.command
    if wish.reached is Reached.HANDED_OVER:
        because = "a hand-over is proven by its own receipt, not by a report"
        raise Refused(because, rule="DECISION-16", field="reached")
    given = _given(case, wish.office, wish.entry)
    if given is None:
        raise Refused("this office was handed no entry of that number about this case", rule="DECISION-16", field="entry")
    disclosure_id, persons = given
    if submission.occurred_at < case.corrections.left[disclosure_id].at:
        raise Refused("nobody had this entry yet: it was released later", rule="DECISION-16", field="occurred_at")
    return case.once(wish.report_id, EntryReached(
        report_id=wish.report_id, office=wish.office, entry=wish.entry, person_ids=persons, reached=wish.reached,
        reference=personal(wish.reference),
    ))


def tell_outside(submission: Submission[RecordToldOutside], case: Case) -> Sequence[Recording]:
    wish = submission.command
    if not wish.person_ids or not wish.items:
        raise Refused("say about whom what was told", rule="P17", field="items" if wish.person_ids else "person_ids")
    for person_id in wish.person_ids:
        require_person(case, person_id, "person_ids")
    if wish.partner not in submission.standing.offices:
        partner(wish.partner, "partner")
    if wish.order_id is not None and not isinstance(case.recorded.get(wish.order_id), CourtOrderEntered):
        raise Refused("no such order was entered in this case", rule="P10", field="order_id")
    return case.once(wish.telling_id, ToldOutside(
        telling_id=wish.telling_id, person_ids=wish.person_ids, why=wish.why, order_id=wish.order_id,
        partner=Known(wish.partner), items=Known(tuple(dict.fromkeys(wish.items))), authority=Known(wish.authority),
    ))


def _given(case: Case, office: str, entry: int) -> tuple[UUID, tuple[UUID, ...]] | None:
    """The notice, or other disclosure, that an office was handed under a number, or may have been, and whom it is about."""
    for known in (case.consular.notices, case.disclosures.disclosures):
        for disclosure_id, one in known.items():
            is_it = entry_of(case, disclosure_id) == entry or is_doubted(case, disclosure_id, entry)
            if is_it and one.prepared.office == office:
                return disclosure_id, one.prepared.person_ids
    return None


def _reached(state: Told, told: EntryReached, envelope: Envelope) -> Told:
    """The first time that a stage was reached counts."""
    key, at = (told.office, told.entry), envelope.circumstances.occurred_at
    known = state.reached.get(key, {})
    stages = {**known, told.reached: min(at, known.get(told.reached, at))}
    return replace(state, reached={**state.reached, key: stages})


def _told_outside(state: Told, told: ToldOutside, envelope: Envelope) -> Told:
    telling = Telling(told=told, at=envelope.circumstances.occurred_at, version=envelope.version)
    return replace(state, outside={**state.outside, told.telling_id: telling})


INITIAL = Told()
DECIDES = {ReportEntryReached: report_reached, RecordToldOutside: tell_outside}
EVOLVES = {EntryReached: _reached, ToldOutside: _told_outside}
KEYS: Keys = {EntryReached: lambda e: e.report_id, ToldOutside: lambda e: e.telling_id}
