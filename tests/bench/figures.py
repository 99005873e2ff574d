"""What a row of the bench says: ours, its peer's, their ratio, the bar, and every round behind the medians."""
from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """What the design asks for (section 10). `of` names what is held against it."""

    at_least: float | None = None
    at_most: float | None = None

    def holds(self, value: float) -> bool:
        return (self.at_least is None or value >= self.at_least) and (self.at_most is None or value <= self.at_most)

    def __str__(self) -> str:
        return f">= {self.at_least:,g}" if self.at_least is not None else f"<= {self.at_most:,g}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """One line of the table. `judged` is held against `bar`: the ratio, or ours where no peer is.

    A figure without a bar is shown for what it explains. `details` go into the JSON only.
    """

    what: str
    unit: str
    ours: float
    peer: float | None = None
    peer_is: str = ""
    ratio: float | None = None
    bar: Bar | None = None
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def judged(self) -> float:
        return self.ours if self.ratio is None else self.ratio

    @property
    def is_met(self) -> bool | None:
        return None if self.bar is None else self.bar.holds(self.judged)

    def as_json(self) -> dict[str, Any]:
        return {
            "what": self.what, "unit": self.unit, "ours": self.ours, "peer": self.peer, "peer_is": self.peer_is,
            "ratio": self.ratio, "bar": None if self.bar is None else str(self.bar), "met": self.is_met, **self.details,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """Some work: how many operations, in how many seconds, for how much processor time of this process."""

    operations: int
    seconds: float
    cpu_seconds: float

    @property
    def rate(self) -> float:
        return self.operations / self.seconds

    @property
    def cpu_microseconds(self) -> float:
        return 1e6 * self.cpu_seconds / self.operations

    def then(self, other: Measured) -> Measured:
        """Both, one after the other, on the same operations."""
        assert self.operations == other.operations
        return Measured(
            operations=self.operations, seconds=self.seconds + other.seconds,
            cpu_seconds=self.cpu_seconds + other.cpu_seconds,
        )


def measured(operations: int, work: Callable[[], object]) -> Measured:
    """Do the work once, after a garbage collection that would otherwise fall into it."""
    gc.collect()
    cpu, begun = time.process_time(), time.perf_counter()
    work()
    return Measured(operations=operations, seconds=time.perf_counter() - begun, cpu_seconds=time.process_time() - cpu)


def in_turns(rounds: int, *runs: Callable[[], Measured]) -> list[list[Measured]]:
    """A B A B ...: the machine's mood touches all of them. One list per run."""
    found: list[list[Measured]] = [[] for _ in runs]
    for _ in range(rounds):
        for one, run in zip(found, runs, strict=True):
            one.append(run())
    return found


def compared(
    what: str, ours: Sequence[Measured], peer: Sequence[Measured], *, unit: str, peer_is: str, bar: Bar | None,
    **details: Any,
) -> Figure:
    """Medians of the rates, and the median of the rounds' ratios, with all rounds behind them."""
    ratios = [our.rate / their.rate for our, their in zip(ours, peer, strict=True)]
    return Figure(
        what=what, unit=unit, ours=round(median(m.rate for m in ours)), peer=round(median(m.rate for m in peer)),
        peer_is=peer_is, ratio=round(median(ratios), 3), bar=bar,
        details={
            "ratios": [round(ratio, 3) for ratio in ratios],
            "rounds": [[round(our.rate), round(their.rate)] for our, their in zip(ours, peer, strict=True)],
            "cpu_us_per_operation": {
                "ours": round(median(m.cpu_microseconds for m in ours)),
                "peer": round(median(m.cpu_microseconds for m in peer)),
            },
            **details,
        },
    )
