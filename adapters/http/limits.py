"""How often each office may ask: a bucket of tokens that fills at a steady rate."""
from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

READINGS_A_SECOND = 5.0
BURST_MAX = 20.0
CALLERS_MAX = 4_096


class RateLimit:
    """One bucket for each caller; the least recently seen callers are forgotten first. Shared by threads."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic, self._lock = monotonic, Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # tokens, and when they were counted

    def wait_seconds(self, caller: str) -> float:
        """0 where the caller may ask now, which takes a token; else in how many seconds it may."""
        with self._lock:
            now = self._monotonic()
            tokens, counted_at = self._buckets.get(caller, (BURST_MAX, now))
            tokens = min(BURST_MAX, tokens + (now - counted_at) * READINGS_A_SECOND)
            allowed = tokens >= 1
            self._buckets[caller] = (tokens - 1 if allowed else tokens), now
            self._buckets.move_to_end(caller)
            if len(self._buckets) > CALLERS_MAX:
                self._buckets.popitem(last=False)
            return 0.0 if allowed else (1 - tokens) / READINGS_A_SECOND
