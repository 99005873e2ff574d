"""A new key-encryption key takes the place of the old one, safe against a crash at any instruction.

The new key is durable beside the old one before anything is wrapped by it, and takes its name only after every key is.
Whatever is interrupted is gone on with by `settle`, which every opening calls.
"""
from __future__ import annotations

import sqlite3
from pathlib import Path

from adapters.keys.file import FileKeyStore
from adapters.keys.kek import FileKek, sync_directory

NEXT = ".next"
_WRAPPED_BY = "SELECT kek FROM command_key UNION SELECT kek FROM keys WHERE wrapped IS NOT NULL LIMIT 1"


def rotate(keys_path: Path, kek_path: Path) -> int:
    """Wrap every key anew under a new key-encryption key, and say how many. No stored event changes.

    Other processes are told KeysUnavailable until they start again. Raises KeysUnavailable; call it again then.
    """
    settle(keys_path, kek_path)
    fresh = FileKek(_next(kek_path))
    keys = FileKeyStore(keys_path, FileKek(kek_path, wraps=keys_path))
    try:
        count = keys.rewrap(fresh)
    finally:
        keys.close()
    settle(keys_path, kek_path)
    return count


def settle(keys_path: Path, kek_path: Path) -> None:
    """Finish a rotation that was interrupted: the new key takes its place where it wraps the keys, else it is dropped."""
    following = _next(kek_path)
    if not following.exists():
        return
    if _wrapped_by(keys_path) == FileKek(following).name:
        following.replace(kek_path)
    else:
        following.unlink(missing_ok=True)
    sync_directory(kek_path.parent)


def _next(kek_path: Path) -> Path:
    return kek_path.with_name(kek_path.name + NEXT)


def _wrapped_by(keys_path: Path) -> str | None:
    connection = sqlite3.connect(f"{keys_path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        row = connection.execute(_WRAPPED_BY).fetchone()
    finally:
        connection.close()
    return None if row is None else str(row[0])
