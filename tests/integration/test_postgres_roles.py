"""What the application's role may not do to the log, tried on a real PostgreSQL; and what not even the owner may."""
from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.sql import SQL

from adapters.eventstore.postgres import PostgresLog, install
from domain.ports import Append, Lineage, LogError, LogUnavailable, Position, WorkerMove, WriterSchema
from tests.contract.event_log_contract import HistoryClock, everything, new_command, new_event
from tests.contract.postgres_store import PostgresStore, PostgresStores
from tests.servers import Postgres

TABLES = ("events", "commands", "schemas", "lineages", "workers")
APPEND_SIGNATURE = (
    "uuid, text[], bigint[], uuid[], text[], bigint[], text[], bytea[],"
    " uuid, text, bytea, bytea[], text[], text[], text, bigint, bigint, uuid"
)
FORBIDDEN = [
    *(f"DELETE FROM {{schema}}.{table}" for table in TABLES),
    *(f"TRUNCATE {{schema}}.{table}" for table in TABLES),
    *(f"INSERT INTO {{schema}}.{table} OVERRIDING SYSTEM VALUE SELECT * FROM {{schema}}.{table}" for table in TABLES),
    *(f"ALTER TABLE {{schema}}.{table} DISABLE TRIGGER immutable" for table in TABLES),
    *(f"ALTER TABLE {{schema}}.{table} DISABLE TRIGGER ALL" for table in TABLES),
    *(f"DROP TABLE {{schema}}.{table} CASCADE" for table in TABLES),
    *(f"DROP TRIGGER immutable ON {{schema}}.{table}" for table in TABLES),
    *(f"LOCK TABLE {{schema}}.{table} IN ROW EXCLUSIVE MODE" for table in TABLES),
    *(f"CREATE RULE gone AS ON INSERT TO {{schema}}.{table} DO INSTEAD NOTHING" for table in TABLES),
    "UPDATE {schema}.events SET state = '\\x00'",
    "UPDATE {schema}.commands SET digest = '\\x00'",
    "UPDATE {schema}.schemas SET text = ''",
    "UPDATE {schema}.lineages SET lineage = gen_random_uuid()",
    "UPDATE {schema}.workers SET position = 0",
    "SELECT state FROM {schema}.events FOR UPDATE",
    "MERGE INTO {schema}.events e USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE",
    "COPY {schema}.events FROM STDIN",
    "SELECT nextval('{schema}.events_position_seq')",
    "SELECT setval('{schema}.events_position_seq', 1)",
    "ALTER SEQUENCE {schema}.events_position_seq RESTART",
    "ALTER SEQUENCE {schema}.events_position_seq CACHE 50",
    "ALTER TABLE {schema}.events ALTER COLUMN state TYPE text USING ''",
    "ALTER TABLE {schema}.events RENAME TO gone",
    "ALTER TABLE {schema}.events OWNER TO CURRENT_USER",
    "CREATE TRIGGER swallow BEFORE INSERT ON {schema}.events EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "SET session_replication_role = replica",
    "CREATE OR REPLACE FUNCTION {schema}.refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    "CREATE FUNCTION {schema}.greatest(timestamptz, timestamptz) RETURNS timestamptz LANGUAGE sql AS 'SELECT $1'",
    f"DROP FUNCTION {{schema}}.append({APPEND_SIGNATURE})",
    f"ALTER FUNCTION {{schema}}.append({APPEND_SIGNATURE}) SECURITY INVOKER",
    f"ALTER FUNCTION {{schema}}.append({APPEND_SIGNATURE}) SET search_path = pg_temp",
    f"ALTER FUNCTION {{schema}}.append({APPEND_SIGNATURE}) RENAME TO gone",
    "CREATE TABLE {schema}.lineage_of_mine ()",
    "DROP SCHEMA {schema} CASCADE",
    "ALTER SCHEMA {schema} RENAME TO gone",
    "SELECT {schema}.renew_lineage()",
    "SELECT {schema}.set_history_clock(now())",
    "SET ROLE {migrator}",
]


@pytest.fixture(scope="module")
def stores(postgres_server: Postgres) -> Iterator[PostgresStores]:
    made = PostgresStores(postgres_server)
    yield made
    made.drop_roles()


@pytest.fixture(scope="module")
def store(stores: PostgresStores) -> PostgresStore:
    return stores.new()


@pytest.fixture(scope="module")
def log(store: PostgresStore) -> Iterator[PostgresLog]:
    log = store.open()
    there = Position(lineage=log.lineage, position=1, event_id=None)
    log.append(
        Append(
            events=(new_event("case-a", 1),), command=new_command("case-a"),
            worker=WorkerMove(worker="relay", after=0, to=there),
            schemas=(WriterSchema(fingerprint=b"12345678", name="n", text="{}"),),
        )
    )  # fmt: skip
    yield log
    log.close()


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_applications_role_is_refused(statement: str, log: PostgresLog, store: PostgresStore) -> None:
    before = everything(log)
    text = statement.format(schema=store.schema, migrator=store.migrator_role)
    with psycopg.connect(store.app) as connection, pytest.raises(psycopg.Error) as refusal:
        connection.execute(SQL(text))
    refusals = (psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedFunction)
    assert isinstance(refusal.value, refusals), refusal.value
    assert "set_history_clock" in text or not isinstance(refusal.value, psycopg.errors.UndefinedFunction)
    assert everything(log) == before


@pytest.mark.parametrize(("role", "replica"), [("migrator", False), ("superuser", False), ("superuser", True)])
@pytest.mark.parametrize("table", TABLES)
def test_not_even_the_owner_changes_what_is_stored(
    table: str, replica: bool, role: str, log: PostgresLog, store: PostgresStore
) -> None:
    changes = [f"DELETE FROM {store.schema}.{table}", f"TRUNCATE {store.schema}.{table}"]
    if table != "workers":
        column = {"events": "state = state", "commands": "digest = digest", "schemas": "text = ''"}
        changes.append(f"UPDATE {store.schema}.{table} SET {column.get(table, 'since = now()')}")
    before = everything(log)
    for change in changes:
        with psycopg.connect(store.migrator if role == "migrator" else store.superuser) as connection:
            if replica:
                connection.execute("SET session_replication_role = replica")
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="stands for ever"):
                connection.execute(SQL(change))
    assert everything(log) == before


def test_a_log_made_before_lineages_had_a_place_is_brought_up_to_date(stores: PostgresStores) -> None:
    older = stores.new()
    with psycopg.connect(older.migrator) as connection:
        connection.execute(SQL(f"ALTER TABLE {older.schema}.lineages DROP COLUMN after_position"))
    install(older.migrator, app_role=older.app_role, schema=older.schema)
    opened = older.open()
    assert list(opened.lineages) == [Lineage(lineage=opened.lineage, after=0)]
    opened.close()


def test_an_explicit_position_is_refused_to_the_owner_too(log: PostgresLog, store: PostgresStore) -> None:
    values = "(99, 1, now(), gen_random_uuid(), 'case-x', 't', '')"
    with psycopg.connect(store.migrator) as connection, pytest.raises(psycopg.errors.GeneratedAlways):
        connection.execute(SQL(f"INSERT INTO {store.schema}.events VALUES {values}"))


def test_temporary_tables_of_a_caller_do_not_stand_in_for_the_logs(log: PostgresLog, store: PostgresStore) -> None:
    empty = "'{}', '{}'"
    call = (
        f"SELECT outcome FROM {store.schema}.append('{log.lineage}', {empty}, ARRAY[gen_random_uuid()], ARRAY['case-t'],"
        f" ARRAY[1]::bigint[], ARRAY['t'], ARRAY[''::bytea], NULL, NULL, NULL, {empty}, '{{}}', NULL, NULL, NULL, NULL)"
    )
    with psycopg.connect(store.app) as connection:
        connection.execute(SQL(f"CREATE TEMP TABLE events (LIKE {store.schema}.events)"))
        connection.execute("SET search_path = pg_temp, public")
        assert connection.execute(SQL(call)).fetchone() == ("stored",)
        assert connection.execute("SELECT count(*) FROM pg_temp.events").fetchone() == (0,)
    assert len(log.read_stream("case-t")) == 1


def test_an_append_under_an_older_snapshot_is_refused(log: PostgresLog, store: PostgresStore) -> None:
    empty = "'{}', '{}'"
    call = (
        f"SELECT {store.schema}.append('{log.lineage}', {empty}, ARRAY[gen_random_uuid()], ARRAY['case-s'],"
        f" ARRAY[1]::bigint[], ARRAY['t'], ARRAY[''::bytea], NULL, NULL, NULL, {empty}, '{{}}', NULL, NULL, NULL, NULL)"
    )
    with psycopg.connect(store.app) as connection, pytest.raises(psycopg.errors.InvalidTransactionState):
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.execute(SQL(call))


def test_a_store_in_production_takes_no_time_from_a_caller(store: PostgresStore) -> None:
    with pytest.raises(ValueError, match="keeps its own time"):
        store.open(clock=HistoryClock())


def test_the_clock_of_a_store_is_decided_once(store: PostgresStore, stores: PostgresStores) -> None:
    with pytest.raises(LogError, match="keeps it"):
        install(store.migrator, app_role=store.app_role, schema=store.schema, history_clock=True)
    follower = stores.new(history_clock=True)
    with pytest.raises(LogError, match="keeps it"):
        install(follower.migrator, app_role=store.app_role, schema=follower.schema)


def test_installing_again_changes_nothing(log: PostgresLog, store: PostgresStore) -> None:
    before = everything(log)
    install(store.migrator, app_role=store.app_role, schema=store.schema)
    assert everything(log) == before
    log.append(Append(events=(new_event("case-again", 1),)))


def test_a_lock_that_is_not_given_in_time_is_unavailable_and_stores_nothing(
    log: PostgresLog, store: PostgresStore, stores: PostgresStores
) -> None:
    before = everything(log)
    with psycopg.connect(store.migrator) as holder:
        holder.execute(SQL(f"SELECT {store.schema}.append('{log.lineage}', '{{}}', '{{}}', '{{}}', '{{}}', '{{}}', '{{}}',"
                           " '{}', gen_random_uuid(), 'x', '', '{}', '{}', '{}', NULL, NULL, NULL, NULL)"))  # fmt: skip
        with pytest.raises(LogUnavailable, match="in time"):
            log.append(Append(events=(new_event("case-late", 1),)))
        holder.rollback()
    assert everything(log) == before


def test_the_unlocked_inserts_of_the_library_are_refused_at_the_start(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTGRES_ENABLE_DB_FUNCTIONS", "y")
    with pytest.raises(ValueError, match="miss committed events"):
        store.open()
    monkeypatch.setenv("POSTGRES_ENABLE_DB_FUNCTIONS", "n")
    store.open().close()


def test_a_store_that_was_not_installed_says_so(stores: PostgresStores) -> None:
    missing = PostgresStore(stores, "nowhere")
    with pytest.raises(LogError, match="nowhere"):
        missing.open()
