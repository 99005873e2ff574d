"""One writer of a process at a time: the caller whose turn it is writes for all who wait behind it.

So many callers share one transaction and one fsync, which is what a durable append mostly waits for,
and a lone caller pays for no switch of threads.
"""
from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from threading import Condition, Event

from domain.ports import Append, Appended, LogUnavailable

QUEUE_MAX = 1_000
GROUP_MAX = 64
"""Appends that one transaction may gather."""
ANSWER_SECONDS_MAX = 60.0
"""How long a caller waits for its turn or its answer."""


@dataclass(eq=False, slots=True)
class Asked:
    """An append on its way, with the heads it rests on; `answer` is there once it is decided and durable."""

    append: Append
    heads: tuple[tuple[str, int], ...]
    answer: Appended | Exception | None = None
    woken: Event | None = None
    """Set when the answer is there, or when it is this caller's turn to write; None where the turn was free."""

    def wake(self) -> None:
        if self.woken is not None:
            self.woken.set()


class Turns:
    """`store` gets a group of appends, oldest first, and gives each its answer; it is never called twice at once."""

    def __init__(self, store: Callable[[list[Asked]], None]) -> None:
        self._store = store
        self._waiting: deque[Asked] = deque()
        self._changed, self._busy, self._closed = Condition(), False, False

    def ask(self, append: Append, heads: tuple[tuple[str, int], ...]) -> Appended:
        """The answer for this append; raises what `store` answered, or LogUnavailable where it got no turn."""
        with self._changed:
            if self._closed:
                raise LogUnavailable("the log is closed")
            if len(self._waiting) >= QUEUE_MAX:
                raise LogUnavailable(f"{QUEUE_MAX} appends are waiting already")
            asked = Asked(append, heads, woken=Event() if self._busy else None)
            self._waiting.append(asked)
            self._busy = True
        if asked.woken is not None:
            self._wait_for_turn_or_answer(asked, asked.woken)
        if asked.answer is None:
            self._write()
        match asked.answer:
            case Appended() as appended:
                return appended
            case Exception() as error:
                raise error
            case None:
                raise LogUnavailable("the append was interrupted, and may have happened")

    def _wait_for_turn_or_answer(self, asked: Asked, woken: Event) -> None:
        try:
            if woken.wait(ANSWER_SECONDS_MAX):
                return
        except BaseException:
            self._withdraw(asked)
            raise
        if self._withdraw(asked):
            raise LogUnavailable("the append got no turn, and was withdrawn")
        raise LogUnavailable("the log's writer gave no answer; the append may still happen")

    def _withdraw(self, asked: Asked) -> bool:
        """Take back what nobody has begun to write; a turn that came meanwhile goes to the next one."""
        with self._changed:
            if asked not in self._waiting:
                return False
            self._waiting.remove(asked)
            if asked.woken is not None and asked.woken.is_set():
                self._pass_turn()
            return True

    def _pass_turn(self) -> None:
        self._busy = bool(self._waiting)
        if self._busy:
            self._waiting[0].wake()
        self._changed.notify_all()

    def _write(self) -> None:
        with self._changed:
            group = [self._waiting.popleft() for _ in range(min(GROUP_MAX, len(self._waiting)))]
        try:
            self._store(group)
        finally:
            with self._changed:
                self._pass_turn()
            for asked in group:
                asked.wake()

    def close(self) -> bool:
        """Takes no more and waits for what was asked; False where it was closed before."""
        with self._changed:
            first, self._closed = not self._closed, True
            self._changed.wait_for(lambda: not self._busy, ANSWER_SECONDS_MAX)
        return first
