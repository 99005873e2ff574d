"""`due` over many cases: a few lines for each, what has a moment first; one case alone is explained."""
from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters.cli.due_text import CASES_EXPLAINED_MAX
from adapters.clocks import HistoryClock
from adapters.composition import Casebridge
from adapters.settings import Settings
from tests.e2e.cli_world import Program
from tests.specification import ROOT, an_id

TAKEN = datetime(2026, 9, 1, 15, tzinfo=UTC)
COUNTRIES = ["MX", "GT", None, "MX", "GT"]


def two_hours_later(settings: Settings) -> Casebridge:
    return Casebridge(settings, clock=HistoryClock(TAKEN + timedelta(hours=3)))


def line(number: int, command: str, at: datetime, case: str | None, **data: Any) -> dict[str, Any]:
    told = {
        "command": command, "command_id": str(an_id(f"{command} {number} {case}")), "agency": "NM-CYFD", "data": data,
        "actor": {"agency": "NM-CYFD", "role": "caseworker", "user": "caseworker-1"}, "occurred_at": at.isoformat(),
    }
    return told if case is None else {**told, "case": case}


def case_of(number: int) -> str:
    return str(an_id(f"case {number}"))


def history(number: int, country: str | None) -> list[dict[str, Any]]:
    case, child = case_of(number), str(an_id(f"child {number}"))
    taken = TAKEN - timedelta(days=number)
    lines = [
        line(number, "OpenCase", taken, case, child_ids=[child], referral_id=f"R-{number}", allegation_class="neglect"),
        line(number, "AddChild", taken, case, child_id=child, name={"given_names": f"Lucía {number}", "surnames": "Ajú"}),
        line(number, "TakeIntoCustody", taken, case, child_id=child, episode_id=str(an_id(f"episode {number}"))),
        line(number, "RequestDocument", taken, case, request_id=str(an_id(f"paper {number}")), person_id=child,
             doc_type="birth_certificate", source="family"),
    ]
    if country is not None:
        person = {"person_id": child, "nationalities": [country], "birth_country": country}
        lines.append(line(number, "ObtainCitizenshipInformation", TAKEN, case, information_id=str(an_id(f"told {number}")),
                          basis="interview", persons=[person]))
    return lines


@pytest.fixture(scope="module")
def five_cases(tmp_path_factory: pytest.TempPathFactory) -> Program:
    program = Program(tmp_path_factory.mktemp("five") / "home", opening=two_hours_later)
    adopt = [
        line(number, "AdoptPack", TAKEN - timedelta(days=90), None, second_person="counsel-1",
             text=(ROOT / "domain" / "packs" / f"{pack}.toml").read_text(encoding="utf-8"))
        for number, pack in enumerate(("US", "NM"))
    ]
    answers = program.submitted([*adopt, *(told for n, c in enumerate(COUNTRIES) for told in history(n, c))])
    assert {answer["status"] for answer in answers} == {"accepted"}, answers
    return program


def test_many_cases_are_told_in_a_few_lines_each(five_cases: Program) -> None:
    assert len(COUNTRIES) > CASES_EXPLAINED_MAX
    text = five_cases.ok("due")
    assert len(text.splitlines()) <= 12 * len(COUNTRIES)
    assert "`casebridge due --case CASE` explains one case" in text
    assert text.count("proxy questions on origin") == 1, "a lawful way to ask is told once"
    for number in range(len(COUNTRIES)):
        assert case_of(number) in text
    assert "the Unit notifies with its Mexico form" not in text
    assert "the Unit notifies with its Mexico form" in five_cases.ok("due", "--case", case_of(0))


def test_what_has_a_moment_stands_before_what_has_none(five_cases: Program) -> None:
    text = five_cases.ok("due")
    acts = text[text.index("Acts owed"):text.index("Waiting on others")]
    dated, undated = acts.index("- Due Wed 02 Sep 2026"), acts.index("- No number stands")
    assert dated < undated and acts.count("- Due Wed 02 Sep 2026 09:00") == 2
    questions = text[text.index("Questions"):text.index("Acts owed")]
    assert "where Lucía 2 Ajú is from" in questions


def test_what_is_awaited_is_told_case_by_case(five_cases: Program) -> None:
    text = five_cases.ok("due")
    awaited = text[text.index("Waiting on others"):]
    assert awaited.count("- No reply yet: birth certificate, asked of family") == len(COUNTRIES)
    assert awaited.index("Lucía 4") < awaited.index("Lucía 0"), "who has waited longest comes first"
