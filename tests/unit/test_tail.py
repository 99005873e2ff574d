"""A worker's place in the log: it moves with the effect, and a second instance begins where the first stands."""
from __future__ import annotations

from collections.abc import Sequence

import pytest

from adapters.disclosure.tail import UNSAVED_MAX, Tail
from adapters.eventstore.fake import MemoryLog, MemoryStore
from domain.ports import LogForked, Recorded, WorkerDisplaced
from tests.contract.event_log_contract import stream_of

WORKER = "reader"


class Reader:
    """A worker whose effect is what it has seen; it stores its move to the last row of each step."""

    def __init__(self, store: MemoryStore) -> None:
        self.tail = Tail(MemoryLog(store), WORKER)
        self.seen: list[int] = []

    def step(self, limit: int = 10) -> int:
        return self.tail.step(limit, self._effect)

    def _effect(self, rows: Sequence[Recorded]) -> None:
        if rows:
            self.tail.save(rows[-1])
        self.seen += [row.position for row in rows]


def passing(rows: Sequence[Recorded]) -> None:
    """No row has an effect."""


def test_each_row_is_given_once_and_a_step_says_how_many() -> None:
    store = MemoryStore()
    stream_of(MemoryLog(store), "case-a", size=5)
    reader = Reader(store)
    assert [reader.step(3), reader.step(3), reader.step(3)] == [3, 2, 0]
    assert reader.seen == [1, 2, 3, 4, 5] and reader.tail.at == MemoryLog(store).worker(WORKER)


def test_an_instance_that_another_has_overtaken_is_told_and_goes_on_from_there() -> None:
    store = MemoryStore()
    stream_of(MemoryLog(store), "case-a", size=5)
    first, second = Reader(store), Reader(store)
    assert first.step(1) == 1 and second.step(4) == 4
    with pytest.raises(WorkerDisplaced):
        first.step(2)
    assert first.seen == [1], "what could not be stored had no effect"
    assert first.step() == 0 and second.step() == 0
    stream_of(MemoryLog(store), "case-b", size=1)
    assert first.step() == 1 and first.seen == [1, 6]


def test_rows_without_effect_move_it_in_memory_and_in_the_log_before_too_many_would_be_read_again() -> None:
    store = MemoryStore()
    log = MemoryLog(store)
    stream_of(log, "case-a", size=UNSAVED_MAX)
    tail = Tail(log, WORKER)
    assert tail.step(UNSAVED_MAX - 1, passing) == UNSAVED_MAX - 1
    assert log.worker(WORKER) is None and tail.at is not None
    assert tail.step(1, passing) == 1
    assert log.worker(WORKER) == tail.at


@pytest.mark.parametrize("left", [0, 3, 7])
def test_a_worker_stops_where_another_event_stands_than_the_one_that_it_read_last(left: int) -> None:
    store, other = MemoryStore(), MemoryStore()
    stream_of(MemoryLog(store), "case-a", size=5)
    reader = Reader(store)
    assert reader.step() == 5
    if left:
        stream_of(MemoryLog(other), "case-b", size=left)
    store.rows[:] = other.rows
    with pytest.raises(LogForked, match="casebridge log restored"):
        reader.step()
    assert reader.seen == [1, 2, 3, 4, 5], "nothing after the fork had an effect"
