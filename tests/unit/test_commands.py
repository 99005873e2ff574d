"""Commands as a sender writes them: what is wrong is named by field and rule, and never by its value."""
from __future__ import annotations

from datetime import timedelta
from typing import Any
from unicodedata import normalize
from zoneinfo import ZoneInfo

import pytest

from adapters.commands import json_schema, parse_line
from domain.case.custody import TakeIntoCustody
from domain.case.intake import AddChild
from domain.refusals import Refused
from domain.submission import COMMANDS

LINE: dict[str, Any] = {
    "command": "TakeIntoCustody", "command_id": "0c0de001-0000-4000-8000-000000000001", "agency": "NM-CYFD",
    "case": "ca5e0001-0000-4000-8000-000000000001",
    "actor": {"agency": "NM-CYFD", "role": "caseworker", "user": "caseworker-1"},
    "occurred_at": "2026-08-13T16:10:00-06:00[America/Denver]",
    "data": {
        "child_id": "0c100000-0000-4000-8000-000000000001", "episode_id": "0e100000-0000-4000-8000-000000000001",
        "place": "home",
    },
}


def test_a_line_becomes_a_typed_command_with_its_zone() -> None:
    line = parse_line(LINE)
    assert isinstance(line.command, TakeIntoCustody) and line.command.circumstances is None
    assert line.occurred_at.tzinfo == ZoneInfo("America/Denver") and line.learned_at == line.occurred_at
    assert line.stream == "case-ca5e0001-0000-4000-8000-000000000001"


def test_a_bare_offset_is_a_zone_too() -> None:
    line = parse_line({**LINE, "occurred_at": "2026-08-13T16:10:00-06:00"})
    assert line.occurred_at.utcoffset() == timedelta(hours=-6)


@pytest.mark.parametrize(("change", "field"), [
    ({"command": "TakeAway"}, "command"),
    ({"command": 7}, "command"),
    ({"command_id": "not an id"}, "command_id"),
    ({"command_id": None}, "command_id"),
    ({"agency": "nm cyfd"}, "agency"),
    ({"case": None}, "case"),
    ({"command": "SuspendOffice"}, "case"),
    ({"actor": {"agency": "NM-CYFD", "role": "caseworker"}}, "actor.user"),
    ({"occurred_at": "2026-08-13T16:10:00"}, "occurred_at"),
    ({"occurred_at": "13/08/2026"}, "occurred_at"),
    ({"occurred_at": "2026-08-13T16:10:00-05:00[America/Denver]"}, "occurred_at"),
    ({"occurred_at": "2026-08-13T16:10:00-06:00[America/Nowhere]"}, "occurred_at"),
    ({"occurred_at": "2026-08-13T16:10:00-06:00[America]"}, "occurred_at"),
    ({"occurred_at": "2026-08-13T16:10:00+00:00[localtime]"}, "occurred_at"),
    ({"occurred_at": "2026-08-13T16:10:00-06:00:00.000005"}, "occurred_at"),
    ({"occurred_at": "0001-01-01T00:00:00+01:00"}, "occurred_at"),
    ({"occurred_at": "9999-12-31T23:59:59-01:00"}, "occurred_at"),
    ({"occurred_at": "1899-12-31T23:59:59+00:00"}, "occurred_at"),
    ({"learned_at": "9000-01-01T00:00:00+00:00"}, "learned_at"),
    ({"surprise": 1}, "surprise"),
    ({"data": []}, "data"),
    ({"data": {**LINE["data"], "status": "undocumented"}}, "data.status"),
    ({"data": {**LINE["data"], "child_id": None}}, "data.child_id"),
    ({"data": {**LINE["data"], "place": "  "}}, "data.place"),
    ({"data": {**LINE["data"], "place": 5}}, "data.place"),
    ({"data": {**LINE["data"], "place": "x" * 200_001}}, "data.place"),
])
def test_what_is_wrong_is_named_by_its_field(change: dict[str, Any], field: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_line({**LINE, **change})
    assert (refused.value.rule, refused.value.field) == ("COMMAND-FORM", field)
    assert "undocumented" not in str(refused.value), "a refusal never repeats a value"


@pytest.mark.parametrize("moment", ["1900-01-01T00:00:00+00:00", "8999-12-31T23:59:59Z", "1900-01-01T01:00:00+01:00"])
def test_the_first_and_the_last_time_that_can_be_told_are_taken(moment: str) -> None:
    assert parse_line({**LINE, "occurred_at": moment}).occurred_at.isoformat() == moment.replace("Z", "+00:00")


def test_half_a_sign_and_a_time_before_all_times_are_refused() -> None:
    with pytest.raises(Refused, match="half of a sign"):
        parse_line({**LINE, "data": {**LINE["data"], "place": "\ud800"}})
    with pytest.raises(Refused) as refused:
        parse_line({**LINE, "occurred_at": "0001-01-01T00:00:00+14:00[America/Denver]"})
    assert refused.value.field == "occurred_at"


def test_nested_lists_are_named_by_their_index() -> None:
    persons = [{"person_id": "0c100000-0000-4000-8000-000000000001", "birth_country": "GT"}, {"birth_country": "GT"}]
    data = {"information_id": "01d00001-0000-4000-8000-000000000001", "persons": persons, "basis": "interview"}
    with pytest.raises(Refused) as refused:
        parse_line({**LINE, "command": "ObtainCitizenshipInformation", "data": data})
    assert refused.value.field == "data.persons[1].person_id"


def test_the_digested_content_does_not_depend_on_the_order_of_keys() -> None:
    shuffled = dict(reversed(list(LINE.items())))
    assert parse_line(shuffled).content == parse_line(LINE).content


def test_a_name_is_the_same_however_its_accents_were_typed() -> None:
    composed, apart = (normalize(form, "Zúñiga Peña") for form in ("NFC", "NFD"))
    assert composed != apart
    data = {"child_id": LINE["data"]["child_id"]}
    lines = [
        parse_line({**LINE, "command": "AddChild", "data": {**data, "name": {"given_names": "X", "surnames": surnames}}})
        for surnames in (composed, apart)
    ]
    assert lines[0] == lines[1]
    assert isinstance(lines[1].command, AddChild) and lines[1].command.name is not None
    assert lines[1].command.name.surnames == composed


def test_every_command_has_a_json_schema_with_a_sentence() -> None:
    for declared in COMMANDS.values():
        schema = json_schema(declared)
        assert schema["description"] and schema["additionalProperties"] is False
