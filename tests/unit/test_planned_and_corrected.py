"""Custody is planned before it is taken; a recorded fact about a person is put right, and the past event stays."""
from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from domain.case.custody import CustodyPlanned, CustodyStage, PlanCustody
from domain.case.intake import AddChild, ChildAddedToCase
from domain.case.particulars import CorrectedField, CorrectFact, FactCorrected
from domain.people import Address, PersonName
from domain.personal import Known
from tests.specification import NOON, Scenario, an_id
from tests.unit.people import CHILD, FAMILY, MOTHER, SIBLING, add_child, open_case, take_child

family = Scenario().given(*FAMILY)
plan = PlanCustody(plan_id=an_id("plan"), child_id=CHILD, decided_by="supervisor-2", planned_for=date(2026, 8, 20))
added = family.case.intake.people[CHILD].event_id
mother_added = family.case.intake.people[MOTHER].event_id
right_date = CorrectFact(
    correction_id=an_id("right date"), person_id=CHILD, replaces_event_id=added, birth_date=date(2016, 3, 9),
    evidence="birth certificate",
)


def test_custody_is_planned_by_a_named_person_before_it_is_taken() -> None:
    outcome = family.when(plan).then(CustodyPlanned)
    custody = outcome.scenario().case.custody
    assert custody.stage(CHILD) is CustodyStage.PLANNED and custody.stage(SIBLING) is CustodyStage.NONE
    found = custody.planned(CHILD)
    assert found is not None and found.planned_at == outcome.submission.occurred_at


def test_a_plan_is_over_when_custody_is_taken() -> None:
    taken = family.given(plan, take_child)
    assert taken.case.custody.planned(CHILD) is None and taken.case.custody.stage(CHILD) is CustodyStage.TAKEN


def test_a_child_in_custody_is_not_planned_for() -> None:
    family.given(take_child).when(plan).then_refused(rule="P01", field="child_id")


def test_a_plan_made_before_the_taking_may_arrive_after_it() -> None:
    taken = family.given((take_child, NOON + timedelta(days=2)))
    taken.when(plan, at=NOON + timedelta(days=3), occurred_at=NOON + timedelta(days=1)).then(CustodyPlanned)


def test_custody_is_not_planned_for_a_day_that_is_over() -> None:
    late = replace(plan, planned_for=date(2026, 8, 1))
    family.when(late).then_refused(rule="P01", field="planned_for")


def test_the_day_of_a_plan_is_that_of_the_agency_and_not_of_greenwich() -> None:
    evening = NOON + timedelta(hours=16)  # 22:00 in New Mexico, the next day in UTC
    family.when(replace(plan, planned_for=date(2026, 8, 13)), at=evening).then(CustodyPlanned)


def test_a_wrong_birth_date_is_corrected_and_the_right_one_stands_at_the_old_place() -> None:
    outcome = family.when(right_date).then(FactCorrected)
    [corrected] = outcome.the(FactCorrected)
    assert corrected.field is CorrectedField.BIRTH_DATE
    value = outcome.scenario().case.intake.people[CHILD].birth_date.value
    assert isinstance(value, Known) and value.value.day == date(2016, 3, 9)


@pytest.mark.parametrize(("changes", "name"), [
    ({"name": PersonName(given_names="María", surnames="Zúñiga Ochoa")}, "name"),
    ({"phone": "+52 614 000 0000"}, "phone"),
    ({"relation": "stepmother"}, "relation"),
    ({"address": Address(
        country="MX", street="Calle 3", number="7", colonia="Centro", municipality="Juárez", city=None, region=None,
        postal_code=None, landmarks=None,
    )}, "address"),
])
def test_each_field_of_a_party_may_be_corrected(changes: dict[str, object], name: str) -> None:
    wish = CorrectFact(
        correction_id=an_id(name), person_id=MOTHER, replaces_event_id=mother_added, evidence="her own word",
        **changes,  # type: ignore[arg-type]
    )
    person = family.when(wish).then(FactCorrected).scenario().case.intake.people[MOTHER]
    assert getattr(person, name).value == Known(changes[name])


def test_a_correction_of_a_correction_names_the_correction_and_not_what_it_replaced() -> None:
    corrected = family.when(right_date).scenario()
    again = replace(right_date, correction_id=an_id("again"), birth_date=date(2015, 3, 9))
    corrected.when(again).then_refused(rule="P19", field="replaces_event_id")
    [event_id] = [e.circumstances.event_id for e in corrected.envelopes if isinstance(e.event, FactCorrected)]
    corrected.when(replace(again, replaces_event_id=event_id)).then(FactCorrected)


def test_a_correction_that_points_at_a_stranger_is_refused() -> None:
    family.when(replace(right_date, replaces_event_id=mother_added)).then_refused(rule="P19", field="replaces_event_id")


def test_one_field_is_corrected_at_a_time() -> None:
    both = replace(right_date, name=PersonName(given_names="N", surnames="Z"))
    family.when(both).then_refused(rule="P19", field="person_id")
    family.when(replace(right_date, birth_date=None)).then_refused(rule="P19", field="person_id")


def test_a_child_has_no_phone_of_its_own_here() -> None:
    wish = CorrectFact(
        correction_id=an_id("p"), person_id=CHILD, replaces_event_id=added, phone="1", evidence="e"
    )
    family.when(wish).then_refused(rule="P19", field="phone")


def test_a_corrected_birth_date_in_the_future_or_of_1900_is_refused() -> None:
    for day in (date(2030, 1, 1), date(1900, 1, 1)):
        family.when(replace(right_date, birth_date=day)).then_refused(rule="P01", field="birth_date")


@pytest.mark.parametrize("surnames", ["Z\N{REPLACEMENT CHARACTER}iga", "Z??iga", "ZÃºÃ±iga"])
def test_a_name_that_lost_its_accents_on_the_way_is_refused(surnames: str) -> None:
    name = PersonName(given_names="Nahomy", surnames=surnames)
    broken = AddChild(child_id=CHILD, name=name)
    Scenario().given(open_case).when(broken).then_refused(rule="P01", field="name")
    family.when(replace(right_date, birth_date=None, name=name)).then_refused(rule="P01", field="name")


def test_a_name_with_its_accents_is_taken() -> None:
    Scenario().given(open_case).when(add_child).then(ChildAddedToCase)
