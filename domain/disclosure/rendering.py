"""What every renderer rests on: the source events of an entry, and one value out of them."""
from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.disclosure.events import FieldSource
from domain.events import Envelope
from domain.personal import Known, Unknown, Withheld

SOURCE_NOTE = re.compile(
    r" \((?:[LPT]\d[^()]*|named by the source[^()]*|needed for this, no more|only on a recorded ground)\)\Z"
)
"""What a contract's text ends with to say where it is from: lines, a process or a tension of our source, or no line.
Renderers rest on it, so it never takes away more or less than it did."""
Record = dict[str, Any]  # as the published schema says; moments and days still as datetime and date
Facts = Mapping[UUID, Envelope]
Renderer = Callable[[Envelope, Facts], Record]


class Unrenderable(Exception):
    """A field of an entry cannot be read now: its key is withheld or destroyed, or its event is another than named."""

    def __init__(self, path: str) -> None:
        super().__init__(f"{path} of the entry cannot be read")
        self.path = path


def value_of(source: FieldSource, facts: Facts) -> Any:
    """The value that the named event tells; `occurred_at` is the event's own. Raises Unrenderable."""
    envelope = facts.get(source.event_id)
    if envelope is None:
        raise Unrenderable(source.path)
    if source.field == "occurred_at":
        return envelope.circumstances.occurred_at
    value = getattr(envelope.event, source.field, None)
    if value is None or isinstance(value, Unknown | Withheld):
        raise Unrenderable(source.path)
    return value.value if isinstance(value, Known) else value


def without_source_note(text: str) -> str:
    """A contract's text without where our own source says so: auditors look that up, and to a partner it means nothing."""
    return SOURCE_NOTE.sub("", text)


def zone_of(moment: datetime) -> str:
    """The zone's name, or its offset where it has none."""
    key = getattr(moment.tzinfo, "key", None)
    return str(key) if key else moment.isoformat()[-6:]
