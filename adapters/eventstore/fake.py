"""The log in memory, for tests that need no database; it passes the same contract."""
from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Condition
from time import monotonic
from uuid import UUID, uuid4

from adapters.eventstore.checks import SystemClock, checked_limit, checked_moment, checked_together, expected_heads
from domain.ports import (
    READ_LIMIT_MAX,
    Append,
    Appended,
    Clock,
    CommandRecord,
    CommandSeen,
    Conflict,
    Lineage,
    LineageChanged,
    LogError,
    LogUnavailable,
    Position,
    Recorded,
    WorkerDisplaced,
    WriterSchema,
)

POLL_SECONDS_MAX = 1.0


@dataclass
class MemoryStore:
    """What several logs share, as several processes share a database."""

    lineages: list[Lineage] = field(default_factory=lambda: [Lineage(lineage=uuid4(), after=0)])
    rows: list[Recorded] = field(default_factory=list)
    by_stream: dict[str, list[Recorded]] = field(default_factory=dict)
    by_id: dict[UUID, Recorded] = field(default_factory=dict)
    commands: dict[UUID, CommandRecord] = field(default_factory=dict)
    schemas: dict[bytes, WriterSchema] = field(default_factory=dict)
    workers: dict[str, Position] = field(default_factory=dict)
    changed: Condition = field(default_factory=Condition)

    @property
    def lineage(self) -> UUID:
        return self.lineages[-1].lineage

    def renew_lineage(self) -> UUID:
        self.lineages.append(Lineage(lineage=uuid4(), after=len(self.rows)))
        return self.lineage


class MemoryLog:
    """`EventLog` over a `MemoryStore`."""

    def __init__(self, store: MemoryStore | None = None, *, clock: Clock | None = None) -> None:
        self._store, self._clock = store or MemoryStore(), clock or SystemClock()
        self._lineages, self._closed = [*self._store.lineages], False
        self._lineage = self._lineages[-1].lineage

    @property
    def lineage(self) -> UUID:
        return self._lineage

    @property
    def lineages(self) -> Sequence[Lineage]:
        return self._lineages

    def append(self, append: Append) -> Appended:
        return self._append(append, expected_heads(append))

    def append_together(self, appends: Sequence[Append]) -> Sequence[Appended | LogError]:
        found: list[Appended | LogError] = []
        for append, heads in [(append, expected_heads(append)) for append in checked_together(appends)]:
            try:
                found.append(self._append(append, heads))
            except LogError as refusal:
                found.append(refusal)
        return found

    def _append(self, append: Append, heads: tuple[tuple[str, int], ...]) -> Appended:
        store = self._open()
        with store.changed:
            self._refuse(append, heads)
            at = checked_moment(self._clock.now())
            if store.rows:
                at = max(at, store.rows[-1].recorded_at)
            positions = self._insert(append, at)
            store.changed.notify_all()
        return Appended(positions=positions, recorded_at=at)

    def _refuse(self, append: Append, heads: tuple[tuple[str, int], ...]) -> None:
        store, worker = self._store, append.worker
        if store.lineage != self._lineage or (worker is not None and worker.to.lineage != self._lineage):
            raise LineageChanged("the log, or this worker's position, is of another lineage: look before you go on")
        if append.command is not None and append.command.command_id in store.commands:
            raise CommandSeen(store.commands[append.command.command_id])
        if worker is not None:
            stands = self.worker(worker.worker)
            if (stands.position if stands else 0) != worker.after:
                raise WorkerDisplaced(f"worker {worker.worker} is not at {worker.after}")
        for stream, version in heads:
            if (head := len(store.by_stream.get(stream, ()))) != version:
                raise Conflict(stream, version, head)
        for event in append.events:
            if (taken := store.by_id.get(event.event_id)) is not None:
                raise Conflict(taken.stream, taken.version - 1, taken.version)
        for schema in append.schemas:
            if store.schemas.get(schema.fingerprint, schema) != schema:
                raise LogError("a schema's fingerprint is taken by another text")

    def _insert(self, append: Append, at: datetime) -> tuple[int, ...]:
        store, first = self._store, len(self._store.rows) + 1
        added: list[Recorded] = []
        for number, e in enumerate(append.events, first):
            row = Recorded(
                position=number, event_id=e.event_id, stream=e.stream, version=e.version, topic=e.topic, state=e.state,
                recorded_at=at,
            )  # fmt: skip
            added.append(row)
            store.by_stream.setdefault(row.stream, []).append(row)
            store.by_id[row.event_id] = row
        store.rows.extend(added)  # at once: a reader of the log sees all of an append or nothing
        positions = tuple(row.position for row in added)
        if append.command is not None:
            ends = (positions[0], positions[-1]) if positions else (0, 0)
            store.commands[append.command.command_id] = append.command._replace(first=ends[0], last=ends[1])
        store.schemas |= {schema.fingerprint: schema for schema in append.schemas}
        if append.worker is not None:
            store.workers[append.worker.worker] = append.worker.to
        return positions

    def _open(self) -> MemoryStore:
        if self._closed:
            raise LogUnavailable("the log is closed")
        return self._store

    def read_stream(self, stream: str, *, after: int = 0, limit: int = READ_LIMIT_MAX) -> Sequence[Recorded]:
        return self._open().by_stream.get(stream, [])[after : after + checked_limit(limit)]

    def read_log(self, *, after: int, limit: int) -> Sequence[Recorded]:
        return self._open().rows[after : after + checked_limit(limit)]

    def event(self, event_id: UUID) -> Recorded | None:
        return self._open().by_id.get(event_id)

    def streams(self, prefix: str, *, after: str = "", limit: int = READ_LIMIT_MAX) -> Sequence[tuple[str, int]]:
        found = self._open().by_stream
        names = sorted(name for name in found if name.startswith(prefix))
        start = bisect_right(names, after)
        return [(name, len(found[name])) for name in names[start : start + checked_limit(limit)]]

    def head(self) -> Position:
        rows = self._open().rows
        if not rows:
            return Position(lineage=self._lineage, position=0, event_id=None)
        return Position(lineage=self._lineage, position=rows[-1].position, event_id=rows[-1].event_id)

    def position(self, number: int) -> Position | None:
        rows = self._open().rows
        if not 1 <= number <= len(rows):
            return None
        return Position(lineage=self._lineage, position=number, event_id=rows[number - 1].event_id)

    def command(self, command_id: UUID) -> CommandRecord | None:
        return self._open().commands.get(command_id)

    def worker(self, name: str) -> Position | None:
        stands = self._open().workers.get(name)
        if stands is not None and {stands.lineage, self._store.lineage} != {self._lineage}:
            raise LineageChanged(f"worker {name} stood in lineage {stands.lineage}, the log is {self._store.lineage}")
        return stands

    def schemas(self) -> Sequence[WriterSchema]:
        return sorted(self._open().schemas.values(), key=lambda schema: (schema.name, schema.fingerprint))

    def wait(self, *, after: int, timeout_seconds: float) -> bool:
        deadline = monotonic() + timeout_seconds
        while self.head().position <= after:
            with self._store.changed:
                remaining = deadline - monotonic()
                if remaining <= 0:
                    return False
                if len(self._store.rows) <= after:
                    self._store.changed.wait(min(POLL_SECONDS_MAX, remaining))
        return True

    def close(self) -> None:
        self._closed = True
