"""The log's file refuses every change, whoever opens it; and what is particular to writing in turns."""
from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from uuid import uuid4

import pytest

from adapters.eventstore import open_log
from adapters.eventstore.sqlite import HEADS_MAX, SqliteLog
from adapters.eventstore.turns import QUEUE_MAX, Asked, Caller, Turns
from domain.ports import Append, Appended, Conflict, Lineage, LogError, LogUnavailable, WorkerMove, WriterSchema
from tests.contract.event_log_contract import everything, new_command, new_event

WAIT_SECONDS_MAX = 10.0
FORBIDDEN = [
    "UPDATE events SET state = x'00'",
    "UPDATE events SET position = position + 10",
    "DELETE FROM events",
    "INSERT OR REPLACE INTO events SELECT * FROM events",
    "INSERT OR REPLACE INTO events SELECT NULL, event_id, 'case-b', 1, topic, state, recorded_at FROM events",
    "INSERT OR REPLACE INTO events SELECT NULL, x'01', stream, version, topic, x'', recorded_at FROM events",
    "INSERT INTO events VALUES (99, x'01', 'case-b', 1, 't', x'', 0)",
    "INSERT INTO events VALUES (-1, x'01', 'case-b', 1, 't', x'', 0)",
    "INSERT INTO events VALUES (NULL, x'01', 'case-b', 'one', 't', x'', 0)",
    "UPDATE commands SET digest = x'00'",
    "DELETE FROM commands",
    "INSERT OR REPLACE INTO commands SELECT command_id, stream, 0, 0, x'', 0 FROM commands",
    "UPDATE schemas SET text = ''",
    "DELETE FROM schemas",
    "INSERT OR REPLACE INTO schemas SELECT fingerprint, name, 'other' FROM schemas",
    "UPDATE lineages SET lineage = x'00'",
    "DELETE FROM lineages",
    "INSERT OR REPLACE INTO lineages SELECT NULL, lineage, 0 FROM lineages",
    "DELETE FROM workers",
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.db"


@pytest.fixture
def log(path: Path) -> Iterator[SqliteLog]:
    log = SqliteLog(path)
    log.append(
        Append(
            events=(new_event("case-a", 1),), command=new_command("case-a"),
            schemas=(WriterSchema(fingerprint=b"12345678", name="n", text="{}"),),
        )
    )  # fmt: skip
    log.append(Append(worker=WorkerMove(worker="relay", after=0, to=log.head())))
    yield log
    log.close()


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_file_refuses_whoever_opens_it(statement: str, log: SqliteLog, path: Path) -> None:
    before = everything(log)
    connection = sqlite3.connect(path, isolation_level=None)
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute(statement)
    connection.close()
    assert everything(log) == before


def test_every_append_is_synced_to_the_disk(log: SqliteLog) -> None:
    assert log._writing.execute("PRAGMA synchronous").fetchone() == (2,)
    assert log._writing.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_one_bad_append_spoils_nothing_for_those_who_share_its_transaction(log: SqliteLog) -> None:
    other = WriterSchema(fingerprint=b"12345678", name="n", text="other")
    taken = log.read_log(after=0, limit=1)[0].event_id
    group = [
        Asked(Append(events=(new_event("case-b", 1),)), (("case-b", 0),)),
        Asked(Append(events=(new_event("case-c", 1),), schemas=(other,)), (("case-c", 0),)),
        Asked(Append(events=(new_event("case-b", 2),)), (("case-b", 1),)),
        Asked(Append(events=(new_event("case-b", 2),)), (("case-b", 1),)),
    ]
    log._store_together(group)
    assert [type(asked.answer) for asked in group] == [Appended, LogError, Appended, Conflict]
    assert [(r.stream, r.version) for r in log.read_log(after=1, limit=9)] == [("case-b", 1), ("case-b", 2)]
    assert log.event(taken) is not None


def test_a_file_that_another_process_holds_for_too_long_is_unavailable(log: SqliteLog, path: Path) -> None:
    log._writing.execute("PRAGMA busy_timeout = 50")
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(LogUnavailable, match="locked"):
        log.append(Append(events=(new_event("case-a", 2),)))
    holder.execute("ROLLBACK")
    holder.close()
    log.append(Append(events=(new_event("case-a", 2),)))


def test_a_naive_clock_is_refused_and_nothing_is_stored(path: Path) -> None:
    class Naive:
        def now(self) -> datetime:
            return datetime(2023, 12, 1)  # noqa: DTZ001

    log = SqliteLog(path, clock=Naive())
    with pytest.raises(ValueError, match="aware"):
        log.append(Append(events=(new_event("case-a", 1),)))
    assert log.head().position == 0
    log.close()


def test_a_log_is_opened_by_its_url(tmp_path: Path) -> None:
    log = open_log(f"sqlite:///{tmp_path / 'log.db'}")
    assert (tmp_path / "log.db").exists() and log.head().position == 0
    log.close()
    for url in ("sqlite:///", "mysql://x", "log.db", ""):
        with pytest.raises(ValueError, match="sqlite:///"):
            open_log(url)
    with pytest.raises(LogUnavailable):
        open_log(f"sqlite:///{tmp_path}/no/such/folder/log.db")


def test_a_new_file_opened_by_many_at_once_is_one_log(path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        logs = list(threads.map(lambda _: SqliteLog(path), range(8)))
    assert len({log.lineage for log in logs}) == 1
    for log in logs:
        log.close()


def ask(turns: Turns) -> Appended:
    event = new_event(f"case-{uuid4()}", 1)
    return turns.ask(Asked(Append(events=(event,)), ()))


def test_a_full_queue_is_refused_and_the_turn_is_passed_on() -> None:
    entered, go, sizes = Event(), Event(), []
    done = Appended(positions=(1,), recorded_at=datetime.now(UTC))

    def store(group: list[Asked]) -> None:
        sizes.append(len(group))
        entered.set()
        assert go.wait(WAIT_SECONDS_MAX)
        for asked in group:
            asked.answer = done

    turns = Turns(store)
    first = Thread(target=ask, args=(turns,))
    first.start()
    assert entered.wait(WAIT_SECONDS_MAX)
    turns._waiting.extend(Caller([]) for _ in range(QUEUE_MAX))
    with pytest.raises(LogUnavailable, match="waiting already"):
        ask(turns)
    turns._waiting.clear()
    followers = [Thread(target=ask, args=(turns,)) for _ in range(5)]
    for follower in followers:
        follower.start()
    while len(turns._waiting) < 5:
        entered.wait(0)
    go.set()
    for thread in (first, *followers):
        thread.join(WAIT_SECONDS_MAX)
    assert sizes == [1, 5]
    assert turns.close() and not turns.close()
    with pytest.raises(LogUnavailable, match="closed"):
        ask(turns)


def test_a_writer_that_breaks_off_leaves_the_turn_to_the_next() -> None:
    def store(group: list[Asked]) -> None:
        raise KeyboardInterrupt

    turns = Turns(store)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            ask(turns)


def test_every_one_of_many_guards_is_looked_at(log: SqliteLog) -> None:
    """They are asked about HEADS_MAX at a time."""
    streams = [f"case-many-{number}" for number in range(2 * HEADS_MAX + 10)]
    log.append(Append(events=tuple(new_event(stream, 1) for stream in streams)))
    head = log.head()
    for late in (0, HEADS_MAX - 1, HEADS_MAX, len(streams) - 1):
        events = tuple(new_event(stream, 1 if number == late else 2) for number, stream in enumerate(streams))
        with pytest.raises(Conflict, match=f"{streams[late]} ends at version 1"):
            log.append(Append(events=events))
    assert log.head() == head
    log.append(Append(events=tuple(new_event(stream, 2) for stream in streams)))


def test_a_file_made_before_lineages_had_a_place_is_opened_as_it_is(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "log.db")
    lineage = log.lineage
    log.close()
    with sqlite3.connect(tmp_path / "log.db") as connection:
        connection.execute("ALTER TABLE lineages DROP COLUMN after_position")
    opened = SqliteLog(tmp_path / "log.db")
    assert list(opened.lineages) == [Lineage(lineage=lineage, after=0)]
    opened.close()
