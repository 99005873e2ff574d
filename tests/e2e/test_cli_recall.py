"""`recall`: what is owed to offices because of what they were given, the letter for paper, and the word that closes it."""
from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.e2e.cli_world import CASE, Program, play

MOTHER_ID = "03100000-0000-4000-8000-000000000001"


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Program:
    home = tmp_path_factory.mktemp("recall") / "home"
    play(home)
    program = Program(home)
    with program.casebridge() as casebridge:
        register = casebridge.backbone.case(UUID(CASE)).intake.people[UUID(MOTHER_ID)].birth_date
        told = register.current
    assert told is not None
    [answer] = program.submitted([line("CorrectFact", {
        "correction_id": "0f000000-0000-4000-8000-0000000000c1", "person_id": MOTHER_ID,
        "replaces_event_id": str(told.event_id), "birth_date": "1991-03-04", "evidence": "her birth certificate",
    })])
    assert answer["status"] == "accepted", answer
    return program


def line(command: str, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "command": command, "command_id": f"0f000000-0000-4000-8000-{len(command):012d}",
        "agency": "NM-CYFD", "case": CASE, "actor": {"agency": "NM-CYFD", "role": "liaison", "user": "liaison-1"},
        "occurred_at": "2026-09-30T10:00:00-06:00[America/Denver]", "data": data,
    }


def test_who_was_given_a_fact_that_proved_untrue_is_told_by_name_and_nobody_else_is(played: Program) -> None:
    owed = [one for one in played.json("recall") if one["fields"] == ["parent.birth_date"]]
    assert owed and all(one["case"] == CASE for one in owed)
    lines = played.json("ledger", "who", CASE, "--person", MOTHER_ID, "--field", "parent.birth_date")["lines"]
    assert {one["office"] for one in owed} == {line["office"] for line in lines if not line["withdrawn_by"]}
    assert "cons-gt.denver" not in {one["office"] for one in owed}, "it was asked to disregard all of it long ago"
    shown = played.ok("due", "--case", CASE)
    assert "Owed to offices" in shown and "was never true" in shown


def test_a_letter_is_shown_and_a_persons_word_closes_what_is_owed(played: Program) -> None:
    before = played.json("recall")
    one = before[0]
    asked = played("recall", CASE, one["disclosure_id"], stdin="n\n")
    assert asked.exit_code == 1 and "Please disregard" in asked.output and "1991" not in asked.output
    assert len(played.json("recall")) == len(before)
    told = played.ok("recall", CASE, one["disclosure_id"], "--told", "paper", "--yes")
    assert "has it (paper)" in told
    assert one["correction_id"] not in {left["correction_id"] for left in played.json("recall")}


def test_what_nobody_was_given_is_not_recalled(played: Program) -> None:
    assert played("recall", CASE, "0f000000-0000-4000-8000-000000000099", "--yes").exit_code == 1
    assert played("recall", CASE).exit_code == 2
    assert played("recall", CASE, "0f000000-0000-4000-8000-000000000099", "--told", "smoke").exit_code == 2


def test_who_was_given_a_home_that_was_left_is_told_the_new_one_and_disregards_nothing(tmp_path: Path) -> None:
    play(tmp_path / "home")
    program = Program(tmp_path / "home")
    [answer] = program.submitted([line("SupersedeFact", {
        "change_id": "0f000000-0000-4000-8000-0000000000c2", "person_id": MOTHER_ID, "address": {"country": "HN", **{
            name: "Calle Segunda" if name == "street" else None
            for name in ("street", "number", "colonia", "municipality", "city", "region", "postal_code", "landmarks")
        }},
    })])
    assert answer["status"] == "accepted", answer
    [one] = [one for one in program.json("recall") if one["because"] == "superseded"]
    assert (one["office"], one["owes"], one["fields"]) == ("cons-hn.houston", "update", ["parent.address"])
    assert "Xiomara Zúñiga Ochoa has moved: tell them the new address" in program.ok("due", "--case", CASE)
    asked = program("recall", CASE, one["disclosure_id"], stdin="n\n")
    assert asked.exit_code == 1 and "a recall takes back what was true" in asked.output
    assert program.json("feed", one["office"])["corrected_since"] == []
    assert "cons-hn.houston is owed an update" in program.ok("case", "timeline", CASE)
