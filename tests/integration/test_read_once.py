"""A feed that was read and then not again: its office may have what it read, and a correction is owed to it."""
from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid5

import pytest

from adapters.disclosure.courier import Courier
from adapters.disclosure.hand_overs import DOUBT_AFTER
from adapters.disclosure.pull import PullFeed
from adapters.http.app import RETRY_SECONDS, WAIT_SECONDS_MAX
from adapters.reading.taken_back import explain_owing
from domain.case.corrections import Owes
from domain.disclosure.events import DeliveryHeldBack, HandedOver, HandOverDoubted, HandOverStarted
from domain.events import Compartment
from domain.ports import Append, KeyName
from tests.disclosure_world import AGENCY, GUATEMALA, MEXICO, Family, World
from tests.integration.test_possibly_given import correct_birth_date, owes, view
from tests.integration.test_pull_feed import served, told

pytestmark = pytest.mark.timeout(60)
AFTER_SILENCE = DOUBT_AFTER / timedelta(minutes=1)
STARTED, DOUBTED, PROVEN = "HandOverStarted", "HandOverDoubted", "HandedOver"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path, channels={MEXICO: "pull", GUATEMALA: "pull"})
    world.found(MEXICO, GUATEMALA)
    yield world
    world.close()


def courier_of(world: World) -> Courier:
    return Courier(world.backbone, world.rendering, {})


def read(world: World, after: int = 0) -> list[int]:
    """As another process reads, which keeps nothing in mind."""
    feed = PullFeed(world.backbone, world.rendering)
    return [parcel.number for parcel in feed.read(MEXICO, AGENCY, after=after, credential=1).parcels]


def silence(world: World, courier: Courier) -> None:
    """Time goes by in which nobody reads, and the workers look again."""
    world.tick(minutes=AFTER_SILENCE)
    world.disclose()
    courier.step()
    world.receive()


def events_of(world: World, family: Family) -> Sequence[str]:
    return [type(e.event).__name__ for e in world.backbone.envelopes(f"case-{family.case_id}")]


def interposed(world: World, topic: str, happen: Callable[[], object]) -> None:
    """Before the first append with an event of this topic, something else happens."""
    append, waiting = world.log.append, [happen]

    def late(wanted: Append) -> object:
        if waiting and any(event.topic == topic for event in wanted.events):
            waiting.pop()()
        return append(wanted)

    world.log.append = late  # type: ignore[method-assign, assignment]


def test_a_reader_who_comes_back_when_told_to_is_back_before_the_doubt() -> None:
    assert timedelta(seconds=2 * (WAIT_SECONDS_MAX + RETRY_SECONDS)) < DOUBT_AFTER


def test_what_was_read_once_and_not_again_is_corrected_and_what_is_read_past_later_is_proven(world: World) -> None:
    [family] = told(world)
    courier = courier_of(world)
    with served(world) as office:
        first = office.get().data
        silence(world, courier)
        assert world.delivery(1) == [STARTED, DOUBTED]
        assert events_of(world, family).count("DisclosureDoubted") == 1
        case = world.backbone.case(family.case_id)
        assert case.obligations.open_duties("CONS-MX"), "what may have come meets no duty"

        correct_birth_date(world, family)
        world.tick(hours=2)
        [owing] = explain_owing(world.backbone.case(family.case_id), world.backbone.agency(AGENCY), world.clock.now())
        assert owing.to == MEXICO and owing.fields == ("child.birth_date",) and owing.title.startswith("Correct what")
        assert owing.state.endswith("open for 2 h")

        assert [(one.number, one.is_doubtful) for one in view(world)] == [(1, True)]
        assert office.get().data == first, "it is read again as it was"
        assert office.numbers("?after=1") == []
    world.receive()
    assert world.delivery(1) == [STARTED, DOUBTED, STARTED, PROVEN]
    assert [(one.number, one.is_doubtful) for one in view(world)] == [(1, False)]
    case = world.backbone.case(family.case_id)
    notified = case.consular.notices[family.notice_id].notified
    assert notified is not None and notified.entry == 1 and not case.obligations.open_duties("CONS-MX")
    assert owes(world, family) == [Owes.CORRECTION] and not world.receipts.refusals


def test_a_doubt_keeps_no_office_from_reading_past_it(world: World) -> None:
    [family] = told(world)
    with served(world) as office:
        assert office.numbers() == [1]
        silence(world, courier_of(world))
        assert office.numbers("?after=1") == []
    world.receive()
    assert world.delivery(1) == [STARTED, DOUBTED, PROVEN]
    assert world.backbone.case(family.case_id).consular.notices[family.notice_id].notified is not None


def test_what_proved_untrue_before_the_doubt_is_owed_by_it(world: World) -> None:
    [family] = told(world)
    assert read(world) == [1]
    correct_birth_date(world, family)
    assert owes(world, family) == []
    silence(world, courier_of(world))
    assert owes(world, family) == [Owes.CORRECTION]


def test_what_may_have_come_is_recalled_from_an_office_that_fell_silent(world: World) -> None:
    [family] = told(world)
    assert read(world) == [1]
    recall = "CorrectConsularNotification", {"notice_id": family.notice_id, "text_code": "disregard"}
    assert world.offer(*recall, case_id=family.case_id).status == "refused"
    silence(world, courier_of(world))
    world.recall(family)
    silence(world, courier_of(world))
    assert read(world, after=1) == [2]


def test_what_is_read_past_in_time_is_never_in_doubt(world: World) -> None:
    [family] = told(world)
    courier = courier_of(world)
    assert read(world) == [1]
    world.tick(minutes=AFTER_SILENCE - 1)
    courier.step()
    assert read(world, after=1) == []
    silence(world, courier)
    assert world.delivery(1) == [STARTED, PROVEN] and "DisclosureDoubted" not in events_of(world, family)


def test_what_was_never_read_is_not_in_doubt(world: World) -> None:
    told(world)
    silence(world, courier_of(world))
    assert world.delivery(1) == []


def test_two_couriers_and_those_that_come_after_doubt_each_start_once(world: World, tmp_path: Path) -> None:
    families = told(world, families=3)
    other = World(tmp_path, clock=world.clock)
    ours, theirs = courier_of(world), courier_of(other)
    assert read(world) == [1, 2, 3]
    world.tick(minutes=AFTER_SILENCE)
    interposed(world, HandOverDoubted.TOPIC, theirs.step)
    assert ours.step() == 0, "the other was quicker"
    for courier in (ours, theirs, courier_of(world), courier_of(other)):
        silence(world, courier)
        other.receive()
    assert [world.delivery(number) for number in (1, 2, 3)] == [[STARTED, DOUBTED]] * 3
    assert [events_of(world, family).count("DisclosureDoubted") for family in families] == [1, 1, 1]

    assert read(world) == [1, 2, 3]
    silence(world, ours)
    assert world.delivery(1) == [STARTED, DOUBTED, STARTED, DOUBTED], "a start of its own has an outcome of its own"
    assert events_of(world, families[0]).count("DisclosureDoubted") == 1
    other.close()


@pytest.mark.parametrize(("topic", "after", "numbers", "stages"), [
    (HandedOver.TOPIC, 2, [], [STARTED, DOUBTED, PROVEN]),
    (HandOverStarted.TOPIC, 0, [1, 2], [STARTED, DOUBTED, STARTED]),
])
def test_a_reader_whom_the_doubt_overtakes_is_given_the_same(
    world: World, tmp_path: Path, topic: str, after: int, numbers: list[int], stages: list[str]
) -> None:
    told(world, families=2)
    with served(world) as office:
        assert office.numbers() == [1, 2]
        world.tick(minutes=AFTER_SILENCE)
        other = World(tmp_path, clock=world.clock)
        interposed(world, topic, courier_of(other).step)
        assert _read_all(office, after) == numbers
        other.close()
    assert world.delivery(1) == stages


def _read_all(office: Any, after: int) -> list[int]:
    """One reading may end before what it lost to another; the next goes on there."""
    numbers: list[int] = []
    while more := office.numbers(f"?after={after}"):
        numbers += more
        after = more[-1]
        if after == 2:
            break
    return numbers


def test_a_reader_whom_the_doubt_overtakes_at_what_is_now_on_hold_is_given_its_place(world: World, tmp_path: Path) -> None:
    [family] = told(world)
    with served(world) as office:
        assert office.numbers() == [1]
        world.tick(minutes=AFTER_SILENCE)
        hold(world, family)
        other = World(tmp_path, clock=world.clock)
        interposed(world, DeliveryHeldBack.TOPIC, courier_of(other).step)
        assert office.numbers() == [1]
        other.close()
    assert world.delivery(1) == [STARTED, DOUBTED, "DeliveryHeldBack"]


def test_a_reading_past_that_is_quicker_than_the_doubt_leaves_none(world: World, tmp_path: Path) -> None:
    [family] = told(world)
    other = World(tmp_path, clock=world.clock)
    courier = courier_of(other)
    assert read(world) == [1]
    world.tick(minutes=AFTER_SILENCE)
    interposed(other, HandOverDoubted.TOPIC, lambda: read(world, after=1))
    courier.step()
    courier.step()
    world.receive()
    assert world.delivery(1) == [STARTED, PROVEN] and "DisclosureDoubted" not in events_of(world, family)
    other.close()


@pytest.mark.parametrize(("command", "data"), [
    ("SuspendOffice", {"office": MEXICO, "reason": "addresses are being checked"}),
    ("EndOffice", {"office": MEXICO}),
    ("RehearseOffice", {"office": MEXICO}),
])
def test_what_an_office_read_before_it_was_stopped_is_in_doubt_too(
    world: World, command: str, data: dict[str, Any]
) -> None:
    [family] = told(world)
    assert read(world) == [1]
    world.submit(command, data)
    silence(world, courier_of(world))
    assert world.delivery(1) == [STARTED, DOUBTED]
    correct_birth_date(world, family)
    assert owes(world, family) == [Owes.CORRECTION]


def test_a_number_without_content_is_not_in_doubt(world: World) -> None:
    [family, other] = told(world, families=2)
    world.correct_country(family)
    hold(world, other)
    courier = courier_of(world)
    assert read(world) == [1, 2]
    silence(world, courier)
    silence(world, courier)
    assert read(world, after=2) == [3], "the word that number 2 is held back"
    silence(world, courier)
    assert [world.delivery(n) for n in (1, 2, 3)] == [["DeliveryStopped"], ["DeliveryHeldBack"], [STARTED]]


def hold(world: World, family: Family) -> None:
    world.submit("HoldDisclosure", {
        "hold_id": uuid5(family.case_id, "hold"), "recipient_kind": "CONS-MX", "review_on": "2027-01-01",
        "reason": "asylum claim",
    }, case_id=family.case_id)


def lift(world: World, family: Family) -> None:
    lifted = {"hold_id": uuid5(family.case_id, "hold"), "reason": "counsel agrees"}
    world.submit("LiftDisclosureHold", lifted, case_id=family.case_id)


@pytest.mark.parametrize("minutes", [1, AFTER_SILENCE])
def test_what_was_read_and_is_then_held_may_have_come_and_leaves_by_itself_once_the_hold_is_lifted(
    world: World, minutes: float
) -> None:
    [family] = told(world)
    courier = courier_of(world)
    assert read(world) == [1]
    world.tick(minutes=minutes)
    courier.step()
    hold(world, family)
    assert read(world) == [1]
    assert world.delivery(1) == [STARTED, DOUBTED, "DeliveryHeldBack"]
    assert [(one.number, one.is_doubtful) for one in view(world)] == [(1, True)]
    lift(world, family)
    for _ in range(2):
        silence(world, courier)
    with served(world) as office:
        kinds = [event["type"].rpartition(".")[2] for event in json.loads(office.get().data)]
    assert kinds == ["Placeholder", "Held", "ConsularNotice"]


def test_what_was_read_and_cannot_be_rendered_any_more_may_have_come(world: World) -> None:
    [family] = told(world)
    assert read(world) == [1]
    world.keys.withhold([KeyName(case=family.case_id, person=family.child_id, compartment=Compartment.IDENTITY)])
    world.backbone.codec.drop_keys()
    assert read(world) == [1]
    assert world.delivery(1) == [STARTED, DOUBTED, "HandOverFailed", "DeliveryHeldBack"]
    assert [(one.number, one.is_doubtful) for one in view(world)] == [(1, True)]


def test_a_doubt_changes_nothing_of_what_the_feed_gives(world: World) -> None:
    told(world, families=2)
    with served(world) as office:
        before = office.get()
        silence(world, courier_of(world))
        after = office.get()
        assert (after.status, after.data, after.headers["etag"], after.headers["link"]) == (
            before.status, before.data, before.headers["etag"], before.headers["link"])
    [doubt] = [e.event for e in world.backbone.envelopes(f"delivery-{MEXICO}-1") if isinstance(e.event, HandOverDoubted)]
    assert doubt.channel == "pull"
