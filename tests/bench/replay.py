"""Replay of one long case: read, decode with boxes, fold; and what boxes cost an append."""
from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import fields, replace
from itertools import chain
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID

from adapters.backbone import Backbone
from adapters.eventstore.sqlite import SqliteLog
from domain.case.state import fold
from domain.events import Envelope
from domain.personal import UNKNOWN, Known
from domain.ports import READ_LIMIT_MAX, NewEvent
from tests.bench.agency import adopt, backbone_on, submit_all, take_into_custody
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
    """Processor time of a TakeIntoCustody, and what its events' boxes add to their encoding.

    In processor time, of which a commit's flush needs none: the share of the whole time is smaller.
    """
    log = SqliteLog(folder / "log.sqlite")
    backbone = backbone_on(log, folder)
    submit_all(backbone, adopt())
    encoded = Encoded(backbone)
    append_us, with_us, without_us, boxed = list[float](), list[float](), list[float](), 0
    for _ in range(commits // 50):
        before, after = take_into_custody(50)
        submit_all(backbone, chain.from_iterable(before))
        for one in after:
            encoded.envelopes.clear()
            begun = time.thread_time()
            submit_all(backbone, [one])
            append_us.append(1e6 * (time.thread_time() - begun))
            envelopes = list(encoded.envelopes)
            bare = [without_boxes(envelope) for envelope in envelopes]
            boxed = sum(some != none for some, none in zip(envelopes, bare, strict=True))
            with_us.append(encoded.microseconds(envelopes))
            without_us.append(encoded.microseconds(bare))
    log.close()
    assert boxed, "nothing of this command is boxed"
    whole, added = median(append_us), median(map(float.__sub__, with_us, without_us))
    return [Figure(
        what=f"boxes, share of an append's processor time ({len(envelopes)} events, {boxed} with boxes)", unit="us",
        ours=round(added, 1), peer=round(whole, 1), peer_is="the whole append", ratio=round(added / whole, 3),
        bar=Bar(at_most=0.25), details={
            "encode_us": round(median(with_us), 1), "encode_without_boxes_us": round(median(without_us), 1),
            "commits": commits,
        },
    )]


class Encoded:
    """Keeps what a backbone encodes, by standing in front of its codec."""

    def __init__(self, backbone: Backbone) -> None:
        self.envelopes: list[Envelope] = []
        self._encode = backbone.codec.encode

        def kept(envelope: Envelope) -> NewEvent:
            self.envelopes.append(envelope)
            return self._encode(envelope)

        backbone.codec.encode = kept  # type: ignore[method-assign]

    def microseconds(self, envelopes: list[Envelope]) -> float:
        """Processor time of encoding these."""
        begun = time.thread_time()
        for envelope in envelopes:
            self._encode(envelope)
        return 1e6 * (time.thread_time() - begun)


def without_boxes(envelope: Envelope) -> Envelope:
    """The same event, had nobody known anything personal: no box is made of what is unknown."""
    event: Any = envelope.event
    known = [field.name for field in fields(event) if isinstance(getattr(event, field.name), Known)]
    return envelope._replace(event=replace(event, **dict.fromkeys(known, UNKNOWN)))
