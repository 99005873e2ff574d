"""Feeds read by what partners have: the samples, kcat, curl, and a CloudEvents library."""
from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from base64 import b64decode
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import confluent_kafka
import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event
from cloudevents.core.formats.json import JSONFormat
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.structs import OffsetAndMetadata

from adapters.channels.kafka_feed import FeedUnavailable, KafkaFeed
from adapters.disclosure.courier import Courier
from adapters.kafka.publisher import Interrupted, publisher_for
from adapters.kafka.settings import KafkaSettings
from domain.disclosure.events import Disclosed, HandedOver, Withdrawn
from tests import servers
from tests.disclosure_world import MEXICO, PUBLISHED, ROOT, World
from tests.faults.relay_world import wait_until
from tests.guarded_kafka import SECRETS, admit, as_office, guarded_broker
from tests.integration.test_pull_feed import CREDENTIALS, served

SAMPLES = ROOT / "docs" / "samples"
FAMILIES = 4
STEPS_MAX = 400
WAITS_MAX = 60
RUN_SECONDS_MAX, WAIT_SECONDS_MAX = 120, 60.0
pytestmark = [pytest.mark.kafka]


class OnKafka:
    """An agency whose consulate reads from a broker that checks rights: four notices, one recalled, one without basis."""

    def __init__(self, folder: Path, settings: KafkaSettings) -> None:
        self.settings = settings
        self.world = World(folder, channels={MEXICO: "kafka"})
        self.world.found(MEXICO)
        families = [self.world.family(number) for number in range(FAMILIES)]
        for family in families:
            self.world.release(family)
        self.world.disclose()
        self.world.correct_country(families[1])
        self.feed = KafkaFeed(settings, publisher_for, lineage=self.world.log.lineage, clock=self.world.clock)
        ticks = iter(range(10**9))
        self.courier = Courier(
            self.world.backbone, self.world.rendering, {}, topics=self.feed, interruptions=(FeedUnavailable, Interrupted),
            monotonic=lambda: float(next(ticks)),
        )
        self.deliver()
        self.kept, before = folder / "kept.db", self.last
        first_run = consume(self, self.kept)
        assert first_run.returncode == 0, first_run.stderr
        self.prove(before)
        self.world.receive()
        self.world.recall(families[0])
        self.world.disclose()
        self.deliver()
        assert self.last == before + 1

    def deliver(self) -> None:
        for _ in range(STEPS_MAX):
            if not self.courier.step():
                return
        raise AssertionError("the courier was not idle")

    def prove(self, number: int) -> None:
        """Until the broker has told the courier that the office passed a number."""

        def proven() -> bool:
            self.deliver()
            return self.handed_over(number)

        wait_until(proven, f"the hand-over of {number}", limit_seconds=WAIT_SECONDS_MAX)

    @property
    def last(self) -> int:
        return self.feed.published(MEXICO).number

    def handed_over(self, number: int) -> bool:
        return any(isinstance(e.event, HandedOver) for e in self.world.backbone.envelopes(f"delivery-{MEXICO}-{number}"))

    def close(self) -> None:
        self.feed.close()
        self.world.close()


@pytest.fixture(scope="module")
def on_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OnKafka]:
    with guarded_broker({f"casebridge.{MEXICO}": SECRETS.of(MEXICO, 1)}) as settings:
        admit(settings, (MEXICO,))
        made = OnKafka(tmp_path_factory.mktemp("agency"), settings)
        yield made
        made.close()


def records(on_kafka: OnKafka) -> list[Any]:
    consumer = KafkaConsumer(
        on_kafka.settings.feed_topic(MEXICO), **as_office(on_kafka.settings, MEXICO), auto_offset_reset="earliest",
        isolation_level="read_committed", enable_auto_commit=False,
    )
    try:
        found: list[Any] = []
        for _ in range(WAITS_MAX):
            for batch in consumer.poll(timeout_ms=500).values():
                found += batch
            if len(found) >= on_kafka.last:
                return found
        raise AssertionError(f"{len(found)} of {on_kafka.last} records came")
    finally:
        consumer.close(autocommit=False)


def consume(
    on_kafka: OnKafka, kept: Path, *options: str, password: str | None = None
) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"], "FEED_BROKERS": on_kafka.settings.bootstrap, "FEED_OFFICE": MEXICO,
        "FEED_PASSWORD": password or SECRETS.of(MEXICO, 1), "FEED_SECURITY": "SASL_PLAINTEXT",
        "FEED_PREFIX": on_kafka.settings.prefix,
    }
    return subprocess.run(
        [sys.executable, str(SAMPLES / "consumer.py"), str(PUBLISHED), str(kept), "--once", *options], capture_output=True,
        text=True, env=environment, timeout=RUN_SECONDS_MAX, check=False,
    )


def kept_in(path: Path) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(path)) as file:
        file.row_factory = sqlite3.Row
        return [dict(row) for row in file.execute("SELECT * FROM kept ORDER BY number")]


def test_the_sample_consumer_fits_a_page_and_needs_two_libraries() -> None:
    text = (SAMPLES / "consumer.py").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 140
    imported = set(re.findall(r"^(?:import|from) (\w+)", text, re.MULTILINE))
    assert imported - set(sys.stdlib_module_names) == {"kafka", "fastavro"}


def test_the_sample_consumer_keeps_everything_once_and_its_commit_is_the_hand_over(
    on_kafka: OnKafka
) -> None:
    kept = on_kafka.kept
    ran = consume(on_kafka, kept)
    assert ran.returncode == 0, ran.stderr
    lines = kept_in(kept)
    assert [line["number"] for line in lines] == list(range(1, on_kafka.last + 1))
    sent = {int(dict(record.headers)["ce_feednumber"]): record for record in records(on_kafka)}
    kinds = {line["type"].rpartition(".")[2] for line in lines}
    assert kinds == {"ConsularNotice", "Disregard", "Placeholder"}
    entries = {e.event.number: e.event for e in on_kafka.world.feed() if isinstance(e.event, Disclosed | Withdrawn)}
    [recall] = [json.loads(line["told"]) for line in lines if line["type"].endswith("Disregard")]
    assert f"number {recall['withdraws']} is withdrawn" in ran.stdout
    for line in lines:
        assert line["case"].encode() == sent[line["number"]].key
        assert line["sequence"].encode() == dict(sent[line["number"]].headers)["ce_sequence"]
        if line["number"] == recall["withdraws"]:
            assert (line["value"], line["told"], line["note"]) == (None, None, "disregard")
        elif not line["type"].endswith("Placeholder"):
            assert line["value"] == sent[line["number"]].value
            assert line["digest"] == entries[line["number"]].digest, "the office can prove what it was given"
    on_kafka.prove(on_kafka.last)
    without = {line["number"] for line in lines if line["type"].endswith("Placeholder")}
    assert all(on_kafka.handed_over(line["number"]) for line in lines if line["number"] not in without)

    again = consume(on_kafka, kept)
    assert again.returncode == 0, again.stderr
    assert kept_in(kept) == lines


def test_the_sample_consumer_without_the_right_password_reads_nothing(on_kafka: OnKafka, tmp_path: Path) -> None:
    assert consume(on_kafka, tmp_path / "other.db", password="wrong").returncode != 0


def test_an_office_that_finds_numbers_missing_is_told_which_and_goes_on_where_it_says(
    on_kafka: OnKafka, tmp_path: Path
) -> None:
    topic, group = on_kafka.settings.feed_topic(MEXICO), on_kafka.settings.group(MEXICO)
    third = next(record.offset for record in records(on_kafka) if dict(record.headers)["ce_feednumber"] == b"3")
    admin = KafkaAdminClient(**on_kafka.settings.admin())
    try:  # As after an absence in which the topic let the first two go.
        admin.alter_group_offsets(group, {TopicPartition(topic, 0): OffsetAndMetadata(third, "", -1)})
    finally:
        admin.close()
    kept = tmp_path / "late.db"
    stopped = consume(on_kafka, kept)
    assert stopped.returncode != 0 and "numbers 1 to 2 are missing: 3 came" in stopped.stderr
    passed = on_kafka.feed.fetched(MEXICO)
    assert passed is not None and passed[0].number == 2 and kept_in(kept) == [], "nothing was committed"
    assert consume(on_kafka, kept, "--from", "3").returncode == 0
    passed = on_kafka.feed.fetched(MEXICO)
    assert passed is not None and passed[0].number == on_kafka.last
    missing, *lines = kept_in(kept)
    assert (missing["number"], missing["note"]) == (2, "from 1 to here: missing in the topic")
    assert [line["number"] for line in lines] == list(range(3, on_kafka.last + 1))
    assert consume(on_kafka, kept).returncode == 0, "and from then on as ever"


def test_kcat_reads_the_feed(on_kafka: OnKafka) -> None:
    kcat = shutil.which("kcat") or shutil.which("kafkacat")
    if kcat is None:
        servers.missing("kcat is not installed: apt-get install kcat")
    settings = on_kafka.settings
    # By PLAIN, as the office's own user: before 2.6.1 librdkafka sends a wrong nonce in SCRAM, which Kafka 4 refuses, and
    # the kcat of Debian 12 has 2.0. By SCRAM, a later librdkafka reads in the test below.
    words = [
        kcat, "-C", "-e", "-q", "-b", settings.bootstrap, "-t", settings.feed_topic(MEXICO), "-o", "beginning",
        "-X", "security.protocol=SASL_PLAINTEXT", "-X", "sasl.mechanisms=PLAIN",
        "-X", f"sasl.username={settings.group(MEXICO)}", "-X", f"sasl.password={SECRETS.of(MEXICO, 1)}",
        "-X", "isolation.level=read_committed", "-f", "%k|%S|%h\n",
    ]
    ran = subprocess.run(words, capture_output=True, text=True, timeout=RUN_SECONDS_MAX, check=False)
    assert ran.returncode == 0, ran.stderr
    lines = [line.split("|") for line in ran.stdout.splitlines()]
    wanted = [
        [record.key.decode(), str(len(record.value)), ",".join(f"{name}={value.decode()}" for name, value in record.headers)]
        for record in records(on_kafka)
    ]
    assert lines == wanted
    foreign = [word.replace(settings.feed_topic(MEXICO), settings.feed_topic("cons-mx.denver")) for word in words]
    refused = subprocess.run(foreign, capture_output=True, text=True, timeout=RUN_SECONDS_MAX, check=False)
    assert refused.stdout == "" and refused.returncode != 0


def test_librdkafka_reads_the_feed_by_the_login_that_is_documented(on_kafka: OnKafka) -> None:
    """By SCRAM, with a librdkafka of today, which kcat is built upon."""
    settings, wanted = on_kafka.settings, records(on_kafka)
    consumer = confluent_kafka.Consumer({
        "bootstrap.servers": settings.bootstrap, "group.id": settings.group(MEXICO), "enable.auto.commit": False,
        "security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": settings.group(MEXICO), "sasl.password": SECRETS.of(MEXICO, 1),
        "isolation.level": "read_committed",
    })
    try:
        consumer.assign([confluent_kafka.TopicPartition(settings.feed_topic(MEXICO), 0, 0)])
        read = consumer.consume(len(wanted), timeout=WAIT_SECONDS_MAX)
    finally:
        consumer.close()
    assert [(one.key(), one.value(), one.headers()) for one in read] == [
        (record.key, record.value, list(record.headers)) for record in wanted
    ]


def test_a_cloudevents_library_reads_the_same_event_from_kafka_and_from_http(on_kafka: OnKafka, tmp_path: Path) -> None:
    record = records(on_kafka)[0]
    binary = from_binary_event(KafkaMessage(headers=dict(record.headers), key=record.key, value=record.value))
    headers = tuple((name.removeprefix("ce_"), value.decode()) for name, value in record.headers)
    structured = {name: value for name, value in headers if name != "content-type"} | {"datacontenttype": "application/avro"}
    world = World(tmp_path, channels={MEXICO: "pull"})
    world.found(MEXICO)
    world.release(world.family(0))
    world.disclose()
    with served(world) as office:
        [event] = json.loads(office.get().data)
    world.close()
    assert set(event) - {"data_base64"} == set(structured), "the same attributes on both channels"
    read = JSONFormat().read(None, json.dumps(event))
    for of in (read, binary):
        assert of.get_id() == f"{MEXICO}:1" and of.get_specversion() == "1.0"
        assert of.get_type() == "casebridge.published.ConsularNotice"
        assert of.get_extension("feednumber") == "1" and of.get_datacontenttype() == "application/avro"


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed: apt-get install curl")
def test_the_shell_sample_keeps_the_feed_with_curl_and_nothing_else(tmp_path: Path) -> None:
    world = World(tmp_path, channels={MEXICO: "pull"})
    world.found(MEXICO)
    for number in range(3):
        world.release(world.family(number))
    world.disclose()
    kept = tmp_path / "kept"
    with served(world) as office:
        environment = {
            "PATH": os.environ["PATH"], "CREDENTIAL": CREDENTIALS.of(MEXICO, 1),
            "FEED": f"{office.base}/feeds/{MEXICO}/events",
        }
        words = ["sh", str(SAMPLES / "feed.sh"), str(kept)]
        ran = subprocess.run(words, capture_output=True, text=True, env=environment, timeout=RUN_SECONDS_MAX, check=True)
        assert ran.stdout == "kept up to number 3\n" and CREDENTIALS.of(MEXICO, 1) not in ran.stdout + ran.stderr
        subprocess.run(words, env=environment, timeout=RUN_SECONDS_MAX, check=True)
        wrong = subprocess.run(
            words, capture_output=True, env={**environment, "CREDENTIAL": "none"}, timeout=RUN_SECONDS_MAX, check=False,
        )
        assert wrong.returncode != 0
    events = json.loads((kept / "after=0.json").read_text(encoding="utf-8"))
    assert [event["feednumber"] for event in events] == ["1", "2", "3"]
    for event in events:
        entry: Any = world.feed()[int(event["feednumber"]) - 1].event
        data = bytes.fromhex(event["salt"]) + b64decode(event["data_base64"])
        assert hashlib.sha256(data).hexdigest() == entry.digest
    assert world.delivery(3)[-1] == "HandedOver", "the last, empty reading said that all were kept"
    world.close()
