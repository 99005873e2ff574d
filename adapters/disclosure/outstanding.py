"""What is still to be handed over, as the log tells it. Built from the log at start and kept up by tailing it."""
from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from adapters.avro import EventCodec
from adapters.disclosure.streams import DELIVERY, FEED, place_of
from domain.disclosure.events import (
    DeliveryHeldBack,
    DeliveryStopped,
    Disclosed,
    FeedEntry,
    HandedOver,
    HandOverDoubted,
    HandOverFailed,
    HandOverStarted,
    Held,
    Released,
    Withdrawn,
)
from domain.events import Envelope
from domain.ports import EventLog, Recorded

ROWS_MAX = 5_000


class Stage(StrEnum):
    WAITING = "waiting"
    STARTED = "started"  # without an outcome yet: after a crash, a doubt
    FAILED = "failed"
    DOUBTED = "doubted"
    HELD_BACK = "held_back"
    STOPPED = "stopped"
    HANDED_OVER = "handed_over"


WITHOUT_CONTENT = frozenset({Stage.HELD_BACK, Stage.STOPPED})


@dataclass(kw_only=True, slots=True)
class Delivery:
    """One entry on its way. `sequence` counts the entries of its case in its feed, `version` its own stream."""

    entry: Envelope
    sequence: int
    stage: Stage = Stage.WAITING
    version: int = 0
    attempts: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    last_event_id: UUID | None = None
    traceparent: str | None = None  # of its last stage
    retry_at: datetime | None = None

    @property
    def told(self) -> FeedEntry:
        told = self.entry.event
        assert isinstance(told, Disclosed | Withdrawn)
        return told

    def apply(self, envelope: Envelope) -> None:
        """One more stage. One that is known already changes nothing: events come from appending and from tailing."""
        if envelope.version <= self.version:
            return
        event, self.version = envelope.event, envelope.version
        self.last_event_id, self.last_at = envelope.circumstances.event_id, envelope.circumstances.occurred_at
        self.first_at, self.traceparent = self.first_at or self.last_at, envelope.circumstances.traceparent
        match event:
            case HandOverStarted():
                self.stage, self.attempts, self.retry_at = Stage.STARTED, event.attempt, None
            case HandOverFailed():
                self.stage, self.attempts, self.retry_at = Stage.FAILED, event.attempt, event.retry_at
            case HandOverDoubted():
                self.stage, self.retry_at = Stage.DOUBTED, event.retry_at
            case DeliveryHeldBack():
                self.stage, self.retry_at = Stage.HELD_BACK, None
            case DeliveryStopped():
                self.stage, self.retry_at = Stage.STOPPED, None
            case HandedOver():
                self.stage = Stage.HANDED_OVER
            case _:
                raise AssertionError(f"{type(event).__name__} is no stage of a delivery")


@dataclass(slots=True)
class Queue:
    """What one office is still to get, by number, in order. `counts` says how many entries each case has had,
    `last` is the number of the newest entry, `sequences` has for each number its place among those of its case."""

    last: int = 0
    sequences: array[int] = field(default_factory=lambda: array("L"))
    deliveries: dict[int, Delivery] = field(default_factory=dict)
    counts: dict[UUID, int] = field(default_factory=dict)


class Outstanding:
    """Every delivery without a proven hand-over, by office. It reads the whole log once, in batches of ROWS_MAX."""

    def __init__(self, log: EventLog, codec: EventCodec) -> None:
        self._log, self._codec = log, codec
        self.at = 0
        self.offices: dict[str, Queue] = {}

    def tail(self) -> None:
        """Read on to the end of the log."""
        while rows := self._log.read_log(after=self.at, limit=ROWS_MAX):
            for row in rows:
                if row.stream.startswith(FEED) or (row.stream.startswith(DELIVERY) and self._is_news(row)):
                    self._apply(self._codec.decode(row))
                self.at = row.position

    def settle(self, delivery: Delivery) -> None:
        """Forget a delivery whose hand-over is proven."""
        if delivery.stage is Stage.HANDED_OVER:
            self.offices[delivery.told.office].deliveries.pop(delivery.told.number, None)

    def _is_news(self, row: Recorded) -> bool:
        """Whether this stage is one that its delivery lacks: most have been applied as they were appended."""
        office, number = place_of(row.stream)
        queue = self.offices.get(office)
        delivery = queue.deliveries.get(number) if queue else None
        return delivery is not None and delivery.version < row.version

    def _apply(self, envelope: Envelope) -> None:
        event = envelope.event
        if isinstance(event, Disclosed | Withdrawn):
            queue = self.offices.setdefault(event.office, Queue())
            assert event.number == queue.last + 1, f"the feed of {event.office} has a gap before {event.number}"
            queue.last = event.number
            queue.counts[event.case_id] = sequence = queue.counts.get(event.case_id, 0) + 1
            queue.sequences.append(sequence)
            queue.deliveries[event.number] = Delivery(entry=envelope, sequence=sequence)
        elif isinstance(event, Held | Released):
            queue = self.offices.setdefault(event.office, Queue())
            queue.last = event.number  # tells of a number, has no content
            queue.sequences.append(0)
        elif envelope.stream.startswith(DELIVERY):
            office, number = place_of(envelope.stream)
            delivery = self.offices[office].deliveries[number]
            delivery.apply(envelope)
            self.settle(delivery)
