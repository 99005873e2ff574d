"""What is still to be handed over, as the log tells it. Built from the log at start and kept up by tailing it."""
from __future__ import annotations

import sys
from array import array
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from adapters.avro import EventCodec
from adapters.disclosure.epochs import BEGINNING, Epoch, Epochs, sign_of
from adapters.disclosure.streams import DELIVERY, FEED, feed_stream, place_of
from adapters.reading_on import read_on
from domain.disclosure.events import (
    DeliveryHeldBack,
    DeliveryLetGo,
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
from domain.ports import EventLog, Lineage, Position, Recorded

ROWS_MAX = 5_000
NAMED_MAX = 1_000
"""How often one entry may be held back and let go."""


class Stage(StrEnum):
    WAITING = "waiting"
    STARTED = "started"  # without an outcome yet: after a crash, or a long silence, a doubt
    FAILED = "failed"
    DOUBTED = "doubted"
    HELD_BACK = "held_back"
    LET_GO = "let_go"  # its content comes under another number, which the feed has not got yet
    RELEASED = "released"  # the feed has it
    STOPPED = "stopped"
    HANDED_OVER = "handed_over"


WITHOUT_CONTENT = frozenset({Stage.HELD_BACK, Stage.STOPPED, Stage.LET_GO, Stage.RELEASED})
DONE_WITH = frozenset({Stage.STOPPED, Stage.RELEASED})
"""What leaves no more, and keeps nothing waiting."""


@dataclass(kw_only=True, slots=True)
class Delivery:
    """One entry on its way. `sequence` counts the entries of its case in its feed, `version` its own stream.

    What was held back and let go leaves as a delivery of its own: `entry` is then the one that holds the content, under
    the new number, and `releases` names the first. `holds` makes it the word that another number is held back, which
    tells no fact. `place` is the number by which it stands in its case's order, `epoch` that of its own number.
    """

    entry: Envelope
    sequence: int
    epoch: Epoch = BEGINNING
    place: int = 0
    releases: int | None = None
    holds: int | None = None
    was_tried: bool = False  # held back because it failed, and not for what stood before it or for a hold
    stage: Stage = Stage.WAITING
    version: int = 0
    attempts: int = 0
    channel: str = ""  # of its last attempt
    first_at: datetime | None = None
    last_at: datetime | None = None
    last_event_id: UUID | None = None
    traceparent: str | None = None  # of its last stage
    retry_at: datetime | None = None

    def __post_init__(self) -> None:
        self.place = self.place or self.told.number

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
                self.channel = event.channel
            case HandOverFailed():
                self.stage, self.attempts, self.retry_at = Stage.FAILED, event.attempt, event.retry_at
            case HandOverDoubted():
                is_given_up = event.retry_at <= envelope.circumstances.occurred_at  # What is tried again is so later.
                self.stage, self.retry_at = Stage.DOUBTED, None if is_given_up else event.retry_at
            case DeliveryHeldBack():
                self.was_tried = self.stage in (Stage.FAILED, Stage.DOUBTED) and self.retry_at is None
                self.stage, self.retry_at = Stage.HELD_BACK, None
            case DeliveryLetGo():
                self.stage, self.retry_at = Stage.LET_GO, None
            case DeliveryStopped():
                self.stage, self.retry_at = Stage.STOPPED, None
            case HandedOver():
                self.stage = Stage.HANDED_OVER
            case _:
                raise AssertionError(f"{type(event).__name__} is no stage of a delivery")


@dataclass(slots=True)
class Queue:
    """What one office is still to get, by number, in order. `counts` says how many entries each case has had,
    `last` is the number of the newest entry, `sequences` has for each number its place among those of its case,
    `epochs` says what of it was written after which restore."""

    last: int = 0
    epochs: Epochs = field(default_factory=Epochs)
    sequences: array[int] = field(default_factory=lambda: array("L"))
    deliveries: dict[int, Delivery] = field(default_factory=dict)
    counts: dict[UUID, int] = field(default_factory=dict)


class Outstanding:
    """Every delivery without a proven hand-over, by office. It reads the whole log once, in batches of ROWS_MAX."""

    def __init__(self, log: EventLog, codec: EventCodec) -> None:
        self._log, self._codec = log, codec
        self.at: Position | None = None
        self.offices: dict[str, Queue] = {}
        self._restores, self._passed = list(log.lineages[1:]), list[Lineage]()

    def tail(self) -> None:
        """Read on to the end of the log. Raises LogForked."""
        while rows := read_on(self._log, self.at, limit=ROWS_MAX, reader="the courier"):
            for row in rows:
                if self._restores:
                    self._pass_restores(before=row.position)
                if row.stream.startswith(FEED) or (row.stream.startswith(DELIVERY) and self._is_news(row)):
                    self._apply(self._codec.decode(row))
            self.at = Position(lineage=self._log.lineage, position=rows[-1].position, event_id=rows[-1].event_id)
        self._pass_restores(before=sys.maxsize)

    def queue(self, office: str) -> Queue:
        """What this office is to get; of an office without an entry too."""
        found = self.offices.get(office)
        if found is None:
            found = Queue()
            for restore in self._passed:
                found.epochs.begin(sign_of(restore.lineage, office), 1)
        return found

    def settle(self, delivery: Delivery) -> None:
        """Forget a delivery whose hand-over is proven."""
        if delivery.stage is Stage.HANDED_OVER:
            self.offices[delivery.told.office].deliveries.pop(delivery.told.number, None)

    def _pass_restores(self, before: int) -> None:
        """Begin the epochs of what follows: every row that was read stands before these restores' ends."""
        while self._restores and self._restores[0].after < before:
            restore = self._restores.pop(0)
            self._passed.append(restore)
            for office, queue in self.offices.items():
                queue.epochs.begin(sign_of(restore.lineage, office), queue.last + 1)

    def _is_news(self, row: Recorded) -> bool:
        """Whether this stage is one that its delivery lacks: most have been applied as they were appended."""
        office, number = place_of(row.stream)
        queue = self.offices.get(office)
        delivery = queue.deliveries.get(number) if queue else None
        return delivery is not None and delivery.version < row.version

    def _apply(self, envelope: Envelope) -> None:
        event = envelope.event
        if isinstance(event, Disclosed | Withdrawn | Held | Released):
            queue = self.offices.setdefault(event.office, self.queue(event.office))
            assert event.number == queue.last + 1, f"the feed of {event.office} has a gap before {event.number}"
            queue.last = event.number
            queue.counts[event.case_id] = sequence = queue.counts.get(event.case_id, 0) + 1
            queue.sequences.append(sequence)
            epoch = queue.epochs.of(event.number)
            queue.deliveries[event.number] = delivery_of(self._log, self._codec, envelope, sequence, epoch)
            first = queue.deliveries.get(event.releases) if isinstance(event, Released) else None
            if first is not None:
                first.stage = Stage.RELEASED
        elif envelope.stream.startswith(DELIVERY):
            office, number = place_of(envelope.stream)
            delivery = self.offices[office].deliveries[number]
            delivery.apply(envelope)
            self.settle(delivery)


def delivery_of(
    log: EventLog, codec: EventCodec, envelope: Envelope, sequence: int, epoch: Epoch = BEGINNING
) -> Delivery:
    """The delivery of an entry. One that holds back or releases another has its content from there."""
    told = envelope.event
    if isinstance(told, Held):
        first, _ = _content(log, codec, told.office, told.holds)
        entry = envelope._replace(event=replace(first, number=told.number, digest=""))
        return Delivery(entry=entry, sequence=sequence, epoch=epoch, holds=told.holds)
    if isinstance(told, Released):
        first, place = _content(log, codec, told.office, told.releases)
        entry = envelope._replace(event=replace(first, number=told.number))
        return Delivery(entry=entry, sequence=sequence, epoch=epoch, place=place, releases=told.releases)
    return Delivery(entry=envelope, sequence=sequence, epoch=epoch)


def _content(log: EventLog, codec: EventCodec, office: str, number: int) -> tuple[FeedEntry, int]:
    """The entry whose content a number names, and its own number: what was released may be held back once more."""
    for _ in range(NAMED_MAX):
        (row,) = log.read_stream(feed_stream(office), after=number - 1, limit=1)
        told = codec.decode(row).event
        if isinstance(told, Disclosed | Withdrawn):
            return told, number
        assert isinstance(told, Released), "only content is held back"
        number = told.releases
    raise AssertionError(f"number {number} of {office} was held back more than {NAMED_MAX} times")
