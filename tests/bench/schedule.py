"""What the clock's schedule costs: how long a process needs to build it again from the log, and how much it holds."""
from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from uuid import UUID

from adapters.eventstore.sqlite import SqliteLog
from adapters.schedule import Schedule
from tests.bench.agency import Line, adopt, backbone_on, submit_all
from tests.bench.figures import Figure
from tests.bench.long_case import family

SECONDS_MAX = 1_800
STEPS_MAX = 10_000
PAGE_KIB = 4
CASES_MAX = 1_000_000
FAR = datetime.max.replace(tzinfo=UTC)


def schedule(folder: Path, *, events: int) -> list[Figure]:
    """The schedule over a log of so many events, in a process of its own."""
    log = SqliteLog(folder / "log.sqlite")
    backbone = backbone_on(log, folder)
    submit_all(backbone, adopt())
    while log.head().position < events:
        submit_all(backbone, _family())
    log.close()
    command = [sys.executable, "-m", "tests.bench.schedule", str(folder)]
    ran = subprocess.run(command, timeout=SECONDS_MAX, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(ran.stdout)
    return [
        Figure(
            what=f"clock's schedule built anew from {found['events']:,} events, {found['cases']:,} cases with a moment",
            unit="s", ours=found["seconds"], details=found,
        ),
        Figure(what="  what the process grew by, the cache of folded cases included", unit="MiB", ours=found["grown_mib"]),
        Figure(what="  of that the schedule itself: a time and an id for each case", unit="MiB", ours=found["schedule_mib"]),
    ]


def _family() -> list[Line]:
    """A family whose children's birth dates are known, so that birthdays and reviews are to come."""
    return [
        {**one, "data": {**one["data"], "birth_date": "2017-03-09"}} if one["command"] == "AddChild" else one
        for one in family()[1]
    ]


def measured(folder: Path) -> dict[str, float]:
    log = SqliteLog(folder / "log.sqlite")
    backbone = backbone_on(log, folder)
    first = next(name for name, _ in log.streams("case-", limit=1))
    list(backbone.envelopes(first))  # What every process loads before its first case is none of the schedule's.
    before = _resident_mib()
    one, begun = Schedule(backbone), time.perf_counter()
    for _ in range(STEPS_MAX):
        if not one.tail():
            break
    seconds, grown = time.perf_counter() - begun, _resident_mib() - before
    held = {case_id: at for at, case_id in one.come(FAR, limit=CASES_MAX)}
    assert held, "nothing is to come"
    events = log.head().position
    log.close()
    return {
        "events": events, "cases": len(held), "seconds": round(seconds, 2), "grown_mib": round(grown, 1),
        "schedule_mib": round(_bytes(held) / 2**20, 2),
    }


def _bytes(held: dict[UUID, datetime]) -> int:
    """Of a table of so many ids and times, and of what stands in it."""
    numbers = (case_id.int for case_id in held)
    return sys.getsizeof(held) + sum(map(sys.getsizeof, chain(held, numbers, held.values())))


def _resident_mib() -> float:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE_KIB / 1024


if __name__ == "__main__":
    print(json.dumps(measured(Path(sys.argv[1]))))
