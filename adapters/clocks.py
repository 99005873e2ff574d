"""The two clocks that a composition root gives: the system's, and one that follows a history."""
from __future__ import annotations

from datetime import UTC, datetime
from threading import Lock


class SystemClock:
    """The machine's own time, in UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class HistoryClock:
    """Stands still until it is moved, and is never moved back: every *now* of a demo or a test."""

    def __init__(self, start: datetime) -> None:
        assert start.tzinfo is not None, "a clock needs a zone"
        self._now = start.astimezone(UTC)
        self._lock = Lock()

    def now(self) -> datetime:
        with self._lock:
            return self._now

    def move_to(self, moment: datetime) -> None:
        """Forward only: an earlier moment leaves the clock where it is."""
        with self._lock:
            self._now = max(self._now, moment.astimezone(UTC))
