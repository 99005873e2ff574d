"""Making the log's schema on PostgreSQL, by the migrator's role; and how every connection to it is set."""
from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from uuid import UUID

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.sql import SQL, Identifier, Literal

from domain.ports import LogError, LogUnavailable

CONNECT_SECONDS_MAX = 5
SERVER_MOMENT = "clock_timestamp()"
HISTORY_MOMENT = "coalesce((SELECT h.now FROM history_clock h), clock_timestamp())"

# A statement planned while its table was empty would go on to read the whole of it: so no sequential
# scans, which no statement of the log wants, and no compiler for the costs that this feigns.
SESSION = (
    "-c lock_timeout=5s -c idle_in_transaction_session_timeout=10s -c statement_timeout=30s"
    " -c synchronous_commit=on -c enable_seqscan=off -c jit=off"
    " -c default_transaction_isolation=read\\ committed -c timezone=UTC"
)
KEEPALIVE = {"keepalives": 1, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}


def install(dsn: str, *, app_role: str, schema: str = "casebridge", history_clock: bool = False) -> None:
    """Make or bring up to date the log's schema, as its owner; `app_role` (it must exist) may then append and read.

    With `history_clock` the store takes its time from whoever appends, for the demo and for tests. That
    is decided once: an existing store that keeps its own time is never turned into one that does not
    (LogError), nor back.
    """
    names = {
        "schema": Identifier(schema), "app": Identifier(app_role),
        "moment": SQL(HISTORY_MOMENT if history_clock else SERVER_MOMENT),
        "lock_key": Literal(lock_key(schema)), "channel": Literal(channel(schema)),
    }  # fmt: skip
    scripts = ("postgres.sql", "postgres_history.sql") if history_clock else ("postgres.sql",)
    with _as_migrator(dsn) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [lock_key(schema)])
        found = connection.execute(
            "SELECT to_regclass(%s), to_regclass(%s)", [f"{schema}.events", f"{schema}.history_clock"]
        ).fetchone()
        there, follows_history = (name is not None for name in found or ())
        if there and follows_history != history_clock:
            kept = "a history's" if follows_history else "the server's"
            raise LogError(f"the store in schema {schema} was installed to follow {kept} clock, and keeps it")
        for script in scripts:
            text = files("adapters.eventstore").joinpath(script).read_text("utf-8")
            connection.execute(SQL(text).format(**names))


def renew_lineage(dsn: str, *, schema: str = "casebridge", with_workers: bool = False) -> UUID:
    """Say, as the migrator, that this database is a restored or promoted copy; its former readers and workers stop.

    `with_workers`: those whose position is in this database go on from it, for it came back with the events.
    """
    with _as_migrator(dsn) as connection:
        row = connection.execute(SQL("SELECT {}.renew_lineage()").format(Identifier(schema))).fetchone()
        lineage: UUID = (row or ())[0]
        if with_workers:
            connection.execute(SQL("UPDATE {}.workers SET lineage = %s").format(Identifier(schema)), [lineage])
    return lineage


@contextmanager
def _as_migrator(dsn: str) -> Iterator[psycopg.Connection]:
    try:
        with psycopg.connect(conninfo(dsn)) as connection:
            yield connection
    except psycopg.OperationalError as error:
        raise LogUnavailable(f"the server cannot be reached: {error}") from error
    except psycopg.Error as error:
        raise LogError(f"the server refuses it: {error}") from error


def conninfo(dsn: str) -> str:
    given = conninfo_to_dict(dsn)
    options = f"{SESSION} {given.get('options') or ''}".strip()
    settings = {"connect_timeout": CONNECT_SECONDS_MAX, "application_name": "casebridge", **KEEPALIVE, **given}
    return make_conninfo("", **{**settings, "options": options})


def lock_key(schema: str) -> int:
    return int.from_bytes(hashlib.sha256(f"casebridge log {schema}".encode()).digest()[:8], "big", signed=True)


def channel(schema: str) -> str:
    return f"{schema}_log"
