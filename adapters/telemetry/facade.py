"""The calls that other modules make. Switched off, each costs less than a microsecond and imports nothing."""
from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from adapters.telemetry.environment import TelemetryMisconfigured, wanted
from adapters.telemetry.spans import NOTHING, Span, checked

if TYPE_CHECKING:
    from adapters.telemetry.signals import MetricReader, Signals, SpanExporter
    from domain.ports import Clock, Recorded
    from projections.source import Batch


class Telemetry:
    """Spans and metrics, off until `configure` or `configure_from_environment`.

    Names given to these calls become attributes of spans and labels of metrics: a command's, a view's,
    a topic's, a stage. Never an id, a key, an office or a value of a case.
    """

    def __init__(self) -> None:
        self._on: Signals | None = None

    # ------------------------------------------------------------------ switching
    @property
    def is_on(self) -> bool:
        return self._on is not None

    def configure(self, span_exporter: SpanExporter, metric_reader: MetricReader) -> None:
        """Switch on; every span is exported as it ends."""
        from adapters.telemetry.signals import collecting

        self.shutdown()
        self._on = collecting(span_exporter, metric_reader)

    def configure_from_environment(self, environ: Mapping[str, str] = os.environ) -> bool:
        """Switch on where the `OTEL_*` variables ask for it, unless it is on already; whether it is on.

        On means: `OTEL_TRACES_EXPORTER` or `OTEL_METRICS_EXPORTER` names one, or an OTLP endpoint is
        given, and `OTEL_SDK_DISABLED` is not true. Everything else (sampler, batches, intervals, headers,
        resource) the SDK reads from the process's environment. Raises TelemetryMisconfigured.
        """
        if self._on is not None:
            return True
        asked = wanted(environ)
        if not asked:
            return False
        try:
            from adapters.telemetry.signals import from_environment
        except ImportError as error:
            raise TelemetryMisconfigured(
                f"OTEL_* variables ask for telemetry, and {error.name} is missing: install casebridge[telemetry]"
            ) from error
        self._on = from_environment(asked)
        return True

    def shutdown(self) -> None:
        """Send what is left, within a bound, and switch off. Harmless when off."""
        on, self._on = self._on, None
        if on is not None:
            on.shutdown()

    # ------------------------------------------------------------------ hops of a command
    @property
    def traceparent(self) -> str | None:
        """The trace context of the innermost span of this thread."""
        return None if self._on is None else self._on.current()

    def command(self, name: str, traceparent: str | None) -> Span:
        """A command is judged. `name` is one of the catalogue's. What came as trace context is its parent."""
        return Span(checked(traceparent)) if self._on is None else self._on.command(name, traceparent)

    def append(self, *, events: int, system: str) -> Span:
        """The log is appended to; `system` is `sqlite` or `postgresql`."""
        return NOTHING if self._on is None else self._on.append(events, system)

    def relay(self, topic: str, records: int, links: Iterable[str | None]) -> Span:
        """A batch goes to Kafka. `links` are the contexts of its events; not iterated when off.

        The span's `traceparent` travels in the header of every record.
        """
        return NOTHING if self._on is None else self._on.relay(topic, records, links)

    def consume(
        self, view: str, links: Iterable[str | None], *, records: int, topic: str | None = None,
    ) -> Span:
        """A view takes a batch in, from the log or from a Kafka topic. `links` as for `relay`."""
        return NOTHING if self._on is None else self._on.consume(view, links, records, topic)

    def disclose(self, links: Iterable[str | None]) -> Span:
        """The discloser looks at events, with their contexts; its entries carry the span's `traceparent`."""
        return NOTHING if self._on is None else self._on.disclose(links)

    def hand_over(self, channel: str, link: str | None) -> Span:
        """An entry, recorded in the context `link`, goes to an office: a trace of its own begins.

        No trace context goes along, so that two offices' records share none.
        """
        return NOTHING if self._on is None else self._on.hand_over(channel, link)

    def receipt(self, link: str | None) -> Span:
        """A receipt has come for a hand-over made in the context `link`; its `traceparent` goes into the command."""
        return NOTHING if self._on is None else self._on.receipt(link)

    # ------------------------------------------------------------------ figures
    def lag(self, worker: str, events: int, seconds: float | None = None, *, shard: str | None = None) -> None:
        """How far a worker is behind, as it has just seen."""
        if self._on is not None:
            self._on.lag(worker, events, seconds, shard)

    def delivery(self, stage: str, failure: str | None = None) -> None:
        """A delivery came to a stage; `failure` is a code of `domain.disclosure.events.Failure`."""
        if self._on is not None:
            self._on.delivery(stage, failure)

    def unreadable(self, where: str) -> None:
        """Something could not be decoded, by the view or worker named."""
        if self._on is not None:
            self._on.unreadable(where)

    # ------------------------------------------------------------------ hooks for layers that may not know us
    def watch(
        self, clock: Clock, *, topic: str | None = None, traceparent: Callable[[Recorded], str | None] | None = None
    ) -> Callable[[str, Batch], Span]:
        """For `projections.runner.Runner(watch=...)`: a span and the lag for every batch.

        `topic` where Kafka feeds the view. `traceparent` reads a record's context where the batch brought none.
        """

        def watched(view: str, batch: Batch) -> Span:
            if self._on is None:
                return NOTHING
            links: Iterable[str | None] = batch.traceparents
            if not batch.traceparents and traceparent is not None:
                links = map(traceparent, batch.records)
            behind = max(0, batch.head_seen - batch.to)
            newest = batch.records[-1].recorded_at if batch.records and behind else None
            seconds = max(0.0, (clock.now() - newest).total_seconds()) if newest else 0.0
            self.lag(view, behind, seconds, shard=batch.shard)
            return self.consume(view, links, records=len(batch.records), topic=topic)

        return watched
