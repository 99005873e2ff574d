"""Keeps a view true: reads events in batches, and moves rows and position in one transaction.

Nothing is remembered between steps, so a runner killed at any instruction goes on from what the views
database says: no event is lost to a view, and none counts twice.
"""
from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DataError, IntegrityError, InterfaceError, OperationalError

from domain.ports import Clock, KeysUnavailable, LineageChanged, LogError, LogForked, Recorded, WorkerDisplaced
from projections import bookkeeping
from projections.bookkeeping import Layout, Stand, Unreadable, ViewOutdated
from projections.projection import Change, History, Projection, Reader, clear_reader
from projections.source import Batch, Source
from projections.writing import write

BATCH = 500
POLL_SECONDS = 0.02
LOG_SHARD = "log"

Watch = Callable[[str, Batch], AbstractContextManager[object]]
"""Surrounds the work on one batch of the view named, for whoever measures it."""

# What a database says to a row that it will never take; everything else may be tried again.
_ROW_REFUSED = (DataError, IntegrityError, OverflowError)


class ViewsUnavailable(Exception):
    """The views database cannot be reached, or a lock was not given in time. Nothing moved; try again."""


class ViewBehind(Exception):
    """The view did not reach a position in the time given."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ViewLag:
    """How far a view is behind its source; `seconds` since the oldest event it lacks was recorded."""

    events: int
    seconds: float


@dataclass(frozen=True, slots=True)
class _Folded:
    """An event that concerns the view with what it writes, or with the name of the error that it raised."""

    record: Recorded
    outcome: Sequence[Change] | str


class Runner:
    """Feeds one view from one source. Several instances may run; each event is applied by one of them."""

    def __init__(
        self,
        projection: Projection,
        source: Source,
        engine: Engine,
        *,
        reader: Reader,
        clock: Clock,
        layout: Layout | None = None,
        watch: Watch = lambda view, batch: nullcontext(),
    ) -> None:
        """Makes missing tables; raises ViewOutdated where the tables are those of other code."""
        self.projection = projection
        self._source = source
        self._engine = bookkeeping.writing(engine)
        self._reader = clear_reader(reader)
        self._clock = clock
        self._watch = watch
        self._layout = layout or bookkeeping.live(projection)
        self._shape = bookkeeping.shape(projection)
        with _reachable():
            bookkeeping.prepare(engine, projection, self._layout)

    def step(self, limit: int = BATCH, timeout_seconds: float = 0.0) -> int:
        """Apply what follows, at most `limit` events; how many were read, whether or not they concerned the view.

        Raises LineageChanged before anything is read, WorkerDisplaced when another instance was first
        (call again: it reads the position anew), ViewsUnavailable, and what the source raises.
        """
        before = self.stands()
        batches = self._source.read({shard: at.position for shard, at in before.items()},
                                    limit=limit, timeout_seconds=timeout_seconds)
        for batch in batches:
            with self._watch(self.projection.name, batch):
                self._apply(batch, before.get(batch.shard))
        return sum(len(batch.records) for batch in batches)

    def stands(self) -> Mapping[str, Stand]:
        """Where the view stands, by shard; raises LineageChanged where that was in another log, and LogForked where what
        it read last is not in this one."""
        with _reachable(), self._engine.connect() as connection:
            found = bookkeeping.stands(connection, self._layout.view)
        lineage = self._source.lineage
        for shard, at in found.items():
            if at.lineage != lineage:
                raise LineageChanged(
                    f"{self._layout.view} stands at {shard} {at.position} of log {at.lineage}; "
                    f"this is log {lineage}: rebuild the view"
                )
            if at.event_id is not None and not self._source.has(shard, at.position, at.event_id):
                raise LogForked(f"{self._layout.view} had read {shard} {at.position}, which is another event now, or none")
        return found

    def lag(self) -> ViewLag:
        lag = self._source.lag({shard: at.position for shard, at in self.stands().items()})
        since = lag.oldest_unread_at
        seconds = (self._clock.now() - since).total_seconds() if since else 0.0
        return ViewLag(events=lag.events, seconds=max(0.0, seconds))

    def wait_for(self, position: int, *, timeout_seconds: float, shard: str = LOG_SHARD) -> None:
        """Wait until this view, whoever feeds it, has passed `position` of a shard. Raises ViewBehind."""
        deadline = time.monotonic() + timeout_seconds
        while (at := self._position(shard)) < position:
            if time.monotonic() >= deadline:
                raise ViewBehind(f"{self._layout.view} is at {shard} {at}, not {position}, after {timeout_seconds} s")
            time.sleep(POLL_SECONDS)

    def unreadable(self) -> Sequence[Unreadable]:
        """References to events that the view could not read; their streams are held from there on."""
        with _reachable(), self._engine.connect() as connection:
            return bookkeeping.unreadable(connection, self._layout.view)

    def retry_quarantine(self, history: History) -> int:
        """Read held streams again, in order, through today's code; how many events were applied.

        A stream that reads to the end of what was held goes on as any other; one that fails again is
        held from the event that failed.
        """
        return sum(self._heal(item, history) for item in self.unreadable())

    def _position(self, shard: str) -> int:
        at = self.stands().get(shard)
        return at.position if at else 0

    def _apply(self, batch: Batch, before: Stand | None) -> None:
        # Folding needs no database, so it is done before any lock is taken.
        folded = [f for f in map(self._fold, batch.records) if f is not None]
        last = batch.records[-1].event_id if batch.records else before.event_id if before else None
        to = Stand(lineage=self._source.lineage, position=batch.to, event_id=last)
        if to == before:
            return
        with _reachable(), self._engine.begin() as connection:
            if not bookkeeping.move(connection, self._layout.view, batch.shard, after=before, to=to):
                raise WorkerDisplaced(f"another instance feeds {self._layout.view} from {batch.shard}")
            self._check_shape(connection)
            held = {item.stream: item for item in bookkeeping.unreadable(connection, self._layout.view)}
            now_held = self._write(connection, folded, held, batch.shard)
            bookkeeping.hold(connection, self._layout.view, now_held.values())

    def _fold(self, record: Recorded) -> _Folded | None:
        if not self.projection.concerns(record):
            return None
        try:
            return _Folded(record, list(self.projection.when(record, self._reader)))
        except (LogError, KeysUnavailable, MemoryError):
            raise  # Says nothing about this event.
        except Exception as error:
            return _Folded(record, _name(error))

    def _write(
        self, connection: Connection, folded: Sequence[_Folded], held: Mapping[str, Unreadable], shard: str
    ) -> dict[str, Unreadable]:
        """Write what is readable and not held; what is held by now, as far as this batch changed it."""
        changes, changed = self._sort(folded, held, shard)
        try:
            with connection.begin_nested():
                write(connection, changes, self._layout.tables)
            return changed
        except _ROW_REFUSED:
            return self._write_singly(connection, folded, held, shard)

    def _write_singly(
        self, connection: Connection, folded: Sequence[_Folded], held: Mapping[str, Unreadable], shard: str
    ) -> dict[str, Unreadable]:
        """The database refuses a row of the batch: find whose it is, and hold that stream alone."""
        changed: dict[str, Unreadable] = {}
        for one in folded:
            changes, news = self._sort([one], {**held, **changed}, shard)
            try:
                with connection.begin_nested():
                    write(connection, changes, self._layout.tables)
            except _ROW_REFUSED as error:
                news = {one.record.stream: self._reference(one.record, shard, _name(error))}
            changed |= news
        return changed

    def _sort(
        self, folded: Sequence[_Folded], held: Mapping[str, Unreadable], shard: str
    ) -> tuple[list[Change], dict[str, Unreadable]]:
        changes: list[Change] = []
        changed: dict[str, Unreadable] = {}
        for one in folded:
            record = one.record
            item = changed.get(record.stream) or held.get(record.stream)
            if item is not None:
                changed[record.stream] = replace(item, seen_version=max(item.seen_version, record.version))
            elif isinstance(one.outcome, str):
                changed[record.stream] = self._reference(record, shard, one.outcome)
            else:
                changes.extend(one.outcome)
        return changes, changed

    def _reference(self, record: Recorded, shard: str, error: str) -> Unreadable:
        return Unreadable(
            stream=record.stream, shard=shard, version=record.version, seen_version=record.version,
            position=record.position, error=error, first_seen=self._clock.now(),
        )

    def _heal(self, item: Unreadable, history: History) -> int:
        applied = 0
        for _ in range(item.version, item.seen_version + 1, BATCH):
            page = history.read_stream(item.stream, after=item.version - 1, limit=BATCH)
            page = [record for record in page if record.version <= item.seen_version]
            if not page:
                return applied  # The history has less than was held; the reference stays.
            folded = [f for f in map(self._fold, page) if f is not None]
            with _reachable(), self._engine.begin() as connection:
                bookkeeping.lock(connection, self._layout.view, item.shard)
                self._check_shape(connection)
                if item not in bookkeeping.unreadable(connection, self._layout.view):
                    return applied  # Another instance healed it, or holds more by now; the next retry sees that.
                failed = self._write(connection, folded, {}, item.shard).get(item.stream)
                done_to = failed.version - 1 if failed else page[-1].version
                applied += sum(f.record.version <= done_to for f in folded)
                if failed is None and done_to >= item.seen_version:
                    bookkeeping.release(connection, self._layout.view, item.stream)
                    return applied
                after = failed or self._reference(page[-1]._replace(version=done_to + 1), item.shard, item.error)
                item = replace(after, seen_version=item.seen_version, first_seen=item.first_seen)
                bookkeeping.hold(connection, self._layout.view, [item])
            if failed:
                return applied
        return applied

    def _check_shape(self, connection: Connection) -> None:
        """A rebuild by other code may have swapped the tables; its swap and `move` wait for each other."""
        if bookkeeping.stored_shape(connection, self._layout.view) != self._shape:
            raise ViewOutdated(f"{self._layout.view} was rebuilt by other code than this: start the new one")


def _name(error: Exception) -> str:
    return type(error).__name__  # The class alone: a message may quote what the event holds.


@contextmanager
def _reachable() -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        raise ViewsUnavailable(f"the views database did not answer: {type(error.orig).__name__}") from error
