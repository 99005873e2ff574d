"""What the courier does with an office that is slow, silent, suspended or not entitled any more."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.disclosure import courier as couriers
from adapters.disclosure import hand_overs
from adapters.disclosure.courier import Courier
from adapters.disclosure.discloser import Discloser, NotDisclosed
from adapters.disclosure.hand_overs import retry_seconds
from adapters.disclosure.receipts import Receipts
from adapters.disclosure.render import Rendering, digest_of, entry_of, salt_of
from domain.case.doubts import shown_by
from domain.disclosure.events import DeliveryHeldBack, Disclosed, HandOverFailed, HandOverStarted
from domain.events import Compartment
from domain.ports import Append, KeyName, Parcel, Position
from tests.disclosure_world import GUATEMALA, MEXICO, PUBLISHED, World
from tests.recording_channel import RecordingChannel
from tests.webhook_receiver import Mood

pytestmark = pytest.mark.timeout(60)
ROUNDS_MAX = 200


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    world.found(MEXICO, GUATEMALA)
    yield world
    world.close()


def deliver(courier: Courier) -> None:
    for _ in range(ROUNDS_MAX):
        if not courier.step():
            return
    raise AssertionError(f"the courier was not idle after {ROUNDS_MAX} steps")


def test_what_leaves_is_the_rendering_of_the_entry_and_its_salted_digest_proves_it(world: World) -> None:
    channel = RecordingChannel(world.clock)
    for number in range(3):
        world.release(world.family(number), notices=2)
    world.disclose()
    deliver(world.courier(channel))
    feed = world.feed()
    assert [envelope.version for envelope in feed] == [entry_of(envelope).number for envelope in feed] == [1, 2, 3, 4, 5, 6]
    assert channel.numbers == [1, 2, 3, 4, 5, 6]
    for envelope, parcel in zip(feed, channel.taken, strict=True):
        entry = entry_of(envelope)
        assert parcel.content == world.rendering.render(envelope).content
        headers = dict(parcel.headers)
        assert digest_of(headers["salt"], parcel.content) == entry.digest and headers["salt"] == salt_of(entry)
        assert headers["sequence"] == f"{2 - entry.number % 2:020}"


def test_an_office_that_fails_is_tried_again_later_and_only_its_own_case_waits(world: World) -> None:
    first, second = world.family(1), world.family(2)
    world.release(first, notices=2)
    world.release(second)
    world.disclose()
    channel = RecordingChannel(world.clock, lambda count, parcel: 503 if parcel.number == 1 and count < 3 else Mood.ACCEPT)
    courier = world.courier(channel)
    deliver(courier)
    assert channel.numbers == [1, 3], "number 2 is of the failing case and waits, number 3 of another and does not"
    assert courier.next_retry_at() is not None
    world.tick(seconds=retry_seconds(1) - 1)
    deliver(courier)
    assert channel.numbers == [1, 3], "it is not due yet"
    world.tick(seconds=1)
    deliver(courier)
    assert channel.numbers == [1, 3, 1, 2]
    assert world.delivery(1) == ["HandOverStarted", "HandOverFailed", "HandOverStarted", "HandedOver"]


def test_an_office_that_is_down_is_left_alone_for_a_while_and_other_offices_do_not_wait(world: World) -> None:
    for number in range(5):
        world.release(world.family(number))
    world.release(world.family(5, country="GT"), office=GUATEMALA)
    world.disclose()
    is_down = [True]
    channel = RecordingChannel(
        world.clock, lambda _, parcel: 503 if parcel.office == MEXICO and is_down[0] else Mood.ACCEPT
    )
    courier = world.courier(channel)
    deliver(courier)
    assert [(p.office, p.number) for p in channel.calls] == [(MEXICO, 1), (MEXICO, 2), (MEXICO, 3), (GUATEMALA, 1)]
    is_down[0] = False
    deliver(courier)
    assert len(channel.calls) == 4
    world.tick(seconds=couriers.PAUSE_SECONDS)
    deliver(courier)
    assert sorted(p.number for p in channel.taken if p.office == MEXICO) == [1, 2, 3, 4, 5]


def test_a_doubtful_hand_over_is_made_again_with_the_same_id_and_bytes(world: World) -> None:
    family = world.family(1)
    world.release(family)
    world.disclose()
    channel = RecordingChannel(world.clock, lambda count, _: Mood.ACCEPT_AND_HANG_UP if count == 1 else Mood.ACCEPT)
    courier = world.courier(channel)
    deliver(courier)
    world.receive()
    assert world.delivery(1) == ["HandOverStarted", "HandOverDoubted"]
    case = world.backbone.case(family.case_id)
    assert case.consular.notices[family.notice_id].notified is None and case.obligations.open_duties(), "it meets no duty"
    world.tick(seconds=retry_seconds(1))
    deliver(courier)
    assert world.delivery(1)[-2:] == ["HandOverStarted", "HandedOver"]
    assert channel.taken[0] == channel.taken[1]


def test_a_courier_that_died_after_the_start_leaves_a_doubt_that_the_next_one_resolves(world: World) -> None:
    world.release(world.family(1))
    world.disclose()

    class Power(BaseException):
        pass

    def cut(count: int, parcel: Parcel) -> Mood:
        raise Power

    with pytest.raises(Power):
        world.courier(RecordingChannel(world.clock, cut)).step()
    channel = RecordingChannel(world.clock)
    courier = world.courier(channel, timeout_seconds=5)
    deliver(courier)
    assert not channel.calls, "another courier may still be at it"
    world.tick(seconds=5)
    deliver(courier)
    assert world.delivery(1) == ["HandOverStarted", "HandOverDoubted", "HandOverStarted", "HandedOver"]


def test_what_was_begun_when_a_courier_died_is_in_doubt_though_its_office_is_suspended(world: World) -> None:
    family = world.family(1)
    world.release(family)
    world.disclose()

    class Power(BaseException):
        pass

    def cut(count: int, parcel: Parcel) -> Mood:
        raise Power

    with pytest.raises(Power):
        world.courier(RecordingChannel(world.clock, cut)).step()
    world.submit("SuspendOffice", {"office": MEXICO, "reason": "addresses are being checked"})
    channel = RecordingChannel(world.clock)
    courier = world.courier(channel)
    world.tick(seconds=hand_overs.DOUBT_AFTER.total_seconds())
    deliver(courier)
    world.receive()
    assert world.delivery(1) == ["HandOverStarted", "HandOverDoubted"] and not channel.calls
    assert shown_by(world.backbone.case(family.case_id), family.notice_id) is not None


APPENDS = 5
"""Of one entry's life: it is disclosed, started, proven, its receipt recorded, and the receipts' position moved."""


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("nth", range(1, APPENDS + 1))
def test_a_power_cut_around_any_append_loses_and_doubles_nothing(world: World, nth: int, when: str) -> None:
    family = world.family(1)
    world.release(family)
    append, append_together, count = world.log.append, world.log.append_together, [0]

    class Power(BaseException):
        pass

    def cut(store: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def cut_there(wanted: object) -> Any:
            count[0] += 1
            if count[0] == nth and when == "before":
                raise Power
            appended = store(wanted)
            if count[0] == nth:
                raise Power
            return appended

        return cut_there

    channel = RecordingChannel(world.clock)
    world.log.append = cut(append)  # type: ignore[method-assign, assignment]
    world.log.append_together = cut(append_together)  # type: ignore[method-assign, assignment]
    with pytest.raises(Power):
        world.disclose()
        deliver(world.courier(channel))
        world.receive()
    world.log.append = append  # type: ignore[method-assign]
    world.log.append_together = append_together  # type: ignore[method-assign]
    world.discloser, world.receipts = Discloser(world.backbone, world.rendering), Receipts(world.backbone)
    world.tick(minutes=1)
    world.disclose()
    deliver(world.courier(channel))
    world.receive()
    assert len(world.feed()) == 1 and len({parcel.content for parcel in channel.taken}) == 1
    assert world.delivery(1).count("HandedOver") == 1
    told = [type(e.event).__name__ for e in world.backbone.envelopes(f"case-{family.case_id}")]
    assert told.count("ConsulateNotified") == 1


def test_nothing_leaves_to_an_office_that_is_not_live(world: World) -> None:
    channel = RecordingChannel(world.clock)
    courier = world.courier(channel)
    world.release(world.family(1))
    world.disclose()
    world.submit("SuspendOffice", {"office": MEXICO, "reason": "its system was broken into"})
    deliver(courier)
    world.submit("RehearseOffice", {"office": MEXICO})
    deliver(courier)
    assert not channel.calls and world.delivery(1) == []
    world.submit("PutOfficeLive", {"office": MEXICO, "second_person": "counsel-1"})
    deliver(courier)
    assert channel.numbers == [1]


def test_nothing_leaves_after_the_engagement_has_ended_and_later_engagements_do_not_wait(world: World) -> None:
    family = world.family(1, country="GT")
    world.release(family, office=GUATEMALA)
    world.disclose()
    world.correct_country(family)
    channel = RecordingChannel(world.clock)
    deliver(world.courier(channel))
    assert not channel.calls
    assert world.delivery(1, GUATEMALA) == ["DeliveryStopped"]


def test_what_was_released_before_its_engagement_ended_becomes_no_entry_and_is_counted(world: World) -> None:
    family = world.family(1, country="GT")
    world.release(family, office=GUATEMALA)
    world.correct_country(family)
    world.disclose()
    assert world.feed(GUATEMALA) == []
    assert world.discloser.not_disclosed == {NotDisclosed.ENGAGEMENT_ENDED: 1}


def test_an_office_that_does_not_take_the_bytes_holds_back_its_case_and_no_other(world: World) -> None:
    world.release(world.family(1), notices=2)
    world.release(world.family(2))
    world.disclose()
    channel = RecordingChannel(world.clock, lambda _, parcel: 410 if parcel.number == 1 else Mood.ACCEPT)
    courier = world.courier(channel)
    deliver(courier)
    world.tick(days=30)
    deliver(courier)
    assert channel.numbers == [1, 3]
    assert world.delivery(1) == ["HandOverStarted", "HandOverFailed", "DeliveryHeldBack"]


def test_an_office_that_fails_for_days_is_tried_less_and_less_and_then_held_back(world: World) -> None:
    world.release(world.family(1))
    world.disclose()
    channel = RecordingChannel(world.clock, lambda _, __: 503)
    courier = world.courier(channel)
    for _ in range(ROUNDS_MAX):
        deliver(courier)
        due = courier.next_retry_at()
        if due is None or world.delivery(1)[-1] == "DeliveryHeldBack":
            break
        world.clock.move_to(due)
    assert world.delivery(1)[-1] == "DeliveryHeldBack"
    assert 60 < len(channel.calls) < 90, "doubling from seconds to two hours, for five days"
    last = [e.event for e in world.backbone.envelopes(f"delivery-{MEXICO}-1")][-1]
    assert isinstance(last, DeliveryHeldBack) and last.attempts == len(channel.calls)


def test_an_entry_whose_keys_are_withheld_waits_and_leaves_once_they_are_back(world: World) -> None:
    family = world.family(1)
    world.release(family)
    world.disclose()
    names = [KeyName(case=family.case_id, person=family.child_id, compartment=Compartment.IDENTITY)]
    world.keys.withhold(names)
    world.backbone.codec.drop_keys()
    channel = RecordingChannel(world.clock)
    courier = world.courier(channel)
    deliver(courier)
    assert not channel.calls
    (failed,) = (e.event for e in world.backbone.envelopes(f"delivery-{MEXICO}-1"))
    assert isinstance(failed, HandOverFailed) and failed.failure.value == "unrenderable"
    world.keys.restore_access(names)
    world.backbone.codec.drop_keys()
    world.backbone.forget()
    world.tick(hours=3)
    courier = world.courier(channel)
    deliver(courier)
    assert channel.numbers == [1]


def test_an_entry_that_renders_to_other_bytes_than_it_proves_does_not_leave(world: World) -> None:
    world.release(world.family(1))
    world.disclose()
    channel = RecordingChannel(world.clock)
    world.rendering = Rendering(world.log, world.backbone.codec, PUBLISHED)  # As in another process.
    courier = world.courier(channel)
    proven = world.rendering.render
    world.rendering.render = lambda envelope: type(proven(envelope))(  # type: ignore[method-assign]
        proven(envelope).record, proven(envelope).content + b"x", "type"
    )
    deliver(courier)
    assert not channel.calls
    assert world.delivery(1) == ["HandOverFailed", "DeliveryHeldBack"]


def test_a_discloser_that_lost_its_position_makes_no_second_entry(world: World) -> None:
    world.release(world.family(1))
    world.disclose()
    head = world.log.head()
    world.discloser._tail._at = Position(lineage=world.log.lineage, position=0, event_id=None)
    world.disclose()
    assert len(world.feed()) == 1 and world.log.head() == head


def test_a_feed_carries_the_events_that_its_fields_were_taken_from(world: World) -> None:
    family = world.family(1)
    world.release(family)
    world.disclose()
    (envelope,) = world.feed()
    entry = envelope.event
    assert isinstance(entry, Disclosed)
    assert {field.path for field in entry.fields} == {
        "child.custody", "child.name", "child.birth_date", "child.birth_place", "parent.relation", "parent.name",
        "parent.birth_date", "parent.birth_place", "relative.name", "relative.phone",
    }
    told = {e.circumstances.event_id: type(e.event).__name__ for e in world.backbone.envelopes(f"case-{family.case_id}")}
    assert {told[field.event_id] for field in entry.fields if field.path == "child.birth_place"} == {
        "CitizenshipInformationObtained"
    }
    assert entry.person_ids == (family.child_id, family.mother_id, family.aunt_id)


def test_no_hand_over_starts_at_a_position_after_the_end_of_its_basis(world: World) -> None:
    """The engagement ends between the courier's look and its append, at each of its first attempts."""
    family = world.family(1, country="GT")
    world.release(family, office=GUATEMALA)
    world.disclose()
    log, append = world.log, world.log.append
    racing = [True]

    def race(wanted: Append) -> object:
        if racing.pop() if racing else False:
            world.correct_country(family)
        return append(wanted)

    log.append = race  # type: ignore[method-assign, assignment]
    channel = RecordingChannel(world.clock)
    courier = world.courier(channel)
    courier.outstanding.tail()
    deliver(courier)
    assert not channel.calls, "it had ended before the start could be recorded"
    assert world.delivery(1, GUATEMALA) == ["DeliveryStopped"]


def test_a_case_that_changes_under_a_start_is_looked_at_again(world: World) -> None:
    family = world.family(1)
    world.release(family)
    world.disclose()
    append, racing = world.log.append, [True, True]

    def race(wanted: Append) -> object:
        if any(event.topic == HandOverStarted.TOPIC for event in wanted.events) and racing:
            racing.pop()
            world.submit("AddParty", {
                "party_id": world.backbone.entropy(16).hex()[:8] + "-0000-4000-8000-000000000000", "role": "carer",
                "child_ids": [family.child_id],
            }, case_id=family.case_id)
        return append(wanted)

    world.log.append = race  # type: ignore[method-assign, assignment]
    channel = RecordingChannel(world.clock)
    deliver(world.courier(channel))
    assert channel.numbers == [1] and world.delivery(1) == ["HandOverStarted", "HandedOver"]
    started = world.backbone.envelopes(f"delivery-{MEXICO}-1")[0].event
    assert isinstance(started, HandOverStarted)
    assert started.case_version == world.backbone.case(family.case_id).version


def test_two_couriers_hand_an_entry_over_once_and_agree_on_its_life(world: World) -> None:
    world.release(world.family(1), notices=2)
    world.disclose()
    other_channel = RecordingChannel(world.clock)
    other = world.courier(other_channel)
    other.outstanding.tail()

    def interfere(count: int, parcel: Parcel) -> Mood:
        other.step()
        return Mood.ACCEPT

    channel = RecordingChannel(world.clock, interfere)
    deliver(world.courier(channel))
    assert channel.numbers == [1, 2] and not other_channel.calls
    assert world.delivery(1) == world.delivery(2) == ["HandOverStarted", "HandedOver"]


def test_the_bounds_of_retries_are_seconds_and_hours() -> None:
    assert retry_seconds(1) == hand_overs.RETRY_SECONDS_MIN
    assert retry_seconds(2) == 2 * hand_overs.RETRY_SECONDS_MIN
    assert retry_seconds(10_000) == hand_overs.RETRY_SECONDS_MAX
