"""A hard deadline around calls of a client that may wait for ever."""
from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")

STUCK_MAX = 200  # Threads given up in one process, before it has to be started anew.

_stuck = 0
_stuck_lock = threading.Lock()


def _forget(result: object) -> None:
    pass


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

    def run(
        self,
        what: str,
        call: Callable[[], T],
        *,
        seconds: float,
        late: Callable[[T], None] = _forget,
        meanwhile: Callable[[], None] = lambda: None,
    ) -> T:
        """The call's result or exception; raises Overdue, or TooManyStuck in a process beyond help.

        `meanwhile` runs in the caller's thread, within the same time. `late` is given a result that comes
        after all, once nobody waits for it.
        """
        if not self._usable:
            raise Overdue(f"{what} was not begun: an earlier call never came back")
        outcome: Future[T] = Future()

        def job() -> None:
            try:
                result = call()
            except BaseException as error:  # It belongs to the caller, whatever it is.
                if outcome.set_running_or_notify_cancel():
                    outcome.set_exception(error)
                else:
                    _count_stuck(-1)
            else:
                if outcome.set_running_or_notify_cancel():
                    outcome.set_result(result)
                else:
                    _count_stuck(-1)
                    late(result)

        deadline = time.monotonic() + seconds
        self._calls.put(job)
        meanwhile()
        try:
            return outcome.result(timeout=max(0.0, deadline - time.monotonic()))
        except TimeoutError:
            if not outcome.cancel():  # It came back at the last moment.
                return outcome.result()
            self.stop()
            _count_stuck(1)
            raise Overdue(f"{what} did not come back within {seconds:g} s") from None

    def stop(self) -> None:
        """Let the thread end once it is idle."""
        self._usable = False
        self._calls.put(None)

    def _loop(self) -> None:
        while (job := self._calls.get()) is not None:
            job()


def _count_stuck(more: int) -> None:
    global _stuck
    with _stuck_lock:
        _stuck += more
        if more > 0 and _stuck > STUCK_MAX:
            raise TooManyStuck(f"{_stuck} calls of the Kafka client never came back: start the process anew")
