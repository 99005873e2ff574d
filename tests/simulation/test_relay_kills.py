"""The relay loses, doubles and reorders nothing, wherever it or its broker is cut short."""
from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from adapters.eventstore.sqlite import SqliteLog
from adapters.kafka.publisher import Phase, Publisher, publisher_for
from adapters.kafka.relay import Relay
from adapters.kafka.settings import KafkaSettings
from adapters.kafka.transport import KafkaPythonTransport
from tests import servers
from tests.faults.relay_judge import assert_kafka_is_the_log
from tests.faults.relay_process import BATCH, Death, relay_until_killed
from tests.faults.relay_world import create_topics, fill, fresh_settings, wait_until

LARGE = os.environ.get("CASEBRIDGE_FAULTS") == "large"
RELAY_KILLS = 500 if LARGE else 40
BROKER_KILLS = 50 if LARGE else 3
SEED = 20_261_122
TRANSACTIONS_MAX = 3
PROCESS_SECONDS_MAX = 60.0
RECOVERY_SECONDS_MAX = 120.0
FREEZE_DEADLINE_SECONDS = 4.0

# Where the process dies: at once at the beginning of each phase, or while the client's own threads work on.
PLACES = (
    (Phase.BEGIN, 0.0),
    (Phase.SEND, 0.0),
    (Phase.SEND, 0.01),
    (Phase.POSITION, 0.0),
    (Phase.COMMIT, 0.0),
    (Phase.COMMIT, 0.001),
    (Phase.COMMIT, 0.003),
    (Phase.COMMIT, 0.006),
    (Phase.DONE, 0.0),
)

pytestmark = [
    pytest.mark.faults,
    pytest.mark.timeout(3_600 if LARGE else 300),
    # kafka-python leaves the socket of a refused connection to the garbage collector.
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """Garbage of a test is collected while the test's filter of warnings holds."""
    yield
    wait_until(lambda: not any(thread.name.endswith("-network-thread") for thread in threading.enumerate()),
               "the end of the client's threads", limit_seconds=30.0)
    gc.collect()


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SqliteLog]:
    log = SqliteLog(tmp_path / "log.db")
    yield log
    log.close()


def test_a_relay_killed_in_every_phase_loses_doubles_and_reorders_nothing(
    kafka_server: servers.Kafka, log: SqliteLog, tmp_path: Path
) -> None:
    random = Random(SEED)
    settings = fresh_settings(kafka_server.bootstrap)
    create_topics(settings)
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["tests.faults.relay_process"])
    for kill in range(RELAY_KILLS):
        # More than what is left and what this process can relay before it dies.
        fill(log, BATCH * (TRANSACTIONS_MAX + 2), random)
        phase, delay = PLACES[kill % len(PLACES)]
        death = Death(random.randrange(TRANSACTIONS_MAX), phase, delay * random.uniform(0.5, 1.5))
        process = processes.Process(target=relay_until_killed, args=(settings, str(tmp_path / "log.db"), death))
        process.start()
        process.join(PROCESS_SECONDS_MAX)
        assert process.exitcode == -signal.SIGKILL, f"kill {kill} at {death}: the process ended with {process.exitcode}"
    relay = Relay(log, publisher_for(settings, settings.log_topic))
    while relay.step():
        pass
    relay.close()
    count = assert_kafka_is_the_log(kafka_server.bootstrap, settings.log_topic, log)
    assert count == RELAY_KILLS * BATCH * (TRANSACTIONS_MAX + 2)


class RunningRelay:
    """A relay in a thread; `strike` is called once, at the next commit after it was set."""

    def __init__(self, settings: KafkaSettings, log: SqliteLog, *, deadline_seconds: float) -> None:
        self._strike: threading.Thread | None = None
        publisher = Publisher(
            KafkaPythonTransport(settings),
            target=settings.log_topic,
            positions=settings.positions_topic,
            at=self._at,
            deadline_seconds=deadline_seconds,
        )
        self._log = log
        self._relay = Relay(log, publisher, batch_records_max=BATCH)
        self._stop = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def strike_at_next_commit(self, strike: threading.Thread) -> None:
        self._strike = strike

    def caught_up(self) -> bool:
        if self._failure is not None:
            raise self._failure
        at = self._relay.at
        return at is not None and at.position == self._log.head().position

    def end(self) -> None:
        self._stop.set()
        self._thread.join(RECOVERY_SECONDS_MAX)
        assert not self._thread.is_alive(), "the relay did not stop"
        self._relay.close()

    def _at(self, phase: Phase) -> None:
        if phase is Phase.COMMIT and self._strike is not None:
            strike, self._strike = self._strike, None
            strike.start()

    def _run(self) -> None:
        try:
            self._relay.run(self._stop)
        except BaseException as error:
            self._failure = error


def test_a_broker_killed_around_a_commit_costs_nothing(own_kafka_server: servers.Kafka, log: SqliteLog) -> None:
    random = Random(SEED)
    settings = fresh_settings(own_kafka_server.bootstrap)
    create_topics(settings)
    relay = RunningRelay(settings, log, deadline_seconds=15.0)
    for _ in range(BROKER_KILLS):
        delay = random.uniform(0.0, 0.02)
        killing = threading.Timer(delay, own_kafka_server.kill)
        relay.strike_at_next_commit(killing)
        fill(log, 20 * BATCH, random)
        wait_until(lambda k=killing: k.ident is not None and not k.is_alive(),  # type: ignore[misc]
                   "the kill", limit_seconds=RECOVERY_SECONDS_MAX)
        own_kafka_server.start()
        wait_until(relay.caught_up, "catching up after a broker's death", limit_seconds=RECOVERY_SECONDS_MAX)
    relay.end()
    assert assert_kafka_is_the_log(own_kafka_server.bootstrap, settings.log_topic, log) == BROKER_KILLS * 20 * BATCH


def test_a_broker_frozen_in_a_commit_for_longer_than_the_deadline_costs_nothing(
    own_kafka_server: servers.Kafka, log: SqliteLog
) -> None:
    random = Random(SEED)
    settings = fresh_settings(own_kafka_server.bootstrap)
    create_topics(settings)
    relay = RunningRelay(settings, log, deadline_seconds=FREEZE_DEADLINE_SECONDS)
    fill(log, 5 * BATCH, random)
    wait_until(relay.caught_up, "the first records", limit_seconds=RECOVERY_SECONDS_MAX)
    freezing = threading.Timer(0.0, own_kafka_server.freeze)
    relay.strike_at_next_commit(freezing)
    fill(log, 20 * BATCH, random)
    wait_until(lambda: freezing.ident is not None and not freezing.is_alive(), "the frost", limit_seconds=30.0)
    thawing = threading.Timer(2 * FREEZE_DEADLINE_SECONDS, own_kafka_server.thaw)
    thawing.start()
    wait_until(relay.caught_up, "catching up after a thaw", limit_seconds=RECOVERY_SECONDS_MAX)
    thawing.join()
    relay.end()
    assert assert_kafka_is_the_log(own_kafka_server.bootstrap, settings.log_topic, log) == 25 * BATCH
