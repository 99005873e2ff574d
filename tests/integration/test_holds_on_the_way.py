"""What is on hold does not leave, on a channel or a topic, whenever the hold came; a recall tells nothing and leaves."""
from __future__ import annotations

from collections.abc import Mapping
from uuid import uuid5

import pytest

from tests.disclosure_world import MEXICO, Family, World
from tests.recording_channel import RecordingChannel

TO_MEXICO: Mapping[str, object] = {"recipient_kind": "CONS-MX"}


def hold(world: World, family: Family, scope: Mapping[str, object]) -> None:
    world.submit("HoldDisclosure", {
        "hold_id": uuid5(family.case_id, "hold"), **scope, "review_on": "2027-01-01", "reason": "asylum claim",
    }, case_id=family.case_id)


@pytest.mark.parametrize("scope", [TO_MEXICO, {"country": "MX"}, {"path": "birth_date"}])
def test_what_was_released_before_the_hold_is_not_handed_over(world: World, scope: Mapping[str, object]) -> None:
    held, free, channel = world.family(1), world.family(2), RecordingChannel(world.clock)
    world.release(held)
    world.release(free)
    hold(world, held, {**scope, "person_id": held.child_id} if "path" in scope else scope)
    world.disclose()
    world.courier(channel).step()
    assert channel.numbers == [2], "another case's notice is not held by it"
    assert world.delivery(1, MEXICO) == ["DeliveryHeldBack"]


def test_a_recall_leaves_whatever_is_on_hold(world: World) -> None:
    family, channel = world.family(1), RecordingChannel(world.clock)
    world.release(family)
    world.disclose()
    world.courier(channel).step()
    world.receive()
    hold(world, family, TO_MEXICO)
    world.recall(family)
    world.disclose()
    world.courier(channel).step()
    assert channel.numbers == [1, 2]
