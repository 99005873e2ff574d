"""What the views database knows about its views: their shapes, positions, and what they could not read."""
from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, Connection, Engine, Integer, MetaData, String, Table, Uuid, inspect, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from projections.projection import Moment, Projection

metadata = MetaData()
shapes = Table(
    "view_shapes",
    metadata,
    Column("view", String, primary_key=True),
    Column("shape", String, nullable=False),
)
positions = Table(
    "view_positions",
    metadata,
    Column("view", String, primary_key=True),
    Column("shard", String, primary_key=True),
    Column("lineage", Uuid, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("event_id", Uuid),  # the last event read; none where only transaction markers were
)
quarantine = Table(
    "view_quarantine",
    metadata,
    Column("view", String, primary_key=True),
    Column("stream", String, primary_key=True),
    Column("shard", String, nullable=False),
    Column("version", Integer, nullable=False),  # the event that could not be read; the stream is held from here on
    Column("seen_version", Integer, nullable=False),  # the last event that was held
    Column("position", BigInteger, nullable=False),
    Column("error", String, nullable=False),
    Column("first_seen", Moment, nullable=False),
)

_DDL_LOCK = 0x6361_7365_7669  # one process at a time makes tables; PostgreSQL's IF NOT EXISTS can lose a race


class ViewOutdated(Exception):
    """The tables were made by other code than this. Rebuild the view."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """Under which names a view stands: live, or beside the live one while it is rebuilt."""

    view: str
    tables: Mapping[str, Table]


@dataclass(frozen=True, kw_only=True, slots=True)
class Stand:
    """Where a view stands in a shard."""

    lineage: UUID
    position: int
    event_id: UUID | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Unreadable:
    """A reference to an event that a view could not read, and how far its stream is held. No bytes."""

    stream: str
    shard: str
    version: int
    seen_version: int
    position: int
    error: str
    first_seen: datetime


def live(projection: Projection) -> Layout:
    return Layout(view=projection.name, tables={table.name: table for table in projection.tables})


def shape(projection: Projection) -> str:
    """A digest of the tables and indexes as they are declared today."""
    statements: list[str] = []
    for table in projection.tables:
        statements.append(str(CreateTable(table).compile(dialect=sqlite.dialect())))
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            statements.append(str(CreateIndex(index).compile(dialect=sqlite.dialect())))
    return hashlib.sha256("\0".join(statements).encode()).hexdigest()


def stored_shape(connection: Connection, view: str) -> str | None:
    """The shape of the tables that stand, or None where there are none."""
    return connection.scalar(select(shapes.c.shape).where(shapes.c.view == view))


def writing(engine: Engine) -> Engine:
    """The same engine, whose transactions take SQLite's write lock at once instead of failing in the middle."""
    return engine.execution_options(immediate=True)


def lock_tables(connection: Connection) -> None:
    """Until the end of this transaction no other process makes or swaps tables."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _DDL_LOCK})


def prepare(engine: Engine, projection: Projection, layout: Layout) -> None:
    """Make what tables are missing. Raises ViewOutdated where those that stand have another shape."""
    today = shape(projection)
    with writing(engine).begin() as connection:
        lock_tables(connection)
        metadata.create_all(connection)
        stored = stored_shape(connection, layout.view)
        if stored is not None and stored != today:
            raise ViewOutdated(f"the tables of {projection.name} are not as this code declares them: rebuild it")
        if stored is None:
            for table in layout.tables.values():
                table.create(connection)
            connection.execute(shapes.insert().values(view=layout.view, shape=today))


def stands(connection: Connection, view: str) -> dict[str, Stand]:
    """Where the view stands, by shard."""
    rows = connection.execute(select(positions).where(positions.c.view == view))
    return {r.shard: Stand(lineage=r.lineage, position=r.position, event_id=r.event_id) for r in rows}


def seen(engine: Engine, shard: str) -> list[tuple[str, Stand]]:
    """Every view that has read of a shard, and where it stands in it."""
    with engine.connect() as connection:
        if not inspect(connection).has_table(positions.name):
            return []
        names = connection.scalars(select(positions.c.view).where(positions.c.shard == shard)).all()
        return [(name, stands(connection, name)[shard]) for name in names]


def move(connection: Connection, view: str, shard: str, *, after: Stand | None, to: Stand) -> bool:
    """Move a position from exactly `after`; False where another instance moved it first.

    It locks the position until the end of the transaction, so a second instance waits here.
    """
    values = {"lineage": to.lineage, "position": to.position, "event_id": to.event_id}
    if after is None:
        insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        first = insert(positions).values(view=view, shard=shard, **values).on_conflict_do_nothing()
        return connection.execute(first, execution_options={"preserve_rowcount": True}).rowcount == 1
    here = (positions.c.view == view) & (positions.c.shard == shard)
    same = (positions.c.position == after.position) & (positions.c.lineage == after.lineage)
    return connection.execute(positions.update().where(here & same).values(values)).rowcount == 1


def lock(connection: Connection, view: str, shard: str) -> None:
    """Nobody moves this position until the end of the transaction."""
    here = (positions.c.view == view) & (positions.c.shard == shard)
    connection.execute(positions.update().where(here).values(position=positions.c.position))


def hold(connection: Connection, view: str, items: Iterable[Unreadable]) -> None:
    """Note that streams are held, and how far."""
    rows = [{"view": view, **asdict(item)} for item in items]
    if rows:
        insert = (postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert)(quarantine)
        new = {name: insert.excluded[name] for name in rows[0] if name not in ("view", "stream")}
        connection.execute(insert.on_conflict_do_update(index_elements=["view", "stream"], set_=new), rows)


def release(connection: Connection, view: str, stream: str) -> None:
    connection.execute(quarantine.delete().where((quarantine.c.view == view) & (quarantine.c.stream == stream)))


def unreadable(connection: Connection, view: str) -> Sequence[Unreadable]:
    """What the view could not read, in order of stream."""
    rows = connection.execute(select(quarantine).where(quarantine.c.view == view).order_by(quarantine.c.stream))
    return [
        Unreadable(
            stream=r.stream, shard=r.shard, version=r.version, seen_version=r.seen_version,
            position=r.position, error=r.error, first_seen=r.first_seen,
        )
        for r in rows
    ]
