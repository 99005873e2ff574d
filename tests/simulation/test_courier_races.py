"""Engagements end while the courier hands over: no hand-over starts at a position without an open basis (I6)."""
from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import pytest

from domain.case.engagement import EngagementEnded
from domain.disclosure.events import DeliveryStopped, HandOverStarted
from tests.disclosure_world import GUATEMALA, World
from tests.racing_courier import handing_over
from tests.recording_channel import RecordingChannel

FAMILIES = 16
SEEDS = (1, 2, 3)
pytestmark = [pytest.mark.faults, pytest.mark.timeout(120)]


@pytest.mark.parametrize("seed", SEEDS)
def test_no_hand_over_starts_after_its_engagement_ended_whoever_is_quicker(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    world = World(tmp_path)
    world.found(GUATEMALA)
    families = [world.family(number, country="GT") for number in range(FAMILIES)]
    for family in families:
        world.release(family, office=GUATEMALA, notices=3)
    world.disclose()
    random.shuffle(families)
    channel = RecordingChannel(world.clock)
    courier = world.courier(channel)
    with handing_over(courier):
        for family in families:
            world.correct_country(family)

    ended: dict[object, int] = {}
    seen: Counter[str] = Counter()
    for row in world.log.read_log(after=0, limit=5_000):
        event = world.backbone.codec.decode(row).event
        match event:
            case EngagementEnded():
                ended[event.engagement_id] = row.position
            case HandOverStarted():
                assert event.engagement_id not in ended, f"{row.position} starts after {ended[event.engagement_id]}"
                seen["started"] += 1
            case DeliveryStopped():
                assert event.engagement_id in ended
                seen["stopped"] += 1
    assert seen["started"] == len(channel.calls) and seen["started"] + seen["stopped"] == 3 * FAMILIES
    assert seen["started"] and seen["stopped"], "the race was no race"
    world.close()
