"""The courier and offices that fetch from a topic: many numbers begin, and are proven, by one append each."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.disclosure.courier import TAKEN_OVER_SECONDS, Courier, TakenOver
from adapters.disclosure.epochs import FeedPlace
from adapters.disclosure.hand_overs import DOUBT_AFTER
from domain.case.doubts import shown_by
from domain.disclosure.events import HandedOver, HandOverStarted
from domain.ports import Append, Parcel, Receipt
from tests.disclosure_world import MEXICO, World

pytestmark = pytest.mark.timeout(60)
ROUNDS_MAX = 200


def deliver(courier: Courier) -> None:
    for _ in range(ROUNDS_MAX):
        if not courier.step():
            return
    raise AssertionError(f"the courier was not idle after {ROUNDS_MAX} steps")


@dataclass
class Topic:
    """An office's topic, as `KafkaFeed` shows it."""

    world: World
    name: str = "kafka"
    parcels: list[Parcel] = field(default_factory=list)
    passed: int = 0
    gone: int = 0
    broken: bool = False
    taken_over: bool = False

    def publish(self, office: str, parcels: list[Parcel]) -> None:
        if self.broken:
            raise ConnectionError
        if self.taken_over:
            raise TakenOver("somebody else writes it")
        assert [p.number for p in parcels] == list(range(len(self.parcels) + 1, len(self.parcels) + len(parcels) + 1))
        self.parcels += parcels

    def published(self, office: str) -> FeedPlace:
        return FeedPlace("", len(self.parcels))

    def let_go(self, office: str) -> FeedPlace:
        return FeedPlace("", self.gone)

    def fetched(self, office: str) -> tuple[FeedPlace, Receipt] | None:
        if not self.passed:
            return None
        return FeedPlace("", self.passed), Receipt(reference=f"topic/0@{self.passed}", at=self.world.clock.now())


@pytest.fixture
def on_topic(tmp_path: Path) -> Iterator[tuple[World, Topic, Courier]]:
    world = World(tmp_path, channels={MEXICO: "kafka"})
    world.found(MEXICO)
    topic = Topic(world)
    courier = Courier(
        world.backbone, world.rendering, {}, topics=topic, interruptions=(ConnectionError,),
        monotonic=iter(range(10_000)).__next__,
    )
    yield world, topic, courier
    world.close()


def test_an_entry_on_a_topic_is_handed_over_once_the_office_has_fetched_past_it(
    on_topic: tuple[World, Topic, Courier]
) -> None:
    world, topic, courier = on_topic
    world.release(world.family(1), notices=2)
    world.disclose()
    deliver(courier)
    assert [parcel.number for parcel in topic.parcels] == [1, 2]
    assert world.delivery(1) == world.delivery(2) == ["HandOverStarted"]
    topic.passed = 1
    deliver(courier)
    assert world.delivery(1) == ["HandOverStarted", "HandedOver"] and world.delivery(2) == ["HandOverStarted"]
    topic.passed = 2
    deliver(courier)
    handed_over = world.backbone.envelopes(f"delivery-{MEXICO}-2")[-1].event
    assert isinstance(handed_over, HandedOver) and handed_over.channel == "kafka"


def test_what_a_topic_let_go_by_its_age_is_not_proven_by_a_later_fetch_and_may_have_been_read(
    on_topic: tuple[World, Topic, Courier]
) -> None:
    """Who was away for longer than the topic keeps things begins where it begins now, and commits past what it never saw."""
    world, topic, courier = on_topic
    family = world.family(1)
    world.release(family, notices=3)
    world.disclose()
    deliver(courier)
    topic.gone, topic.passed = 2, 3
    world.tick(days=8)
    deliver(courier)
    assert [world.delivery(number)[-1] for number in (1, 2, 3)] == ["HandOverDoubted", "HandOverDoubted", "HandedOver"]


def test_a_topic_that_another_courier_took_over_is_left_to_it_for_a_while(on_topic: tuple[World, Topic, Courier]) -> None:
    world, topic, courier = on_topic
    world.release(world.family(1))
    world.disclose()
    topic.taken_over = True
    assert courier.step() == 0
    topic.taken_over = False
    assert courier.step() == 0 and topic.parcels == [], "two that took it by turns would both write little"
    world.tick(seconds=2 * TAKEN_OVER_SECONDS)
    deliver(courier)
    assert [parcel.number for parcel in topic.parcels] == [1]


def test_a_number_whose_engagement_has_ended_keeps_its_place_on_the_topic_without_content(
    on_topic: tuple[World, Topic, Courier]
) -> None:
    world, topic, courier = on_topic
    first, second = world.family(1), world.family(2)
    world.release(first)
    world.release(second)
    world.disclose()
    world.correct_country(first)
    deliver(courier)
    assert [dict(parcel.headers)["type"].rpartition(".")[2] for parcel in topic.parcels] == ["Placeholder", "ConsularNotice"]
    assert "salt" not in dict(topic.parcels[0].headers) and len(topic.parcels[0].content) == 10
    topic.passed = 2
    deliver(courier)
    assert world.delivery(1) == ["DeliveryStopped"] and world.delivery(2)[-1] == "HandedOver"


def test_a_topic_that_could_not_be_written_is_written_later_and_judged_anew(
    on_topic: tuple[World, Topic, Courier]
) -> None:
    world, topic, courier = on_topic
    world.release(world.family(1))
    world.disclose()
    topic.broken = True
    deliver(courier)
    topic.broken = False
    world.tick(minutes=DOUBT_AFTER / timedelta(minutes=1))
    deliver(courier)
    assert [parcel.number for parcel in topic.parcels] == [1]
    assert world.delivery(1) == ["HandOverStarted", "HandOverFailed", "HandOverStarted"], "the topic says what it lacks"


@pytest.mark.parametrize("stopped", [False, True])
def test_what_stands_on_a_topic_and_is_not_fetched_past_may_have_been_read(
    on_topic: tuple[World, Topic, Courier], stopped: bool
) -> None:
    world, topic, courier = on_topic
    family = world.family(1)
    world.release(family)
    world.disclose()
    deliver(courier)
    if stopped:
        world.submit("SuspendOffice", {"office": MEXICO, "reason": "addresses are being checked"})
    world.tick(minutes=DOUBT_AFTER / timedelta(minutes=1))
    deliver(courier)
    world.receive()
    assert world.delivery(1) == ["HandOverStarted", "HandOverDoubted"]
    assert shown_by(world.backbone.case(family.case_id), family.notice_id) is not None
    if stopped:
        world.submit("PutOfficeLive", {"office": MEXICO, "second_person": "counsel-1"})
    topic.passed = 1
    deliver(courier)
    assert world.delivery(1)[-1] == "HandedOver" and len(topic.parcels) == 1


def test_an_office_that_is_suspended_while_its_topic_is_asked_gets_nothing(tmp_path: Path) -> None:
    world = World(tmp_path, channels={MEXICO: "kafka"})
    world.found(MEXICO)
    world.release(world.family(1))
    world.disclose()

    class Asked(Topic):
        def published(self, office: str) -> FeedPlace:
            world.submit("SuspendOffice", {"office": MEXICO, "reason": "addresses are being checked"})
            return super().published(office)

    topic = Asked(world)
    deliver(Courier(world.backbone, world.rendering, {}, topics=topic))
    assert topic.parcels == [] and world.delivery(1) == []
    world.close()


def test_what_is_published_together_begins_by_one_append_and_is_proven_by_one(
    on_topic: tuple[World, Topic, Courier]
) -> None:
    world, topic, courier = on_topic
    for number in range(3):
        world.release(world.family(number), notices=2)
    world.disclose()
    append, sizes = world.log.append, list[int]()

    def sized(wanted: Append) -> object:
        appended = append(wanted)
        sizes.append(len(wanted.events))
        return appended

    world.log.append = sized  # type: ignore[method-assign, assignment]
    deliver(courier)
    topic.passed = 5
    deliver(courier)
    assert sizes == [6, 5]
    assert [world.delivery(number)[-1] for number in range(1, 7)] == ["HandedOver"] * 5 + ["HandOverStarted"]


def test_a_case_that_changes_under_a_batch_of_starts_delays_nobody(on_topic: tuple[World, Topic, Courier]) -> None:
    """One engagement ends between the courier's look and its append: that number goes without content, others whole."""
    world, topic, courier = on_topic
    families = [world.family(number) for number in range(3)]
    for family in families:
        world.release(family)
    world.disclose()
    append, racing = world.log.append, [1]

    def race(wanted: Append) -> object:
        if any(event.topic == HandOverStarted.TOPIC for event in wanted.events) and racing:
            racing.pop()
            world.correct_country(families[1])
        return append(wanted)

    world.log.append = race  # type: ignore[method-assign, assignment]
    deliver(courier)
    assert [dict(parcel.headers)["type"].rpartition(".")[2] for parcel in topic.parcels] == [
        "ConsularNotice", "Placeholder", "ConsularNotice",
    ]
    stages = [world.delivery(number) for number in (1, 2, 3)]
    assert stages == [["HandOverStarted"], ["DeliveryStopped"], ["HandOverStarted"]]


def test_a_start_rests_on_no_stale_case(on_topic: tuple[World, Topic, Courier]) -> None:
    """Another process ended the engagement, so this one's cached case is behind: the guard finds it, and nothing leaves."""
    world, topic, courier = on_topic
    family = world.family(1)
    world.release(family)
    world.disclose()
    stale = world.backbone.case(family.case_id)
    world.correct_country(family)
    world.backbone._cases._states[f"case-{family.case_id}"] = stale
    deliver(courier)
    assert world.delivery(1) == ["DeliveryStopped"]
    assert [len(parcel.content) for parcel in topic.parcels] == [10]
