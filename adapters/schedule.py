"""When the clock has to look at a case next: kept in memory, and read again from the log after every start.

No view could hold it: a moment that follows from a birth date may stand nowhere in clear (design decision 18).
"""
from __future__ import annotations

import heapq
from datetime import datetime
from uuid import UUID

from adapters.backbone import Backbone
from domain.agency.events import PackAdopted
from domain.case.moments import CHANGED_BY, moments

CASE, AGENCY = "case-", "agency-"
ROWS_MAX = 5_000  # of the log, in one step
CASES_MAX = 200  # folded in one step
TOPICS = frozenset(event.TOPIC for event in CHANGED_BY)


class Schedule:
    """The earliest moment of every case that has one: a time and an id each, so as many as there are open cases."""

    def __init__(self, backbone: Backbone) -> None:
        self._backbone = backbone
        self._at = 0
        self._changed: dict[UUID, None] = {}
        self._next: dict[UUID, datetime] = {}

    def tail(self) -> int:
        """Read on in the log, at most ROWS_MAX events, and look at cases that changed; how much there was of both."""
        rows = self._backbone.log.read_log(after=self._at, limit=ROWS_MAX)
        for row in rows:
            if row.stream.startswith(CASE) and row.topic in TOPICS:
                self._changed[UUID(row.stream.removeprefix(CASE))] = None
            elif row.stream.startswith(AGENCY) and row.topic == PackAdopted.TOPIC:
                self._changed.update(dict.fromkeys(self._next))  # A pack may name another zone, so other midnights.
            self._at = row.position
        looked_at = list(self._changed)[:CASES_MAX]
        for case_id in looked_at:
            self._look_at(case_id)
            del self._changed[case_id]
        return len(rows) + len(looked_at)

    def come(self, now: datetime, limit: int) -> list[tuple[datetime, UUID]]:
        """Moments that have come by `now` and their cases, the earliest first, at most `limit`; they stay until `done`."""
        return heapq.nsmallest(limit, ((at, case_id) for case_id, at in self._next.items() if at <= now))

    def done(self, case_id: UUID) -> None:
        """What had come is recorded, or was found not to be so. What follows is found when the log tells it."""
        self._next.pop(case_id, None)

    def next_at(self) -> datetime | None:
        """The earliest moment of all."""
        return min(self._next.values(), default=None)

    def _look_at(self, case_id: UUID) -> None:
        case = self._backbone.case(case_id)
        zone = "UTC" if case.intake.agency is None else self._backbone.agency(case.intake.agency).zone
        first = next((moment.at for moment in moments(case, zone)), None)
        if first is None:
            self._next.pop(case_id, None)
        else:
            self._next[case_id] = first
