"""A register: one field of the world, told by several events.

The fold runs by position; the value is the one that occurred last, ties going to the later version, so a
fact that arrives late does not move the world back. A correction stands in the place of the fact it names.
"""
from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

from domain.events import Envelope
from domain.personal import UNKNOWN, Known, Personal

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Fact(Generic[T]):
    """A value, and the event and field that told it."""

    value: Personal[T]
    event_id: UUID
    field: str
    occurred_at: datetime
    learned_at: datetime
    version: int


@dataclass(frozen=True, slots=True)
class Register(Generic[T]):
    """Every telling of one field. Unknown until someone tells."""

    told: tuple[Fact[T], ...] = ()

    @property
    def current(self) -> Fact[T] | None:
        if len(self.told) > 1:
            return max(self.told, key=lambda fact: (fact.occurred_at, fact.version))
        return self.told[0] if self.told else None

    @property
    def value(self) -> Personal[T]:
        fact = self.current
        return UNKNOWN if fact is None else fact.value

    def tell(self, envelope: Envelope, field: str, value: Personal[T]) -> Register[T]:
        """One more telling; an event that leaves the field unknown tells nothing."""
        return self if value is UNKNOWN else Register((*self.told, _fact(envelope, field, value)))

    def correct(self, envelope: Envelope, replaces: UUID, field: str, value: Personal[T]) -> Register[T]:
        """The telling of event `replaces` was never true: `value` stands in its place, at its time in the world.

        Where that event left this field unknown, the correction tells it for the first time.
        """
        if not self.told_by(replaces):
            return self.tell(envelope, field, value)
        corrected = _fact(envelope, field, value)
        return Register(tuple(
            replace(corrected, occurred_at=fact.occurred_at) if fact.event_id == replaces else fact for fact in self.told
        ))

    def told_by(self, event_id: UUID) -> bool:
        return any(fact.event_id == event_id for fact in self.told)

    @property
    def is_known(self) -> bool:
        return isinstance(self.value, Known)


def first(envelope: Envelope, field: str, value: Personal[T]) -> Register[T]:
    """A register with its first telling."""
    empty: Register[T] = Register()
    return empty.tell(envelope, field, value)


def _fact(envelope: Envelope, field: str, value: Personal[T]) -> Fact[T]:
    circumstances = envelope.circumstances
    return Fact(
        value=value, event_id=circumstances.event_id, field=field, occurred_at=circumstances.occurred_at,
        learned_at=circumstances.learned_at, version=envelope.version,
    )
