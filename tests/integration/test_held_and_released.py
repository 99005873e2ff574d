"""What could not be handed over keeps its number, says so under another, and comes once and in order under a third."""
from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid5

import pytest

from adapters.avro.single_object import HEADER_SIZE
from adapters.disclosure.courier import Courier
from adapters.disclosure.outstanding import Stage
from adapters.disclosure.pull import PullFeed
from domain.case.told import Reached
from domain.disclosure.events import Disclosed, Held, Released, Withdrawn
from domain.disclosure.known import known_by
from domain.ports import Parcel
from tests.disclosure_world import AGENCY, MEXICO, PUBLISHED, Family, World
from tests.integration.test_courier_to_a_topic import Topic, deliver
from tests.recording_channel import RecordingChannel
from tests.webhook_receiver import Mood


def kinds(parcels: list[Parcel]) -> list[str]:
    return [dict(parcel.headers)["type"].rpartition(".")[2] for parcel in parcels]


def firsts(parcels: list[Parcel]) -> list[int]:
    """The numbers that the notices had first, in the order in which their content came."""
    headers = [dict(parcel.headers) for parcel in parcels if kinds([parcel]) == ["ConsularNotice"]]
    return [int(one.get("releases", one["feednumber"])) for one in headers]


def turn(world: World, courier: Courier, times: int = 6) -> None:
    """Everything that the workers do, until nothing is left to do."""
    for _ in range(times):
        world.disclose()
        deliver(courier)
        world.receive()


def let_go(world: World, courier: Courier, office: str = MEXICO) -> None:
    queue = courier.outstanding.offices[office]
    held = [d for d in queue.deliveries.values() if d.stage is Stage.HELD_BACK]
    assert courier._hand_overs.let_go(held, by=None) == len(held) > 0


def held_on_a_webhook(world: World) -> tuple[Family, Family, RecordingChannel, Courier]:
    """Two notices of one case of which the first is refused for good, and one of another case."""
    first, other = world.family(1), world.family(2)
    world.release(first, notices=2)
    world.release(other)
    refusing = [True]
    channel = RecordingChannel(
        world.clock, lambda _, parcel: 410 if parcel.reference == reference[0] and refusing[0] and
        parcel.number == 1 else Mood.ACCEPT
    )
    world.disclose()
    entry = world.feed()[0].event
    assert isinstance(entry, Disclosed)
    reference = [entry.case_reference]
    courier = world.courier(channel)
    turn(world, courier)
    refusing[0] = False
    return first, other, channel, courier


def test_what_is_held_back_says_so_under_a_number_of_its_own(world: World) -> None:
    _, _, channel, _ = held_on_a_webhook(world)
    assert [type(e.event) for e in world.feed()] == [Disclosed, Disclosed, Disclosed, Held]
    held = world.feed()[3].event
    assert isinstance(held, Held) and (held.number, held.holds) == (4, 1)
    assert [p.number for p in channel.taken] == [3, 4], "the second notice of the case waits behind the first"
    assert kinds(channel.taken) == ["ConsularNotice", "Held"] and "salt" not in dict(channel.taken[1].headers)
    assert world.delivery(4) == ["HandOverStarted", "HandedOver"]


def test_what_is_let_go_comes_once_under_a_new_number_before_what_waited_behind_it(world: World) -> None:
    family, _, channel, courier = held_on_a_webhook(world)
    before = len(channel.taken)
    let_go(world, courier)
    turn(world, courier)
    released = world.feed()[4].event
    assert isinstance(released, Released) and (released.number, released.releases) == (5, 1)
    assert [p.number for p in channel.taken[before:]] == [5, 2], "the case's order, not that of the numbers"
    parcel = channel.taken[before]
    assert dict(parcel.headers)["releases"] == "1"
    assert parcel.content == world.rendering.proven(world.feed()[0]).content
    assert [type(e.event) for e in world.feed()] == [Disclosed, Disclosed, Disclosed, Held, Released]
    notified = world.backbone.case(family.case_id).consular.notices[family.notice_id].notified
    assert notified is not None and notified.entry == 5, "it came under this number"
    assert world.delivery(1)[-1] == "DeliveryLetGo" and world.delivery(5) == ["HandOverStarted", "HandedOver"]


def test_what_came_under_another_number_is_recalled_under_that(world: World) -> None:
    family, _, _, courier = held_on_a_webhook(world)
    let_go(world, courier)
    turn(world, courier)
    world.recall(family)
    turn(world, courier)
    last = world.feed()[-1].event
    assert isinstance(last, Withdrawn) and last.withdraws == 5


def test_an_office_was_given_what_was_released_and_not_what_was_held(world: World) -> None:
    family, _, _, courier = held_on_a_webhook(world)

    def numbers() -> list[int]:
        entries = [e for e in world.feed() if getattr(e.event, "case_id", None) == family.case_id]
        stages = {e.version: world.backbone.envelopes(f"delivery-{MEXICO}-{e.version}") for e in entries}
        return [one.number for one in known_by(entries, stages, {}, Reached.HANDED_OVER, world.clock.now())]

    assert numbers() == []
    let_go(world, courier)
    turn(world, courier)
    assert numbers() == [2, 5]


def test_another_courier_takes_over_in_the_middle_and_nothing_comes_twice(world: World) -> None:
    _, _, channel, courier = held_on_a_webhook(world)
    let_go(world, courier)
    world.disclose()
    turn(world, world.courier(channel))
    turn(world, courier)
    taken = [parcel.number for parcel in channel.taken]
    assert sorted(taken) == [2, 3, 4, 5] and len(set(taken)) == len(taken)


def test_that_a_number_is_held_back_is_tried_again_and_never_held_back_itself(world: World) -> None:
    world.release(world.family(1))
    channel = RecordingChannel(world.clock, lambda _, __: 410)
    courier = world.courier(channel)
    for _ in range(20):
        turn(world, courier, 2)
        world.tick(days=1)
    assert [type(e.event) for e in world.feed()] == [Disclosed, Held]
    assert "DeliveryHeldBack" not in world.delivery(2)


def hold(world: World, family: Family) -> None:
    world.submit("HoldDisclosure", {
        "hold_id": uuid5(family.case_id, "hold"), "office": MEXICO, "review_on": "2027-01-01", "reason": "asylum claim",
    }, case_id=family.case_id)


def lift(world: World, family: Family) -> None:
    world.submit("LiftDisclosureHold", {
        "hold_id": uuid5(family.case_id, "hold"), "reason": "counsel agrees",
    }, case_id=family.case_id)


def test_what_was_on_hold_leaves_by_itself_once_the_hold_is_lifted(world: World) -> None:
    family, channel = world.family(1), RecordingChannel(world.clock)
    world.release(family, notices=2)
    hold(world, family)
    courier = world.courier(channel)
    turn(world, courier)
    assert "ConsularNotice" not in kinds(channel.taken)
    lift(world, family)
    turn(world, courier)
    assert firsts(channel.taken) == [1, 2], "both, once, in the case's order"


@pytest.fixture
def on_topic(tmp_path: Path) -> Iterator[tuple[World, Topic, Courier]]:
    world = World(tmp_path, channels={MEXICO: "kafka"})
    world.found()
    topic = Topic(world)
    yield world, topic, Courier(world.backbone, world.rendering, {}, topics=topic, monotonic=iter(range(10_000)).__next__)
    world.close()


def test_a_topic_keeps_every_number_and_brings_the_content_later(on_topic: tuple[World, Topic, Courier]) -> None:
    world, topic, courier = on_topic
    family, other = world.family(1), world.family(2)
    world.release(family, notices=2)
    world.release(other)
    hold(world, family)
    turn(world, courier)
    assert kinds(topic.parcels) == ["Placeholder", "Placeholder", "ConsularNotice", "Held", "Held"]
    lift(world, family)
    turn(world, courier)
    assert [parcel.number for parcel in topic.parcels] == [1, 2, 3, 4, 5, 6, 7]
    assert [dict(p.headers).get("releases") for p in topic.parcels[5:]] == ["1", "2"]
    assert [p.content for p in topic.parcels[5:]] == [world.rendering.proven(e).content for e in world.feed()[:2]]
    sequences = [dict(p.headers)["sequence"] for p in topic.parcels if p.reference == topic.parcels[0].reference]
    assert sequences == sorted(set(sequences)), "the case's own sequence has each once"


@pytest.mark.parametrize("quick", [True, False])
def test_what_follows_in_a_case_while_it_is_let_go_keeps_its_place(
    on_topic: tuple[World, Topic, Courier], quick: bool
) -> None:
    world, topic, courier = on_topic
    family = world.family(1)
    world.release(family)
    hold(world, family)
    turn(world, courier)
    lift(world, family)
    world.submit("PrepareConsularNotification", {
        "notice_id": uuid5(family.notice_id, "later"), "office": MEXICO, "form": "nm_mexico",
    }, case_id=family.case_id)
    world.submit("ReleaseDisclosure", {"notice_id": uuid5(family.notice_id, "later")}, case_id=family.case_id)
    world.disclose()
    if quick:
        courier.outstanding.tail()
        courier._hand_overs.mend(courier.outstanding.offices[MEXICO])
        world.disclose()  # The feed has the first under its new number before the courier looks at the second.
    turn(world, courier)
    assert [e.version for e in world.feed() if isinstance(e.event, Disclosed)] == [1, 3]
    assert firsts(topic.parcels) == [1, 3]


def test_a_feed_that_is_read_has_the_same_numbers_and_content(tmp_path: Path) -> None:
    world = World(tmp_path, channels={MEXICO: "pull"})
    world.found()
    family = world.family(1)
    world.release(family)
    hold(world, family)
    world.disclose()
    feed, courier = PullFeed(world.backbone, world.rendering), Courier(world.backbone, world.rendering, {})
    assert kinds(list(feed.read(MEXICO, AGENCY, after=0, credential=1).parcels)) == ["Placeholder"]
    turn(world, courier)
    assert kinds(list(feed.read(MEXICO, AGENCY, after=0, credential=1).parcels)) == ["Placeholder", "Held"]
    lift(world, family)
    turn(world, courier)
    reading = feed.read(MEXICO, AGENCY, after=0, credential=1)
    assert kinds(list(reading.parcels)) == ["Placeholder", "Held", "ConsularNotice"]
    feed.read(MEXICO, AGENCY, after=3, credential=1)
    again = feed.read(MEXICO, AGENCY, after=0, credential=1)
    assert again.parcels == reading.parcels
    world.receive()
    notified = world.backbone.case(family.case_id).consular.notices[family.notice_id].notified
    assert notified is not None and notified.entry == 3
    world.close()


def test_the_word_that_a_number_is_held_back_keeps_its_bytes_for_ever(world: World) -> None:
    world.release(world.family(1))
    world.disclose()
    entry = world.feed()[0].event
    assert isinstance(entry, Disclosed)
    rendered = world.rendering.held(entry, 1)
    reference = entry.case_reference.encode()
    assert rendered.content[HEADER_SIZE:] == bytes([2 * len(reference)]) + reference + b"\x02"
    declared: Any = json.loads((PUBLISHED / "Held.v1.avsc").read_text(encoding="utf-8"))
    assert [field["name"] for field in declared["fields"]] == ["case_reference", "holds"]
