"""A connection lost after COMMIT: what was stored is answered as stored, and never stored twice."""
from __future__ import annotations

import random
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from time import monotonic
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest
from psycopg.sql import SQL

from adapters.eventstore.postgres import PostgresLog
from adapters.eventstore.postgres_setup import lock_key
from domain.ports import (
    Append,
    Appended,
    CommandSeen,
    Conflict,
    Guard,
    LogUnavailable,
    Position,
    WorkerDisplaced,
    WorkerMove,
)
from tests.contract.event_log_contract import new_command, new_event
from tests.contract.postgres_store import PostgresStore, PostgresStores
from tests.servers import Postgres

CUTS = 50
WAKE_SECONDS_MAX = 10.0
STORED, COMMITTED = b"stored", b"COMMIT\x00"
"""A lone append's answer, and the tag that ends a shared transaction: both leave the server after the COMMIT."""


class CuttingProxy:
    """Passes bytes to the server and back; where it is armed, it drops the connection instead of passing on an answer.

    The server writes the answer's rows together with ReadyForQuery, after the COMMIT: so what is cut off
    here is stored. A cut is taken once for each time it is armed.
    """

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._armed: list[bytes] = []
        self._lock = threading.Lock()
        self.cuts = 0
        self._sockets: list[socket.socket] = []
        self._passing: list[threading.Thread] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def arm(self, answer: bytes = STORED) -> None:
        with self._lock:
            self._armed.append(answer)

    def cut_all(self) -> None:
        """Drop every connection as it stands."""
        for end in self._sockets:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.create_connection(self._target)
                self._sockets += [client, server]
                for source, sink, answers in ((client, server, False), (server, client, True)):
                    passing = threading.Thread(target=self._pass, args=(source, sink, answers), daemon=True)
                    passing.start()
                    self._passing.append(passing)

    def _pass(self, source: socket.socket, sink: socket.socket, answers: bool) -> None:
        with suppress(OSError):
            while chunk := source.recv(65536):
                if answers and self._take(chunk):
                    break
                sink.sendall(chunk)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _take(self, chunk: bytes) -> bool:
        with self._lock:
            if not self._armed or self._armed[0] not in chunk:
                return False
            del self._armed[0]
            self.cuts += 1
            return True

    def close(self) -> None:
        self._listening.close()
        self.cut_all()
        for passing in self._passing:
            passing.join(WAKE_SECONDS_MAX)
        for end in self._sockets:
            end.close()


@pytest.fixture(scope="module")
def stores(postgres_server: Postgres) -> Iterator[PostgresStores]:
    made = PostgresStores(postgres_server)
    yield made
    made.drop_roles()


@pytest.fixture
def store(stores: PostgresStores) -> PostgresStore:
    return stores.new()


@contextmanager
def proxied(store: PostgresStore) -> Iterator[tuple[CuttingProxy, PostgresLog]]:
    address = urlsplit(store.app)
    proxy = CuttingProxy(address.hostname or "", address.port or 5432)
    login = address.netloc.rpartition("@")[0]
    dsn = address._replace(netloc=f"{login}@127.0.0.1:{proxy.port}", query="sslmode=disable&gssencmode=disable").geturl()
    log = store.open(dsn=dsn)
    try:
        yield proxy, log
    finally:
        proxy.close()
        log.close()


@pytest.mark.faults
def test_fifty_connections_cut_after_commit_lose_and_double_nothing(store: PostgresStore) -> None:
    chance = random.Random(3)
    with proxied(store) as (proxy, log):
        told: list[tuple[Append, Appended]] = []
        for number in range(CUTS):
            stream = f"case-{number % 7}"
            rows = log.read_stream(stream)
            first = len(rows) + 1
            events = tuple(new_event(stream, first + n) for n in range(chance.choice([1, 1, 3, 200])))
            command = new_command(stream) if number % 3 else None
            append = Append(guards=(Guard(stream=stream, version=first - 1),), events=events, command=command)
            proxy.arm()
            told.append((append, log.append(append)))
        assert proxy.cuts == CUTS
    with_proxy_gone = store.open()
    for append, appended in told:
        found = [with_proxy_gone.event(event.event_id) for event in append.events]
        assert tuple(row.position for row in found if row) == appended.positions
        assert {row.recorded_at for row in found if row} == {appended.recorded_at}
        if append.command is not None:
            kept = with_proxy_gone.command(append.command.command_id)
            assert kept and (kept.first, kept.last) == (appended.positions[0], appended.positions[-1])
    assert with_proxy_gone.head().position == sum(len(append.events) for append, _ in told)
    with_proxy_gone.close()


@pytest.mark.faults
def test_appends_that_shared_a_lost_transaction_are_each_answered_as_their_own(store: PostgresStore) -> None:
    with proxied(store) as (proxy, log), psycopg.connect(store.app) as holder, ThreadPoolExecutor(8) as threads:
        holder.execute(SQL(f"SELECT pg_advisory_lock({lock_key(store.schema)})"))
        answers = [threads.submit(log.append, Append(events=(new_event(f"case-{n}", 1),))) for n in range(8)]
        deadline = monotonic() + WAKE_SECONDS_MAX
        while len(log._turns._waiting) < 7 and monotonic() < deadline:  # one has its turn, seven will share the next
            assert not answers[0].done()
        proxy.arm(COMMITTED)
        holder.execute("SELECT pg_advisory_unlock_all()")
        positions = [answer.result(WAKE_SECONDS_MAX).positions for answer in answers]
        assert proxy.cuts == 1
        assert [[row.position for row in log.read_stream(f"case-{number}")] for number in range(8)] == [
            list(own) for own in positions
        ]
        assert log.head().position == 8


def test_a_lost_answer_is_told_apart_from_another_writers_event(store: PostgresStore) -> None:
    with proxied(store) as (proxy, log):
        other = store.open()
        other.append(Append(events=(new_event("case-a", 1),)))
        proxy.cut_all()
        with pytest.raises(Conflict):
            log.append(Append(guards=(Guard(stream="case-a", version=0),), events=(new_event("case-a", 1),)))
        assert other.head().position == 1
        other.close()


def test_a_lost_answer_is_told_apart_from_another_command_under_the_same_id(store: PostgresStore) -> None:
    with proxied(store) as (proxy, log):
        other = store.open()
        command = new_command("case-a")
        other.append(Append(command=command))
        proxy.cut_all()
        with pytest.raises(CommandSeen):
            log.append(Append(command=new_command("case-a", command.command_id, digest=b"\x07" * 32)))
        other.close()


def test_a_command_without_effect_and_a_workers_move_survive_a_lost_answer(store: PostgresStore) -> None:
    with proxied(store) as (proxy, log):
        command = new_command("case-a")
        proxy.arm()
        assert log.append(Append(command=command)).positions == ()
        assert log.command(command.command_id) == command
        log.append(Append(events=(new_event("case-a", 1),)))
        there = log.head()
        proxy.arm()
        assert log.append(Append(worker=WorkerMove(worker="relay", after=0, to=there))).positions == ()
        assert log.worker("relay") == there and proxy.cuts == 2
        elsewhere = Position(lineage=log.lineage, position=1, event_id=uuid4())
        proxy.cut_all()
        with pytest.raises(WorkerDisplaced):
            log.append(Append(worker=WorkerMove(worker="relay", after=0, to=elsewhere)))


def test_reads_go_on_after_every_backend_was_ended(store: PostgresStore) -> None:
    log = store.open()
    log.append(Append(events=(new_event("case-a", 1),)))
    end_backends(store)
    assert [row.version for row in log.read_stream("case-a")] == [1]
    end_backends(store)
    assert log.append(Append(events=(new_event("case-a", 2),))).positions == (2,)
    log.close()


class Looking(PostgresLog):
    """Says when a waiting reader has looked and found nothing."""

    def __init__(self, store: PostgresStore) -> None:
        self.looked = threading.Event()
        super().__init__(store.app, schema=store.schema)

    def head(self) -> Position:
        at = super().head()
        self.looked.set()
        return at


def test_a_waiting_reader_is_woken_after_its_listening_connection_was_ended(store: PostgresStore) -> None:
    log, writer = Looking(store), store.open()
    assert not log.wait(after=0, timeout_seconds=0.1)
    end_backends(store)
    log.looked.clear()
    woken: list[bool] = []
    long = 6 * WAKE_SECONDS_MAX  # so that it is the notification, and no last look at the end, that wakes it
    reader = threading.Thread(target=lambda: woken.append(log.wait(after=0, timeout_seconds=long)), daemon=True)
    reader.start()
    assert log.looked.wait(WAKE_SECONDS_MAX)
    writer.append(Append(events=(new_event("case-a", 1),)))
    reader.join(WAKE_SECONDS_MAX)
    assert woken == [True]
    log.close()
    writer.close()


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    with pytest.raises(LogUnavailable):
        PostgresLog(f"postgresql://app@127.0.0.1:{port}/none")


def end_backends(store: PostgresStore) -> None:
    with psycopg.connect(store.superuser) as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", [store.app_role])
