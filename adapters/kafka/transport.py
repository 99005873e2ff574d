"""What the publisher needs of a Kafka client, as a small port, and kafka-python behind it."""
from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, Protocol

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import KafkaError, UnknownTopicOrPartitionError
from kafka.net.compat import KafkaNetClient
from kafka.partitioner import murmur2

from adapters.kafka.settings import KafkaSettings

Headers = list[tuple[str, bytes]]

READ_BACK_SECONDS = 12.0
CLOSE_SECONDS = 2.0
PARTITION_CACHE_MAX = 65_536


class Message(NamedTuple):
    """A record for an explicit partition."""

    partition: int
    key: bytes
    value: bytes
    headers: Headers


@dataclass(frozen=True, slots=True)
class Ends:
    """The end offset of each partition of a topic, open transactions included."""

    offsets: tuple[int, ...]

    @property
    def partitions(self) -> int:
        return len(self.offsets)

    @property
    def never_written(self) -> bool:
        """Retention can empty a topic that was written: only an end offset of 0 says never."""
        return not any(self.offsets)


class PositionsHidden(KafkaError):  # type: ignore[misc]  # The client has no types.
    """Somebody's open transaction hides the end of the positions topic; it ends by its own time-out."""


class Session(Protocol):
    """One fenced transactional producer. After any error it is abandoned and never used again."""

    def begin(self) -> None: ...

    def send(self, topic: str, messages: Iterable[Message]) -> None: ...

    def commit(self) -> None:
        """Returns only if all that was sent since `begin` is committed; an error leaves that open."""

    def disturbed(self) -> bool:
        """A connection was lost in the last transaction, so that a late request may hit the next one."""

    def abandon(self) -> None:
        """Give it up at once, whatever state it is in."""

    def close(self) -> None: ...


class Transport(Protocol):
    """A Kafka client. Each call may raise, or never return: the caller keeps the time."""

    def open(self, transactional_id: str) -> Session:
        """Fence every older session of this id and resolve what it left: committed or aborted."""

    def ends(self, topic: str) -> Ends: ...

    def latest(self, topic: str, key: bytes) -> bytes | None:
        """The last committed value under a key of a compacted topic, up to its end at the time of the call."""


@lru_cache(maxsize=PARTITION_CACHE_MAX)
def partition_of(key: bytes, partitions: int) -> int:
    """The partition of a key, as the default partitioner of every Kafka client chooses it."""
    return int((murmur2(key) & 0x7FFFFFFF) % partitions)


class KafkaPythonSession:
    def __init__(self, settings: KafkaSettings, transactional_id: str) -> None:
        self._clients: list[KafkaNetClient] = []
        try:
            self._producer = KafkaProducer(**settings.producer(transactional_id), kafka_client=self._client)
        except BaseException:  # It leaves its sockets open.
            for client in self._clients:
                client.close()
            raise
        self._sent: list[object] = []
        self._connections: list[object] = []
        try:
            self._producer.init_transactions()
        except BaseException:
            self.abandon()
            raise

    def begin(self) -> None:
        self._producer.begin_transaction()
        self._sent = []

    def send(self, topic: str, messages: Iterable[Message]) -> None:
        send, sent = self._producer.send, self._sent.append
        for partition, key, value, headers in messages:
            sent(send(topic, value, key, headers, partition))

    def commit(self) -> None:
        self._connections = self._connected()
        self._producer.commit_transaction()
        # Where no partition was ever added, the client calls it committed without asking the broker.
        if not all(future.succeeded() for future in self._sent):  # type: ignore[attr-defined]
            raise KafkaError("the client reported a commit of records that were never acknowledged")

    def disturbed(self) -> bool:
        now = self._connected()
        return any(connection not in now for connection in self._connections)

    def abandon(self) -> None:
        # `close` first waits for what may never come, also from `__del__` and at exit. The client offers
        # no other way out, hence the private names.
        self._producer._unregister_cleanup()
        self._producer._closed = True
        self._producer._sender.force_close()

    def close(self) -> None:
        self._producer.close(timeout=CLOSE_SECONDS)

    def _client(self, **options: object) -> KafkaNetClient:
        client = KafkaNetClient(**options)
        self._clients.append(client)
        return client

    def _connected(self) -> list[object]:
        return [connection for client in self._clients for connection in list(client._manager._conns.values())]


class KafkaPythonTransport:
    """kafka-python. Nothing is connected before the first call, so that a process may fork before it."""

    def __init__(self, settings: KafkaSettings, *, read_back_seconds: float = READ_BACK_SECONDS) -> None:
        self._settings = settings
        self._read_back_seconds = read_back_seconds

    def open(self, transactional_id: str) -> Session:
        return KafkaPythonSession(self._settings, transactional_id)

    def ends(self, topic: str) -> Ends:
        admin = KafkaAdminClient(**self._settings.admin())
        try:
            return Ends(tuple(self._ends(admin, topic)))
        finally:
            admin.close()

    def latest(self, topic: str, key: bytes) -> bytes | None:
        """Waits while an open transaction of somebody else hides the end: what lies beyond it may be ours.

        Raises PositionsHidden when it does not end in time.
        """
        ends = self.ends(topic).offsets
        partition = partition_of(key, len(ends))
        place, end = TopicPartition(topic, partition), ends[partition]
        consumer = KafkaConsumer(**self._settings.consumer())
        try:
            consumer.assign([place])
            consumer.seek(place, consumer.beginning_offsets([place])[place])
            found: bytes | None = None
            deadline = time.monotonic() + self._read_back_seconds
            while consumer.position(place) < end:
                if time.monotonic() > deadline:
                    raise PositionsHidden(f"{topic} cannot be read up to offset {end}: a transaction is open")
                for record in consumer.poll(timeout_ms=200, max_records=5_000).get(place, ()):
                    if record.key == key:
                        found = record.value
            return found
        finally:
            consumer.close(autocommit=False)

    @staticmethod
    def _ends(admin: KafkaAdminClient, topic: str) -> Sequence[int]:
        described = admin.describe_topics([topic])
        if not described or not described[0]["partitions"]:
            raise UnknownTopicOrPartitionError(f"topic {topic} does not exist: run `casebridge topics apply`")
        places = [TopicPartition(topic, partition) for partition in range(len(described[0]["partitions"]))]
        offsets = admin.list_partition_offsets(dict.fromkeys(places, OffsetSpec.LATEST))
        return [offsets[place].offset for place in places]
