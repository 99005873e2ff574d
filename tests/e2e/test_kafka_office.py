"""An office that takes its feed from Kafka: the command, the topic, the fetch, the receipt; and the log beside it."""
from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from kafka import KafkaConsumer, TopicPartition
from kafka.structs import OffsetAndMetadata
from sqlalchemy import select

from adapters.clocks import HistoryClock
from adapters.composition import Casebridge
from adapters.kafka.consumer import KafkaSource
from adapters.kafka.settings import KafkaSettings
from adapters.kafka.topics import applied, topic_specs
from adapters.play import Player
from adapters.reading.feeds import entries
from adapters.settings import Settings
from adapters.views import open_views
from adapters.work import drain
from domain.case.consular import ConsulateNotified, Notice
from domain.case.obligations import DutyStage
from domain.personal import Known
from projections.runner import Runner
from projections.timeline import Timeline, timeline
from tests.e2e.embedded import H1, H1_CASE, START, read
from tests.servers import Kafka

OFFICE = "cons-mx.el-paso"
POLLS_MAX = 60


@dataclass
class WithKafka:
    casebridge: Casebridge
    player: Player
    settings: KafkaSettings


@pytest.fixture
def made(tmp_path: Path, kafka_server: Kafka, monkeypatch: pytest.MonkeyPatch) -> Iterator[WithKafka]:
    monkeypatch.setenv("CASEBRIDGE_KAFKA_PREFIX", f"e2e-{uuid4().hex[:12]}")
    clock = HistoryClock(START)
    with Casebridge(Settings(home=tmp_path, kafka=kafka_server.bootstrap), clock=clock) as casebridge:
        settings = casebridge.kafka()
        assert settings is not None
        applied(settings, topic_specs(settings, [OFFICE]), dry_run=False)
        player = Player(casebridge, clock)
        yield WithKafka(casebridge, player, settings)
        player.close()


def on_kafka(line: dict[str, Any]) -> dict[str, Any]:
    """The same history, with the Mexican consulate taking its feed from its topic; the others are not listed."""
    if line["command"] == "ListOffice":
        return {**line, "data": {**line["data"], "channel": "kafka", "address": "topic"}}
    return line


def test_a_notice_to_an_office_on_kafka_is_handed_over_when_the_office_has_fetched_past_it(made: WithKafka) -> None:
    others = ("cons-gt.denver", "cons-hn.houston")
    lines = [
        on_kafka(line) for line in read(H1)
        if line["occurred_at"] < "2026-08-18" and line["data"].get("office") not in others
    ]
    outcomes = made.player.play(lines)
    assert [outcome for outcome in outcomes if outcome.status != "accepted"] == []
    case = made.casebridge.backbone.case(H1_CASE)
    [notice] = case.consular.notices.values()
    assert notice.released is not None and notice.notified is None, "published is not yet handed over"

    with_consumer = _consumer(made.settings)
    try:
        record = _one_record(with_consumer)
        headers = {name: value.decode() for name, value in record.headers}
        [entry] = entries(made.casebridge, OFFICE)
        assert record.value == entry.content, "bytes on the wire are what the entry renders to (I5)"
        assert headers["ce_feednumber"] == "1" and headers["ce_type"] == "casebridge.published.ConsularNotice"
        assert str(H1_CASE) not in json.dumps(headers) and record.key.decode() not in {str(H1_CASE), ""}
        place = TopicPartition(record.topic, record.partition)
        with_consumer.commit({place: OffsetAndMetadata(record.offset + 1, "", -1)})
    finally:
        with_consumer.close()

    notice = _notified(made)
    case = made.casebridge.backbone.case(H1_CASE)
    assert isinstance(notice.notified, ConsulateNotified) and notice.notified.channel == "kafka"
    assert isinstance(notice.notified.receipt, Known)
    [duty] = [d for d in case.obligations.duties.values() if d.raised.rule_id == "NM-CONSULATE-MX-24H"]
    assert duty.stage is DutyStage.MET and duty.was_missed

    _the_log_on_kafka_gives_the_same_timeline(made)


def _notified(made: WithKafka) -> Notice:
    """The notice once the courier has asked the broker again, which it does now and then."""
    for _ in range(POLLS_MAX):
        drain(made.player.workers)
        [notice] = made.casebridge.backbone.case(H1_CASE).consular.notices.values()
        if notice.notified is not None:
            return notice
        made.casebridge.log.wait(after=made.casebridge.log.head().position, timeout_seconds=0.5)
    raise AssertionError("the office's commit was not seen")


def _the_log_on_kafka_gives_the_same_timeline(made: WithKafka) -> None:
    drain(made.player.workers)
    beside = open_views(f"sqlite:///{made.casebridge.settings.home / 'beside.sqlite'}")
    source = KafkaSource(made.settings, lineage=made.casebridge.log.lineage)
    runner = Runner(Timeline(), source, beside, reader=made.casebridge.clear_codec, clock=made.casebridge.clock)
    wanted = _rows(made.casebridge.views)
    for _ in range(POLLS_MAX):
        runner.step(timeout_seconds=1.0)
        if len(_rows(beside)) == len(wanted):
            break
    assert _rows(beside) == wanted and len(wanted) > 30
    source.close()
    beside.dispose()


def _rows(engine: Any) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(select(timeline).order_by(timeline.c.position))]


def _consumer(settings: KafkaSettings) -> KafkaConsumer:
    return KafkaConsumer(
        settings.feed_topic(OFFICE), bootstrap_servers=settings.bootstrap, group_id=settings.group(OFFICE),
        auto_offset_reset="earliest", enable_auto_commit=False, isolation_level="read_committed",
    )


def _one_record(consumer: KafkaConsumer) -> Any:
    for _ in range(POLLS_MAX):
        for records in consumer.poll(timeout_ms=1_000).values():
            [record] = records
            return record
    raise AssertionError("the office's topic stayed empty")
