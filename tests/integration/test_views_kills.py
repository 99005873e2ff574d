"""A projector killed at any statement loses and doubles nothing."""
from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from uuid import UUID

import pytest
from sqlalchemy import text

from adapters.eventstore.sqlite import SqliteLog
from adapters.views import open_views
from domain.ports import Append, Guard, NewEvent, Recorded
from tests.faults.views_process import run
from tests.views_model import folded, history, rows

LARGE = os.environ.get("CASEBRIDGE_FAULTS") == "large"
KILLS = 500 if LARGE else 20
LIVES_MAX = 2 * KILLS
EVENTS_PER_KILL = 60
BATCH = 25
STATEMENTS_MAX = 30
SEED = 20_261_123
PROCESS_SECONDS_MAX = 60.0

pytestmark = [pytest.mark.faults, pytest.mark.timeout(3_600 if LARGE else 300)]


@pytest.fixture(params=["sqlite", "postgresql"])
def views_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'views.db'}"
    else:
        yield request.getfixturevalue("postgres_server").create_database()


def append(log: SqliteLog, records: list[Recorded]) -> None:
    first: dict[str, int] = {}
    for record in records:
        first.setdefault(record.stream, record.version - 1)
    log.append(Append(
        guards=tuple(Guard(stream=stream, version=version) for stream, version in first.items()),
        events=tuple(
            NewEvent(event_id=r.event_id, stream=r.stream, version=r.version, topic=r.topic, state=r.state) for r in records
        ),
    ))


def raw_log(path: Path) -> list[Recorded]:
    """The log's rows, read without any code of ours."""
    with sqlite3.connect(path) as connection:
        connection.row_factory = sqlite3.Row
        stored = connection.execute("SELECT * FROM events ORDER BY position").fetchall()
    connection.close()
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return [
        Recorded(
            position=r["position"], event_id=UUID(bytes=r["event_id"]), stream=r["stream"], version=r["version"],
            topic=r["topic"], state=r["state"], recorded_at=epoch + timedelta(microseconds=r["recorded_at"]),
        )
        for r in stored
    ]


def test_a_projector_killed_at_any_statement_loses_and_doubles_nothing(views_url: str, tmp_path: Path) -> None:
    chance, log_path = Random(SEED), tmp_path / "log.db"
    log = SqliteLog(log_path)
    records = history(EVENTS_PER_KILL * LIVES_MAX, seed=SEED)
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["tests.faults.views_process"])
    killed = lives = 0
    while killed < KILLS and lives < LIVES_MAX:
        append(log, records[lives * EVENTS_PER_KILL : (lives + 1) * EVENTS_PER_KILL])
        lives += 1
        statement = chance.randrange(STATEMENTS_MAX)
        process = processes.Process(target=run, args=(str(log_path), views_url, statement, BATCH))
        process.start()
        process.join(PROCESS_SECONDS_MAX)
        assert process.exitcode in (0, -signal.SIGKILL), f"life {lives} at statement {statement}: {process.exitcode}"
        killed += process.exitcode == -signal.SIGKILL
        process.close()
    log.close()
    assert killed == KILLS, "one that is done before its statement comes does not count"

    run(str(log_path), views_url, 1_000_000, BATCH)
    stored = raw_log(log_path)
    assert len(stored) == lives * EVENTS_PER_KILL
    engine = open_views(views_url)
    assert rows(engine) == folded(stored)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT position FROM view_positions")) == stored[-1].position
        assert connection.scalar(text("SELECT count(*) FROM view_quarantine")) == 0
    engine.dispose()
