"""The private topic as the source of a view: offsets and effects move in the view's own transaction."""
from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Protocol
from uuid import UUID

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import CorruptRecordError, KafkaError, OffsetOutOfRangeError

from adapters.kafka.records import UnreadableRecord, recorded_from
from adapters.kafka.settings import KafkaSettings
from adapters.telemetry import telemetry
from domain.ports import LineageChanged, Recorded
from projections.source import Batch, Lag

SHARD = "kafka-"
LAG_SECONDS = 5.0  # For the look at what is unread.
POLL_SECONDS_MAX = 0.5
TRACE = "traceparent"

# The client says where only in words: "... TopicPartition(topic='t', partition=1) at offset 2 failed crc check".
CORRUPT = re.compile(r"partition=(\d+)\) at offset (\d+)")


class KafkaUnavailable(Exception):
    """Kafka cannot be read now. Nothing moved; what was asked may be tried again."""


class OffsetGone(Exception):
    """The view's offset is not in the topic any more, or not yet: rebuild the view from the log."""


class _Record(Protocol):
    """A consumer's record, as far as it is read here."""

    offset: int
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


class KafkaSource:
    """`projections.source.Source` over all partitions of the relay's topic.

    A shard is `kafka-<partition>`, its position the offset of the next record; it also passes over
    transaction markers, which is why a batch can be empty. Committed records only, as raw bytes. One
    thread; made after a fork. `lineage` is the log's: a record of another raises LineageChanged.
    """

    def __init__(self, settings: KafkaSettings, *, lineage: UUID, topic: str | None = None) -> None:
        self._settings = settings
        self._lineage = lineage
        self._topic = topic or settings.log_topic
        self._consumer: KafkaConsumer | None = None
        self._places: list[TopicPartition] = []

    @property
    def lineage(self) -> UUID:
        return self._lineage

    def read(self, after: Mapping[str, int], *, limit: int, timeout_seconds: float) -> Sequence[Batch]:
        """As `Source.read`. What precedes an unreadable record is returned first; the next call raises.

        Raises UnreadableRecord (again with every call, until the caller moves past it), LineageChanged,
        OffsetGone, KafkaUnavailable.
        """
        deadline = time.monotonic() + timeout_seconds
        with self._reading() as consumer:
            starts = self._seek(consumer, after)
            while True:
                remaining = max(0.0, deadline - time.monotonic())
                polled = consumer.poll(timeout_ms=int(1000 * min(remaining, POLL_SECONDS_MAX)), max_records=limit)
                batches = self._batches(consumer, starts, polled)
                if batches or remaining == 0.0:
                    return batches

    def has(self, shard: str, position: int, event_id: UUID) -> bool:
        """A topic is written once; each of its records says of which log it is."""
        return True

    def lag(self, after: Mapping[str, int]) -> Lag:
        """Offsets not passed yet, and when the oldest unread record was recorded. Markers count until passed."""
        with self._reading() as consumer:
            starts = self._seek(consumer, after)
            ends = consumer.end_offsets(self._places)
            oldest: dict[TopicPartition, datetime] = {}
            deadline = time.monotonic() + LAG_SECONDS
            while time.monotonic() < deadline:
                waiting = [p for p in self._places if p not in oldest and consumer.position(p) < ends[p]]
                if not waiting:
                    break
                for place, records in consumer.poll(timeout_ms=100, max_records=100).items():
                    if place not in oldest:
                        oldest[place] = self._recorded(place, records[0]).recorded_at
            # Where nothing but markers follows, the position has passed them, and nothing is unread.
            unread = [p for p in self._places if p in oldest or consumer.position(p) < ends[p]]
            events = sum(max(0, ends[place] - starts[place]) for place in unread)
            return Lag(events=events, oldest_unread_at=min(oldest.values(), default=None))

    def close(self) -> None:
        """Give up the connection. A later read opens a new one."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            consumer.close(autocommit=False)

    @contextmanager
    def _reading(self) -> Iterator[KafkaConsumer]:
        """The consumer; dropped on an error of its own, since one that raised in `poll` may spin ever after."""
        try:
            yield self._opened()
        except OffsetOutOfRangeError as error:
            self.close()
            raise OffsetGone(f"{self._topic}: {error}: rebuild the view from the log") from error
        except CorruptRecordError as error:
            self.close()
            found = CORRUPT.search(str(error))
            partition, offset = (int(found[1]), int(found[2])) if found else (-1, -1)
            raise UnreadableRecord(self._topic, partition, offset, f"the batch is corrupt: {error}") from error
        except (KafkaError, OSError) as error:
            self.close()
            raise KafkaUnavailable(f"{self._topic}: {type(error).__name__}: {error}") from error
        except BaseException:
            self.close()
            raise

    def _opened(self) -> KafkaConsumer:
        if self._consumer is None:
            consumer = self._consumer = KafkaConsumer(**self._settings.consumer())
            partitions = consumer.partitions_for_topic(self._topic)
            if not partitions:
                raise KafkaError(f"topic {self._topic} does not exist: run `casebridge topics apply`")
            self._places = [TopicPartition(self._topic, partition) for partition in sorted(partitions)]
            consumer.assign(self._places)
        return self._consumer

    def _seek(self, consumer: KafkaConsumer, after: Mapping[str, int]) -> dict[TopicPartition, int]:
        """Stand where the caller stands; what was fetched ahead is kept where that is the same place."""
        fresh = [place for place in self._places if _shard(place) not in after]
        starts = {p: after[_shard(p)] for p in self._places if _shard(p) in after}
        if fresh:
            starts |= consumer.beginning_offsets(fresh)
        for place, offset in starts.items():
            if _standing(consumer, place) != offset:
                consumer.seek(place, offset)
        return starts

    def _batches(
        self,
        consumer: KafkaConsumer,
        starts: Mapping[TopicPartition, int],
        polled: Mapping[TopicPartition, Sequence[_Record]],
    ) -> list[Batch]:
        batches: list[Batch] = []
        unreadable: UnreadableRecord | None = None
        for place in self._places:
            records: list[Recorded] = []
            contexts: dict[str, None] = {}  # A set that keeps their order.
            to = consumer.position(place)
            for record in polled.get(place, ()):
                try:
                    records.append(self._recorded(place, record))
                    contexts.update((v.decode("ascii", "replace"), None) for k, v in record.headers if k == TRACE and v)
                except UnreadableRecord as error:
                    unreadable, to = error, record.offset
                    break
            if to > starts[place]:
                head = max(to, consumer.highwater(place) or 0)
                batches.append(Batch(
                    shard=_shard(place), records=tuple(records), to=to, head_seen=head, traceparents=tuple(contexts),
                ))
        if unreadable is not None and not batches:
            raise unreadable
        return batches

    def _recorded(self, place: TopicPartition, record: _Record) -> Recorded:
        try:
            lineage, recorded = recorded_from(record.headers, record.value)
        except ValueError as error:
            telemetry.unreadable("kafka")
            raise UnreadableRecord(place.topic, place.partition, record.offset, str(error)) from None
        if lineage != self._lineage:
            raise LineageChanged(
                f"{place.topic}, partition {place.partition}, offset {record.offset} comes from log {lineage}, "
                f"not {self._lineage}: rebuild the view"
            )
        return recorded


def _standing(consumer: KafkaConsumer, place: TopicPartition) -> int | None:
    """The position as far as one was set, without asking the broker."""
    position = consumer._subscription.assignment[place].position
    return None if position is None else int(position.offset)


def _shard(place: TopicPartition) -> str:
    return f"{SHARD}{place.partition}"
