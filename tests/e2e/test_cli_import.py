"""An agency's export, taken over: seen beforehand, once, corrected when it changes, asked about when it falls silent."""
from __future__ import annotations

import csv
import gc
import io
import json
import logging
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from adapters.backbone import Outcome
from adapters.importing.mapping import load_mapping, parse_mapping
from adapters.importing.reading import Record
from adapters.importing.rows import Prepared
from adapters.importing.run import Import
from domain.case.sources import ExportRowTaken
from domain.case.state import Case
from domain.people import BirthDate
from domain.personal import Known
from tests.e2e.cli_world import H1, Program, commands
from tests.unit.test_import_mapping import WHOLE

DATA = Path(__file__).parents[1] / "data"
MAPPINGS = Path(__file__).parents[2] / "adapters" / "importing" / "mappings"
REMOVALS, FORMS = MAPPINGS / "removal-export.toml", MAPPINGS / "new-mexico-notice-form.toml"


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """An agency that has adopted its packs and knows no case."""
    made = Program(tmp_path / "home")
    answers = made.submitted([line for line in commands(H1) if "case" not in line])
    assert {answer["status"] for answer in answers} == {"accepted"}
    return made


def imported(program: Program, file: Path, *words: str, mapping: Path = REMOVALS) -> dict[str, Any]:
    """What an import of this file says, and that its exit code is that of what it says."""
    ran = program("import", str(file), "--mapping", str(mapping), "--json", *words)
    told: dict[str, Any] = json.loads(ran.stdout)
    assert ran.exit_code == (1 if told["refusals"] else 0), ran.output
    return told


def case(program: Program, source: str, number: str) -> tuple[UUID, Case]:
    with program.casebridge() as casebridge:
        case_id = casebridge.backbone.outside_ids.ours("NM-CYFD", source, number)
        return case_id, casebridge.backbone.case(case_id)


def ours(program: Program, source: str, number: str) -> UUID:
    with program.casebridge() as casebridge:
        return casebridge.backbone.outside_ids.ours("NM-CYFD", source, number)


def head(program: Program) -> int:
    with program.casebridge() as casebridge:
        return casebridge.log.head().position


def rewritten(file: Path, into: Path, number: str, **cells: str) -> Path:
    """A copy of an export in which one row says something else."""
    rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig"))))
    with into.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows({**row, **cells} if row["REMOVAL_ID"] == number else row for row in rows)
    return into


def test_a_dry_run_says_what_would_be_recorded_and_records_nothing(program: Program) -> None:
    before = head(program)
    dry = imported(program, DATA / "removals.csv", "--dry-run")
    assert head(program) == before and dry["recorded"] is False
    done = imported(program, DATA / "removals.csv")
    assert (done["rows"], done["commands"]) == (dry["rows"], dry["commands"]) == ({"new": 3}, {
        "OpenCase": 2, "AddChild": 3, "AddParty": 3, "LinkPartyToChild": 2, "TakeIntoCustody": 3,
        "ObtainCitizenshipInformation": 3, "TakeExportRow": 3,
    })
    assert done["recorded"] is True and done["warnings"] == 1  # one surname alone


def test_what_was_imported_is_a_case_like_any_other(program: Program) -> None:
    imported(program, DATA / "removals.csv")
    case_id, family = case(program, "cms.case", "17-0042")
    people = {known_name(person.name.value): person for person in family.intake.people.values()}
    assert set(people) == {
        "Itzel Guadalupe Peñaloza Cárdenas", "Ánuar Peñaloza Cárdenas", "Rosalba Cárdenas Ibáñez",
        "Efraín Peñaloza Quintero",
    }
    assert len(people["Rosalba Cárdenas Ibáñez"].child_ids) == 2
    child = family.citizenship.of(people["Itzel Guadalupe Peñaloza Cárdenas"].person_id)
    assert child.nationalities.value == Known(("MX",)) and child.birth_country.value == Known("MX")
    assert {duty.raised.rule_id for duty in family.obligations.open_duties()} >= {"NM-CONSULATE-MX-24H"}
    assert "Peñaloza" in program.ok("case", "timeline", str(case_id))
    assert program("fsck").exit_code == 0


def known_name(name: Any) -> str:
    return f"{name.value.given_names} {name.value.surnames}"


def test_the_same_export_again_has_no_effect(program: Program) -> None:
    imported(program, DATA / "removals.csv")
    before = head(program)
    for words in ((), ("--snapshot",)):
        again = imported(program, DATA / "removals.csv", *words)
        assert again["rows"] == {"unchanged": 3} and again["commands"] == {}
    assert head(program) == before


def test_a_snapshot_corrects_what_changed_adds_what_is_new_and_asks_about_what_is_gone(program: Program) -> None:
    imported(program, DATA / "removals.csv")
    dry = imported(program, DATA / "removals-later.csv", "--snapshot", "--dry-run")
    later = imported(program, DATA / "removals-later.csv", "--snapshot")
    assert later["rows"] == dry["rows"] == {"changed": 1, "unchanged": 1, "new": 1, "gone": 1}
    _, family = case(program, "cms.case", "17-0042")
    child = family.intake.people[ours(program, "cms.child", "C-501")]
    assert isinstance(child.birth_date.value, Known) and child.birth_date.value.value.day.isoformat() == "2018-04-07"
    father = family.citizenship.of(ours(program, "cms.caregiver", "P-9002"))
    assert father.birth_country.value == Known("HN")
    _, gone = case(program, "cms.case", "17-0043")
    (silence,) = gone.sources.silences()
    assert gone.intake.is_open and len(gone.intake.people) == 2  # nothing was deleted
    asked = " ".join(program.ok("due").split())
    assert "why another system tells of Wendy Chub no longer" in asked and "ExplainSilence" in asked
    assert imported(program, DATA / "removals-later.csv", "--snapshot")["rows"] == {"unchanged": 3}
    back = imported(program, DATA / "removals.csv")
    assert back["rows"]["changed"] == 2  # the birth date as it was said at first, and the row that came back
    assert case(program, "cms.case", "17-0043")[1].sources.silences() == [] != [silence]


def test_without_snapshot_a_missing_row_says_nothing(program: Program) -> None:
    imported(program, DATA / "removals.csv")
    assert "gone" not in imported(program, DATA / "removals-later.csv")["rows"]


def test_a_persons_correction_is_not_overridden_by_an_export(program: Program, tmp_path: Path) -> None:
    imported(program, DATA / "removals.csv")
    case_id, family = case(program, "cms.case", "17-0042")
    child = ours(program, "cms.child", "C-501")
    (answer,) = program.submitted([{
        "command": "CorrectFact", "command_id": "0c0de0aa-0000-4000-8000-000000000001", "agency": "NM-CYFD",
        "case": {"source": "cms.case", "id": "17-0042"}, "occurred_at": "2026-09-01T10:00:00-06:00",
        "actor": {"agency": "NM-CYFD", "role": "caseworker", "user": "caseworker-1"},
        "data": {
            "correction_id": "0c0de0aa-0000-4000-8000-000000000002", "birth_date": "2018-07-05",
            "person_id": {"source": "cms.child", "id": "C-501"}, "evidence": "birth certificate",
            "replaces_event_id": str(family.intake.people[child].event_id),
        },
    }])
    assert answer["status"] == "accepted", answer
    assert imported(program, DATA / "removals.csv")["rows"] == {"unchanged": 3}  # it said that before
    other = rewritten(DATA / "removals.csv", tmp_path / "other.csv", "R-1001", E5_date_of_birth="20180706")
    told = imported(program, other)
    assert [(one["line"], one["column"], one["rule"]) for one in told["first"]] == [
        (2, "E5_date_of_birth", "IMPORT-CONTRADICTED"),
    ]
    held = case(program, "cms.case", "17-0042")[1].intake.people[child].birth_date.value
    assert isinstance(held, Known) and held.value.day.isoformat() == "2018-07-05"
    right = rewritten(DATA / "removals.csv", tmp_path / "right.csv", "R-1001", E5_date_of_birth="20180705")
    assert imported(program, right)["refusals"] == 0
    assert str(case_id)


def test_a_new_row_that_contradicts_its_case_leaves_nothing_behind(program: Program, tmp_path: Path) -> None:
    imported(program, DATA / "removals.csv")
    before = head(program)
    second = rewritten(
        DATA / "removals.csv", tmp_path / "second.csv", "R-1001", REMOVAL_ID="R-2001", E5_date_of_birth="20180706"
    )
    told = imported(program, second)
    assert [(one["column"], one["rule"]) for one in told["first"]] == [("E5_date_of_birth", "IMPORT-CONTRADICTED")]
    assert told["rows"] == {"refused": 1, "unchanged": 2} and head(program) == before


def test_what_no_command_corrects_is_left_to_a_person_and_seen_again(program: Program, tmp_path: Path) -> None:
    imported(program, DATA / "removals.csv")
    changed = rewritten(
        DATA / "removals.csv", tmp_path / "place.csv", "R-1001", REMOVAL_PLACE="hospital", E5_date_of_birth="20180705"
    )
    first, second = imported(program, changed), imported(program, changed)
    assert [(one["column"], one["rule"]) for one in first["first"]] == [("REMOVAL_PLACE", "IMPORT-CHANGED")]
    assert first["commands"] == {"CorrectFact": 1, "TakeExportRow": 1}
    assert second["first"] == first["first"] and second["commands"] == {}


def test_where_the_form_of_a_row_is_wrong_all_are_reported_and_nothing_is_recorded(program: Program) -> None:
    before = head(program)
    told = imported(program, DATA / "removals-bad-form.csv")
    assert head(program) == before and told["recorded"] is False
    assert {(one["line"], one["rule"]) for one in told["first"]} == {
        (2, "IMPORT-DATE"), (3, "IMPORT-ZONE"), (4, "IMPORT-PATTERN"), (5, "COUNTRY-CODE"), (6, "IMPORT-VALUE"),
        (7, "IMPORT-ROW"), (8, "IMPORT-ZONE"), (9, "IMPORT-ROW"), (10, "COMMAND-FORM"), (11, "IMPORT-VALUE"),
    }


def test_a_row_that_a_decider_refuses_leaves_nothing_behind_and_stops_no_other(program: Program) -> None:
    told = imported(program, DATA / "removals-refused.csv")
    assert told["rows"] == {"refused": 4, "new": 1}
    assert [(one["line"], one["column"], one["rule"]) for one in told["first"]] == [
        (2, "E5_date_of_birth", "P01"), (3, "E5_date_of_birth", "P01"),
        (4, "CHILD_GIVEN_NAMES, CHILD_SURNAMES", "P01"), (5, "ORIGIN_LEARNED_AT", "P01"),
    ]
    for number in ("17-0099", "17-0100", "17-0101", "17-0102"):
        assert case(program, "cms.case", number)[1].version == 0
    assert case(program, "cms.case", "17-0103")[1].intake.is_open


def test_the_forms_of_a_notice_give_its_seven_items(program: Program) -> None:
    assert imported(program, DATA / "notice-forms.jsonl", mapping=FORMS)["rows"] == {"new": 2}
    noted = {one["column"] for one in imported(program, DATA / "notice-forms.jsonl", mapping=FORMS)["noted"]}
    assert noted == {"mother_surnames"}  # one surname alone
    _, family = case(program, "cms.case", "17-0200")
    people = {person.role: person for person in family.intake.people.values()}
    mother = people[next(role for role in people if role and role.value == "mother")]
    relative = people[next(role for role in people if role and role.value == "relative")]
    origin = family.citizenship.of(mother.person_id)
    assert known_name(mother.name.value) == "Alma Ruelas Baca" and isinstance(mother.birth_date.value, Known)
    assert (origin.birth_city.value, origin.birth_region.value) == (Known("Parral"), Known("Chihuahua"))
    assert isinstance(mother.address.value, Known) and relative.phone.value == Known("+52 555 000 0101")
    child = people[None]
    assert isinstance(child.birth_date.value, Known) and isinstance(child.birth_date.value.value, BirthDate)


def test_a_column_that_no_form_has_is_noted_by_its_name(program: Program, tmp_path: Path) -> None:
    mapping, first = tmp_path / "mapping.toml", tmp_path / "form.jsonl"
    mapping.write_text(FORMS.read_text(encoding="utf-8").replace("child_birth_date", "chid_birth_date"), encoding="utf-8")
    first.write_text((DATA / "notice-forms.jsonl").read_text(encoding="utf-8").splitlines()[0], encoding="utf-8")
    told = imported(program, first, "--dry-run", mapping=mapping)
    assert [(one["column"], one["rule"]) for one in told["noted"]] == [("chid_birth_date", "IMPORT-FILE")]


def test_the_report_has_a_line_for_each_row_and_no_value(program: Program, tmp_path: Path) -> None:
    report = tmp_path / "report.jsonl"
    imported(program, DATA / "removals.csv", "--report", str(report))
    imported(program, DATA / "removals-refused.csv", "--report", str(report))
    rows = [json.loads(line) for line in report.read_text(encoding="utf-8").splitlines()]
    assert [(row["line"], row["status"]) for row in rows] == [
        (2, "refused"), (3, "refused"), (4, "refused"), (5, "refused"), (6, "new"),
    ]
    assert report.stat().st_mode & 0o077 == 0
    assert personal_in(report.read_bytes()) == []


def personal_in(content: bytes) -> list[str]:
    """Values of the exports that stand in some bytes."""
    found: Sequence[str] = [
        value for row in csv.DictReader(io.StringIO((DATA / "removals.csv").read_text(encoding="utf-8-sig")))
        for name, value in row.items()
        if len(value) > 4 and not name.endswith(("_ZONE", "_ROLE", "_TIME", "_COUNTRY", "_NATIONALITY"))
    ]  # Countries stand in the directory of offices; a child's stands in a box, as every test of the boxes shows.
    assert len(found) > 30
    return [value for value in found if value.encode() in content]


def test_no_value_of_an_export_stands_in_clear_in_the_home_folder_the_output_or_a_log(
    program: Program, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    later = program("import", str(DATA / "removals.csv"), "--mapping", str(REMOVALS))
    changed = program("import", str(DATA / "removals-later.csv"), "--mapping", str(REMOVALS), "--snapshot")
    assert (later.exit_code, changed.exit_code) == (0, 0)
    assert personal_in((later.output + changed.output + caplog.text).encode()) == []
    files = [path for path in program.home.rglob("*") if path.is_file()]
    assert {"log.sqlite", "keys.sqlite"} <= {path.name for path in files}
    for path in files:
        assert personal_in(path.read_bytes()) == [], path.name


@pytest.mark.parametrize(("text", "because"), [
    ("", "the first line names one to"),
    ("REMOVAL_ID,CASE_ID\n1,2\n", "columns that the file has not"),
    ("A,A\n1,2\n", "two columns have one name"),
])
def test_a_file_that_is_none_is_refused_as_a_whole(program: Program, tmp_path: Path, text: str, because: str) -> None:
    file = tmp_path / "export.csv"
    file.write_text(text, encoding="utf-8")
    ran = program("import", str(file), "--mapping", str(REMOVALS))
    assert ran.exit_code == 1 and because in ran.output


def test_a_missing_file_or_mapping_is_wrong_usage(program: Program, tmp_path: Path) -> None:
    assert program("import", str(tmp_path / "none.csv"), "--mapping", str(REMOVALS)).exit_code == 2
    assert program("import", str(DATA / "removals.csv")).exit_code == 2


def test_without_a_log_nothing_can_be_imported(tmp_path: Path) -> None:
    ran = Program(tmp_path / "empty")("import", str(DATA / "removals.csv"), "--mapping", str(REMOVALS))
    assert ran.exit_code == 3 and "casebridge submit" in ran.output


def test_quotes_that_do_not_close_are_found_and_end_the_reading(program: Program, tmp_path: Path) -> None:
    file = tmp_path / "export.csv"
    text = (DATA / "removals.csv").read_text(encoding="utf-8-sig")
    file.write_text(text.replace("gate of", '"gate of', 1), encoding="utf-8")
    told = imported(program, file)
    assert told["first"][-1]["rule"] == "IMPORT-FILE" and told["recorded"] is False


def test_a_run_that_was_cut_short_is_simply_repeated(program: Program) -> None:
    """Killed after any command: what is missing is recorded, and nothing twice."""
    for allowed in range(1, 18):
        with program.casebridge() as casebridge:
            counted = iter(range(allowed))

            def submit(number: int, raw: dict[str, Any], open_: Any = casebridge, left: Any = counted) -> Outcome:
                if next(left, None) is None:
                    raise KeyboardInterrupt
                outcome: Outcome = open_.backbone.submit(raw, principal="tester")
                return outcome

            work = Import(
                casebridge.backbone, load_mapping(REMOVALS), DATA / "removals.csv", principal="tester", submit=submit,
                report=lambda row: None, tell=lambda done: None,
            )
            assert work.check().is_fine
            with suppress(KeyboardInterrupt):
                assert work.run(is_dry=False, is_snapshot=False).is_fine
    assert imported(program, DATA / "removals.csv")["rows"] == {"unchanged": 3}
    with program.casebridge() as casebridge:
        topics = Counter(row.topic.rpartition(".")[2] for row in casebridge.log.read_log(after=0, limit=5_000))
    kinds = ("CaseOpened", "ChildAddedToCase", "PartyAddedToCase", "CustodyTaken")
    assert [topics[kind] for kind in kinds] == [2, 3, 3, 3]
    assert topics["ExportRowTaken"] == 3


def test_a_mapping_may_say_its_constants_otherwise(program: Program, tmp_path: Path) -> None:
    imported(program, DATA / "removals.csv")
    mapping = tmp_path / "mapping.toml"
    text = REMOVALS.read_text(encoding="utf-8")
    other = text.replace("entered in the case management system", "as the county's system has it")
    mapping.write_text(other, encoding="utf-8")
    assert imported(program, DATA / "removals.csv", mapping=mapping)["rows"] == {"unchanged": 3}


def test_a_long_export_is_checked_a_row_at_a_time(program: Program, tmp_path: Path) -> None:
    """Of the rows behind, a number and a line are kept, and nothing that was read."""
    file, alive = tmp_path / "long.csv", list[int]()
    file.write_text("ID,CASE,AT\n" + "".join(f"{n},K-{n},2026-08-20 16:40\n" for n in range(10_000)), encoding="utf-8")
    mapping = parse_mapping(WHOLE[:WHOLE.index("[[commands]]")] + LEAN)

    def tell(offset: int) -> None:
        if offset // 50_000 > len(alive):
            alive.append(sum(isinstance(kept, Record | Prepared) for kept in gc.get_objects()))

    with program.casebridge() as casebridge:
        work = Import(
            casebridge.backbone, mapping, file, principal="tester", report=lambda row: None, tell=tell, submit=never,
        )
        assert work.check().rows == {"read": 10_000}
    assert len(alive) > 3 and max(alive) <= 4, alive


LEAN = """
[[commands]]
command = "OpenCase"
data = { child_ids = [{ source = "cms.child", column = "ID" }] }
"""


def never(number: int, raw: dict[str, Any]) -> Any:
    raise AssertionError("nothing is recorded by a check")


def test_what_a_source_said_is_kept_as_digests_in_a_box(program: Program) -> None:
    imported(program, DATA / "removals.csv")
    with program.casebridge() as casebridge:
        rows = casebridge.log.read_log(after=0, limit=5_000)
        taken = [row for row in rows if row.topic == ExportRowTaken.TOPIC]
        assert len(taken) == 3
        for row in taken:
            clear, told = casebridge.clear_codec.decode(row).event, casebridge.codec.decode(row).event
            assert isinstance(told, ExportRowTaken) and isinstance(clear, ExportRowTaken)
            assert isinstance(told.said, Known) and not isinstance(clear.said, Known)
            assert personal_in(repr(told.said).encode()) == []
