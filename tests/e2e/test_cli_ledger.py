"""Who was given what, what an office had been given by a moment, what it would be given, what was told outside."""
from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.e2e.cli_world import CASE, H1, Program, commands, play

GUATEMALA, MEXICO, NOWHERE = "cons-gt.denver", "cons-mx.el-paso", "cons-xx.nowhere"
OTHER = "ca5e0002-0000-4000-8000-000000000002"
MOTHER_ID = "03100000-0000-4000-8000-000000000001"


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Program:
    home = tmp_path_factory.mktemp("ledger") / "home"
    play(home)
    return Program(home)


@pytest.fixture
def copied(played: Program, tmp_path: Path) -> Program:
    shutil.copytree(played.home, tmp_path / "home")
    return Program(tmp_path / "home")


def test_who_was_given_the_mothers_name_and_why(played: Program) -> None:
    lines = played.json("ledger", "who", CASE, "--person", MOTHER_ID, "--field", "parent.name")["lines"]
    assert {line["office"] for line in lines} >= {GUATEMALA}
    for line in lines:
        assert (line["person"], line["path"], line["stage"]) == (MOTHER_ID, "parent.name", "handed_over")
        assert line["rules"] and line["basis"] and line["told_by"]
    [guatemala] = [line for line in lines if line["office"] == GUATEMALA]
    assert guatemala["withdrawn_by"] == 2, "the wrong country was asked to disregard it"
    text = played.ok("ledger", "who", CASE, "--field", "parent.name")
    assert "was given" in text and "knew" not in text


def test_what_an_office_has_been_given_is_what_its_entries_name(played: Program) -> None:
    lines = played.json("ledger", "office", MEXICO, CASE)["lines"]
    entries = played.json_lines("feed", MEXICO)
    named = {path for entry in entries if entry["case"] == CASE for path in entry.get("fields", [])}
    assert {line["path"] for line in lines} == named


def test_an_office_that_was_given_nothing_is_told_from_one_that_nobody_listed(played: Program) -> None:
    assert "given nothing" in played.ok("ledger", "office", GUATEMALA, OTHER)
    for words in (("ledger", "office", NOWHERE, CASE), ("ledger", "would", NOWHERE, CASE),
                  ("case", "show", CASE, "--known-by", NOWHERE)):
        ran = played(*words)
        assert ran.exit_code == 1 and f"lists no office {NOWHERE}" in ran.output


def test_a_field_that_no_contract_names_is_a_slip_and_no_answer(played: Program) -> None:
    ran = played("ledger", "who", CASE, "--field", "parent.adress")
    assert ran.exit_code == 2 and "parent.address" in ran.output


def test_a_file_that_holds_no_commands_is_named_with_its_line(played: Program, tmp_path: Path) -> None:
    (tmp_path / "if.jsonl").write_text("not json\n", encoding="utf-8")
    ran = played("ledger", "would", MEXICO, CASE, "--if", str(tmp_path / "if.jsonl"))
    assert ran.exit_code == 2 and "line 1: not JSON" in ran.output
    assert played("ledger", "would", MEXICO, CASE, "--if", str(tmp_path / "none.jsonl")).exit_code == 2


def test_the_ledger_says_which_event_told_a_field_as_the_timeline_does(played: Program) -> None:
    text, timeline = played.ok("ledger", "office", GUATEMALA, CASE), played.ok("case", "timeline", CASE)
    assert "CustodyTaken, 13 Aug 2026" in text and "CustodyTaken" in timeline


def test_the_view_of_an_office_at_a_moment_is_what_had_been_handed_over_by_then(played: Program) -> None:
    def numbers(at: str, *more: str) -> list[int]:
        shown = played.json("case", "show", CASE, "--known-by", GUATEMALA, "--as-of", at, *more)
        return [entry["number"] for entry in shown["entries"]]

    assert numbers("2026-08-18T00:00:00-06:00") == []
    assert numbers("2026-08-25T00:00:00-06:00") == [1]
    assert numbers("2026-10-01T00:00:00-06:00") == [1, 2]
    assert numbers("2026-10-01T00:00:00-06:00", "--stage", "opened") == []
    [first] = played.json(
        "case", "show", CASE, "--known-by", GUATEMALA, "--as-of", "2026-08-25T00:00:00-06:00")["entries"]
    assert first["withdrawn_by"] is None and first["record"]["children"]
    text = played.ok("case", "show", CASE, "--known-by", GUATEMALA)
    assert "to be disregarded since entry 2" in text and "Zúñiga" in text


def test_each_stage_shows_what_the_office_said_that_it_had_come_to_by_then(copied: Program) -> None:
    first = commands(H1)[27]
    said = [
        {**first, "command": "ReportEntryReached", "command_id": f"0c0de0fe-0000-4000-8000-00000000000{number}",
         "occurred_at": f"2026-08-2{number}T12:00:00Z",
         "data": {"report_id": f"4e904700-0000-4000-8000-00000000000{number}", "office": GUATEMALA, "entry": 1,
                  "reached": reached}}
        for number, reached in ((6, "delivered"), (7, "opened"), (8, "acted_on"))
    ]
    assert [answer["status"] for answer in copied.submitted(said)] == ["accepted"] * len(said)

    def numbers(day: int, stage: str) -> list[int]:
        at = f"2026-08-{day}T18:00:00Z"
        shown = copied.json("case", "show", CASE, "--known-by", GUATEMALA, "--as-of", at, "--stage", stage)
        return [entry["number"] for entry in shown["entries"]]

    stages = ("handed_over", "delivered", "opened", "acted_on")
    assert [numbers(25, stage) for stage in stages] == [[1], [], [], []]
    assert [numbers(26, stage) for stage in stages] == [[1], [1], [], []]
    assert [numbers(27, stage) for stage in stages] == [[1], [1], [1], []]
    assert [numbers(28, stage) for stage in stages] == [[1], [1], [1], [1]]


def test_a_wrong_stage_and_a_wrong_time_are_wrong_usage(played: Program) -> None:
    assert played("case", "show", CASE, "--known-by", GUATEMALA, "--stage", "read").exit_code == 2
    believed = played("case", "show", CASE, "--known-by", GUATEMALA, "--believed-at", "2026-08-25T00:00:00-06:00")
    assert believed.exit_code == 2


def test_what_an_office_would_be_given_if_something_happened(played: Program, tmp_path: Path) -> None:
    office = "cons-hn.houston"
    before = {(one["person"], one["path"]) for one in played.json("ledger", "would", office, CASE)["fields"]}
    if_happens = tmp_path / "if.jsonl"
    if_happens.write_text(json.dumps({
        "command": "AddParty", "command_id": "0f000000-0000-4000-8000-000000000001", "agency": "NM-CYFD", "case": CASE,
        "actor": {"agency": "NM-CYFD", "role": "caseworker", "user": "caseworker-1"},
        "occurred_at": "2026-09-20T10:00:00-06:00[America/Denver]",
        "data": {"party_id": "0f000000-0000-4000-8000-000000000002", "role": "relative", "phone": "+1 505 555 0177",
                 "child_ids": ["0c100000-0000-4000-8000-000000000001"],
                 "name": {"given_names": "Delfina", "surnames": "Ochoa"}},
    }) + "\n", encoding="utf-8")
    head = played.json("case", "show", CASE)["version"]
    after = {(one["person"], one["path"]) for one in
             played.json("ledger", "would", office, CASE, "--if", str(if_happens))["fields"]}
    assert before <= after
    assert played.json("case", "show", CASE)["version"] == head, "nothing was recorded"


def test_what_was_told_outside_is_listed(played: Program) -> None:
    assert played.json("ledger", "outside", CASE)["told"] == []


def test_a_ledger_longer_than_a_page_is_told_whole(played: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = played.json("ledger", "who", CASE)["lines"]
    monkeypatch.setattr("projections.deliveries.ROWS_MAX", 1)
    assert played.json("ledger", "who", CASE)["lines"] == whole
