"""Making the log's file, opening it, and saying that it was brought back from a copy."""
from __future__ import annotations

import sqlite3
from importlib.resources import files
from pathlib import Path
from uuid import UUID, uuid4

from adapters.eventstore.sqlite_statements import CURRENT_LINEAGE, LINEAGES, LINEAGES_HAVE_PLACES, NEW_LINEAGE
from adapters.private_file import make_private
from adapters.write_ahead import write_ahead
from domain.ports import Lineage

BUSY_SECONDS_MAX = 5.0


def renew_lineage(path: str | Path, *, with_workers: bool = False) -> UUID:
    """Say that this file is a restored or promoted copy; its former readers and workers stop.

    `with_workers`: those whose position is in this file go on from it, for it came back with the events.
    """
    connection = connect(Path(path))
    try:
        install(connection)
        connection.execute("BEGIN IMMEDIATE")
        lineage = _add_lineage(connection)
        if with_workers:
            connection.execute("UPDATE workers SET lineage = ?", (lineage.bytes,))
        connection.execute("COMMIT")
        return lineage
    finally:
        connection.close()


def connect(path: Path) -> sqlite3.Connection:
    make_private(path)
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS_MAX, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA synchronous = FULL")
        write_ahead(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def install(connection: sqlite3.Connection) -> None:
    script = files("adapters.eventstore").joinpath("sqlite.sql").read_text("utf-8")
    connection.executescript(f"BEGIN IMMEDIATE; {script} COMMIT;")
    connection.execute("BEGIN IMMEDIATE")
    if connection.execute(LINEAGES_HAVE_PLACES).fetchone() == (0,):  # Made before lineages had one.
        connection.execute("ALTER TABLE lineages ADD COLUMN after_position INTEGER NOT NULL DEFAULT 0")
    if connection.execute("SELECT count(*) FROM lineages").fetchone() == (0,):
        _add_lineage(connection)
    connection.execute("COMMIT")


def _add_lineage(connection: sqlite3.Connection) -> UUID:
    lineage = uuid4()
    connection.execute(NEW_LINEAGE, (lineage.bytes,))
    return lineage


def current_lineage(connection: sqlite3.Connection) -> UUID:
    (lineage,) = connection.execute(CURRENT_LINEAGE).fetchone()
    return UUID(bytes=lineage)


def lineages(connection: sqlite3.Connection) -> list[Lineage]:
    """From the log's own beginning to what it is now."""
    return [Lineage(lineage=UUID(bytes=one), after=after) for one, after in connection.execute(LINEAGES)]
