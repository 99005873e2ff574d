"""The peer of an append: the eventsourcing library as shipped, saving an aggregate of two fields."""
from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate
from psycopg.conninfo import conninfo_to_dict


class Dog(Aggregate):
    """Two fields, one event, as in the library's own first example."""

    def __init__(self, name: str, age: int) -> None:
        self.name, self.age = name, age


class Kennel(Application[UUID]):
    pass


def on_postgres(database: str) -> Kennel:
    """The library's recorder with its defaults, on a database of its own of the same server."""
    given = conninfo_to_dict(database)
    return Kennel({
        "PERSISTENCE_MODULE": "eventsourcing.postgres", "POSTGRES_DBNAME": str(given["dbname"]),
        "POSTGRES_HOST": str(given["host"]), "POSTGRES_PORT": str(given["port"]),
        "POSTGRES_USER": str(given["user"]), "POSTGRES_PASSWORD": str(given.get("password") or "-"),
    })


def on_sqlite(path: Path) -> Kennel:
    """The library's recorder with its defaults: WAL, and SQLite's default `synchronous=FULL`."""
    application = Kennel({"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(path)})
    recorder: Any = application.recorder
    with recorder.datastore.transaction(commit=False) as cursor:
        cursor.execute("PRAGMA synchronous")
        (synchronous,) = cursor.fetchone()
    assert synchronous == 2, "the peer does not flush at every commit"
    return application


def save(application: Kennel, commits: int, *, threads: int) -> None:
    """One new aggregate a commit."""
    def some(number: int) -> None:
        for index in range(number, commits, threads):
            application.save(Dog(f"Fido {index}", 5))

    if threads == 1:
        some(0)
        return
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(some, number) for number in range(threads)]:
            done.result()
