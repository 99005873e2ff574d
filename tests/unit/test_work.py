"""The crew: workers are woken by the log, also by what came while they looked."""
from __future__ import annotations

import threading
from uuid import uuid4

import pytest

from adapters.eventstore.fake import MemoryLog
from adapters.work import Crew, Worker
from domain.ports import Append, LineageChanged, LogForked, LogUnavailable, NewEvent

SECONDS_MAX = 10.0


class Watched(MemoryLog):
    """Notes after which position each wait waits."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[int] = []
        self.waited = threading.Event()

    def wait(self, *, after: int, timeout_seconds: float) -> bool:
        self.waits.append(after)
        self.waited.set()
        return super().wait(after=after, timeout_seconds=timeout_seconds)

    def grow(self) -> None:
        self.append(Append(events=(NewEvent(event_id=uuid4(), stream=f"s-{uuid4()}", version=1, topic="t", state=b""),)))


def test_what_comes_between_a_worker_s_look_and_its_wait_wakes_it_at_once() -> None:
    log = Watched()

    def looks_too_early() -> int:
        if log.head().position == 0:
            log.grow()  # Another thread's append, right after the look.
        return 0

    crew = Crew([Worker(name="looking", step=looks_too_early)], log)
    crew.start()
    assert log.waited.wait(SECONDS_MAX)
    crew.stop()
    assert log.waits[0] == 0, "it waits for more than it saw, not for more than there is"


@pytest.mark.parametrize(("error", "ends"), [
    (LogUnavailable("busy"), False), (LineageChanged("restored"), True), (LogForked("an older copy"), True),
])
def test_an_outage_ends_no_worker_and_a_restored_log_does(error: Exception, ends: bool) -> None:
    log, again = Watched(), threading.Event()

    def fails_once() -> int:
        if not failed:
            failed.append(1)
            raise error
        again.set()
        return 0

    failed: list[int] = []
    crew = Crew([Worker(name="failing", step=fails_once)], log)
    crew.start()
    if not ends:
        assert again.wait(SECONDS_MAX)
    crew.stop()
    assert crew.is_over and list(crew.failures) == ["failing"] * ends
