"""The ledger of what is about a thing, a home to be studied, and of what no feed carried."""
from __future__ import annotations

from typing import Any
from uuid import uuid5

from tests.e2e.cli_world import Program
from tests.e2e.test_cli_contracts import (
    CASE,
    OFFICE,
    PERSONS,
    SPACE,
    STUDY,
    home,
    line,
    opening,
    preparing,
    program,
    with_iss,
)

__all__ = ["home", "program"]  # Fixtures.
SUBJECT = STUDY["data"]["subject_id"]
DWELLING = "home_study.address"


def accepted(program: Program, *lines: dict[str, Any]) -> None:
    assert [answer["status"] for answer in program.submitted(lines)] == ["accepted"] * len(lines)


def test_what_an_office_would_be_given_of_a_home_to_be_studied(program: Program) -> None:
    with_iss(program)
    accepted(program, opening())
    told = program.json("ledger", "would", OFFICE, CASE)
    assert {one["about"] for one in told["fields"]} == {STUDY["data"]["request_id"]}
    assert DWELLING in {one["path"] for one in told["fields"]} and told["stage"] == "draft"
    text = program.ok("ledger", "would", OFFICE, CASE)
    assert f"{OFFICE} is draft: nothing leaves to it" in text and "IssHomeStudyRequested," in text
    program.ok("hold", "place", CASE, "--office", OFFICE, "--reason", "she fears him", "--review-on", "2026-11-01")
    assert "A hold stands: everything to iss.usa" in program.ok("ledger", "would", OFFICE, CASE)
    assert len(program.json("ledger", "would", OFFICE, CASE)["holds"]) == 1


def test_the_dwelling_that_was_told_is_its_dwellers_in_the_ledger(program: Program) -> None:
    with_iss(program)
    accepted(program, opening(), {**preparing(), "command_id": str(uuid5(SPACE, "again"))})
    program.ok("release", CASE, str(preparing()["data"]["disclosure_id"]), "--yes")
    program.ok("work", "--only", "discloser", "--once")
    of_subject = program.json("ledger", "who", CASE, "--person", SUBJECT, "--field", "home_study")["lines"]
    assert DWELLING in {one["path"] for one in of_subject}
    nobody = str(uuid5(SPACE, "nobody"))
    unknown = program("ledger", "who", CASE, "--person", str(nobody), "--field", "home_study")
    assert unknown.exit_code == 1 and "has nobody of the id" in unknown.stderr, "a mistyped id proves nothing"


def subpoena(items: list[str], **changes: Any) -> dict[str, Any]:
    return line("RecordToldOutside", {
        "telling_id": str(uuid5(SPACE, str(items))), "person_ids": [PERSONS[0]], "partner": "LE", "items": items,
        "why": "subpoena", "authority": "grand jury, 26-117", **changes,
    })


def test_what_a_subpoena_told_is_in_the_ledger_of_that_field(program: Program) -> None:
    accepted(program, subpoena(["child_birth_date"]))
    asked = program.json("ledger", "who", CASE, "--person", PERSONS[0], "--field", "child.birth_date")
    [told] = asked["told_outside"]
    assert (told["to"], told["authority"], told["person_ids"]) == ("LE", "grand jury, 26-117", [PERSONS[0]])
    assert told["at"].endswith("-06:00")
    for person, field in ((PERSONS[0], "child.name"), (PERSONS[-1], "child.birth_date")):
        assert program.json("ledger", "who", CASE, "--person", person, "--field", field)["told_outside"] == []
    text = program.ok("ledger", "who", CASE, "--field", "child.birth_date")
    assert "Told outside of the feeds" in text and "grand jury, 26-117" in text
    accepted(program, subpoena(["case_file"]))
    assert len(program.json("ledger", "who", CASE, "--field", "child.name")["told_outside"]) == 1
    listed = program.ok("ledger", "outside", CASE)
    assert "when (America/Denver)" in listed and "grand jury, 26-117" in listed and "subpoena" in listed


def test_an_id_is_never_cut(program: Program) -> None:
    program.ok("hold", "place", CASE, "--kind", "CONS-HN", "--reason", "a" * 200, "--review-on", "2026-11-01")
    [hold] = program.json("hold", "list")
    assert hold["hold_id"] in program.ok("hold", "list") and CASE in program.ok("hold", "list")
