"""A small view with its events, source and reader, and a fold of its own to judge it by.

It writes rows in every way a view may: inserts, sets columns of rows that exist or do not, and lets events
of two streams touch one row.
"""
from __future__ import annotations

import json
import random
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID, uuid5

from sqlalchemy import Column, Engine, Index, Integer, MetaData, String, Table, Uuid, select

from domain.events import Actor, Circumstances, Envelope, Event
from domain.ports import Recorded
from projections.projection import Change, ClearReader, Moment, Patch, Put
from projections.source import Batch, Lag

NAMES = UUID("6f0b3a52-6c6e-4e0a-8a6e-3f1d2c4b5a69")
LINEAGE = uuid5(NAMES, "lineage")
START = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
TOPIC = "casebridge.test."
Rows = dict[str, list[tuple[Any, ...]]]


@dataclass(frozen=True)
class Told(Event):
    """Something was said about a thing. Declared nowhere: it is no event of the registry."""

    TOPIC: ClassVar[str] = TOPIC + "Told"
    kind: str
    thing: str
    word: str


schema = MetaData()
things = Table(
    "test_things",
    schema,
    Column("thing", String, primary_key=True),
    Column("placed_at", Moment),
    Column("seen_by", String),  # set by events of another stream
)
stages = Table(
    "test_stages",
    schema,
    Column("thing", String, primary_key=True),
    Column("stage", String),
    Column("moved_by", Integer),
    Index("ix_test_stages_stage", "stage"),
)
words = Table(
    "test_words",
    schema,
    Column("event_id", Uuid, primary_key=True),
    Column("stream", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("word", String(12), nullable=False),
)
later = Table("test_later", schema, Column("thing", String, primary_key=True))


class Things:
    """Where things stand, and every word said."""

    name = "test_things"
    tables = (things, stages, words)

    def concerns(self, recorded: Recorded) -> bool:
        return recorded.topic != TOPIC + "Aside"

    def when(self, recorded: Recorded, reader: ClearReader) -> Iterable[Change]:
        envelope = reader.decode(recorded)
        told = envelope.event
        assert isinstance(told, Told)
        at = envelope.circumstances.occurred_at
        yield Put(words, {"event_id": recorded.event_id, "stream": recorded.stream, "version": recorded.version,
                          "word": told.word})
        match told.kind:
            case "place":
                yield Put(things, {"thing": told.thing, "placed_at": at})
                yield Put(stages, {"thing": told.thing, "stage": told.word})
            case "move":
                yield Patch(stages, {"thing": told.thing, "stage": told.word, "moved_by": recorded.version})
            case "see":
                yield Put(things, {"thing": told.thing, "seen_by": told.word})


class JsonReader:
    """Reads the test's own form of state."""

    def circumstances(self, recorded: Recorded) -> Circumstances:
        return self.decode(recorded).circumstances

    def decode(self, recorded: Recorded) -> Envelope:
        told = json.loads(recorded.state)
        at = START + timedelta(microseconds=told["at"])
        circumstances = Circumstances(
            event_id=recorded.event_id, occurred_at=at, learned_at=at, actor=Actor(agency="a", role="r", user="u"),
            principal="p", command_id=recorded.event_id, correlation_id=recorded.event_id, causation_id=None,
            traceparent=None, agency="a", jurisdiction="US-NM", packs=(),
        )
        event = Told(kind=told["kind"], thing=told["thing"], word=told["word"])
        return Envelope(stream=recorded.stream, version=recorded.version, event=event, circumstances=circumstances)


class StillClock:
    def __init__(self, now: datetime = START) -> None:
        self.time = now

    def now(self) -> datetime:
        return self.time


class ListSource:
    """A log in a list, as one shard or as several, as Kafka would give it; also the history of its streams."""

    def __init__(self, records: Sequence[Recorded], *, shards: int = 0, lineage: UUID = LINEAGE) -> None:
        self.lineage = lineage
        self.records = list(records)
        self._shards = shards

    def read(self, after: Mapping[str, int], *, limit: int, timeout_seconds: float) -> Sequence[Batch]:
        batches = []
        for shard, records in self._by_shard().items():
            start = after.get(shard, 0)
            taken = records[start : start + limit]  # positions of this list are gapless, as offsets are
            if taken:
                to = start + len(taken)
                batches.append(Batch(shard=shard, records=tuple(taken), to=to, head_seen=len(records)))
                limit -= len(taken)
        return batches

    def has(self, shard: str, position: int, event_id: UUID) -> bool:
        there = self._by_shard().get(shard, [])[position - 1 : position]
        return shard != "log" or [record.event_id for record in there] == [event_id]

    def lag(self, after: Mapping[str, int]) -> Lag:
        unread = [r for shard, records in self._by_shard().items() for r in records[after.get(shard, 0) :]]
        return Lag(events=len(unread), oldest_unread_at=min((r.recorded_at for r in unread), default=None))

    def close(self) -> None: ...

    def read_stream(self, stream: str, *, after: int = 0, limit: int = 5_000) -> Sequence[Recorded]:
        return [r for r in self.records if r.stream == stream and r.version > after][:limit]

    def _by_shard(self) -> dict[str, list[Recorded]]:
        if not self._shards:
            return {"log": self.records}
        shards: dict[str, list[Recorded]] = {}
        for record in self.records:
            shards.setdefault(f"kafka-{zlib.crc32(record.stream.encode()) % self._shards}", []).append(record)
        return shards


def history(count: int, *, seed: int, streams: int = 8) -> list[Recorded]:
    """A seeded log in which every kind of event meets every state of a row."""
    chance = random.Random(seed)
    heads: dict[str, int] = {}
    records = []
    for position in range(1, count + 1):
        number = chance.randrange(streams)
        kind = chance.choice(["place", "move", "move", "see", "say"])
        stream = f"watch-{number}" if kind == "see" else f"thing-{number}"
        topic = TOPIC + ("Aside" if chance.random() < 0.1 else "Told")
        records.append(told(position, stream, heads.get(stream, 0) + 1, kind, number, chance.choice("abcdef"), topic))
        heads[stream] = records[-1].version
    return records


def told(
    position: int, stream: str, version: int, kind: str, number: int, word: str, topic: str = TOPIC + "Told"
) -> Recorded:
    state = {"kind": kind, "thing": f"thing-{number}", "word": word, "at": position * 1_000_003}
    return Recorded(
        position=position, event_id=uuid5(NAMES, str(position)), stream=stream, version=version, topic=topic,
        state=json.dumps(state).encode(), recorded_at=START + timedelta(seconds=position),
    )


def folded(records: Iterable[Recorded]) -> Rows:
    """What the view's rows must be: one event after the other over raw bytes, sharing no code with the view."""
    stood: dict[str, dict[str, Any]] = {}
    stage: dict[str, list[Any]] = {}
    said = []
    for record in records:
        if record.topic.endswith("Aside"):
            continue
        told = json.loads(record.state)
        thing, word = told["thing"], told["word"]
        said.append((record.event_id, record.stream, record.version, word))
        if told["kind"] == "place":
            stood.setdefault(thing, {})["placed_at"] = START + timedelta(microseconds=told["at"])
            stage[thing] = [word, stage[thing][1] if thing in stage else None]
        elif told["kind"] == "see":
            stood.setdefault(thing, {})["seen_by"] = word
        elif told["kind"] == "move" and thing in stage:
            stage[thing] = [word, record.version]
    return {
        "test_things": sorted((k, v.get("placed_at"), v.get("seen_by")) for k, v in stood.items()),
        "test_stages": sorted((k, *v) for k, v in stage.items()),
        "test_words": sorted(said),
    }


def rows(engine: Engine, tables: Sequence[Table] = Things.tables) -> Rows:
    """Every row of the live tables, in order of primary key."""
    with engine.connect() as connection:
        return {t.name: sorted((tuple(r) for r in connection.execute(select(t))), key=lambda r: r[0]) for t in tables}
