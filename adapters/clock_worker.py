"""The clock: finds due moments that have passed with their duty open, and says so by a command."""
from __future__ import annotations

import logging
from collections.abc import Callable
from uuid import uuid5

from sqlalchemy import Engine

from adapters.backbone import Backbone
from projections.deadline_board import BoardDuty, overdue

logger = logging.getLogger(__name__)
BATCH = 200
ROLE = {"role": "clock", "user": "casebridge"}


class ClockWorker:
    """Reads the deadline board, so `catch_up` brings that to the log's head first.

    A miss is recorded once: the decider knows whether it is, so a finding that comes again after a crash, or
    from a second clock, has no effect.
    """

    def __init__(self, backbone: Backbone, views: Engine, catch_up: Callable[[], None]) -> None:
        self._backbone, self._views, self._catch_up = backbone, views, catch_up

    def step(self) -> int:
        """Record the misses that are due by now, at most a batch; how many there were."""
        now = self._backbone.clock.now()
        found = overdue(self._views, now, limit=BATCH)
        for duty in found:
            self._record(duty, now.isoformat())
        if found:
            self._catch_up()
        return len(found)

    def _record(self, duty: BoardDuty, now: str) -> None:
        assert duty.due_at is not None, "only a duty with a due moment is overdue"
        outcome = self._backbone.submit(
            {
                "command": "RecordMissedDeadline", "command_id": str(uuid5(duty.duty_id, f"missed/{now}")),
                "agency": duty.agency, "case": str(duty.case_id), "actor": {"agency": duty.agency, **ROLE},
                "occurred_at": duty.due_at.isoformat(), "learned_at": now, "data": {"duty_id": str(duty.duty_id)},
            },
            principal="casebridge-clock", causation_id=duty.raised_event_id,
        )
        if outcome.status == "refused":
            logger.warning("a miss was refused: %s [%s]", outcome.because, outcome.rule)
