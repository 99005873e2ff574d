"""Builds a view anew beside the live one, and puts it in its place in one transaction."""
from __future__ import annotations

import secrets
from collections.abc import Callable

from sqlalchemy import Connection, Engine, MetaData, delete, quoted_name, text, update

from domain.ports import Clock
from projections.bookkeeping import Layout, live, lock_tables, metadata, positions, quarantine, shape, shapes, stands
from projections.bookkeeping import writing as for_writing
from projections.projection import Projection, Reader
from projections.runner import BATCH, Runner
from projections.source import Source

NEXT = "__next"
SWAP_ATTEMPTS_MAX = 100
QUIET_SECONDS = 0.5  # nothing came for so long: then the source is asked whether it was all
_BOOKS = (positions, quarantine)


class RebuildBehind(Exception):
    """The source or the live view was ahead of the new one at every attempt to swap. Nothing was swapped."""


def rebuild(
    projection: Projection,
    source: Source,
    engine: Engine,
    *,
    reader: Reader,
    clock: Clock,
    progress: Callable[[int, int], None] = lambda done, left: None,
) -> int:
    """Fold the whole source into new tables, then swap; how many events were read.

    Readers see the old rows until the swap and the new ones after it, never fewer events than before.
    The live runner may go on meanwhile; after the swap it finds its position moved and reads it anew.
    `progress` is told the events read and about how many are left, once a batch. Killed anywhere, it
    leaves the live view as it was; the next rebuild starts from nothing.
    """
    layout = shadow(projection)
    _discard(engine, layout)
    runner = Runner(projection, source, engine, reader=reader, clock=clock, layout=layout)
    done = 0
    total = runner.lag().events
    for _ in range(SWAP_ATTEMPTS_MAX):
        while count := runner.step(BATCH, QUIET_SECONDS):
            done += count
            progress(done, max(0, total - done))
        if runner.lag().events == 0 and _swap(engine, projection, layout):
            return done
    raise RebuildBehind(f"{projection.name}: its source or the live view was ahead {SWAP_ATTEMPTS_MAX} times")


def shadow(projection: Projection) -> Layout:
    """The same tables under names of their own; index names, which a swap cannot change, are used once."""
    schema, token = MetaData(), secrets.token_hex(4)
    tables = {}
    for table in projection.tables:
        tables[table.name] = copy = table.to_metadata(schema, name=table.name + NEXT)
        for index in copy.indexes:
            index.name = quoted_name(f"{index.name}_{token}", quote=None)
    return Layout(view=projection.name + NEXT, tables=tables)


def _discard(engine: Engine, layout: Layout) -> None:
    with for_writing(engine).begin() as connection:
        lock_tables(connection)
        metadata.create_all(connection)
        for table in layout.tables.values():
            _drop(connection, table.name)
        for book in (*_BOOKS, shapes):
            connection.execute(delete(book).where(book.c.view == layout.view))


def _swap(engine: Engine, projection: Projection, layout: Layout) -> bool:
    """Put the new tables, positions and references in the place of the old; False where they lag behind."""
    old = live(projection)
    with for_writing(engine).begin() as connection:
        lock_tables(connection)
        everyone = positions.c.view.in_([old.view, layout.view])
        connection.execute(update(positions).where(everyone).values(position=positions.c.position))
        before, after = stands(connection, old.view), stands(connection, layout.view)
        for shard, at in before.items():
            same_log = any(new.lineage == at.lineage for new in after.values())
            if same_log and (shard not in after or after[shard].position < at.position):
                return False
        for name, table in layout.tables.items():
            _drop(connection, name)
            connection.execute(text(f'ALTER TABLE "{table.name}" RENAME TO "{name}"'))
        for book in _BOOKS:
            connection.execute(delete(book).where(book.c.view == old.view))
            connection.execute(update(book).where(book.c.view == layout.view).values(view=old.view))
        connection.execute(delete(shapes).where(shapes.c.view.in_([old.view, layout.view])))
        connection.execute(shapes.insert().values(view=old.view, shape=shape(projection)))
    return True


def _drop(connection: Connection, name: str) -> None:
    connection.execute(text(f'DROP TABLE IF EXISTS "{name}"'))
