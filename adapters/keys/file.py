"""The key store of a single machine: an SQLite file of its own, never a table of the log's database.

Data keys are random, wrapped by the key-encryption key and bound to their name and generation. The
write-ahead log would keep what was deleted, so destroying ends with a checkpoint that truncates it.
"""
from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from uuid import UUID

from adapters.keys.custody import COMPARTMENTS, KEY_BYTES
from adapters.keys.kek import KeyEncryptionKey, sync_directory
from adapters.write_ahead import write_ahead
from domain.ports import KeyName, KeysUnavailable

BUSY_SECONDS = 5.0
_COMMAND = b"casebridge command digests"
_TABLES = """
CREATE TABLE IF NOT EXISTS keys (
  case_id TEXT NOT NULL, person TEXT NOT NULL, compartment TEXT NOT NULL, generation INTEGER NOT NULL,
  kek TEXT NOT NULL, wrapped BLOB, -- NULL: destroyed
  PRIMARY KEY (case_id, person, compartment, generation)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS withheld (
  case_id TEXT NOT NULL, person TEXT NOT NULL, compartment TEXT NOT NULL,
  PRIMARY KEY (case_id, person, compartment)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS command_key (
  one INTEGER PRIMARY KEY CHECK (one = 1), kek TEXT NOT NULL, wrapped BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS replayed (
  one INTEGER PRIMARY KEY CHECK (one = 1), lineage TEXT NOT NULL, position INTEGER NOT NULL) STRICT;
"""
_NEWEST = """SELECT generation, kek, wrapped FROM keys WHERE case_id = ?1 AND person = ?2 AND compartment = ?3
  ORDER BY generation DESC LIMIT 1"""
_OPEN = """SELECT kek, wrapped FROM keys WHERE case_id = ?1 AND person = ?2 AND compartment = ?3 AND generation = ?4
  AND NOT EXISTS (SELECT 1 FROM withheld WHERE case_id = ?1 AND person = ?2 AND compartment = ?3)"""
_GENERATIONS = """SELECT compartment, max(generation), count(wrapped) FROM keys
  WHERE case_id = ?1 AND person = ?2 GROUP BY compartment"""
_INSERT = "INSERT INTO keys VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
_REWRAP = """UPDATE keys SET kek = ?5, wrapped = ?6
  WHERE case_id = ?1 AND person = ?2 AND compartment = ?3 AND generation = ?4"""
_DESTROY = """UPDATE keys SET kek = '', wrapped = NULL
  WHERE case_id = ?1 AND person = ?2 AND compartment = ?3 AND wrapped IS NOT NULL"""
_WITHHOLD = "INSERT INTO withheld VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING"
_RESTORE = "DELETE FROM withheld WHERE case_id = ?1 AND person = ?2 AND compartment = ?3"
_REPLAYED = "SELECT position FROM replayed WHERE lineage = ?1"
_REPLAYED_TO = "INSERT INTO replayed VALUES (1, ?1, ?2) ON CONFLICT DO UPDATE SET lineage = ?1, position = ?2"
_COMMAND_KEY = "SELECT kek, wrapped FROM command_key"


class FileKeyStore:
    """Keys in one file. Threads and processes that need the same new key agree on one.

    The first use of any of a person's keys in a case makes those of every compartment, and threads that
    wait for new keys share one commit: a disk's flush is what a new key costs. Every method raises
    KeysUnavailable where the file cannot be read or written, or another key-encryption key wrapped it.
    """

    def __init__(self, path: Path, kek: KeyEncryptionKey, *, busy_seconds: float = BUSY_SECONDS) -> None:
        self._kek = kek
        self._lock = Lock()
        self._waiting: set[tuple[UUID, UUID]] = set()
        with _reaching():
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            self._connection = sqlite3.connect(
                path, timeout=busy_seconds, isolation_level=None, check_same_thread=False,  # one lock, all threads
            )
            write_ahead(self._connection)
            for pragma in ("synchronous=FULL", "secure_delete=ON", "temp_store=MEMORY"):
                self._connection.execute(f"PRAGMA {pragma}")
            self._connection.executescript(_TABLES)
            sync_directory(path.parent)

    def current(self, name: KeyName) -> tuple[int, bytes]:
        with self._lock, _reaching():
            found = self._newest(name)
        if found is None:
            self._waiting.add((name.case, name.person))
            with self._lock, _reaching():
                found = self._newest(name)  # another thread may have made it for us
                if found is None:
                    self._make_for_all_waiting((name.case, name.person))
                    found = self._newest(name)
        assert found is not None
        return found

    def open(self, name: KeyName, generation: int) -> bytes | None:
        with self._lock, _reaching():
            row = self._connection.execute(_OPEN, (*_row(name), generation)).fetchone()
        if row is None or row[1] is None:
            return None
        return self._unwrap(row[0], row[1], _bound(name, generation))

    def command_key(self) -> bytes:
        fresh = self._kek.name, self._kek.wrap(os.urandom(KEY_BYTES), _COMMAND)
        with self._lock, _reaching():
            row = self._connection.execute(_COMMAND_KEY).fetchone()
            if row is None:
                self._connection.execute("INSERT INTO command_key VALUES (1, ?, ?) ON CONFLICT DO NOTHING", fresh)
                row = self._connection.execute(_COMMAND_KEY).fetchone()
        return self._unwrap(row[0], row[1], _COMMAND)

    def withhold(self, names: Iterable[KeyName]) -> None:
        with self._lock, self._transaction():
            self._connection.executemany(_WITHHOLD, map(_row, names))

    def restore_access(self, names: Iterable[KeyName]) -> None:
        with self._lock, self._transaction():
            self._connection.executemany(_RESTORE, map(_row, names))

    def destroy(self, names: Iterable[KeyName]) -> int:
        with self._lock:
            with self._transaction():
                destroyed = sum(self._connection.execute(_DESTROY, _row(name)).rowcount for name in names)
            self._leave_no_copy()
        return destroyed

    def replayed(self, lineage: UUID) -> int:
        with self._lock, _reaching():
            row = self._connection.execute(_REPLAYED, (str(lineage),)).fetchone()
        return 0 if row is None else int(row[0])

    def replayed_to(self, lineage: UUID, position: int) -> None:
        with self._lock, self._transaction():
            self._connection.execute(_REPLAYED_TO, (str(lineage), position))

    def rewrap(self, kek: KeyEncryptionKey) -> int:
        """Wrap every key anew, and say how many: rotation of the key-encryption key. No stored event changes.

        All of them or none. Other processes are told KeysUnavailable until they start with the new one.
        """
        with self._lock:
            with self._transaction():
                rows = self._connection.execute("SELECT * FROM keys WHERE wrapped IS NOT NULL").fetchall()
                for case, person, compartment, generation, old, wrapped in rows:
                    row = case, person, compartment, generation
                    binding = _binding(*row)
                    again = kek.wrap(self._unwrap(old, wrapped, binding), binding)
                    self._connection.execute(_REWRAP, (*row, kek.name, again))
                for old, wrapped in self._connection.execute(_COMMAND_KEY).fetchall():
                    again = kek.wrap(self._unwrap(old, wrapped, _COMMAND), _COMMAND)
                    self._connection.execute("UPDATE command_key SET kek = ?, wrapped = ?", (kek.name, again))
            self._kek = kek
            self._leave_no_copy()
        return len(rows)

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _newest(self, name: KeyName) -> tuple[int, bytes] | None:
        row = self._connection.execute(_NEWEST, _row(name)).fetchone()
        if row is None or row[2] is None:
            return None
        generation, kek, wrapped = row
        return generation, self._unwrap(kek, wrapped, _bound(name, generation))

    def _make_for_all_waiting(self, mine: tuple[UUID, UUID]) -> None:
        batch = {mine}
        while self._waiting:  # at most one entry a waiting thread
            batch.add(self._waiting.pop())
        with self._transaction():
            for case, person in batch:
                self._make(str(case), str(person))

    def _make(self, case: str, person: str) -> None:
        """A new generation for every compartment that has no living one."""
        last = {row[0]: row[1:] for row in self._connection.execute(_GENERATIONS, (case, person))}
        rows = []
        for compartment in COMPARTMENTS:
            generation, living = last.get(compartment.value, (0, 0))
            if not living:
                row = case, person, compartment.value, generation + 1
                rows.append((*row, self._kek.name, self._kek.wrap(os.urandom(KEY_BYTES), _binding(*row))))
        self._connection.executemany(_INSERT, rows)

    def _unwrap(self, kek: str, wrapped: bytes, bound_to: bytes) -> bytes:
        if kek != self._kek.name:
            raise KeysUnavailable(f"the key store is wrapped by {kek}, not by {self._kek.name}")
        return self._kek.unwrap(wrapped, bound_to)

    def _leave_no_copy(self) -> None:
        """Deleted pages are zeroed by secure_delete; what the write-ahead log still has goes with its truncation."""
        with _reaching():
            busy, _, _ = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise KeysUnavailable("another process is reading the key store: copies are still in its write-ahead log")

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with _reaching():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise


@contextmanager
def _reaching() -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise KeysUnavailable(f"the key store cannot be reached: {error}") from error


def _row(name: KeyName) -> tuple[str, str, str]:
    return str(name.case), str(name.person), name.compartment.value


def _bound(name: KeyName, generation: int) -> bytes:
    return _binding(*_row(name), generation)


def _binding(case: str, person: str, compartment: str, generation: int) -> bytes:
    """Unambiguous: no part but the last may hold a slash."""
    return f"{case}/{person}/{compartment}/{generation}".encode()
