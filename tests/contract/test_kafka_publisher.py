"""The publisher's protocol, on a Kafka that fails wherever it is told to."""
from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from random import Random
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kafka.partitioner import murmur2

from adapters.eventstore.sqlite import SqliteLog
from adapters.kafka.deadline import Overdue, Worker
from adapters.kafka.publisher import Interrupted, Mark, Publisher, RelayStopped
from adapters.kafka.relay import Relay
from adapters.kafka.transport import Message, partition_of
from tests.faults.relay_fake import FakeKafka, FakeTransport
from tests.faults.relay_world import fill, wait_until

TARGET, POSITIONS = "log", "positions"
LINEAGE = uuid4()
POINTS = ("open", "ends", "latest", "begin", "send", "before commit", "after commit")


def publisher_over(transport: FakeTransport, *, deadline_seconds: float = 5.0) -> Publisher:
    return Publisher(transport, target=TARGET, positions=POSITIONS, deadline_seconds=deadline_seconds)


def mark(position: int, lineage: UUID = LINEAGE) -> Mark:
    return Mark(lineage=lineage, position=position, id=f"event {position}" if position else "")


def message(number: int) -> Message:
    return Message(0, b"key", b"%d" % number, [])


class Failing:
    """A fault that raises at one point, a number of times."""

    def __init__(self) -> None:
        self.point, self.times = "", 0

    def arm(self, point: str, *, times: int = 1) -> None:
        self.point, self.times = point, times

    def __call__(self, point: str) -> None:
        if point == self.point and self.times > 0:
            self.times -= 1
            raise OSError(f"failed at {point}")


# ------------------------------------------------------------------ positions
def test_a_topic_that_was_never_written_starts_at_0_with_a_mark_before_its_first_record() -> None:
    kafka = FakeKafka()
    assert publisher_over(FakeTransport(kafka)).resume(LINEAGE) == mark(0)
    assert len(kafka.committed[POSITIONS]) == 1 and not kafka.committed[TARGET]


def test_a_first_transaction_cut_short_is_not_taken_for_a_lost_position() -> None:
    kafka, failing = FakeKafka(), Failing()
    publisher = publisher_over(FakeTransport(kafka, failing))
    publisher.resume(LINEAGE)
    failing.arm("before commit")
    with pytest.raises(Interrupted):
        publisher.publish([message(1)], mark(1))
    assert kafka.ends[TARGET] > 0, "aborted records have offsets"
    assert publisher.resume(LINEAGE) == mark(0)


def test_a_position_of_another_lineage_stops() -> None:
    kafka = FakeKafka()
    publisher_over(FakeTransport(kafka)).resume(LINEAGE)
    with pytest.raises(RelayStopped, match="lineage"):
        publisher_over(FakeTransport(kafka)).resume(uuid4())


def test_an_error_ends_the_session_and_only_the_position_tells() -> None:
    for point, stands in (("before commit", 0), ("after commit", 1)):
        kafka, failing = FakeKafka(), Failing()
        transport = FakeTransport(kafka, failing)
        publisher = publisher_over(transport)
        publisher.resume(LINEAGE)
        failing.arm(point)
        with pytest.raises(Interrupted, match="a transaction failed"):
            publisher.publish([message(1)], mark(1))
        assert transport.opened[-1].abandoned and not publisher.ready
        with pytest.raises(Interrupted, match="resume first"):
            publisher.publish([message(1)], mark(1))
        assert publisher.resume(LINEAGE).position == stands


def test_a_commit_that_never_returns_is_given_up_at_the_deadline() -> None:
    kafka, release, armed = FakeKafka(), threading.Event(), [False]

    def hang(point: str) -> None:
        if point == "after commit" and armed[0]:
            release.wait(30.0)

    publisher = publisher_over(FakeTransport(kafka, hang), deadline_seconds=0.2)
    publisher.resume(LINEAGE)
    armed[0] = True
    with pytest.raises(Interrupted, match="did not come back within"):
        publisher.publish([message(1)], mark(1))
    armed[0] = False
    assert publisher.resume(LINEAGE).position == 1
    publisher.publish([message(2)], mark(2))
    release.set()
    assert [sent.value for sent in kafka.committed[TARGET]] == [b"1", b"2"]


def test_a_session_that_opens_after_the_deadline_is_abandoned() -> None:
    kafka, release = FakeKafka(), threading.Event()

    def hang(point: str) -> None:
        if point == "open":
            release.wait(30.0)

    transport = FakeTransport(kafka, hang)
    with pytest.raises(Interrupted, match="opening a session failed"):
        publisher_over(transport, deadline_seconds=0.1).resume(LINEAGE)
    release.set()
    wait_until(lambda: bool(transport.opened) and transport.opened[0].abandoned, "giving it up", limit_seconds=10.0)


def test_of_two_publishers_the_older_is_fenced_and_nothing_doubles() -> None:
    kafka = FakeKafka()
    older, newer = publisher_over(FakeTransport(kafka)), publisher_over(FakeTransport(kafka))
    older.resume(LINEAGE)
    newer.resume(LINEAGE)
    newer.publish([message(1)], mark(1))
    with pytest.raises(Interrupted, match="newer session"):
        older.publish([message(1)], mark(1))
    assert older.resume(LINEAGE).position == 1


def test_a_lost_connection_in_a_committed_transaction_ends_the_session_too() -> None:
    kafka = FakeKafka()
    transport = FakeTransport(kafka)
    publisher = publisher_over(transport)
    publisher.resume(LINEAGE)
    transport.opened[-1].lost_a_connection = True
    publisher.publish([message(1)], mark(1))
    assert not publisher.ready and transport.opened[-1].abandoned
    assert publisher.resume(LINEAGE).position == 1


# ------------------------------------------------------------------ the relay over it
@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteLog]:
    log = SqliteLog(tmp_path_factory.mktemp("log") / "log.db")
    fill(log, 60, Random(1))
    yield log
    log.close()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(faults=st.lists(st.tuples(st.sampled_from(POINTS), st.integers(0, 6)), max_size=12), batch=st.integers(1, 25))
def test_whatever_fails_and_when_kafka_is_the_log(log: SqliteLog, faults: list[tuple[str, int]], batch: int) -> None:
    kafka, pending = FakeKafka(), list(faults)
    passed = 0

    def fault(point: str) -> None:
        nonlocal passed
        if pending and pending[0][0] == point:
            passed += 1
            if passed > pending[0][1]:
                pending.pop(0)
                passed = 0
                raise OSError(f"failed at {point}")

    relay = Relay(log, publisher_over(FakeTransport(kafka, fault)), batch_records_max=batch)
    for _ in range(500):
        try:
            if relay.step() == 0:
                break
        except Interrupted:
            continue
    events = log.read_log(after=0, limit=100)
    expected = [(event.stream.encode(), event.state) for event in events]
    assert [(sent.key, sent.value) for sent in kafka.committed[TARGET]] == expected
    relay.close()


def test_a_store_restored_under_a_running_relay_stops_it(tmp_path: Path, log: SqliteLog) -> None:
    other = SqliteLog(tmp_path / "other.db")
    fill(other, 10, Random(2))

    class Swapped:
        """The log whose contents change under the same lineage, as after a careless copy."""

        lineage = log.lineage
        behind = log

        def __getattr__(self, name: str) -> object:
            return getattr(self.behind, name)

    swapped = Swapped()
    relay = Relay(swapped, publisher_over(FakeTransport(FakeKafka())), batch_records_max=5)  # type: ignore[arg-type]
    assert relay.step() == 5
    swapped.behind = other
    assert relay.step() == 5  # Read ahead, before the store was swapped.
    with pytest.raises(RelayStopped, match="at position 10 the topic has event"):
        relay.step()
    other.close()


# ------------------------------------------------------------------ parts
@given(st.binary(min_size=1, max_size=60), st.integers(1, 64))
def test_a_key_lies_where_every_kafka_client_looks_for_it(key: bytes, partitions: int) -> None:
    assert partition_of(key, partitions) == (murmur2(key) & 0x7FFFFFFF) % partitions


@pytest.mark.parametrize(("key", "hashed"), [(b"21", -973932308), (b"foobar", -790332482), (b"abc", 479470107)])
def test_the_hash_is_that_of_the_java_client(key: bytes, hashed: int) -> None:
    assert partition_of(key, 1_000) == (hashed & 0x7FFFFFFF) % 1_000


def test_a_worker_gives_results_and_errors_to_the_caller_and_ends_after_an_overdue_call() -> None:
    worker, release = Worker("test"), threading.Event()
    assert worker.run("adding", lambda: 1 + 1, seconds=5.0) == 2
    with pytest.raises(TimeoutError, match="its own"):
        worker.run("failing", lambda: _raise(TimeoutError("its own")), seconds=5.0)
    with pytest.raises(Overdue, match="waiting did not come back"):
        worker.run("waiting", lambda: release.wait(30.0), seconds=0.05)
    with pytest.raises(Overdue, match="was not begun"):
        worker.run("more", lambda: None, seconds=5.0)
    release.set()


def _raise(error: BaseException) -> None:
    raise error


# ------------------------------------------------------------------ reading ahead
def test_what_was_made_ready_is_traced_by_the_batch_that_carries_it(tmp_path: Path) -> None:
    kafka = FakeKafka()
    log = SqliteLog(tmp_path / "log.db")
    fill(log, 6, Random(1))
    relay = Relay(
        log, publisher_over(FakeTransport(kafka)), batch_records_max=2, traceparent=lambda row: f"of {row.position}"
    )
    while relay.step():
        pass
    log.close()
    relay.close()
    assert len(kafka.committed[TARGET]) == 6
    for record in kafka.committed[TARGET]:
        headers = dict(record.headers)
        assert headers["traceparent"] == b"of %d" % int(headers["ce_position"])
