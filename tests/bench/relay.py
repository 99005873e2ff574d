"""The relay against its peers: the same records, the same broker, the same run.

`run()` gives records a second of the relay (log to topic, exactly once), of kafka-python's own
transactional producer at its best settings, and of librdkafka as the limit; rounds alternate, so that a
machine's mood touches all three, and each is judged by its best round. The first transaction of each is
not timed: it pays for connecting.
"""
from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from uuid import UUID, uuid4

from confluent_kafka import Producer
from kafka import KafkaProducer

from adapters.eventstore.sqlite import SqliteLog
from adapters.kafka.publisher import publisher_for
from adapters.kafka.records import headers_of, rfc3339
from adapters.kafka.relay import BATCH_RECORDS_MAX, Relay
from adapters.kafka.settings import KafkaSettings
from adapters.kafka.transport import partition_of
from domain.ports import Append, Guard, NewEvent, Recorded
from tests.faults.relay_judge import committed_records
from tests.faults.relay_world import create_topics

RECORD_BYTES = 300
STREAMS = 500
APPEND_EVENTS = 1_000
TRANSACTION_SECONDS_MAX = 60.0

Row = tuple[int, bytes, bytes, list[tuple[str, bytes]]]


def run(bootstrap: str, *, records: int = 40_000, rounds: int = 3) -> dict[str, float]:
    """Rates in records a second, and their ratios; every round's topic is counted afterwards."""
    assert records > BATCH_RECORDS_MAX, "one transaction is not timed"
    with TemporaryDirectory() as directory:
        log = SqliteLog(Path(directory) / "log.db")
        try:
            _fill(log, records)
            rows = _rows(log, records)
            gc.collect()
            gc.freeze()  # The peers' records, made beforehand, are no burden on whoever runs.
            rates: dict[str, list[float]] = {"relay": [], "kafka_python": [], "librdkafka": []}
            runners: dict[str, Callable[[KafkaSettings], float]] = {
                "relay": lambda settings: _relay(settings, log),
                "kafka_python": lambda settings: _kafka_python(settings, rows),
                "librdkafka": lambda settings: _librdkafka(settings, rows),
            }
            for _ in range(rounds):
                for name, runner in runners.items():
                    settings = KafkaSettings(bootstrap=bootstrap, prefix=f"bench-{uuid4().hex[:10]}")
                    create_topics(settings)
                    rates[name].append((records - BATCH_RECORDS_MAX) / runner(settings))
                    written = len(committed_records(bootstrap, settings.log_topic))
                    assert written == records, f"{name} wrote {written} of {records} records"
        finally:
            log.close()
    best = {name: max(found) for name, found in rates.items()}
    return {
        "records": float(records),
        "relay_per_second": best["relay"],
        "kafka_python_per_second": best["kafka_python"],
        "librdkafka_per_second": best["librdkafka"],
        "ratio_to_kafka_python": best["relay"] / best["kafka_python"],
        "ratio_to_librdkafka": best["relay"] / best["librdkafka"],
    }


def _relay(settings: KafkaSettings, log: SqliteLog) -> float:
    relay = Relay(log, publisher_for(settings, settings.log_topic))
    relay.step()
    started = time.perf_counter()
    while relay.step():
        pass
    seconds = time.perf_counter() - started
    relay.close()
    return seconds


def _kafka_python(settings: KafkaSettings, rows: Sequence[Row]) -> float:
    """256 KiB batches, 20 ms linger, 4,000 records a transaction: its best in our measurements."""
    producer = KafkaProducer(
        bootstrap_servers=settings.bootstrap,
        transactional_id=uuid4().hex,
        batch_size=256 * 1024,
        linger_ms=20,
        retry_backoff_ms=5,
        metrics_enabled=False,
    )
    producer.init_transactions()
    started = 0.0
    for first in range(0, len(rows), BATCH_RECORDS_MAX):
        started = time.perf_counter() if first == BATCH_RECORDS_MAX else started
        producer.begin_transaction()
        for partition, key, value, headers in rows[first : first + BATCH_RECORDS_MAX]:
            producer.send(settings.log_topic, value, key, headers, partition)
        producer.commit_transaction()
    seconds = time.perf_counter() - started
    producer.close(timeout=10)
    return seconds


def _librdkafka(settings: KafkaSettings, rows: Sequence[Row]) -> float:
    producer = Producer(
        {"bootstrap.servers": settings.bootstrap, "transactional.id": uuid4().hex, "linger.ms": 20,
         "queue.buffering.max.messages": 1_000_000}
    )
    producer.init_transactions(TRANSACTION_SECONDS_MAX)
    started = 0.0
    for first in range(0, len(rows), BATCH_RECORDS_MAX):
        started = time.perf_counter() if first == BATCH_RECORDS_MAX else started
        producer.begin_transaction()
        for partition, key, value, headers in rows[first : first + BATCH_RECORDS_MAX]:
            producer.produce(settings.log_topic, value, key, partition, headers=list(headers))
        producer.commit_transaction(TRANSACTION_SECONDS_MAX)
    return time.perf_counter() - started


def _fill(log: SqliteLog, records: int) -> None:
    random = Random(1)
    streams = [f"case-{UUID(int=random.getrandbits(128))}" for _ in range(STREAMS)]
    for first in range(0, records, APPEND_EVENTS):
        numbers = range(first, min(first + APPEND_EVENTS, records))
        log.append(
            Append(
                guards=tuple(Guard(stream=stream, version=first // STREAMS) for stream in streams),
                events=tuple(
                    NewEvent(
                        event_id=uuid4(),
                        stream=streams[number % STREAMS],
                        version=number // STREAMS + 1,
                        topic="casebridge.custody.CustodyTaken",
                        state=random.randbytes(RECORD_BYTES),
                    )
                    for number in numbers
                ),
            )
        )


def _rows(log: SqliteLog, records: int) -> list[Row]:
    """The relay's records, made beforehand and with their partitions: the peers only send."""
    partitions = KafkaSettings.model_fields["log_partitions"].default
    rows: list[Row] = []
    lineage, after = str(log.lineage).encode(), 0
    while len(rows) < records:
        events: Sequence[Recorded] = log.read_log(after=after, limit=BATCH_RECORDS_MAX)
        after = events[-1].position
        rows += [
            (
                partition_of(event.stream.encode(), partitions),
                event.stream.encode(),
                event.state,
                headers_of(event, lineage, rfc3339(event.recorded_at).encode()),
            )
            for event in events
        ]
    return rows
