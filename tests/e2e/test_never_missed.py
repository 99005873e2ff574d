"""In each of the seven jurisdictions: a case that no number will ever call missed, and that is found by its age."""
from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import pytest

from adapters.clocks import HistoryClock
from adapters.composition import Casebridge
from adapters.settings import Settings
from adapters.work import drain
from domain.case.obligations import DeadlineMissed
from tests.e2e.cli_world import Program
from tests.specification import ROOT, an_id

TAKEN = datetime(2026, 9, 1, 15, tzinfo=UTC)
LATER = TAKEN + timedelta(days=60)
PACKS = {
    "LAC": ("US", "CA", "LAC"), "SDC": ("US", "CA", "SDC"), "SCC": ("US", "CA", "SCC"), "NJ": ("US", "NJ"),
    "NM": ("US", "NM"), "NYC": ("US", "NYC"), "OR": ("US", "OR"),
}
CASE, CHILD, MOTHER = (str(an_id(name)) for name in ("never missed", "a child nobody missed", "her mother"))


def much_later(settings: Settings) -> Casebridge:
    return Casebridge(settings, clock=HistoryClock(LATER))


@dataclass
class Lines:
    """Commands of one agency, each with an id of its own."""

    agency: str
    count: int = 0

    def __call__(self, command: str, at: datetime, user: str = "caseworker-1", case: str | None = CASE, **data: Any) -> (
        dict[str, Any]
    ):
        self.count += 1
        line = {
            "command": command, "command_id": str(uuid5(UUID(CASE), f"{self.agency}/{self.count}")), "agency": self.agency,
            "actor": {"agency": self.agency, "role": "caseworker", "user": user}, "occurred_at": at.isoformat(),
            "data": data,
        }
        return line if case is None else {**line, "case": case}


def history(jurisdiction: str) -> list[dict[str, Any]]:
    """Custody of a girl from Guatemala; in New Mexico, whose notices have numbers, nobody has asked where she is from."""
    line, before = Lines(f"{jurisdiction}-AGENCY"), TAKEN - timedelta(days=30)
    made = [
        line("AdoptPack", before, "policy-1", None, second_person="counsel-1",
             text=(ROOT / "domain" / "packs" / f"{pack}.toml").read_text(encoding="utf-8"))
        for pack in PACKS[jurisdiction]
    ]
    made += [
        line("OpenCase", TAKEN - timedelta(hours=2), child_ids=[CHILD], referral_id="R-1", allegation_class="neglect"),
        line("AddChild", TAKEN - timedelta(hours=2), child_id=CHILD, birth_date="2019-02-03",
             name={"given_names": "Lucía", "surnames": "Tzul Ajú"}),
        line("AddParty", TAKEN - timedelta(hours=2), party_id=MOTHER, role="mother", child_ids=[CHILD],
             name={"given_names": "Ana", "surnames": "Ajú"}),
        line("TakeIntoCustody", TAKEN, child_id=CHILD, episode_id=str(an_id("an episode"))),
    ]
    if jurisdiction != "NM":
        made.append(line(
            "ObtainCitizenshipInformation", TAKEN + timedelta(hours=1), information_id=str(an_id("told")), basis="interview",
            persons=[{"person_id": CHILD, "nationalities": ["GT"], "birth_country": "GT"}],
        ))
    return made


@pytest.mark.parametrize("jurisdiction", PACKS)
def test_the_case_that_is_never_missed_is_found_by_its_age(jurisdiction: str, tmp_path: Path) -> None:
    program = Program(tmp_path / "home", opening=much_later)
    answers = program.submitted(history(jurisdiction))
    assert {answer["status"] for answer in answers} == {"accepted"}, answers
    with program.casebridge() as casebridge:
        drain([worker for worker in casebridge.workers() if worker.name == "clock"])
        told = [envelope.event for envelope in casebridge.backbone.envelopes(f"case-{CASE}")]
    assert not any(isinstance(event, DeadlineMissed) for event in told), "sixty days on, no number was missed"
    [found] = program.json("due", "--jurisdiction", jurisdiction, "--untold-for", "72h")["cases"]
    assert found["case"] == CASE and found["questions"]
    duties = [duty for act in found["acts"] for duty in act["duties"]]
    assert duties and {duty["due_at"] for duty in duties} == {None}
    notices = {act["recipient_kind"] for act in found["acts"]} & {"CONS-GT", "CONS-xx"}
    assert bool(notices) is (jurisdiction != "NM")
    assert program.json("due", "--untold-for", "61d")["cases"] == []
