"""`record` as a clerk uses it: whose record and what of it, where it is, who is asked, and from when an answer is late."""
from __future__ import annotations

import json
import shutil
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from adapters.clocks import HistoryClock
from adapters.composition import Casebridge
from tests.e2e.cli_world import AFTER_IT_ALL, CASE, Program, play

CHILD, SIBLING = "0c100000-0000-4000-8000-000000000001", "0c200000-0000-4000-8000-000000000002"
BY_ORDER = ("--order", "JQ-9", "--second-person", "counsel-1")
MEXICO = "cons-mx.el-paso"


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("record") / "home"
    home.mkdir(mode=0o700)
    play(home)
    return home


@pytest.fixture
def program(played: Path, tmp_path: Path) -> Program:
    return Program(Path(shutil.copytree(played, tmp_path / "home")))


def expunge(program: Program, *words: str) -> UUID:
    return UUID(json.loads(program.ok("record", "expunge", CASE, *BY_ORDER, *words, "--yes", "--json"))["expunge_id"])


def flat(text: str) -> str:
    return " ".join(text.split())


def test_the_scope_names_persons_and_parts_and_counts_keys_in_the_agencys_zone(program: Program) -> None:
    text = flat(program.ok("record", "expunge", CASE, *BY_ORDER, "--person", CHILD[:8], "--compartment", "identity"))
    assert "this would reach Nahomy Belén Zúñiga Ochoa: identity" in text
    one = program.json("record", "expunge", CASE, *BY_ORDER, "--person", CHILD[:8], "--compartment", "identity")
    assert one["places"][0]["what"] == "1 key, one for each person and compartment"
    assert "without text by (America/Denver)" in text and "Wed 07 Oct 2026 18:00" in text
    whole = flat(program.ok("record", "expunge", CASE, *BY_ORDER))
    assert "25 keys, one for each" in whole and "Yessenia Ochoa Paz: everything" in whole


def test_the_scope_says_which_text_about_several_persons_goes(program: Program) -> None:
    one = program.json("record", "expunge", CASE, *BY_ORDER, "--person", CHILD)
    [shared] = [place for place in one["places"] if place["where"].startswith("recorded together with")]
    assert "Ángel Iván Beltrán Zúñiga" in shared["where"] and "class of the allegation" in shared["what"]
    assert "what was recorded of each alone stays readable" in shared["how"]
    everybody = program.json("record", "expunge", CASE, *BY_ORDER)
    assert not [place for place in everybody["places"] if place["where"].startswith("recorded together with")]


def test_places_are_those_that_the_offices_channel_has_and_a_seal_shows_what_offices_keep(program: Program) -> None:
    for words in (("expunge", CASE, *BY_ORDER), ("seal", CASE, *BY_ORDER)):
        places = {place["where"]: place for place in program.json("record", *words)["places"]}
        assert not [where for where in places if "topic of" in where], "webhooks keep nothing with us"
        assert places[MEXICO]["by"] is None and "entry 1 (consular notice)" in places[MEXICO]["what"]
    assert "a seal asks nobody to erase" in places[MEXICO]["how"]


def test_no_date_of_an_answer_is_promised_and_a_target_says_from_when_it_is_late(program: Program) -> None:
    def office() -> dict[str, str | None]:
        places = program.json("record", "expunge", CASE, *BY_ORDER)["places"]
        found: dict[str, str | None] = next(place for place in places if place["where"] == MEXICO)
        return found

    assert "no date can be promised" in str(office()["how"]) and "has set no target" in str(office()["how"])
    assert office()["overdue_at"] is None
    target = {
        "command": "SetTarget", "command_id": "7a700000-0000-4000-8000-000000000001", "agency": "NM-CYFD",
        "actor": {"agency": "NM-CYFD", "role": "counsel", "user": "counsel-1"}, "occurred_at": AFTER_IT_ALL.isoformat(),
        "data": {"rule_id": "CORRECTION", "amount": 48, "unit": "hours"},
    }
    assert [answer["status"] for answer in program.submitted([target])] == ["accepted"]
    assert office()["overdue_at"] == "2026-10-02T18:00:00-06:00"
    assert "overdue after Fri 02 Oct 2026 18:00, by the agency's own target" in str(office()["how"])
    expunge(program)
    shown = flat(program.ok("record", "show", CASE))
    assert f"{MEXICO} is asked to erase, and has not confirmed; overdue after Fri 02 Oct 2026 18:00" in shown


def test_a_preview_refuses_what_the_order_would_be_refused(program: Program) -> None:
    for words in (("--wait-days", "2"), ("--compartment", "nonsense"), ("--person", "0fffffff-0000-4000-8000-00000000000f")):
        preview = program("record", "expunge", CASE, *BY_ORDER, *words)
        order = program("record", "expunge", CASE, *BY_ORDER, *words, "--yes")
        assert (preview.exit_code, preview.stderr) == (order.exit_code, order.stderr) != (0, "")
    held = program("record", "preserve", CASE, "--reason", "suit", "--review-on", "2027-06-01")
    assert held.exit_code == 0
    assert "a litigation hold stands" in program("record", "expunge", CASE, *BY_ORDER).stderr


def test_a_person_is_named_by_the_first_signs_of_an_id_where_they_are_theirs_alone(program: Program) -> None:
    named = program.json("record", "expunge", CASE, *BY_ORDER, "--person", "0c1", "--person", "0c2")
    assert named["person_ids"] == [CHILD, SIBLING]
    several = program("record", "expunge", CASE, *BY_ORDER, "--person", "0c")
    assert several.exit_code == 1 and CHILD in several.stderr and SIBLING in several.stderr


def test_two_orders_on_one_record_are_told_apart(program: Program) -> None:
    first = expunge(program, "--person", CHILD)
    again = program("record", "expunge", CASE, *BY_ORDER, "--person", CHILD, "--yes")
    assert again.exit_code == 1 and "an order that stands" in again.stderr
    wider = json.loads(program.ok(
        "record", "expunge", CASE, "--order", "JQ-10", "--second-person", "counsel-1", "--yes", "--json"
    ))["expunge_id"]
    shown = flat(program.ok("record", "show", CASE))
    assert "JQ-9" in shown and "JQ-10" in shown
    told = program.ok("record", "withdraw", CASE, str(first))
    stands = "a part of the same record is to be destroyed, not before Wed 07 Oct 2026 18:00, by order JQ-10"
    assert f"nothing is destroyed by this order; {stands}" in told
    last = program.ok("record", "withdraw", CASE, wider)
    assert last.strip() == "taken back: nothing is destroyed by this order"


def test_a_sealed_record_asks_no_questions(program: Program) -> None:
    asked = program.json("due", "--case", CASE)["cases"][0]
    assert asked["questions"] and asked["questions_not_asked"] == 0
    sealed = program.ok("record", "seal", CASE, *BY_ORDER, "--yes")
    assert "60 s" in sealed
    after = program.json("due", "--case", CASE)["cases"][0]
    assert after["questions"] == [] and after["questions_not_asked"] == len(asked["questions"])
    duties = [sum(len(act["duties"]) for act in one["acts"]) for one in (asked, after)]
    assert duties[0] == duties[1] > 0, "duties stay countable"
    assert "3 questions are not asked: who it is about is sealed or expunged" in flat(program.ok("due", "--case", CASE))


def test_every_command_that_reads_goes_on_where_one_person_of_several_is_expunged(program: Program) -> None:
    """Fields about both children are withheld, and nothing that reads them raises."""
    expunge(program, "--person", CHILD)
    clock = HistoryClock(AFTER_IT_ALL + timedelta(days=8))
    later = Program(program.home, opening=lambda settings: Casebridge(settings, clock=clock))
    later.ok("work", "--once")
    assert "expunged on Thu 08 Oct 2026 18:00" in flat(later.ok("record", "show", CASE))
    for words in (
        ("case", "timeline", CASE), ("case", "show", CASE, "--json"), ("due", "--case", CASE), ("due", "--json"), ("fsck",),
        ("case", "show", CASE, "--known-by", MEXICO), ("feed", MEXICO, "--json"), ("release",), ("recall", "--json"),
        ("ledger", "outside", CASE), ("ledger", "who", CASE, "--person", SIBLING),
    ):
        assert "Nahomy" not in later.ok(*words), words
    timeline = flat(later.ok("case", "timeline", CASE))
    assert "Yessenia Ochoa Paz" in timeline and "(withheld)" in timeline


def test_who_was_asked_to_erase_by_an_order_is_not_said_to_have_been_told_in_error(program: Program) -> None:
    expunge(program)
    due = flat(program.ok("due", "--case", CASE))
    assert "this office was asked to erase it, by a court's order; its receipt is still awaited" in due
    assert "this office was told that it was in error and asked to disregard it; it has that letter" in due
