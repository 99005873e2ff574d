"""What rules cost: duties decided in memory, and a dry run over a log with its peak memory."""
from __future__ import annotations

import hashlib
import json
import resource
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from adapters.backbone import Backbone
from adapters.dry_run import Text, dry_run
from adapters.eventstore.sqlite import SqliteLog
from domain.case.assessing import assessed
from tests.bench.agency import CODE, START, adopt, backbone_on, submit_all
from tests.bench.figures import Figure
from tests.bench.long_case import family
from tests.disclosure_world import ROOT

ASSESSMENTS = 200  # of one family, in a round
SECONDS_MAX = 1_800
LONGER = ('amount = 24, words = "24 hours elapsed"', 'amount = 48, words = "48 hours"')


def duties(folder: Path, *, rounds: int) -> list[Figure]:
    """Duties decided a second: every rule of the adopted packs judged for one family."""
    log = SqliteLog(folder / "log.sqlite")
    backbone = backbone_on(log, folder)
    submit_all(backbone, adopt())
    case_id, lines = family()
    submit_all(backbone, lines)
    case, agency = backbone.case(case_id), backbone.agency(CODE)
    found = assessed(case, agency, START)
    owed = len(found.owed)
    tracked = sum(rule.raises_duties for pack in agency.packs_at(START) for rule in pack.rules)
    assert owed > 0, "nothing is owed to this family"
    seconds = list[float]()
    for _ in range(rounds + 1):
        begun = time.perf_counter()
        for _ in range(ASSESSMENTS):
            assessed(case, agency, START)
        seconds.append((time.perf_counter() - begun) / ASSESSMENTS)
    log.close()
    one = median(seconds[1:])
    rules = sum(len(pack.rules) for pack in agency.packs_at(START))
    return [
        Figure(
            what=f"duties decided over {rules} adopted rules, a family of two children (absolute: no peer)",
            unit="duties/s", ours=round(owed / one),
            details={
                "duties": owed, "cannot_tell": len(found.undecided), "tracked_rules": tracked,
                "rounds_us": [round(1e6 * s, 1) for s in seconds[1:]],
            },
        ),
        Figure(what="  one whole assessment, as each command makes two", unit="us", ours=round(1e6 * one, 1)),
    ]


# ------------------------------------------------------------------ dry run
def dry_runs(folder: Path, *, events: int) -> list[Figure]:
    """A dry run over so many events, in a process of its own, and over a quarter of them for its memory."""
    log = SqliteLog(folder / "log.sqlite")
    backbone = backbone_on(log, folder)
    submit_all(backbone, adopt())
    _fill(backbone, events // 4)
    quarter = _in_a_process(folder)
    _fill(backbone, events)
    whole = _in_a_process(folder)
    log.close()
    peak, before = whole["peak_mib"], quarter["peak_mib"]
    return [
        Figure(
            what=f"dry run over {whole['events']:,} events (absolute: no peer)", unit="events/s",
            ours=round(whole["events"] / whole["seconds"]), details={"whole": whole, "quarter": quarter},
        ),
        Figure(
            what="  its peak memory, the program and its libraries included", unit="MiB", ours=peak, peer=before,
            peer_is=f"over {quarter['events']:,} events: near 1 where memory is bounded", ratio=round(peak / before, 2),
        ),
    ]


def _fill(backbone: Backbone, events: int) -> None:
    while backbone.log.head().position < events:
        submit_all(backbone, family()[1])


def _in_a_process(folder: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.bench.policy", str(folder)]
    ran = subprocess.run(command, timeout=SECONDS_MAX, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(ran.stdout)
    return found


def measured(folder: Path) -> dict[str, float]:
    text = (ROOT / "domain/packs/NM.toml").read_text(encoding="utf-8")
    assert LONGER[0] in text, "the change changes nothing"
    text = text.replace(*LONGER, 1)
    log = SqliteLog(folder / "log.sqlite")
    backbone = backbone_on(log, folder)
    changed = Text(
        text=text, digest=hashlib.sha256(text.encode()).hexdigest(), since=datetime(2026, 1, 1, tzinfo=UTC),
    )
    begun = time.perf_counter()
    report = dry_run(backbone, changed, [CODE], now=START, tell=_silent)
    seconds = time.perf_counter() - begun
    assert any(change.value == "moved" for *_, change in report.counted), "the changed limit moves nothing"
    log.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"events": report.events, "cases": report.cases, "seconds": round(seconds, 2), "peak_mib": round(peak, 1)}


def _silent(done: int) -> None:
    """Nobody watches."""


if __name__ == "__main__":
    print(json.dumps(measured(Path(sys.argv[1]))))
