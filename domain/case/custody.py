"""The agency takes a child into custody, and custody ends; each time is an episode of its own."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from domain.case.intake import OUR_ID, personal, require_child
from domain.case.keys import Keys
from domain.events import Compartment, Envelope, Event, boxed, clear, event
from domain.personal import Personal
from domain.refusals import Refused
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.case.state import Case


@event("casebridge.custody.CustodyTaken")
class CustodyTaken(Event):
    """The agency took a child into custody. One event for each child, even where they were taken together."""

    child_id: UUID = clear(OUR_ID)
    episode_id: UUID = clear(OUR_ID)
    authority: Personal[str] = boxed(Compartment.LEGAL, about="child_id", meaning="on whose authority")
    place: Personal[str] = boxed(Compartment.IDENTITY, about="child_id", meaning="where the child was taken from")
    circumstances: Personal[str] = boxed(Compartment.IDENTITY, about="child_id", meaning="how it came about")


@event("casebridge.custody.CustodyEnded")
class CustodyEnded(Event):
    """Custody of a child ended."""

    child_id: UUID = clear(OUR_ID)
    episode_id: UUID = clear(OUR_ID)
    to_party_id: UUID | None = clear(OUR_ID)
    reason: Personal[str] = boxed(Compartment.IDENTITY, about="child_id", meaning="why it ended")


@dataclass(frozen=True, kw_only=True, slots=True)
class Episode:
    episode_id: UUID
    child_id: UUID
    event_id: UUID
    taken_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Custody:
    episodes: Mapping[UUID, Episode] = field(default_factory=dict)

    def current(self, child_id: UUID) -> Episode | None:
        return next((e for e in self.episodes.values() if e.child_id == child_id and e.ended_at is None), None)


@command
class TakeIntoCustody(Command):
    """Record that a child was taken into custody; `episode_id` is the sender's id of this episode."""

    child_id: UUID
    episode_id: UUID
    authority: str | None = None
    place: str | None = None
    circumstances: str | None = None


@command
class EndCustody(Command):
    """Record that custody of a child ended, to whom, and why."""

    child_id: UUID
    episode_id: UUID
    to_party_id: UUID | None = None
    reason: str | None = None


def take_into_custody(submission: Submission[TakeIntoCustody], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_child(case, wish.child_id)
    current = case.custody.current(wish.child_id)
    if current is not None and current.episode_id != wish.episode_id:
        raise Refused("the child is in custody already: end that episode first", rule="P01", field="episode_id")
    return case.once(wish.episode_id, CustodyTaken(
        child_id=wish.child_id, episode_id=wish.episode_id, authority=personal(wish.authority),
        place=personal(wish.place), circumstances=personal(wish.circumstances),
    ))


def end_custody(submission: Submission[EndCustody], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_child(case, wish.child_id)
    episode = case.custody.episodes.get(wish.episode_id)
    if episode is None or episode.child_id != wish.child_id:
        raise Refused("the child has no such custody episode", rule="P01", field="episode_id")
    if submission.occurred_at < episode.taken_at:
        raise Refused("custody cannot end before it began", rule="P01", field="occurred_at")
    return case.once((wish.episode_id, "ended"), CustodyEnded(
        child_id=wish.child_id, episode_id=wish.episode_id, to_party_id=wish.to_party_id, reason=personal(wish.reason),
    ))


def _taken(custody: Custody, told: CustodyTaken, envelope: Envelope) -> Custody:
    episode = Episode(
        episode_id=told.episode_id, child_id=told.child_id, event_id=envelope.circumstances.event_id,
        taken_at=envelope.circumstances.occurred_at,
    )
    return Custody(episodes={**custody.episodes, told.episode_id: episode})


def _ended(custody: Custody, told: CustodyEnded, envelope: Envelope) -> Custody:
    episode = custody.episodes.get(told.episode_id)
    if episode is None:
        return custody  # A prefix or a filtered replay may lack the beginning; a fold never raises (I10).
    ended = replace(episode, ended_at=envelope.circumstances.occurred_at)
    return Custody(episodes={**custody.episodes, told.episode_id: ended})


INITIAL = Custody()
DECIDES = {TakeIntoCustody: take_into_custody, EndCustody: end_custody}
EVOLVES = {CustodyTaken: _taken, CustodyEnded: _ended}
KEYS: Keys = {CustodyTaken: lambda e: e.episode_id, CustodyEnded: lambda e: (e.episode_id, "ended")}
