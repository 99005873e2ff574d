"""A full TakeIntoCustody, from the line to its commit, against the library saving an aggregate of two fields.

Ours checks the form, decides under the shipped packs (custody, with the duty and the question that it raises), encodes
Avro with boxes, and stores three events, the guards of two streams and the accepted command.
"""
from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from pathlib import Path

from adapters.backbone import Backbone
from adapters.eventstore.sqlite import SqliteLog
from adapters.states import STATES_MAX
from tests.bench import stock
from tests.bench.agency import adopt, backbone_on, by_threads, shares, submit_all, take_into_custody
from tests.bench.figures import Bar, Figure, Measured, compared, in_turns, measured
from tests.contract.postgres_store import PostgresStores
from tests.servers import Postgres

PEER_IS = "eventsourcing application, two-field aggregate"
UNIT = "commits/s"
PREPARING_THREADS = 8


def ours(backbone: Backbone, commits: int, *, threads: int, forgets: bool = False) -> Callable[[], Measured]:
    """A round: prepare cases, not timed; then one TakeIntoCustody for each.

    Their folded states are in the backbone's cache, as when a case's commands follow one another; with
    `forgets` none is, and each command reads its case again, as after a pause.
    """
    assert commits <= STATES_MAX, "the cache would forget some of a round's cases"

    def run() -> Measured:
        before, after = take_into_custody(commits)
        by_threads(backbone, [list(chain.from_iterable(cases)) for cases in shares(before, PREPARING_THREADS)])
        given = shares(after, threads)
        if forgets:
            backbone.forget()
        return measured(commits, lambda: by_threads(backbone, given))

    return run


def peer(application: stock.Kennel, commits: int, *, threads: int) -> Callable[[], Measured]:
    return lambda: measured(commits, lambda: stock.save(application, commits, threads=threads))


def on_postgres(server: Postgres, folder: Path, *, commits: int, rounds: int, threads: int = 8) -> list[Figure]:
    stores = PostgresStores(server)
    log = stores.new().open()
    kennel = stock.on_postgres(server.create_database())
    try:
        backbone = backbone_on(log, folder)
        submit_all(backbone, adopt())
        our_round, peer_round = ours(backbone, commits, threads=threads), peer(kennel, commits, threads=threads)
        after_a_pause = ours(backbone, commits, threads=threads, forgets=True)
        our_round(), peer_round()  # Plans, connections and caches are made.
        found, paused, theirs = in_turns(rounds, our_round, after_a_pause, peer_round)
    finally:
        kennel.close()
        log.close()
        stores.drop_roles()
        server.drop_databases()
    return [
        compared(
            f"append on PostgreSQL, {threads} threads", found, theirs, unit=UNIT, peer_is=PEER_IS, bar=Bar(at_least=2.0),
            commits_a_round=commits,
        ),
        compared(
            "  each on a case that is read again first", paused, theirs, unit=UNIT, peer_is=PEER_IS, bar=None,
            commits_a_round=commits,
        ),
    ]


def on_sqlite(folder: Path, *, commits: int, rounds: int) -> list[Figure]:
    figures = []
    log, kennel = SqliteLog(folder / "log.sqlite"), stock.on_sqlite(folder / "stock.sqlite")
    try:
        backbone = backbone_on(log, folder)
        submit_all(backbone, adopt())
        for threads in (1, 8):
            our_round, peer_round = ours(backbone, commits, threads=threads), peer(kennel, commits, threads=1)
            our_round(), peer_round()
            found = in_turns(rounds, our_round, peer_round)
            figures.append(compared(
                f"append on SQLite FULL, {threads} thread{'s' * (threads > 1)}", *found, unit=UNIT,
                peer_is=f"{PEER_IS}, 1 thread", bar=Bar(at_least=0.8), commits_a_round=commits,
            ))
    finally:
        kennel.close()
        log.close()
    return figures
