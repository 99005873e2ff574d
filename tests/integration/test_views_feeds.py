"""The views of real events: true to the log, the same from the log and from Kafka, and empty of personal text."""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from adapters.eventstore.fake import MemoryLog
from adapters.eventstore.sqlite import SqliteLog
from adapters.kafka.consumer import KafkaSource
from adapters.kafka.publisher import publisher_for
from adapters.kafka.relay import Relay
from adapters.keys.memory import MemoryKeyStore
from adapters.views import LogSource, NoKeys, open_views
from domain.case.intake import ChildAddedToCase
from domain.events import Compartment, Envelope
from domain.personal import WITHHELD, Known
from domain.ports import EventLog, KeyName
from projections import deadline_board, deliveries
from projections.deadline_board import DeadlineBoard, duties_of, next_due, open_duties, open_questions, overdue
from projections.deliveries import Deliveries, DeliveryStage
from projections.projection import Projection, Reader
from projections.runner import Runner
from projections.source import Source
from projections.timeline import Timeline, opened, timeline_of
from tests.faults.relay_world import create_topics, fresh_settings
from tests.servers import Kafka
from tests.views_history import (
    CANARY,
    START,
    History,
    case,
    clear_codec,
    codec,
    deliveries_folded,
    duties_folded,
    questions_folded,
    store,
    utc,
)
from tests.views_model import StillClock

EVENTS = 600
STEPS_MAX = 10_000
KAFKA_QUIET_SECONDS = 2.0
VIEWS: tuple[Projection, ...] = (Timeline(), DeadlineBoard(), Deliveries())


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "sqlite":
        engine = open_views(f"sqlite:///{tmp_path / 'views.db'}")
    else:
        engine = open_views(request.getfixturevalue("postgres_server").create_database())
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def keys() -> MemoryKeyStore:
    return MemoryKeyStore()


@pytest.fixture(scope="module")
def envelopes() -> list[Envelope]:
    return History(seed=11).events(EVENTS)


@pytest.fixture(scope="module")
def log(envelopes: list[Envelope], keys: MemoryKeyStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EventLog]:
    log = SqliteLog(tmp_path_factory.mktemp("log") / "log.db")
    store(log, envelopes, codec(keys))
    yield log
    log.close()


def catch_up(
    view: Projection, source: Source, engine: Engine, *, limit: int = 97, timeout_seconds: float = 0.0,
    reader: Reader | None = None,
) -> Runner:
    runner = Runner(view, source, engine, reader=reader or clear_codec(), clock=StillClock())
    for _ in range(STEPS_MAX):
        # A transaction marker alone is a step without events.
        if not runner.step(limit, timeout_seconds) and runner.lag().events == 0:
            assert runner.unreadable() == []
            return runner
    raise AssertionError("the source never ends")


def all_rows(engine: Engine) -> dict[str, Sequence[Any]]:
    with engine.connect() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns))]
            for view in VIEWS for table in view.tables
        }


def test_the_timeline_has_every_event_of_a_case_and_opens_it_with_the_readers_keys(
    engine: Engine, log: EventLog, envelopes: list[Envelope], keys: MemoryKeyStore
) -> None:
    catch_up(Timeline(), LogSource(log), engine)
    for number in range(3):
        mine = [e for e in envelopes if e.stream == f"case-{case(number)}"]
        first = timeline_of(engine, case(number), limit=40)
        entries = [*first, *timeline_of(engine, case(number), after=first[-1].version)]
        assert [(e.version, e.event_id, e.topic, e.occurred_at, e.learned_at, e.command_id) for e in entries] == [
            (e.version, e.circumstances.event_id, e.event.TOPIC, e.circumstances.occurred_at,
             e.circumstances.learned_at, e.circumstances.command_id)
            for e in mine
        ]
        assert [e.event for _, e in opened(entries, log, codec(keys))] == [e.event for e in mine]
        withheld = [e.event for _, e in opened(entries, log, codec(NoKeys())) if isinstance(e.event, ChildAddedToCase)]
        assert withheld and all(event.name is WITHHELD for event in withheld)


def test_the_deadline_board_is_the_fold_of_its_events(engine: Engine, log: EventLog, envelopes: list[Envelope]) -> None:
    catch_up(DeadlineBoard(), LogSource(log), engine)
    expected = duties_folded(envelopes)
    found = [duty for number in range(3) for duty in duties_of(engine, case(number))]
    assert {
        d.duty_id: (d.stage, d.was_missed, d.due_at, d.met_at, d.late_by_seconds, d.recorded_late, d.withdrawn_because)
        for d in found
    } == expected
    assert {duty.cited_rule_ids for duty in found} == {("NM-CONSULATE-DATA", "VCCR-36")}
    answered = {q.question_id: q.closed_at for n in range(3) for q in deadline_board.questions_of(engine, case(n))}
    assert answered == questions_folded(envelopes)
    assert {q.question_id for q in open_questions(engine)} == {q for q, closed in answered.items() if closed is None}


def test_the_clock_worker_finds_what_is_overdue_and_what_is_due_next(
    engine: Engine, log: EventLog, envelopes: list[Envelope]
) -> None:
    catch_up(DeadlineBoard(), LogSource(log), engine)
    standing = {k: v for k, v in duties_folded(envelopes).items() if v[0] == "open"}
    dues = sorted(due for _, missed, due, *_ in standing.values() if due and not missed)
    now = dues[len(dues) // 2]
    assert [duty.due_at for duty in overdue(engine, now)] == [due for due in dues if due < now]
    assert [duty.due_at for duty in overdue(engine, now, limit=2)] == dues[:2]
    assert next_due(engine, now) == now  # due at this moment is not overdue yet
    assert next_due(engine, dues[-1] + timedelta(microseconds=1)) is None
    listed = open_duties(engine)
    assert {duty.duty_id for duty in listed} == set(standing)
    assert [duty.due_at is None for duty in listed] == sorted(duty.due_at is None for duty in listed)
    assert all(duty.qualifier == "without delay" for duty in listed if duty.due_at is None)
    newmexico = {duty.duty_id for duty in open_duties(engine, jurisdiction="US-NM")}
    assert newmexico == {duty.duty_id for duty in listed if duty.jurisdiction == "US-NM"} != set(standing)


def test_the_deliveries_are_the_fold_of_feeds_and_stages(engine: Engine, log: EventLog, envelopes: list[Envelope]) -> None:
    catch_up(Deliveries(), LogSource(log), engine)
    expected = deliveries_folded(envelopes)
    found = {(d.office, d.number): d for n in range(3) for d in deliveries.of_case(engine, case(n))}
    assert {k: (d.topic, d.refers_to, d.stage, d.attempts, d.next_attempt_at) for k, d in found.items()} == expected
    now = START + timedelta(hours=150)
    taken = [(d.office, d.number) for d in deliveries.outstanding(engine, now)]
    assert taken == sorted(
        key for key, (_, _, stage, _, again) in expected.items()
        if stage in ("waiting", "started") or (stage in ("failed", "doubted") and again and again <= utc(now))
    )
    assert {d.stage for d in found.values()} == set(DeliveryStage), "the history has every stage"
    office = [d.number for d in deliveries.of_office(engine, "cons-mx.0", after=3)]
    assert office == list(range(4, 4 + len(office)))


def test_views_fed_by_the_log_and_by_kafka_have_the_same_rows(
    kafka_server: Kafka, log: EventLog, tmp_path: Path
) -> None:
    settings = fresh_settings(kafka_server.bootstrap)
    create_topics(settings)
    relay = Relay(log, publisher_for(settings, settings.log_topic), batch_records_max=50)
    while relay.step():
        pass
    relay.close()
    by_log, by_kafka = (open_views(f"sqlite:///{tmp_path / name}.db") for name in ("log", "kafka"))
    source = KafkaSource(settings, lineage=log.lineage)
    for view in VIEWS:
        catch_up(view, LogSource(log), by_log)
        runner = catch_up(view, source, by_kafka, timeout_seconds=KAFKA_QUIET_SECONDS)
        assert runner.lag().events == 0
        assert len(runner.stands()) == settings.log_partitions > 1
    source.close()
    rows = all_rows(by_kafka)
    assert rows == all_rows(by_log)
    assert all(rows.values())
    for engine in (by_log, by_kafka):
        engine.dispose()


def test_no_view_holds_personal_text_even_when_its_reader_has_every_key(
    log: EventLog, keys: MemoryKeyStore, tmp_path: Path
) -> None:
    path = tmp_path / "views.db"
    engine = open_views(f"sqlite:///{path}")
    for view in VIEWS:
        catch_up(view, LogSource(log), engine, reader=codec(keys))
    engine.dispose()
    stored = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"NM-CONSULATE-NOTICE" in stored
    assert CANARY.encode() not in stored


def test_what_a_view_points_to_is_gone_with_its_key(tmp_path: Path) -> None:
    keys, engine = MemoryKeyStore(), open_views(f"sqlite:///{tmp_path / 'views.db'}")
    log = MemoryLog()
    store(log, envelopes := History(seed=3, cases=1).events(60), codec(keys))
    catch_up(Timeline(), LogSource(log), engine)
    children = [e.event.child_id for e in envelopes if isinstance(e.event, ChildAddedToCase)]

    def names() -> set[object]:
        entries = timeline_of(engine, case(0))
        told = [e.event for _, e in opened(entries, log, codec(keys)) if isinstance(e.event, ChildAddedToCase)]
        return {type(event.name) for event in told}

    assert names() == {Known}
    keys.destroy(KeyName(case=case(0), person=child, compartment=Compartment.IDENTITY) for child in children)
    assert names() == {type(WITHHELD)}
    engine.dispose()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 999), limits=st.lists(st.integers(1, 60), min_size=1, max_size=8))
def test_any_split_into_batches_comes_to_the_same_board(tmp_path_factory: Any, seed: int, limits: list[int]) -> None:
    envelopes = History(seed).events(100)
    log = MemoryLog()
    store(log, envelopes, codec(MemoryKeyStore()))
    engine = open_views(f"sqlite:///{tmp_path_factory.mktemp('split') / 'views.db'}")
    runners = [Runner(v, LogSource(log), engine, reader=clear_codec(), clock=StillClock()) for v in VIEWS]
    for runner in runners:
        for limit in [*limits, 100]:
            runner.step(limit)
    found: dict[UUID, Any] = {d.duty_id: d for n in range(3) for d in duties_of(engine, case(n))}
    assert {k: (d.stage, d.was_missed) for k, d in found.items()} == {
        k: v[:2] for k, v in duties_folded(envelopes).items()
    }
    numbers = {(d.office, d.number): d.stage for n in range(3) for d in deliveries.of_case(engine, case(n))}
    assert numbers == {k: v[2] for k, v in deliveries_folded(envelopes).items()}
    assert sum(len(timeline_of(engine, case(n))) for n in range(3)) == sum(
        e.stream.startswith("case-") for e in envelopes
    )
    engine.dispose()
