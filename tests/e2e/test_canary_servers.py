"""The marks of every history on real servers: a dump of PostgreSQL, its files, and the segments that Kafka keeps."""
from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import uvicorn
from kafka import KafkaProducer
from urllib3 import PoolManager

from adapters.backbone import Outcome
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
from tests.e2e.canaries import Canaries, at_full_loudness, every_line, keys_of, refusing_once, texts
from tests.e2e.embedded import H1_CASE, H2_CASE, Embedded, embedded

ON_KAFKA, ON_HTTP = "cons-mx.el-paso", "cons-gt.denver"
SOON = {
    "log.retention.check.interval.ms": "300", "log.initial.task.delay.ms": "300", "log.segment.delete.delay.ms": "0",
}
AGE_SECONDS = 10
"""How long the topics of an office keep clear text here, in the place of seven days."""
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
    in_feed: set[str]
    in_inbox: set[str]
    logged: list[str]

    @property
    def declared(self) -> tuple[str, str]:
        return self.kafka.feed_topic(ON_KAFKA), self.kafka.inbox_topic(ON_KAFKA)

    def segments(self, topic: str) -> list[Path]:
        return [path for path in self.topics.glob(f"{topic}-*/*.log*") if path.is_file()]

    def broker_files(self) -> list[Path]:
        """All but indexes of offsets and times, which are numbers."""
        return [path for path in self.topics.rglob("*") if path.is_file() and not path.name.endswith("index")]

    def in_topic(self, topic: str) -> set[str]:
        assert list(self.topics.glob(f"{topic}-*")), topic
        return self.canaries.found(b"".join(map(_content, self.segments(topic))))


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""  # The broker has just erased it.


def channel_of(line: dict[str, Any]) -> dict[str, Any]:
    """The same line, with one office on Kafka and one that reads over HTTP."""
    channel = {ON_KAFKA: "kafka", ON_HTTP: CHANNEL}.get(line["data"].get("office", ""))
    if line["command"] != "ListOffice" or channel is None:
        return line
    return {**line, "data": {**line["data"], "channel": channel, "address": "feed"}}


@pytest.fixture(scope="module")
def on_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OnServers]:
    """Every history, on a PostgreSQL and a Kafka of our own whose files can be looked into."""
    canaries = Canaries()
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
        kafka = KafkaSettings(bootstrap=broker.bootstrap, feed_retention_seconds=AGE_SECONDS, feed_segment_seconds=1)
        applied(kafka, topic_specs(kafka, [ON_KAFKA]), dry_run=False)
        home = tmp_path_factory.mktemp("servers")
        made = stack.enter_context(embedded(home, log=log, views=views, kafka=broker.bootstrap))
        logged = stack.enter_context(at_full_loudness())
        on_servers = OnServers(
            made, canaries, kafka, broker.directory / "data", server.directory / "data", (stores.superuser, views),
            answered=b"", in_feed=set(), in_inbox=set(), logged=logged,
        )
        refusing_once(made.receiver, canaries)
        _play(on_servers)
        yield on_servers


def _play(on_servers: OnServers) -> None:
    """Play; after each release, what is in the feed's topic and what the office on HTTP is answered. Views and relay
    follow at the end, for each of their steps is a transaction or more on a server."""
    player, (feed, inbox) = on_servers.made.player, on_servers.declared
    every = player.workers
    player.workers = [worker for worker in every if not worker.name.startswith(("view:", "relay"))]
    with _served(on_servers.made) as read:

        def told(line: Mapping[str, Any], _: Outcome) -> None:
            if line["command"] == RELEASE:
                on_servers.answered += read()
                on_servers.in_feed |= on_servers.in_topic(feed)

        player.play([on_servers.canaries.marked(channel_of(line)) for line in every_line()], told=told)
    player.workers = every
    drain(every)
    producer = KafkaProducer(**on_servers.kafka.client())
    producer.send(inbox, on_servers.canaries.mark("answer of an office", "inbox").encode()).get(10)
    producer.close()
    on_servers.in_inbox = on_servers.in_topic(inbox)


@pytest.fixture(scope="module")
def aged(on_servers: OnServers) -> OnServers:
    """The same, when all that the partners' topics held is older than its age."""
    gone = await_true(lambda: not set().union(*map(on_servers.in_topic, on_servers.declared)), AGED_SECONDS_MAX)
    assert gone, "text is older than its declared age"
    return on_servers


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
    assert on_servers.in_feed and on_servers.in_inbox, "declared places"
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
    others = [path for path in on_servers.broker_files() if not path.parent.name.startswith(on_servers.declared)]
    assert [path for path in others if on_servers.canaries.found(path.read_bytes())] == []


def test_no_library_logged_a_mark_at_its_loudest(on_servers: OnServers) -> None:
    assert {"kafka", "uvicorn", "urllib3"} <= {said.partition(".")[0] for said in on_servers.logged}
    told = [said for said in on_servers.logged if on_servers.canaries.found(said)]
    assert told == []
    assert on_servers.canaries.found_below(on_servers.made.folder) == {}


def test_partner_topics_lose_their_text_by_the_age_that_is_set(aged: OnServers) -> None:
    """The feed and the inbox; the log keeps its records, and no file of the broker a text."""
    assert aged.in_feed and aged.in_inbox
    assert sum(path.stat().st_size for path in aged.segments(aged.kafka.log_topic)) > 100_000
    assert [path for path in aged.broker_files() if aged.canaries.found(_content(path))] == []


def test_after_an_expungement_no_server_has_a_key_or_a_text_of_it(aged: OnServers) -> None:
    """What is left of it everywhere is encrypted, and the other record opens as before."""
    made, canaries = aged.made, aged.canaries
    keys = keys_of(made.folder, made.casebridge.keys, H1_CASE)
    before = b"".join(path.read_bytes() for path in made.folder.glob("keys.sqlite*"))
    assert len([key for key in keys if key in before]) == len(keys) // 2 > 20, "each wrapped key, and no plain one"
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
    opened = canaries.found(texts(made.casebridge))
    assert opened & canaries.of(H1_CASE) == set()
    assert opened >= canaries.of(H2_CASE)
    dumps = b"".join(map(dumped, aged.databases))
    assert canaries.found(dumps) == set() and not any(key.hex().encode() in dumps for key in keys)
    files = [path for folder in (aged.cluster, made.folder) for path in folder.rglob("*") if path.is_file()]
    for path in (*files, *aged.broker_files()):
        content = _content(path)
        assert canaries.found(content) == set() and not any(key in content for key in keys), path.name

