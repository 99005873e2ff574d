"""The epochs of a feed: what is written after a restore never passes for what was lost with the log before it.

A restore takes numbers away that may have left, and gives them out again. So every lineage of the log but the
first is an epoch of each feed, with a sign that the entry's id carries: numbers go on without a gap from where
the copy ended, and the same number in two epochs is two entries.
"""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID, uuid5

from adapters.disclosure.streams import feed_stream

SIGN_DIGITS = 12


class FeedPlace(NamedTuple):
    """How far somebody has come in a feed: `number` as it was in the epoch of this sign, empty for the first epoch."""

    epoch: str
    number: int


@dataclass(frozen=True, slots=True)
class Epoch:
    """`first` is the number with which it begins."""

    sign: str
    first: int


BEGINNING = Epoch("", 1)


def sign_of(lineage: UUID, office: str) -> str:
    """The sign of an office's epoch. Without the lineage, which no office has, nobody finds another's from it."""
    return uuid5(lineage, feed_stream(office)).hex[:SIGN_DIGITS]


@dataclass(slots=True)
class Epochs:
    """The epochs of one feed, in order."""

    epochs: list[Epoch] = field(default_factory=lambda: [BEGINNING])

    def begin(self, sign: str, first: int) -> None:
        self.epochs.append(Epoch(sign, first))

    def of(self, number: int) -> Epoch:
        """The epoch in which an entry was written; one that ended before it had an entry has none."""
        return next((epoch for epoch in reversed(self.epochs) if epoch.first <= number), BEGINNING)

    def shared(self, place: FeedPlace) -> int:
        """Up to which number somebody at this place has the entries of this feed. What they have after it, if
        anything, was lost with a log; where the sign was lost too, so was all after the first restore."""
        signs = [epoch.sign for epoch in self.epochs]
        following = signs.index(place.epoch) + 1 if place.epoch in signs else min(1, len(signs) - 1)
        if following == len(self.epochs):
            return place.number
        return min(place.number, self.epochs[following].first - 1)
