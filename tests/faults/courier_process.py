"""Discloser, courier and receipts in a process of their own that kills itself at a given point."""
from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path

from adapters.clocks import HistoryClock
from domain.ports import Append, Appended, Channel, LogError, Parcel, Receipt
from tests.disclosure_world import MEXICO, World

TIMEOUT_SECONDS = 5.0


class Point(Enum):
    """Where the process dies. Appends and hand-overs are counted together over the process's life."""

    BEFORE_APPEND = "before an append"
    AFTER_APPEND = "after an append, before anyone knows"
    BEFORE_HAND_OVER = "between the start's append and the hand-over"
    IN_HAND_OVER = "while the office is at it"
    AFTER_HAND_OVER = "after the office's answer, before its append"
    BEFORE_RECEIPT = "before a receipt's command is appended"
    AFTER_RECEIPT = "after it, before its position moves"


@dataclass(frozen=True, slots=True)
class Death:
    """SIGKILL at a point, when it comes for the nth time (from 1); IN_HAND_OVER `after_seconds` from its beginning."""

    point: Point
    nth: int
    after_seconds: float = 0.0


class Dying:
    def __init__(self, death: Death) -> None:
        self._death, self._seen = death, dict.fromkeys(Point, 0)

    def at(self, point: Point) -> None:
        self._seen[point] += 1
        if point is self._death.point and self._seen[point] == self._death.nth:
            if point is Point.IN_HAND_OVER:
                threading.Thread(target=_die, args=(self._death.after_seconds,), daemon=True).start()
            else:
                _die(0.0)


class DyingChannel:
    name = "webhook"

    def __init__(self, channel: Channel, dying: Dying) -> None:
        self._channel, self._dying = channel, dying

    def hand_over(self, parcel: Parcel, *, timeout_seconds: float) -> Receipt:
        self._dying.at(Point.BEFORE_HAND_OVER)
        self._dying.at(Point.IN_HAND_OVER)
        receipt = self._channel.hand_over(parcel, timeout_seconds=timeout_seconds)
        self._dying.at(Point.AFTER_HAND_OVER)
        return receipt


def deliver_until_killed(folder: str, url: str, now: datetime, death: Death) -> None:
    """Disclose, hand over and record receipts until all is done or the death comes."""
    world = World(Path(folder), clock=HistoryClock(now), addresses={MEXICO: url})
    dying, append, append_together = Dying(death), world.log.append, world.log.append_together

    def before(wanted: Append) -> None:
        dying.at(Point.BEFORE_APPEND)
        if wanted.command is not None:
            dying.at(Point.BEFORE_RECEIPT)

    def after(wanted: Append) -> None:
        dying.at(Point.AFTER_APPEND)
        if wanted.command is not None:
            dying.at(Point.AFTER_RECEIPT)

    def deadly(wanted: Append) -> Appended:
        before(wanted)
        appended = append(wanted)
        after(wanted)
        return appended

    def deadly_together(wanted: Sequence[Append]) -> Sequence[Appended | LogError]:
        for one in wanted:
            before(one)
        answers = append_together(wanted)
        for one in wanted:
            after(one)
        return answers

    world.log.append = deadly  # type: ignore[method-assign, assignment]
    world.log.append_together = deadly_together  # type: ignore[method-assign, assignment]
    deliver_all(world, DyingChannel(world.webhook(), dying))
    world.close()


def deliver_all(world: World, channel: Channel) -> None:
    courier = world.courier(channel, timeout_seconds=TIMEOUT_SECONDS)
    while world.discloser.step(50) + courier.step() + world.receipts.step(50):
        pass


def _die(after_seconds: float) -> None:
    time.sleep(after_seconds)
    os.kill(os.getpid(), signal.SIGKILL)
