"""A hand-over that is done and whose proof another courier keeps from being recorded: it is said, and names nobody."""
from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from adapters.disclosure.hand_overs import STARTS_MAX, HandOvers
from adapters.disclosure.outstanding import Stage
from adapters.disclosure.stages import StageRecorder, Stages
from domain.ports import Receipt
from tests.disclosure_world import MEXICO, World

pytestmark = pytest.mark.timeout(60)
REFERENCE = "receipt of Begoña Ibáñez Núñez"


class Overtaken(StageRecorder):
    """Before each stage that it is to record, up to a number of them, another courier records one of the same delivery."""

    def __init__(self, world: World, hand_overs: HandOvers, another: Callable[[], None], times: int) -> None:
        super().__init__(world.backbone, hand_overs.outstanding, os.urandom)
        self._another, self._times = another, times

    def record(self, *stages: Stages) -> None:
        if self._times:
            self._times -= 1
            self._another()
        super().record(*stages)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    world.found(MEXICO)
    world.release(world.family(1))
    world.disclose()
    yield world
    world.close()


def hand_over(world: World, *, overtaken: int) -> None:
    """Number 1 is started and handed over, while another courier writes first so many times."""
    ours, others = (HandOvers(world.backbone, world.rendering, os.urandom) for _ in range(2))
    for hand_overs in (ours, others):
        hand_overs.outstanding.tail()
    delivery = ours.outstanding.offices[MEXICO].deliveries[1]
    assert ours.start(delivery, "webhook") and delivery.stage is Stage.STARTED
    others.outstanding.tail()
    same = others.outstanding.offices[MEXICO].deliveries[1]
    ours.stages = Overtaken(world, ours, lambda: others.doubted(same, "webhook"), overtaken)
    ours.handed_over(delivery, "webhook", Receipt(reference=REFERENCE, at=world.clock.now()))


def test_a_proof_that_is_not_recorded_is_said_by_office_and_number_alone(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    hand_over(world, overtaken=STARTS_MAX)
    assert "HandedOver" not in world.delivery(1)
    [told] = caplog.records
    assert told.levelno == logging.WARNING and f"{MEXICO}:1" in told.getMessage()
    assert told.args == (MEXICO, 1, STARTS_MAX) and REFERENCE not in caplog.text


def test_a_proof_that_is_recorded_after_all_is_no_warning(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    hand_over(world, overtaken=STARTS_MAX - 1)
    assert world.delivery(1)[-1] == "HandedOver" and not caplog.records
