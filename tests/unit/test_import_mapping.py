"""A mapping is refused by the name of its key; what is not written as it says is refused by column, and never guessed."""
from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from adapters.importing.convert import Bad, Cells
from adapters.importing.mapping import Cell, Kind, load_mapping, parse_mapping
from adapters.importing.reading import Record
from adapters.importing.rows import Prepared, Rows
from adapters.outside_ids import OutsideIds
from domain.refusals import Refused

SHIPPED = sorted((Path(__file__).parents[2] / "adapters" / "importing" / "mappings").glob("*.toml"))
WHOLE = """
source = "cms.removals"
agency = "NM-CYFD"
actor = { role = "data import", user = "cms" }
row = ["ID"]
case = { source = "cms.case", column = "CASE" }
time = { column = "AT", format = "%Y-%m-%d %H:%M", zone = "America/Denver" }
[values.country]
"Mexico" = "MX"
[values.yes_no]
"Y" = true
[[commands]]
command = "AddChild"
[commands.data]
child_id = { source = "cms.child", column = "CHILD", pattern = "[0-9]+" }
birth_date = { column = "DOB", as = "date", format = "%m/%d/%Y", empty = ["00/00/0000"] }
birth_date_is_estimate = { column = "EST", values = "yes_no" }
name = { given_names = { column = "GIVEN" }, surnames = { column = "SURNAMES", as = "surnames" } }
[[commands]]
command = "ObtainCitizenshipInformation"
needs = ["persons"]
[commands.data]
information_id = { source = "cms.origin", column = "ID" }
basis = "cms"
[[commands.data.persons]]
person_id = { source = "cms.child", column = "CHILD" }
nationalities = { column = "NAT", as = "country", values = "country", split = ";" }
"""
CELLS = {
    "ID": "1", "CASE": "17", "AT": "2026-08-20 16:40", "CHILD": "501", "DOB": "3/9/2017", "EST": "y", "GIVEN": " Ángel ",
    "SURNAMES": "Beltrán Zúñiga", "NAT": "México; GT",
}
MAPPING = parse_mapping(WHOLE)


def prepared(**cells: str) -> Prepared:
    return Rows(MAPPING, OutsideIds(bytes(32))).prepared(Record(2, 0, {**CELLS, **cells}))


def data(**cells: str) -> list[Mapping[str, Any]]:
    row = prepared(**cells)
    assert row.faults == ()
    return [made.raw["data"] for made in row.commands]


def fault(**cells: str) -> tuple[str | None, str]:
    (found,) = prepared(**cells).faults
    return found.column, found.rule


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: str(path.stem))
def test_a_shipped_mapping_is_one(path: Path) -> None:
    assert load_mapping(path).commands


@pytest.mark.parametrize(("old", "new", "field"), [
    ('row = ["ID"]', 'row = ["ID"]\nrwo = 1', "rwo"),
    ('source = "cms.removals"', 'source = "CMS Removals"', "source"),
    ('row = ["ID"]', "row = []", "row"),
    ('case = { source = "cms.case", column = "CASE" }', 'case = { column = "CASE" }', "case.source"),
    ('command = "AddChild"', 'command = "AddKid"', "commands[0].command"),
    ('command = "AddChild"', 'command = "AdoptPack"', "commands[0].command"),
    ('birth_date = {', 'birthday = {', "commands[0].data.birthday"),
    ('as = "date"', 'as = "day"', "commands[0].data.birth_date.as"),
    ('%m/%d/%Y', '%m/%d/%y', "commands[0].data.birth_date.format"),
    ('as = "date", format = "%m/%d/%Y"', 'as = "date"', "commands[0].data.birth_date.format"),
    ('zone = "America/Denver"', 'zone = "Denver"', "time.zone"),
    (', zone = "America/Denver"', "", "time.zone"),
    ('pattern = "[0-9]+"', 'pattern = "["', "commands[0].data.child_id.pattern"),
    ('values = "yes_no"', 'values = "yn"', "values"),
    ('"Mexico" = "MX"', '"Mexico" = "MX"\n"MÉXICO" = "GT"', "values.country.MÉXICO"),
    ('{ column = "GIVEN" }', '{ column = "GIVEN", colour = "red" }', "commands[0].data.name.given_names.colour"),
])
def test_a_wrong_or_unknown_key_is_refused_by_its_name(old: str, new: str, field: str) -> None:
    assert old in WHOLE
    with pytest.raises(Refused) as refused:
        parse_mapping(WHOLE.replace(old, new, 1))
    assert (refused.value.rule, refused.value.field) == ("IMPORT-MAPPING", field)


def test_a_row_becomes_commands_with_ids_of_its_source() -> None:
    child, origin = data()
    assert child == {
        "child_id": {"source": "cms.child", "id": "501"}, "birth_date": "2017-03-09", "birth_date_is_estimate": True,
        "name": {"given_names": "Ángel", "surnames": "Beltrán Zúñiga"},
    }
    assert origin["persons"][0]["nationalities"] == ["MX", "GT"]
    assert prepared().commands[0].raw["occurred_at"] == "2026-08-20T16:40:00-06:00[America/Denver]"


def test_what_the_row_does_not_say_is_left_out() -> None:
    (child,) = data(DOB="00/00/0000", EST="", GIVEN="", SURNAMES="", NAT="")
    assert child == {"child_id": {"source": "cms.child", "id": "501"}}


@pytest.mark.parametrize("word", ["Mexico", "México", "MEXICO", " mexico ", "MX"])
def test_one_country_has_one_code_however_it_is_written(word: str) -> None:
    assert data(NAT=word)[1]["persons"][0]["nationalities"] == ["MX"]


@pytest.mark.parametrize(("cells", "column", "rule"), [
    ({"DOB": "25/12/2017"}, "DOB", "IMPORT-DATE"),
    ({"DOB": "2017-12-25"}, "DOB", "IMPORT-DATE"),
    ({"DOB": "02/30/2017"}, "DOB", "IMPORT-DATE"),
    ({"CHILD": "501; 502"}, "CHILD", "IMPORT-PATTERN"),
    ({"CHILD": ""}, "CHILD", "COMMAND-FORM"),
    ({"EST": "maybe"}, "EST", "IMPORT-VALUE"),
    ({"NAT": "mx"}, "NAT", "COUNTRY-CODE"),
    ({"NAT": "Unknown"}, "NAT", "COUNTRY-CODE"),
    ({"ID": ""}, "ID", "IMPORT-ROW"),
    ({"CASE": ""}, "CASE", "COMMAND-FORM"),
    ({"AT": "2026-03-08 02:30"}, "AT", "IMPORT-ZONE"),  # the clock jumped over it
    ({"AT": "2026-11-01 01:30"}, "AT", "IMPORT-ZONE"),  # the clock showed it twice
    ({"AT": ""}, "AT", "COMMAND-FORM"),
    ({"SURNAMES": ""}, "SURNAMES", "COMMAND-FORM"),  # a name is kept whole
    ({"GIVEN": "\udce1ngel"}, "GIVEN", "IMPORT-ENCODING"),
])
def test_bad_data_is_refused_by_column_and_rule(cells: dict[str, str], column: str, rule: str) -> None:
    assert fault(**cells) == (column, rule)


def test_a_swapped_day_and_month_is_called_one() -> None:
    assert "swapped" in prepared(DOB="25/12/2017").faults[0].because
    assert "swapped" not in prepared(DOB="25/13/2017").faults[0].because


def test_one_surname_alone_is_a_warning_and_stops_nothing() -> None:
    row = prepared(SURNAMES="Beltrán")
    assert [(warning.column, warning.rule) for warning in row.warnings] == [("SURNAMES", "P01")]
    assert row.faults == () and row.commands[0].raw["data"]["name"]["surnames"] == "Beltrán"


@pytest.mark.parametrize("text", ["2017111", "20171301", "0"])
def test_digits_that_touch_are_read_in_one_way_or_not_at_all(text: str) -> None:
    cell = Cell(columns=("DOB",), kind=Kind.DATE, format="%Y%m%d")
    with pytest.raises(Bad):
        Cells({"DOB": text}, MAPPING).value(cell)
    assert Cells({"DOB": "20170111"}, MAPPING).value(cell) == "2017-01-11"


def test_a_time_takes_the_zone_of_its_column_and_is_refused_without() -> None:
    cell = Cell(columns=("AT",), kind=Kind.TIME, format="%Y-%m-%d %H:%M", zone_column="ZONE")
    at = {"AT": "2026-08-20 16:40"}
    assert Cells({**at, "ZONE": "America/Los_Angeles"}, MAPPING).value(cell) == (
        "2026-08-20T16:40:00-07:00[America/Los_Angeles]"
    )
    for zone in ("", "PST"):
        with pytest.raises(Bad) as bad:
            Cells({**at, "ZONE": zone}, MAPPING).value(cell)
        assert bad.value.rule == "IMPORT-ZONE"


def test_no_fault_holds_a_value() -> None:
    bad = {name: f"canary{name.lower()}" for name in CELLS}
    assert "canary" not in repr(prepared(**bad).faults) + repr(prepared(SURNAMES="canary").warnings)


def test_the_same_row_makes_the_same_commands_and_another_row_others() -> None:
    ids = [[made.raw["command_id"] for made in row.commands] for row in (prepared(), prepared(), prepared(ID="2"))]
    assert ids[0] == ids[1] and not set(ids[0]) & set(ids[2])
    assert prepared().said == prepared().said != prepared(DOB="3/10/2017").said
    assert "2017" not in repr(prepared().said) and "501" not in str(sorted(prepared().said))
