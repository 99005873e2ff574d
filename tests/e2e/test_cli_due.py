"""What is owed, whose it is, and what is awaited from others, as a liaison sees it."""
from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from adapters.clocks import HistoryClock
from adapters.composition import Casebridge
from adapters.settings import Settings
from projections.waiting_board import waiting_cases
from tests.e2e.cli_world import CASE, H1, Program, commands
from tests.specification import an_id

AUGUST = datetime(2026, 8, 16, 18, tzinfo=UTC)
STUDY, PAPER = str(an_id("study")), str(an_id("paper"))
CHILD, AUNT = "0c100000-0000-4000-8000-000000000001", str(an_id("an aunt"))
HEARING = str(an_id("a hearing"))


def in_august(settings: Settings) -> Casebridge:
    return Casebridge(settings, clock=HistoryClock(AUGUST))


def line(command: str, data: dict[str, Any], *, at: datetime, case: str | None = CASE) -> dict[str, Any]:
    return {
        "command": command, "command_id": str(uuid4()), "agency": "NM-CYFD", "case": case, "data": data,
        "actor": {"agency": "NM-CYFD", "role": "caseworker", "user": "caseworker-1"}, "occurred_at": at.isoformat(),
    } if case else {
        "command": command, "command_id": str(uuid4()), "agency": "NM-CYFD", "data": data,
        "actor": {"agency": "NM-CYFD", "role": "policy officer", "user": "policy-1"}, "occurred_at": at.isoformat(),
    }


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """H1 up to the unit informed, no notice yet; and two requests that left on 15 August."""
    program = Program(tmp_path / "home", opening=in_august)
    asked = AUGUST - timedelta(days=1)
    lines = [
        *commands(H1)[:26],
        line("AddParty", {"party_id": AUNT, "role": "relative", "child_ids": [CHILD],
                          "name": {"given_names": "Rosa", "surnames": "Paz"}}, at=asked),
        line("ScheduleHearing", {"hearing_id": HEARING, "child_ids": [CHILD],
                                 "scheduled_for": "2026-08-20T09:00:00-06:00"}, at=asked),
        line("RequestDifHomeStudy", {
            "request_id": STUDY, "subject_id": AUNT, "child_ids": [CHILD], "attempt": 1,
            "address": {"country": "MX", "street": "Calle Sol", "number": "4", "colonia": "Centro", "city": "Saltillo",
                        "municipality": "Saltillo", "region": "COA", "postal_code": "25000", "landmarks": "by the market"},
        }, at=asked),
        line("RequestDocument", {"request_id": PAPER, "person_id": CHILD, "doc_type": "birth_certificate",
                                 "source": "consulate"}, at=asked),
    ]
    answers = program.submitted(lines)
    assert {answer["status"] for answer in answers} == {"accepted"}, [a for a in answers if a["status"] != "accepted"]
    return program


def set_(program: Program, command: str, **data: Any) -> None:
    [answer] = program.submitted([line(command, data, at=AUGUST - timedelta(hours=30), case=None)])
    assert answer["status"] == "accepted", answer


def waiting(program: Program, *words: str) -> dict[str, Any]:
    cases = program.json("due", *words)["cases"]
    return {item["asked_for"]: item for case in cases for item in case["waiting"]}


# ------------------------------------------------------------------ owners
def test_an_act_says_whose_it_is_and_can_be_given_to_somebody(program: Program) -> None:
    [mexico] = [a for a in program.json("due")["cases"][0]["acts"] if a["recipient_kind"] == "CONS-MX"]
    assert mexico["owners"] == [{"name": "Immigration Affairs Unit", "kind": "unit", "because": "named by the pack"}]
    start = mexico["duties"][0]["duty_id"][:8]
    assert program.ok("duties", "reassign", CASE, start, "--user", "liaison-2", "--because", "on call") == (
        "liaison-2 has it now\n"
    )
    [mine] = program.json("due", "--owner", "liaison-2")["cases"][0]["acts"]
    assert mine["owners"] == [{"name": "liaison-2", "kind": "person", "because": "assigned"}]
    assert mine["duties"][0]["owner"] == "Immigration Affairs Unit", "what the pack said stays on the duty"
    unit = program.json("due", "--owner", "Immigration Affairs Unit")["cases"][0]["acts"]
    assert {act["recipient_kind"] for act in unit} == {"CONS-GT"}
    assert program.json_lines("case", "timeline", CASE)[-1]["text"].endswith("now lies with liaison-2: on call")
    assert program("fsck").exit_code == 0


def test_a_question_can_be_given_to_a_unit(tmp_path: Path) -> None:
    program = Program(tmp_path / "home", opening=in_august)
    program.submitted(commands(H1)[:19])
    [first, *rest] = program.json("due")["cases"][0]["questions"]
    assert {question["owner"]["name"] for question in (first, *rest)} == {"caseworker"}
    given = program.json("duties", "reassign", CASE, first["question_id"], "--unit", "Hotline", "--because", "took the call")
    assert (given["command"], given["owner"]) == ("ReassignQuestion", "Hotline")
    [mine] = program.json("due", "--owner", "Hotline")["cases"][0]["questions"]
    assert mine["question_id"] == first["question_id"]
    set_(program, "SetOwner", of="questions", unit="Intake desk")
    assert len(program.json("due", "--owner", "Intake desk")["cases"][0]["questions"]) == len(rest)


def test_what_cannot_be_reassigned_is_said_plainly(program: Program) -> None:
    because = ("--because", "on call")
    for words, code, said in (
        ((CASE, "ffffffff", "--user", "x", *because), 1, "begins so"),
        ((CASE, "ff", "--user", "x", *because), 2, "first 4 signs"),
        ((CASE, "ffffffff", *because), 2, "either --user or --unit"),
        ((str(uuid4()), "ffffffff", "--user", "x", *because), 1, "there is no case"),
    ):
        ran = program("duties", "reassign", *words)
        assert (ran.exit_code, said in ran.stderr) == (code, True), ran.stderr


# ------------------------------------------------------------------ waiting on others
def test_without_an_interval_only_the_age_is_shown(program: Program) -> None:
    study = waiting(program)["dif_home_study"]
    assert not study["is_overdue"] and study["age_seconds"] == 24 * 3600
    assert [one["what"] for one in study["awaited"]] == ["acknowledgement", "answer"]
    assert {one["ask_again_at"] for one in study["awaited"]} == {None}
    text = program.ok("due")
    assert "OVERDUE" not in text and "No answer is not an answer" in text
    assert text.index("Acts owed") < text.index("Waiting on others")


def test_an_interval_of_the_agency_makes_it_overdue_and_proposes_the_next_way(program: Program) -> None:
    set_(program, "SetWaitingTime", asked_for="dif_home_study", acknowledgement_hours=12, answer_hours=240)
    study = waiting(program)["dif_home_study"]
    assert study["is_overdue"]
    assert study["next"] == [{
        "words": "record that DIF did not reply, then ask ISS for the study", "command": "RecordHomeStudyFailure",
        "rule": "US-ISS-FALLBACK",
    }]
    text = program.ok("due")
    assert "OVERDUE home study by DIF" in text and "the agency's own interval" in text and "US-ISS-FALLBACK" in text
    assert not waiting(program)["document"]["is_overdue"], "no interval was set for documents"


def test_a_reply_is_needed_by_a_hearing(program: Program) -> None:
    [answer] = program.submitted([line("SetNeededByDate", {
        "setting_id": str(uuid4()), "request_id": PAPER, "needed_by": "2026-08-20T09:00:00-06:00[America/Denver]",
        "needed_for": "hearing", "for_id": HEARING,
    }, at=AUGUST - timedelta(hours=2))])
    assert answer["status"] == "accepted"
    paper = waiting(program)["document"]
    assert (paper["needed_for"], paper["is_overdue"]) == ("hearing", False)
    assert "needed by Thu 20 Aug 2026 09:00 for hearing" in paper["text"]


def test_an_acknowledgement_and_an_answer_end_the_waiting(program: Program) -> None:
    noted = {"acknowledgement_id": str(uuid4()), "request_id": STUDY, "partner": "DIF"}
    report = {"request_id": STUDY, "subject_id": AUNT, "provider": "dif", "mode": "in_person", "outcome": "favourable"}
    program.submitted([line("RecordAcknowledgement", noted, at=AUGUST - timedelta(hours=3))])
    assert [one["what"] for one in waiting(program)["dif_home_study"]["awaited"]] == ["answer"]
    program.submitted([line("RecordHomeStudy", report, at=AUGUST - timedelta(hours=2))])
    assert "dif_home_study" not in waiting(program)


def test_a_case_is_found_by_what_it_awaits_until_all_of_it_came(program: Program) -> None:
    assert set(waiting(program, "--untold-for", "20h")) == {"dif_home_study", "document"}
    assert waiting(program, "--untold-for", "3d") == {}
    assert set(waiting(program, "--at", (AUGUST - timedelta(hours=12)).isoformat())) == {"dif_home_study", "document"}
    assert waiting(program, "--at", (AUGUST - timedelta(hours=30)).isoformat()) == {}

    def on_the_board() -> set[str]:
        program.ok("due")
        with program.casebridge() as casebridge:
            return {str(case_id) for case_id in waiting_cases(casebridge.views, jurisdiction="NM")}

    program.submitted([line("RecordHomeStudyFailure", {"request_id": STUDY, "reason": "no_reply"}, at=AUGUST)])
    assert on_the_board() == {CASE}, "the birth certificate is still awaited"
    program.submitted([line("RecordDocumentUnobtainable", {"request_id": PAPER, "reason": "burned"}, at=AUGUST)])
    assert on_the_board() == set() and waiting(program) == {}


# ------------------------------------------------------------------ what explains itself
def test_an_act_shows_its_rule_in_words_its_facts_its_clock_and_its_owner(program: Program) -> None:
    text = program.ok("due")
    mexico = text[text.index("Notify Consulate of Mexico"):text.index("Notify Consulate of Guatemala")]
    for said in (
        "NM-CONSULATE-MX-24H, DUTY,", "as reported in December 2023", "clock from Fri 14 Aug 2026 10:00",
        "24 hours elapsed: due Sat 15 Aug 2026 10:00", "raised by citizenship information obtained Fri 14 Aug 2026 10:00",
        "raised by custody taken Thu 13 Aug 2026 16:10", "owed by the Immigration Affairs Unit (named by the pack)",
    ):
        assert said in mexico, said
    assert "5 working days: due end of Fri 21 Aug 2026" in text and "no holiday in between" in text


def test_missed_acts_come_before_those_that_are_due_and_a_rule_is_spelled_out_once(program: Program) -> None:
    text = program.ok("due")
    assert text.index("Notify Consulate of Mexico") < text.index("Notify Consulate of Guatemala")
    words = "the Unit notifies with its Mexico form"
    assert text.count(words) == 1


def test_the_case_that_no_number_will_ever_call_missed_is_found_by_its_age(tmp_path: Path) -> None:
    """The treaty's notice has a limit of words: without delay. Its age finds it, and nothing else does."""
    program = Program(tmp_path / "home", opening=in_august)
    lines = [c for c in commands(H1)[:26] if c["command"] != "AdoptPack" or "layer = \"federal\"" in c["data"]["text"]]
    assert len(lines) == 25
    program.submitted(lines)
    found = program.json("due", "--untold-for", "48h")["cases"]
    duties = [duty for case in found for act in case["acts"] for duty in act["duties"]]
    assert duties and {duty["due_at"] for duty in duties} == {None}
    assert "no number is stated, so only its age is shown" in program.ok("due", "--untold-for", "48h")
    assert program.json("due", "--untold-for", "72h")["cases"] == []
