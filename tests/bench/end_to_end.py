"""ReleaseDisclosure on prepared notices at a steady pace: accepted, disclosed, started, in the office's topic.

Three shapes of the same installation: everything in one process on SQLite; and, on SQLite and on PostgreSQL, what
decides on cases (commands, discloser, courier, receipts) in one process, which folds each case once, and what follows
the log (views, clock, custodian, relay) in another. The consumer is the office's own, in a process of its own, and
commits what it has read once a second.
"""
from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from uuid import uuid4

from kafka import KafkaProducer

from adapters.backbone import Backbone
from adapters.composition import Casebridge
from adapters.eventstore.postgres import install
from adapters.kafka.settings import KafkaSettings
from adapters.settings import Settings
from adapters.work import Crew, drain
from tests.bench.agency import MEXICO, Line, adopt, at_present, line, prepared_notice, submit_all
from tests.bench.figures import Bar, Figure
from tests.bench.watching import Watcher
from tests.contract.postgres_store import PostgresStores
from tests.faults.relay_world import create_topics, wait_until
from tests.servers import Postgres

WARM_UP = 20
BARE_RECORD_BYTES = 600
CHILD_SECONDS_MAX = 120.0
REST_SECONDS, REST_SHARE = 1.0, 0.15
WITH_THE_COMMANDS = ("discloser", "courier", "receipts")
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """Where log and views are, and whether what follows the log has a process of its own."""

    name: str
    log: str | None = None
    views: str | None = None
    is_parted: bool = False


def shapes(postgres: Postgres) -> list[Shape]:
    stores = PostgresStores(postgres)
    install(stores.dsn(stores.migrator_role), app_role=stores.app_role)
    return [
        Shape(name="one process, SQLite"),
        Shape(name="two processes, SQLite", is_parted=True),
        Shape(
            name="two processes, PostgreSQL", log=stores.dsn(stores.app_role), views=postgres.create_database(),
            is_parted=True,
        ),
    ]


def run(folder: Path, kafka: str, postgres: str, *, commands: int, per_second: float = 100.0) -> list[Figure]:
    """Each shape in its turn, each between two halves of its bare peer."""
    return [
        figure
        for number, shape in enumerate(shapes(Postgres(postgres)))
        for figure in end_to_end(
            folder / str(number), KafkaSettings(bootstrap=kafka, prefix=f"bench-{number}"), shape,
            commands=commands, per_second=per_second,
        )
    ]


def end_to_end(
    folder: Path, kafka: KafkaSettings, shape: Shape, *, commands: int, per_second: float
) -> list[Figure]:
    folder.mkdir()
    bare_kafka = kafka.model_copy(update={"prefix": f"{kafka.prefix}-bare"})
    for settings in (kafka, bare_kafka):
        create_topics(settings, [MEXICO])
    with Installation(folder, kafka, shape) as installation:
        casebridge = installation.casebridge
        submit_all(casebridge.backbone, at_present(adopt("kafka")))
        releases = _prepared(casebridge, WARM_UP + commands)
        bare_before = _bare(bare_kafka, folder, commands // 2, per_second)
        with installation.at_work(), Watcher(kafka, folder / "ours.json", WARM_UP + commands) as watcher:
            watcher.wait_until_ready()
            submit_all(casebridge.backbone, releases[:WARM_UP])  # Workers read back where they stand, producers connect.
            watcher.wait_until_seen(WARM_UP)
            installation.wait_until_at_rest()
            before = installation.cpu_seconds()
            accepted, late = _paced(casebridge.backbone, releases[WARM_UP:], per_second)
            arrived = watcher.arrivals()[WARM_UP:]
            cpu = [after - then for after, then in zip(installation.cpu_seconds(), before, strict=True)]
        bare_after = _bare(bare_kafka, folder, commands // 2, per_second)
    ours = [1000 * (there - then) for then, there in zip(accepted, arrived, strict=True)]
    return _figures(shape, ours, [*bare_before, *bare_after], {
        "commands": commands, "per_second": per_second, "commands_behind_pace": late,
        "cpu_ms_per_command": [round(1000 * seconds / commands, 2) for seconds in cpu],
    })


class Installation:
    """One installation on `folder`, whose commands come from this process; its workers stand as the shape says."""

    def __init__(self, folder: Path, kafka: KafkaSettings, shape: Shape) -> None:
        self._folder, self._kafka, self._shape = folder, kafka, shape
        self._settings = Settings(home=folder / "home", log=shape.log, views=shape.views, kafka=kafka.bootstrap)
        self._closing, self._processes = ExitStack(), [os.getpid()]

    def __enter__(self) -> Installation:
        os.environ["CASEBRIDGE_KAFKA_PREFIX"] = self._kafka.prefix
        self.casebridge = self._closing.enter_context(Casebridge(self._settings))
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """All workers, in threads here or in the other process; one that stopped by itself is a mistake of the bench."""
        workers = self.casebridge.workers()
        ours = [worker for worker in workers if not self._shape.is_parted or worker.name in WITH_THE_COMMANDS]
        crew = Crew(ours, self.casebridge.log)
        theirs = [worker.name for worker in workers if worker not in ours]
        with self._elsewhere(theirs) if theirs else ExitStack():
            crew.start()
            try:
                yield
            finally:
                crew.stop()
                assert not crew.failures, crew.failures

    @contextmanager
    def _elsewhere(self, names: Iterable[str]) -> Iterator[None]:
        """`casebridge work --only NAME ...` on this installation; it has to end well."""
        environment = {
            "CASEBRIDGE_HOME": str(self._settings.home), "CASEBRIDGE_KAFKA": self._kafka.bootstrap,
            "CASEBRIDGE_LOG": self._settings.log_url, "CASEBRIDGE_VIEWS": self._settings.views_url,
        }
        only = [part for name in names for part in ("--only", name)]
        says = self._folder / "work.stderr"
        with says.open("wb") as stderr:
            process = subprocess.Popen(
                [sys.executable, "-m", "adapters.cli.main", "work", *only], env={**os.environ, **environment},
                stdout=subprocess.DEVNULL, stderr=stderr,
            )
        self._processes.append(process.pid)
        try:
            wait_until(lambda: b"working:" in says.read_bytes(), "the workers' start", limit_seconds=CHILD_SECONDS_MAX)
            yield
            process.send_signal(signal.SIGTERM)
            assert process.wait(CHILD_SECONDS_MAX) == 0, "the workers in their own process did not end well"
        finally:
            process.kill()
            process.wait(CHILD_SECONDS_MAX)

    def wait_until_at_rest(self) -> None:
        """Until its processes do next to nothing: after a start, the clock reads the whole log for its schedule."""
        def rests() -> bool:
            before = sum(self.cpu_seconds())
            time.sleep(REST_SECONDS)
            return sum(self.cpu_seconds()) - before < REST_SHARE * REST_SECONDS

        wait_until(rests, "the workers' rest", limit_seconds=CHILD_SECONDS_MAX)

    def cpu_seconds(self) -> list[float]:
        """Processor time of each process of the installation so far."""
        return [_cpu_seconds(pid) for pid in self._processes]


def _cpu_seconds(pid: int) -> float:
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / TICKS_PER_SECOND


def _figures(shape: Shape, ours: list[float], bare: list[float], details: dict[str, object]) -> list[Figure]:
    (p50, p99, p999), (bare_p50, bare_p99, bare_p999) = percentiles(ours), percentiles(bare)
    shared = {**details, "shape": shape.name, "ms": {"ours": spread(ours), "bare": spread(bare)}}
    peer_is = "bare kafka-python transaction of one record"
    p99_max = max(6 * bare_p99, 75.0)
    return [
        Figure(
            what=f"end to end, {shape.name}: p50", unit="ms", ours=round(p50, 1), peer=round(bare_p50, 1),
            peer_is=peer_is, ratio=round(p50 / bare_p50, 2), bar=Bar(at_most=6), details=shared,
        ),
        Figure(
            what="  p99 (in parts of the larger of 6 x bare and 75 ms)", unit="ms", ours=round(p99, 1),
            peer=round(p99_max, 1), peer_is=f"{peer_is}: p99 {bare_p99:.1f} ms", ratio=round(p99 / p99_max, 2),
            bar=Bar(at_most=1),
        ),
        Figure(
            what="  p99.9", unit="ms", ours=round(p999, 1), peer=round(bare_p999, 1), peer_is=peer_is,
            ratio=round(p999 / bare_p999, 2),
        ),
    ]


def percentiles(values: list[float]) -> tuple[float, float, float]:
    """p50, p99 and p99.9; the last is no more than the largest of few values."""
    cuts = quantiles(values, n=1000, method="inclusive")
    return median(values), cuts[989], cuts[998]


def spread(values: list[float]) -> dict[str, float]:
    (p50, p99, p999), p90 = percentiles(values), quantiles(values, n=10, method="inclusive")[8]
    found = {"p50": p50, "p90": p90, "p99": p99, "p99.9": p999, "max": max(values)}
    return {name: round(value, 2) for name, value in found.items()}


def _prepared(casebridge: Casebridge, commands: int) -> list[Line]:
    releases = list[Line]()
    for _ in range(commands):
        lines, ids = prepared_notice()
        release = line("ReleaseDisclosure", {"notice_id": ids[0]}, case=lines[0]["case"])
        *lines, release = at_present([*lines, release])
        submit_all(casebridge.backbone, lines)
        releases.append(release)
    workers = casebridge.workers()
    drain(workers)
    for worker in workers:
        worker.close()
    return releases


def _paced(backbone: Backbone, lines: list[Line], per_second: float) -> tuple[list[float], int]:
    """When each was accepted, on the machine's monotonic clock; and how many began more than a second late."""
    accepted, late, begun = list[float](), 0, time.monotonic()
    for number, one in enumerate(lines):
        due = begun + number / per_second
        time.sleep(max(0.0, due - time.monotonic()))
        late += time.monotonic() - due > 1.0
        submit_all(backbone, [one])
        accepted.append(time.monotonic())
    return accepted, late


def _bare(settings: KafkaSettings, folder: Path, records: int, per_second: float) -> list[float]:
    """Milliseconds from the begin of a transaction of one record until that is visible, at the same pace."""
    producer = KafkaProducer(**{**settings.producer(uuid4().hex), "linger_ms": 0})
    producer.init_transactions()
    content, begins = b"x" * BARE_RECORD_BYTES, list[float]()
    with Watcher(settings, folder / "bare.json", records) as watcher:
        watcher.wait_until_ready()
        begun = time.monotonic()
        for number in range(records):
            time.sleep(max(0.0, begun + number / per_second - time.monotonic()))
            begins.append(time.monotonic())
            producer.begin_transaction()
            producer.send(settings.feed_topic(MEXICO), content, b"case", [("ce_feednumber", b"1")], 0)
            producer.commit_transaction()
        arrived = watcher.arrivals()
    producer.close(timeout=10)
    return [1000 * (there - then) for then, there in zip(begins, arrived, strict=True)]
