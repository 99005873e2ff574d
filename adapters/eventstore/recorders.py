"""The eventsourcing library's recorders on our log: the same tables, the same lock, the same immutability.

An application of the library, and every tool for its recorders, can so stand on the log. Streams are
originator ids (`str`), positions are notification ids, a tracked upstream is a worker of the log.
"""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Thread
from typing import Any, LiteralString, Protocol
from uuid import UUID, uuid4

from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    DatabaseError,
    IntegrityError,
    ListenNotifySubscription,
    Notification,
    OperationalError,
    ProcessRecorder,
    StoredEvent,
    Subscription,
    Tracking,
    TrackingRecorder,
)

from domain.ports import (
    Append,
    Appended,
    Conflict,
    EventLog,
    LogError,
    LogUnavailable,
    NewEvent,
    Position,
    Recorded,
    WorkerDisplaced,
    WorkerMove,
)

STOP_SECONDS_MAX = 0.5
"""How long a stopped subscription may still wait for the log."""


class Rows(EventLog, Protocol):
    """What the recorders need beyond the port; both databases' logs have it."""

    @property
    def mark(self) -> LiteralString:
        """How a value's place is written in SQL."""

    def rows(self, where: LiteralString, values: list[Any]) -> list[Recorded]: ...

    def record(self, append: Append) -> Appended: ...


class LogAggregateRecorder(AggregateRecorder):
    """Records and selects events of streams; tells no notification ids."""

    def __init__(self, log: Rows) -> None:
        self._log = log

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        self._record(stored_events, None)
        return None

    def _record(self, stored_events: Sequence[StoredEvent], worker: WorkerMove | None) -> Sequence[int]:
        if not stored_events and worker is None:
            return ()
        events = tuple(
            NewEvent(event_id=uuid4(), stream=stream, version=e.originator_version, topic=e.topic, state=e.state)
            for e in stored_events
            for stream in [str(e.originator_id)]
        )
        with _in_the_librarys_words():
            return list(self._log.record(Append(events=events, worker=worker)).positions)

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        where: LiteralString = "WHERE stream = ?"
        values: list[Any] = [str(originator_id)]
        for bound, condition in ((gt, " AND version > ?"), (lte, " AND version <= ?")):
            if bound is not None:
                where, values = where + condition, [*values, bound]
        where += " ORDER BY version DESC" if desc else " ORDER BY version"
        if limit is not None:
            where, values = where + " LIMIT ?", [*values, limit]
        return [
            StoredEvent(originator_id=r.stream, originator_version=r.version, topic=r.topic, state=r.state)
            for r in self._select(where, values)
        ]

    def _select(self, where: LiteralString, values: list[Any]) -> list[Recorded]:
        with _in_the_librarys_words():
            return self._log.rows(where.replace("?", self._log.mark), values)


class LogApplicationRecorder(LogAggregateRecorder, ApplicationRecorder):
    """The same, with notification ids, which are positions in the log."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        return self._record(stored_events, None)

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        where: LiteralString = "WHERE position > ?"
        values: list[Any] = [0 if start is None else start - 1 if inclusive_of_start else start]
        if stop is not None:
            where, values = where + " AND position <= ?", [*values, stop]
        if topics:
            marks: LiteralString = ", ".join("?" for _ in topics)
            where, values = where + " AND topic IN (" + marks + ")", [*values, *topics]
        return [
            Notification(
                id=r.position, originator_id=r.stream, originator_version=r.version, topic=r.topic, state=r.state
            )
            for r in self._select(where + " ORDER BY position LIMIT ?", [*values, limit])
        ]

    def max_notification_id(self) -> int | None:
        with _in_the_librarys_words():
            return self._log.head().position or None

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Subscription[ApplicationRecorder]:
        return LogSubscription(self, self._log, gt=gt, topics=topics)


class LogTrackingRecorder(TrackingRecorder):
    """Keeps how far an upstream application was followed, as a worker's position."""

    def __init__(self, log: Rows) -> None:
        self._log = log

    def insert_tracking(self, tracking: Tracking) -> None:
        with _in_the_librarys_words():
            self._log.record(Append(worker=self._move(tracking)))

    def _move(self, tracking: Tracking) -> WorkerMove:
        after = self.max_tracking_id(tracking.application_name) or 0
        if tracking.notification_id <= after:
            raise IntegrityError(f"{tracking.application_name} was followed to {after} already")
        # The number is of the upstream's log, whose event ids the library does not tell.
        to = Position(lineage=self._log.lineage, position=tracking.notification_id, event_id=None)
        return WorkerMove(worker=_worker(tracking.application_name), after=after, to=to)

    def max_tracking_id(self, application_name: str) -> int | None:
        with _in_the_librarys_words():
            stands = self._log.worker(_worker(application_name))
        return stands.position if stands else None


class LogProcessRecorder(LogTrackingRecorder, LogApplicationRecorder, ProcessRecorder):
    """Events, and how far an upstream was followed for them, in one append."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        tracking: Tracking | None = kwargs.get("tracking")
        return self._record(stored_events, self._move(tracking) if tracking else None)


class LogSubscription(ListenNotifySubscription[LogApplicationRecorder]):
    """Yields events as the log wakes its readers; a lost connection is the log's to make again."""

    def __init__(self, recorder: LogApplicationRecorder, log: Rows, *, gt: int | None, topics: Sequence[str]) -> None:
        super().__init__(recorder=recorder, gt=gt, topics=topics)
        self._log, self._seen = log, gt or 0
        self._wait_thread = Thread(target=self._wait_for_events, daemon=True)
        self._wait_thread.start()

    def _wait_for_events(self) -> None:
        try:
            while not self._has_been_stopped:
                if self._log.wait(after=self._seen, timeout_seconds=STOP_SECONDS_MAX):
                    self._seen = self._log.head().position
                    self._has_been_notified.set()
        except LogError as error:
            if self._thread_error is None:
                self._thread_error = error
            self.stop()

    def __exit__(self, *args: object, **kwargs: Any) -> None:
        super().__exit__(*args, **kwargs)
        self._wait_thread.join()


def _worker(application_name: str) -> str:
    return f"upstream {application_name}"


@contextmanager
def _in_the_librarys_words() -> Iterator[None]:
    try:
        yield
    except (Conflict, WorkerDisplaced, ValueError) as error:
        raise IntegrityError(str(error)) from error
    except LogUnavailable as error:
        raise OperationalError(str(error)) from error
    except LogError as error:
        raise DatabaseError(str(error)) from error
