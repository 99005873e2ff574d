"""Between a release and its entry the world goes on: no more leaves than may, nothing untrue, and what did not is seen."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID, uuid5

import pytest

from adapters.reading.not_left import not_left
from domain.agency import decide
from domain.disclosure.events import Disclosed
from domain.disclosure.rendering import Record
from tests.disclosure_world import ROOT, Family, World
from tests.simulation.test_basis_races import ISS, founded

PLACE, NAME = "child.birth_place", "child.name"
CONTRACT = {"basis": "service_contract", "citation": "contract 2026-17"}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = founded(tmp_path)
    yield world
    world.close()


def without(path: str, *, version: int) -> str:
    """ISS's contract as it comes along, without one field of what is asked when a document is wanted."""
    text = (ROOT / "domain" / "contracts" / "iss.v2.toml").read_text(encoding="utf-8")
    flow = text.index('purpose = "document_tracing"')
    field = text.rindex("  [[flow.field]]", 0, text.index(f'path = "{path}"', flow))
    return text[:field].replace("version = 2", f"version = {version}", 1) + text[text.index("[[flow", field + 5):]


def prepared(world: World, family: Family) -> UUID:
    case_id, persons = family.case_id, [family.child_id, family.mother_id]
    world.submit("OpenEngagement", {
        "engagement_id": uuid5(case_id, "engagement"), "office": ISS, "purpose": "document_tracing", "person_ids": persons,
        **CONTRACT,
    }, case_id=case_id)
    world.submit("RequestDocument", {
        "request_id": uuid5(case_id, "request"), "person_id": family.child_id, "doc_type": "birth_certificate",
        "source": "other",
    }, case_id=case_id)
    disclosure_id = uuid5(case_id, "disclosure")
    world.submit("PrepareDisclosure", {
        "disclosure_id": disclosure_id, "office": ISS, "purpose": "document_tracing", "person_ids": persons,
        "about": uuid5(case_id, "request"),
    }, case_id=case_id)
    return disclosure_id


def paths(world: World) -> set[str]:
    [entry] = world.feed(ISS)
    told = entry.event
    assert isinstance(told, Disclosed)
    return {field.path for field in told.fields}


def adopt(world: World, text: str) -> None:
    world.submit("AdoptContract", {"text": text, "second_person": "counsel-1"})


def test_a_narrower_contract_adopted_before_an_entry_is_written_takes_its_field_away(world: World) -> None:
    family = world.family(1)
    disclosure = prepared(world, family)
    world.submit("ReleaseDisclosure", {"notice_id": disclosure}, case_id=family.case_id)
    world.tick(minutes=5)
    adopt(world, without(PLACE, version=3))
    world.disclose()
    assert NAME in paths(world) and PLACE not in paths(world)


def test_a_release_that_is_dated_back_takes_no_field_from_the_contract_of_that_day(world: World) -> None:
    family = world.family(1)
    disclosure, that_day = prepared(world, family), world.clock.now()
    world.tick(minutes=5)
    adopt(world, without(PLACE, version=3))
    world.tick(days=3)
    _released_on(world, family, disclosure, that_day.isoformat())
    world.disclose()
    assert PLACE not in paths(world)


def test_a_wider_contract_adopted_after_a_release_adds_nothing_to_what_a_person_saw(world: World) -> None:
    adopt(world, without(PLACE, version=3))
    family = world.family(1)
    disclosure = prepared(world, family)
    world.submit("ReleaseDisclosure", {"notice_id": disclosure}, case_id=family.case_id)
    world.tick(minutes=5)
    whole = (ROOT / "domain" / "contracts" / "iss.v2.toml").read_text(encoding="utf-8")
    adopt(world, whole.replace("version = 2", "version = 4", 1))
    world.disclose()
    assert NAME in paths(world) and PLACE not in paths(world)


def test_what_an_earlier_text_says_of_an_address_leaves_without_its_landmarks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A text that was adopted when its renderer told landmarks with an address: they are text, and it names no class."""
    monkeypatch.setattr(decide, "require_lawful", lambda _: None)
    told, record = _study_asked_of_iss(founded(tmp_path, "iss.v1"))
    assert told.renderer == "facts.v2" and "home_study.landmarks" not in {field.path for field in told.fields}
    assert record["home_study"]["address"]["street"] == "Calle Sur" and "molino" not in str(record)


def test_the_landmarks_that_a_text_names_with_their_class_leave(tmp_path: Path) -> None:
    told, record = _study_asked_of_iss(founded(tmp_path))
    assert "home_study.landmarks" in {field.path for field in told.fields}
    assert record["home_study"]["address"]["landmarks"] == "junto al molino"


def test_a_text_that_brings_landmarks_unnamed_cannot_be_adopted(world: World) -> None:
    text = (ROOT / "domain" / "contracts" / "dif.v1.toml").read_text(encoding="utf-8")
    refused = world.offer("AdoptContract", {"text": text, "second_person": "counsel-1"})
    assert refused.status == "refused" and "home_study.address: facts.v1 tells its landmarks with it" in str(refused.because)


def test_what_proved_untrue_before_it_could_leave_does_not_leave(world: World) -> None:
    family = world.family(1)
    disclosure = prepared(world, family)
    world.submit("ReleaseDisclosure", {"notice_id": disclosure}, case_id=family.case_id)
    told = world.backbone.case(family.case_id).intake.people[family.child_id].name.current
    assert told is not None
    world.submit("CorrectFact", {
        "correction_id": uuid5(family.case_id, "correction"), "person_id": family.child_id,
        "replaces_event_id": told.event_id, "name": {"given_names": "Iñaki", "surnames": "Peña Ibáñez"},
        "evidence": "birth certificate",
    }, case_id=family.case_id)
    world.disclose()
    assert PLACE in paths(world) and NAME not in paths(world)


def test_what_was_released_and_did_not_leave_is_shown_with_why_until_something_else_went(world: World) -> None:
    family = world.family(1)
    disclosure = prepared(world, family)
    world.submit("ReleaseDisclosure", {"notice_id": disclosure}, case_id=family.case_id)
    assert _not_left(world, family) == [], "the discloser has not come to it"
    world.submit("CloseEngagement", {"engagement_id": uuid5(family.case_id, "engagement")}, case_id=family.case_id)
    world.disclose()
    assert world.feed(ISS) == [] and _not_left(world, family) == [(disclosure, "its basis has ended")]


def test_what_waits_at_an_office_that_has_ended_is_shown_until_another_of_its_kind_is_told(world: World) -> None:
    family = world.family(1)
    disclosure = prepared(world, family)
    world.submit("ReleaseDisclosure", {"notice_id": disclosure}, case_id=family.case_id)
    world.disclose()
    assert _not_left(world, family) == [] and len(world.feed(ISS)) == 1
    world.submit("EndOffice", {"office": ISS})
    [(one, because)] = _not_left(world, family)
    assert one == disclosure and "its office has ended before it could leave" in because


def _study_asked_of_iss(world: World) -> tuple[Disclosed, Record]:
    """A home study of the aunt, asked of ISS and let go: its entry, and the record that leaves."""
    family = world.family(1)
    case_id, persons, request = family.case_id, [family.child_id, family.aunt_id], uuid5(family.case_id, "study")
    world.submit("OpenEngagement", {
        "engagement_id": uuid5(case_id, "engagement"), "office": ISS, "purpose": "home_study", "person_ids": persons,
        **CONTRACT,
    }, case_id=case_id)
    world.submit("RequestHomeStudy", {
        "request_id": request, "subject_id": family.aunt_id, "child_ids": [family.child_id], "attempt": 1,
        "address": {"country": "MX", "street": "Calle Sur", "municipality": "Puebla", "landmarks": "junto al molino"},
    }, case_id=case_id)
    disclosure_id = uuid5(case_id, "disclosure")
    world.submit("PrepareDisclosure", {
        "disclosure_id": disclosure_id, "office": ISS, "purpose": "home_study", "person_ids": persons, "about": request,
    }, case_id=case_id)
    world.submit("ReleaseDisclosure", {"notice_id": disclosure_id}, case_id=case_id)
    world.disclose()
    [entry] = world.feed(ISS)
    record = world.rendering.render(entry).record
    world.close()
    assert isinstance(entry.event, Disclosed)
    return entry.event, record


def _not_left(world: World, family: Family) -> list[tuple[UUID, str]]:
    opened = SimpleNamespace(
        log=world.log, codec=world.backbone.codec, backbone=world.backbone, rendering=lambda: world.rendering,
        clock=world.clock,
    )
    return [(one.id, one.because) for one in not_left(cast(Any, opened), family.case_id)]


def _released_on(world: World, family: Family, disclosure: UUID, day: str) -> None:
    outcome = world.backbone.submit({
        "command": "ReleaseDisclosure", "command_id": str(uuid5(disclosure, "late")), "agency": "NM-CYFD",
        "case": str(family.case_id), "actor": {"agency": "NM-CYFD", "role": "liaison", "user": "liaison-1"},
        "occurred_at": day, "data": {"notice_id": str(disclosure)},
    }, principal="tests")
    assert outcome.status == "accepted", outcome.because
