"""Playing a recorded history: every *now* follows it, and no moment between two lines is passed unseen."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from adapters.backbone import Outcome
from adapters.clocks import HistoryClock
from adapters.commands import parse_line
from adapters.composition import Casebridge
from adapters.work import Worker, drain
from domain.refusals import Refused

JUST_AFTER = timedelta(seconds=1)
MOMENTS_MAX = 1_000
PRINCIPAL = "history"
ANY_ID = UUID(int=0)
"""In the place of our id for one of another system: which it is moves no clock."""


class HistoryStalled(Exception):
    """More moments lie between two lines than a history can have."""


class Player:
    """Submits lines at the time at which the agency learned what they say, the workers running to rest in between."""

    def __init__(self, casebridge: Casebridge, clock: HistoryClock, workers: Sequence[Worker] | None = None) -> None:
        self.casebridge, self.clock = casebridge, clock
        self.workers = casebridge.workers() if workers is None else workers

    def play(
        self, lines: Iterable[Mapping[str, Any]], *, told: Callable[[Mapping[str, Any], Outcome], None] = lambda _, __: None
    ) -> list[Outcome]:
        """Every line in order; a refused one stops nothing. `told` is called after each, at rest."""
        outcomes = []
        for line in lines:
            try:
                self.wait_until(parse_line(line, lambda *_: ANY_ID).learned_at)
            except Refused:
                pass  # The backbone will say why; a line that cannot be read moves no clock.
            outcome = self.casebridge.backbone.submit(line, principal=PRINCIPAL)
            drain(self.workers)
            outcomes.append(outcome)
            told(line, outcome)
        return outcomes

    def wait_until(self, moment: datetime) -> None:
        """Let time pass up to `moment`, stopping just after each moment that the clock waits for."""
        for _ in range(MOMENTS_MAX):
            coming = min((at for worker in self.workers if (at := worker.next_at()) is not None), default=None)
            if coming is None or coming + JUST_AFTER > moment:
                self.clock.move_to(moment)
                return
            self.clock.move_to(coming + JUST_AFTER)
            drain(self.workers)
        raise HistoryStalled(f"more than {MOMENTS_MAX} moments before {moment.isoformat()}")

    def close(self) -> None:
        for worker in self.workers:
            worker.close()
