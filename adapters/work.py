"""Running the workers: each in a thread of its own until told to stop, or all in turn until nothing is left."""
from __future__ import annotations

import gc
import logging
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from domain.ports import EventLog, KeysUnavailable, LineageChanged, LogUnavailable, WorkerDisplaced

logger = logging.getLogger(__name__)
IDLE_SECONDS = 0.2
BACKOFF_FIRST_SECONDS = 0.2
BACKOFF_MAX_SECONDS = 30.0
ROUNDS_MAX = 10_000
SWITCH_SECONDS = 0.0005
"""How long a thread computes while another has come back from the disk and waits for its turn: the interpreter's own
5 ms, at each of the flushes between a command and an office, are felt there."""
FULL = 100
"""A step that did so much has more before it, and does not rest."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Worker:
    """One loop of the backbone. `step` does a bounded piece of work and says how much there was.

    `passing` are the errors after which the next step may go on; any other stops this worker alone. After a small
    step it rests for `rest_seconds`, so that what comes meanwhile is one step's work and not a step for each.
    """

    name: str
    step: Callable[[], int]
    close: Callable[[], None] = lambda: None
    passing: tuple[type[Exception], ...] = ()
    rest_seconds: float = 0.0
    next_at: Callable[[], datetime | None] = lambda: None


class NeverIdle(Exception):
    """The workers kept finding work: one of them makes work for another without end."""


ALWAYS_PASSING: tuple[type[Exception], ...] = (LogUnavailable, KeysUnavailable, WorkerDisplaced)


def drain(workers: Sequence[Worker]) -> int:
    """Step every worker in turn until all are idle; how much work there was. For a single process at rest."""
    total = 0
    for _ in range(ROUNDS_MAX):
        done = sum(worker.step() for worker in workers)
        total += done
        if done == 0:
            return total
    raise NeverIdle(f"the workers are not idle after {ROUNDS_MAX} rounds")


@dataclass(slots=True)
class Crew:
    """Workers in threads. One that finds nothing to do waits until the log has more than it had before the look."""

    workers: Sequence[Worker]
    log: EventLog
    stopped: threading.Event = field(default_factory=threading.Event)
    failures: dict[str, str] = field(default_factory=dict)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        sys.setswitchinterval(SWITCH_SECONDS)
        gc.collect()
        gc.freeze()  # What was loaded by now stays; looking through it for garbage took a quarter of the relay's time.
        for worker in self.workers:
            thread = threading.Thread(target=self._run, args=(worker,), name=worker.name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self, timeout_seconds: float = 30.0) -> None:
        """Ask every worker to end after its current step, and close what it holds."""
        self.stopped.set()
        for thread in self._threads:
            thread.join(timeout_seconds)

    @property
    def is_over(self) -> bool:
        """Whether every worker has ended, told or not."""
        return all(not thread.is_alive() for thread in self._threads)

    def _run(self, worker: Worker) -> None:
        backoff = BACKOFF_FIRST_SECONDS
        try:
            while not self.stopped.is_set():
                try:
                    seen = self.log.head().position
                    done = worker.step()
                    backoff = BACKOFF_FIRST_SECONDS
                    if done == 0:
                        self.log.wait(after=seen, timeout_seconds=IDLE_SECONDS)
                    if done < FULL:
                        self.stopped.wait(worker.rest_seconds)
                except LineageChanged:
                    raise
                except (*ALWAYS_PASSING, *worker.passing) as error:
                    logger.warning("%s: %s: %s; trying again in %.1f s", worker.name, type(error).__name__, error, backoff)
                    self.stopped.wait(backoff)
                    backoff = min(2 * backoff, BACKOFF_MAX_SECONDS)
        except Exception as error:
            self.failures[worker.name] = f"{type(error).__name__}: {error}"
            logger.error("%s stopped: %s: %s", worker.name, type(error).__name__, error)
        finally:
            worker.close()
