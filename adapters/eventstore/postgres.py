"""The log on PostgreSQL: one function appends, in one round trip; the application's role may do nothing else.

The rules stand in `postgres.sql`, where no caller can pass them by; this module carries values there,
translates the answers, and finds out what became of an append whose connection was lost.
"""
from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from enum import Enum, auto
from threading import Condition, Event, Thread
from time import monotonic
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

import psycopg
from psycopg.sql import Composed
from psycopg_pool import ConnectionPool, PoolTimeout

from adapters.eventstore.checks import answers, checked_limit, checked_moment, checked_together, expected_heads
from adapters.eventstore.postgres_setup import conninfo, install, renew_lineage
from adapters.eventstore.postgres_statements import Statements, array, byte_strings, texts
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

__all__ = ["PostgresLog", "install", "renew_lineage"]

CONNECTIONS_MAX = 16
POOL_SECONDS_MAX = 5.0
ATTEMPTS_MAX = 3
"""How often an append or a read is tried while its connection keeps being lost."""
POLL_SECONDS_MAX = 1.0
"""A waiting reader looks this often even if no notification comes."""
LISTEN_SECONDS = 0.5
RECONNECT_SECONDS = 0.5

NEVER_STORED = (psycopg.errors.LockNotAvailable, psycopg.errors.QueryCanceled, PoolTimeout)
UNLOCKED_INSERTS = "POSTGRES_ENABLE_DB_FUNCTIONS"
"""eventsourcing's switch for inserts without a lock: its readers then miss committed events."""

Value = str | bytes | int | UUID | datetime | None


class Undecided(Enum):
    """Why a group of appends has no outcomes."""

    REFUSED = auto()
    """One of them was an error, which undid all."""
    LOST = auto()
    """The connection was lost; all of them are stored, or none."""


REFUSED, LOST = Undecided.REFUSED, Undecided.LOST


class _Outcome(NamedTuple):
    """What `append` in postgres.sql answers."""

    outcome: str
    first: int
    last: int
    stamp: datetime
    stream: str
    expected: int
    actual: int
    digest: bytes


class PostgresLog:
    """`EventLog` in `schema` of the database at `dsn`, whose role is the application's, never the owner's.

    The time is the server's. A `clock` is refused (ValueError) unless the store was installed to follow
    a history. Raises LogUnavailable where the server or the schema is not there.
    """

    mark: LiteralString = "%s"

    def __init__(self, dsn: str, *, schema: str = "casebridge", clock: Clock | None = None) -> None:
        if os.environ.get(UNLOCKED_INSERTS, "").strip().lower() in ("y", "yes", "t", "true", "on", "1"):
            raise ValueError(f"unset {UNLOCKED_INSERTS}: with it, readers of the log miss committed events")
        self._conninfo = conninfo(dsn)
        self._sql = Statements(schema)
        self._clock = clock
        self._turns = Turns(self._store_together)
        self._pool = ConnectionPool(
            self._conninfo, min_size=1, max_size=CONNECTIONS_MAX, timeout=POOL_SECONDS_MAX,
            kwargs={"autocommit": True}, open=True, name="casebridge-log",
        )  # fmt: skip
        self._heard, self._notices = Condition(), 0
        self._closing = Event()
        self._listener: Thread | None = None
        try:
            found = self._ask(self._sql.lineages, [])
            self._lineages = [Lineage(lineage=lineage, after=after) for lineage, after in found]
            self._lineage = self._lineages[-1].lineage
            follows_history = self._ask(self._sql.follows_history, [])[0][0]
        except LogError:
            self._pool.close()
            raise
        if clock is not None and not follows_history:
            self._pool.close()
            raise ValueError("this store keeps its own time: it was not installed to follow a history's clock")

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
        with telemetry.append(events=sum(len(append.events) for append in appends), system="postgresql"):
            return answers(self._turns.ask_all(asked))

    def record(self, append: Append) -> Appended:
        """`append`, for streams of the eventsourcing library, which may begin with version 0."""
        return self._append(self._checked(append, first_version=0))

    def _checked(self, append: Append, *, first_version: int = 1) -> Asked:
        if append.worker is not None and append.worker.to.lineage != self._lineage:
            raise LineageChanged(f"worker {append.worker.worker} comes from lineage {append.worker.to.lineage}")
        return Asked(append, expected_heads(append, first_version=first_version))

    def _append(self, asked: Asked) -> Appended:
        with telemetry.append(events=len(asked.append.events), system="postgresql"):
            return self._turns.ask(asked)

    def _store_together(self, group: list[Asked]) -> None:
        """One transaction and one round trip for all; where that fails, one for each."""
        try:
            if self._clock is not None:
                self._ask(self._sql.set_clock, [checked_moment(self._clock.now())])
            outcomes = self._outcomes(group) if len(group) > 1 else None
        except Exception as error:
            for asked in group:
                asked.answer = error
            return
        for number, asked in enumerate(group):
            try:
                match outcomes:
                    case list():
                        asked.answer = self._answer(asked.append, outcomes[number], lost=False)
                    case _:
                        asked.answer = self._store_alone(asked, lost=outcomes is LOST)
            except Exception as error:
                asked.answer = error

    def _outcomes(self, group: list[Asked]) -> list[_Outcome] | Undecided:
        """Outcomes of all, or why each must be stored alone. Raises LogUnavailable where nothing can be stored now."""
        try:
            with self._pool.connection() as connection:
                try:
                    with connection.pipeline(), connection.transaction():
                        cursors = [self._execute(connection, asked) for asked in group]
                    return [_Outcome._make(cursor.fetchone() or ()) for cursor in cursors]
                except NEVER_STORED:
                    raise
                except psycopg.Error:
                    if not connection.closed:
                        return REFUSED
        except NEVER_STORED as error:
            raise LogUnavailable(f"the log gave no lock or connection in time: {error}") from error
        self._replace_lost_connections()
        return LOST

    def _store_alone(self, asked: Asked, *, lost: bool) -> Appended:
        for _ in range(ATTEMPTS_MAX):
            try:
                with self._pool.connection() as connection:
                    row = self._execute(connection, asked).fetchone()
            except NEVER_STORED as error:
                raise LogUnavailable(f"the log gave no lock or connection in time: {error}") from error
            except (psycopg.OperationalError, psycopg.InterfaceError):
                # It may have been stored. Asking again under the lock tells: the same command or event
                # ids cannot be stored twice, and whichever of the two comes second finds the other.
                lost = True
                self._replace_lost_connections()
                continue
            except psycopg.Error as error:
                raise LogError(f"the log refuses it: {error}") from error
            return self._answer(asked.append, _Outcome._make(row or ()), lost=lost)
        raise LogUnavailable("the connection was lost again and again; the append may have happened")

    def _execute(self, connection: psycopg.Connection, asked: Asked) -> psycopg.Cursor:
        return connection.execute(self._sql.append, self._values(asked.append, asked.heads), prepare=True, binary=True)

    def _values(self, append: Append, heads: tuple[tuple[str, int], ...]) -> list[Value]:
        events, command, schemas, worker = append.events, append.command, append.schemas, append.worker
        own = {event.stream for event in events}
        guards = [(stream, version) for stream, version in heads if stream not in own]
        return [
            self._lineage,
            texts(stream for stream, _ in guards), array(str(version) for _, version in guards),
            array(str(e.event_id) for e in events), texts(e.stream for e in events),
            array(str(e.version) for e in events), texts(e.topic for e in events), byte_strings(e.state for e in events),
            *((command.command_id, command.stream, command.digest) if command else (None, None, None)),
            byte_strings(s.fingerprint for s in schemas), texts(s.name for s in schemas), texts(s.text for s in schemas),
            *((worker.worker, worker.after, worker.to.position, worker.to.event_id) if worker else (None,) * 4),
        ]  # fmt: skip

    def _answer(self, append: Append, outcome: _Outcome, *, lost: bool) -> Appended:
        match outcome.outcome:
            case "stored":
                positions = tuple(range(outcome.first, outcome.last + 1)) if append.events else ()
                return Appended(positions=positions, recorded_at=outcome.stamp)
            case "lineage":
                raise LineageChanged("the log, or this worker's position, is of another lineage: look before you go on")
            case _ if lost and (done := self._done_before(append, outcome)) is not None:
                return done
            case "seen" if append.command is not None:
                raise CommandSeen(
                    CommandRecord(
                        command_id=append.command.command_id, stream=outcome.stream, digest=outcome.digest,
                        first=outcome.first, last=outcome.last,
                    )
                )
            case "displaced" if append.worker is not None:
                raise WorkerDisplaced(f"worker {append.worker.worker} is not at {append.worker.after}")
            case "conflict":
                raise Conflict(outcome.stream, outcome.expected, outcome.actual)
            case other:
                raise LogError(f"the log answered {other}")

    def _done_before(self, append: Append, outcome: _Outcome) -> Appended | None:
        """The answer that was lost with the connection, where what stands in the log is this very append."""
        if append.command is not None:
            same = (append.command.stream, append.command.digest) == (outcome.stream, outcome.digest)
            if outcome.outcome != "seen" or not same:
                return None
            if not append.events and outcome.first == 0:
                return Appended(positions=(), recorded_at=outcome.stamp)
        if append.events:
            found = [self.event(event.event_id) for event in append.events]
            stored = [row for row in found if row is not None]
            if [(r.stream, r.version, r.topic, r.state) for r in stored] != [
                (e.stream, e.version, e.topic, e.state) for e in append.events
            ]:
                return None
            return Appended(positions=tuple(row.position for row in stored), recorded_at=stored[0].recorded_at)
        if append.worker is not None and outcome.outcome == "displaced":
            # It has no effect but the move; whoever made it, the worker stands where it was to stand.
            for _, number, event_id, moved_at in self._ask(self._sql.worker, [append.worker.worker]):
                if (number, event_id) == (append.worker.to.position, append.worker.to.event_id):
                    return Appended(positions=(), recorded_at=moved_at)
        return None

    # -------------------------------------------------------------- reading
    def _ask(self, statement: Composed, values: Sequence[Value]) -> list[tuple[Any, ...]]:
        """Rows of a read, which may be asked again where its connection was lost."""
        for _ in range(ATTEMPTS_MAX):
            try:
                with self._pool.connection() as connection:
                    return connection.execute(statement, values, prepare=True, binary=True).fetchall()
            except NEVER_STORED as error:
                raise LogUnavailable(f"the log did not answer in time: {error}") from error
            except (psycopg.OperationalError, psycopg.InterfaceError) as error:
                lost = error
                self._replace_lost_connections()
            except psycopg.Error as error:
                raise LogError(f"the log refuses it: {error}") from error
        raise LogUnavailable(f"the log cannot be reached: {lost}") from lost

    def _replace_lost_connections(self) -> None:
        with suppress(PoolTimeout, psycopg.Error):
            self._pool.check()

    def _current_lineage(self) -> UUID:
        found: UUID = self._ask(self._sql.lineage, [])[0][0]
        return found

    def rows(self, where: LiteralString, values: Sequence[Value]) -> list[Recorded]:
        """Rows of `events`; `where` is SQL of this package, never of a caller outside."""
        return [
            Recorded(position=p, event_id=i, stream=s, version=v, topic=t, state=b, recorded_at=at.astimezone(UTC))
            for p, i, s, v, t, b, at in self._ask(self._sql.rows(where), values)
        ]

    def read_stream(self, stream: str, *, after: int = 0, limit: int = READ_LIMIT_MAX) -> Sequence[Recorded]:
        where: LiteralString = "WHERE stream = %s AND version > %s ORDER BY version LIMIT %s"
        return self.rows(where, [stream, after, checked_limit(limit)])

    def read_log(self, *, after: int, limit: int) -> Sequence[Recorded]:
        return self.rows("WHERE position > %s ORDER BY position LIMIT %s", [after, checked_limit(limit)])

    def event(self, event_id: UUID) -> Recorded | None:
        found = self.rows("WHERE event_id = %s", [event_id])
        return found[0] if found else None

    def streams(self, prefix: str, *, after: str = "", limit: int = READ_LIMIT_MAX) -> Sequence[tuple[str, int]]:
        return [(stream, head) for stream, head in self._ask(self._sql.streams, [prefix, after, checked_limit(limit)])]

    def head(self) -> Position:
        found = self._ask(self._sql.head, [])
        number, event_id = found[0] if found else (0, None)
        return Position(lineage=self._lineage, position=number, event_id=event_id)

    def position(self, number: int) -> Position | None:
        found = self.rows("WHERE position = %s", [number])
        return Position(lineage=self._lineage, position=number, event_id=found[0].event_id) if found else None

    def command(self, command_id: UUID) -> CommandRecord | None:
        for stream, first, last, digest in self._ask(self._sql.command, [command_id]):
            return CommandRecord(command_id=command_id, stream=stream, first=first, last=last, digest=digest)
        return None

    def worker(self, name: str) -> Position | None:
        for lineage, number, event_id, _ in self._ask(self._sql.worker, [name]):
            current = self._current_lineage()
            if lineage != current or current != self._lineage:
                raise LineageChanged(f"worker {name} stood in lineage {lineage}, the log is {current}")
            return Position(lineage=lineage, position=number, event_id=event_id)
        return None

    def schemas(self) -> Sequence[WriterSchema]:
        found = self._ask(self._sql.schemas, [])
        return [WriterSchema(fingerprint=fingerprint, name=name, text=text) for fingerprint, name, text in found]

    # -------------------------------------------------------------- waiting
    def wait(self, *, after: int, timeout_seconds: float) -> bool:
        deadline = monotonic() + timeout_seconds
        self._listen_once()
        while True:
            notices = self._notices
            if self.head().position > after:
                return True
            remaining = deadline - monotonic()
            if remaining <= 0:
                return False
            with self._heard:
                if self._notices == notices:  # else one slipped in since the look
                    self._heard.wait(min(POLL_SECONDS_MAX, remaining))

    def _listen_once(self) -> None:
        with self._heard:
            if self._listener is None and not self._closing.is_set():
                self._listener = Thread(target=self._listen, name="log-listener", daemon=True)
                self._listener.start()

    def _listen(self) -> None:
        """Wakes waiting readers. A lost connection is made again; until then they poll."""
        while not self._closing.is_set():
            try:
                with psycopg.connect(self._conninfo, autocommit=True) as connection:
                    connection.execute(self._sql.listen)
                    self._wake()  # what came between two connections
                    while not self._closing.is_set():
                        for _ in connection.notifies(timeout=LISTEN_SECONDS, stop_after=1):
                            self._wake()
            except psycopg.Error:
                self._closing.wait(RECONNECT_SECONDS)

    def _wake(self) -> None:
        with self._heard:
            self._notices += 1
            self._heard.notify_all()

    def close(self) -> None:
        self._turns.close()
        self._closing.set()
        self._wake()
        if self._listener is not None:
            self._listener.join()
        self._pool.close()
