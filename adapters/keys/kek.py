"""The key that encrypts keys. Whoever has it and the key store's file can read what is boxed: keep them apart."""
from __future__ import annotations

import os
import stat
from hashlib import sha256
from pathlib import Path
from tempfile import mkstemp
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.ports import KeysUnavailable

KEY_BYTES = 32
NONCE_BYTES = 12


class KeyEncryptionKey(Protocol):
    """A file, an environment variable, a key service: each wraps and unwraps, none gives the key away."""

    @property
    def name(self) -> str:
        """Tells one key-encryption key from another; kept with everything that it wrapped."""

    def wrap(self, key: bytes, bound_to: bytes) -> bytes: ...

    def unwrap(self, wrapped: bytes, bound_to: bytes) -> bytes:
        """Raises KeysUnavailable where this key did not wrap it, or wrapped it for another name."""


class FileKek:
    """A key-encryption key in a file that only its owner may read, made at first use.

    Processes that start together agree on one file. `wraps` is the key store that it is for: where that
    is there already, a key that is not is lost, and never made anew. Raises KeysUnavailable where the file
    is lost, cannot be read, is open to others, or holds no key.
    """

    def __init__(self, path: Path, *, wraps: Path | None = None) -> None:
        try:
            is_used = wraps is not None and wraps.exists()  # First: others make the key before the store.
            if not path.exists():
                if is_used:
                    raise KeysUnavailable(f"{path} is gone, and the keys in {wraps} open with no other: bring it back")
                _make(path)
            key = path.read_bytes()
            mode = stat.S_IMODE(path.stat().st_mode)
        except OSError as error:
            raise KeysUnavailable(f"the key-encryption key cannot be read: {error}") from error
        if mode & 0o077:
            raise KeysUnavailable(f"{path} is open to others (mode {mode:03o}): chmod 600 it")
        if len(key) != KEY_BYTES:
            raise KeysUnavailable(f"{path} holds no key of {KEY_BYTES} bytes")
        self._cipher = AESGCM(key)
        self._name = "file-" + sha256(b"casebridge key-encryption key" + key).hexdigest()[:16]

    @property
    def name(self) -> str:
        return self._name

    def wrap(self, key: bytes, bound_to: bytes) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, key, bound_to)

    def unwrap(self, wrapped: bytes, bound_to: bytes) -> bytes:
        try:
            return self._cipher.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], bound_to)
        except (InvalidTag, ValueError):
            raise KeysUnavailable("a stored key does not unwrap: the key store is damaged") from None


def _make(path: Path) -> None:
    """The whole key appears at once, durable, or another process was first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = mkstemp(dir=path.parent, prefix=f".{path.name}.")  # 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(os.urandom(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
        sync_directory(path.parent)
    finally:
        Path(draft).unlink()


def sync_directory(path: Path) -> None:
    """A new name in a directory survives a power cut only after this."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
