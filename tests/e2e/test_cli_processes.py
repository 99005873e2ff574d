"""`case show`: the processes of a case at each of its three times, what may follow, and what the packs still expect."""
from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.cli_world import CASE, H1, Program, commands


@pytest.fixture(scope="module")
def in_august(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """The first 26 lines of H1: custody, citizenship, the unit informed; no notice yet."""
    program = Program(tmp_path_factory.mktemp("august") / "home")
    assert {answer["status"] for answer in program.submitted(commands(H1)[:26])} == {"accepted"}
    return program


def states(program: Program, process: str, *words: str) -> dict[str, list[dict[str, Any]]]:
    [found] = [one for one in program.json("case", "show", CASE, *words)["processes"] if one["process"] == process]
    by_state: dict[str, list[dict[str, Any]]] = {}
    for state in found["states"]:
        by_state.setdefault(state["state"], []).append(state)
    return by_state


def test_every_process_has_its_state_and_what_may_follow(in_august: Program) -> None:
    shown = in_august.json("case", "show", CASE)
    assert [one["process"] for one in shown["processes"]][:16] == [f"P{number:02}" for number in range(1, 17)]
    for one in shown["processes"]:
        assert set(one) == {"process", "title", "begins", "states", "checklist", "forbidden", "silent"}
    due = states(in_august, "P02")["due"]
    assert {stand["what"] for stand in due} == {"notice to cons-mx.el-paso", "notice to cons-gt.denver"}
    assert due[0]["next"][0] == {
        "command": "PrepareConsularNotification",
        "why": "the notice goes out by the agency's form; no optional item holds it up",
    }


def test_a_process_is_shown_as_the_agency_knew_it(in_august: Program) -> None:
    before = ("--believed-at", "2026-08-13T17:00:00-06:00")
    origin = [state["state"] for group in states(in_august, "P01", *before).values() for state in group
              if state["what"] == "nationality and birth country"]
    assert set(origin) == {"unknown"}
    assert states(in_august, "P02", *before) == {}
    assert set(states(in_august, "P02", "--recorded-by", "2026-08-14T18:00:00Z")) <= {"due", "sent"}
    position = in_august.json("case", "show", CASE)["events"]
    assert position > 0 and in_august.json("case", "show", CASE, "--recorded-by", "1")["processes"]


def test_the_page_names_states_next_steps_and_how_the_rest_begins(in_august: Program) -> None:
    text = in_august.ok("case", "show", CASE)
    for said in (
        "P01 Custody and where people are from", "P02 Notice to consulates",
        "notice to cons-mx.el-paso of Ángel Iván Beltrán Zúñiga: due",
        "may follow: PrepareConsularNotification (the notice goes out",
        "Nothing stands in these; each begins by a command:", "P08 Papers served abroad: RequestServiceOfProcess",
    ):
        assert said in text, said
    assert text.index("P01 Custody") < text.index("\nIntake"), "the processes come before the record"


def test_the_page_has_what_people_read_and_says_where_the_rest_stands(in_august: Program) -> None:
    text = in_august.ok("case", "show", CASE)
    for bookkeeping in ("command id", "correlation id", "clock start", "\nObligations", "\nMoments", "T16:10", "): clear"):
        assert bookkeeping not in text, bookkeeping
    assert "opened at: Thu 13 Aug 2026 15:20 MDT" in text
    assert text.splitlines()[-1] == (
        f"What is owed and awaited: `casebridge due --case {CASE}`. Every field and id: --json."
    )
