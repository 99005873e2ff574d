"""The clock: finds what time alone has brought about, and says so by a command."""
from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Engine

from adapters.backbone import Backbone
from adapters.schedule import Schedule
from projections.deadline_board import BoardDuty, next_due, overdue

logger = logging.getLogger(__name__)
BATCH = 200
ROLE = {"role": "clock", "user": "casebridge"}


class ClockWorker:
    """Due moments come from the deadline board, so `catch_up` brings that to the log's head first; every other moment
    from a schedule in memory.

    Each is recorded once: the decider looks for itself, so a finding that comes again after a crash, or from a second
    clock, has no effect.
    """

    def __init__(self, backbone: Backbone, views: Engine, catch_up: Callable[[], None]) -> None:
        self._backbone, self._views, self._catch_up = backbone, views, catch_up
        self._schedule = Schedule(backbone)

    def step(self) -> int:
        """Record what has come by now, at most a batch of each kind; how much there was to read and to record."""
        return self._schedule.tail() + self._misses() + self._moments()

    def next_at(self) -> datetime | None:
        """The earliest moment at which there will be something to record."""
        known = (next_due(self._views, self._backbone.clock.now()), self._schedule.next_at())
        return min((at for at in known if at is not None), default=None)

    def _misses(self) -> int:
        now = self._backbone.clock.now()
        found = overdue(self._views, now, limit=BATCH)
        for duty in found:
            self._missed(duty, now.isoformat())
        if found:
            self._catch_up()
        return len(found)

    def _missed(self, duty: BoardDuty, now: str) -> None:
        assert duty.due_at is not None, "only a duty with a due moment is overdue"
        self._submit({
            "command": "RecordMissedDeadline", "command_id": str(uuid5(duty.duty_id, f"missed/{now}")),
            "agency": duty.agency, "case": str(duty.case_id), "occurred_at": duty.due_at.isoformat(), "learned_at": now,
            "data": {"duty_id": str(duty.duty_id)},
        }, causation_id=duty.raised_event_id)

    def _moments(self) -> int:
        now = self._backbone.clock.now()
        found = self._schedule.come(now, limit=BATCH)
        for _, case_id in found:
            case = self._backbone.case(case_id)
            assert case.intake.agency is not None, "a case with a moment has been opened"
            self._submit({
                "command": "RecordMoments", "command_id": str(uuid5(case_id, f"moments/{case.version}/{now.isoformat()}")),
                "agency": case.intake.agency, "case": str(case_id), "occurred_at": now.isoformat(), "data": {},
            })
            self._schedule.done(case_id)
        return len(found)

    def _submit(self, line: dict[str, Any], causation_id: UUID | None = None) -> None:
        outcome = self._backbone.submit(
            {**line, "actor": {"agency": line["agency"], **ROLE}}, principal="casebridge-clock", causation_id=causation_id,
        )
        if outcome.status == "refused":
            logger.warning("what the clock found was refused: %s [%s]", outcome.because, outcome.rule)
