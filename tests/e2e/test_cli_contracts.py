"""From a contract to a partner's letter, by the program alone: read, checked, tried, adopted, opened, released, given."""
from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import pytest

from tests.e2e.cli_world import H2, Program, commands, play
from tests.specification import ROOT

ISS, OFFICE, AGENCY = ROOT / "domain" / "contracts" / "iss.v2.toml", "iss.usa", "NM-CYFD"
SPACE = UUID("c0a70000-0000-4000-8000-000000000000")
STUDY = next(line for line in commands(H2) if line["command"] == "RequestHomeStudy")
CASE, PERSONS = STUDY["case"], [*STUDY["data"]["child_ids"], STUDY["data"]["subject_id"]]
ENGAGEMENT, DISCLOSURE = str(uuid5(SPACE, "engagement")), str(uuid5(SPACE, "disclosure"))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("contracts") / "home"
    play(home)
    return home


@pytest.fixture
def program(home: Path, tmp_path: Path) -> Program:
    shutil.copytree(home, tmp_path / "home")
    return Program(tmp_path / "home")


def line(command: str, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "command": command, "command_id": str(uuid5(SPACE, command + json.dumps(data))), "agency": AGENCY, "case": CASE,
        "actor": {"agency": AGENCY, "role": "liaison", "user": "liaison-1"}, "occurred_at": "2026-09-30T12:00:00-06:00",
        "data": data,
    }


def opening(**changes: Any) -> dict[str, Any]:
    return line("OpenEngagement", {
        "engagement_id": ENGAGEMENT, "office": OFFICE, "purpose": "home_study", "person_ids": PERSONS,
        "basis": "service_contract", "citation": "contract 2026-17", **changes,
    })


def preparing() -> dict[str, Any]:
    return line("PrepareDisclosure", {
        "disclosure_id": DISCLOSURE, "office": OFFICE, "purpose": "home_study", "person_ids": PERSONS,
        "about": STUDY["data"]["request_id"],
    })


def with_iss(program: Program) -> Program:
    program.ok("contracts", "adopt", str(ISS), "--second-person", "counsel-1", "--agency", AGENCY)
    program.ok(
        "partner", "add", OFFICE, "--agency", AGENCY, "--kind", "ISS", "--name", "ISS-USA", "--zone", "America/New_York",
        "--serves", "NM", "--channel", "webhook", "--address", "https://iss.example/feed",
    )
    return program


def test_nothing_is_prepared_for_an_office_before_somebody_opened_what_it_may_learn(program: Program) -> None:
    with_iss(program)
    answers = program.submitted([preparing(), opening(), preparing()])
    assert [answer["status"] for answer in answers] == ["refused", "accepted", "accepted"]
    assert answers[0]["rule"] == "DECISION-12"


def test_the_letter_shown_is_the_letter_that_leaves(program: Program) -> None:
    with_iss(program)
    again = {**preparing(), "command_id": str(uuid5(SPACE, "again"))}
    assert [answer["status"] for answer in program.submitted([opening(), again])] == ["accepted", "accepted"]
    [listed] = [one for one in program.json("release") if one["office"] == OFFICE]
    assert (listed["notice_id"], listed["purpose"]) == (DISCLOSURE, "home_study")
    shown = program("release", CASE, DISCLOSURE, stdin="y\n")
    assert shown.exit_code == 0 and "Request for a home study" in shown.stdout and "home_study.address" in shown.stdout
    program.ok("work", "--only", "discloser", "--once")
    [entry] = program.json_lines("feed", OFFICE)
    assert entry["letter"] in shown.stdout and entry["purpose"] == "home_study"
    assert "child.name" in entry["fields"] and not [field for field in entry["fields"] if "status" in field]
    assert program("fsck").exit_code == 0


def test_whoever_lets_it_go_and_whoever_asks_later_reads_on_which_ground_it_leaves(program: Program) -> None:
    with_iss(program)
    approval = str(uuid5(SPACE, "approval"))
    answers = program.submitted([
        line("GiveCounselApproval", {
            "approval_id": approval, "person_ids": PERSONS, "purposes": ["home_study"], "offices": [OFFICE],
            "counsel": "Alma Ruiz", "paper": "L-7",
        }),
        opening(basis="counsel_approval", citation=None, rests_on=approval),
        {**preparing(), "command_id": str(uuid5(SPACE, "again"))},
    ])
    assert [answer["status"] for answer in answers] == ["accepted"] * 3
    ground = "approved by counsel Alma Ruiz on 30 Sep 2026, paper L-7"
    assert ground in program.ok("release", CASE, DISCLOSURE, stdin="y\n")
    program.ok("work", "--only", "discloser", "--once")
    assert f"; {ground}" in program.ok("ledger", "office", OFFICE, CASE)
    assert {row["ground"] for row in program.json("ledger", "office", OFFICE, CASE)["lines"]} == {ground}
    assert "by counsel Alma Ruiz, paper L-7" in program.ok("case", "timeline", CASE)
    assert "Alma Ruiz" in program.ok("case", "show", CASE)
    assert program("fsck").exit_code == 0
    kept = [path for path in program.home.rglob("*") if path.is_file()]
    assert kept and not [path.name for path in kept if b"Alma Ruiz" in path.read_bytes()], "stored encrypted alone"


def test_contracts_are_listed_shown_and_proven(program: Program) -> None:
    kinds = {row["kind"]: row for row in program.json("contracts", "list")}
    assert kinds["CONS-MX"]["version"] == 3 and kinds["USCIS"]["denied"] and len(kinds) == 43
    assert "each waits for a person" in program.ok("contracts", "show", "ICE-PIC")
    assert "a text that a person wrote, of the class directions" in program.ok("contracts", "show", str(ISS))
    assert program.json("contracts", "check") == {"contracts": 45, "findings": []}
    assert program.ok("contracts", "show", str(ISS), "--text") == ISS.read_text(encoding="utf-8")
    assert program("contracts", "show", "NOBODY").exit_code == 1


def changed(tmp_path: Path, before: str, after: str) -> str:
    text = ISS.read_text(encoding="utf-8")
    assert before in text
    file = tmp_path / "changed.toml"
    file.write_text(text.replace(before, after, 1), encoding="utf-8")
    return str(file)


def test_an_unlawful_contract_is_named_with_the_way_there_and_not_adopted(program: Program, tmp_path: Path) -> None:
    file = changed(tmp_path, 'path = "child.birth_date"', 'path = "child.placement_address"')
    checked = program("contracts", "check", file)
    assert checked.exit_code == 1 and "everywhere -> ISS -> home_study -> child.placement_address" in checked.stdout
    refused = program("contracts", "adopt", file, "--second-person", "counsel-1", "--agency", AGENCY)
    assert refused.exit_code == 1 and "DECISION-13" in refused.stderr


def test_what_a_new_text_would_change_is_shown_before_it_is_adopted(program: Program, tmp_path: Path) -> None:
    with_iss(program)
    assert program.submitted([opening()])[0]["status"] == "accepted"
    again = {**preparing(), "command_id": str(uuid5(SPACE, "again"))}
    assert program.submitted([again])[0]["status"] == "accepted"
    file = changed(tmp_path, "version = 2", "version = 3")
    text = Path(file).read_text(encoding="utf-8")
    start = text.index('  [[flow.field]]\n  path = "home_study.attempt"')
    Path(file).write_text(text[:start] + text[text.index("[[flow]]", start):], encoding="utf-8")
    [change] = program.json("contracts", "diff", "ISS", file)
    assert (change["purpose"], change["removed"]) == ("home_study", ["home_study.attempt"])
    before = program.json("fsck")
    ran = program.json("contracts", "dry-run", file)
    assert [(e["office"], e["purpose"], e["added"], e["removed"]) for e in ran["effects"]] == [
        (OFFICE, "home_study", [], ["home_study.attempt"])
    ]
    assert ran["forbidden"] == [] and program.json("fsck") == before, "a dry run records nothing"


def test_the_committed_manual_is_that_of_the_contracts(tmp_path: Path, program: Program) -> None:
    program.ok("contracts", "pages", str(tmp_path / "pages"))
    made = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "pages").glob("*.md")}
    committed = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "partners").glob("*.md")}
    assert made == committed, "run `casebridge contracts pages docs/partners`"
