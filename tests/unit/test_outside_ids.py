"""An id of another system stands wherever ours does; the same number means the same id, and its mapping is an event."""
from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.avro import EventCodec, SchemaRegistry
from adapters.backbone import Backbone
from adapters.clocks import HistoryClock
from adapters.commands import json_schema, parse_line
from adapters.composition import SCHEMAS
from adapters.eventstore.fake import MemoryLog
from adapters.keys import MemoryKeyStore
from adapters.outside_ids import OutsideIds
from domain.agency import events as agency_events
from domain.case.custody import TakeIntoCustody
from domain.case.sources import OutsideIdMapped
from domain.personal import Known
from domain.refusals import Refused
from tests.unit.test_backbone import SETUP

IDS = OutsideIds(bytes(32))
CHILD = {"source": "cms.child", "id": "4711"}
ACTOR = {"agency": "NM-CYFD", "role": "caseworker", "user": "caseworker-1"}


def line(command: str, data: dict[str, Any], number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "command": command, "command_id": f"0c0de0ff-0000-4000-8000-{number:012d}", "agency": "NM-CYFD",
        "case": {"source": "cms.case", "id": "17"}, "actor": ACTOR,
        "occurred_at": "2026-08-13T16:10:00-06:00[America/Denver]", "data": data, **changes,
    }


@given(st.lists(st.text(max_size=8), min_size=1, max_size=4), st.lists(st.text(max_size=8), min_size=1, max_size=4))
def test_only_the_same_parts_make_the_same_id(one: list[str], other: list[str]) -> None:
    try:
        made = IDS.made(*one), IDS.made(*other)
    except UnicodeEncodeError:
        return
    assert (made[0] == made[1]) is (one == other)
    assert made[0].version == 8 and made[0].variant == "specified in RFC 4122"


def test_an_id_is_no_hash_that_anyone_could_repeat() -> None:
    ours = IDS.ours("NM-CYFD", "cms.child", "4711")
    assert ours != OutsideIds(b"\1" * 32).ours("NM-CYFD", "cms.child", "4711")
    assert ours != IDS.ours("NJ-DCF", "cms.child", "4711") != IDS.ours("NM-CYFD", "cms.case", "4711")
    assert ours not in {uuid5(UUID(int=0), text) for text in ("4711", "cms.child/4711", "NM-CYFD/cms.child/4711")}


def test_an_outside_id_stands_for_ours_in_the_case_and_in_every_field() -> None:
    data = {"child_id": CHILD, "episode_id": {"source": "cms.removal", "id": "R-9"}}
    parsed = parse_line(line("TakeIntoCustody", data), IDS.ours)
    assert isinstance(parsed.command, TakeIntoCustody)
    assert parsed.command.child_id == IDS.ours("NM-CYFD", "cms.child", "4711")
    assert parsed.case_id == IDS.ours("NM-CYFD", "cms.case", "17")
    assert [(outside.source, outside.id) for outside in parsed.outside] == [
        ("cms.case", "17"), ("cms.child", "4711"), ("cms.removal", "R-9"),
    ]


@pytest.mark.parametrize(("value", "field"), [
    ({"source": "CMS child", "id": "4711"}, "data.child_id.source"),
    ({"source": "cms.child", "id": ""}, "data.child_id.id"),
    ({"source": "cms.child", "id": " 4711"}, "data.child_id.id"),
    ({"source": "cms.child", "id": 4711}, "data.child_id.id"),
    ({"source": "cms.child", "id": "4" * 201}, "data.child_id.id"),
    ({"source": "cms.child"}, "data.child_id"),
    ({"source": "cms.child", "id": "4711", "kind": "child"}, "data.child_id"),
])
def test_what_is_no_outside_id_is_refused_by_field(value: dict[str, Any], field: str) -> None:
    data = {"child_id": value, "episode_id": {"source": "cms.removal", "id": "R-9"}}
    with pytest.raises(Refused) as refused:
        parse_line(line("TakeIntoCustody", data), IDS.ours)
    assert refused.value.field == field


def test_the_id_of_a_command_and_a_text_are_no_place_for_an_outside_id() -> None:
    for change, field in (({"command_id": CHILD}, "command_id"), ({"data": {"child_ids": [CHILD], "referral_id": CHILD}},
                                                                    "data.referral_id")):
        with pytest.raises(Refused) as refused:
            parse_line({**line("OpenCase", {"child_ids": [CHILD]}), **change}, IDS.ours)
        assert refused.value.field == field


def test_the_schema_of_a_command_says_that_an_id_may_be_another_systems() -> None:
    child = json_schema(TakeIntoCustody)["properties"]["child_id"]
    assert [form["type"] for form in child["anyOf"]] == ["string", "object"]


def backbone() -> Backbone:
    clock = HistoryClock(datetime(2026, 9, 1, tzinfo=UTC))
    keys = MemoryKeyStore()
    codec = EventCodec(SchemaRegistry.load(SCHEMAS), keys)
    made = Backbone(log=MemoryLog(clock=clock), codec=codec, keys=keys, clock=clock)
    for adoption in SETUP:
        assert made.submit(adoption, principal="tester").status == "accepted"
    return made


def test_a_number_is_mapped_once_with_the_command_that_first_uses_it() -> None:
    ours = backbone()
    first = ours.submit(line("OpenCase", {"child_ids": [CHILD]}), principal="tester")
    second = ours.submit(line("AddChild", {"child_id": CHILD}, number=2), principal="tester")
    assert [topic.rpartition(".")[2] for topic in first.events] == ["CaseOpened", "OutsideIdMapped", "OutsideIdMapped"]
    assert [topic.rpartition(".")[2] for topic in second.events] == ["ChildAddedToCase", "DutyRaised"]
    stream = f"case-{ours.outside_ids.ours('NM-CYFD', 'cms.case', '17')}"
    child = ours.outside_ids.ours("NM-CYFD", "cms.child", "4711")
    mapped = [e.event for e in ours.envelopes(stream) if isinstance(e.event, OutsideIdMapped)]
    assert [(e.outside_id, e.person_ids) for e in mapped] == [(Known("17"), (child,)), (Known("4711"), (child,))]
    assert b"4711" not in b"".join(row.state for row in ours.log.read_stream(stream))


def test_a_refused_command_maps_nothing() -> None:
    ours = backbone()
    refused = ours.submit(line("AddChild", {"child_id": CHILD}), principal="tester")
    assert refused.status == "refused" and refused.rule == "P01"
    assert ours.envelopes(f"case-{ours.outside_ids.ours('NM-CYFD', 'cms.case', '17')}") == []


def test_outside_a_case_the_mapping_is_the_agencys() -> None:
    ours = backbone()
    request = {"source": "iss", "id": "ISS-88"}
    data = {"request_id": request, "person_ids": [CHILD], "kind": "home_evaluation", "partner": "ISS"}
    got = ours.submit(line("ReceiveRequestFromAbroad", data, case=None), principal="tester")
    assert got.status == "accepted", got
    mapped = [e.event for e in ours.envelopes("agency-NM-CYFD") if isinstance(e.event, agency_events.OutsideIdMapped)]
    assert [(e.source, e.outside_id) for e in mapped] == [
        (Known("iss"), Known("ISS-88")), (Known("cms.child"), Known("4711")),
    ]
