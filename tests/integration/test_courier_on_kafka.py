"""An office that consumes its feed from Kafka: its own fetch is the hand-over."""
from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, TopicPartition
from kafka.structs import OffsetAndMetadata

from adapters.channels.kafka_feed import FeedUnavailable, KafkaFeed
from adapters.disclosure.courier import Courier
from adapters.disclosure.epochs import sign_of
from adapters.disclosure.render import digest_of, entry_of
from adapters.eventstore.restoring import restored
from adapters.kafka.publisher import Interrupted, publisher_for
from adapters.kafka.settings import KafkaSettings
from tests import servers
from tests.disclosure_world import MEXICO, World
from tests.faults.relay_judge import Seen, committed_records
from tests.faults.relay_world import create_topics, fresh_settings

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def settings(kafka_server: servers.Kafka) -> KafkaSettings:
    settings = fresh_settings(kafka_server.bootstrap)
    create_topics(settings, [MEXICO])
    return settings


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path, channels={MEXICO: "kafka"})
    world.found(MEXICO)
    yield world
    world.close()


def courier_of(world: World, settings: KafkaSettings) -> tuple[Courier, KafkaFeed]:
    feed = KafkaFeed(settings, publisher_for, lineage=world.log.lineages[0].lineage, clock=world.clock)
    courier = Courier(
        world.backbone, world.rendering, {}, topics=feed, interruptions=(Interrupted, FeedUnavailable),
        monotonic=iter(range(10_000)).__next__,
    )
    return courier, feed


def records(settings: KafkaSettings) -> list[Seen]:
    return committed_records(settings.bootstrap, settings.feed_topic(MEXICO))


def fetch_all(settings: KafkaSettings) -> None:
    """As the office's own consumer would commit after its last record."""
    admin = KafkaAdminClient(**settings.admin())
    place = TopicPartition(settings.feed_topic(MEXICO), 0)
    admin.alter_group_offsets(settings.group(MEXICO), {place: OffsetAndMetadata(len(records(settings)) + 1, "", -1)})
    admin.close()


def test_a_notice_on_the_offices_topic_meets_its_duties_once_the_office_has_fetched_it(
    world: World, settings: KafkaSettings
) -> None:
    family = world.family(1)
    world.release(family, notices=2)
    world.disclose()
    courier, feed = courier_of(world, settings)
    assert courier.step() == 2
    for envelope, record in zip(world.feed(), records(settings), strict=True):
        entry, headers = entry_of(envelope), {name: value.decode() for name, value in record.headers}
        assert record.key.decode() == entry.case_reference
        assert headers["ce_id"] == f"{MEXICO}:{entry.number}" and headers["ce_feednumber"] == str(entry.number)
        assert headers["ce_sequence"] == f"{entry.number:020}" and headers["content-type"] == "application/avro"
        assert digest_of(headers["ce_salt"], record.value) == entry.digest
        assert not {"traceparent", "ce_traceparent"} & headers.keys()
        text = " ".join(headers.values())
        assert all(str(ours) not in text for ours in (entry.case_id, entry.notice_id, entry.engagement_id))
    world.receive()
    assert world.delivery(1) == ["HandOverStarted"] and not world.receipts.outcomes
    fetch_all(settings)
    world.tick(minutes=1)
    assert courier.step() == 2
    world.receive()
    assert world.backbone.case(family.case_id).consular.notices[family.notice_id].notified is not None
    feed.close()


def test_another_courier_goes_on_where_the_last_one_ended_and_writes_nothing_twice(
    world: World, settings: KafkaSettings
) -> None:
    world.release(world.family(1))
    world.disclose()
    first, abandoned = courier_of(world, settings)
    first.step()
    world.release(world.family(2))
    world.disclose()
    second, feed = courier_of(world, settings)
    second.step()
    second.step()
    numbers = [dict(record.headers)["ce_feednumber"] for record in records(settings)]
    assert numbers == [b"1", b"2"]
    assert world.delivery(1) == world.delivery(2) == ["HandOverStarted"]
    for topic in (abandoned, feed):
        topic.close()


def test_of_two_couriers_at_one_topic_the_one_that_was_taken_over_leaves_it_for_a_while(
    world: World, settings: KafkaSettings
) -> None:
    world.release(world.family(1))
    world.disclose()
    first, older = courier_of(world, settings)
    assert first.step() == 1
    second, newer = courier_of(world, settings)
    world.release(world.family(2))
    world.disclose()
    assert second.step() == 1, "it takes the topic over"
    world.release(world.family(3))
    world.disclose()
    assert first.step() == 0 and first.step() == 0, "it finds so, and leaves it"
    assert second.step() == 1
    world.release(world.family(4))
    world.disclose()
    world.tick(minutes=1)
    assert first.step() == 1, "the other may be gone by now"
    assert [dict(record.headers)["ce_feednumber"] for record in records(settings)] == [b"1", b"2", b"3", b"4"]
    for topic in (older, newer):
        topic.close()


def test_after_a_restore_the_topic_goes_on_and_what_was_fetched_before_proves_nothing_of_what_comes(
    world: World, settings: KafkaSettings, tmp_path: Path
) -> None:
    first, lost, other = (world.family(number) for number in range(3))
    world.release(first)
    world.disclose()
    copy = shutil.copytree(tmp_path, tmp_path.with_name(f"{tmp_path.name}-copy"))
    world.release(lost)
    world.disclose()
    courier, feed = courier_of(world, settings)
    courier.step()
    fetch_all(settings)
    feed.close()
    restored(f"sqlite:///{copy / 'log.sqlite'}")
    back = World(copy, clock=world.clock, channels={MEXICO: "kafka"})
    back.release(other)
    back.disclose()
    courier, feed = courier_of(back, settings)
    for _ in range(3):
        courier.step()
    sign = sign_of(back.log.lineage, MEXICO)
    assert [dict(record.headers)["ce_id"].decode() for record in records(settings)] == [
        f"{MEXICO}:1", f"{MEXICO}:2", f"{MEXICO}:2:{sign}",
    ]
    assert "HandedOver" in back.delivery(1) and back.delivery(2) == ["HandOverStarted"]
    admin = KafkaAdminClient(**settings.admin())
    place = TopicPartition(settings.feed_topic(MEXICO), 0)
    admin.alter_group_offsets(settings.group(MEXICO), {place: OffsetAndMetadata(5, "", -1)})  # Each had a marker.
    admin.close()
    courier.step()
    assert back.delivery(2) == ["HandOverStarted", "HandedOver"]
    feed.close()
    back.close()
