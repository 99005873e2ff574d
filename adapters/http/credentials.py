"""Credentials by which offices read their feeds: one for each office, derived and so stored nowhere, and replaceable."""
from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass

PREFIX = "cbf_"
"""Says what it is to whoever finds one, and to tools that look for secrets."""


@dataclass(frozen=True, slots=True)
class FeedCredentials:
    """`root` is the key store's own secret. The `generation`-th credential of an office is void once the next is made."""

    root: bytes

    def of(self, office: str, generation: int) -> str:
        made = hmac.digest(self.root, f"casebridge/feed/1/{office}/{generation}".encode(), hashlib.sha256)
        return PREFIX + urlsafe_b64encode(made).decode().rstrip("=")

    def is_right(self, given: str, office: str, generation: int) -> bool:
        """In a time that does not tell how much of it was right."""
        return hmac.compare_digest(given.encode(), self.of(office, generation).encode())
