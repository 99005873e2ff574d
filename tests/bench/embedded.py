"""Rows that need the embedded process with its workers: appends beside them, and their memory."""
from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from adapters.composition import Casebridge
from adapters.kafka.settings import KafkaSettings
from adapters.settings import Settings
from adapters.work import Crew
from tests.bench import append, stock
from tests.bench.agency import MEXICO, Line, RunningClock, adopt, line, prepared_notice, submit_all
from tests.bench.figures import Bar, Figure, Measured, compared, in_turns
from tests.faults.relay_world import create_topics, wait_until

IDLE_SECONDS_MAX = 900.0


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
