"""Kafka's transactions in memory, as the publisher sees them: fences, doubtful commits, calls that never return."""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from adapters.kafka.transport import Ends, Message, Session

PARTITIONS = 3
Fault = Callable[[str], None]
"""Called with the name of each point of a call; may raise or wait."""


class Fenced(OSError):
    """A newer session has this transactional id."""


@dataclass
class FakeKafka:
    """Committed records by topic, and the newest session of each transactional id."""

    committed: dict[str, list[Message]] = field(default_factory=lambda: defaultdict(list))
    ends: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    epochs: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    partitions: dict[str, int] = field(default_factory=lambda: defaultdict(lambda: PARTITIONS))


class FakeSession:
    def __init__(self, kafka: FakeKafka, transactional_id: str, fault: Fault) -> None:
        self._kafka, self._id, self._fault = kafka, transactional_id, fault
        kafka.epochs[transactional_id] += 1
        self._epoch = kafka.epochs[transactional_id]
        self._open: list[tuple[str, Message]] | None = None
        self.abandoned = False
        self.lost_a_connection = False

    def begin(self) -> None:
        self._reach("begin")
        assert self._open is None, "a transaction is open already"
        self._open = []

    def send(self, topic: str, messages: Iterable[Message]) -> None:
        self._reach("send")
        assert self._open is not None, "no transaction is open"
        for message in messages:
            self._kafka.ends[topic] += 1  # An aborted record has an offset too.
            self._open.append((topic, message))

    def commit(self) -> None:
        self._reach("before commit")
        assert self._open is not None, "no transaction is open"
        for topic, message in self._open:
            self._kafka.committed[topic].append(message)
            self._kafka.ends[topic] += 1
        self._open = None
        self._reach("after commit")

    def disturbed(self) -> bool:
        return self.lost_a_connection

    def abandon(self) -> None:
        self.abandoned = True

    def close(self) -> None:
        pass

    def _reach(self, point: str) -> None:
        assert not self.abandoned, "an abandoned session was used again"
        if self._kafka.epochs[self._id] != self._epoch:
            raise Fenced(f"{self._id} has a newer session")
        self._fault(point)


class FakeTransport:
    def __init__(self, kafka: FakeKafka, fault: Fault = lambda point: None) -> None:
        self._kafka, self._fault = kafka, fault
        self.opened: list[FakeSession] = []

    def open(self, transactional_id: str) -> Session:
        self._fault("open")
        session = FakeSession(self._kafka, transactional_id, self._fault)
        self.opened.append(session)
        return session

    def ends(self, topic: str) -> Ends:
        self._fault("ends")
        partitions = self._kafka.partitions[topic]
        return Ends((self._kafka.ends[topic], *(0 for _ in range(partitions - 1))))

    def latest(self, topic: str, key: bytes) -> bytes | None:
        self._fault("latest")
        found = [message.value for message in self._kafka.committed[topic] if message.key == key]
        return found[-1] if found else None
