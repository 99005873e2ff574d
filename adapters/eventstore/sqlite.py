"""The log in one SQLite file: embedded, durable at every append, immutable by triggers.

One thread of a process writes at a time, behind a bounded queue, and takes what waits into the same
transaction (`turns.py`); nobody is answered before the COMMIT. Several processes may share the file.
"""
from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from threading import Condition, Lock
from time import monotonic
from typing import LiteralString
from uuid import UUID

from adapters.eventstore.checks import (
    SystemClock,
    answers,
    checked_limit,
    checked_moment,
    checked_together,
    expected_heads,
)
from adapters.eventstore.sqlite_setup import BUSY_SECONDS_MAX, connect, current_lineage, install, lineages, renew_lineage
from adapters.eventstore.sqlite_statements import ADD, HEAD, ROW, STANDING, STREAMS
from adapters.eventstore.turns import Asked, Turns
from adapters.telemetry import telemetry
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

__all__ = ["SqliteLog", "renew_lineage"]

READERS_MAX = 8
WATCH_SECONDS = 0.05
"""How often a waiting reader asks whether another process has committed."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HEADS_MAX = 50  # of one question
Row = tuple[int, bytes, str, int, str, bytes, int]
Value = str | bytes | int | None


class SqliteLog:
    """`EventLog` in the file at `path`, made if it is not there. `clock` gives `recorded_at`, inside the append."""

    mark: LiteralString = "?"

    def __init__(self, path: str | Path, *, clock: Clock | None = None) -> None:
        self._path, self._clock = Path(path), clock or SystemClock()
        self._turns, self._closed = Turns(self._store_together), False
        self._idle: list[sqlite3.Connection] = []
        self._readers, self._reader_freed = 0, Condition()
        self._committed, self._commits = Condition(), 0
        try:
            self._writing = connect(self._path)
            install(self._writing)
            self._watching, self._watch_lock = connect(self._path), Lock()
            self._lineages = lineages(self._writing)
            self._lineage = self._lineages[-1].lineage
        except sqlite3.Error as error:
            raise LogUnavailable(f"the log cannot be opened: {error}") from error

    @property
    def lineage(self) -> UUID:
        return self._lineage

    @property
    def lineages(self) -> Sequence[Lineage]:
        return self._lineages

    # -------------------------------------------------------------- writing
    def append(self, append: Append) -> Appended:
        return self._append(self._checked(append))

    def append_together(self, appends: Sequence[Append]) -> Sequence[Appended | LogError]:
        asked = [self._checked(append) for append in checked_together(appends)]
        with telemetry.append(events=sum(len(append.events) for append in appends), system="sqlite"):
            return answers(self._turns.ask_all(asked))

    def record(self, append: Append) -> Appended:
        """`append`, for streams of the eventsourcing library, which may begin with version 0."""
        return self._append(self._checked(append, first_version=0))

    def _checked(self, append: Append, *, first_version: int = 1) -> Asked:
        if append.worker is not None and append.worker.to.lineage != self._lineage:
            raise LineageChanged(f"worker {append.worker.worker} comes from lineage {append.worker.to.lineage}")
        return Asked(append, expected_heads(append, first_version=first_version))

    def _append(self, asked: Asked) -> Appended:
        with telemetry.append(events=len(asked.append.events), system="sqlite"):
            return self._turns.ask(asked)

    def _store_together(self, group: list[Asked]) -> None:
        """One transaction for all; where that fails, one for each, so that nobody answers for another."""
        try:
            self._writing.execute("BEGIN IMMEDIATE")
            try:
                answers = [self._judge(asked) for asked in group]
                self._writing.execute("COMMIT")
            except BaseException:
                if self._writing.in_transaction:
                    self._writing.execute("ROLLBACK")
                raise
        except Exception as error:
            if len(group) > 1:
                for asked in group:
                    self._store_together([asked])
            else:
                group[0].answer = self._translated(error, group[0])
            return
        for asked, answer in zip(group, answers, strict=True):
            asked.answer = answer
        with self._committed:
            self._commits += 1
            self._committed.notify_all()

    def _judge(self, asked: Asked) -> Appended | LogError:
        """Checks come before the first write, so a refusal needs no rollback of what others added."""
        try:
            last_at = self._refuse(asked)
        except LogError as refusal:
            return refusal
        return self._insert(asked.append, last_at)

    def _refuse(self, asked: Asked) -> int:
        """Raises what speaks against the append; when the last event was recorded."""
        command, worker = asked.append.command, asked.append.worker
        asking = command.command_id.bytes if command else None, worker.worker if worker else None
        lineage, last_at, is_seen, stood_in, stood_at = self._writing.execute(STANDING, asking).fetchone()
        if lineage != self._lineage.bytes:
            raise LineageChanged("the log was restored or promoted: open it again")
        if command is not None and is_seen and (seen := _command(self._writing, command.command_id)) is not None:
            raise CommandSeen(seen)
        if worker is not None and stood_in not in (None, lineage):
            raise LineageChanged(f"worker {worker.worker} stood in lineage {UUID(bytes=stood_in)}")
        if worker is not None and (stood_at or 0) != worker.after:
            raise WorkerDisplaced(f"worker {worker.worker} is not at {worker.after}")
        for first in range(0, len(asked.heads), HEADS_MAX):
            some = asked.heads[first : first + HEADS_MAX]
            question = "SELECT " + ", ".join([HEAD] * len(some))
            heads = self._writing.execute(question, [stream for stream, _ in some]).fetchone()
            for (stream, version), head in zip(some, heads, strict=True):
                if version != (min(version, 0) if head is None else head):
                    raise Conflict(stream, version, head or 0)
        return int(last_at or 0)

    def _insert(self, append: Append, last_at: int) -> Appended:
        ask = self._writing.execute
        at = max(_microseconds(checked_moment(self._clock.now())), last_at)
        positions = tuple([
            ask(ADD, (event.event_id.bytes, event.stream, event.version, event.topic, event.state, at)).lastrowid or 0
            for event in append.events
        ])
        if (command := append.command) is not None:
            first, last = (positions[0], positions[-1]) if positions else (0, 0)
            ask(
                "INSERT INTO commands VALUES (?, ?, ?, ?, ?, ?)",
                (command.command_id.bytes, command.stream, first, last, command.digest, at),
            )
        for schema in append.schemas:
            ask(
                "INSERT INTO schemas VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                (schema.fingerprint, schema.name, schema.text),
            )
        if (worker := append.worker) is not None:
            ask(
                "INSERT INTO workers VALUES (?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET"
                " position = excluded.position, event_id = excluded.event_id, moved_at = excluded.moved_at",
                (worker.worker, worker.to.lineage.bytes, worker.to.position, _id_bytes(worker.to.event_id), at),
            )
        return Appended(positions=positions, recorded_at=_moment(at))

    def _translated(self, error: Exception, asked: Asked) -> Exception:
        match error:
            case sqlite3.IntegrityError():
                for event in asked.append.events:  # the guards held, so an id is taken
                    if (taken := self.event(event.event_id)) is not None:
                        return Conflict(taken.stream, taken.version - 1, taken.version)
                return LogError(f"the log refuses it: {error}")
            case sqlite3.Error():
                return LogUnavailable(f"the log cannot be written now: {error}")
            case _:
                return error

    # -------------------------------------------------------------- reading
    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = self._borrow()
        except sqlite3.Error as error:
            raise LogUnavailable(f"the log cannot be opened for reading: {error}") from error
        try:
            yield connection
        except sqlite3.Error as error:
            raise LogUnavailable(f"the log cannot be read now: {error}") from error
        finally:
            with self._reader_freed:
                if self._closed:
                    connection.close()
                else:
                    self._idle.append(connection)
                self._reader_freed.notify()

    def _borrow(self) -> sqlite3.Connection:
        deadline = monotonic() + BUSY_SECONDS_MAX
        with self._reader_freed:
            while not self._closed and monotonic() < deadline:
                if self._idle:
                    return self._idle.pop()
                if self._readers < READERS_MAX:
                    connection = connect(self._path)
                    connection.execute("PRAGMA query_only = ON")
                    self._readers += 1
                    return connection
                self._reader_freed.wait(deadline - monotonic())
        raise LogUnavailable("the log is closed" if self._closed else f"{READERS_MAX} readers are at work already")

    def rows(self, where: LiteralString, values: Sequence[Value]) -> list[Recorded]:
        """Rows of `events`; `where` is SQL of this package, never of a caller outside."""
        with self._reading() as connection:
            return [_recorded(row) for row in connection.execute(ROW + where, values)]

    def read_stream(self, stream: str, *, after: int = 0, limit: int = READ_LIMIT_MAX) -> Sequence[Recorded]:
        where = "WHERE stream = ? AND version > ? ORDER BY version LIMIT ?"
        return self.rows(where, (stream, after, checked_limit(limit)))

    def read_log(self, *, after: int, limit: int) -> Sequence[Recorded]:
        return self.rows("WHERE position > ? ORDER BY position LIMIT ?", (after, checked_limit(limit)))

    def event(self, event_id: UUID) -> Recorded | None:
        found = self.rows("WHERE event_id = ?", (event_id.bytes,))
        return found[0] if found else None

    def streams(self, prefix: str, *, after: str = "", limit: int = READ_LIMIT_MAX) -> Sequence[tuple[str, int]]:
        with self._reading() as connection:
            return connection.execute(STREAMS, (prefix, after, checked_limit(limit))).fetchall()

    def head(self) -> Position:
        with self._reading() as connection:
            row = connection.execute("SELECT position, event_id FROM events ORDER BY position DESC LIMIT 1").fetchone()
        number, event_id = (row[0], UUID(bytes=row[1])) if row else (0, None)
        return Position(lineage=self._lineage, position=number, event_id=event_id)

    def position(self, number: int) -> Position | None:
        found = self.rows("WHERE position = ?", (number,))
        return Position(lineage=self._lineage, position=number, event_id=found[0].event_id) if found else None

    def command(self, command_id: UUID) -> CommandRecord | None:
        with self._reading() as connection:
            return _command(connection, command_id)

    def worker(self, name: str) -> Position | None:
        with self._reading() as connection:
            asked = "SELECT lineage, position, event_id FROM workers WHERE name = ?"
            row = connection.execute(asked, (name,)).fetchone()
            current = current_lineage(connection)
        if row is None:
            return None
        if row[0] != current.bytes or current != self._lineage:
            raise LineageChanged(f"worker {name} stood in lineage {UUID(bytes=row[0])}, the log is {current}")
        return Position(lineage=current, position=row[1], event_id=UUID(bytes=row[2]) if row[2] else None)

    def schemas(self) -> Sequence[WriterSchema]:
        with self._reading() as connection:
            asked = "SELECT fingerprint, name, text FROM schemas ORDER BY name, fingerprint"
            found = connection.execute(asked).fetchall()
        return [WriterSchema(fingerprint=fingerprint, name=name, text=text) for fingerprint, name, text in found]

    def wait(self, *, after: int, timeout_seconds: float) -> bool:
        deadline = monotonic() + timeout_seconds
        seen: int | None = None
        while True:
            commits, version = self._commits, self._data_version()
            if version != seen and self.head().position > after:
                return True
            seen = version
            remaining = deadline - monotonic()
            if remaining <= 0:
                return False
            with self._committed:
                if self._commits == commits:  # else one of ours slipped in since the look
                    self._committed.wait(min(WATCH_SECONDS, remaining))

    def _data_version(self) -> int:
        """Changes with every commit of any other connection, in this process or another."""
        with self._watch_lock:
            if self._closed:
                raise LogUnavailable("the log is closed")
            (version,) = self._watching.execute("PRAGMA data_version").fetchone()
            return int(version)

    def close(self) -> None:
        """Finishes what was asked for, then gives up the file."""
        if not self._turns.close():
            return
        self._closed = True
        with self._reader_freed:
            self._reader_freed.notify_all()
            for connection in (self._writing, *self._idle):
                connection.close()
        with self._watch_lock:
            self._watching.close()


def _command(connection: sqlite3.Connection, command_id: UUID) -> CommandRecord | None:
    asked = "SELECT stream, first_position, last_position, digest FROM commands WHERE command_id = ?"
    row = connection.execute(asked, (command_id.bytes,)).fetchone()
    if row is None:
        return None
    return CommandRecord(command_id=command_id, stream=row[0], first=row[1], last=row[2], digest=row[3])


def _recorded(row: Row) -> Recorded:
    position, event_id, stream, version, topic, state, at = row
    return Recorded(
        position=position, event_id=UUID(bytes=event_id), stream=stream, version=version, topic=topic, state=state,
        recorded_at=_moment(at),
    )  # fmt: skip


def _id_bytes(event_id: UUID | None) -> bytes | None:
    return event_id.bytes if event_id else None


def _microseconds(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


@lru_cache(maxsize=64)  # One append has one time.
def _moment(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds)
