"""A worker's place in the log: what follows it, and the move that is stored with the worker's effect."""
from __future__ import annotations

from collections.abc import Callable, Sequence

from adapters.reading_on import read_on
from domain.ports import Append, EventLog, Position, Recorded, WorkerDisplaced, WorkerMove

UNSAVED_MAX = 1_000
"""Rows that may be read again after a crash; none of them had an effect."""


class Tail:
    """Reads on from where the worker stands. One thread at a time.

    Rows without an effect move it in memory only, so up to UNSAVED_MAX of them are read again after a crash.
    """

    def __init__(self, log: EventLog, worker: str) -> None:
        self._log, self._worker = log, worker
        self._saved: int | None = None
        self._at: Position | None = None

    @property
    def at(self) -> Position | None:
        """How far it has read; None before the first read."""
        return self._at

    def step(self, limit: int, effect: Callable[[Sequence[Recorded]], None]) -> int:
        """Give at most `limit` more rows to `effect`, which stores the moves of those that have one, and say how many.

        Raises LogUnavailable, LineageChanged, LogForked, what `effect` raises, and WorkerDisplaced where another instance
        has moved on: the next step begins where that one stands.
        """
        try:
            rows = self._read(limit)
            effect(rows)
            self._passed(rows)
        except WorkerDisplaced:
            self._saved = None
            raise
        return len(rows)

    def move_to(self, row: Recorded) -> WorkerMove:
        """To be stored with the effect of everything up to `row`; then say `moved`."""
        assert self._saved is not None, "it has read nothing yet"
        return WorkerMove(worker=self._worker, after=self._saved, to=self._place(row))

    def moved(self, row: Recorded) -> None:
        """An append has stored the move to `row`."""
        self._at = self._place(row)
        self._saved = row.position

    def save(self, row: Recorded) -> None:
        """Store the move to `row` by itself. Raises WorkerDisplaced and LogUnavailable."""
        self._log.append(Append(worker=self.move_to(row)))
        self.moved(row)

    def _read(self, limit: int) -> Sequence[Recorded]:
        if self._saved is None:
            self._at = self._log.worker(self._worker)
            self._saved = self._at.position if self._at else 0
        return read_on(self._log, self._at, limit=limit, reader=self._worker)

    def _passed(self, rows: Sequence[Recorded]) -> None:
        """Everything in `rows` has its effect, or needs none."""
        if not rows:
            return
        assert self._saved is not None, "it has read nothing yet"
        self._at = self._place(rows[-1])
        if rows[-1].position - self._saved >= UNSAVED_MAX:
            self.save(rows[-1])

    def _place(self, row: Recorded) -> Position:
        return Position(lineage=self._log.lineage, position=row.position, event_id=row.event_id)
