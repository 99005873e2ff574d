"""An independent reader of the relay's topic: librdkafka, raw bytes, nothing of the code that it judges."""
from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass
from uuid import uuid4

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition

from domain.ports import READ_LIMIT_MAX, EventLog

READ_SECONDS_MAX = 120.0
NOT_LED_YET = (KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE)


@dataclass(frozen=True, slots=True)
class Seen:
    """A committed record as it stands in the topic."""

    partition: int
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]


def committed_records(bootstrap: str, topic: str) -> list[Seen]:
    """Every committed record of a topic, from its first to its end, in order per partition.

    A commit is answered before its markers stand in the partitions, so it reads up to the end as an
    uncommitted reader sees it, and waits for markers that are missing.
    """
    ends = _ends(bootstrap, topic)
    consumer = _consumer(bootstrap, "read_committed")
    try:
        consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in ends])
        open_partitions, seen = {partition for partition, end in ends.items() if end > 0}, []
        deadline = time.monotonic() + READ_SECONDS_MAX
        while open_partitions:
            assert time.monotonic() < deadline, f"{topic} could not be read in {READ_SECONDS_MAX} s"
            for message in consumer.consume(1_000, timeout=1.0):
                partition, offset, error = message.partition(), message.offset(), message.error()
                assert partition is not None and offset is not None
                if error is None:
                    seen.append(_seen(partition, message))
                elif error.code() != KafkaError._PARTITION_EOF:
                    raise AssertionError(f"the judge cannot read: {error}")
                elif offset >= ends[partition]:
                    open_partitions.discard(partition)
        return seen
    finally:
        consumer.close()


def _consumer(bootstrap: str, isolation: str) -> Consumer:
    return Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": f"judge-{uuid4()}",
            "isolation.level": isolation,
            "enable.auto.commit": False,
            "enable.partition.eof": True,
        }
    )


def _ends(bootstrap: str, topic: str) -> dict[int, int]:
    consumer = _consumer(bootstrap, "read_uncommitted")
    deadline = time.monotonic() + READ_SECONDS_MAX
    try:
        while True:
            try:
                partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
                places = {partition: TopicPartition(topic, partition) for partition in partitions}
                return {n: consumer.get_watermark_offsets(place, timeout=10)[1] for n, place in places.items()}
            except KafkaException as error:
                # A topic is named before its partitions are led.
                if not error.args[0].retriable() and error.args[0].code() not in NOT_LED_YET:
                    raise
                assert time.monotonic() < deadline, f"{topic} has no end after {READ_SECONDS_MAX} s: {error}"
                time.sleep(0.05)
    finally:
        consumer.close()


def assert_kafka_is_the_log(bootstrap: str, topic: str, log: EventLog) -> int:
    """Kafka == log by count, by id, by bytes and by order per key; returns the count."""
    expected: dict[bytes, list[tuple[bytes, bytes]]] = defaultdict(list)
    after, count = 0, 0
    while events := log.read_log(after=after, limit=READ_LIMIT_MAX):
        after, count = events[-1].position, count + len(events)
        for event in events:
            expected[event.stream.encode()].append((str(event.event_id).encode(), event.state))
    found: dict[bytes, list[tuple[bytes, bytes]]] = defaultdict(list)
    places: dict[bytes, set[int]] = defaultdict(set)
    records = committed_records(bootstrap, topic)
    for record in records:
        found[record.key].append((dict(record.headers)["ce_id"], record.value))
        places[record.key].add(record.partition)
    assert len(records) == count, f"the log has {count} events, the topic {len(records)} records"
    assert found == expected, "records are lost, doubled, changed or out of order"
    assert all(len(partitions) == 1 for partitions in places.values()), "a key lies in two partitions"
    return count


def _seen(partition: int, message: Message) -> Seen:
    key, value, headers = message.key(), message.value(), message.headers() or []
    assert key is not None and value is not None
    return Seen(partition=partition, key=key, value=value, headers=tuple(headers))  # type: ignore[arg-type]
