"""Policy as data through the program: listed, read, checked, compared, adopted."""
from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.cli_world import H1, Program, commands, play

ROOT = Path(__file__).parents[2]
NM = ROOT / "domain/packs/NM.toml"
ADOPT = ("--agency", "NM-CYFD", "--as", "policy-1", "--second-person", "counsel-1")


@pytest.fixture
def fresh(tmp_path: Path) -> Program:
    return Program(tmp_path / "home")


@pytest.fixture(scope="module")
def new_mexico(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """An agency with everything adopted and no case. To be read only."""
    program = Program(tmp_path_factory.mktemp("nm") / "home")
    program.submitted([line for line in commands(H1) if line["command"].startswith("Adopt")])
    return program


def changed(folder: Path, *changes: tuple[str, str]) -> Path:
    text = NM.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, "the change changes nothing"
        text = text.replace(old, new, 1)
    file = folder / "nm-next.toml"
    file.write_text(text, encoding="utf-8")
    return file


LONGER = ('kind = "elapsed", amount = 24, words = "24 hours elapsed"', 'kind = "elapsed", amount = 48, words = "48 hours"')


def test_what_is_shipped_is_listed_and_read_before_anybody_adopts(fresh: Program) -> None:
    listed = fresh.json("policy", "list")
    assert {"US", "NM"} <= {row["id"] for row in listed["shipped"]} and listed["adopted"] == []
    assert {row["standing"] for row in listed["shipped"]} == {"as reported in December 2023"}
    shown = fresh.ok("policy", "show", "NM")
    assert "Pack NM, shipped, not in force by this text" in shown and "P02 Telling a consulate" in shown
    assert "Applies when: The child, being no US citizen, is a national of Mexico" in shown
    assert not fresh.home.exists()


def test_what_is_adopted_is_listed_beside_what_is_shipped(new_mexico: Program) -> None:
    listed = new_mexico.json("policy", "list")
    assert {row["id"]: row["in_force_at"] for row in listed["shipped"] if row["id"] in ("US", "NM")} == {
        "US": ["NM-CYFD"], "NM": ["NM-CYFD"],
    }
    assert {row["agency"] for row in listed["adopted"]} == {"NM-CYFD"}
    assert "as reported in December 2023" in new_mexico.ok("policy", "list")


def test_shipped_packs_are_checked_without_an_error(fresh: Program) -> None:
    told = fresh.json("policy", "check")
    assert told["errors"] == 0 and told["packs"] >= 2


def test_a_bad_pack_ends_with_one_and_says_what_to_mend(new_mexico: Program, tmp_path: Path) -> None:
    file = changed(tmp_path, ('met_by = "ConsulateNotified"', 'met_by = "ConsulateTold"'))
    ran = new_mexico("policy", "check", str(file), "--beside", "NM-CYFD", "--json")
    told = json.loads(ran.stdout)
    assert ran.exit_code == 1
    assert [(finding["kind"], finding["rule_id"]) for finding in told["findings"] if finding["weight"] == "error"] == [
        ("unknown-event", "NM-CONSULATE-MX-24H")
    ]
    shown = new_mexico("policy", "check", str(file))
    assert "error: NM-CONSULATE-MX-24H: it is met by ConsulateTold" in shown.stdout and "To mend it:" in shown.stdout
    assert new_mexico("policy", "check", "no-such-pack").exit_code == 1


def test_two_texts_are_compared_by_file_id_and_digest(new_mexico: Program, tmp_path: Path) -> None:
    file = changed(tmp_path, LONGER)
    [digest] = [row["digest"] for row in new_mexico.json("policy", "list")["adopted"] if row["id"] == "NM" and row["layer"]]
    told = new_mexico.json("policy", "diff", digest[:10], str(file))
    assert [(one["rule_id"], [change["field"] for change in one["fields"]]) for one in told["changed"]] == [
        ("NM-CONSULATE-MX-24H", ["limit"])
    ]
    assert "24 hours elapsed (24 hours that run on) -> 48 hours" in new_mexico.ok("policy", "diff", "NM", str(file))
    assert "nothing is different" in new_mexico.ok("policy", "diff", "NM", digest)


def test_a_pack_with_an_error_is_adopted_by_nobody_whichever_way_it_comes(fresh: Program, tmp_path: Path) -> None:
    file = changed(tmp_path, ('met_by = "ConsulateNotified"', 'met_by = "ConsulateTold"'))
    ran = fresh("policy", "adopt", str(file), *ADOPT)
    assert ran.exit_code == 1 and "DECISION-7" in ran.stderr and "ConsulateTold" in ran.stderr
    line = {**commands(H1)[0], "data": {"text": file.read_text(encoding="utf-8"), "second_person": "counsel-1"}}
    [answer] = fresh.submitted([line])
    assert (answer["status"], answer["rule"], answer["field"]) == ("refused", "DECISION-7", "text")
    assert fresh.json("policy", "list")["adopted"] == []


def test_an_adoption_carries_the_digest_of_its_dry_run(fresh: Program) -> None:
    digest = "0123456789abcdef" * 4
    assert fresh("policy", "adopt", str(NM), *ADOPT, "--dry-run-digest", "short").exit_code == 1
    fresh.ok("policy", "adopt", str(NM), *ADOPT, "--dry-run-digest", digest)
    with fresh.casebridge() as casebridge:
        [adopted] = [envelope.event for envelope in casebridge.backbone.envelopes("agency-NM-CYFD")]
    assert adopted.dry_run_digest == digest  # type: ignore[attr-defined]


def test_a_calendar_has_no_dry_run(fresh: Program) -> None:
    calendar = ROOT / "domain/calendars/NM.toml"
    assert fresh("policy", "adopt", str(calendar), *ADOPT, "--dry-run-digest", "0" * 64).exit_code == 2


# ------------------------------------------------------------------ dry run
@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """To be read only."""
    home = tmp_path_factory.mktemp("played") / "home"
    play(home)
    return Program(home)


def stored(program: Program) -> dict[str, str]:
    """What every file of the home holds, but for the write-ahead files of an open database."""
    return {
        str(path.relative_to(program.home)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(program.home.rglob("*")) if path.is_file() and not path.name.endswith(("-wal", "-shm"))
    }


def rows(program: Program) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table of every database of the home."""
    found: dict[str, list[tuple[object, ...]]] = {}
    for file in sorted(program.home.glob("*.sqlite*")):
        if file.name.endswith(("-wal", "-shm")):
            continue
        with closing(sqlite3.connect(file)) as connection:
            names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            found |= {f"{file.name} {name}": connection.execute(f'SELECT * FROM "{name}"').fetchall() for name in names}
    assert any(name.endswith(" commands") and held for name, held in found.items()), "the log is somewhere else"
    return found


def head(program: Program) -> int:
    with program.casebridge() as casebridge:
        return casebridge.log.head().position


def by_rule(told: dict[str, Any]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for row in told["rules"]:
        assert (row["agency"], row["jurisdiction"]) == ("NM-CYFD", "NM")
        if row["change"] not in ("unchanged", "cannot tell"):
            found.setdefault(row["rule_id"], {})[row["change"]] = row["duties"]
    return found


def test_the_text_in_force_would_change_nothing_and_nothing_is_written(played: Program) -> None:
    before, held = stored(played), rows(played)
    told = played.json("policy", "dry-run", str(NM))
    assert by_rule(told) == {} and told["cases"] >= 2 and told["events"] > 0
    assert told["unreadable"] == {"cases": 0, "first_cases": []}
    assert stored(played) == before and rows(played) == held


def test_a_changed_limit_is_reported_by_rule_with_a_digest_that_stays(played: Program, tmp_path: Path) -> None:
    file = changed(tmp_path, LONGER)
    before, held = stored(played), rows(played)
    told = played.json("policy", "dry-run", str(file), "--agency", "NM-CYFD")
    assert by_rule(told)["NM-CONSULATE-MX-24H"]["moved"] >= 1
    assert told["report_digest"] == played.json("policy", "dry-run", str(file))["report_digest"]
    assert told["report_digest"] != played.json("policy", "dry-run", str(NM))["report_digest"]
    shown = played.ok("policy", "dry-run", str(file))
    assert told["report_digest"] in shown and "would have another clock or limit" in shown
    assert stored(played) == before and rows(played) == held
    later = played.json("policy", "dry-run", str(file), "--from", "2030-01-01")
    assert by_rule(later) == {}


def test_a_dry_run_that_cannot_be_made_says_why(played: Program, new_mexico: Program, tmp_path: Path) -> None:
    assert played("policy", "dry-run", "no-such-pack").exit_code == 1
    assert played("policy", "dry-run", str(NM), "--agency", "OR-DHS").exit_code == 1
    assert played("policy", "dry-run", str(NM), "--from", "yesterday").exit_code == 2
    other = tmp_path / "xy.toml"
    other.write_text(NM.read_text(encoding="utf-8").replace('id = "NM"', 'id = "XY"', 1), encoding="utf-8")
    ran = played("policy", "dry-run", str(other))
    assert ran.exit_code == 2 and "--agency" in ran.stderr
    assert Program(tmp_path / "nowhere")("policy", "dry-run", str(NM)).exit_code == 3
    assert new_mexico.json("policy", "dry-run", str(NM))["cases"] == 0


# ------------------------------------------------------------------ apply
@pytest.fixture
def copied(played: Program, tmp_path: Path) -> Program:
    """A copy, to be changed."""
    shutil.copytree(played.home, tmp_path / "home")
    return Program(tmp_path / "home")


def test_a_new_pack_is_listed_for_open_cases_and_reaches_each_by_a_command(copied: Program, tmp_path: Path) -> None:
    rule = """
[[rule]]
id = "NM-CUSTODY-CALL"
force = "DUTY"
process = "P02"
tracked = true
scope = "case"
trigger = "child_is_no_us_citizen"
words = "The desk calls the family's consulate."
recipients = ["CONS-xx", "CONS-MX"]
limit = { kind = "elapsed", amount = 6, words = "6 hours" }
met_by = ["TaskForceNotified"]
source_lines = "1"
"""
    file = tmp_path / "nm.toml"
    file.write_text(NM.read_text(encoding="utf-8") + rule, encoding="utf-8")
    nothing = copied("policy", "apply", "--agency", "NM-CYFD")
    assert nothing.exit_code == 0 and nothing.stdout.startswith("0 cases"), nothing.output
    copied.ok("policy", "adopt", str(file), *ADOPT)
    stands = head(copied)
    listed = copied.json_lines("policy", "apply", "--agency", "NM-CYFD")
    assert [(one["raised"], one["questions"], one["because"]) for one in listed] == [(1, 0, None), (0, 1, None)]
    assert head(copied) == stands
    assert "--record sends it" in copied.ok("policy", "apply", "--agency", "NM-CYFD")
    assert copied.json_lines("policy", "apply", "--agency", "NM-CYFD", "--record") == listed
    due = [duty for case in copied.json("due")["cases"] for act in case["acts"] for duty in act["duties"]]
    adopted_at = {row["digest"]: row["effective_at"] for row in copied.json("policy", "list")["adopted"]}
    called = [duty for duty in due if duty["rule"] == "NM-CUSTODY-CALL"]
    assert len(called) == 1
    for duty in called:
        assert duty["clock_start"].partition("[")[0] == adopted_at[duty["pack_digest"]]
    assert "from now on these packs count" in copied.ok("case", "timeline", listed[0]["case_id"])
    again = copied("policy", "apply", "--agency", "NM-CYFD", "--record")
    assert again.exit_code == 0 and again.stdout.startswith("0 cases")


def test_an_agency_that_adopted_nothing_has_nothing_to_apply(copied: Program) -> None:
    assert copied("policy", "apply", "--agency", "OR-DHS").exit_code == 1
