"""The views database, SQLite or PostgreSQL, and the log as the source of a view."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from adapters.avro.codec import EventCodec
from adapters.avro.envelope import ENVELOPE, from_raw
from adapters.avro.errors import Unreadable
from adapters.avro.single_object import SchemaRegistry
from adapters.private_file import make_private
from adapters.write_ahead import write_ahead
from domain.events import Circumstances, Envelope
from domain.ports import EventLog, KeyName, Recorded
from projections.runner import LOG_SHARD
from projections.source import Batch, Lag

BUSY_TIMEOUT_SECONDS = 5
IDLE_IN_TRANSACTION_SECONDS = 10
CONNECT_TIMEOUT_SECONDS = 5
CONNECTIONS_MAX = 5


def open_views(url: str) -> Engine:
    """An engine for `sqlite:///path` (a file of its own, never the log's) or `postgresql://...`.

    Raises ValueError for any other kind of database.
    """
    parsed = make_url(url)
    match parsed.get_backend_name():
        case "sqlite":
            return _sqlite(parsed)
        case "postgresql":
            return _postgresql(parsed.set(drivername="postgresql+psycopg"))
        case other:
            raise ValueError(f"views can be kept in sqlite or postgresql, not in {other}")


def _postgresql(url: URL) -> Engine:
    options = {
        "lock_timeout": f"{BUSY_TIMEOUT_SECONDS}s",
        "idle_in_transaction_session_timeout": f"{IDLE_IN_TRANSACTION_SECONDS}s",
    }
    return create_engine(
        url,
        pool_size=CONNECTIONS_MAX,
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": CONNECT_TIMEOUT_SECONDS,
            "application_name": "casebridge-views",
            "options": " ".join(f"-c {name}={value}" for name, value in options.items()),
        },
    )


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url, pool_size=CONNECTIONS_MAX, connect_args={"timeout": BUSY_TIMEOUT_SECONDS})

    @event.listens_for(engine, "do_connect")
    def connecting(dialect: object, record: object, arguments: object, options: object) -> None:
        if url.database and url.database != ":memory:" and not url.database.startswith("file:"):
            make_private(Path(url.database))

    @event.listens_for(engine, "connect")
    def connected(dbapi_connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
        connection: Any = dbapi_connection
        connection.isolation_level = None  # The driver begins no transaction of its own: DDL must be inside ours.
        write_ahead(connection)
        # A power cut may take the last transactions, rows and position together: they are read again.
        connection.execute("PRAGMA synchronous=NORMAL")

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        immediate = connection.get_execution_options().get("immediate", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    return engine


class LogSource:
    """The log as one shard, in order of position."""

    def __init__(self, log: EventLog) -> None:
        self._log = log

    @property
    def lineage(self) -> UUID:
        return self._log.lineage

    def read(self, after: Mapping[str, int], *, limit: int, timeout_seconds: float) -> Sequence[Batch]:
        start = after.get(LOG_SHARD, 0)
        records = self._log.read_log(after=start, limit=limit)
        if not records and timeout_seconds > 0 and self._log.wait(after=start, timeout_seconds=timeout_seconds):
            records = self._log.read_log(after=start, limit=limit)
        if not records:
            return ()
        to = records[-1].position
        head = to if len(records) < limit else self._log.head().position
        return (Batch(shard=LOG_SHARD, records=tuple(records), to=to, head_seen=head),)

    def has(self, shard: str, position: int, event_id: UUID) -> bool:
        there = self._log.position(position)
        return there is not None and there.event_id == event_id

    def lag(self, after: Mapping[str, int]) -> Lag:
        """By positions, which an append that failed may have left unused: never less than there is."""
        start = after.get(LOG_SHARD, 0)
        oldest = self._log.read_log(after=start, limit=1)
        if not oldest:
            return Lag(events=0, oldest_unread_at=None)
        return Lag(events=self._log.head().position - start, oldest_unread_at=oldest[0].recorded_at)

    def close(self) -> None:
        """The log belongs to whoever opened it."""


class ClearCodec:
    """`ClearReader` over a codec that holds no key."""

    def __init__(self, registry: SchemaRegistry) -> None:
        self._registry = registry
        self._codec = EventCodec(registry, NoKeys())

    def circumstances(self, recorded: Recorded) -> Circumstances:
        record = self._registry.read(ENVELOPE, recorded.state)
        if record["event_id"] != str(recorded.event_id):
            raise Unreadable(recorded.topic, "the row has another event id than its bytes")
        return from_raw(record, recorded.event_id)

    def decode(self, recorded: Recorded) -> Envelope:
        return self._codec.decode(recorded)


class NoKeys:
    """A key store that has no key: through it, a codec reads clear fields only."""

    def current(self, name: KeyName) -> tuple[int, bytes]:
        raise AssertionError("a view encrypts nothing")

    def open(self, name: KeyName, generation: int) -> bytes | None:
        return None

    def command_key(self) -> bytes:
        raise AssertionError("a view judges no command")
