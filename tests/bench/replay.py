"""Replay of one long case: read, decode with boxes, fold; and what boxes cost an append."""
from __future__ import annotations

import time
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID

from adapters.backbone import Backbone
from adapters.eventstore.sqlite import SqliteLog
from domain.case.state import fold
from domain.ports import READ_LIMIT_MAX, NewEvent
from tests.bench.agency import Line, adopt, backbone_on, submit_all, take_into_custody
from tests.bench.figures import Bar, Figure
from tests.bench.long_case import long_case


def store_case(backbone: Backbone, events: int) -> UUID:
    """A case of at least so many events: its last command may bring more than one."""
    case, lines = long_case()
    stored = 0
    while stored < events:
        [outcome] = submit_all(backbone, [next(lines)])
        stored += len(outcome.events)
    return case


def rate(backbone: Backbone, case: UUID) -> float:
    """Events a second of one replay from nothing: read, decoded, folded."""
    backbone.forget()
    begun = time.perf_counter()
    version = backbone.case(case).version
    return version / (time.perf_counter() - begun)


def replay(folder: Path, *, rounds: int) -> list[Figure]:
    log = SqliteLog(folder / "log.sqlite")
    backbone = backbone_on(log, folder)
    submit_all(backbone, adopt())
    short, long = store_case(backbone, 1_000), store_case(backbone, 4_000)
    rows = log.read_stream(f"case-{short}", limit=READ_LIMIT_MAX)
    decode = backbone.codec.decode
    envelopes = [decode(row) for row in rows]
    assert 1_000 <= len(envelopes) < 1_010

    def of(work: Callable[[], Any]) -> float:
        begun = time.perf_counter()
        work()
        return len(rows) / (time.perf_counter() - begun)

    rate(backbone, short), rate(backbone, long)
    found: dict[str, list[float]] = {"all": [], "decode": [], "fold": [], "long": []}
    for _ in range(rounds):
        found["all"].append(rate(backbone, short))
        found["decode"].append(of(lambda: [decode(row) for row in rows]))
        found["fold"].append(of(lambda: fold(envelopes)))
        found["long"].append(rate(backbone, long))
    log.close()
    middle = {name: round(median(rates)) for name, rates in found.items()}
    return [
        Figure(
            what="replay of a case of 1,000 events (read, boxes, fold)", unit="events/s", ours=middle["all"],
            bar=Bar(at_least=20_000),
            details={"rounds": [round(r) for r in found["all"]]},
        ),
        Figure(what="  decoding alone", unit="events/s", ours=middle["decode"]),
        Figure(what="  folding alone", unit="events/s", ours=middle["fold"]),
        Figure(
            what="  a case of 4,000 events", unit="events/s", ours=middle["long"], peer=middle["all"],
            peer_is="the case of 1,000: near 1 where the fold is not quadratic",
            ratio=round(median(a / b for a, b in zip(found["long"], found["all"], strict=True)), 2),
        ),
    ]


# ------------------------------------------------------------------ boxes
def boxes(folder: Path, *, commits: int) -> list[Figure]:
    """Processor time of a TakeIntoCustody, and of encoding its events with boxes and with their fields unknown.

    In processor time, of which a commit's flush needs none: the share of the whole time is smaller.
    """
    log = SqliteLog(folder / "log.sqlite")
    backbone = backbone_on(log, folder)
    submit_all(backbone, adopt())
    append_us, encode_us, bare_us = list[float](), list[float](), list[float]()
    encoding = Encoding(backbone)
    for _ in range(commits // 50):
        before, after = take_into_custody(50)
        submit_all(backbone, chain.from_iterable(before))
        for one in after:
            encoding.spent = 0.0
            begun = time.thread_time()
            submit_all(backbone, [one])
            append_us.append(1e6 * (time.thread_time() - begun))
            encode_us.append(1e6 * encoding.spent)
        before, after = take_into_custody(50)
        submit_all(backbone, chain.from_iterable(before))
        for one in map(_without_texts, after):
            encoding.spent = 0.0
            submit_all(backbone, [one])
            bare_us.append(1e6 * encoding.spent)
    log.close()
    whole, with_boxes, without = median(append_us), median(encode_us), median(bare_us)
    return [Figure(
        what="boxes, share of an append's processor time", unit="us", ours=round(with_boxes - without, 1),
        peer=round(whole, 1), peer_is="the whole append", ratio=round((with_boxes - without) / whole, 3),
        bar=Bar(at_most=0.25),
        details={"encode_us": round(with_boxes, 1), "encode_without_boxes_us": round(without, 1), "commits": commits},
    )]


class Encoding:
    """Takes the time of every encoding of a backbone, by standing in front of its codec."""

    def __init__(self, backbone: Backbone) -> None:
        self.spent = 0.0
        encode = backbone.codec.encode

        def timed(envelope: Any) -> NewEvent:
            begun = time.thread_time()
            try:
                return encode(envelope)
            finally:
                self.spent += time.thread_time() - begun

        backbone.codec.encode = timed  # type: ignore[method-assign]


def _without_texts(one: Line) -> Line:
    kept = {name: value for name, value in one["data"].items() if name in ("child_id", "episode_id")}
    return {**one, "data": kept}
