"""Deliveries: what every office's feed holds, and how far each entry has come."""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Engine, Index, Integer, MetaData, String, Table, Uuid, select

from domain.disclosure.events import (
    DeliveryHeldBack,
    DeliveryLetGo,
    DeliveryStopped,
    Disclosed,
    HandedOver,
    HandOverDoubted,
    HandOverFailed,
    HandOverStarted,
    Held,
    Released,
    Withdrawn,
)
from domain.events import Envelope
from domain.ports import Recorded
from projections.projection import Change, ClearReader, Moment, Put, Row, Value

ROWS_MAX = 1_000


class DeliveryStage(StrEnum):
    """How far an entry has come. `STARTED` without an outcome is doubtful: its courier may be gone."""

    WAITING = "waiting"
    STARTED = "started"
    HANDED_OVER = "handed_over"
    FAILED = "failed"
    DOUBTED = "doubted"
    HELD_BACK = "held_back"
    LET_GO = "let_go"
    STOPPED = "stopped"


metadata = MetaData()
deliveries = Table(
    "deliveries",
    metadata,
    Column("office", String, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("case_id", Uuid, nullable=False),
    # Set by the entry in the feed's stream.
    Column("topic", String),
    Column("entry_event_id", Uuid),
    Column("entered_at", Moment),
    Column("refers_to", Integer),
    # Set by the stages in the delivery's own stream, which another shard may bring first.
    Column("stage", String),
    Column("attempts", Integer),
    Column("channel", String),
    Column("staged_at", Moment),
    Column("next_attempt_at", Moment),
    Index("ix_deliveries_stage", "stage", "next_attempt_at"),
    Index("ix_deliveries_case", "case_id"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """An entry of a feed and its delivery. `refers_to` is the number that it withdraws, holds or releases.

    `attempts` counts from 1 and is 0 before the first. Moments are in UTC.
    """

    office: str
    number: int
    case_id: UUID
    topic: str
    entry_event_id: UUID
    entered_at: datetime
    refers_to: int | None
    stage: DeliveryStage
    attempts: int
    channel: str | None
    staged_at: datetime | None
    next_attempt_at: datetime | None


_ENTRIES = (Disclosed, Withdrawn, Held, Released)
_STAGES = (HandOverStarted, HandedOver, HandOverFailed, HandOverDoubted, DeliveryHeldBack, DeliveryLetGo, DeliveryStopped)
_TOPICS = frozenset(declared.TOPIC for declared in (*_ENTRIES, *_STAGES))


class Deliveries:
    """A row per number of an office's feed, made whole by two streams in either order."""

    name = "deliveries"
    tables = (deliveries,)

    def concerns(self, recorded: Recorded) -> bool:
        return recorded.topic in _TOPICS

    def when(self, recorded: Recorded, reader: ClearReader) -> Iterable[Change]:
        envelope = reader.decode(recorded)
        match envelope.event:
            case Disclosed() as told:
                yield _entry(told, recorded, None)
            case Withdrawn(withdraws=number) as told:
                yield _entry(told, recorded, number)
            case Held(holds=number) as told:
                yield _entry(told, recorded, number)
            case Released(releases=number) as told:
                yield _entry(told, recorded, number)
            case HandOverStarted() as told:
                yield _staged(told, envelope, DeliveryStage.STARTED, told.attempt, channel=told.channel)
            case HandedOver() as told:
                yield _staged(told, envelope, DeliveryStage.HANDED_OVER, told.attempt, channel=told.channel)
            case HandOverFailed() as told:
                yield _staged(told, envelope, DeliveryStage.FAILED, told.attempt, told.retry_at, channel=told.channel)
            case HandOverDoubted() as told:
                yield _staged(told, envelope, DeliveryStage.DOUBTED, told.attempt, told.retry_at, channel=told.channel)
            case DeliveryHeldBack() as told:
                yield _staged(told, envelope, DeliveryStage.HELD_BACK, told.attempts)
            case DeliveryStopped() | DeliveryLetGo() as told:  # How often it was tried stays as it was.
                stage = DeliveryStage.STOPPED if isinstance(told, DeliveryStopped) else DeliveryStage.LET_GO
                yield Put(deliveries, {**_key(told), "stage": stage.value, "next_attempt_at": None,
                                       "staged_at": envelope.circumstances.occurred_at})


Entry = Disclosed | Withdrawn | Held | Released
Stage = HandOverStarted | HandedOver | HandOverFailed | HandOverDoubted | DeliveryHeldBack | DeliveryLetGo | DeliveryStopped


def _key(told: Entry | Stage) -> Row:
    return {"office": told.office, "number": told.number, "case_id": told.case_id}


def _entry(told: Entry, recorded: Recorded, refers_to: int | None) -> Put:
    return Put(deliveries, {
        **_key(told), "topic": recorded.topic, "entry_event_id": recorded.event_id,
        "entered_at": recorded.recorded_at, "refers_to": refers_to,
    })


def _staged(
    told: Stage, envelope: Envelope, stage: DeliveryStage, attempts: int, retry_at: datetime | None = None, **more: Value
) -> Put:
    return Put(deliveries, {
        **_key(told), "stage": stage.value, "attempts": attempts, "next_attempt_at": retry_at,
        "staged_at": envelope.circumstances.occurred_at, **more,
    })


# ------------------------------------------------------------------ reading
def outstanding(engine: Engine, now: datetime, *, limit: int = ROWS_MAX) -> Sequence[Delivery]:
    """What a courier may take up at `now`: never tried, started without an outcome, or due to be tried again.

    In order of office and number. What failed for good, is held back or was stopped is not among them.
    """
    stage = deliveries.c.stage
    again = stage.in_([DeliveryStage.FAILED.value, DeliveryStage.DOUBTED.value]) & (deliveries.c.next_attempt_at <= now)
    return _read(engine, stage.is_(None) | (stage == DeliveryStage.STARTED.value) | again, limit=limit)


def next_attempt(engine: Engine, after: datetime) -> datetime | None:
    """When the earliest delivery that waits beyond `after` is to be tried again."""
    waiting = deliveries.c.stage.in_([DeliveryStage.FAILED.value, DeliveryStage.DOUBTED.value])
    with engine.connect() as connection:
        at = deliveries.c.next_attempt_at
        return connection.scalar(select(at).where(waiting, at > after).order_by(at).limit(1))


def of_office(engine: Engine, office: str, *, after: int = 0, limit: int = ROWS_MAX) -> Sequence[Delivery]:
    """The feed of an office with the stage of each entry, numbers > `after`, in order."""
    return _read(engine, deliveries.c.office == office, deliveries.c.number > after, limit=limit)


def of_case(
    engine: Engine, case_id: UUID, *, after: tuple[str, int] = ("", 0), limit: int = ROWS_MAX
) -> Sequence[Delivery]:
    """What a case's facts went out in, in order of office and number, after such a pair, at most `limit`."""
    office, number = after
    beyond = (deliveries.c.office > office) | ((deliveries.c.office == office) & (deliveries.c.number > number))
    return _read(engine, deliveries.c.case_id == case_id, beyond, limit=limit)


def _read(engine: Engine, *wanted: ColumnElement[bool], limit: int) -> Sequence[Delivery]:
    # A stage whose entry has not come yet is no entry to show.
    asked = select(deliveries).where(deliveries.c.topic.is_not(None), *wanted)
    with engine.connect() as connection:
        rows = connection.execute(
            asked.order_by(deliveries.c.office, deliveries.c.number).limit(min(limit, ROWS_MAX))
        ).mappings()
        return [_delivery(row) for row in rows]


def _delivery(row: Any) -> Delivery:
    read = {field.name: row[field.name] for field in fields(Delivery)}
    stage = DeliveryStage(row["stage"]) if row["stage"] else DeliveryStage.WAITING
    return Delivery(**{**read, "stage": stage, "attempts": row["attempts"] or 0})
