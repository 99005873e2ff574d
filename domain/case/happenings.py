"""What has happened to whom, by the name of the event: what triggers read, and what meets a duty raised only afterwards."""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import NamedTuple
from uuid import UUID

from domain.events import Envelope, Event
from domain.policy.facts import Since

PERSONS = (
    "child_id", "child_ids", "person_id", "person_ids", "party_id", "party_ids", "subject_id", "carer_id", "adopter_id",
)


class Happening(NamedTuple):
    event: Event
    event_id: UUID
    occurred_at: datetime
    learned_at: datetime

    @property
    def since(self) -> Since:
        return Since(at=self.learned_at, occurred_at=self.occurred_at, event_id=self.event_id)


@dataclass(frozen=True, kw_only=True, slots=True)
class Happenings:
    """By person, then by the event's name, in the order of the stream."""

    of: Mapping[UUID, Mapping[str, tuple[Happening, ...]]] = field(default_factory=dict)

    def named(self, persons: Iterable[UUID], name: str) -> Iterator[Happening]:
        """Every event of this name about one of these persons, each once."""
        seen: set[UUID] = set()
        for person in persons:
            for happening in self.of.get(person, NOTHING).get(name, ()):
                if happening.event_id not in seen:
                    seen.add(happening.event_id)
                    yield happening

    def about(self, person: UUID) -> Mapping[str, tuple[Happening, ...]]:
        """What has happened to one person, by the event's name."""
        return self.of.get(person, NOTHING)


NOTHING: Mapping[str, tuple[Happening, ...]] = {}


@cache
def _naming(kind: type) -> tuple[str, ...]:
    return tuple(name for name in PERSONS if hasattr(kind, name))


def persons_of(event: Event) -> Iterator[UUID]:
    """The persons of a case whom an event names in clear."""
    kind: type = type(event)
    for name in _naming(kind):
        told = getattr(event, name)
        if isinstance(told, UUID):
            yield told
        elif isinstance(told, tuple):
            yield from told


def happened(state: Happenings, event: Event, envelope: Envelope) -> Happenings:
    circumstances = envelope.circumstances
    happening = Happening(
        event=event, event_id=circumstances.event_id, occurred_at=circumstances.occurred_at,
        learned_at=circumstances.learned_at,
    )
    name, changed = type(event).__name__, dict(state.of)
    for person in dict.fromkeys(persons_of(event)):
        known = changed.get(person, NOTHING)
        changed[person] = {**known, name: (*known.get(name, ()), happening)}
    return Happenings(of=changed)


INITIAL = Happenings()
