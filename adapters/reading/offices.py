"""Since when each office of a directory stands where it stands, and why where it was stopped."""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from domain.agency.events import OfficeEnded, OfficeListed, OfficeRehearsed, OfficeSuspended, OfficeWentLive
from domain.events import Envelope

STAGED = (OfficeListed, OfficeRehearsed, OfficeWentLive, OfficeSuspended, OfficeEnded)


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """`reason` is there for an office that is suspended."""

    since: datetime
    reason: str | None


def standings(stream: Iterable[Envelope]) -> dict[str, Standing]:
    """By office, from its agency's stream. A stage that is said again does not begin again."""
    found: dict[str, tuple[type, Standing]] = {}
    for envelope in stream:
        event = envelope.event
        if not isinstance(event, STAGED):
            continue
        stage, reason = type(event), event.reason if isinstance(event, OfficeSuspended) else None
        before = found.get(event.office)
        if before is None or before[0] is not stage:
            found[event.office] = stage, Standing(since=envelope.circumstances.occurred_at, reason=reason)
    return {office: standing for office, (_, standing) in found.items()}
