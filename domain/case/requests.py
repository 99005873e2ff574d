"""What left the agency in a case and awaits a reply, whichever area asked; and until when a reply is needed."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.case.asking import ASKINGS, REPLIES, Asking, ReplyKey
from domain.case.intake import OUR_ID, personal, require_open
from domain.case.keys import Keys
from domain.events import Compartment, Envelope, Event, boxed, clear, event
from domain.growing import Growing
from domain.personal import Personal
from domain.plans import require_zone, zone_name
from domain.refusals import Refused
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.case.state import Case


class NeededFor(StrEnum):
    """Why a reply is needed by a day. A birthday is none of them: its day would tell the birth date."""

    HEARING = "hearing"
    VISIT = "visit"
    TRAVEL = "travel"
    END_OF_TERM = "end_of_term"
    OTHER = "other"


@event("casebridge.requests.NeededByDateSet")
class NeededByDateSet(Event):
    """Somebody settled by when the reply to a request is needed, and what for."""

    setting_id: UUID = clear(OUR_ID)
    request_id: UUID = clear(OUR_ID)
    person_ids: tuple[UUID, ...] = clear(OUR_ID)
    needed_by: datetime = clear("a date of a plan: without it nobody could be reminded")
    needed_zone: str = clear("zone in which the agency reads it")
    needed_for: NeededFor = clear("one of five kinds of reason")
    for_id: UUID | None = clear("our own id of the hearing or the visit")
    reason: Personal[str] = boxed(Compartment.LEGAL, about="person_ids", meaning="why, in words")


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    asking: Asking
    event_id: UUID
    asked_at: datetime

    @property
    def request_id(self) -> UUID:
        return self.asking.request_id


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    event_id: UUID
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Requests:
    asked: Growing[UUID, Request] = field(default_factory=Growing)
    replies: Growing[ReplyKey, tuple[Reply, ...]] = field(default_factory=Growing)
    needed_by: Mapping[UUID, tuple[tuple[datetime, int, NeededByDateSet], ...]] = field(default_factory=dict)

    def reply_to(self, request: Request) -> Reply | None:
        """The first reply. One that names only the person counts where it is no older than the request."""
        key = request.asking.key
        replies = [r for r in self.replies.get(key, ()) if isinstance(key, UUID) or r.at >= request.asked_at]
        return min(replies, key=lambda reply: reply.at, default=None)

    def needed(self, request_id: UUID) -> NeededByDateSet | None:
        """By when the reply is needed, as was settled last."""
        told = max(self.needed_by.get(request_id, ()), key=lambda item: item[:2], default=None)
        return None if told is None else told[2]


@command
class SetNeededByDate(Command):
    """Say by when the reply to a request is needed and what for. With `for_id`, a hearing or visit of the case."""

    setting_id: UUID
    request_id: UUID
    needed_by: datetime
    needed_for: NeededFor
    for_id: UUID | None = None
    reason: str | None = None


def set_needed_by(submission: Submission[SetNeededByDate], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_open(case)
    request = case.requests.asked.get(wish.request_id)
    if request is None:
        raise Refused("this case asked for nothing under this id", rule="DECISION-9", field="request_id")
    require_zone(wish.needed_by, rule="DECISION-9", name="needed_by")
    if wish.needed_by < request.asked_at:
        raise Refused("a reply cannot be needed before it was asked for", rule="DECISION-9", field="needed_by")
    known: Mapping[UUID, object] = {}
    if wish.needed_for is NeededFor.HEARING:
        known = case.court.hearings
    elif wish.needed_for is NeededFor.VISIT:
        known = case.visits.visits
    if wish.for_id is not None and wish.for_id not in known:
        raise Refused("no such hearing or visit in this case", rule="DECISION-9", field="for_id")
    if wish.needed_for is NeededFor.OTHER and wish.reason is None:
        raise Refused("say in words what it is needed for", rule="DECISION-9", field="reason")
    return case.once(wish.setting_id, NeededByDateSet(
        setting_id=wish.setting_id, request_id=wish.request_id, person_ids=request.asking.person_ids,
        needed_by=wish.needed_by, needed_zone=zone_name(wish.needed_by, submission.standing.zone),
        needed_for=wish.needed_for, for_id=wish.for_id, reason=personal(wish.reason),
    ))


def _told(state: Requests, told: Event, envelope: Envelope) -> Requests:
    """An event that asks, replies, or does both by turns."""
    circumstances, kind = envelope.circumstances, type(told)
    asking = ASKINGS[kind](told) if kind in ASKINGS else None
    if asking is not None and asking.request_id not in state.asked:
        request = Request(asking=asking, event_id=circumstances.event_id, asked_at=circumstances.occurred_at)
        state = replace(state, asked=state.asked.having(asking.request_id, request))
    key = REPLIES[kind](told) if kind in REPLIES else None
    if key is not None:
        reply = Reply(event_id=circumstances.event_id, at=circumstances.occurred_at)
        state = replace(state, replies=state.replies.having(key, (*state.replies.get(key, ()), reply)))
    return state


def _needed(state: Requests, told: NeededByDateSet, envelope: Envelope) -> Requests:
    settled = (envelope.circumstances.occurred_at, envelope.version, told)
    before = state.needed_by.get(told.request_id, ())
    return replace(state, needed_by={**state.needed_by, told.request_id: (*before, settled)})


INITIAL = Requests()
DECIDES = {SetNeededByDate: set_needed_by}
EVOLVES: dict[type[Event], Any] = {
    **dict.fromkeys((*ASKINGS, *REPLIES), _told), NeededByDateSet: _needed,
}
KEYS: Keys = {NeededByDateSet: lambda e: e.setting_id}
