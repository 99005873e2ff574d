"""A partner that takes the bytes and hangs up may have them: the view, the ledger, corrections and recalls know it."""
from __future__ import annotations

from datetime import timedelta
from uuid import uuid5

from adapters.disclosure.courier import Courier
from adapters.disclosure.hand_overs import TRY_FOR
from adapters.disclosure.streams import delivery_stream
from domain.case.corrections import Owes
from domain.case.told import Reached
from domain.disclosure.events import Withdrawn
from domain.disclosure.known import Given, known_by
from tests.disclosure_world import MEXICO, Family, World
from tests.recording_channel import RecordingChannel
from tests.webhook_receiver import Mood


def turn(world: World, courier: Courier) -> None:
    world.disclose()
    courier.step()
    world.receive()
    world.tick(hours=3)


def view(world: World) -> list[Given]:
    feed = world.feed()
    stages = {e.version: world.backbone.envelopes(delivery_stream(MEXICO, e.version)) for e in feed}
    return known_by(feed, stages, {}, Reached.HANDED_OVER, world.clock.now())


def owes(world: World, family: Family) -> list[Owes]:
    return [one.owed.owes for one in world.backbone.case(family.case_id).corrections.owed.values() if one.is_open]


def correct_birth_date(world: World, family: Family) -> None:
    added = world.backbone.case(family.case_id).intake.people[family.child_id].event_id
    world.submit("CorrectFact", {
        "correction_id": uuid5(family.case_id, "correction"), "person_id": family.child_id, "replaces_event_id": added,
        "birth_date": "2016-03-09", "evidence": "birth certificate",
    }, case_id=family.case_id)


def taken(world: World) -> tuple[Family, RecordingChannel, Courier]:
    """A notice that the partner took once, without an answer; from then on it takes and answers."""
    family = world.family(1)
    world.release(family)
    channel = RecordingChannel(world.clock, lambda count, _: Mood.ACCEPT_AND_HANG_UP if count == 1 else Mood.ACCEPT)
    courier = world.courier(channel)
    world.disclose()
    courier.step()
    world.receive()
    return family, channel, courier


def test_what_was_held_back_after_a_doubt_is_possibly_given_corrected_and_recalled(world: World) -> None:
    family = world.family(1)
    world.release(family)
    hangs_up = [True]
    channel = RecordingChannel(world.clock, lambda *_: Mood.ACCEPT_AND_HANG_UP if hangs_up[0] else Mood.ACCEPT)
    courier, until = world.courier(channel), world.clock.now() + TRY_FOR
    while world.clock.now() <= until + TRY_FOR / 10:
        turn(world, courier)
    assert world.delivery(1)[-2:] == ["HandOverDoubted", "DeliveryHeldBack"]
    assert [(one.number, one.is_doubtful) for one in view(world)] == [(1, True)]
    correct_birth_date(world, family)
    assert owes(world, family) == [Owes.CORRECTION]
    hangs_up[0] = False
    world.recall(family)
    for _ in range(3):
        turn(world, courier)
    assert world.delivery(1)[-1] == "DeliveryStopped", "what was recalled does not leave after its recall"
    last = world.feed()[-1].event
    assert isinstance(last, Withdrawn) and last.withdraws == 1 and channel.taken[-1].number == last.number
    assert next((one.number, one.withdrawn_by) for one in view(world)) == (1, last.number)
    assert not world.receipts.refusals


def test_what_was_stopped_after_a_doubt_is_recalled(world: World) -> None:
    family, channel, courier = taken(world)
    world.correct_country(family)
    assert Owes.RECALL in owes(world, family)
    world.tick(hours=3)
    turn(world, courier)
    assert world.delivery(1)[-1] == "DeliveryStopped"
    assert [(one.number, one.is_doubtful) for one in view(world)] == [(1, True)]
    world.recall(family)
    turn(world, courier)
    assert [parcel.number for parcel in channel.taken] == [1, 2]
    assert owes(world, family) == []


def test_what_is_recalled_while_it_is_in_doubt_is_not_sent_again(world: World) -> None:
    family, channel, courier = taken(world)
    world.recall(family)
    world.tick(hours=3)
    turn(world, courier)
    assert [parcel.number for parcel in channel.taken] == [1, 2]
    assert world.delivery(1)[-1] == "DeliveryStopped"


def test_a_doubt_is_over_where_a_later_attempt_is_proven(world: World) -> None:
    family, _, courier = taken(world)
    assert [one.is_doubtful for one in view(world)] == [True]
    world.tick(hours=3)
    turn(world, courier)
    assert [one.is_doubtful for one in view(world)] == [False]
    assert world.backbone.case(family.case_id).consular.notices[family.notice_id].notified is not None


def test_what_is_said_of_a_moment_before_the_entry_left_counts_from_when_it_did(world: World) -> None:
    family = world.family(1)
    world.release(family)
    released_at = world.clock.now()
    world.tick(hours=3)
    began = world.clock.now()
    turn(world, world.courier(RecordingChannel(world.clock)))
    turn(world, world.courier(RecordingChannel(world.clock)))
    feed = world.feed()
    stages = {1: world.backbone.envelopes(delivery_stream(MEXICO, 1))}
    said = {1: {Reached.OPENED: released_at}}
    assert known_by(feed, stages, said, Reached.OPENED, began - timedelta(hours=1)) == []
    [opened] = known_by(feed, stages, said, Reached.OPENED, began)
    assert opened.at == began
