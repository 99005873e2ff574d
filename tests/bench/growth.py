"""Whether a log of many events is slower than one of few: appends on both stores, and replay."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from statistics import median
from uuid import UUID, uuid4

from adapters.backbone import Backbone
from adapters.eventstore.sqlite import SqliteLog
from domain.ports import Append, EventLog, Guard, NewEvent
from tests.bench import replay
from tests.bench.agency import adopt, backbone_on, submit_all
from tests.bench.append import UNIT, ours
from tests.bench.figures import Bar, Figure, compared, in_turns
from tests.contract.postgres_store import PostgresStores
from tests.servers import Postgres

FEW = 10_000
STREAM_EVENTS = 15
APPEND_EVENTS = 1_500
STATE_BYTES = 700
BAR = Bar(at_least=0.85)


def fill(log: EventLog, events: int) -> None:
    """Bring a log to so many events: streams as long as a young case's, states as long as a boxed event's."""
    random = Random(events)
    done = log.head().position
    while done < events:
        size = min(APPEND_EVENTS, events - done)
        names = [f"case-{UUID(int=random.getrandbits(128), version=4)}" for _ in range(-(-size // STREAM_EVENTS))]
        log.append(Append(
            guards=tuple(Guard(stream=name, version=0) for name in names),
            events=tuple(
                NewEvent(
                    event_id=uuid4(), stream=names[number // STREAM_EVENTS], version=number % STREAM_EVENTS + 1,
                    topic="casebridge.custody.CustodyTaken", state=random.randbytes(STATE_BYTES),
                )
                for number in range(size)
            ),
        ))
        done += size


def growth(server: Postgres, folder: Path, *, events: int, commits: int, rounds: int) -> list[Figure]:
    stores = PostgresStores(server)
    try:
        return [
            *_compared("SQLite", lambda name: SqliteLog(folder / f"{name}.sqlite"), folder, events, commits, rounds),
            *_compared("PostgreSQL", lambda _: stores.new().open(), folder, events, commits, rounds),
        ]
    finally:
        stores.drop_roles()
        server.drop_databases()


def _compared(
    store: str, opened: Callable[[str], EventLog], folder: Path, events: int, commits: int, rounds: int
) -> list[Figure]:
    many_log, few_log = opened("many"), opened("few")
    try:
        many, case_of_many = _filled(many_log, folder / f"{store}-many", events)
        few, case_of_few = _filled(few_log, folder / f"{store}-few", FEW)
        threads = 8 if store == "PostgreSQL" else 1
        runs = ours(many, commits, threads=threads), ours(few, commits, threads=threads)
        in_turns(1, *runs)
        found = in_turns(rounds, *runs)
        replays = [(replay.rate(many, case_of_many), replay.rate(few, case_of_few)) for _ in range(5 * rounds)]
    finally:
        many_log.close()
        few_log.close()
    against = f"{FEW:,} events"
    return [
        compared(
            f"growth: append on {store} at {events:,} events", *found, unit=UNIT, peer_is=against, bar=BAR, events=events,
            commits_a_round=commits,
        ),
        Figure(
            what=f"growth: replay from {store} at {events:,} events", unit="events/s",
            ours=round(median(a for a, _ in replays)), peer=round(median(b for _, b in replays)), peer_is=against,
            ratio=round(median(a / b for a, b in replays), 3), bar=BAR, details={"events": events},
        ),
    ]


def _filled(log: EventLog, folder: Path, events: int) -> tuple[Backbone, UUID]:
    folder.mkdir()
    backbone = backbone_on(log, folder)
    submit_all(backbone, adopt())
    fill(log, events // 2)
    case = replay.store_case(backbone, 1_000)
    fill(log, events)
    return backbone, case
