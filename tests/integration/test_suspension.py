"""A stop that works: the program as it runs, a thousand deliveries on their way, three offices that take what they can.

One is told by webhook, one reads over HTTP, one by its login in Kafka. After `partner suspend` has returned nothing comes
to any of them for longer than STOP_SECONDS_MAX; after `partner live` the rest comes, in order and once.
"""
from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from kafka.errors import KafkaError
from urllib3 import PoolManager
from urllib3.exceptions import HTTPError

from adapters.clocks import HistoryClock
from adapters.composition import Casebridge
from adapters.http.credentials import FeedCredentials
from adapters.kafka.access import reconcile
from adapters.kafka.settings import KafkaSettings
from adapters.kafka.topics import applied, topic_specs
from adapters.partners.receiver import Receiver
from adapters.settings import Settings
from deploy.local.process import free_port
from tests.disclosure_world import AGENCY, DENVER, GUATEMALA, KINDS, MEXICO, ROOT, World
from tests.faults.relay_world import wait_until
from tests.guarded_kafka import DONE, Engineer

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]
STOP_SECONDS_MAX = 5.0
RUN_SECONDS_MAX = 120.0
IN_FLIGHT_MIN = 1_000
CHANNELS = {GUATEMALA: "kafka", DENVER: "pull", MEXICO: "webhook"}
FAMILIES = 4
GIVEN = {GUATEMALA: 440, DENVER: 400, MEXICO: 200}
"""How much each office is given, in so many families. A webhook is the slowest, being told of each by itself."""
WEBHOOK_SECONDS, PULL_SECONDS, FETCH_SECONDS = 0.05, 0.2, 0.2
PULLED_AT_ONCE, PULLED_EAGERLY = 2, 100
"""How slowly each office takes what it is given, so that a thousand are on their way; until it is eager."""
LOOK_SECONDS = 0.02
CLOCKS = {
    MEXICO: "NM-CONSULATE-MX-24H", DENVER: "NM-CONSULATE-MX-24H", GUATEMALA: "NM-CONSULATE-OTHER-5WD",
}
REASON = "addresses are being checked"


@dataclass
class Taken:
    """What came to one office, number by number, and when."""

    numbers: list[int] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    refused: threading.Event = field(default_factory=threading.Event)

    def take(self, number: int) -> None:
        self.numbers.append(number)
        self.times.append(time.monotonic())


class Slow(Receiver):
    """An office that is told by webhook."""

    taken: Taken
    eager: threading.Event

    def take(self, office: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str]]:
        answer = super().take(office, headers, body)
        self.taken.take(int(json.loads(body)["feednumber"]))
        self.eager.wait(WEBHOOK_SECONDS)
        return answer


@dataclass
class Office:
    """One that takes what it is given by itself, again and again until it is over."""

    credentials: FeedCredentials
    taken: Taken
    eager: threading.Event
    over: threading.Event
    offset: int = 0

    def waits(self, seconds: float) -> bool:
        self.eager.wait(seconds)
        return not self.over.wait(LOOK_SECONDS)

    def pull(self, base: str) -> None:
        """Reads on after the last number."""
        http, shown = PoolManager(retries=False), {"authorization": f"Bearer {self.credentials.of(DENVER, 1)}"}
        while self.waits(PULL_SECONDS):
            after = self.taken.numbers[-1] if self.taken.numbers else 0
            limit = PULLED_EAGERLY if self.eager.is_set() else PULLED_AT_ONCE
            try:
                answer = http.request("GET", f"{base}/feeds/{DENVER}/events?after={after}&limit={limit}", headers=shown)
            except HTTPError:
                continue  # It is not served yet.
            for event in json.loads(answer.data) if answer.status == 200 else ():
                self.taken.take(int(event["feednumber"]))
            if answer.status == 503:
                self.taken.refused.set()
        http.clear()

    def fetch(self, settings: KafkaSettings) -> None:
        """Fetches record by record with its own login, and logs in again where it was refused."""
        while self.waits(FETCH_SECONDS):
            try:
                engineer = Engineer(settings, GUATEMALA, self.credentials)
            except KafkaError:
                continue  # It has no login now.
            try:
                self._fetch_on(engineer, settings.feed_topic(GUATEMALA))
            except KafkaError:
                continue  # Its login was taken while it connected.
            finally:
                engineer.close()

    def _fetch_on(self, engineer: Engineer, topic: str) -> None:
        """Until it is refused."""
        while self.waits(FETCH_SECONDS):
            error, records = engineer.reads([topic], offset=self.offset)[topic]
            if error != DONE:
                self.taken.refused.set()
                return
            for record in records if self.eager.is_set() else records[:1]:
                self.offset = record.offset + 1
                self.taken.take(int(dict(record.headers)["ce_feednumber"]))


@dataclass
class Running:
    environment: Mapping[str, str]
    cases: Mapping[str, list[str]]
    taken: Mapping[str, Taken]
    eager: threading.Event

    def casebridge(self, *words: str) -> str:
        """The program in a process of its own, to its end; what it prints."""
        ran = subprocess.run(_program(*words), cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=120)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    @property
    def on_their_way(self) -> int:
        return sum(GIVEN[office] - len(taken.numbers) for office, taken in self.taken.items())


def _program(*words: str) -> list[str]:
    return [sys.executable, "-m", "adapters.cli.main", *words]


@contextmanager
def process(environment: Mapping[str, str], *words: str) -> Iterator[None]:
    nowhere = subprocess.DEVNULL
    started = subprocess.Popen(_program(*words), cwd=ROOT, env=environment, stderr=nowhere, stdout=nowhere)
    try:
        yield
    finally:
        started.terminate()
        started.wait(60)


def prepare(home: Path, receiver: Receiver) -> dict[str, list[str]]:
    """Everything is released and stands in the feeds, and nothing has left; the cases of each office."""
    world = World(
        home, clock=HistoryClock(datetime.now(UTC)), channels=CHANNELS, addresses={MEXICO: receiver.address_of(MEXICO)}
    )
    world.found(*CHANNELS)
    cases: dict[str, list[str]] = {}
    for office in CHANNELS:
        families = [world.family(f"{office}/{number}", country=KINDS[office][1]) for number in range(FAMILIES)]
        for family in families:
            if KINDS[office][1] == "MX":
                world.route(family, office=office)
            world.release(family, office=office, notices=GIVEN[office] // FAMILIES)
        cases[office] = [str(family.case_id) for family in families]
    world.disclose()
    assert {office: len(world.feed(office)) for office in CHANNELS} == GIVEN
    world.close()
    return cases


def install(home: Path, kafka: KafkaSettings, receiver: Receiver) -> FeedCredentials:
    """Topics and rights, the board of deadlines up to date; what offices prove themselves by."""
    with Casebridge(Settings(home=home)) as casebridge:
        applied(kafka, topic_specs(kafka, [GUATEMALA]), dry_run=False)
        reconcile(kafka, casebridge.kafka_members())
        board = casebridge.runners()["deadline_board"]
        while board.step():
            pass
        receiver.secret_of = casebridge.secrets
        return casebridge.credentials


def environment_of(home: Path, kafka: KafkaSettings) -> dict[str, str]:
    assert kafka.password is not None and kafka.username is not None and kafka.sasl_mechanism is not None
    login = {
        "SECURITY_PROTOCOL": kafka.security_protocol, "SASL_MECHANISM": kafka.sasl_mechanism, "USERNAME": kafka.username,
        "PASSWORD": kafka.password.get_secret_value(), "PREFIX": kafka.prefix,
    }
    return {
        **os.environ, "CASEBRIDGE_HOME": str(home), "CASEBRIDGE_AGENCY": AGENCY, "CASEBRIDGE_ALLOW_LOOPBACK_WEBHOOKS": "1",
        "CASEBRIDGE_KAFKA": kafka.bootstrap, **{f"CASEBRIDGE_KAFKA_{name}": value for name, value in login.items()},
    }


@pytest.fixture
def running(tmp_path: Path, guarded_kafka: KafkaSettings) -> Iterator[Running]:
    """The courier of `casebridge work`, `casebridge serve`, and three offices that take what comes."""
    settings = guarded_kafka.model_copy(update={"prefix": "stop"})
    taken, eager, over = {office: Taken() for office in CHANNELS}, threading.Event(), threading.Event()
    port = free_port()
    environment, base = environment_of(tmp_path, settings), f"http://127.0.0.1:{port}"
    with ExitStack() as stack:
        receiver = Slow(secret_of=str)
        receiver.taken, receiver.eager = taken[MEXICO], eager
        stack.enter_context(receiver)
        made = Running(environment, prepare(tmp_path, receiver), taken, eager)
        credentials = install(tmp_path, settings, receiver)
        stack.enter_context(process(environment, "serve", "--port", str(port)))
        stack.enter_context(process(environment, "work", "--only", "courier"))
        offices = [
            threading.Thread(target=Office(credentials, taken[DENVER], eager, over).pull, args=(base,)),
            threading.Thread(target=Office(credentials, taken[GUATEMALA], eager, over).fetch, args=(settings,)),
        ]
        for office in offices:
            office.start()
        try:
            yield made
        finally:
            over.set()
            for office in offices:
                office.join(30)


@dataclass(frozen=True, slots=True)
class Stop:
    begun_at: float
    returned_at: float
    told: str


def stop(running: Running, *words: str) -> Stop:
    begun_at = time.monotonic()
    told = running.casebridge("partner", "suspend", *words, "--reason", REASON)
    return Stop(begun_at, time.monotonic(), told)


def test_a_stop_stops_every_channel_within_seconds_and_what_waited_comes_in_order_once(running: Running) -> None:
    taken = running.taken
    wait_until(lambda: all(one.numbers for one in taken.values()), "the first of each", limit_seconds=RUN_SECONDS_MAX)
    assert running.on_their_way >= IN_FLIGHT_MIN

    stops = {office: stop(running, *words) for office, words in ((MEXICO, [MEXICO]), ("the rest", ["--all"]))}
    time.sleep(STOP_SECONDS_MAX + 1)  # Nothing tells that nothing comes: the promise is a length of time.
    left = {office: len(one.numbers) for office, one in taken.items()}
    time.sleep(1)
    assert left == {office: len(one.numbers) for office, one in taken.items()}, "it stopped late, or not at all"
    for office, one in taken.items():
        stopped, last = stops.get(office, stops["the rest"]), one.times[-1]
        print(f"{office}: {left[office]} taken, the last {last - stopped.returned_at:+.2f} s after the stop returned, "
              f"{last - stopped.begun_at:+.2f} s after it was told to")
        assert 0 < left[office] < GIVEN[office] and last - stopped.returned_at < STOP_SECONDS_MAX
        listed = [line for line in stopped.told.splitlines() if running.cases[office][-1] in line]
        assert len(listed) == 1 and office in listed[0] and CLOCKS[office] in listed[0], "its last was not reached"
    for office in (DENVER, GUATEMALA):
        assert taken[office].times[-1] > taken[MEXICO].times[-1], "one office's stop is not another's"
        assert taken[office].refused.is_set() and f"{office} is suspended" in stops["the rest"].told
    assert f"{MEXICO} is suspended" not in stops["the rest"].told, "it was already"

    running.eager.set()
    for office in CHANNELS:
        running.casebridge("partner", "live", office, "--second-person", "counsel-1")
    wait_until(lambda: running.on_their_way <= 0, "all that waited", limit_seconds=RUN_SECONDS_MAX)
    for office, one in taken.items():
        assert one.numbers == list(range(1, GIVEN[office] + 1)), office
