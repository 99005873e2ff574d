"""A deadline in the future is never reported missed, one in the past never stays unnoticed: under any time zone (I7)."""
from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.clocks import HistoryClock
from adapters.composition import Casebridge
from adapters.settings import Settings
from adapters.work import drain
from domain.case.obligations import DeadlineMissed
from domain.events import Envelope
from tests.e2e.embedded import H1, H1_CASE, Embedded, embedded, read

DUE = datetime(2026, 8, 15, 16, 0, tzinfo=UTC)  # Saturday 10:00 in Denver
UP_TO_THE_DUTIES = [line for line in read(H1) if line["occurred_at"] < "2026-08-15"]


@pytest.fixture(params=["UTC", "Pacific/Kiritimati", "America/Denver", "Asia/Kathmandu"])
def zone(request: pytest.FixtureRequest) -> Iterator[str]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = str(request.param)
    time.tzset()
    yield str(request.param)
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


def misses(casebridge: Casebridge) -> list[Envelope]:
    return [e for e in casebridge.backbone.envelopes(f"case-{H1_CASE}") if isinstance(e.event, DeadlineMissed)]


def at(made: Embedded, moment: datetime) -> list[Envelope]:
    made.clock.move_to(moment)
    drain(made.player.workers)
    return misses(made.casebridge)


def test_a_miss_is_found_after_the_due_moment_and_not_at_it(tmp_path: Path, zone: str) -> None:
    with embedded(tmp_path) as made:
        made.player.play(UP_TO_THE_DUTIES)
        assert at(made, DUE - timedelta(seconds=1)) == []
        assert at(made, DUE) == [], "the due moment itself is in time"
        assert [e.circumstances.occurred_at for e in at(made, DUE + timedelta(microseconds=1))] == [DUE]


def test_a_miss_is_recorded_once_however_often_and_by_however_many_it_is_looked_for(tmp_path: Path) -> None:
    with embedded(tmp_path) as made:
        made.player.play(UP_TO_THE_DUTIES)
        made.clock.move_to(DUE + timedelta(hours=1))
        clocks = [next(w for w in made.casebridge.workers() if w.name == "clock") for _ in range(2)]
        for _ in range(3):
            for clock in clocks:
                clock.step()
        assert len(at(made, DUE + timedelta(hours=2))) == 1


def test_after_downtime_a_miss_still_occurred_at_its_due_moment(tmp_path: Path) -> None:
    with embedded(tmp_path) as made:
        made.player.play(UP_TO_THE_DUTIES)
    late = DUE + timedelta(days=100)
    with Casebridge(Settings(home=tmp_path), clock=HistoryClock(late)) as again:
        drain(again.workers())
        found = misses(again)
    first = found[0].circumstances
    assert (first.occurred_at, first.learned_at) == (DUE, late)
    assert len(found) == 3, "by then the two working-day duties have passed as well"


def test_a_hand_over_in_time_that_was_recorded_late_withdraws_the_miss(tmp_path: Path) -> None:
    with embedded(tmp_path) as made:
        made.player.play(UP_TO_THE_DUTIES)
        assert len(at(made, DUE + timedelta(hours=1))) == 1
        told = made.clock.now().isoformat()
        earlier = (DUE - timedelta(hours=2)).isoformat()
        prepare, = (line for line in read(H1) if line["command"] == "PrepareConsularNotification"
                    and line["data"]["office"] == "cons-mx.el-paso")
        paper = {
            **prepare, "command": "RecordConsulateNotified", "command_id": "0c0de009-0000-4000-8000-000000000001",
            "occurred_at": earlier, "learned_at": told,
            "data": {"notice_id": prepare["data"]["notice_id"], "channel": "paper", "receipt": "registered letter 7"},
        }
        outcomes = made.player.play([{**prepare, "occurred_at": earlier, "learned_at": told}, paper])
        assert [outcome.status for outcome in outcomes] == ["accepted", "accepted"]
        assert "casebridge.obligations.MissWithdrawn" in outcomes[1].events
        [duty] = [d for d in made.case().obligations.duties.values() if d.raised.rule_id == "NM-CONSULATE-MX-24H"]
        assert duty.met is not None and duty.met.recorded_late and duty.met.late_by_seconds is None
        assert not duty.was_missed and not duty.met.is_said
