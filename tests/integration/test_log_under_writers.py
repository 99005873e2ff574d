"""I2: readers who tail the log see every committed event, in order, while eight processes write and collide."""
from __future__ import annotations

import os
import random
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from threading import Event, Thread
from uuid import UUID, uuid4

import pytest

from adapters.eventstore.postgres import PostgresLog
from adapters.eventstore.sqlite import SqliteLog
from domain.ports import READ_LIMIT_MAX, Append, Conflict, EventLog, NewEvent, Recorded
from tests.contract.postgres_store import PostgresStores
from tests.servers import Postgres

EVENTS = 100_000 if os.environ.get("CASEBRIDGE_FAULTS") == "large" else 20_000
WRITERS, READERS = 8, 3
LARGE_APPEND, LARGE_SHARE = 200, 0.75
"""Events of a large append, and the share of all events that come in large ones."""
COLLIDING_SHARE, RACING_SHARE = 0.2, 0.1
"""Appends at a version that is taken; and appends at the end of the one stream that all writers fight for."""
READ_SECONDS_MAX = 120


@dataclass(frozen=True)
class Place:
    """Where a process finds the log: a path, or a dsn and a schema."""

    path: str = ""
    dsn: str = ""
    schema: str = ""

    def open(self) -> EventLog:
        return SqliteLog(self.path) if self.path else PostgresLog(self.dsn, schema=self.schema)


@dataclass(frozen=True)
class Written:
    """What one writer was told: the positions of each event id, and how often another was first."""

    positions: dict[UUID, int]
    appends: int
    conflicts: int


def write(place: Place, number: int, share: int) -> Written:
    """Append about `share` events: a fifth of the appends rest on a version that is taken."""
    log, chance = place.open(), random.Random(number)
    positions: dict[UUID, int] = {}
    heads: dict[str, int] = {}
    appends = conflicts = 0
    while len(positions) < share:
        size = LARGE_APPEND if chance.random() < LARGE_SHARE / (LARGE_SHARE + (1 - LARGE_SHARE) * LARGE_APPEND) else 1
        stream = f"case-{number}-{chance.randrange(20)}"
        first = heads.get(stream, 0) + 1
        kind = chance.random()
        if kind < COLLIDING_SHARE + RACING_SHARE:
            stream = "case-shared"
            head = next((head for _, head in log.streams(stream, limit=1)), 0)
            first = max(head, 1) if kind < COLLIDING_SHARE else head + 1
        events = tuple(
            NewEvent(event_id=uuid4(), stream=stream, version=first + n, topic="casebridge.test.Noted", state=b"x" * 100)
            for n in range(size)
        )
        appends += 1
        try:
            appended = log.append(Append(events=events))
        except Conflict:
            conflicts += 1
            continue
        heads[stream] = first + size - 1
        positions |= {e.event_id: p for e, p in zip(events, appended.positions, strict=True)}
    log.close()
    return Written(positions=positions, appends=appends, conflicts=conflicts)


def tail(log: EventLog, written: Event, seen: list[Recorded]) -> None:
    """Follow the log by `position > n` alone, until the writers have ended and nothing is left."""
    after = 0
    while True:
        ended = written.is_set()
        rows = log.read_log(after=after, limit=500)
        if ended and not rows:
            return
        seen += rows
        after = rows[-1].position if rows else after
        if not rows:
            log.wait(after=after, timeout_seconds=0.5)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "sqlite":
        yield Place(path=str(tmp_path / "log.db"))
        return
    server: Postgres = request.getfixturevalue("postgres_server")
    stores = PostgresStores(server)
    store = stores.new()
    yield Place(dsn=store.app, schema=store.schema)
    stores.drop_roles()


@pytest.mark.faults
def test_tailing_readers_see_every_committed_event_in_order_while_eight_processes_collide(place: Place) -> None:
    logs = [place.open() for _ in range(READERS)]
    written = Event()
    seen: list[list[Recorded]] = [[] for _ in logs]
    readers = [Thread(target=tail, args=(log, written, rows)) for log, rows in zip(logs, seen, strict=True)]
    for reader in readers:
        reader.start()
    try:
        with ProcessPoolExecutor(WRITERS, mp_context=get_context("spawn")) as processes:
            told = list(processes.map(write, [place] * WRITERS, range(WRITERS), [EVENTS // WRITERS] * WRITERS))
    finally:
        written.set()
        for reader in readers:
            reader.join(READ_SECONDS_MAX)
    committed = {event_id: position for answer in told for event_id, position in answer.positions.items()}
    conflicts, appends = (sum(counts) for counts in zip(*((a.conflicts, a.appends) for a in told), strict=True))
    assert len(committed) >= EVENTS and conflicts >= 0.8 * COLLIDING_SHARE * appends
    for rows in seen:
        assert [row.position for row in rows] == sorted({row.position for row in rows})
        assert {row.event_id: row.position for row in rows} == committed
        assert all(one.recorded_at <= two.recorded_at for one, two in pairwise(rows))
    assert seen[0] == seen[1] == seen[2]
    for stream, head in logs[0].streams("case-", limit=READ_LIMIT_MAX):
        versions = [row.version for row in seen[0] if row.stream == stream]
        assert versions == list(range(1, head + 1))
    for log in logs:
        log.close()
