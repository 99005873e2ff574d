"""The rows of the bench, each run by `python -m tests.bench.rows NAME ...` in a process of its own."""
from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.bench.figures import Bar, Figure
from tests.servers import Postgres


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """Where a row works: an empty folder, the servers' addresses, and whether the run is a quick one."""

    folder: Path
    kafka: str
    postgres: str
    is_quick: bool
    growth_events: int

    def size(self, full: int, quick: int) -> int:
        return quick if self.is_quick else full


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """What to run, and the servers that it needs."""

    run: Callable[[Setting], list[Figure]]
    needs: tuple[str, ...] = ()


# Each row imports its own parts, so that a process holds and measures nothing of another's.
def append_postgres(at: Setting) -> list[Figure]:
    from tests.bench import append

    return append.on_postgres(Postgres(at.postgres), at.folder, commits=400, rounds=at.size(21, 5))


def append_sqlite(at: Setting) -> list[Figure]:
    from tests.bench import append, embedded

    commits, rounds = 400, at.size(15, 3)
    return [
        *append.on_sqlite(at.folder, commits=commits, rounds=rounds),
        *embedded.appends_beside_workers(at.folder, commits=commits, rounds=rounds),
    ]


def relay(at: Setting) -> list[Figure]:
    from tests.bench import relay

    found = relay.run(at.kafka, records=at.size(40_000, 12_000), rounds=at.size(3, 2))
    ours = round(found["relay_per_second"])
    return [
        Figure(
            what="relay log -> private topic, exactly once", unit="records/s", ours=ours,
            peer=round(found["kafka_python_per_second"]), peer_is="kafka-python's transactional producer at its best",
            ratio=round(found["ratio_to_kafka_python"], 3), bar=Bar(at_least=0.7), details={"records": found["records"]},
        ),
        Figure(
            what="  the limit", unit="records/s", ours=ours, peer=round(found["librdkafka_per_second"]),
            peer_is="librdkafka", ratio=round(found["ratio_to_librdkafka"], 3),
        ),
    ]


def projection(at: Setting) -> list[Figure]:
    from tests.bench import projection

    found = projection.run(at.postgres)
    return [Figure(
        what=found["what"], unit=found["unit"], ours=found["ours"], peer=found["peer"],
        peer_is="eventsourcing's ProjectionRunner, same rows, same server", ratio=found["ratio"],
        bar=Bar(at_least=found["bar"]), details={"rounds": found["rounds"], "events": found["events"]},
    )]


def replay(at: Setting) -> list[Figure]:
    from tests.bench import replay

    return replay.replay(at.folder, rounds=at.size(25, 7))


def duties(at: Setting) -> list[Figure]:
    from tests.bench import policy

    return policy.duties(at.folder, rounds=at.size(25, 7))


def dry_run(at: Setting) -> list[Figure]:
    from tests.bench import policy

    return policy.dry_runs(at.folder, events=at.size(100_000, 4_000))


def schedule(at: Setting) -> list[Figure]:
    from tests.bench import schedule

    return schedule.schedule(at.folder, events=at.size(100_000, 4_000))


def end_to_end(at: Setting) -> list[Figure]:
    from tests.bench import end_to_end

    return end_to_end.run(at.folder, at.kafka, at.postgres, commands=at.size(6_000, 600))


def disclosures(at: Setting) -> list[Figure]:
    from tests.bench import disclosures

    return disclosures.run(at.folder, cases=at.size(60, 20), rounds=at.size(9, 3))


def ledger(at: Setting) -> list[Figure]:
    from tests.bench import ledger

    return ledger.run(at.folder, entries=at.size(10_000, 1_000), rounds=at.size(15, 5))


def pull(at: Setting) -> list[Figure]:
    from tests.bench import pull

    return pull.run(at.folder, entries=at.size(4_000, 1_000))


def boxes(at: Setting) -> list[Figure]:
    from tests.bench import replay

    return replay.boxes(at.folder, commits=at.size(2_000, 400))


def memory(at: Setting) -> list[Figure]:
    from tests.bench import embedded

    return embedded.memory(at.folder, at.kafka, events=at.size(100_000, 10_000))


def growth(at: Setting) -> list[Figure]:
    from tests.bench import growth

    return growth.growth(
        Postgres(at.postgres), at.folder, events=at.size(at.growth_events, 100_000), commits=400,
        rounds=at.size(15, 3),
    )


ROWS = {
    "append-postgres": Row(run=append_postgres, needs=("postgres",)),
    "append-sqlite": Row(run=append_sqlite),
    "relay": Row(run=relay, needs=("kafka",)),
    "projection": Row(run=projection, needs=("postgres",)),
    "replay": Row(run=replay),
    "duties": Row(run=duties),
    "dry-run": Row(run=dry_run),
    "schedule": Row(run=schedule),
    "end-to-end": Row(run=end_to_end, needs=("kafka", "postgres")),
    "disclosures": Row(run=disclosures),
    "ledger": Row(run=ledger),
    "pull": Row(run=pull),
    "boxes": Row(run=boxes),
    "memory": Row(run=memory, needs=("kafka",)),
    "growth": Row(run=growth, needs=("postgres",)),
}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.rows", description=__doc__)
    parser.add_argument("name", choices=ROWS)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--kafka", default="")
    parser.add_argument("--postgres", default="")
    parser.add_argument("--growth-events", type=int, default=1_000_000)
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args(arguments)
    setting = Setting(
        folder=given.folder, kafka=given.kafka, postgres=given.postgres, is_quick=given.quick,
        growth_events=given.growth_events,
    )
    figures = ROWS[given.name].run(setting)
    given.out.write_text(json.dumps([figure.as_json() for figure in figures]), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
