"""Events of the tests' own, with every type of field that an event may have."""
from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from uuid import UUID, uuid4

from domain.events import Actor, Circumstances, Compartment, Envelope, Event, boxed, clear, event
from domain.personal import UNKNOWN, Personal
from domain.ports import NewEvent, Recorded

FREE = "a word of the tests"


class Basis(StrEnum):
    ORDER = "order"
    EMERGENCY = "emergency"


@dataclass(frozen=True, slots=True)
class Street:
    name: str
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Residence:
    street: Street
    since: date
    shared_with: tuple[UUID, ...] = ()


@event("casebridge.test.EverythingNoted")
class EverythingNoted(Event):
    """Somebody noted one value of every type."""

    case_id: UUID = clear(FREE)
    person: UUID = clear(FREE)
    others: tuple[UUID, ...] = clear(FREE)
    text: str = clear(FREE)
    number: int = clear(FREE)
    truth: bool = clear(FREE)
    moment: datetime = clear(FREE)
    day: date = clear(FREE)
    basis: Basis = clear(FREE)
    office: Street = clear(FREE)
    texts: tuple[str, ...] = clear(FREE)
    bases: tuple[Basis, ...] = clear(FREE)
    due_at: datetime | None = clear(FREE)
    note: str | None = clear(FREE, default=None)
    count: int = clear(FREE, default=3)
    name: Personal[str] = boxed(Compartment.IDENTITY, about="person", meaning="the name", default=UNKNOWN)
    residence: Personal[Residence] = boxed(Compartment.IDENTITY, about="person", meaning="where", default=UNKNOWN)
    born_on: Personal[date] = boxed(Compartment.IDENTITY, about="person", meaning="birth date", default=UNKNOWN)
    status: Personal[str] = boxed(
        Compartment.IMMIGRATION, about=("person", "others"), meaning="the status", default=UNKNOWN,
    )
    seen_at: Personal[datetime] = boxed(
        Compartment.IMMIGRATION, about=("person", "others"), meaning="when it was seen", default=UNKNOWN,
    )
    visits: Personal[tuple[Street, ...]] = boxed(Compartment.HEALTH, about="others", meaning="clinics", default=UNKNOWN)
    urgent: Personal[bool] = boxed(Compartment.HEALTH, about="others", meaning="is it urgent", default=UNKNOWN)
    reason: Personal[Basis] = boxed(Compartment.LEGAL, about="person", meaning="on what basis", default=UNKNOWN)


@event("casebridge.test.CustodySeen")
class CustodySeen(Event):
    """A typical event: three clear fields, one box of two."""

    child: UUID = clear(FREE)
    basis: Basis = clear(FREE)
    due_at: datetime = clear(FREE)
    name: Personal[str] = boxed(Compartment.IDENTITY, about="child", meaning="the child's name")
    nationality: Personal[str] = boxed(Compartment.IDENTITY, about="child", meaning="country of nationality")


@event("casebridge.test.NothingPersonal")
class NothingPersonal(Event):
    """An event without fields."""


def circumstances(*, moment: datetime = datetime(2026, 3, 8, 12, tzinfo=UTC)) -> Circumstances:
    return Circumstances(
        event_id=uuid4(), occurred_at=moment, learned_at=moment,
        actor=Actor(agency="nm-cyfd", role="liaison", user="u-17"), principal="os:liaison",
        command_id=uuid4(), correlation_id=uuid4(), causation_id=None, traceparent=None,
        agency="nm-cyfd", jurisdiction="US-NM", packs=("9f2c", "77aa"),
    )


def enveloped(fact: Event, *, stream: str | None = None, version: int = 1) -> Envelope:
    return Envelope(stream=stream or f"case-{uuid4()}", version=version, event=fact, circumstances=circumstances())


def recorded(new: NewEvent, *, position: int = 1) -> Recorded:
    return Recorded(
        position=position, event_id=new.event_id, stream=new.stream, version=new.version, topic=new.topic,
        state=new.state, recorded_at=datetime(2026, 3, 9, tzinfo=UTC),
    )
