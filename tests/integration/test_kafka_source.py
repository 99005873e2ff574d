"""The private topic as a source of views: the same events as the log, from offsets that a view keeps."""
from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random
from uuid import uuid4

import pytest
from confluent_kafka import Producer
from kafka import KafkaAdminClient, TopicPartition

from adapters.eventstore.sqlite import SqliteLog
from adapters.kafka.consumer import KafkaSource, OffsetGone
from adapters.kafka.publisher import publisher_for
from adapters.kafka.records import UnreadableRecord, headers_of, rfc3339
from adapters.kafka.relay import Relay
from adapters.kafka.settings import KafkaSettings
from domain.ports import LineageChanged, Recorded
from projections.source import Batch
from tests import servers
from tests.faults.relay_world import create_topics, fill, fresh_settings, wait_until

READ_SECONDS_MAX = 20.0


@pytest.fixture
def settings(kafka_server: servers.Kafka) -> KafkaSettings:
    settings = fresh_settings(kafka_server.bootstrap)
    create_topics(settings)
    return settings


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SqliteLog]:
    log = SqliteLog(tmp_path / "log.db")
    yield log
    log.close()


@pytest.fixture
def source(settings: KafkaSettings, log: SqliteLog) -> Iterator[KafkaSource]:
    source = KafkaSource(settings, lineage=log.lineage)
    yield source
    source.close()


def relay_all(settings: KafkaSettings, log: SqliteLog) -> None:
    relay = Relay(log, publisher_for(settings, settings.log_topic), batch_records_max=20)
    while relay.step():
        pass
    relay.close()


def read_all(source: KafkaSource, after: dict[str, int], count: int, *, limit: int = 50) -> list[Recorded]:
    """Read until `count` records came, moving `after` as a view's database would."""
    found: list[Recorded] = []
    deadline = time.monotonic() + READ_SECONDS_MAX
    while len(found) < count:
        assert time.monotonic() < deadline, f"only {len(found)} of {count} records came"
        for batch in source.read(after, limit=limit, timeout_seconds=1.0):
            after[batch.shard] = batch.to
            found.extend(batch.records)
    return found


def in_order(events: list[Recorded]) -> list[Recorded]:
    return sorted(events, key=lambda event: event.position)


def write(settings: KafkaSettings, headers: Mapping[str, bytes], value: bytes = b"x", partition: int = 0) -> None:
    """A record that does not come from the relay."""
    producer = Producer({"bootstrap.servers": settings.bootstrap})
    producer.produce(settings.log_topic, value, key=b"k", headers=dict(headers), partition=partition)
    assert producer.flush(10.0) == 0


def test_kafka_gives_the_events_of_the_log(settings: KafkaSettings, log: SqliteLog, source: KafkaSource) -> None:
    fill(log, 300, Random(1))
    relay_all(settings, log)
    events = read_all(source, {}, 300)
    assert in_order(events) == list(log.read_log(after=0, limit=1_000))


def test_versions_of_a_stream_come_in_order_and_no_batch_is_larger_than_asked(
    settings: KafkaSettings, log: SqliteLog, source: KafkaSource
) -> None:
    fill(log, 200, Random(2))
    relay_all(settings, log)
    seen: dict[str, int] = {}
    after: dict[str, int] = {}
    deadline = time.monotonic() + READ_SECONDS_MAX
    while sum(seen.values()) < 200 and time.monotonic() < deadline:
        batches = source.read(after, limit=7, timeout_seconds=1.0)
        assert sum(len(batch.records) for batch in batches) <= 7
        for batch in batches:
            after[batch.shard] = batch.to
            for event in batch.records:
                assert event.version == seen.get(event.stream, 0) + 1
                seen[event.stream] = event.version
    assert sum(seen.values()) == 200


def test_reading_again_from_old_offsets_gives_the_same_again(
    settings: KafkaSettings, log: SqliteLog, source: KafkaSource
) -> None:
    fill(log, 60, Random(3))
    relay_all(settings, log)
    after: dict[str, int] = {}
    first = read_all(source, after, 30, limit=30)
    kept = dict(after)
    rest = read_all(source, after, 60 - len(first))
    # The view's transaction was rolled back: it asks from where its database stands.
    assert in_order(read_all(source, kept, len(rest))) == in_order(rest)


def test_an_idle_topic_gives_nothing_and_has_no_lag(
    settings: KafkaSettings, log: SqliteLog, source: KafkaSource
) -> None:
    fill(log, 30, Random(4))
    relay_all(settings, log)
    after: dict[str, int] = {}
    first = source.lag(after)
    assert first.events >= 30
    assert first.oldest_unread_at == log.read_log(after=0, limit=1)[0].recorded_at
    read_all(source, after, 30)
    assert source.lag(after).events == 0
    assert source.lag(after).oldest_unread_at is None
    wait_until(lambda: all(not batch.records for batch in passed(source, after)), "the markers", limit_seconds=10.0)
    assert source.read(after, limit=10, timeout_seconds=0.5) == []


def test_a_transaction_marker_behind_the_last_record_is_no_lag(
    settings: KafkaSettings, log: SqliteLog, source: KafkaSource
) -> None:
    fill(log, 30, Random(8))
    relay_all(settings, log)
    after: dict[str, int] = {}
    read_all(source, after, 30)
    behind = {shard: offset - 1 for shard, offset in passed_all(source, after).items() if offset > 0}
    lag = source.lag(after | behind)
    assert (lag.events, lag.oldest_unread_at) == (0, None)


def passed_all(source: KafkaSource, after: dict[str, int]) -> dict[str, int]:
    """Offsets behind everything, markers included."""
    wait_until(lambda: not passed(source, after), "the end", limit_seconds=10.0)
    return after


def passed(source: KafkaSource, after: dict[str, int]) -> list[Batch]:
    batches = list(source.read(after, limit=10, timeout_seconds=0.2))
    after.update({batch.shard: batch.to for batch in batches})
    return batches


def test_a_record_of_another_log_stops_the_view(settings: KafkaSettings, log: SqliteLog) -> None:
    fill(log, 5, Random(5))
    relay_all(settings, log)
    source = KafkaSource(settings, lineage=uuid4())
    with pytest.raises(LineageChanged, match="rebuild the view"):
        read_all(source, {}, 5)
    source.close()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"ce_position": b"many"}, "ce_position is malformed"),
        ({"ce_id": b"\xff\xfe"}, "ce_id is malformed"),
        ({"ce_time": b"2026-01-01T00:00:00"}, "ce_time is malformed"),
        ({"ce_lineage": b""}, "ce_lineage is missing"),
    ],
)
def test_garbage_is_named_by_its_place_after_what_precedes_it(
    settings: KafkaSettings, log: SqliteLog, source: KafkaSource, change: dict[str, bytes], named: str
) -> None:
    fill(log, 1, Random(6))
    (event,) = log.read_log(after=0, limit=1)
    good = dict(headers_of(event, str(log.lineage).encode(), rfc3339(event.recorded_at).encode()))
    write(settings, good)
    write(settings, good | change)
    write(settings, good)
    after: dict[str, int] = {}
    assert len(read_all(source, after, 1)) == 1
    for _ in range(2):
        with pytest.raises(UnreadableRecord, match=named) as raised:
            read_all(source, after, 1)
        assert (raised.value.topic, raised.value.partition, raised.value.offset) == (settings.log_topic, 0, 1)
    after["kafka-0"] = 2  # A person has looked and moves past it.
    assert len(read_all(source, after, 1)) == 1


def test_a_view_that_retention_has_overtaken_is_told(
    settings: KafkaSettings, log: SqliteLog, source: KafkaSource
) -> None:
    fill(log, 30, Random(7), streams=1)
    relay_all(settings, log)
    after: dict[str, int] = {}
    read_all(source, after, 5, limit=5)
    (shard,) = (shard for shard, offset in after.items() if offset > 0)
    admin = KafkaAdminClient(**settings.admin())
    admin.delete_records({TopicPartition(settings.log_topic, int(shard.removeprefix("kafka-"))): after[shard] + 5})
    admin.close()
    source.close()
    with pytest.raises(OffsetGone, match="rebuild the view"):
        read_all(source, after, 1)


def test_a_tombstone_is_unreadable(settings: KafkaSettings, source: KafkaSource) -> None:
    producer = Producer({"bootstrap.servers": settings.bootstrap})
    producer.produce(settings.log_topic, None, key=b"k", partition=1)
    producer.flush(10.0)
    with pytest.raises(UnreadableRecord, match="partition 1, offset 0: the record has no value"):
        read_all(source, {}, 1)
