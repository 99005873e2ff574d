"""How fast a view catches up, against the library's own runner writing the same rows on the same server.

Ours reads real events (Avro, boxed) from the log on PostgreSQL into `Timeline`. The peer is
`eventsourcing.projection.ProjectionRunner` with PostgreSQL recorders as shipped, over events that
carry what the rows need as plain JSON, into the same table.
"""
from __future__ import annotations

import gc
import json
import sys
import time
from statistics import median
from typing import Any, cast
from uuid import UUID, uuid4

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL
from sqlalchemy import Engine, func, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from adapters.keys.memory import MemoryKeyStore
from adapters.views import LogSource, open_views
from domain.events import Envelope
from projections.runner import Runner
from projections.timeline import Timeline, timeline
from tests.contract.postgres_store import PostgresStores
from tests.servers import Postgres
from tests.views_history import History, clear_codec, codec, store
from tests.views_model import StillClock

OURS = 20_000
PEER = 2_000
WARM_UP = 200
ROUNDS = 3
WAIT_SECONDS_MAX = 120.0
BAR = 10.0
MICROSECONDS = 1_000_000

_INSERT = SQL(
    "INSERT INTO timeline (case_id, version, position, event_id, topic, occurred_at, learned_at, recorded_at, actor_role,"
    " command_id) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
)


class StockCase(Aggregate):
    """The peer's aggregate: its events carry what a row needs, as the library writes them."""

    @event("Opened")
    def __init__(self) -> None: ...

    @event("Told")
    def tell(
        self, event_id: str, topic: str, occurred_at: int, learned_at: int, recorded_at: int, actor_role: str,
        command_id: str,
    ) -> None: ...


class StockCases(Application[UUID]):
    pass


class StockView(PostgresTrackingRecorder):
    """Row and position in one transaction, as the library's manual writes a view."""

    def __init__(self, datastore: Any, **kwargs: Any) -> None:
        super().__init__(datastore, **kwargs)
        self.sql_create_statements.append(SQL(cast(Any, _table())).format())

    def add(self, told: Any, tracking: Tracking) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(_INSERT, (
                told.originator_id, told.originator_version, tracking.notification_id, UUID(told.event_id), told.topic,
                told.occurred_at, told.learned_at, told.recorded_at, told.actor_role, UUID(told.command_id),
            ), prepare=True)


class StockTimeline(Projection[StockView]):
    name = "stock_timeline"

    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        if isinstance(domain_event, StockCase.Told):  # type: ignore[attr-defined]
            self.view.add(domain_event, tracking)
        else:
            self.view.insert_tracking(tracking)


def _table() -> str:
    made = CreateTable(timeline, if_not_exists=True)
    return str(made.compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]


def _case_events(count: int) -> list[Envelope]:
    envelopes: list[Envelope] = []
    history = History(seed=1, cases=40)
    while len(envelopes) < count:
        envelopes += [e for e in history.events(2 * count) if e.stream.startswith("case-")]
    return envelopes[:count]


def _rows(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(timeline)) or 0


class Ours:
    """A log of real events, read into an empty view each round."""

    def __init__(self, server: Postgres, stores: PostgresStores) -> None:
        self._server, self._log = server, stores.new().open()
        store(self._log, _case_events(OURS), codec(MemoryKeyStore()), together=200)

    def round(self) -> float:
        """Events a second, from the first read to the last commit."""
        engine = open_views(self._server.create_database())
        runner = Runner(Timeline(), LogSource(self._log), engine, reader=clear_codec(), clock=StillClock())
        done = runner.step(WARM_UP)
        gc.collect()
        begin = time.perf_counter()
        while count := runner.step():
            done += count
        rate = (OURS - WARM_UP) / (time.perf_counter() - begin)
        assert done == OURS == _rows(engine) and not runner.unreadable()
        engine.dispose()
        return rate

    def close(self) -> None:
        self._log.close()


class Peer:
    """The library's application and runner, as shipped; each round has new events to catch up with."""

    def __init__(self, server: Postgres) -> None:
        self._database, self._told = server.create_database(), WARM_UP
        given = conninfo_to_dict(self._database)
        self._env = {
            "PERSISTENCE_MODULE": "eventsourcing.postgres",
            "POSTGRES_DBNAME": str(given["dbname"]), "POSTGRES_HOST": str(given["host"]),
            "POSTGRES_PORT": str(given["port"]), "POSTGRES_USER": str(given["user"]),
            "POSTGRES_PASSWORD": str(given.get("password") or "-"),
        }
        self._application = StockCases(self._env)
        _project(self._env, _tell(self._application, WARM_UP))

    def round(self) -> float:
        """Events a second, from the start of a runner until its view has the last of them."""
        last = _tell(self._application, PEER)
        self._told += PEER
        gc.collect()
        begin = time.perf_counter()
        _project(self._env, last)
        return (PEER + 1) / (time.perf_counter() - begin)

    def close(self) -> None:
        self._application.close()
        engine = open_views(self._database)
        assert _rows(engine) == self._told
        engine.dispose()


def _tell(application: StockCases, count: int) -> int:
    case: Any = StockCase()
    for _ in range(count):
        case.tell(
            event_id=str(uuid4()), topic="casebridge.obligations.DutyRaised", occurred_at=1_693_632_600 * MICROSECONDS,
            learned_at=1_693_632_600 * MICROSECONDS, recorded_at=1_693_632_600 * MICROSECONDS, actor_role="caseworker",
            command_id=str(uuid4()),
        )
    return application.save(case)[-1].notification.id


def _project(env: dict[str, str], last: int) -> None:
    with ProjectionRunner(
        application_class=StockCases, projection_class=StockTimeline, view_class=StockView, env=env
    ) as runner:
        runner.wait(last, timeout=WAIT_SECONDS_MAX)


def run(postgres_dsn: str) -> dict[str, Any]:
    """Events a second of both, in turns, and the median of the rounds' ratios. Leaves the server as it was."""
    server = Postgres(postgres_dsn)
    stores = PostgresStores(server)
    try:
        ours, peer = Ours(server, stores), Peer(server)
        rounds = [(ours.round(), peer.round()) for _ in range(ROUNDS)]
        ours.close()
        peer.close()
    finally:
        stores.drop_roles()
        server.drop_databases()
    return {
        "what": "projection, catching up",
        "unit": "events/s",
        "ours": round(median(rate for rate, _ in rounds)),
        "peer": round(median(rate for _, rate in rounds)),
        "ratio": round(median(our / their for our, their in rounds), 2),
        "bar": BAR,
        "rounds": [[round(our), round(their)] for our, their in rounds],
        "events": {"ours": OURS, "peer": PEER},
    }


if __name__ == "__main__":
    json.dump(run(sys.argv[1]), sys.stdout, indent=2)
    print()
