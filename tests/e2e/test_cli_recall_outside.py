"""`recall`, `due`, `ledger` and `record`: whoever was told outside of every feed is owed what proved untrue, and has it."""
from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from tests.e2e.cli_world import Program, play
from tests.e2e.test_cli_recall import line

CASE, CHILD_ID = "ca5e0002-0000-4000-8000-000000000002", "0c300000-0000-4000-8000-000000000003"
"""The second history's: no office was given anything of it by a feed, so that nothing but this is owed."""
TELLING = "0f000000-0000-4000-8000-0000000000d1"
SECRETS = ("26-117", "Sergeant-4")


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Program:
    home = tmp_path_factory.mktemp("outside") / "home"
    play(home)
    program = Program(home)
    with program.casebridge() as casebridge:
        born = casebridge.backbone.case(UUID(CASE)).intake.people[UUID(CHILD_ID)].birth_date.current
    assert born is not None
    answers = program.submitted([{**sent, "case": CASE} for sent in (
        line("RecordToldOutside", {
            "telling_id": TELLING, "person_ids": [CHILD_ID], "partner": "LE", "why": "subpoena",
            "items": ["child_birth_date", "custody"], "authority": "grand jury, 26-117",
        }),
        line("CorrectFact", {
            "correction_id": "0f000000-0000-4000-8000-0000000000d2", "person_id": CHILD_ID,
            "replaces_event_id": str(born.event_id), "birth_date": "2011-02-28", "evidence": "her birth certificate",
        }) | {"occurred_at": "2026-09-30T11:00:00-06:00[America/Denver]"},
    )])
    assert [answer["status"] for answer in answers] == ["accepted", "accepted"], answers
    return program


def owed(program: Program) -> list[dict[str, Any]]:
    return [one for one in program.json("recall") if one["case"] == CASE]


def test_it_is_told_apart_by_item_with_its_age_and_what_a_person_does(played: Program) -> None:
    [one] = owed(played)
    assert (one["office"], one["disclosure_id"], one["fields"]) == ("LE", TELLING, ["child birth date"])
    assert one["is_outside"] and (one["owes"], one["because"]) == ("correction", "untrue")
    due = " ".join(played.ok("due", "--case", CASE).split())
    assert CASE in played.ok("due"), "and without a case's name"
    assert "Correct what LE was told outside of the feeds on 30 Sep 2026 about" in due
    assert "something in it was never true: child birth date; open for 7 h" in due
    assert f"casebridge recall CASE {TELLING} --told telephone --receipt WHO" in due
    [listed] = [one for one in played.json("ledger", "outside", CASE)["told"] if one["id"] == TELLING]
    assert listed["still_owed"] == ["correction"]
    assert "LE is owed a correction of what was told about" in " ".join(played.ok("case", "timeline", CASE).split())


def test_an_order_to_expunge_names_who_was_told_outside_before_it_is_given(played: Program) -> None:
    places = played.json("record", "expunge", CASE, "--order", "JQ-1", "--second-person", "counsel-1")["places"]
    [told] = [place for place in places if place["where"] == "LE"]
    assert told["by"] is None and "child birth date" in told["what"] and "asks it to erase" in told["how"]


def test_a_letter_tells_nothing_new_and_a_persons_word_with_a_receipt_closes_it(played: Program) -> None:
    letter = played.ok("recall", CASE, TELLING)
    assert "To: LE" in letter and "Please disregard" in letter and "2011" not in letter and len(owed(played)) == 1
    without = played("recall", CASE, TELLING, "--told", "telephone")
    assert without.exit_code == 1 and "say who there has it" in without.output and len(owed(played)) == 1
    said = played.ok("recall", CASE, TELLING, "--told", "telephone", "--receipt", "Sergeant-4")
    assert "LE has it (telephone)" in said and owed(played) == []
    assert "Sergeant-4" in played.ok("case", "timeline", CASE)
    assert played("recall", CASE, TELLING, stdin="n\n").exit_code == 1 and owed(played) == []
    stores = [place for place in played.home.rglob("*") if place.is_file()]
    assert stores and not [place for place in stores if any(secret.encode() in place.read_bytes() for secret in SECRETS)]


def test_what_nobody_should_have_been_told_is_recalled_by_a_persons_decision_once(played: Program) -> None:
    played.ok("recall", CASE, TELLING, "--yes")
    [one] = owed(played)
    assert (one["owes"], one["because"], one["fields"]) == ("recall", "not_for_them", [])
    played.ok("recall", CASE, TELLING, "--told", "mail", "--receipt", "Sergeant-4")
    again = played("recall", CASE, TELLING, "--yes")
    assert again.exit_code == 1 and "already" in again.output and owed(played) == []
