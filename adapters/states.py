"""Folded states, kept for the next command: few, and not for long."""
from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

from adapters.avro.boxes import KEY_CACHE_SECONDS
from domain.agency.state import Agency
from domain.case.assessing import Assessed
from domain.case.state import Case

STATES_MAX = 512
STATES_SECONDS = 60.0 - KEY_CACHE_SECONDS
"""A state may be folded with a key that was destroyed KEY_CACHE_SECONDS ago: together they last no longer than 60 s."""
S = TypeVar("S", Case, Agency, Assessed)


class States(Generic[S]):
    """A bounded cache of folded states; the least recently used goes first. Shared by threads.

    All are dropped together at the latest STATES_SECONDS after the first came in: text whose key was destroyed or
    withheld by another process is gone from here by then.
    """

    def __init__(self, states_max: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._states: OrderedDict[str, S] = OrderedDict()
        self._states_max, self._monotonic = states_max, monotonic
        self._dropped_at = monotonic()
        self._lock = Lock()
        self.epoch = 0
        """Read it before `get` and give it to `put`: what grew out of a state that was dropped meanwhile is not kept."""

    def get(self, stream: str) -> S | None:
        with self._lock:
            now = self._monotonic()
            if not 0 <= now - self._dropped_at < STATES_SECONDS:
                self._drop()
                self._dropped_at = now
            state = self._states.get(stream)
            if state is not None:
                self._states.move_to_end(stream)
            return state

    def put(self, stream: str, state: S, epoch: int) -> None:
        """Keep the newest: a thread that read less must not put the state back."""
        with self._lock:
            if epoch != self.epoch:
                return
            known = self._states.get(stream)
            if known is None or known.version < state.version:
                self._states[stream] = state
            self._states.move_to_end(stream)
            while len(self._states) > self._states_max:
                self._states.popitem(last=False)

    def drop(self) -> None:
        with self._lock:
            self._drop()

    def _drop(self) -> None:
        self._states.clear()
        self.epoch += 1
