"""SQLite's write-ahead log, entered while others open the same new file."""
from __future__ import annotations

import sqlite3
from time import sleep

ATTEMPTS_MAX, RETRY_SECONDS = 100, 0.05


def write_ahead(connection: sqlite3.Connection) -> None:
    """Put a database into WAL mode. SQLite does not wait for a lock here, whatever the busy time-out, so we do.

    Raises sqlite3.OperationalError where others hold the file for ATTEMPTS_MAX attempts.
    """
    for left in reversed(range(ATTEMPTS_MAX)):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:
            if not left:
                raise
            sleep(RETRY_SECONDS)
