"""One command's trace has every hop, across Kafka to an office and back, and nothing in it tells of a case."""
from __future__ import annotations

import gc
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaConsumer
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from adapters.avro import EventCodec, registry_of
from adapters.channels.kafka_feed import FeedUnavailable, KafkaFeed
from adapters.disclosure.courier import Courier
from adapters.kafka.consumer import KafkaSource
from adapters.kafka.publisher import publisher_for
from adapters.kafka.relay import Relay
from adapters.kafka.settings import KafkaSettings
from adapters.telemetry import telemetry
from adapters.telemetry.names import SCHEMA_URL, Conventional, Own
from adapters.views import NoKeys, open_views
from domain.catalogue import EVENTS
from projections.runner import Runner
from projections.timeline import Timeline
from tests import servers
from tests.disclosure_world import MEXICO, World
from tests.faults.relay_world import create_topics, fresh_settings
from tests.webhook_receiver import Receiver, receiver

STEPS_MAX = 100
POLL_SECONDS = 0.5
FEED = "send casebridge.feed.{office}.v1"
UUID_TEXT = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
TOLD = ("Íñigo", "Peña", "Begoña", "Ibáñez", "Ximena", "555 0100", "2017-03-09", "1990-01-02", "San José", "liaison-1",
        MEXICO, "NM-CYFD", "127.0.0.1")
"""What the case and its offices hold, and telemetry may not."""

pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


@dataclass(frozen=True, slots=True)
class Trace:
    """Spans of one run, and how one follows from another: as a child, or by a link."""

    spans: Sequence[ReadableSpan]

    def named(self, name: str) -> ReadableSpan:
        (found,) = [span for span in self.spans if span.name == name]
        return found

    def following(self, span: ReadableSpan) -> list[tuple[str, ReadableSpan]]:
        here, found = span.context.span_id, []
        for other in self.spans:
            if other.parent is not None and other.parent.span_id == here:
                found.append(("", other))
            elif any(link.context.span_id == here for link in other.links):
                found.append(("~> ", other))
        return sorted(found, key=lambda pair: pair[1].start_time or 0)

    def tree(self, span: ReadableSpan, how: str = "", depth: int = 0) -> Iterator[str]:
        told = {name: value for name, value in (span.attributes or {}).items() if name.startswith("casebridge.")}
        shown = " ".join(f"{name.removeprefix('casebridge.')}={value}" for name, value in told.items())
        yield f"{'   ' * depth}{how}{span.name} [{span.kind.name}] {shown}".rstrip()
        for by, other in self.following(span):
            yield from self.tree(other, by, depth + 1)

    def reached(self, span: ReadableSpan) -> set[int]:
        found, waiting = set[int](), [span]
        while waiting:
            if (at := waiting.pop()).context.span_id not in found:
                found.add(at.context.span_id)
                waiting += [other for _, other in self.following(at)]
        return found


@dataclass(frozen=True, slots=True)
class Run:
    """A notice on its way, seen by telemetry; `metrics` as the SDK writes them."""

    trace: Trace
    metrics: dict[str, Any]
    world: World
    office: Receiver
    relayed: Sequence[str]
    topic: str

    def points(self, metric: str) -> list[dict[str, Any]]:
        scopes = [scope for resource in self.metrics["resource_metrics"] for scope in resource["scope_metrics"]]
        found = [known for scope in scopes for known in scope["metrics"] if known["name"] == metric]
        return [point for known in found for point in known["data"]["data_points"]]

    def exported(self) -> str:
        """Everything that left, as one text without escapes."""
        spans = [json.loads(span.to_json()) for span in self.trace.spans]
        return json.dumps([spans, self.metrics], ensure_ascii=False)


def into_a_view(world: World, settings: KafkaSettings, folder: Path) -> list[str]:
    """Relay what there is, and feed a view from Kafka; the trace contexts that the records carried."""
    codec = EventCodec(registry_of(EVENTS.values(), more=world.log.schemas), NoKeys())
    relay = Relay(world.log, publisher_for(settings, settings.log_topic), traceparent=codec.traceparent)
    while relay.step():
        pass
    relay.close()
    source, views = KafkaSource(settings, lineage=world.log.lineage), open_views(f"sqlite:///{folder / 'views.sqlite'}")
    carried: list[str] = []
    watch = telemetry.watch(world.clock, topic=settings.log_topic)

    def watched(view: str, batch: Any) -> Any:
        carried.extend(batch.traceparents)
        return watch(view, batch)

    runner = Runner(Timeline(), source, views, reader=codec, clock=world.clock, watch=watched)
    for _ in range(STEPS_MAX):
        runner.step(timeout_seconds=POLL_SECONDS)
        if runner.lag().events == 0:
            break
    assert runner.lag().events == 0, f"the view did not catch up in {STEPS_MAX} steps"
    source.close()
    views.dispose()
    return carried


@pytest.fixture(scope="module")
def run(kafka_server: servers.Kafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    folder = tmp_path_factory.mktemp("trace")
    settings = fresh_settings(kafka_server.bootstrap)
    create_topics(settings)
    exporter, reader = InMemorySpanExporter(), InMemoryMetricReader()
    with receiver() as office:
        world = World(folder, addresses={MEXICO: office.url})
        telemetry.configure(exporter, reader)
        try:
            world.found(MEXICO)
            family = world.family(1)
            world.release(family)
            relayed = into_a_view(world, settings, folder)
            world.disclose()
            world.tick(minutes=1)
            assert world.courier().step() == 1
            world.receive()
            refused = world.backbone.submit({"command": "Begoña Ibáñez", "command_id": str(family.case_id)}, principal="t")
            assert refused.status == "refused"
            data = reader.get_metrics_data()
            assert data is not None
            yield Run(Trace(exporter.get_finished_spans()), json.loads(data.to_json()), world, office, relayed,
                      settings.log_topic)
        finally:
            telemetry.shutdown()
            world.close()
            gc.collect()


def test_the_trace_of_one_command_has_every_hop(run: Run) -> None:
    release = run.trace.named("submit ReleaseDisclosure")
    print("\n" + "\n".join(run.trace.tree(release)))
    hops = [
        ("submit ReleaseDisclosure", SpanKind.INTERNAL), ("append events", SpanKind.CLIENT),
        (f"send {run.topic}", SpanKind.PRODUCER), (f"process {run.topic}", SpanKind.CONSUMER),
        ("disclose", SpanKind.INTERNAL), ("POST", SpanKind.CLIENT), ("receive receipt", SpanKind.INTERNAL),
        ("submit RecordConsulateNotified", SpanKind.INTERNAL),
    ]
    reached = run.trace.reached(release)
    found = {(span.name, span.kind) for span in run.trace.spans if span.context.span_id in reached}
    assert [hop for hop in hops if hop not in found] == []


@pytest.mark.parametrize(("span", "by", "what"), [
    ("append events", "", "submit ReleaseDisclosure"),
    ("send", "~> ", "submit ReleaseDisclosure"),
    ("process", "~> ", "send"),
    ("disclose", "~> ", "submit ReleaseDisclosure"),
    ("append events", "", "disclose"),
    ("POST", "~> ", "disclose"),
    ("receive receipt", "~> ", "POST"),
    ("submit RecordConsulateNotified", "", "receive receipt"),
    ("append events", "", "submit RecordConsulateNotified"),
])
def test_each_hop_follows_from_the_one_before(run: Run, span: str, by: str, what: str) -> None:
    whole = {"send": f"send {run.topic}", "process": f"process {run.topic}"}
    spans = [one for one in run.trace.spans if one.name == whole.get(what, what)]
    assert spans
    following = [pair for one in spans for pair in run.trace.following(one)]
    assert (by, whole.get(span, span)) in {(how, one.name) for how, one in following}


def test_every_event_is_stored_with_the_context_of_what_recorded_it(run: Run) -> None:
    known = {f"{span.context.trace_id:032x}-{span.context.span_id:016x}": span.name for span in run.trace.spans}
    recorded_by = {}
    for row in run.world.log.read_log(after=0, limit=1_000):
        context = run.world.backbone.codec.decode(row).circumstances.traceparent
        assert context is not None, row.topic
        recorded_by[row.topic] = known[context[3:-3]]
    assert recorded_by["casebridge.consular.DisclosureReleased"] == "submit ReleaseDisclosure"
    assert recorded_by["casebridge.feed.Disclosed"] == "disclose"
    assert recorded_by["casebridge.delivery.HandedOver"] == "POST"
    assert recorded_by["casebridge.consular.ConsulateNotified"] == "submit RecordConsulateNotified"


def test_a_record_of_the_private_topic_carries_the_context_of_its_batch(run: Run) -> None:
    sends = [span for span in run.trace.spans if span.name == f"send {run.topic}"]
    assert {context.split("-")[2] for context in run.relayed} == {f"{span.context.span_id:016x}" for span in sends}


def test_an_office_is_given_nothing_of_our_trace(run: Run) -> None:
    (given,) = run.office.taken
    assert (run.trace.named("POST").attributes or {})["casebridge.outcome"] == "handed_over"
    assert not {"traceparent", "tracestate", "baggage"} & set(given.headers)
    wire = json.dumps([given.headers, given.event]) + given.content.decode("latin-1")
    for span in run.trace.spans:
        assert f"{span.context.trace_id:032x}" not in wire and f"{span.context.span_id:016x}" not in wire
    assert run.trace.named("POST").parent is None


def test_nothing_that_is_exported_tells_of_a_case_a_person_or_an_office(run: Run) -> None:
    exported = run.exported()
    assert UUID_TEXT.findall(exported) == []
    ids = {row.event_id for row in run.world.log.read_log(after=0, limit=1_000)}
    ids |= {run.world.backbone.codec.decode(row).circumstances.command_id
            for row in run.world.log.read_log(after=0, limit=1_000)}
    assert [one for one in ids if one.hex in exported] == []
    assert [text for text in TOLD if text.casefold() in exported.casefold()] == []
    assert str(run.office.port) not in {str(v) for span in run.trace.spans for v in (span.attributes or {}).values()}


def test_every_attribute_is_one_of_the_names_and_every_span_is_of_the_pinned_schema(run: Run) -> None:
    names = {value for of in (Conventional, Own) for name, value in vars(of).items() if name.isupper()}
    assert {name for span in run.trace.spans for name in span.attributes or {}} <= names
    scopes = [scope for resource in run.metrics["resource_metrics"] for scope in resource["scope_metrics"]]
    assert {span.instrumentation_scope.schema_url for span in run.trace.spans if span.instrumentation_scope} == {SCHEMA_URL}
    assert {scope["schema_url"] for scope in scopes} == {SCHEMA_URL}
    assert {metric["name"] for scope in scopes for metric in scope["metrics"]} <= names
    assert all(span.events == () for span in run.trace.spans), "an exception's message may tell what a case holds"


def test_what_was_done_is_counted_and_measured(run: Run) -> None:
    events = run.world.log.head().position
    assert sum(point["value"] for point in run.points("casebridge.append.events")) == events
    outcomes = {
        (point["attributes"]["casebridge.command.name"], point["attributes"]["casebridge.outcome"]): point["count"]
        for point in run.points("casebridge.command.duration")
    }
    assert outcomes["ReleaseDisclosure", "accepted"] == outcomes["RecordConsulateNotified", "accepted"] == 1
    assert outcomes["unknown", "refused"] == 1
    sent = sum(point["value"] for point in run.points("messaging.client.sent.messages"))
    consumed = sum(point["value"] for point in run.points("messaging.client.consumed.messages"))
    assert 0 < sent == consumed < events, "what came after the relay's last step was not sent"
    assert {point["attributes"]["casebridge.delivery.stage"] for point in run.points("casebridge.deliveries")} == {
        "started", "handed_over",
    }
    assert [point["count"] for point in run.points("casebridge.hand_over.duration")] == [1]
    assert {point["value"] for point in run.points("casebridge.lag.events")} == {0}
    assert run.points("casebridge.unreadable") == []


def test_a_notice_that_an_office_fetches_from_its_topic_is_traced_to_the_receipt(
    kafka_server: servers.Kafka, tmp_path: Path
) -> None:
    settings = fresh_settings(kafka_server.bootstrap)
    create_topics(settings, [MEXICO])
    exporter = InMemorySpanExporter()
    world = World(tmp_path, channels={MEXICO: "kafka"})
    telemetry.configure(exporter, InMemoryMetricReader())
    topics = KafkaFeed(settings, publisher_for, lineage=world.log.lineage, clock=world.clock)
    courier = Courier(
        world.backbone, world.rendering, {}, topics=topics, interruptions=(FeedUnavailable,),
        monotonic=map(float, count()).__next__,
    )
    try:
        world.found(MEXICO)
        world.release(world.family(1))
        world.disclose()
        courier.step()
        given = fetched(settings, MEXICO)
        world.tick(minutes=1)
        for _ in range(STEPS_MAX):
            if courier.step():
                break
        world.receive()
        trace = Trace(exporter.get_finished_spans())
        release = trace.named("submit ReleaseDisclosure")
        print("\n" + "\n".join(trace.tree(release)))
        reached = {span.name for span in trace.spans if span.context.span_id in trace.reached(release)}
        assert {"disclose", FEED, "receive receipt", "submit RecordConsulateNotified"} <= reached
        send, receipt = trace.named(FEED), trace.named("receive receipt")
        assert (send.parent, send.kind) == (None, SpanKind.PRODUCER)
        assert [link.context.span_id for link in receipt.links] == [send.context.span_id]
        for name, value in given:
            assert name not in ("traceparent", "tracestate")
            assert not any(f"{span.context.trace_id:032x}".encode() in value for span in trace.spans)
    finally:
        telemetry.shutdown()
        topics.close()
        world.close()
        gc.collect()


def fetched(settings: KafkaSettings, office: str) -> list[tuple[str, bytes]]:
    """Fetch the one record of an office's topic, as the office would, and commit; its headers, key and value."""
    consumer = KafkaConsumer(**settings.consumer() | {"group_id": settings.group(office), "auto_offset_reset": "earliest"})
    consumer.subscribe([settings.feed_topic(office)])
    try:
        for _ in range(STEPS_MAX):
            for records in consumer.poll(timeout_ms=int(1_000 * POLL_SECONDS)).values():
                consumer.commit()
                (record,) = records
                return [*record.headers, ("key", record.key), ("value", record.value)]
        raise AssertionError(f"nothing came in {STEPS_MAX} polls")
    finally:
        consumer.close(autocommit=False)
