"""The event log on SQLite and PostgreSQL, behind `domain.ports.EventLog`."""
from __future__ import annotations

from domain.ports import Clock, EventLog

SQLITE = "sqlite:///"
POSTGRES = ("postgresql://", "postgres://")


def open_log(url: str, *, clock: Clock | None = None) -> EventLog:
    """The log at `sqlite:///relative/path`, `sqlite:////absolute/path` or `postgresql://...`.

    SQLite's file is made if it is not there; PostgreSQL's schema must have been installed. Drivers are
    imported only for the database that is asked for. Raises ValueError for another url, LogUnavailable.
    """
    if url.startswith(SQLITE) and len(url) > len(SQLITE):
        from adapters.eventstore.sqlite import SqliteLog

        return SqliteLog(url.removeprefix(SQLITE), clock=clock)
    if url.startswith(POSTGRES):
        from adapters.eventstore.postgres import PostgresLog

        return PostgresLog(url, clock=clock)
    raise ValueError("a log's url begins with sqlite:/// or postgresql://")
