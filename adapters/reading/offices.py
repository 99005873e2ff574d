"""Since when each office of a directory stands where it stands."""
from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from domain.agency.events import OfficeEnded, OfficeListed, OfficeRehearsed, OfficeSuspended, OfficeWentLive
from domain.events import Envelope

STAGED = (OfficeListed, OfficeRehearsed, OfficeWentLive, OfficeSuspended, OfficeEnded)


def stages_since(stream: Iterable[Envelope]) -> dict[str, datetime]:
    """By office, from its agency's stream. A stage that is said again does not begin again."""
    found: dict[str, tuple[type, datetime]] = {}
    for envelope in stream:
        event = envelope.event
        if isinstance(event, STAGED) and found.get(event.office, (None,))[0] is not type(event):
            found[event.office] = type(event), envelope.circumstances.occurred_at
    return {office: since for office, (_, since) in found.items()}
