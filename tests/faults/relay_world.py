"""What the relay's tests stand on: topics of their own on a broker, a log, and events to fill it."""
from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from random import Random
from uuid import UUID, uuid4

from kafka import KafkaAdminClient

from adapters.kafka.settings import KafkaSettings
from adapters.kafka.topics import apply, topic_specs
from domain.ports import Append, EventLog, Guard, NewEvent


def fresh_settings(bootstrap: str, *, partitions: int = 3) -> KafkaSettings:
    """Settings with a prefix that no other test has."""
    return KafkaSettings(bootstrap=bootstrap, prefix=f"test-{uuid4().hex[:10]}", log_partitions=partitions)


def create_topics(settings: KafkaSettings, offices: Sequence[str] = ()) -> None:
    admin = KafkaAdminClient(**settings.admin())
    try:
        apply(admin, topic_specs(settings, offices), dry_run=False)
    finally:
        admin.close()


def fill(log: EventLog, count: int, random: Random, *, streams: int = 12) -> None:
    """Append `count` events to streams chosen at random, each with its own bytes, in appends of up to 50."""
    heads = _heads(log)
    names = sorted(heads) or [f"case-{UUID(int=random.getrandbits(128))}" for _ in range(streams)]
    while count > 0:
        size = min(count, random.randint(1, 50))
        count -= size
        chosen = Counter(random.choice(names) for _ in range(size))
        log.append(
            Append(
                guards=tuple(Guard(stream=name, version=heads[name]) for name in chosen),
                events=tuple(
                    NewEvent(
                        event_id=uuid4(),
                        stream=name,
                        version=heads[name] + number,
                        topic="casebridge.custody.CustodyTaken",
                        state=random.randbytes(random.randint(1, 600)),
                    )
                    for name, events in chosen.items()
                    for number in range(1, events + 1)
                ),
            )
        )
        heads.update(chosen)


def wait_until(done: Callable[[], bool], what: str, *, limit_seconds: float) -> None:
    """Wait for a condition, looking every 20 ms; fails by name after the limit."""
    deadline = time.monotonic() + limit_seconds
    while not done():
        assert time.monotonic() < deadline, f"{what} did not happen within {limit_seconds} s"
        time.sleep(0.02)


def _heads(log: EventLog) -> Counter[str]:
    heads: Mapping[str, int] = dict(log.streams("case-"))
    return Counter(heads)
