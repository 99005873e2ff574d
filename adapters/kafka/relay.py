"""The relay: every event of the log into the private topic, exactly once, in order per stream."""
from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from functools import lru_cache

from adapters.kafka.publisher import Interrupted, Mark, Publisher, RelayStopped
from adapters.kafka.records import headers_of, rfc3339
from adapters.kafka.transport import Message
from adapters.telemetry import telemetry
from domain.ports import EventLog, LogUnavailable, Recorded

BATCH_RECORDS_MAX = 4_000
BATCH_BYTES_MAX = 8 * 1024 * 1024
IDLE_WAIT_SECONDS = 1.0
BACKOFF_FIRST_SECONDS = 0.1
BACKOFF_MAX_SECONDS = 5.0

Traceparent = Callable[[Recorded], str | None]

log = logging.getLogger(__name__)

_time = lru_cache(maxsize=16)(lambda moment: rfc3339(moment).encode())  # One append has one time.


class Relay:
    """Copies the log to the publisher's topic; killed at any instruction, it loses and doubles nothing.

    `traceparent` tells the W3C trace context in which an event was recorded, or None. The span of its batch
    links to it and travels with the record; without telemetry the context itself does. One thread at a time.
    """

    def __init__(
        self,
        source: EventLog,
        publisher: Publisher,
        *,
        traceparent: Traceparent | None = None,
        batch_records_max: int = BATCH_RECORDS_MAX,
    ) -> None:
        self._source = source
        self._publisher = publisher
        self._traceparent = traceparent
        self._batch_records_max = batch_records_max
        self._at: Mark | None = None
        self._ahead: tuple[Mark, Sequence[Recorded], list[Message]] | None = None

    @property
    def at(self) -> Mark | None:
        """How far the topic is known to be written; None before the first step and after an interruption."""
        return self._at

    def step(self) -> int:
        """Relay one batch; 0 when there is nothing to relay.

        A batch is what there is, up to 4,000 records or 8 MiB: one record when caught up, so that it
        leaves at once. The event at the position is read again with each batch, so a store that was
        restored under a running relay is noticed within two batches. Raises Interrupted and LogUnavailable, after which
        the next step goes on, and RelayStopped.
        """
        lineage = self._source.lineage
        at = self._at if self._publisher.ready else None
        if at is None or at.lineage != lineage:
            self._at = None
            at = self._publisher.resume(lineage)
        batch, messages = self._after(at)
        self._at = at
        if not batch:
            telemetry.lag("relay", 0)
            return 0
        mark = Mark(lineage=lineage, position=batch[-1].position, id=str(batch[-1].event_id))
        self._at = None
        contexts = map(self._traceparent, batch) if self._traceparent else ()
        with telemetry.relay(self._publisher.target, len(batch), contexts) as span:
            self._trace(batch, messages, span.traceparent)
            self._publisher.publish(messages, mark, meanwhile=lambda: self._read_ahead(mark, len(batch)))
        self._at = mark
        if telemetry.is_on:
            telemetry.lag("relay", self._source.head().position - mark.position)
        return len(batch)

    def run(self, stop: threading.Event) -> None:
        """Relay until told to stop; waits for the log when idle, and longer and longer while Kafka fails.

        Raises RelayStopped and LineageChanged; an outage of Kafka or of the store ends nothing.
        """
        backoff = BACKOFF_FIRST_SECONDS
        while not stop.is_set():
            try:
                relayed = self.step()
                if relayed == 0 and self._at is not None:
                    self._source.wait(after=self._at.position, timeout_seconds=IDLE_WAIT_SECONDS)
            except (Interrupted, LogUnavailable) as error:
                log.warning("interrupted, next attempt in %.1f s: %s", backoff, error)
                stop.wait(backoff)
                backoff = min(2 * backoff, BACKOFF_MAX_SECONDS)
            else:
                backoff = BACKOFF_FIRST_SECONDS

    def close(self) -> None:
        """End the producer in good order. The log is not ours to close."""
        self._publisher.close()
        self._at = None

    def _after(self, at: Mark) -> tuple[Sequence[Recorded], list[Message]]:
        """What follows the mark, once the log has shown the very event that stands at it; and as records."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None and ahead[0] == at:
            return ahead[1], ahead[2]
        batch = self._checked(at, self._read(at))
        return batch, self._messages(batch)

    def _checked(self, at: Mark, events: Sequence[Recorded]) -> Sequence[Recorded]:
        if at.position == 0:
            return self._bounded(events)
        if not events or events[0].position != at.position:
            head = self._source.head().position
            because = (
                f"the topic is written up to {at.position}, the store ends at {head}: Kafka is ahead of the store"
                if head < at.position
                else f"the store has no event at position {at.position}, up to which the topic is written"
            )
            raise self._stop(because)
        if str(events[0].event_id) != at.id:
            raise self._stop(f"at position {at.position} the topic has event {at.id}, the store {events[0].event_id}")
        return self._bounded(events[1:])

    def _read(self, at: Mark) -> Sequence[Recorded]:
        """The event at the mark, and what follows it."""
        if at.position == 0:
            return self._source.read_log(after=0, limit=self._batch_records_max)
        return self._source.read_log(after=at.position - 1, limit=self._batch_records_max + 1)

    def _read_ahead(self, mark: Mark, relayed: int) -> None:
        """While Kafka takes a full batch, make the next one ready; it counts only if the mark is reached."""
        if relayed < self._batch_records_max:
            return  # Caught up: what comes next is read when it is there.
        try:
            batch = self._checked(mark, self._read(mark))
        except (LogUnavailable, RelayStopped):
            return  # The next step reads again, and says so.
        if batch:
            self._ahead = mark, batch, self._messages(batch)

    def _stop(self, because: str) -> RelayStopped:
        return RelayStopped(f"{self._publisher.target}: {because}. Nothing was written; a person has to decide.")

    @staticmethod
    def _bounded(events: Sequence[Recorded]) -> Sequence[Recorded]:
        size = 0
        bounded: list[Recorded] = []
        for event in events:
            size += len(event.state)
            if bounded and size > BATCH_BYTES_MAX:
                break
            bounded.append(event)
        return bounded

    def _messages(self, events: Sequence[Recorded]) -> list[Message]:
        lineage, partition = str(self._source.lineage).encode(), self._publisher.partition
        messages = []
        for event in events:
            key = event.stream.encode()
            headers = headers_of(event, lineage, _time(event.recorded_at))
            messages.append(Message(partition(key), key, event.state, headers))
        return messages

    def _trace(self, events: Sequence[Recorded], messages: Sequence[Message], batch_trace: str | None) -> None:
        traceparent = self._traceparent
        if batch_trace is None and traceparent is None:
            return
        for event, message in zip(events, messages, strict=True):
            if trace := batch_trace or (traceparent(event) if traceparent else None):
                message.headers.append(("traceparent", trace.encode()))
