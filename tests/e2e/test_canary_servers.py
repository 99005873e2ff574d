"""The marks of every history on real servers: a dump of PostgreSQL, its files, and the segments that Kafka keeps."""
from __future__ import annotations

import logging
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import uvicorn
from kafka import KafkaAdminClient, KafkaProducer
from kafka.admin import ConfigResource
from urllib3 import PoolManager

from adapters.disclosure.pull import CHANNEL
from adapters.eventstore.postgres import install
from adapters.http.app import application, peer
from adapters.kafka.settings import KafkaSettings
from adapters.kafka.topics import applied, topic_specs
from adapters.work import drain
from deploy.local.jars import kafka_jars
from deploy.local.kafka import KafkaServer
from deploy.local.postgres import PostgresServer, postgres_program
from deploy.local.process import await_true
from tests import servers
from tests.contract.postgres_store import PostgresStores
from tests.e2e.canaries import Canaries, every_line
from tests.e2e.embedded import H1_CASE, H2_CASE, Embedded, embedded

ON_KAFKA, ON_HTTP = "cons-mx.el-paso", "cons-gt.denver"
SOON = {"log.retention.check.interval.ms": "300", "log.initial.task.delay.ms": "300"}
AGED = {"retention.ms": "500", "segment.ms": "500", "file.delete.delay.ms": "0"}
"""The age of a partner's topic, in the place of seven days and one."""
AGED_SECONDS_MAX = 60.0
START_SECONDS_MAX = 10.0
RELEASE = "ReleaseDisclosure"

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]


@dataclass
class OnServers:
    made: Embedded
    canaries: Canaries
    kafka: KafkaSettings
    topics: Path
    cluster: Path
    databases: tuple[str, ...]
    answered: bytes
    logged: list[str]

    def segments(self, topic: str) -> list[Path]:
        return [path for path in self.topics.glob(f"{topic}-*/*.log*") if path.is_file()]

    def broker_files(self) -> list[Path]:
        """All but indexes of offsets and times, which are numbers."""
        return [path for path in self.topics.rglob("*") if path.is_file() and not path.name.endswith("index")]

    def in_topic(self, topic: str) -> set[str]:
        assert list(self.topics.glob(f"{topic}-*")), topic
        return self.canaries.found(b"".join(path.read_bytes() for path in self.segments(topic)))


def channel_of(line: dict[str, Any]) -> dict[str, Any]:
    """The same line, with one office on Kafka and one that reads over HTTP."""
    channel = {ON_KAFKA: "kafka", ON_HTTP: CHANNEL}.get(line["data"].get("office", ""))
    if line["command"] != "ListOffice" or channel is None:
        return line
    return {**line, "data": {**line["data"], "channel": channel, "address": "feed"}}


class _Keeping(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.kept: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.kept.append(f"{record.name} {self.format(record)}")


@pytest.fixture(scope="module")
def on_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OnServers]:
    """Every history, on a PostgreSQL and a Kafka of our own whose files can be looked into."""
    canaries, keeping, root = Canaries(), _Keeping(), logging.getLogger()
    loudness = root.level
    with ExitStack() as stack:
        folder = stack.enter_context(servers.scratch())
        broker = stack.enter_context(servers.installed(
            lambda: KafkaServer(folder / "kafka", jars=kafka_jars(), settings=SOON)
        ))
        server = stack.enter_context(servers.installed(lambda: PostgresServer(folder / "postgres")))
        broker.start()
        server.start()
        postgres = servers.Postgres(server.dsn)
        stores = PostgresStores(postgres)
        install(stores.dsn(stores.migrator_role), app_role=stores.app_role, history_clock=True)
        log, views = stores.dsn(stores.app_role), postgres.create_database()
        kafka = KafkaSettings(bootstrap=broker.bootstrap)
        applied(kafka, topic_specs(kafka, [ON_KAFKA]), dry_run=False)
        home = tmp_path_factory.mktemp("servers")
        made = stack.enter_context(embedded(home, log=log, views=views, kafka=broker.bootstrap))
        root.addHandler(keeping)
        root.setLevel(logging.DEBUG)
        stack.callback(root.setLevel, loudness)
        stack.callback(root.removeHandler, keeping)
        answered = _play(made, [canaries.marked(channel_of(line)) for line in every_line()])
        yield OnServers(
            made, canaries, kafka, broker.directory / "data", server.directory / "data", (stores.superuser, views),
            answered, keeping.kept,
        )


def _play(made: Embedded, lines: list[dict[str, Any]]) -> bytes:
    """Play; what the office on HTTP was answered after each release. Views and relay follow at the end, for each of
    their steps is a transaction or more on a server."""
    answered: list[bytes] = []
    every = made.player.workers
    made.player.workers = [worker for worker in every if not worker.name.startswith(("view:", "relay"))]
    with _served(made) as read:
        made.player.play(lines, told=lambda line, _: answered.append(read()) if line["command"] == RELEASE else None)
    made.player.workers = every
    drain(every)
    return b"".join(answered)


@contextmanager
def _served(made: Embedded) -> Iterator[Callable[[], bytes]]:
    """The feeds' server at its loudest; called, it answers the office."""
    config = uvicorn.Config(
        application(made.casebridge.feed_app(peer)), host="127.0.0.1", port=0, log_level="trace", log_config=None,
    )
    server, pool = uvicorn.Server(config), PoolManager(retries=False)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    assert await_true(lambda: server.started, START_SECONDS_MAX)
    url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/feeds/{ON_HTTP}/events"

    def read() -> bytes:
        secret = made.casebridge.secret_of(ON_HTTP)
        answer = pool.request("GET", url, headers={"authorization": f"Bearer {secret}"})
        assert answer.status == 200, answer.data
        return answer.data

    try:
        yield read
    finally:
        pool.clear()
        server.should_exit = True
        thread.join(START_SECONDS_MAX)


def dumped(dsn: str) -> bytes:
    """Every table in plain text, as a backup has it."""
    done = subprocess.run(
        [postgres_program("pg_dump"), "--dbname", dsn, "--inserts"], capture_output=True, timeout=60, check=True
    )
    return done.stdout


def test_the_partners_got_marks_by_every_channel(on_servers: OnServers) -> None:
    assert on_servers.in_topic(on_servers.kafka.feed_topic(ON_KAFKA)), "a declared place"
    assert on_servers.canaries.found(on_servers.answered)
    assert on_servers.canaries.found(b"".join(message.content for message in on_servers.made.receiver.received))


def test_a_dump_and_the_files_of_postgresql_hold_no_mark(on_servers: OnServers) -> None:
    log, views = map(dumped, on_servers.databases)
    assert log.count(b"INSERT INTO casebridge.events") > 500 and views.count(b"INSERT INTO public.") > 500
    assert on_servers.canaries.found(log) == set() == on_servers.canaries.found(views)
    assert list((on_servers.cluster / "pg_wal").glob("0*"))
    assert on_servers.canaries.found_below(on_servers.cluster) == {}


def test_the_private_topic_holds_only_what_is_encrypted(on_servers: OnServers) -> None:
    topic = on_servers.kafka.log_topic
    assert sum(path.stat().st_size for path in on_servers.segments(topic)) > 100_000
    assert on_servers.in_topic(topic) == set()
    others = [path for path in on_servers.broker_files() if f".feed.{ON_KAFKA}" not in str(path)]
    assert [path for path in others if on_servers.canaries.found(path.read_bytes())] == []


def test_no_library_logged_a_mark_at_its_loudest(on_servers: OnServers) -> None:
    assert {"kafka", "uvicorn", "urllib3"} <= {said.partition(".")[0] for said in on_servers.logged}
    told = [said for said in on_servers.logged if on_servers.canaries.found(said)]
    assert told == []
    assert on_servers.canaries.found_below(on_servers.made.folder) == {}


def test_partner_topics_lose_their_text_by_age(on_servers: OnServers) -> None:
    """The feed and the inbox, with an age of half a second in the place of seven days; the log keeps its records."""
    kafka = on_servers.kafka
    feed, inbox = kafka.feed_topic(ON_KAFKA), kafka.inbox_topic(ON_KAFKA)
    producer = KafkaProducer(**kafka.client())
    producer.send(inbox, on_servers.canaries.mark("answer of an office", "inbox").encode()).get(10)
    producer.close()
    assert on_servers.in_topic(feed) and on_servers.in_topic(inbox)
    admin = KafkaAdminClient(**kafka.admin())
    admin.alter_configs([ConfigResource("TOPIC", topic, AGED) for topic in (feed, inbox)])
    admin.close()
    assert await_true(
        lambda: not (on_servers.in_topic(feed) | on_servers.in_topic(inbox)), AGED_SECONDS_MAX
    ), "text is older than its declared age"
    assert sum(path.stat().st_size for path in on_servers.segments(kafka.log_topic)) > 100_000


def test_after_an_expungement_no_server_has_a_key_or_a_text_of_it(on_servers: OnServers) -> None:
    """What is left of it everywhere is encrypted, and the other record opens as before."""
    made, canaries = on_servers.made, on_servers.canaries
    outcome = made.casebridge.backbone.submit({
        "command": "OrderExpunge", "command_id": str(uuid4()), "agency": "NM-CYFD", "case": str(H1_CASE),
        "actor": {"agency": "NM-CYFD", "role": "records desk", "user": "clerk-1"},
        "occurred_at": made.clock.now().isoformat(),
        "data": {"expunge_id": str(uuid4()), "order_ref": "JQ-9", "second_person": "counsel-1"},
    }, principal="clerk-1")
    assert outcome.status == "accepted", outcome
    made.player.wait_until(made.clock.now() + timedelta(days=8))
    made.casebridge.custodian.step()
    [expunge] = made.case().erasure.expunges.values()
    assert expunge.expunged is not None
    rows = made.casebridge.log.read_log(after=0, limit=5_000)
    opened = canaries.found(repr([made.casebridge.codec.decode(row).event for row in rows]))
    assert opened & canaries.of(H1_CASE) == set()
    assert opened >= canaries.of(H2_CASE)
    for dsn in on_servers.databases:
        assert canaries.found(dumped(dsn)) == set()
    assert canaries.found_below(on_servers.cluster, made.folder) == {}
    assert [path for path in on_servers.broker_files() if canaries.found(path.read_bytes())] == []
