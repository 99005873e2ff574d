"""Our recorders against the eventsourcing library's own recorder test cases, on both databases.

Not among them: its factory test cases, which ask for tables by name and environment, where ours come
from the log's installation.
"""
from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import StoredEvent

from adapters.eventstore.recorders import (
    LogAggregateRecorder,
    LogApplicationRecorder,
    LogProcessRecorder,
    LogTrackingRecorder,
    Rows,
)
from adapters.eventstore.sqlite import SqliteLog
from tests.contract.postgres_store import PostgresStores
from tests.servers import Postgres

# Only the library's factory cases use its cipher, which would need a second cryptography package.
sys.modules.setdefault("eventsourcing.cipher", no_cipher := ModuleType("eventsourcing.cipher"))
no_cipher.AESCipher = None  # type: ignore[attr-defined]
with warnings.catch_warnings():  # Importing the library's tests forgets every warning filter, ours too.
    from eventsourcing.tests import persistence as library

if sys.modules["eventsourcing.cipher"] is no_cipher:
    del sys.modules["eventsourcing.cipher"]


@pytest.fixture(scope="module")
def postgres_stores(postgres_server: Postgres) -> Iterator[PostgresStores]:
    stores = PostgresStores(postgres_server)
    yield stores
    stores.drop_roles()


class OnSqlite:
    new_log: Callable[[], Rows]

    @pytest.fixture(autouse=True)
    def _log_in_a_file(self, tmp_path: Path) -> Iterator[None]:
        log = SqliteLog(tmp_path / "log.db")
        self.new_log = lambda: log
        yield
        log.close()


class OnPostgres:
    new_log: Callable[[], Rows]

    @pytest.fixture(autouse=True)
    def _log_on_a_server(self, postgres_stores: PostgresStores) -> Iterator[None]:
        log = postgres_stores.new().open()
        self.new_log = lambda: log
        yield
        log.close()


class TextIds:
    """Our streams have names, not UUIDs."""

    new_log: Callable[[], Rows]

    def new_originator_id(self) -> UUID | str:
        return f"case-{uuid4()}"


class AggregateCase(TextIds, library.AggregateRecorderTestCase):
    __test__ = False

    def create_recorder(self) -> LogAggregateRecorder:
        return LogAggregateRecorder(self.new_log())


class ApplicationCase(TextIds, library.ApplicationRecorderTestCase[LogApplicationRecorder]):
    __test__ = False

    def create_recorder(self) -> LogApplicationRecorder:
        return LogApplicationRecorder(self.new_log())

    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class TrackingCase(TextIds, library.TrackingRecorderTestCase):
    __test__ = False

    def create_recorder(self) -> LogTrackingRecorder:
        return LogTrackingRecorder(self.new_log())


class ProcessCase(TextIds, library.ProcessRecorderTestCase):
    __test__ = False

    def create_recorder(self) -> LogProcessRecorder:
        return LogProcessRecorder(self.new_log())


class NonInterleavingCase(TextIds, library.NonInterleavingNotificationIDsBaseCase):
    __test__ = False

    def create_recorder(self) -> LogApplicationRecorder:
        return LogApplicationRecorder(self.new_log())

    def create_stack(self, originator_id: UUID | str) -> Sequence[StoredEvent]:
        return super().create_stack(originator_id)


class TestAggregateRecorderOnSqlite(OnSqlite, AggregateCase):
    __test__ = True


class TestAggregateRecorderOnPostgres(OnPostgres, AggregateCase):
    __test__ = True


class TestApplicationRecorderOnSqlite(OnSqlite, ApplicationCase):
    __test__ = True


class TestApplicationRecorderOnPostgres(OnPostgres, ApplicationCase):
    __test__ = True


class TestTrackingRecorderOnSqlite(OnSqlite, TrackingCase):
    __test__ = True


class TestTrackingRecorderOnPostgres(OnPostgres, TrackingCase):
    __test__ = True


class TestProcessRecorderOnSqlite(OnSqlite, ProcessCase):
    __test__ = True


class TestProcessRecorderOnPostgres(OnPostgres, ProcessCase):
    __test__ = True


class TestNonInterleavingPositionsOnSqlite(OnSqlite, NonInterleavingCase):
    __test__ = True


class TestNonInterleavingPositionsOnPostgres(OnPostgres, NonInterleavingCase):
    __test__ = True
