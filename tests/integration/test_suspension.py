"""A stop that works: with a thousand deliveries on their way nothing more leaves, and all comes later, in order, once."""
from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.work import Crew, Worker
from tests.disclosure_world import MEXICO, World
from tests.recording_channel import RecordingChannel

DELIVERIES = 1_000
STOP_SECONDS_MAX = 5.0
RUN_SECONDS_MAX = 120.0


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    world.found(MEXICO)
    yield world
    world.close()


def until(happened: threading.Event, what: str, seconds: float = RUN_SECONDS_MAX) -> None:
    assert happened.wait(seconds), what


class Watched(RecordingChannel):
    """Tells when so many were handed over."""

    def __init__(self, world: World) -> None:
        super().__init__(world.clock)
        self.at: list[float] = []
        self.some, self.all = threading.Event(), threading.Event()

    def hand_over(self, parcel, *, timeout_seconds):  # type: ignore[no-untyped-def]
        receipt = super().hand_over(parcel, timeout_seconds=timeout_seconds)
        self.at.append(time.monotonic())
        if len(self.at) >= 50:
            self.some.set()
        if len(self.at) >= DELIVERIES:
            self.all.set()
        return receipt


def test_a_suspended_office_gets_nothing_within_seconds_and_the_rest_in_order_once(world: World) -> None:
    for number in range(10):
        world.release(world.family(number), notices=DELIVERIES // 10)
    world.disclose()
    assert len(world.feed()) == DELIVERIES
    channel = Watched(world)
    courier = world.courier(channel)
    crew = Crew([Worker(name="courier", step=courier.step)], world.log)
    crew.start()
    try:
        until(channel.some, "the courier was slow to begin")
        world.submit("SuspendOffice", {"office": MEXICO, "reason": "addresses are being checked"})
        suspended_at = time.monotonic()
        late = threading.Event()
        late.wait(STOP_SECONDS_MAX)  # Nothing tells that nothing comes: the promise is a length of time.
        left = len(channel.at)
        assert 50 <= left < DELIVERIES
        late.wait(1.0)
        assert len(channel.at) == left and channel.at[-1] - suspended_at < STOP_SECONDS_MAX
        world.submit("PutOfficeLive", {"office": MEXICO, "second_person": "counsel-1"})
        until(channel.all, "what waited did not all come")
    finally:
        crew.stop()
    assert channel.numbers == sorted(channel.numbers) == list(range(1, DELIVERIES + 1))
    assert crew.failures == {}
