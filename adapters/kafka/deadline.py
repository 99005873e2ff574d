"""A hard deadline around calls of a client that may wait for ever."""
from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

STUCK_MAX = 200  # Threads given up in one process, before it has to be started anew.

_stuck = 0
_stuck_lock = threading.Lock()


class Overdue(Exception):
    """A call did not come back in time. It may still take effect."""


class TooManyStuck(Exception):
    """So many calls never came back that only a new process helps."""


class Worker:
    """One daemon thread that runs calls one after the other.

    A call past its deadline is given up together with the thread; the worker takes no other after it.
    Not fork-safe: make it after the fork.
    """

    def __init__(self, name: str) -> None:
        self._calls: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._loop, name=name, daemon=True)
        self._thread.start()
        self._usable = True

    def run(self, what: str, call: Callable[[], T], *, seconds: float) -> T:
        """The call's result or exception; raises Overdue, or TooManyStuck in a process beyond help."""
        if not self._usable:
            raise Overdue(f"{what} was not begun: an earlier call never came back")
        outcome: queue.SimpleQueue[tuple[T | None, BaseException | None]] = queue.SimpleQueue()

        def job() -> None:
            try:
                outcome.put((call(), None))
            except BaseException as error:  # It belongs to the caller, whatever it is.
                outcome.put((None, error))

        self._calls.put(job)
        try:
            result, error = outcome.get(timeout=seconds)
        except queue.Empty:
            self._give_up()
            raise Overdue(f"{what} did not come back within {seconds:g} s") from None
        if error is not None:
            raise error
        return result  # type: ignore[return-value]  # No error means that the call returned a T.

    def stop(self) -> None:
        """Let the thread end once it is idle."""
        self._usable = False
        self._calls.put(None)

    def _give_up(self) -> None:
        global _stuck
        self.stop()
        with _stuck_lock:
            _stuck += 1
            if _stuck > STUCK_MAX:
                raise TooManyStuck(f"{_stuck} calls of the Kafka client never came back: start the process anew")

    def _loop(self) -> None:
        while (job := self._calls.get()) is not None:
            job()
