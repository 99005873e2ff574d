"""The contract of the log, on every store."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.eventstore.fake import MemoryLog, MemoryStore
from adapters.eventstore.sqlite import SqliteLog, renew_lineage
from domain.ports import EventLog
from tests.contract.event_log_contract import EventLogContract, HistoryClock, Reopened
from tests.contract.postgres_store import PostgresStores
from tests.servers import Postgres


@pytest.fixture
def clock() -> HistoryClock:
    return HistoryClock()


@pytest.fixture(scope="module")
def postgres_stores(postgres_server: Postgres) -> Iterator[PostgresStores]:
    stores = PostgresStores(postgres_server)
    yield stores
    stores.drop_roles()


@pytest.fixture
def log(reopened: Reopened) -> EventLog:
    return reopened.again()


class TestSqliteLog(EventLogContract):
    @pytest.fixture
    def reopened(self, tmp_path: Path, clock: HistoryClock) -> Iterator[Reopened]:
        path = tmp_path / "log.db"
        opened = Reopened(lambda: SqliteLog(path, clock=clock), lambda: renew_lineage(path))
        yield opened
        opened.close()


class TestMemoryLog(EventLogContract):
    @pytest.fixture
    def reopened(self, clock: HistoryClock) -> Iterator[Reopened]:
        store = MemoryStore()
        opened = Reopened(lambda: MemoryLog(store, clock=clock), store.renew_lineage)
        yield opened
        opened.close()


class TestPostgresLog(EventLogContract):
    @pytest.fixture
    def reopened(self, postgres_stores: PostgresStores, clock: HistoryClock) -> Iterator[Reopened]:
        store = postgres_stores.new(history_clock=True)
        opened = Reopened(lambda: store.open(clock=clock), store.renew_lineage)
        yield opened
        opened.close()
