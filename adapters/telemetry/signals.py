"""Telemetry that is switched on. The only module that imports OpenTelemetry.

What is exported holds no id of ours, no office and no personal value: attributes are words of a bounded
vocabulary, an exception is recorded by its class alone, and a link is a pair of random numbers.
"""
from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping
from contextvars import Token
from importlib.metadata import entry_points
from itertools import islice
from types import TracebackType
from typing import Any, Final, Self

from opentelemetry import context as contexts
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricExporter, MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor, SpanExporter
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from adapters.telemetry.environment import TelemetryMisconfigured, Wanted
from adapters.telemetry.names import OTHER, SCHEMA_URL, SCOPE, Own
from adapters.telemetry.names import Conventional as Name
from adapters.telemetry.spans import TRACEPARENT, Span
from domain.ports import CommandSeen, Conflict

__all__ = ["MetricReader", "Signals", "SpanExporter", "collecting", "from_environment"]

LINKS_MAX = 128
"""Of one span; the SDK keeps no more by default."""
CONTEXTS_READ_MAX = 1_000
"""Of one batch. The rest of a batch that is behind goes without links, and the span says how many."""
VALUES_MAX = 200
"""Different values of one attribute in one process; what comes later is `_OTHER`."""
FLUSH_MILLISECONDS_MAX = 5_000

WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-{}]{0,79}")
UUID_LIKE = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.IGNORECASE)

ANSWERS: Final = (Conflict, CommandSeen)
"""Raised by an append that works as it should: named on the span and the metric, and no error of the service."""

FEED_TEMPLATE: Final = "casebridge.feed.{office}.v1"

Attributes = Mapping[str, str | int]
Measured = Callable[[float, Mapping[str, str]], None]


class Signals:
    """Tracer, meter and instruments of one process."""

    def __init__(self, tracing: TracerProvider, metering: MeterProvider) -> None:
        self._tracing, self._metering = tracing, metering
        self._seen: dict[str, set[str]] = {}
        self.tracer = tracing.get_tracer(SCOPE, schema_url=SCHEMA_URL)
        meter = metering.get_meter(SCOPE, schema_url=SCHEMA_URL)
        seconds: dict[str, Any] = {"unit": "s"}
        self._commands = meter.create_histogram(Own.COMMANDS, **seconds, description="Time to judge a command.")
        self._appends = meter.create_histogram(Name.DB_DURATION, **seconds, description="Time of an append to the log.")
        self._appended = meter.create_counter(Own.APPENDED, unit="{event}", description="Events stored.")
        self._sent = meter.create_counter(Name.MESSAGING_SENT, unit="{message}", description="Records sent to Kafka.")
        self._sending = meter.create_histogram(
            Name.MESSAGING_CLIENT_DURATION, **seconds, description="Time of a transaction of the relay.")
        self._consumed = meter.create_counter(
            Name.MESSAGING_CONSUMED, unit="{message}", description="Records taken in by a view.")
        self._processing = meter.create_histogram(
            Name.MESSAGING_PROCESS_DURATION, **seconds, description="Time to take a batch in.")
        self._behind = meter.create_gauge(Own.LAG_EVENTS, unit="{event}", description="Events that a worker lacks.")
        self._late = meter.create_gauge(
            Own.LAG_TIME, **seconds, description="Age of the newest event taken in, by a worker that lacks some.")
        self._deliveries = meter.create_counter(
            Own.DELIVERIES, unit="{delivery}", description="Deliveries that came to a stage.")
        self._hand_overs = meter.create_histogram(Own.HAND_OVERS, **seconds, description="Time of a hand-over.")
        self._unreadable = meter.create_counter(Own.UNREADABLE, unit="{item}", description="Items nobody could read.")

    # ------------------------------------------------------------------ hops
    def command(self, name: str, traceparent: str | None) -> Span:
        known = {Own.COMMAND_NAME: self.word(Own.COMMAND_NAME, name)}

        def measured(seconds: float, ended: Mapping[str, str]) -> None:
            self._commands.record(seconds, {**known, **ended})

        return Live(self, f"submit {known[Own.COMMAND_NAME]}", SpanKind.INTERNAL, known, measured, parent=traceparent)

    def append(self, events: int, system: str) -> Span:
        known: dict[str, str] = {
            Name.DB_SYSTEM_NAME: self.word(Name.DB_SYSTEM_NAME, system),
            Name.DB_OPERATION_NAME: "append", Name.DB_COLLECTION_NAME: "events",
        }

        def measured(seconds: float, ended: Mapping[str, str]) -> None:
            self._appends.record(seconds, {**known, **ended})
            if Name.ERROR_TYPE not in ended:
                self._appended.add(events, {Name.DB_SYSTEM_NAME: known[Name.DB_SYSTEM_NAME]})

        # The conventions give a batch size only to what is a batch.
        size: Attributes = {Name.DB_OPERATION_BATCH_SIZE: events} if events > 1 else {}
        return Live(self, "append events", SpanKind.CLIENT, {**known, **size}, measured)

    def relay(self, topic: str, records: int, links: Iterable[str | None]) -> Span:
        known = self._messaging("send", "send", topic)

        def measured(seconds: float, ended: Mapping[str, str]) -> None:
            self._sending.record(seconds, {**known, **ended})
            self._sent.add(records, {**known, **ended})

        return Live(self, f"send {known[Name.MESSAGING_DESTINATION_NAME]}", SpanKind.PRODUCER,
                    {**known, Name.MESSAGING_BATCH_COUNT: records}, measured, links=links, is_root=True)

    def consume(self, view: str, links: Iterable[str | None], records: int, topic: str | None) -> Span:
        named = {Own.WORKER: self.word(Own.WORKER, view)}
        known = {**named, **(self._messaging("process", "process", topic) if topic else {})}

        def measured(seconds: float, ended: Mapping[str, str]) -> None:
            self._processing.record(seconds, {**known, **ended})
            self._consumed.add(records, {**known, **ended})

        count: Attributes = {Name.MESSAGING_BATCH_COUNT: records} if topic else {}
        kind = SpanKind.CONSUMER if topic else SpanKind.INTERNAL
        return Live(self, f"process {known.get(Name.MESSAGING_DESTINATION_NAME, 'log')}", kind,
                    {**known, **count}, measured, links=links, is_root=True)

    def disclose(self, links: Iterable[str | None]) -> Span:
        known = {Own.WORKER: "discloser"}

        def measured(seconds: float, ended: Mapping[str, str]) -> None:
            self._processing.record(seconds, {**known, **ended})

        return Live(self, "disclose", SpanKind.INTERNAL, known, measured, links=links, is_root=True)

    def hand_over(self, channel: str, link: str | None) -> Span:
        known = {Own.CHANNEL: self.word(Own.CHANNEL, channel)}

        def measured(seconds: float, ended: Mapping[str, str]) -> None:
            self._hand_overs.record(seconds, {**known, **ended})

        match channel:
            case "webhook":
                # Without server.address, which the conventions ask for: it would name the office.
                name, kind, more = "POST", SpanKind.CLIENT, {Name.HTTP_REQUEST_METHOD: "POST"}
            case "kafka":
                name, kind = f"send {FEED_TEMPLATE}", SpanKind.PRODUCER
                more = self._messaging("send", "send", FEED_TEMPLATE, Name.MESSAGING_DESTINATION_TEMPLATE)
            case _:
                name, kind, more = f"hand over {known[Own.CHANNEL]}", SpanKind.INTERNAL, {}
        return Live(self, name, kind, {**known, **more}, measured, links=(link,), is_root=True)

    def receipt(self, link: str | None) -> Span:
        known = {Own.WORKER: "courier"}
        return Live(self, "receive receipt", SpanKind.INTERNAL, known, _unmeasured, links=(link,), is_root=True)

    def current(self) -> str | None:
        return _text(trace.get_current_span().get_span_context())

    # ------------------------------------------------------------------ figures
    def lag(self, worker: str, events: int, seconds: float | None, shard: str | None) -> None:
        known = {Own.WORKER: self.word(Own.WORKER, worker)}
        if shard is not None:
            known[Name.MESSAGING_PARTITION] = self.word(Name.MESSAGING_PARTITION, shard.removeprefix("kafka-"))
        self._behind.set(events, known)
        if seconds is not None:
            self._late.set(seconds, known)

    def delivery(self, stage: str, failure: str | None) -> None:
        known = {Own.STAGE: self.word(Own.STAGE, stage)}
        if failure is not None:
            known[Own.FAILURE] = self.word(Own.FAILURE, failure)
        self._deliveries.add(1, known)

    def unreadable(self, where: str) -> None:
        self._unreadable.add(1, {Own.WHERE: self.word(Own.WHERE, where)})

    # ------------------------------------------------------------------
    def word(self, key: str, value: str) -> str:
        """The value if it has the form of a word of ours and the attribute has not too many values already."""
        seen = self._seen.setdefault(key, set())
        if value not in seen:
            if len(seen) >= VALUES_MAX or not WORD.fullmatch(value) or UUID_LIKE.search(value):
                return OTHER
            seen.add(value)
        return value

    def _messaging(
        self, name: str, kind: str, destination: str, as_attribute: str = Name.MESSAGING_DESTINATION_NAME
    ) -> dict[str, str]:
        return {
            Name.MESSAGING_SYSTEM: "kafka", Name.MESSAGING_OPERATION_NAME: name, Name.MESSAGING_OPERATION_TYPE: kind,
            as_attribute: self.word(as_attribute, destination),
        }

    def shutdown(self) -> None:
        """Export what is left within 5 s for each signal; an exporter that fails is not waited for longer."""
        self._tracing.force_flush(FLUSH_MILLISECONDS_MAX)
        self._tracing.shutdown()
        self._metering.shutdown(FLUSH_MILLISECONDS_MAX)


class Live(Span):
    """A span that is recorded, from entering to leaving, and a duration that is measured."""

    __slots__ = ("_attributes", "_ended", "_kind", "_links", "_measured", "_name", "_parent", "_signals", "_span",
                 "_started", "_token")

    def __init__(
        self, signals: Signals, name: str, kind: SpanKind, attributes: Attributes, measured: Measured, *,
        parent: str | None = None, links: Iterable[str | None] = (), is_root: bool = False,
    ) -> None:
        super().__init__()
        self._signals, self._name, self._kind, self._attributes = signals, name, kind, dict(attributes)
        self._measured, self._links = measured, links
        self._parent = Context() if is_root else _within(parent)
        self._ended: dict[str, str] = {}
        self._token: Token[Context] | None = None
        self._span: trace.Span = trace.INVALID_SPAN
        self._started = 0.0

    def __enter__(self) -> Self:
        links, left_out = _linked(self._links)
        if left_out:
            self._attributes[Own.LINKS_LEFT_OUT] = left_out
        self._span = self._signals.tracer.start_span(
            self._name, context=self._parent, kind=self._kind, attributes=self._attributes, links=links,
            record_exception=False, set_status_on_exception=False,
        )
        self.traceparent = _text(self._span.get_span_context())
        self._token = contexts.attach(trace.set_span_in_context(self._span))
        self._started = time.perf_counter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        seconds = time.perf_counter() - self._started
        if kind is not None:
            # The class alone: a message may quote what a case holds.
            self._note(Name.ERROR_TYPE, kind.__name__)
            if not issubclass(kind, ANSWERS):
                self._span.set_status(Status(StatusCode.ERROR))
        self._measured(seconds, self._ended)  # While the span is current, so that an exemplar names it.
        if self._token is not None:
            contexts.detach(self._token)
        self._span.end()

    def outcome(self, status: str) -> None:
        self._note(Own.OUTCOME, status)

    def link(self, traceparent: str | None) -> None:
        if (linked := _parsed(traceparent)) is not None:
            self._span.add_link(linked)

    def _note(self, key: str, value: str) -> None:
        self._ended[key] = self._signals.word(key, value)
        self._span.set_attribute(key, self._ended[key])


def collecting(span_exporter: SpanExporter, metric_reader: MetricReader) -> Signals:
    """Signals that are exported at once, under a resource that says nothing of the machine."""
    resource = Resource({Name.SERVICE_NAME: SCOPE}, SCHEMA_URL)
    tracing = TracerProvider(resource=resource, shutdown_on_exit=False)
    tracing.add_span_processor(SimpleSpanProcessor(span_exporter))
    return Signals(tracing, MeterProvider([metric_reader], resource=resource, shutdown_on_exit=False))


def from_environment(asked: Wanted) -> Signals:
    """Signals as the variables ask. Raises TelemetryMisconfigured where an exporter's package is missing."""
    resource = Resource.create(schema_url=SCHEMA_URL)
    if str(resource.attributes[Name.SERVICE_NAME]).startswith("unknown_service"):
        resource = resource.merge(Resource({Name.SERVICE_NAME: SCOPE}))
    tracing = TracerProvider(resource=resource)
    for name in asked.traces:
        exporter: SpanExporter = _exporter("opentelemetry_traces_exporter", "OTEL_TRACES_EXPORTER", name)
        tracing.add_span_processor(BatchSpanProcessor(exporter))
    readers = []
    for name in asked.metrics:
        made: MetricExporter | MetricReader = _exporter("opentelemetry_metrics_exporter", "OTEL_METRICS_EXPORTER", name)
        readers.append(made if isinstance(made, MetricReader) else PeriodicExportingMetricReader(made))
    return Signals(tracing, MeterProvider(readers, resource=resource))


def _exporter(group: str, variable: str, name: str) -> Any:
    for found in entry_points(group=group, name=name):
        return found.load()()
    raise TelemetryMisconfigured(f"{variable} asks for {name}, and no installed package has such an exporter")


def _unmeasured(seconds: float, ended: Mapping[str, str]) -> None:
    """Nothing is measured."""


def _parsed(traceparent: str | None) -> SpanContext | None:
    found = TRACEPARENT.fullmatch(traceparent) if traceparent else None
    if found is None:
        return None
    trace_id, span_id, flags = (int(part, 16) for part in found.groups())
    return SpanContext(trace_id, span_id, True, TraceFlags(flags))


def _text(it: SpanContext) -> str | None:
    return f"00-{it.trace_id:032x}-{it.span_id:016x}-{it.trace_flags:02x}" if it.is_valid else None


def _within(parent: str | None) -> Context | None:
    """The given context where there is one, else the current one."""
    remote = _parsed(parent)
    return None if remote is None else trace.set_span_in_context(NonRecordingSpan(remote))


def _linked(contexts_given: Iterable[str | None]) -> tuple[list[Link], int]:
    """Links to the distinct contexts, and how many were left out of those that were read."""
    distinct = dict.fromkeys(given for given in islice(contexts_given, CONTEXTS_READ_MAX) if given is not None)
    found = [linked for given in distinct if (linked := _parsed(given)) is not None]
    return [Link(linked) for linked in found[:LINKS_MAX]], max(0, len(found) - LINKS_MAX)
