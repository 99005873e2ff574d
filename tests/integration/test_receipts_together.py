"""Receipts of several cases are stored together, each exactly once, and none waits for another."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid5

import pytest

from adapters.disclosure import receipts
from adapters.disclosure.receipts import Receipts
from domain.events import Envelope
from domain.ports import Append, Appended, LogError
from tests.disclosure_world import Family, World
from tests.recording_channel import RecordingChannel
from tests.webhook_receiver import Mood


@pytest.fixture
def together(world: World) -> list[int]:
    """How many appends came together, each time."""
    sizes, append_together = list[int](), world.log.append_together

    def sized(appends: Sequence[Append]) -> Sequence[Appended | LogError]:
        sizes.append(len(appends))
        return append_together(appends)

    world.log.append_together = sized  # type: ignore[method-assign]
    return sizes


def handed_over(world: World, *notices: int) -> list[Family]:
    """A family for each of these numbers of notices, all of which are with their consulate."""
    families = [world.family(number) for number, _ in enumerate(notices)]
    for family, count in zip(families, notices, strict=True):
        world.release(family, notices=count)
    world.disclose()
    courier = world.courier(RecordingChannel(world.clock))
    while courier.step():
        pass
    return families


def notified(world: World, family: Family) -> list[Envelope]:
    told = world.backbone.envelopes(f"case-{family.case_id}")
    return [envelope for envelope in told if type(envelope.event).__name__ == "ConsulateNotified"]


def test_receipts_of_several_cases_are_stored_by_one_append(world: World, together: list[int]) -> None:
    families = handed_over(world, 1, 1, 1)
    world.receive()
    assert together == [3] and world.receipts.outcomes == {"accepted": 3}
    for number, family in enumerate(families, 1):
        [receipt] = notified(world, family)
        assert receipt.event.entry == number  # type: ignore[attr-defined]
        cause = world.log.event(receipt.circumstances.causation_id) if receipt.circumstances.causation_id else None
        assert cause is not None and cause.stream.endswith(f"-{number}"), "each comes of its own hand-over"


def test_two_receipts_of_one_case_come_one_after_the_other(world: World) -> None:
    one, two = handed_over(world, 2, 1)
    world.receive()
    assert world.receipts.outcomes == {"accepted": 3} and len(notified(world, two)) == 1
    assert [receipt.event.notice_id for receipt in notified(world, one)] == [  # type: ignore[attr-defined]
        one.notice_id, uuid5(one.notice_id, "1"),
    ]


def test_a_doubt_and_the_proof_after_it_are_two_receipts(world: World) -> None:
    family = world.family(1)
    world.release(family)
    world.disclose()
    channel = RecordingChannel(world.clock, lambda count, _: Mood.ACCEPT_AND_HANG_UP if count == 1 else Mood.ACCEPT)
    courier = world.courier(channel)
    courier.step()
    world.tick(minutes=1)
    courier.step()
    assert world.delivery(1) == ["HandOverStarted", "HandOverDoubted", "HandOverStarted", "HandedOver"]
    world.receive()
    assert world.receipts.outcomes == {"accepted": 2}
    told = [type(envelope.event).__name__ for envelope in world.backbone.envelopes(f"case-{family.case_id}")]
    assert told.index("DisclosureDoubted") < told.index("ConsulateNotified")


def test_more_than_may_go_together_go_in_turns(world: World, together: list[int], monkeypatch: Any) -> None:
    monkeypatch.setattr(receipts, "TOGETHER_MAX", 2)
    handed_over(world, 1, 1, 1)
    world.receive()
    assert together == [2, 1] and world.receipts.outcomes == {"accepted": 3}


def test_receipts_that_were_stored_before_their_position_moved_are_not_stored_again(world: World) -> None:
    families = handed_over(world, 1, 2)
    append = world.log.append

    def cut(wanted: Append) -> Appended:
        if wanted.worker is not None:
            raise KeyboardInterrupt
        return append(wanted)

    world.log.append = cut  # type: ignore[method-assign, assignment]
    with pytest.raises(KeyboardInterrupt):
        world.receive()
    world.log.append, world.receipts = append, Receipts(world.backbone)  # type: ignore[method-assign]
    world.receive()
    assert world.receipts.outcomes == {"repeated": 3}
    assert [len(notified(world, family)) for family in families] == [1, 2]
