"""One writer of a process at a time: the caller whose turn it is writes for all who wait behind it.

So many callers share one transaction and one fsync, which is what a durable append mostly waits for,
and a lone caller pays for no switch of threads.
"""
from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Condition, Event

from domain.ports import Append, Appended, LogUnavailable

QUEUE_MAX = 1_000
GROUP_MAX = 64
"""Callers whose appends one transaction may gather."""
ANSWER_SECONDS_MAX = 60.0
"""How long a caller waits for its turn or its answer."""


@dataclass(eq=False, slots=True)
class Asked:
    """An append on its way, with the heads it rests on; `answer` is there once it is decided and durable."""

    append: Append
    heads: tuple[tuple[str, int], ...]
    answer: Appended | Exception | None = None


@dataclass(eq=False, slots=True)
class Caller:
    """Whoever waits for the answers to these."""

    asked: Sequence[Asked]
    woken: Event | None = None
    """Set when the answers are there, or when it is this caller's turn to write; None where the turn was free."""

    def wake(self) -> None:
        if self.woken is not None:
            self.woken.set()


class Turns:
    """`store` gets a group of appends, oldest first, and gives each its answer; it is never called twice at once."""

    def __init__(self, store: Callable[[list[Asked]], None]) -> None:
        self._store = store
        self._waiting: deque[Caller] = deque()
        self._changed, self._busy, self._closed = Condition(), False, False

    def ask(self, asked: Asked) -> Appended:
        """The answer for this append; raises what `store` answered, or LogUnavailable where it got no turn."""
        (answer,) = self.ask_all([asked])
        if isinstance(answer, Appended):
            return answer
        raise answer

    def ask_all(self, asked: Sequence[Asked]) -> Sequence[Appended | Exception]:
        """What `store`, which gets these at once, answers to each; raises LogUnavailable where they got no turn."""
        if not asked:
            return ()
        with self._changed:
            if self._closed:
                raise LogUnavailable("the log is closed")
            if len(self._waiting) >= QUEUE_MAX:
                raise LogUnavailable(f"{QUEUE_MAX} appends are waiting already")
            caller = Caller(asked, woken=Event() if self._busy else None)
            self._waiting.append(caller)
            self._busy = True
        if caller.woken is not None:
            self._wait_for_turn_or_answer(caller, caller.woken)
        if asked[-1].answer is None:
            self._write()
        return [one.answer or LogUnavailable("the append was interrupted, and may have happened") for one in asked]

    def _wait_for_turn_or_answer(self, caller: Caller, woken: Event) -> None:
        try:
            if woken.wait(ANSWER_SECONDS_MAX):
                return
        except BaseException:
            self._withdraw(caller)
            raise
        if self._withdraw(caller):
            raise LogUnavailable("the append got no turn, and was withdrawn")
        raise LogUnavailable("the log's writer gave no answer; the append may still happen")

    def _withdraw(self, caller: Caller) -> bool:
        """Take back what nobody has begun to write; a turn that came meanwhile goes to the next one."""
        with self._changed:
            if caller not in self._waiting:
                return False
            self._waiting.remove(caller)
            if caller.woken is not None and caller.woken.is_set():
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
            self._store([asked for caller in group for asked in caller.asked])
        finally:
            with self._changed:
                self._pass_turn()
            for caller in group:
                caller.wake()

    def close(self) -> bool:
        """Takes no more and waits for what was asked; False where it was closed before."""
        with self._changed:
            first, self._closed = not self._closed, True
            self._changed.wait_for(lambda: not self._busy, ANSWER_SECONDS_MAX)
        return first
