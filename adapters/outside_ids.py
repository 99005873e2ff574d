"""Our id for what another system numbers: the same always, and nobody without the key store can tell which number it was."""
from __future__ import annotations

import hashlib
import hmac
from struct import pack
from uuid import UUID

_PURPOSE = b"casebridge/outside-ids/1"


class OutsideIds:
    """Ids as UUIDs of version 8 (RFC 9562): HMAC-SHA-256 under a key of the key store, never a bare hash of a number."""

    def __init__(self, root: bytes) -> None:
        self._key = hmac.digest(root, _PURPOSE, hashlib.sha256)

    def ours(self, agency: str, source: str, id: str) -> UUID:
        """What number `id` of the numbering `source` means in this agency."""
        return self.made("id", agency, source, id)

    def made(self, *parts: str) -> UUID:
        """The id of exactly these parts in this order; their lengths are bound in."""
        number = int.from_bytes(self._digest(*parts)[:16], "big")
        return UUID(int=number & ~(0xF << 76) & ~(0x3 << 62) | 8 << 76 | 2 << 62)

    def digest(self, *parts: str) -> str:
        """16 hexadecimal digits that change when any of the parts does."""
        return self._digest("digest", *parts).hex()[:16]

    def _digest(self, *parts: str) -> bytes:
        texts = [part.encode() for part in parts]
        return hmac.digest(self._key, b"".join(pack(">I", len(text)) + text for text in texts), hashlib.sha256)
