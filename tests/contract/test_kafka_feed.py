"""An office's feed in Kafka: exactly once, gapless, in a topic of its own; its committed offset is the hand-over."""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.structs import OffsetAndMetadata

from adapters.channels.kafka_feed import ATTEMPTS_MAX, FeedGap, KafkaFeed
from adapters.disclosure.epochs import FeedPlace
from adapters.kafka.publisher import Interrupted, Phase, Publisher, RelayStopped, publisher_for
from adapters.kafka.settings import KafkaSettings
from adapters.kafka.transport import KafkaPythonTransport
from domain.ports import Parcel
from tests import servers
from tests.faults.relay_fake import FakeKafka, FakeTransport
from tests.faults.relay_judge import Seen, committed_records
from tests.faults.relay_world import create_topics, fresh_settings, wait_until

MEXICO, GUATEMALA = "cons-mx.el-paso", "cons-gt.del-rio"
NOW = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)
LINEAGE = UUID("0c5a4f0e-8f4b-4b52-9d0a-6d9b9a5f2c11")


class StandingClock:
    def now(self) -> datetime:
        return NOW


@pytest.fixture
def settings(kafka_server: servers.Kafka) -> KafkaSettings:
    settings = fresh_settings(kafka_server.bootstrap)
    create_topics(settings, [MEXICO, GUATEMALA])
    return settings


@pytest.fixture
def feed(settings: KafkaSettings) -> Iterator[KafkaFeed]:
    feed = feed_over(settings)
    yield feed
    feed.close()


def feed_over(settings: KafkaSettings, *, lineage: UUID = LINEAGE) -> KafkaFeed:
    return KafkaFeed(settings, publisher_for, lineage=lineage, clock=StandingClock())


def parcel(office: str, number: int) -> Parcel:
    reference = f"{office[5:7]}-{number % 3}"
    return Parcel(
        office=office,
        number=number,
        reference=reference,
        content=f"{office} {number}".encode(),
        headers=(
            ("id", f"{office}/{number}"),
            ("source", f"/offices/{office}/cases/{reference}"),
            ("type", "casebridge.published.ConsularNotice"),
            ("sequence", f"{number:020d}"),
            ("time", "2026-03-02T17:00:00Z"),
        ),
    )


def parcels(office: str, first: int, last: int) -> Sequence[Parcel]:
    return [parcel(office, number) for number in range(first, last + 1)]


def records(settings: KafkaSettings, office: str) -> list[Seen]:
    return committed_records(settings.bootstrap, settings.feed_topic(office))


def numbers(settings: KafkaSettings, office: str) -> list[int]:
    return [int(dict(record.headers)["ce_feednumber"]) for record in records(settings, office)]


def commit(settings: KafkaSettings, office: str, offset: int) -> None:
    """As the office's own consumer would."""
    admin = KafkaAdminClient(**settings.admin())
    place = TopicPartition(settings.feed_topic(office), 0)
    admin.alter_group_offsets(settings.group(office), {place: OffsetAndMetadata(offset, "", -1)})
    admin.close()


def ends(settings: KafkaSettings, office: str) -> tuple[int, int]:
    consumer = KafkaConsumer(**settings.consumer())
    place = TopicPartition(settings.feed_topic(office), 0)
    found = consumer.beginning_offsets([place])[place], consumer.end_offsets([place])[place]
    consumer.close()
    return found


# ------------------------------------------------------------------ writing
def test_what_is_published_twice_is_there_once(settings: KafkaSettings, feed: KafkaFeed) -> None:
    feed.publish(MEXICO, parcels(MEXICO, 1, 5))
    feed.publish(MEXICO, parcels(MEXICO, 1, 5))
    feed.publish(MEXICO, parcels(MEXICO, 3, 8))
    assert numbers(settings, MEXICO) == list(range(1, 9))
    assert feed.published(MEXICO) == FeedPlace("", 8)


def test_another_process_goes_on_where_the_last_one_ended(settings: KafkaSettings, feed: KafkaFeed) -> None:
    feed.publish(MEXICO, parcels(MEXICO, 1, 3))
    feed.close()
    other = feed_over(settings)
    assert other.published(MEXICO).number == 3
    other.publish(MEXICO, parcels(MEXICO, 1, 6))
    other.close()
    assert numbers(settings, MEXICO) == [1, 2, 3, 4, 5, 6]


def test_a_gap_is_refused_and_leaves_nothing(settings: KafkaSettings, feed: KafkaFeed) -> None:
    feed.publish(MEXICO, parcels(MEXICO, 1, 2))
    for gap in (parcels(MEXICO, 4, 5), [parcel(MEXICO, 3), parcel(MEXICO, 5)]):
        with pytest.raises(FeedGap, match="comes next"):
            feed.publish(MEXICO, gap)
    assert numbers(settings, MEXICO) == [1, 2]


def test_a_parcel_of_another_office_is_refused(settings: KafkaSettings, feed: KafkaFeed) -> None:
    with pytest.raises(ValueError, match="does not belong"):
        feed.publish(MEXICO, [parcel(MEXICO, 1), parcel(GUATEMALA, 2)])
    assert records(settings, MEXICO) == records(settings, GUATEMALA) == []


def test_no_two_offices_share_anything_but_the_form(settings: KafkaSettings, feed: KafkaFeed) -> None:
    feed.publish(MEXICO, parcels(MEXICO, 1, 6))
    feed.publish(GUATEMALA, parcels(GUATEMALA, 1, 6))

    def contents(office: str) -> set[tuple[str, bytes]]:
        found: set[tuple[str, bytes]] = set()
        for record in records(settings, office):
            found |= {*record.headers, ("key", record.key), ("value", record.value)}
        return found

    shared = {name for name, _ in contents(MEXICO) & contents(GUATEMALA)}
    form = {"ce_specversion", "ce_type", "ce_sequence", "ce_feednumber", "ce_time", "content-type"}
    assert shared <= form
    assert not any(str(LINEAGE).encode() in value for _, value in contents(MEXICO))


def test_a_record_is_a_cloudevent_under_the_offices_reference(settings: KafkaSettings, feed: KafkaFeed) -> None:
    sent = parcel(MEXICO, 1)
    feed.publish(MEXICO, [sent])
    (record,) = records(settings, MEXICO)
    assert (record.key, record.value) == (sent.reference.encode(), sent.content)
    read = from_binary_event(KafkaMessage(headers=dict(record.headers), key=record.key, value=record.value))
    assert (read.get_id(), read.get_specversion()) == (f"{MEXICO}/1", "1.0")
    assert read.get_extension("feednumber") == "1"
    assert read.get_datacontenttype() == "application/avro"


def test_a_number_that_means_something_else_now_stops(settings: KafkaSettings, feed: KafkaFeed) -> None:
    feed.publish(MEXICO, parcels(MEXICO, 1, 2))
    other = Parcel(office=MEXICO, number=2, reference="x", content=b"", headers=(("id", "something-else"),))
    with pytest.raises(RelayStopped, match="is now said to be"):
        feed.publish(MEXICO, [other])


def of_epoch(sign: str, since: int, number: int) -> Parcel:
    plain = parcel(MEXICO, number)
    epoch = (("feedepoch", sign), ("feedfrom", str(since)))
    return replace(plain, headers=(("id", f"{MEXICO}:{number}:{sign}"), *plain.headers[1:], *epoch))


def test_an_epoch_begins_once_at_a_number_that_the_one_before_it_had(settings: KafkaSettings, feed: KafkaFeed) -> None:
    feed.publish(MEXICO, parcels(MEXICO, 1, 3))
    anew = [of_epoch("e1", 2, number) for number in (2, 3, 4)]
    for gap in ([of_epoch("e1", 5, 5)], anew[1:], [of_epoch("e1", 2, 2), of_epoch("e1", 2, 4)]):
        with pytest.raises(FeedGap, match="comes next"):
            feed.publish(MEXICO, gap)
    feed.publish(MEXICO, anew[:2])
    feed.publish(MEXICO, anew)
    assert numbers(settings, MEXICO) == [1, 2, 3, 2, 3, 4]
    assert feed.published(MEXICO) == FeedPlace("e1", 4)
    for offset, place in ((3, FeedPlace("", 3)), (5, FeedPlace("e1", 2)), (6, FeedPlace("e1", 3))):
        commit(settings, MEXICO, offset)  # Offsets 0 to 2, marker at 3, then 4 and 5.
        fetched = feed.fetched(MEXICO)
        assert fetched is not None and fetched[0] == place, f"offset {offset}"
    feed.publish(MEXICO, [anew[2], of_epoch("e2", 5, 5)])
    assert numbers(settings, MEXICO)[-2:] == [4, 5]


def test_a_topic_of_another_store_stops(settings: KafkaSettings, feed: KafkaFeed) -> None:
    feed.publish(MEXICO, parcels(MEXICO, 1, 2))
    other = feed_over(settings, lineage=uuid4())
    with pytest.raises(RelayStopped, match="lineage"):
        other.publish(MEXICO, parcels(MEXICO, 1, 3))
    other.close()
    assert numbers(settings, MEXICO) == [1, 2]


@pytest.mark.parametrize("phase", [Phase.SEND, Phase.COMMIT, Phase.DONE])
def test_an_error_at_any_point_is_made_good_by_reading_the_position_back(
    settings: KafkaSettings, phase: Phase
) -> None:
    armed = [False]

    def at(reached: Phase) -> None:
        if armed[0] and reached is phase:
            armed[0] = False
            raise OSError("cut short")

    def fragile(given: KafkaSettings, target: str) -> Publisher:
        return Publisher(KafkaPythonTransport(given), target=target, positions=given.positions_topic, at=at)

    feed = KafkaFeed(settings, fragile, lineage=LINEAGE, clock=StandingClock())
    feed.publish(MEXICO, parcels(MEXICO, 1, 3))
    armed[0] = True
    feed.publish(MEXICO, parcels(MEXICO, 1, 7))
    feed.close()
    assert numbers(settings, MEXICO) == list(range(1, 8))


def test_kafka_out_of_reach_is_said_after_a_few_attempts() -> None:
    kafka, tried = FakeKafka(), []

    def refused(point: str) -> None:
        tried.append(point)
        raise OSError("connection refused")

    def unreachable(given: KafkaSettings, target: str) -> Publisher:
        return Publisher(FakeTransport(kafka, refused), target=target, positions=given.positions_topic)

    feed = KafkaFeed(KafkaSettings(bootstrap="nowhere:1"), unreachable, lineage=LINEAGE, clock=StandingClock())
    with pytest.raises(Interrupted, match="connection refused"):
        feed.publish(MEXICO, parcels(MEXICO, 1, 1))
    assert tried == ["open"] * ATTEMPTS_MAX


# ------------------------------------------------------------------ what the office has fetched
def test_nothing_is_fetched_before_the_office_commits(settings: KafkaSettings, feed: KafkaFeed) -> None:
    feed.publish(MEXICO, parcels(MEXICO, 1, 3))
    assert feed.fetched(MEXICO) is None


def test_the_committed_offset_is_the_hand_over(settings: KafkaSettings, feed: KafkaFeed) -> None:
    for number in range(1, 5):
        feed.publish(MEXICO, [parcel(MEXICO, number)])  # A transaction each: a marker after every record.
    consumer = KafkaConsumer(
        settings.feed_topic(MEXICO),
        **settings.consumer() | {"group_id": settings.group(MEXICO), "auto_offset_reset": "earliest"},
    )
    taken = 0
    for _ in range(60):
        for batch in consumer.poll(timeout_ms=500, max_records=1).values():
            taken += len(batch)
        if taken == 3:
            break
    consumer.commit()
    committed = consumer.committed(TopicPartition(settings.feed_topic(MEXICO), 0))
    consumer.close()
    fetched = feed.fetched(MEXICO)
    assert fetched is not None
    place, receipt = fetched
    assert place == FeedPlace("", 3)
    assert receipt.reference == f"{settings.feed_topic(MEXICO)}/0@{committed}"
    assert receipt.at == NOW
    assert feed.fetched(GUATEMALA) is None


def test_every_committed_offset_tells_the_number_before_it(settings: KafkaSettings, feed: KafkaFeed) -> None:
    feed.publish(MEXICO, parcels(MEXICO, 1, 2))  # Offsets 0 and 1, marker at 2.
    feed.publish(MEXICO, parcels(MEXICO, 3, 3))  # Offset 3, marker at 4.
    for offset, number in ((1, 1), (2, 2), (3, 2), (4, 3), (5, 3)):
        commit(settings, MEXICO, offset)
        fetched = feed.fetched(MEXICO)
        assert fetched is not None and fetched[0].number == number, f"offset {offset}"


def test_aborted_records_before_the_offset_are_looked_past(settings: KafkaSettings, feed: KafkaFeed) -> None:
    feed.publish(MEXICO, parcels(MEXICO, 1, 2))
    aborting = KafkaProducer(**settings.producer("aborting"))
    aborting.init_transactions()
    for _ in range(3):
        aborting.begin_transaction()
        for _ in range(5):
            aborting.send(settings.feed_topic(MEXICO), b"x", b"k", partition=0)
        aborting.flush(10.0)
        aborting.abort_transaction()
    aborting.close()
    wait_until(lambda: ends(settings, MEXICO)[1] >= 21, "the last marker", limit_seconds=10.0)
    commit(settings, MEXICO, 21)
    looking = KafkaFeed(settings, no_publisher, lineage=LINEAGE, clock=StandingClock())
    fetched = looking.fetched(MEXICO)
    looking.close()
    assert fetched is not None and fetched[0].number == 2


def no_publisher(given: KafkaSettings, target: str) -> Publisher:
    raise AssertionError("a look at what was fetched opened a session, which fences the courier's")


def test_what_a_topic_has_let_go_by_its_age_is_told(settings: KafkaSettings, feed: KafkaFeed) -> None:
    feed.publish(MEXICO, parcels(MEXICO, 1, 2))
    feed.publish(MEXICO, parcels(MEXICO, 3, 4))
    assert feed.let_go(MEXICO) == FeedPlace("", 0)
    place, admin = TopicPartition(settings.feed_topic(MEXICO), 0), KafkaAdminClient(**settings.admin())
    admin.delete_records({place: 1})
    assert feed.let_go(MEXICO) == FeedPlace("", 1)
    admin.delete_records({place: -1})
    assert feed.let_go(MEXICO) == feed.let_go(MEXICO) == FeedPlace("", 4)
    admin.close()


def test_an_offset_past_the_end_proves_nothing(settings: KafkaSettings, feed: KafkaFeed) -> None:
    feed.publish(MEXICO, parcels(MEXICO, 1, 2))
    commit(settings, MEXICO, ends(settings, MEXICO)[1] + 1)
    assert feed.fetched(MEXICO) is None
    feed.publish(MEXICO, parcels(MEXICO, 3, 3))
    assert feed.fetched(MEXICO) is None, "nor of what comes later, while it is the same"


def test_what_was_fetched_stays_known_when_retention_has_taken_the_records(
    settings: KafkaSettings, feed: KafkaFeed
) -> None:
    feed.publish(MEXICO, parcels(MEXICO, 1, 2))
    feed.publish(MEXICO, parcels(MEXICO, 3, 4))
    commit(settings, MEXICO, 3)
    place = TopicPartition(settings.feed_topic(MEXICO), 0)
    admin = KafkaAdminClient(**settings.admin())
    admin.delete_records({place: 3})
    fetched = feed.fetched(MEXICO)
    assert fetched is not None and fetched[0].number == 2
    commit(settings, MEXICO, ends(settings, MEXICO)[1])
    admin.delete_records({place: -1})
    admin.close()
    fetched = feed.fetched(MEXICO)
    assert fetched is not None and fetched[0].number == 4
