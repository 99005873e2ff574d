"""Stores on a real PostgreSQL, as deployed: one role owns, another appends and reads; a schema for each test."""
from __future__ import annotations

from itertools import count
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
from psycopg.sql import SQL, Identifier, Literal

from adapters.eventstore.postgres import PostgresLog, install, renew_lineage
from domain.ports import Clock
from tests.servers import Postgres


class PostgresStores:
    """A database with a migrator and an application role; roles end with it."""

    def __init__(self, server: Postgres) -> None:
        self.superuser = server.create_database()
        self._database = urlsplit(self.superuser).path.removeprefix("/")
        self._password = uuid4().hex
        self.migrator_role, self.app_role = (f"{name}_{uuid4().hex[:12]}" for name in ("migrator", "app"))
        self._numbers = count(1)
        with psycopg.connect(self.superuser, autocommit=True) as connection:
            for role in (self.migrator_role, self.app_role):
                made = SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(Identifier(role), Literal(self._password))
                connection.execute(made)
            granted = SQL("GRANT CREATE ON DATABASE {} TO {}")
            connection.execute(granted.format(Identifier(self._database), Identifier(self.migrator_role)))

    def dsn(self, role: str) -> str:
        parts = urlsplit(self.superuser)
        host = parts.netloc.rpartition("@")[2]
        return parts._replace(netloc=f"{role}:{self._password}@{host}").geturl()

    def new(self, *, history_clock: bool = False) -> PostgresStore:
        store = PostgresStore(self, f"log_{next(self._numbers)}")
        install(store.migrator, app_role=self.app_role, schema=store.schema, history_clock=history_clock)
        return store

    def drop_roles(self) -> None:
        with psycopg.connect(self.superuser, autocommit=True) as connection:
            for role in (self.app_role, self.migrator_role):
                for statement in ("DROP OWNED BY {} CASCADE", "DROP ROLE {}"):
                    connection.execute(SQL(statement).format(Identifier(role)))


class PostgresStore:
    """One installed schema."""

    def __init__(self, stores: PostgresStores, schema: str) -> None:
        self.schema, self._stores = schema, stores
        self.app, self.migrator = stores.dsn(stores.app_role), stores.dsn(stores.migrator_role)
        self.superuser, self.app_role = stores.superuser, stores.app_role
        self.migrator_role = stores.migrator_role

    def open(self, *, clock: Clock | None = None, dsn: str | None = None) -> PostgresLog:
        return PostgresLog(dsn or self.app, schema=self.schema, clock=clock)

    def renew_lineage(self) -> None:
        renew_lineage(self.migrator, schema=self.schema)
