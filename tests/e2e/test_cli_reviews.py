"""`due` and `case show` have what is up for review because a child comes of age, until a person has looked at it."""
from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from tests.e2e.cli_world import CASE, Program, play

CHILD_ID = "0c100000-0000-4000-8000-000000000001"


def line(command: str, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "command": command, "command_id": f"0f000000-0000-4000-8000-{len(command):012d}", "agency": "NM-CYFD", "case": CASE,
        "actor": {"agency": "NM-CYFD", "role": "supervisor", "user": "supervisor-1"},
        "occurred_at": "2026-09-30T10:00:00-06:00[America/Denver]", "data": data,
    }


@pytest.fixture(scope="module")
def of_age(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """The history of New Mexico, with a child who turns eighteen in the month in which it ends."""
    home = tmp_path_factory.mktemp("reviews") / "home"
    play(home)
    program = Program(home)
    with program.casebridge() as casebridge:
        told = casebridge.backbone.case(UUID(CASE)).intake.people[UUID(CHILD_ID)].birth_date.current
    assert told is not None
    answers = program.submitted([
        line("CorrectFact", {
            "correction_id": "0f000000-0000-4000-8000-0000000000c1", "person_id": CHILD_ID,
            "replaces_event_id": str(told.event_id), "birth_date": "2008-09-23", "evidence": "the birth certificate",
        }),
        line("RecordMoments", {}),
    ])
    assert [answer["status"] for answer in answers] == ["accepted"] * 2, answers
    return program


def test_due_and_case_show_name_it_with_its_owner_until_it_is_completed(of_age: Program) -> None:
    [case] = [one for one in of_age.json("due")["cases"] if one["case"] == CASE]
    [review] = case["reviews"]
    assert review["child_id"] == CHILD_ID and review["owner"]["name"] and review["engagement_ids"]
    for shown in (of_age.ok("due"), of_age.ok("due", "--case", CASE), of_age.ok("case", "show", CASE)):
        text = " ".join(shown.split())
        assert "p for review" in text and "who comes of age" in text and "CompleteReview" in text
    [shown_in_case] = of_age.json("case", "show", CASE)["reviews"]
    assert (shown_in_case["raised_event_id"], shown_in_case["owner"]) == (review["raised_event_id"], review["owner"])
    assert "who comes of age" not in of_age.ok("due", "--owner", "nobody in particular")
    [answer] = of_age.submitted([line("CompleteReview", {"child_id": CHILD_ID, "reviewed_by": "supervisor-1"})])
    assert answer["status"] == "accepted", answer
    assert all(not one["reviews"] for one in of_age.json("due")["cases"])
    assert of_age.json("case", "show", CASE)["reviews"] == []
