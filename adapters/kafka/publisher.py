"""Exactly once into a topic: records and the writer's position move in one Kafka transaction."""
from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from kafka.errors import (
    InvalidProducerEpochError,
    KafkaError,
    MessageSizeTooLargeError,
    ProducerFencedError,
    RecordListTooLargeError,
)

from adapters.kafka.deadline import Overdue, TooManyStuck, Worker
from adapters.kafka.settings import KafkaSettings
from adapters.kafka.transport import KafkaPythonTransport, Message, Session, Transport, partition_of

T = TypeVar("T")

FENCED = (ProducerFencedError, InvalidProducerEpochError)
DEADLINE_SECONDS = 15.0  # Of every call into the client; a whole transaction is one.

log = logging.getLogger(__name__)


class Phase(StrEnum):
    """Where a transaction can be cut short; tests kill the process there."""

    BEGIN = "begin"
    SEND = "send"
    POSITION = "position"
    COMMIT = "commit"
    DONE = "done"


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """How far a topic has been written: up to `position` of the source with this lineage.

    `id` names what stands there, so that a position given to something else is noticed; empty at 0.
    """

    lineage: UUID
    position: int
    id: str


class RelayStopped(Exception):
    """Going on could lose, double or reorder records: a person has to look. Nothing was written."""


class Interrupted(Exception):
    """Kafka failed, and what was in flight may or may not be there. `resume` tells; nothing is lost."""


class Fenced(Interrupted):
    """Another session of this id was opened since: somebody else writes the topic now."""


class Publisher:
    """The only writer of one topic, under one transactional id for ever.

    The protocol: any error, time-out or lost connection ends the session; a new one fences the old,
    the position is read back, and writing goes on from there and from nowhere else. It never rewinds.
    One thread at a time; nothing is connected before `resume`.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        target: str,
        positions: str,
        at: Callable[[Phase], None] = lambda phase: None,
        deadline_seconds: float = DEADLINE_SECONDS,
    ) -> None:
        self.target = target
        self._transport = transport
        self._positions = positions
        self._key = target.encode()
        self._at = at
        self._deadline_seconds = deadline_seconds
        self._worker: Worker | None = None
        self._session: Session | None = None
        self._partitions = 0
        self._position_partition = 0

    @property
    def ready(self) -> bool:
        """Whether `publish` may go on from the last mark without `resume`."""
        return self._session is not None

    def partition(self, key: bytes) -> int:
        """The partition of a key; the number of partitions is fixed while a topic has a position."""
        return partition_of(key, self._partitions)

    def resume(self, lineage: UUID) -> Mark:
        """Fence and resolve whatever an earlier session left, and say where the topic stands.

        A topic that was never written gets its first mark, at 0, before its first record: a first
        transaction cut short would otherwise look like a lost position. Raises RelayStopped, Interrupted.
        """
        self._drop()
        self._worker = Worker(f"publisher of {self.target}")
        # A session that opens after all, too late, is given up at once: it would only fence a later one.
        self._session = self._call(
            "opening a session", lambda: self._transport.open(self.target), late=lambda session: session.abandon()
        )
        ends = self._call("asking for the end of the topic", lambda: self._transport.ends(self.target))
        positions = self._call("asking for the positions", lambda: self._transport.ends(self._positions))
        self._partitions = ends.partitions
        self._position_partition = partition_of(self._key, positions.partitions)
        value = self._call("reading the position back", lambda: self._transport.latest(self._positions, self._key))
        if value is None:
            if not ends.never_written:
                raise self._stop("no position is known, but the topic's end offset is not 0: it was written before")
            mark = Mark(lineage=lineage, position=0, id="")
            self.publish((), mark)
            return mark
        mark, partitions = _decoded(value)
        if mark.lineage != lineage:
            raise self._stop(f"it was written from lineage {mark.lineage}, not {lineage}: the store was restored")
        if partitions != ends.partitions:
            raise self._stop(f"it was written with {partitions} partitions and has {ends.partitions}: keys have moved")
        if mark.position > 0 and ends.never_written:
            raise self._stop(f"its position is {mark.position}, but its end offset is 0: the topic was made anew")
        return mark

    def publish(
        self, messages: Sequence[Message], mark: Mark, *, meanwhile: Callable[[], None] = lambda: None
    ) -> None:
        """All messages and the mark, or nothing of it, in one transaction of at most 15 s.

        `meanwhile` runs in the caller's thread while Kafka works. Raises Interrupted, after which only
        `resume` tells which of the two it was, and RelayStopped for a record that no transaction can carry.
        """
        session = self._session
        if session is None:
            raise Interrupted(f"{self.target}: there is no session, resume first")
        position = Message(self._position_partition, self._key, _encoded(mark, self._partitions), [])

        def transaction() -> None:
            half = len(messages) // 2
            self._at(Phase.BEGIN)
            session.begin()
            session.send(self.target, messages[:half])
            self._at(Phase.SEND)
            session.send(self.target, messages[half:])
            self._at(Phase.POSITION)
            session.send(self._positions, (position,))
            self._at(Phase.COMMIT)
            session.commit()
            self._at(Phase.DONE)

        self._call("a transaction", transaction, meanwhile=meanwhile)
        if session.disturbed():
            log.warning("%s: a connection was lost in a transaction that was committed: new session", self.target)
            self._drop()

    def close(self) -> None:
        """End the session in good order; an open one is aborted by its successor."""
        session, self._session = self._session, None
        if session is not None and self._worker is not None:
            try:
                self._worker.run("closing", session.close, seconds=self._deadline_seconds)
            except (Overdue, KafkaError, OSError) as error:
                log.warning("%s: the session did not close: %s", self.target, error)
                session.abandon()
        self._drop()

    def _call(
        self,
        what: str,
        call: Callable[[], T],
        *,
        late: Callable[[T], None] = lambda result: None,
        meanwhile: Callable[[], None] = lambda: None,
    ) -> T:
        assert self._worker is not None
        try:
            return self._worker.run(what, call, seconds=self._deadline_seconds, late=late, meanwhile=meanwhile)
        except (MessageSizeTooLargeError, RecordListTooLargeError) as error:
            raise self._stop(f"a record is too large for the topic: {error}") from error
        except TooManyStuck as error:
            raise self._stop(str(error)) from error
        except FENCED as error:
            self._drop()
            raise Fenced(f"{self.target}: {what} failed: {type(error).__name__}: {error}") from error
        except (Overdue, KafkaError, OSError) as error:
            self._drop()
            raise Interrupted(f"{self.target}: {what} failed: {type(error).__name__}: {error}") from error
        except BaseException:
            self._drop()
            raise

    def _stop(self, because: str) -> RelayStopped:
        self._drop()
        return RelayStopped(f"{self.target}: {because}. Nothing was written; it goes on when a person has decided how.")

    def _drop(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.abandon()
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.stop()


def publisher_for(settings: KafkaSettings, target: str) -> Publisher:
    """The publisher of one topic through kafka-python."""
    return Publisher(KafkaPythonTransport(settings), target=target, positions=settings.positions_topic)


def _encoded(mark: Mark, partitions: int) -> bytes:
    fields = {"lineage": str(mark.lineage), "position": mark.position, "id": mark.id, "partitions": partitions}
    return json.dumps(fields, separators=(",", ":")).encode()


def _decoded(value: bytes) -> tuple[Mark, int]:
    fields = json.loads(value)
    mark = Mark(lineage=UUID(fields["lineage"]), position=int(fields["position"]), id=str(fields["id"]))
    return mark, int(fields["partitions"])
