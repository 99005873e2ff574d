"""The timeline: every event of every case, by its times; what it says is opened from the log when it is read."""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, Engine, Integer, MetaData, String, Table, Uuid, select

from domain.events import Envelope
from domain.ports import Recorded
from projections.projection import CASE, Change, ClearReader, History, Moment, Put, Reader, case_of

PAGE_MAX = 1_000

metadata = MetaData()
timeline = Table(
    "timeline",
    metadata,
    Column("case_id", Uuid, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("event_id", Uuid, nullable=False),
    Column("topic", String, nullable=False),
    Column("occurred_at", Moment, nullable=False),
    Column("learned_at", Moment, nullable=False),
    Column("recorded_at", Moment, nullable=False),
    Column("actor_role", String, nullable=False),
    Column("command_id", Uuid, nullable=False),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class TimelineEntry:
    """One event of a case, without what it says. Times are in UTC; the zone stands in the event."""

    case_id: UUID
    version: int
    position: int
    event_id: UUID
    topic: str
    occurred_at: datetime
    learned_at: datetime
    recorded_at: datetime
    actor_role: str
    command_id: UUID


class Timeline:
    """One row per event of a case."""

    name = "timeline"
    tables = (timeline,)

    def concerns(self, recorded: Recorded) -> bool:
        return recorded.stream.startswith(CASE)

    def when(self, recorded: Recorded, reader: ClearReader) -> Iterable[Change]:
        told = reader.circumstances(recorded)
        return [Put(timeline, {
            "case_id": case_of(recorded.stream),
            "version": recorded.version,
            "position": recorded.position,
            "event_id": recorded.event_id,
            "topic": recorded.topic,
            "occurred_at": told.occurred_at,
            "learned_at": told.learned_at,
            "recorded_at": recorded.recorded_at,
            "actor_role": told.actor.role,
            "command_id": told.command_id,
        })]


def timeline_of(engine: Engine, case_id: UUID, *, after: int = 0, limit: int = PAGE_MAX) -> Sequence[TimelineEntry]:
    """Entries of a case with version > `after`, in order of version, at most `limit` (1,000 at most)."""
    asked = select(timeline).where(timeline.c.case_id == case_id, timeline.c.version > after)
    with engine.connect() as connection:
        rows = connection.execute(asked.order_by(timeline.c.version).limit(min(limit, PAGE_MAX))).mappings()
        return [TimelineEntry(**{field.name: row[field.name] for field in fields(TimelineEntry)}) for row in rows]


def opened(
    entries: Sequence[TimelineEntry], history: History, reader: Reader
) -> Iterator[tuple[TimelineEntry, Envelope]]:
    """Each entry with what it says, as far as `reader` holds the keys; `entries` are one page of one case."""
    if entries:
        first, last = entries[0], entries[-1]
        stream = f"{CASE}{first.case_id}"
        stored = history.read_stream(stream, after=first.version - 1, limit=last.version - first.version + 1)
        by_version = {recorded.version: recorded for recorded in stored}
        for entry in entries:
            yield entry, reader.decode(by_version[entry.version])


def cases_with(engine: Engine, *topics: str) -> list[UUID]:
    """Cases in which an event of one of these topics was ever recorded, by their ids."""
    asked = select(timeline.c.case_id).distinct().where(timeline.c.topic.in_(topics)).order_by(timeline.c.case_id)
    with engine.connect() as connection:
        return list(connection.scalars(asked))
