"""One event as a fact that something rests on: what it was, when it happened, when the agency learned it."""
from __future__ import annotations

import re

from adapters.reading.timeline import text_of
from adapters.reading.words import moment
from domain.case.state import Case
from domain.events import Envelope


def fact(case: Case, envelope: Envelope, zone: str) -> str:
    """`custody taken Thu 13 Aug 2026 16:10, event 1a2b3c4d: Ana Ochoa, from home`."""
    told = envelope.circumstances
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(envelope.event).__name__).lower()
    occurred, learned = moment(told.occurred_at, zone), moment(told.learned_at, zone)
    late = "" if learned == occurred else f", learned {learned}"
    return f"{name} {occurred}{late}, event {str(told.event_id)[:8]}: {text_of(case, envelope)}"
