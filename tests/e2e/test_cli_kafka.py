"""`topics apply`, the relay of `work`, and `fsck`'s comparison of Kafka with the log, on a real broker."""
from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from kafka import KafkaProducer

from adapters.kafka.settings import KafkaSettings
from tests import servers
from tests.e2e.cli_world import H1, Program, commands

LINES = 20


@pytest.fixture
def brokers(kafka_server: servers.Kafka) -> Mapping[str, str]:
    """The settings of an installation that shares its topics with no other test."""
    return {"CASEBRIDGE_KAFKA": kafka_server.bootstrap, "CASEBRIDGE_KAFKA_PREFIX": f"cli-{uuid4().hex[:10]}"}


@pytest.fixture
def filled(tmp_path: Path) -> Program:
    program = Program(tmp_path / "home")
    assert {answer["status"] for answer in program.submitted(commands(H1)[:LINES])} == {"accepted"}
    return program


def kafka_check(program: Program, brokers: Mapping[str, str]) -> dict[str, Any]:
    ran = program("fsck", "--json", environment=brokers)
    assert ran.exit_code in (0, 1), ran.output
    [found] = [check for check in json.loads(ran.stdout)["checks"] if check["check"].startswith("Kafka topic")]
    assert isinstance(found, dict)
    return found


def test_topics_are_planned_then_made_then_kept(filled: Program, brokers: Mapping[str, str]) -> None:
    def actions(*more: str) -> dict[str, str]:
        ran = filled("topics", "apply", "--json", *more, environment=brokers)
        assert ran.exit_code == 0, ran.output
        prefix = brokers["CASEBRIDGE_KAFKA_PREFIX"]
        return {step["topic"].removeprefix(f"{prefix}."): step["action"] for step in json.loads(ran.stdout)["topics"]}

    assert set(actions("--dry-run").values()) == {"create"}
    assert actions() == {"log.v1": "create", "relay.positions": "create"}
    assert set(actions().values()) == {"keep"}
    filled.ok(
        "partner", "add", "cons-mx.denver", "--agency", "NM-CYFD", "--kind", "CONS-MX", "--name", "Consulate in Denver",
        "--zone", "America/Denver", "--serves", "NM", "--channel", "kafka", "--address", "consulate",
    )
    assert actions()["feed.cons-mx.denver.v1"] == "create"


def test_a_stop_says_that_this_broker_checks_nobody_and_what_to_do(filled: Program, brokers: Mapping[str, str]) -> None:
    stop = ("partner", "suspend", "--all", "--reason", "a drill")
    assert "checks nobody" not in filled(*stop, environment=brokers).output, "no office reads from Kafka"
    filled.ok(
        "partner", "add", "cons-mx.denver", "--agency", "NM-CYFD", "--kind", "CONS-MX", "--name", "Consulate in Denver",
        "--zone", "America/Denver", "--serves", "NM", "--channel", "kafka", "--address", "consulate",
    )
    filled.ok("partner", "live", "cons-mx.denver", "--second-person", "counsel-1")
    ran = filled(*stop, environment=brokers)
    assert ran.exit_code == 0 and "cons-mx.denver is suspended" in ran.stdout
    for said in ("checks nobody's rights", "still reads what is in", "Close the network", "`casebridge topics grant`"):
        assert said in ran.stderr


def test_what_was_relayed_is_the_log_and_what_was_added_behind_its_back_is_found(
    filled: Program, brokers: Mapping[str, str]
) -> None:
    filled("topics", "apply", environment=brokers)
    before = kafka_check(filled, brokers)
    assert before["problems"] == [] and "not relayed yet" in before["note"]
    assert filled("work", "--only", "relay", "--once", environment=brokers).exit_code == 0
    with filled.casebridge() as casebridge:
        events = casebridge.log.head().position
        [copied] = casebridge.log.read_log(after=events - 1, limit=1)
    relayed = kafka_check(filled, brokers)
    assert (relayed["problems"], relayed["checked"], relayed["note"]) == ([], events, "")

    from adapters.kafka.records import headers_of, rfc3339

    settings = KafkaSettings(bootstrap=brokers["CASEBRIDGE_KAFKA"], prefix=brokers["CASEBRIDGE_KAFKA_PREFIX"])
    with filled.casebridge() as casebridge:
        headers = headers_of(copied, str(casebridge.log.lineage).encode(), rfc3339(copied.recorded_at).encode())
    producer = KafkaProducer(**settings.client())
    producer.send(settings.log_topic, copied.state, copied.stream.encode(), headers).get(timeout=10)
    producer.close()
    doubled = kafka_check(filled, brokers)
    assert len(doubled["problems"]) == 1 and f"position {copied.position}" in doubled["problems"][0]
