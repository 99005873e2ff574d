"""A channel that keeps what it is given and can fail as the real ones do; it passes the channels' contract."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from domain.disclosure.events import Failure
from domain.ports import Clock, HandOverDoubtful, HandOverFailed, Parcel, Receipt
from tests.webhook_receiver import Mood

Moods = Callable[[int, Parcel], Mood | int]


@dataclass
class RecordingChannel:
    """`moods` decides for each call, from its count (from 1) and the parcel."""

    clock: Clock
    moods: Moods = lambda count, parcel: Mood.ACCEPT
    name: str = "webhook"
    calls: list[Parcel] = field(default_factory=list)
    taken: list[Parcel] = field(default_factory=list)

    def hand_over(self, parcel: Parcel, *, timeout_seconds: float) -> Receipt:
        self.calls.append(parcel)
        mood = self.moods(len(self.calls), parcel)
        if mood in (Mood.ACCEPT, Mood.ACCEPT_AND_HANG_UP):
            self.taken.append(parcel)
        if mood is Mood.ACCEPT:
            return Receipt(reference=f"receipt {len(self.calls)}", at=self.clock.now())
        if isinstance(mood, Mood):
            raise HandOverDoubtful("no answer came")
        raise HandOverFailed(Failure.ERROR.value if mood >= 500 else Failure.REFUSED.value, retry=mood != 410)

    @property
    def numbers(self) -> list[int]:
        """Feed numbers in the order of the calls."""
        return [parcel.number for parcel in self.calls]
