"""A new jurisdiction is a new file and no code: a made-up county adopts its pack, and its duties are kept like any."""
from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

import pytest

from adapters.clocks import HistoryClock
from adapters.composition import Casebridge
from adapters.settings import Settings
from tests.e2e.cli_world import Program

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data"
CHICAGO = ZoneInfo("America/Chicago")
AGENCY = "TPC-CWS"
SECOND = ("--agency", AGENCY, "--as", "policy-1", "--second-person", "counsel-1")
SPACE = UUID("7bc00000-0000-4000-8000-000000000000")
CASE, CHILD = str(uuid5(SPACE, "case")), str(uuid5(SPACE, "child"))


def at(home: Path, moment: datetime) -> Program:
    """The program at a moment of the story."""
    def opening(settings: Settings) -> Casebridge:
        return Casebridge(settings, clock=HistoryClock(moment))

    return Program(home, opening)


def local(day: int, hour: int) -> datetime:
    return datetime(2026, 8, day, hour, tzinfo=CHICAGO)


def line(command: str, moment: datetime, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "command": command, "command_id": str(uuid5(SPACE, f"{command} {data}")), "agency": AGENCY, "case": CASE,
        "actor": {"agency": AGENCY, "role": "investigator", "user": "worker-1"}, "occurred_at": moment.isoformat(),
        "data": data,
    }


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The county adopts what it needs, then takes a child of Mexico into custody on a Friday afternoon."""
    home = tmp_path_factory.mktemp("county") / "home"
    first = at(home, local(3, 9))
    for text in (
        ROOT / "domain/packs/US.toml", DATA / "tres-piedras.toml", DATA / "tres-piedras-calendar.toml",
        ROOT / "domain/contracts/cons-mx.v3.toml",
    ):
        first.ok("policy", "adopt", str(text), *SECOND)
    answers = at(home, local(14, 17)).submitted([
        line("OpenCase", local(14, 15), {"child_ids": [CHILD], "referral_id": "R-1"}),
        line("AddChild", local(14, 15), {"child_id": CHILD, "name": {"given_names": "Itzel", "surnames": "Robles Cano"}}),
        line("TakeIntoCustody", local(14, 16), {"child_id": CHILD, "episode_id": str(uuid5(SPACE, "episode"))}),
        line("ObtainCitizenshipInformation", local(14, 17), {
            "information_id": str(uuid5(SPACE, "information")), "basis": "interview",
            "persons": [{"person_id": CHILD, "nationalities": ["MX"], "birth_country": "MX"}],
        }),
    ])
    assert [answer["status"] for answer in answers] == ["accepted"] * 4, answers
    return home


def test_nothing_of_the_program_names_the_county() -> None:
    for folder in ("domain", "adapters", "projections"):
        for path in (ROOT / folder).rglob("*.*"):
            if path.suffix in (".py", ".toml"):
                assert not re.search(r"\bTPC\b", path.read_text(encoding="utf-8")), path


def test_its_pack_is_checked_and_read_beside_the_federal_one(county: Path) -> None:
    program = at(county, local(14, 17))
    assert program.json("policy", "check", str(DATA / "tres-piedras.toml"), "--beside", AGENCY)["errors"] == 0
    shown = program.ok("policy", "show", "TPC")
    assert "P17 Confidentiality" in shown and "TPC-PRIV-BAN (NOT: must not be done)" in shown
    assert "Confirmed by counsel." in shown


def test_its_duties_are_raised_timed_by_its_own_calendar_and_explained(county: Path) -> None:
    program = at(county, local(14, 18))
    [case] = program.json("due")["cases"]
    duties = {duty["rule"]: duty for act in case["acts"] for duty in act["duties"]}
    assert datetime.fromisoformat(duties["TPC-CONSULATE-MX"]["due_at"].partition("[")[0]) == local(16, 5)
    end = datetime(2026, 8, 19, 23, 59, 59, 999999, tzinfo=CHICAGO)
    assert datetime.fromisoformat(duties["TPC-CONSULATE-UNIT"]["due_at"].partition("[")[0]) == end
    assert duties["US-CONSULATE-VCCR"]["due_at"] is None
    told = program.ok("due")
    assert "Tres Piedras County Code 7.3" in told and "36 hours: due Sun 16 Aug 2026" in told
    assert "Mon 17 Aug is Founders' Monday" in told and "owed by the family desk" in told


def test_a_miss_is_found_and_said(county: Path) -> None:
    later = at(county, local(20, 9))
    assert later("work", "--once").exit_code == 0
    told = later.ok("due")
    assert "MISSED" in told and "TPC-CONSULATE-MX" in told and "TPC-CONSULATE-UNIT" in told
    timeline = later.ok("case", "timeline", CASE)
    assert timeline.count(" was due ") == 2
