"""What an auditor asks of a long feed: what an office had been given of a case, and who was given what of it."""
from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from adapters.composition import Casebridge
from adapters.reading.known_by import view_of
from adapters.reading.ledger import ledger_of
from adapters.settings import Settings
from domain.case.told import Reached
from projections.deliveries import Deliveries
from tests.bench.agency import RunningClock
from tests.bench.disclosures import ISS, to_rest
from tests.bench.figures import Figure
from tests.bench.long_feed import OF_EACH_CASE, fill, hand_over

SHORTER = 10
"""The same is asked of a feed so many times shorter."""


class Asked:
    """An installation whose one feed has been handed over whole, its view up to date, and one of the feed's cases."""

    def __init__(self, casebridge: Casebridge, entries: int) -> None:
        cases = fill(casebridge, entries)
        assert hand_over(casebridge) == entries, "the feed was not handed over whole"
        to_rest(casebridge.runners()[Deliveries.name].step)
        self._casebridge, self._case = casebridge, cases[len(cases) // 2]

    def known_by(self) -> None:
        at = self._casebridge.clock.now()
        shown = view_of(self._casebridge, self._case, ISS, at, Reached.HANDED_OVER)
        assert len(shown) == OF_EACH_CASE and all(one.rendered for one in shown)

    def ledger(self) -> None:
        lines = ledger_of(self._casebridge, self._case)
        assert len({line.number for line in lines}) == OF_EACH_CASE


def run(folder: Path, *, entries: int, rounds: int) -> list[Figure]:
    fewer = entries // SHORTER
    with ExitStack() as closing:
        def asked(name: str, size: int) -> Asked:
            settings = Settings(home=folder / name)
            return Asked(closing.enter_context(Casebridge(settings, clock=RunningClock())), size)

        many, few = asked("many", entries), asked("few", fewer)
        return [
            _figure(f"known-by of a case with {OF_EACH_CASE} entries, in a feed of {entries:,} (absolute: no peer)",
                    many.known_by, few.known_by, fewer, rounds),
            _figure("  who was given what of that case", many.ledger, few.ledger, fewer, rounds),
        ]


def _figure(what: str, many: Callable[[], None], few: Callable[[], None], fewer: int, rounds: int) -> Figure:
    found = [(_milliseconds(many), _milliseconds(few)) for _ in range(rounds + 1)][1:]
    return Figure(
        what=what, unit="ms", ours=round(median(ours for ours, _ in found), 1),
        peer=round(median(theirs for _, theirs in found), 1),
        peer_is=f"ours in a feed of {fewer:,}: near 1 where a feed's length does not matter",
        ratio=round(median(ours / theirs for ours, theirs in found), 2),
        details={"rounds": [[round(ours, 2), round(theirs, 2)] for ours, theirs in found]},
    )


def _milliseconds(ask: Callable[[], None]) -> float:
    begun = time.perf_counter()
    ask()
    return 1000 * (time.perf_counter() - begun)
