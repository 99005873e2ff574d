"""View == fold(log): the log is folded anew into a file that goes away, and compared with the view row by row."""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, Row, String, Table, collate, inspect, select

from adapters.cli.checks import Check
from adapters.composition import Casebridge
from adapters.views import LogSource, open_views
from domain.ports import EventLog
from projections import bookkeeping
from projections.projection import Projection
from projections.runner import LOG_SHARD, Runner
from projections.source import Batch, Lag

BATCH = 500
ATTEMPTS_MAX = 5


def check_view(casebridge: Casebridge, projection: Projection) -> Check:
    """The view as it stands; one that is fed meanwhile is caught up with, at most ATTEMPTS_MAX times."""
    found = Check(f"view {projection.name} is the fold of the log")
    with TemporaryDirectory(prefix="casebridge-fsck-") as folder:
        fresh = open_views(f"sqlite:///{Path(folder) / 'views.sqlite'}")
        try:
            source = _Prefix(casebridge.log)
            runner = Runner(projection, source, fresh, reader=casebridge.clear_codec, clock=casebridge.clock)
            for _ in range(ATTEMPTS_MAX):
                if _compared(found, projection, casebridge.views, fresh, source.upto):
                    return found
                source.upto = _stands(casebridge, projection)
                while runner.step(BATCH):
                    pass
        finally:
            fresh.dispose()
    found.note = "moved too fast to be compared: stop the workers and look again"
    return found


def _stands(casebridge: Casebridge, projection: Projection) -> int:
    with casebridge.views.connect() as connection:
        stands = bookkeeping.stands(connection, projection.name)
    return stands[LOG_SHARD].position


def _compared(found: Check, projection: Projection, live: Engine, fresh: Engine, folded: int) -> bool:
    """Compare in one snapshot of the view; False where it stands elsewhere than what was folded."""
    isolation = "REPEATABLE READ" if live.dialect.name == "postgresql" else "SERIALIZABLE"
    with live.connect() as plain, fresh.connect() as theirs:
        mine = plain.execution_options(isolation_level=isolation) if live.dialect.name == "postgresql" else plain
        if not inspect(mine).has_table(bookkeeping.positions.name):
            found.note = "not fed yet"
            return True
        stands = bookkeeping.stands(mine, projection.name)
        if not stands:
            found.note = "not fed yet"
            return True
        if set(stands) != {LOG_SHARD}:
            found.note = "fed from Kafka: not compared"
            return True
        if bookkeeping.stored_shape(mine, projection.name) != bookkeeping.shape(projection):
            found.wrong(f"view {projection.name}: its tables are those of other code: rebuild it")
            return True
        if stands[LOG_SHARD].position != folded:
            return False
        for item in bookkeeping.unreadable(mine, projection.name):
            found.wrong(f"view {projection.name}: cannot read {item.stream} from version {item.version} ({item.error})")
        for table in projection.tables:
            _lay(found, table, _ordered(table, mine), _ordered(table, theirs))
    return True


def _lay(found: Check, table: Table, left: Iterator[Row[Any]], right: Iterator[Row[Any]]) -> None:
    """Two readings of one table in the order of its key, side by side."""
    mine, theirs = next(left, None), next(right, None)
    while mine is not None or theirs is not None:
        found.checked += 1
        key, other = _key(table, mine), _key(table, theirs)
        if key == other:
            if tuple(mine or ()) != tuple(theirs or ()):
                found.wrong(f"{table.name}, {_named(table, mine)}: differs from the fold")
            mine, theirs = next(left, None), next(right, None)
        elif other is None or (key is not None and key < other):
            found.wrong(f"{table.name}, {_named(table, mine)}: the log has nothing of it")
            mine = next(left, None)
        else:
            found.wrong(f"{table.name}, {_named(table, theirs)}: is missing")
            theirs = next(right, None)


def _ordered(table: Table, connection: Connection) -> Iterator[Row[Any]]:
    """Rows in the order of their key, texts by their bytes on every database; BATCH at a time."""
    is_postgresql = connection.dialect.name == "postgresql"
    order = [
        collate(column, "C") if is_postgresql and isinstance(column.type, String) else column for column in table.primary_key
    ]
    yield from connection.execute(select(table).order_by(*order), execution_options={"yield_per": BATCH})


def _key(table: Table, row: Row[Any] | None) -> tuple[Any, ...] | None:
    return None if row is None else tuple(row._mapping[column] for column in table.primary_key)


def _named(table: Table, row: Row[Any] | None) -> str:
    assert row is not None, "a row that is named is there"
    return ", ".join(f"{column.name} {row._mapping[column]}" for column in table.primary_key)


class _Prefix:
    """The log up to a position, as the source of a view."""

    def __init__(self, log: EventLog) -> None:
        self._log, self.upto = LogSource(log), 0

    @property
    def lineage(self) -> UUID:
        return self._log.lineage

    def read(self, after: Mapping[str, int], *, limit: int, timeout_seconds: float) -> Sequence[Batch]:
        if after.get(LOG_SHARD, 0) >= self.upto:
            return ()
        kept = []
        for batch in self._log.read(after, limit=limit, timeout_seconds=0.0):
            records = tuple(record for record in batch.records if record.position <= self.upto)
            if records:
                kept.append(Batch(shard=batch.shard, records=records, to=records[-1].position, head_seen=self.upto))
        return kept

    def has(self, shard: str, position: int, event_id: UUID) -> bool:
        return self._log.has(shard, position, event_id)

    def lag(self, after: Mapping[str, int]) -> Lag:
        return self._log.lag(after)

    def close(self) -> None:
        """The log belongs to whoever opened it."""
