"""Telemetry: nothing when off; when on, the conventions' names, bounded words, and no text of a case."""
from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import textwrap
import timeit
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from threading import Thread
from uuid import UUID, uuid4

import pytest
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, NumberDataPoint
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from adapters.telemetry import Telemetry, TelemetryMisconfigured
from adapters.telemetry.environment import Wanted, wanted
from adapters.telemetry.names import OTHER
from adapters.telemetry.signals import CONTEXTS_READ_MAX, LINKS_MAX, VALUES_MAX
from domain.ports import Conflict, Recorded
from projections.source import Batch

ROOT = Path(__file__).parents[2]
OURS = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
RECEIVED_SECONDS_MAX = 20.0
PROCESS_SECONDS_MAX = 60.0
OFF_SECONDS_MAX = 1e-6


class Seen:
    """Telemetry that is on, and what has left it."""

    def __init__(self) -> None:
        self.telemetry = Telemetry()
        self._exporter, self._reader = InMemorySpanExporter(), InMemoryMetricReader()
        self.telemetry.configure(self._exporter, self._reader)

    def spans(self) -> dict[str, ReadableSpan]:
        return {span.name: span for span in self._exporter.get_finished_spans()}

    def points(self, metric: str) -> list[tuple[dict[str, object], float]]:
        """Attributes and value of each data point; a histogram's value is its count."""
        data = self._reader.get_metrics_data()
        scopes = [scope for resource in (data.resource_metrics if data else ()) for scope in resource.scope_metrics]
        found = [known for scope in scopes for known in scope.metrics if known.name == metric]
        return [
            (dict(point.attributes or {}), point.value if isinstance(point, NumberDataPoint) else point.count)
            for known in found for point in known.data.data_points
        ]

    def everything(self) -> str:
        """All that is exported, as text."""
        data = self._reader.get_metrics_data()
        return "".join(span.to_json() for span in self._exporter.get_finished_spans()) + (data.to_json() if data else "")


@pytest.fixture
def seen() -> Iterator[Seen]:
    seen = Seen()
    yield seen
    seen.telemetry.shutdown()


# ------------------------------------------------------------------ off
def run(script: str, **environ: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(script)], cwd=ROOT, env=inherited | environ,
        capture_output=True, text=True, timeout=PROCESS_SECONDS_MAX, check=True,
    )


SUBMIT = """
    import sys, tempfile
    from pathlib import Path
    from adapters.avro import EventCodec, SchemaRegistry
    from adapters.backbone import Backbone
    from adapters.clocks import SystemClock
    from adapters.eventstore.sqlite import SqliteLog
    from adapters.keys.memory import MemoryKeyStore
    from adapters.telemetry import telemetry

    telemetry.configure_from_environment()
    with tempfile.TemporaryDirectory() as home:
        log, keys = SqliteLog(Path(home) / "log.db"), MemoryKeyStore()
        codec = EventCodec(SchemaRegistry.load(Path("schemas")), keys)
        outcome = Backbone(log=log, codec=codec, keys=keys, clock=SystemClock()).submit({
            "command": "ListOffice", "command_id": "0c0de001-0000-4000-8000-000000000001", "agency": "NM-CYFD",
            "actor": {"agency": "NM-CYFD", "role": "policy officer", "user": "policy-1"},
            "occurred_at": "2026-07-01T09:00:00-06:00[America/Denver]",
            "data": {"office": "cons-mx.el-paso", "recipient_kind": "CONS-MX", "name": "Consulate", "country": "MX",
                     "zone": "America/Denver", "serves": ["NM"], "channel": "webhook",
                     "address": "https://receiver.example/feed"},
        }, principal="test")
        print(outcome.status, outcome.because, outcome.field)
        log.close()
    telemetry.shutdown()
    print([name for name in sys.modules if name.startswith("opentelemetry")])
"""


def test_switched_off_a_command_is_recorded_and_nothing_of_opentelemetry_is_imported() -> None:
    printed = run(SUBMIT).stdout.splitlines()
    assert printed[0].startswith("accepted")
    assert printed[1] == "[]"


def test_disabled_by_the_environment_nothing_of_opentelemetry_is_imported() -> None:
    printed = run(SUBMIT, OTEL_SDK_DISABLED="true", OTEL_TRACES_EXPORTER="otlp").stdout.splitlines()
    assert printed[1] == "[]"


def test_only_one_module_imports_opentelemetry() -> None:
    importing = set()
    for path in [*(ROOT / "adapters").rglob("*.py"), *(ROOT / "projections").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else (
                [node.module or ""] if isinstance(node, ast.ImportFrom) else [])
            if any(name.partition(".")[0] == "opentelemetry" for name in names):
                importing.add(str(path.relative_to(ROOT)))
    assert importing == {"adapters/telemetry/signals.py"}


@pytest.mark.parametrize("call", [
    "with t.append(events=1, system='sqlite'): pass",
    "with t.relay('casebridge.log.v1', 1, links): pass",
    "with t.consume('timeline', links, records=1): pass",
    "with t.hand_over('webhook', None): pass",
    "with t.command('OpenCase', None) as span: span.outcome('accepted')",
    "t.lag('timeline', 1, 1.0)",
    "t.delivery('HandedOver')",
])
def test_switched_off_a_call_costs_less_than_a_microsecond(call: str) -> None:
    # The best of several rounds: whatever else the machine does only makes a round slower.
    rounds = timeit.repeat(call, globals={"t": Telemetry(), "links": ()}, repeat=20, number=2_000)
    assert min(rounds) / 2_000 < OFF_SECONDS_MAX


def test_switched_off_a_command_passes_its_senders_trace_on_and_nothing_else() -> None:
    with Telemetry().command("OpenCase", OURS) as span:
        assert span.traceparent == OURS
    for other in ("", "00-ab-cd-01", f"{OURS} Quetzalcanary", OURS.replace("b7ad6b7169203331", "0" * 16)):
        with Telemetry().command("OpenCase", other) as span:
            assert span.traceparent is None


# ------------------------------------------------------------------ the environment
@pytest.mark.parametrize(("environ", "expected"), [
    ({}, Wanted(traces=(), metrics=())),
    ({"OTEL_SERVICE_NAME": "casebridge"}, Wanted(traces=(), metrics=())),
    ({"OTEL_TRACES_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none"}, Wanted(traces=(), metrics=())),
    ({"OTEL_TRACES_EXPORTER": "console"}, Wanted(traces=("console",), metrics=())),
    ({"OTEL_TRACES_EXPORTER": " otlp, console "}, Wanted(traces=("otlp_proto_http", "console"), metrics=())),
    ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"}, Wanted(traces=("otlp_proto_http",), metrics=("otlp_proto_http",))),
    ({"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://c:4318"}, Wanted(traces=(), metrics=("otlp_proto_http",))),
    ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "OTEL_METRICS_EXPORTER": "none"},
     Wanted(traces=("otlp_proto_http",), metrics=())),
    ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
     Wanted(traces=("otlp_proto_grpc",), metrics=())),
    ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_SDK_DISABLED": "TRUE"}, Wanted(traces=(), metrics=())),
    ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_SDK_DISABLED": "1"}, Wanted(traces=("otlp_proto_http",), metrics=())),
])
def test_the_environment_switches_on_what_it_names(environ: dict[str, str], expected: Wanted) -> None:
    assert wanted(environ) == expected


@pytest.mark.parametrize(("environ", "named"), [
    ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "pigeon"}, "OTEL_EXPORTER_OTLP_PROTOCOL"),
    ({"OTEL_TRACES_EXPORTER": "pigeon"}, "OTEL_TRACES_EXPORTER"),
    ({"OTEL_METRICS_EXPORTER": "pigeon"}, "OTEL_METRICS_EXPORTER"),
])
def test_what_cannot_be_exported_is_refused_by_the_name_of_its_variable(environ: dict[str, str], named: str) -> None:
    telemetry = Telemetry()
    with pytest.raises(TelemetryMisconfigured, match=named):
        telemetry.configure_from_environment(environ)
    assert not telemetry.is_on


@pytest.fixture
def collector() -> Iterator[tuple[str, Queue[tuple[str, bytes]]]]:
    """An OTLP receiver on loopback: its address, and what came."""
    received: Queue[tuple[str, bytes]] = Queue()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.put((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    serving = Thread(target=server.serve_forever)
    serving.start()
    yield f"http://127.0.0.1:{server.server_port}", received
    server.shutdown()
    serving.join()
    server.server_close()


def test_a_process_sends_what_the_environment_asks_for_before_it_ends(
    collector: tuple[str, Queue[tuple[str, bytes]]]
) -> None:
    endpoint, received = collector
    printed = run(
        SUBMIT, OTEL_EXPORTER_OTLP_ENDPOINT=endpoint, OTEL_EXPORTER_OTLP_COMPRESSION="none",
        OTEL_SERVICE_NAME="county-backbone", OTEL_RESOURCE_ATTRIBUTES="deployment.environment.name=drill",
    ).stdout.splitlines()
    assert printed[0].startswith("accepted")
    sent = dict(received.get(timeout=RECEIVED_SECONDS_MAX) for _ in range(2))
    assert set(sent) == {"/v1/traces", "/v1/metrics"}
    for body in sent.values():
        assert b"county-backbone" in body and b"drill" in body
    assert b"submit ListOffice" in sent["/v1/traces"]
    assert b"casebridge.command.duration" in sent["/v1/metrics"]


def test_a_collector_that_is_not_there_stops_no_command_and_no_exit() -> None:
    printed = run(SUBMIT, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9", OTEL_EXPORTER_OTLP_TIMEOUT="2").stdout
    assert printed.startswith("accepted")


# ------------------------------------------------------------------ spans
def test_an_append_lies_in_its_command_and_the_command_in_its_senders_trace(seen: Seen) -> None:
    with seen.telemetry.command("TakeIntoCustody", OURS) as command:
        assert seen.telemetry.traceparent == command.traceparent
        with seen.telemetry.append(events=3, system="sqlite"):
            pass
        command.outcome("accepted")
    submit, append = seen.spans()["submit TakeIntoCustody"], seen.spans()["append events"]
    assert submit.parent is not None and append.parent is not None
    assert f"{submit.parent.trace_id:032x}-{submit.parent.span_id:016x}" in OURS
    assert append.parent.span_id == submit.context.span_id
    assert (submit.kind, append.kind) == (SpanKind.INTERNAL, SpanKind.CLIENT)
    assert dict(submit.attributes or {}) == {
        "casebridge.command.name": "TakeIntoCustody", "casebridge.outcome": "accepted",
    }
    assert dict(append.attributes or {}) == {
        "db.system.name": "sqlite", "db.operation.name": "append", "db.collection.name": "events",
        "db.operation.batch.size": 3,
    }
    assert seen.points("casebridge.command.duration") == [
        ({"casebridge.command.name": "TakeIntoCustody", "casebridge.outcome": "accepted"}, 1)
    ]
    assert seen.points("casebridge.append.events") == [({"db.system.name": "sqlite"}, 3)]


def test_a_hand_over_begins_a_trace_of_its_own_and_links_to_ours(seen: Seen) -> None:
    with seen.telemetry.disclose([OURS]) as disclosing:
        with seen.telemetry.hand_over("webhook", disclosing.traceparent):
            pass
        with seen.telemetry.hand_over("kafka", disclosing.traceparent):
            pass
    spans = seen.spans()
    post, send = spans["POST"], spans["send casebridge.feed.{office}.v1"]
    assert len({span.context.trace_id for span in (post, send, spans["disclose"])}) == 3
    for span in (post, send):
        assert span.parent is None
        assert [link.context.span_id for link in span.links] == [spans["disclose"].context.span_id]
    assert (post.kind, send.kind) == (SpanKind.CLIENT, SpanKind.PRODUCER)


def test_a_batch_links_to_each_context_once_and_says_what_it_left_out(seen: Seen) -> None:
    contexts = [f"00-{n:032x}-{n:016x}-01" for n in range(1, LINKS_MAX + 11)]
    given = [None, "no context", *contexts, *contexts]
    with seen.telemetry.relay("casebridge.log.v1", len(given), given):
        pass
    span = seen.spans()["send casebridge.log.v1"]
    assert [link.context.trace_id for link in span.links] == list(range(1, LINKS_MAX + 1))
    assert (span.attributes or {})["casebridge.links.left_out"] == 10


def test_a_batch_far_behind_costs_a_bounded_number_of_looks(seen: Seen) -> None:
    looked = iter(range(10 * CONTEXTS_READ_MAX))
    with seen.telemetry.relay("casebridge.log.v1", 10 * CONTEXTS_READ_MAX, (OURS for _ in looked)):
        pass
    assert next(looked) <= CONTEXTS_READ_MAX + 1


def test_an_exception_is_recorded_by_its_class_alone(seen: Seen) -> None:
    with pytest.raises(ValueError), seen.telemetry.append(events=1, system="sqlite"):
        raise ValueError("Quetzalcanary")
    span = seen.spans()["append events"]
    assert (span.attributes or {})["error.type"] == "ValueError"
    assert span.status.status_code is StatusCode.ERROR and span.status.description is None
    assert span.events == ()
    assert "Quetzalcanary" not in seen.everything()


def test_a_conflict_is_named_and_is_no_failure_of_the_service(seen: Seen) -> None:
    with pytest.raises(Conflict), seen.telemetry.append(events=1, system="postgresql"):
        raise Conflict("case-1", 1, 2)
    span = seen.spans()["append events"]
    assert (span.attributes or {})["error.type"] == "Conflict"
    assert span.status.status_code is StatusCode.UNSET
    assert seen.points("casebridge.append.events") == []


@pytest.mark.parametrize("value", [str(uuid4()), f"case-{uuid4()}", uuid4().hex, "Quetzal Canary", "x" * 100, ""])
def test_what_is_no_word_of_ours_leaves_as_other(seen: Seen, value: str) -> None:
    with seen.telemetry.command(value, None) as span:
        span.outcome(value)
    seen.telemetry.delivery(value, value)
    seen.telemetry.unreadable(value)
    seen.telemetry.lag(value, 1, 1.0)
    if value:
        assert value not in seen.everything()
    assert seen.points("casebridge.unreadable") == [({"casebridge.unreadable.where": OTHER}, 1)]


def test_an_attribute_has_a_bounded_number_of_values(seen: Seen) -> None:
    for number in range(VALUES_MAX + 50):
        seen.telemetry.unreadable(f"place{number}")
    points = seen.points("casebridge.unreadable")
    assert len(points) == VALUES_MAX + 1
    assert ({"casebridge.unreadable.where": OTHER}, 50) in points


def test_the_watch_of_a_view_links_to_what_the_records_travelled_with_and_measures_the_lag(seen: Seen) -> None:
    at = datetime(2026, 9, 1, tzinfo=UTC)

    class Clock:
        def now(self) -> datetime:
            return at + timedelta(seconds=90)

    record = Recorded(position=7, event_id=UUID(int=7), stream="case-7", version=1, topic="t", state=b"", recorded_at=at)
    kafka = seen.telemetry.watch(Clock(), topic="casebridge.log.v1", traceparent=lambda row: "never asked")
    log = seen.telemetry.watch(Clock(), traceparent=lambda row: OURS)
    with kafka("timeline", Batch(shard="kafka-2", records=(record,), to=8, head_seen=20, traceparents=(OURS,))):
        pass
    with log("timeline", Batch(shard="log", records=(record,), to=7, head_seen=7)):
        pass
    spans = seen.spans()
    for name in ("process casebridge.log.v1", "process log"):
        assert [f"{link.context.span_id:016x}" for link in spans[name].links] == [OURS.split("-")[2]]
    lags = {str(sorted(labels.items())): value for labels, value in seen.points("casebridge.lag.events")}
    assert sorted(lags.values()) == [0, 12]
    assert sorted(value for _, value in seen.points("casebridge.lag.time")) == [0, 90]


def test_telemetry_that_was_shut_down_is_off(seen: Seen) -> None:
    seen.telemetry.shutdown()
    with seen.telemetry.append(events=1, system="sqlite"):
        pass
    assert not seen.telemetry.is_on
    assert json.loads(f"[{seen.everything()}]") == []
