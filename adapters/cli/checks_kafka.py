"""Kafka == log: by count, by id, by bytes, in order per key, from the first record that the topic still holds."""
from __future__ import annotations

import hashlib
from array import array
from datetime import datetime, timedelta

from adapters.cli.checks import Check, place, rows
from adapters.kafka.consumer import SHARD, KafkaSource
from adapters.kafka.records import UnreadableRecord
from adapters.kafka.settings import KafkaSettings
from adapters.kafka.transport import KafkaPythonTransport, partition_of
from domain.ports import EventLog, LineageChanged, Recorded

RECORDS = 500
READ_SECONDS = 2.0
DIGEST_BYTES = 8


class _Partition:
    """What one partition holds: a position and a digest of each record, 16 bytes together."""

    def __init__(self) -> None:
        self.positions, self.digests, self.at = array("q"), bytearray(), 0

    def add(self, recorded: Recorded) -> None:
        self.positions.append(recorded.position)
        self.digests += _digest(recorded)

    def next(self) -> tuple[int, bytes] | None:
        if self.at == len(self.positions):
            return None
        here = self.at * DIGEST_BYTES
        return self.positions[self.at], bytes(self.digests[here:here + DIGEST_BYTES])


def check_kafka(log: EventLog, settings: KafkaSettings, now: datetime) -> Check:
    """Read the topic once and the log once, and lay them side by side.

    What is missing before the first record of its partition is gone by age, if it is older than the topic keeps.
    """
    found = Check(f"Kafka topic {settings.log_topic} is the log")
    count = KafkaPythonTransport(settings).ends(settings.log_topic).partitions
    source = KafkaSource(settings, lineage=log.lineage)
    try:
        partitions = _read(source, count)
    except (UnreadableRecord, LineageChanged) as error:
        found.wrong(str(error))
        return found
    finally:
        source.close()
    newest = max((one.positions[-1] for one in partitions if one.positions), default=0)
    kept_since = now - timedelta(days=settings.log_retention_days)
    behind = 0
    for recorded in rows(log):
        if recorded.position > newest:
            behind += 1
        else:
            _lay(found, partitions[partition_of(recorded.stream.encode(), count)], recorded, kept_since)
    for number, one in enumerate(partitions):
        while (extra := one.next()) is not None:
            found.wrong(f"partition {number}: a record says position {extra[0]}, which is not in the log, or is there twice")
            one.at += 1
    if behind:
        found.note = f"{behind} events are not relayed yet"
    return found


def _lay(found: Check, partition: _Partition, recorded: Recorded, kept_since: datetime) -> None:
    """The next record of its partition is to be this event."""
    record = partition.next()
    while record is not None and record[0] < recorded.position:
        found.wrong(f"a record says position {record[0]} once more, out of order, or under another key")
        partition.at += 1
        record = partition.next()
    if record is None or record[0] > recorded.position:
        if partition.at > 0 or recorded.recorded_at > kept_since:
            found.look(False, f"{place(recorded)}: is missing from the topic")
        return
    found.look(record[1] == _digest(recorded), f"{place(recorded)}: the record has another id or other bytes")
    partition.at += 1


def _read(source: KafkaSource, count: int) -> list[_Partition]:
    """Every committed record from the first retained one to the end."""
    at: dict[str, int] = {}
    partitions = [_Partition() for _ in range(count)]
    while True:
        batches = source.read(at, limit=RECORDS, timeout_seconds=READ_SECONDS)
        for batch in batches:
            one = partitions[int(batch.shard.removeprefix(SHARD))]
            for recorded in batch.records:
                one.add(recorded)
            at[batch.shard] = batch.to
        if not batches and source.lag(at).events == 0:
            return partitions


def _digest(recorded: Recorded) -> bytes:
    head = f"{recorded.event_id}\0{recorded.stream}\0{recorded.version}\0{recorded.topic}\0".encode()
    return hashlib.sha256(head + recorded.state).digest()[:DIGEST_BYTES]
