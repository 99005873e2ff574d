"""A key store in memory: for tests and rehearsals, where nothing shall outlive the process."""
from __future__ import annotations

import os
from collections.abc import Iterable
from threading import Lock
from uuid import UUID

from adapters.keys.custody import KEY_BYTES
from domain.ports import KeyName, KeysUnavailable


class MemoryKeyStore:
    """Set `unreachable` and every call raises KeysUnavailable, as with a key service that is down."""

    def __init__(self) -> None:
        self.unreachable = False
        self._lock = Lock()
        self._keys: dict[KeyName, list[bytes | None]] = {}  # generation 1 first; None where destroyed
        self._withheld: set[KeyName] = set()
        self._command_key = os.urandom(KEY_BYTES)
        self._replayed: tuple[UUID | None, int] = (None, 0)

    def current(self, name: KeyName) -> tuple[int, bytes]:
        self._reach()
        with self._lock:
            keys = self._keys.setdefault(name, [])
            if not keys or keys[-1] is None:
                keys.append(os.urandom(KEY_BYTES))
            key = keys[-1]
            assert key is not None
            return len(keys), key

    def open(self, name: KeyName, generation: int) -> bytes | None:
        self._reach()
        keys = self._keys.get(name, [])
        if name in self._withheld or not 0 < generation <= len(keys):
            return None
        return keys[generation - 1]

    def command_key(self) -> bytes:
        self._reach()
        return self._command_key

    def withhold(self, names: Iterable[KeyName]) -> None:
        self._reach()
        self._withheld.update(names)

    def restore_access(self, names: Iterable[KeyName]) -> None:
        self._reach()
        self._withheld.difference_update(names)

    def destroy(self, names: Iterable[KeyName]) -> int:
        self._reach()
        destroyed = 0
        with self._lock:
            for name in names:
                keys = self._keys.get(name, [])
                destroyed += sum(key is not None for key in keys)
                keys[:] = [None] * len(keys)
        return destroyed

    def replayed(self, lineage: UUID) -> int:
        self._reach()
        known, position = self._replayed
        return position if known == lineage else 0

    def replayed_to(self, lineage: UUID, position: int) -> None:
        self._reach()
        self._replayed = lineage, position

    def _reach(self) -> None:
        if self.unreachable:
            raise KeysUnavailable("the key store cannot be reached")
