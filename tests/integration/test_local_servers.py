"""The servers that tests run against: found, started, hurt and started again."""

import contextlib
import gc
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from kafka import KafkaConsumer, KafkaProducer
from kafka.admin import KafkaAdminClient, NewTopic
from kafka.errors import KafkaError
from sqlalchemy.engine import make_url

from deploy.local.__main__ import main as deploy_local
from deploy.local.jars import kafka_jars
from deploy.local.kafka import KafkaServer, brokers_known
from deploy.local.postgres import PostgresServer
from deploy.local.process import running, stop_by_pid
from tests import servers

REPLY_SECONDS = 20


def make_topic(bootstrap: str, name: str) -> None:
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        admin.create_topics([NewTopic(name, 1, 1)])
    finally:
        admin.close()


def send_in_a_transaction(bootstrap: str, topic: str, value: bytes) -> None:
    producer = KafkaProducer(bootstrap_servers=bootstrap, transactional_id=topic)
    try:
        producer.init_transactions()
        producer.begin_transaction()
        producer.send(topic, value).get(REPLY_SECONDS)
        producer.commit_transaction()
    finally:
        producer.close()


def first_committed(bootstrap: str, topic: str) -> bytes:
    consumer = KafkaConsumer(
        topic,
        bootstrap_servers=bootstrap,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        consumer_timeout_ms=REPLY_SECONDS * 1000,
    )
    try:
        value: bytes = next(consumer).value
        return value
    finally:
        consumer.close()


@contextlib.contextmanager
def dropped_sockets() -> Iterator[None]:
    """A client of kafka-python that fails to be made leaves its sockets open; they are collected here, unblamed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            yield
        except KafkaError as refused:
            refused.__traceback__ = None  # It would keep the client alive.
            gc.collect()
            raise


def test_a_committed_record_outlives_a_killed_broker(kafka_server: servers.Kafka) -> None:
    topic = "test.a-committed-record"
    make_topic(kafka_server.bootstrap, topic)
    send_in_a_transaction(kafka_server.bootstrap, topic, b"kept")

    kafka_server.kill()
    host, _, port = kafka_server.bootstrap.partition(":")
    assert brokers_known(host, int(port)) == 0
    kafka_server.start()

    assert first_committed(kafka_server.bootstrap, topic) == b"kept"


def test_a_frozen_broker_answers_nothing_until_it_thaws(kafka_server: servers.Kafka) -> None:
    host, _, port = kafka_server.bootstrap.partition(":")
    kafka_server.freeze()
    try:
        assert brokers_known(host, int(port)) == 0
    finally:
        kafka_server.thaw()
    assert brokers_known(host, int(port)) == 1


def test_the_broker_makes_no_topic_that_nobody_asked_for(kafka_server: servers.Kafka) -> None:
    producer = KafkaProducer(bootstrap_servers=kafka_server.bootstrap, max_block_ms=1000)
    try:
        with pytest.raises(KafkaError):
            producer.send("test.misspelt", b"").get(REPLY_SECONDS)
    finally:
        producer.close()


def test_a_committed_row_outlives_a_killed_postgres(postgres_server: servers.Postgres) -> None:
    dsn = postgres_server.create_database()
    with psycopg.connect(dsn) as connection:
        connection.execute("CREATE TABLE kept (number int)")
        connection.execute("INSERT INTO kept VALUES (7)")

    with psycopg.connect(dsn) as witness:
        postgres_server.kill()
        with pytest.raises(psycopg.OperationalError):
            witness.execute("SELECT 1")
    postgres_server.start()

    with psycopg.connect(dsn) as connection:
        assert connection.execute("SELECT number FROM kept").fetchall() == [(7,)]


def test_a_frozen_postgres_answers_nothing_until_it_thaws(postgres_server: servers.Postgres) -> None:
    postgres_server.freeze()
    try:
        with pytest.raises(psycopg.errors.ConnectionTimeout):
            psycopg.connect(postgres_server.dsn, connect_timeout=2)
    finally:
        postgres_server.thaw()
    with psycopg.connect(postgres_server.dsn, connect_timeout=REPLY_SECONDS) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_each_database_is_new_and_empty(postgres_server: servers.Postgres) -> None:
    first, second = postgres_server.create_database(), postgres_server.create_database()
    assert make_url(first).database != make_url(second).database
    with psycopg.connect(first) as one, psycopg.connect(second) as other:
        one.execute("CREATE TABLE t ()")
        assert other.execute("SELECT to_regclass('t')").fetchone() == (None,)


@pytest.mark.kafka
def test_a_broker_with_passwords_lets_in_who_knows_one_and_nobody_else() -> None:
    with (
        servers.scratch() as directory,
        servers.installed(lambda: KafkaServer(directory, jars=kafka_jars(), passwords={"relay": "s3cret"})) as broker,
    ):
        broker.start()
        login = {"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "PLAIN", "sasl_plain_username": "relay"}
        knowing = KafkaAdminClient(bootstrap_servers=broker.bootstrap, sasl_plain_password="s3cret", **login)
        try:
            assert knowing.list_topics() == []
        finally:
            knowing.close()
        with pytest.raises(KafkaError), dropped_sockets():
            KafkaAdminClient(
                bootstrap_servers=broker.bootstrap, sasl_plain_password="guess", bootstrap_timeout_ms=2000, **login
            )


@pytest.mark.postgres
def test_a_server_left_running_is_stopped_by_its_id_and_a_stranger_is_not() -> None:
    with servers.scratch() as directory, servers.installed(lambda: PostgresServer(directory / "pg")) as server:
        server.start()
        pid = server.leave_running()
        assert not stop_by_pid(pid, directory / "another", PostgresServer.STOP_SIGNAL)
        assert running(pid)
        assert stop_by_pid(pid, directory / "pg", PostgresServer.STOP_SIGNAL)
        assert not running(pid)


@pytest.mark.kafka
@pytest.mark.postgres
def test_up_starts_both_down_stops_them_and_up_again_finds_the_same_data(capsys: pytest.CaptureFixture[str]) -> None:
    with servers.scratch() as local, servers.installed(lambda: KafkaServer(local, jars=kafka_jars())):
        try:
            assert deploy_local(["up"], local) == 0
            exports = dict(line.removeprefix("export ").split("=") for line in capsys.readouterr().out.splitlines())
            make_topic(exports["CASEBRIDGE_KAFKA"], "kept")
            with psycopg.connect(exports["CASEBRIDGE_POSTGRES"]) as connection:
                connection.execute("CREATE TABLE kept ()")
            assert deploy_local(["status"], local) == 0

            assert deploy_local(["down"], local) == 0
            assert deploy_local(["status"], local) == 1
            host, _, port = exports["CASEBRIDGE_KAFKA"].partition(":")
            assert brokers_known(host, int(port)) == 0

            assert deploy_local(["up"], local) == 0
            admin = KafkaAdminClient(bootstrap_servers=exports["CASEBRIDGE_KAFKA"])
            try:
                assert "kept" in admin.list_topics()
            finally:
                admin.close()
            with psycopg.connect(exports["CASEBRIDGE_POSTGRES"]) as connection:
                assert connection.execute("SELECT to_regclass('kept')").fetchone() == ("kept",)
        finally:
            assert deploy_local(["down"], local) == 0


def test_what_is_missing_is_named_with_how_to_get_it_and_fails_where_it_is_required(tmp_path: Path) -> None:
    (tmp_path / "test_needs_servers.py").write_text(
        "def test_kafka(kafka_server): pass\ndef test_postgres(postgres_server): pass\n"
    )
    (tmp_path / "conftest.py").write_text("from tests.conftest import kafka_server, postgres_server  # noqa: F401\n")

    def run(**more: str) -> str:
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("CASEBRIDGE_", "DOCKER_", "PYTEST_"))}
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-ra", "-p", "no:cacheprovider", "--rootdir", tmp_path, tmp_path],
            env={**kept, "PATH": str(tmp_path), "DOCKER_HOST": "tcp://127.0.0.1:1", **more},
            cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        return done.stdout

    skipped = run()
    assert "java is not installed: apt-get install default-jre-headless" in skipped
    assert "2 skipped" in skipped or "1 passed, 1 skipped" in skipped  # Debian keeps PostgreSQL outside of PATH.
    failed = run(CASEBRIDGE_REQUIRE_SERVERS="1")
    assert "required here (CASEBRIDGE_REQUIRE_SERVERS=1), and missing: java is not installed" in failed
    assert "skipped" not in failed.splitlines()[-1]
