"""From a person's release to the duty that a consulate's receipt meets, over a real HTTP server."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.avro.single_object import HEADER_SIZE
from domain.case.obligations import DutyStage
from domain.disclosure.events import Disclosed, Withdrawn
from tests.disclosure_world import GUATEMALA, MEXICO, World
from tests.webhook_receiver import Receiver, receiver


@pytest.fixture
def office() -> Iterator[Receiver]:
    with receiver() as server:
        yield server


@pytest.fixture
def world(tmp_path: Path, office: Receiver) -> Iterator[World]:
    world = World(tmp_path, addresses={MEXICO: office.url, GUATEMALA: office.url})
    world.found(MEXICO, GUATEMALA)
    yield world
    world.close()


def test_a_released_notice_reaches_its_consulate_and_its_receipt_meets_the_duties(world: World, office: Receiver) -> None:
    family = world.family(1)
    world.tick(hours=1)
    world.release(family)
    world.disclose()
    world.tick(minutes=1)
    assert world.courier().step() == 1
    world.receive()

    (entry,) = [envelope.event for envelope in world.feed()]
    assert isinstance(entry, Disclosed)
    (given,) = office.taken
    assert given.event["id"] == f"{MEXICO}:1"
    assert given.content[:HEADER_SIZE].hex() == "c301" + entry.schema_fingerprint
    assert "Íñigo 1".encode() in given.content
    assert world.delivery(1) == ["HandOverStarted", "HandedOver"]
    case = world.backbone.case(family.case_id)
    notice = case.consular.notices[family.notice_id]
    assert notice.notified is not None and notice.notified.entry == 1
    toward = [duty for duty in case.obligations.duties.values() if duty.duty_id in notice.prepared.duty_ids]
    assert toward and all(duty.stage is DutyStage.MET and duty.met and not duty.met.is_said for duty in toward)
    assert world.receipts.outcomes == {"accepted": 1} and not world.receipts.refusals


def test_a_consulate_told_in_error_is_asked_to_disregard_that_number_and_learns_nothing_new(
    world: World, office: Receiver
) -> None:
    family = world.family(1, country="GT")
    world.release(family, office=GUATEMALA)
    world.disclose()
    courier = world.courier()
    courier.step()
    world.receive()
    world.tick(hours=1)
    world.correct_country(family)
    world.recall(family)
    world.disclose()
    courier.step()
    world.receive()

    first, second = (envelope.event for envelope in world.feed(GUATEMALA))
    assert isinstance(first, Disclosed) and isinstance(second, Withdrawn) and second.withdraws == first.number == 1
    told = office.taken[1]
    assert told.event["type"] == "casebridge.published.Disregard" and told.event["sequence"].endswith("2")
    apart = told.content.replace(second.case_reference.encode(), b"")  # Random signs may spell anything.
    for word in ("Peña", "Íñigo", "HN", "GT", "Honduras"):
        assert word.encode() not in apart
    case = world.backbone.case(family.case_id)
    assert case.consular.notices[family.notice_id].correction_received is not None
    assert not any(engagement.is_open for engagement in case.engagements.engagements.values())
