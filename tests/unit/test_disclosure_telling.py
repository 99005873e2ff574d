"""A notice carries what the contract lets flow of the engagement's persons, each field from the event that told it."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from domain.case.state import Case
from domain.disclosure.contract import Flow, Purpose
from domain.disclosure.events import FieldSource
from domain.disclosure.telling import sources
from domain.events import Compartment
from domain.ports import KeyName
from tests.disclosure_world import AGENCY, GUATEMALA, MEXICO, Family, World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    world.found(MEXICO, GUATEMALA)
    yield world
    world.close()


def flow_of(world: World, *, kind: str = "CONS-MX") -> Flow:
    contract = world.backbone.agency(AGENCY).contract_for(kind)
    flow = contract.flow(Purpose.CONSULAR_NOTICE) if contract else None
    assert flow is not None
    return flow


def given(case: Case, flow: Flow, family: Family, *, without: str | None = None) -> tuple[FieldSource, ...]:
    (engagement,) = (e for e in case.engagements.engagements.values() if e.purpose is Purpose.CONSULAR_NOTICE)
    if without is not None:
        left = {person: sign for person, sign in engagement.references.items() if str(person) != without}
        engagement = replace(engagement, references=left)
    prepared = case.consular.notices[family.notice_id].prepared
    return sources(case, flow, engagement, (*prepared.child_ids, *prepared.person_ids))


@pytest.fixture
def family(world: World) -> Family:
    family = world.family(1)
    world.release(family)
    return family


def test_what_the_contract_does_not_name_does_not_flow(world: World, family: Family) -> None:
    flow, case = flow_of(world), world.backbone.case(family.case_id)
    narrow = replace(flow, fields=tuple(field for field in flow.fields if field.path != "parent.birth_date"))
    wide = {field.path for field in given(case, flow, family)}
    assert "parent.birth_date" in wide
    assert {field.path for field in given(case, narrow, family)} == wide - {"parent.birth_date"}


def test_a_person_outside_the_engagement_is_not_named(world: World, family: Family) -> None:
    case = world.backbone.case(family.case_id)
    told = given(case, flow_of(world), family, without=str(family.aunt_id))
    assert told and not [field for field in told if field.path.startswith("relative.")]


def test_every_person_stands_under_the_sign_that_this_office_alone_knows(world: World, family: Family) -> None:
    case = world.backbone.case(family.case_id)
    (engagement,) = case.engagements.engagements.values()
    assert {field.reference for field in given(case, flow_of(world), family)} == set(engagement.references.values())


def test_a_field_comes_from_the_correction_that_stands_and_not_from_what_was_never_true(
    world: World, family: Family
) -> None:
    before = world.backbone.case(family.case_id)
    (wrong,) = {f.event_id for f in given(before, flow_of(world), family) if f.path == "child.birth_place"}
    world.correct_country(family)
    case = world.backbone.case(family.case_id)
    told = [field for field in given(case, flow_of(world), family) if field.path == "child.birth_place"]
    assert told and wrong not in {field.event_id for field in told}
    assert {field.field for field in told} == {"birth_country"}, "the corrected country's city is not known"


def test_what_is_withheld_from_this_reader_is_left_out_and_the_rest_stays(world: World, family: Family) -> None:
    world.keys.withhold([KeyName(case=family.case_id, person=family.mother_id, compartment=Compartment.IDENTITY)])
    world.backbone.codec.drop_keys()
    world.backbone.forget()
    paths = {field.path for field in given(world.backbone.case(family.case_id), flow_of(world), family)}
    assert "child.name" in paths and "parent.relation" in paths
    assert not paths & {"parent.name", "parent.birth_date", "parent.birth_place"}


def test_two_offices_share_no_sign_and_no_id_of_the_same_case(world: World) -> None:
    family = world.family(2, country="GT")
    world.submit("ObtainCitizenshipInformation", {
        "information_id": family.aunt_id, "basis": "birth certificate",
        "persons": [{"person_id": family.mother_id, "nationalities": ["GT", "MX"], "birth_country": "MX"}],
    }, case_id=family.case_id)
    for number, office in enumerate((MEXICO, GUATEMALA)):
        notice_id = family.notice_id if number == 0 else family.child_id
        world.submit("PrepareConsularNotification", {
            "notice_id": notice_id, "office": office, "form": "other",
        }, case_id=family.case_id)
        world.submit("ReleaseDisclosure", {"notice_id": notice_id}, case_id=family.case_id)
    world.disclose()
    mexico, guatemala = (world.rendering.render(world.feed(office)[0]).record for office in (MEXICO, GUATEMALA))

    def signs(record: dict[str, object]) -> set[object]:
        persons = [*record["children"], *record["parents"], *record["relatives"]]  # type: ignore[misc]
        return {record["case_reference"], *(person["reference"] for person in persons)}

    assert len(signs(mexico)) == 4 and not signs(mexico) & signs(guatemala)
