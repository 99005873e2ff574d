"""Rows that need the embedded process with its workers: appends beside them, their memory, and end to end."""
from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from uuid import uuid4

from kafka import KafkaProducer

from adapters.backbone import Backbone
from adapters.composition import Casebridge
from adapters.kafka.settings import KafkaSettings
from adapters.settings import Settings
from adapters.work import Crew, drain
from tests.bench import append, stock
from tests.bench.agency import MEXICO, Line, RunningClock, adopt, line, prepared_notice, submit_all
from tests.bench.figures import Bar, Figure, Measured, compared, in_turns
from tests.faults.relay_world import create_topics, wait_until

IDLE_SECONDS_MAX = 900.0
WATCHER_SECONDS_MAX = 60.0
WARM_UP = 20
BARE_RECORD_BYTES = 600


@contextmanager
def installation(folder: Path, kafka: str | None = None) -> Iterator[Casebridge]:
    """Everything in one process on SQLite, as `casebridge work` runs it; the relay and topics where Kafka is named."""
    with Casebridge(Settings(home=folder, kafka=kafka), clock=RunningClock()) as casebridge:
        yield casebridge


@contextmanager
def at_work(casebridge: Casebridge) -> Iterator[Crew]:
    """All workers in threads; one that stopped by itself is a mistake of the bench."""
    crew = Crew(casebridge.workers(), casebridge.log)
    crew.start()
    try:
        yield crew
    finally:
        crew.stop()
        assert not crew.failures, crew.failures


def appends_beside_workers(folder: Path, *, commits: int, rounds: int) -> list[Figure]:
    """The commands come while views, clock, discloser, courier and receipts read every event of them.

    The peer's rounds begin when the workers have read all of ours, so that none of their work falls into it.
    """
    kennel = stock.on_sqlite(folder / "stock.sqlite")
    figures = []
    with installation(folder / "home") as casebridge:
        submit_all(casebridge.backbone, adopt())
        with at_work(casebridge):
            for threads in (1, 8):
                our_round = append.ours(casebridge.backbone, commits, threads=threads)
                alone = append.peer(kennel, commits, threads=1)

                def peer_round(alone: Callable[[], Measured] = alone) -> Measured:
                    wait_until_read(casebridge)
                    return alone()

                our_round(), peer_round()
                found = in_turns(rounds, our_round, peer_round)
                figures.append(compared(
                    f"append on SQLite FULL, all workers running, {threads} thread{'s' * (threads > 1)}", *found,
                    unit=append.UNIT, peer_is=f"{append.PEER_IS}, 1 thread", bar=Bar(at_least=0.5),
                    commits_a_round=commits,
                ))
    kennel.close()
    return figures


def wait_until_read(casebridge: Casebridge) -> None:
    """Until every view stands at the log's head: the other workers read faster than they."""
    runners = casebridge.runners().values()
    wait_until(
        lambda: all(runner.lag().events == 0 for runner in runners), "the views' rest", limit_seconds=IDLE_SECONDS_MAX
    )


def memory(folder: Path, kafka: str, *, events: int) -> list[Figure]:
    """Real commands, every worker reading along, until the log has so many events and all are idle."""
    settings = KafkaSettings(bootstrap=kafka)
    create_topics(settings, [MEXICO])
    with installation(folder / "home", kafka) as casebridge:
        backbone, log = casebridge.backbone, casebridge.log
        submit_all(backbone, adopt("kafka"))
        imported = resident_mib()
        begun = time.perf_counter()
        with at_work(casebridge):
            while log.head().position < events:
                lines, ids = prepared_notice()
                submit_all(backbone, [*lines, line("ReleaseDisclosure", {"notice_id": ids[0]}, case=_case(lines))])
            wait_until_read(casebridge)
            seconds = time.perf_counter() - begun
            after = resident_mib()
        assert log.head().position >= events
    return [Figure(
        what=f"memory: embedded process with all workers after {events:,} events", unit="MiB", ours=round(after, 1),
        bar=Bar(at_most=200), details={
            "started_mib": round(imported, 1), "events": events, "seconds": round(seconds, 1),
            "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        },
    )]


def _case(lines: list[Line]) -> Any:
    return lines[0]["case"]


def resident_mib() -> float:
    """Resident memory of this process, as the kernel counts it."""
    for row in Path("/proc/self/status").read_text().splitlines():
        if row.startswith("VmRSS:"):
            return int(row.split()[1]) / 1024
    raise AssertionError("the kernel does not say VmRSS")


# ------------------------------------------------------------------ end to end
def end_to_end(folder: Path, kafka: str, *, commands: int, per_second: float = 100.0) -> list[Figure]:
    """ReleaseDisclosure on prepared notices at a steady pace: accepted, disclosed, started, in the office's topic.

    Everything but the consumer runs in one process on SQLite: the commands, the discloser, the courier, the
    relay (which carries every event to the private topic meanwhile), both views, clock and receipts. The
    consumer is the office's own, in a process of its own, and commits what it has read once a second.
    """
    settings = KafkaSettings(bootstrap=kafka)
    create_topics(settings, [MEXICO])
    bare_settings = KafkaSettings(bootstrap=kafka, prefix="bench-bare")
    create_topics(bare_settings, [MEXICO])
    with installation(folder / "home", kafka) as casebridge:
        submit_all(casebridge.backbone, adopt("kafka"))
        releases = _prepared(casebridge, WARM_UP + commands)
        bare_before = _bare(bare_settings, folder, commands // 2, per_second)
        with at_work(casebridge), Watcher(settings, folder / "ours.json", WARM_UP + commands) as watcher:
            watcher.wait_until_ready()
            submit_all(casebridge.backbone, releases[:WARM_UP])  # Workers read back where they stand, producers connect.
            watcher.wait_until_seen(WARM_UP)
            cpu = time.process_time()
            accepted, late = _paced(casebridge.backbone, releases[WARM_UP:], per_second)
            arrived = watcher.arrivals()[WARM_UP:]
            cpu = time.process_time() - cpu
        bare_after = _bare(bare_settings, folder, commands // 2, per_second)
    ours = [1000 * (there - then) for then, there in zip(accepted, arrived, strict=True)]
    bare = [*bare_before, *bare_after]
    (p50, p99, p999), (bare_p50, bare_p99, bare_p999) = percentiles(ours), percentiles(bare)
    shared = {
        "commands": commands, "per_second": per_second, "store": "SQLite, all workers in one process",
        "cpu_ms_per_command": round(1000 * cpu / commands, 2), "commands_behind_pace": late,
        "ms": {"ours": spread(ours), "bare": spread(bare)},
    }
    peer_is = "bare kafka-python transaction of one record"
    p99_max = max(6 * bare_p99, 75.0)
    return [
        Figure(
            what="end to end, p50", unit="ms", ours=round(p50, 1), peer=round(bare_p50, 1), peer_is=peer_is,
            ratio=round(p50 / bare_p50, 2), bar=Bar(at_most=6), details=shared,
        ),
        Figure(
            what="end to end, p99 (in parts of the larger of 6 x bare and 75 ms)", unit="ms", ours=round(p99, 1),
            peer=round(p99_max, 1), peer_is=f"{peer_is}: p99 {bare_p99:.1f} ms", ratio=round(p99 / p99_max, 2),
            bar=Bar(at_most=1),
        ),
        Figure(
            what="end to end, p99.9", unit="ms", ours=round(p999, 1), peer=round(bare_p999, 1), peer_is=peer_is,
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
    releases = []
    for _ in range(commands):
        lines, ids = prepared_notice()
        submit_all(casebridge.backbone, lines)
        releases.append(line("ReleaseDisclosure", {"notice_id": ids[0]}, case=_case(lines)))
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


class Watcher:
    """A read_committed consumer of an office's topic, in a process of its own, that notes when each record came."""

    def __init__(self, settings: KafkaSettings, notes: Path, expected: int) -> None:
        self._notes, self._ready = notes, notes.with_suffix(".ready")
        self._seen = notes.with_suffix(".seen")
        for path in (self._notes, self._ready, self._seen):
            path.unlink(missing_ok=True)
        self._process = subprocess.Popen([
            sys.executable, "-m", "tests.bench.watcher", settings.bootstrap, settings.feed_topic(MEXICO),
            settings.group(MEXICO), str(expected), str(notes), str(self._ready), str(self._seen),
        ])

    def wait_until_ready(self) -> None:
        wait_until(self._ready.exists, "the consumer's first fetch", limit_seconds=WATCHER_SECONDS_MAX)

    def wait_until_seen(self, records: int) -> None:
        """Only up to WARM_UP is told while it goes on."""
        wait_until(
            lambda: self._seen.exists() and self._seen.stat().st_size >= records, "the first records' arrival",
            limit_seconds=WATCHER_SECONDS_MAX,
        )

    def arrivals(self) -> list[float]:
        """On the machine's monotonic clock, in the order of the topic."""
        assert self._process.wait(WATCHER_SECONDS_MAX) == 0, "the consumer did not see every record"
        found: list[float] = json.loads(self._notes.read_text())
        return found

    def __enter__(self) -> Watcher:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait(WATCHER_SECONDS_MAX)
