"""An event, its place in a stream, and the circumstances under which it was recorded."""
from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from domain.events.contract import Event


@dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """Who says that they acted. A claim: the authenticated principal stands beside it."""

    agency: str
    role: str
    user: str


class Circumstances(NamedTuple):
    """What is asserted about a recording, stored with the event.

    `occurred_at` is when it happened in the world, `learned_at` when the agency learned it; both are
    aware datetimes, kept with their zone (`ZoneInfo` key or fixed offset) and to the microsecond.
    `packs` are the digests of the policy packs in force for the case, outermost layer first.
    """

    event_id: UUID
    occurred_at: datetime
    learned_at: datetime
    actor: Actor
    principal: str
    command_id: UUID
    correlation_id: UUID
    causation_id: UUID | None
    traceparent: str | None
    agency: str
    jurisdiction: str
    packs: tuple[str, ...]


class Envelope(NamedTuple):
    """An event as it stands in its stream.

    `version` counts from 1 within the stream. `position` (in the log) and `recorded_at` are given by
    the store inside the append, so both are None on an event that is only about to be recorded;
    a fold never reads them.
    """

    stream: str
    version: int
    event: Event
    circumstances: Circumstances
    position: int | None = None
    recorded_at: datetime | None = None
