"""How often may be asked: by each office, and by each address whose credentials have opened nothing yet."""
from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import IPv6Address, ip_address, ip_network
from threading import Lock

CALLERS_MAX = 4_096
IPV6_PREFIX_BITS = 64
"""Whoever has one IPv6 address has all of its network, and is one caller."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A bucket of `burst_max` tokens that fills at a steady rate."""

    a_second: float
    burst_max: float


READINGS = Rate(a_second=5.0, burst_max=20.0)
UNPROVEN_TRIES = Rate(a_second=1.0, burst_max=20.0)


class RateLimit:
    """One bucket for each caller; the least recently seen callers are forgotten first. Shared by threads."""

    def __init__(self, rate: Rate = READINGS, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._monotonic, self._lock = rate, monotonic, Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # tokens, and when they were counted

    def wait_seconds(self, caller: str) -> float:
        """0 where the caller may ask now, which takes a token; else in how many seconds it may."""
        with self._lock:
            now = self._monotonic()
            tokens, counted_at = self._buckets.get(caller, (self._rate.burst_max, now))
            tokens = min(self._rate.burst_max, tokens + (now - counted_at) * self._rate.a_second)
            allowed = tokens >= 1
            self._buckets[caller] = (tokens - 1 if allowed else tokens), now
            self._buckets.move_to_end(caller)
            if len(self._buckets) > CALLERS_MAX:
                self._buckets.popitem(last=False)
            return 0.0 if allowed else (1 - tokens) / self._rate.a_second


class Logins:
    """Limits tries with a credential that has not opened its feed, by the address from which they come.

    One that has opened it spends nothing of its address, so that an office reads on behind the gateway that it shares
    with somebody who guesses. It is known again by its digest alone, the least recently seen forgotten first, until it
    fails once. Shared by threads.
    """

    def __init__(self, tries: RateLimit | None = None) -> None:
        self._tries, self._lock = tries or RateLimit(UNPROVEN_TRIES), Lock()
        self._proven: OrderedDict[bytes, None] = OrderedDict()

    def wait_seconds(self, office: str, shown: str, address: str) -> float:
        """0 where this try may be looked at; else in how many seconds. It is the same whether there is such an office."""
        with self._lock:
            if _digest(office, shown) in self._proven:
                return 0.0
        return self._tries.wait_seconds(_caller(address))

    def opened(self, office: str, shown: str) -> None:
        with self._lock:
            self._proven[_digest(office, shown)] = None
            self._proven.move_to_end(_digest(office, shown))
            if len(self._proven) > CALLERS_MAX:
                self._proven.popitem(last=False)

    def failed(self, office: str, shown: str) -> None:
        with self._lock:
            self._proven.pop(_digest(office, shown), None)


def _digest(office: str, shown: str) -> bytes:
    return sha256(f"{office}\n{shown}".encode()).digest()


def _caller(address: str) -> str:
    try:
        known = ip_address(address)
    except ValueError:
        return ""  # Whoever has no address that can be told is one caller.
    if isinstance(known, IPv6Address):
        return str(ip_network((known, IPV6_PREFIX_BITS), strict=False))
    return str(known)
