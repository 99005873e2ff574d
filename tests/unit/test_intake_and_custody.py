"""A case is opened, people are recorded, children are taken into custody, and none of it twice."""
from __future__ import annotations

from datetime import date, timedelta

import pytest

from domain.case.custody import CustodyEnded, CustodyTaken, EndCustody, TakeIntoCustody
from domain.case.intake import (
    AddChild,
    AddParty,
    CaseClosed,
    CaseOpened,
    ChildAddedToCase,
    CloseCase,
    OpenCase,
    Outcome,
    PartyAddedToCase,
)
from domain.case.obligations import QuestionRaised
from domain.people import Address, BirthDate, DatePart, Role
from domain.personal import UNKNOWN, Known
from tests.specification import NOON, Scenario, an_id
from tests.unit.people import CHILD, EPISODE, FAMILY, MOTHER, add_child, add_mother, open_case, take_child

case = Scenario()


def test_a_case_is_opened_on_a_referral_about_several_children() -> None:
    case.when(open_case).then(CaseOpened)


def test_a_case_without_children_is_refused() -> None:
    case.when(OpenCase(child_ids=())).then_refused(rule="P01", field="child_ids")


def test_nobody_is_added_to_a_case_that_was_never_opened() -> None:
    case.when(add_child).then_refused(rule="P01", field="case")


def test_what_a_sender_leaves_out_is_unknown_and_not_empty() -> None:
    [added] = case.given(open_case).when(AddChild(child_id=CHILD)).the(ChildAddedToCase)
    assert (added.name, added.birth_date) == (UNKNOWN, UNKNOWN)


def test_two_surnames_and_their_accents_stay_as_they_are_written() -> None:
    [added] = case.given(open_case).when(add_child).the(ChildAddedToCase)
    assert isinstance(added.name, Known) and added.name.value.surnames == "Zúñiga Ochoa"


def test_a_child_added_again_with_another_birth_date_is_a_contradiction() -> None:
    other = AddChild(child_id=CHILD, name=add_child.name, birth_date=date(2016, 3, 9))
    case.given(open_case, add_child).when(other).then_refused(rule="IDEMPOTENCE", field="birth_date")


@pytest.mark.parametrize(("known_to", "first"), [
    (DatePart.DAY, date(2013, 5, 17)), (DatePart.MONTH, date(2013, 5, 1)), (DatePart.YEAR, date(2013, 1, 1)),
])
def test_of_a_birth_date_that_is_known_in_part_the_first_day_stands_and_it_is_an_estimate(
    known_to: DatePart, first: date
) -> None:
    child = AddChild(child_id=CHILD, birth_date=date(2013, 5, 17), birth_date_known_to=known_to)
    [added] = Scenario().given(open_case).when(child).then(ChildAddedToCase).the(ChildAddedToCase)
    assert added.birth_date == Known(BirthDate(day=first, is_estimate=known_to is not DatePart.DAY, known_to=known_to))


def test_a_birth_date_in_the_future_is_refused() -> None:
    late = AddChild(child_id=CHILD, birth_date=NOON.date() + timedelta(days=30))
    case.given(open_case).when(late).then_refused(rule="P01", field="birth_date")


def test_the_first_of_january_1900_is_no_birth_date() -> None:
    case.given(open_case).when(AddChild(child_id=CHILD, birth_date=date(1900, 1, 1))).then_refused(
        rule="P01", field="birth_date"
    )


def test_a_party_is_added_with_the_children_it_belongs_to() -> None:
    case.given(*FAMILY[:3]).when(add_mother).then(PartyAddedToCase)


@pytest.mark.parametrize("number", ["+1 505 555 0100", "(505) 555-0100", "505.555.0100 x 12", "+52 1 614 000 0000", "911"])
def test_a_telephone_number_is_recorded_as_it_is_written(number: str) -> None:
    party = AddParty(party_id=MOTHER, role=Role.MOTHER, child_ids=(CHILD,), phone=number)
    [added] = Scenario().given(open_case, add_child).when(party).the(PartyAddedToCase)
    assert added.phone == Known(number)


@pytest.mark.parametrize("story", ["undocumented since 2019, hides at her sister", "555 0100 no papers", "", "+", "1" * 60])
def test_a_field_for_a_telephone_number_is_no_place_for_a_story(story: str) -> None:
    """It leaves for consulates as a number: no contract names a text there."""
    party = AddParty(party_id=MOTHER, role=Role.MOTHER, child_ids=(CHILD,), phone=story)
    Scenario().given(open_case, add_child).when(party).then_refused(rule="DECISION-13", field="phone")


def test_a_party_of_an_unknown_child_is_refused() -> None:
    case.given(open_case).when(add_mother).then_refused(rule="P01", field="child_ids")


def test_a_country_by_its_name_is_refused() -> None:
    address = Address(
        country="México", street=None, number=None, colonia=None, municipality=None, city=None, region=None,
        postal_code=None, landmarks=None,
    )
    party = AddParty(party_id=MOTHER, role=Role.MOTHER, child_ids=(CHILD,), address=address)
    case.given(open_case, add_child).when(party).then_refused(rule="COUNTRY-CODE", field="address.country")


def test_custody_of_a_child_is_an_episode_and_raises_what_nobody_knows() -> None:
    outcome = case.given(open_case, add_child).when(take_child).then(CustodyTaken, QuestionRaised)
    [question] = outcome.the(QuestionRaised)
    assert question.person_id == CHILD and "US-CONSULATE-VCCR" in question.rule_ids


def test_a_parent_cannot_be_taken_into_custody() -> None:
    wrong = TakeIntoCustody(child_id=MOTHER, episode_id=EPISODE)
    case.given(*FAMILY).when(wrong).then_refused(rule="P01", field="child_id")


def test_a_child_in_custody_is_not_taken_again_before_that_ends() -> None:
    again = TakeIntoCustody(child_id=CHILD, episode_id=an_id("another"))
    case.given(*FAMILY, take_child).when(again).then_refused(rule="P01", field="episode_id")


def test_custody_ends_and_may_begin_again_as_another_episode() -> None:
    ended = case.given(*FAMILY, take_child).when(EndCustody(child_id=CHILD, episode_id=EPISODE))
    ended.then(CustodyEnded)
    again = TakeIntoCustody(child_id=CHILD, episode_id=an_id("another"))
    ended.scenario().when(again).then(CustodyTaken)


def test_custody_does_not_end_before_it_began() -> None:
    early = case.given(*FAMILY, (take_child, NOON + timedelta(days=1)))
    early.when(EndCustody(child_id=CHILD, episode_id=EPISODE), at=NOON + timedelta(hours=20)).then_refused(
        rule="P01", field="occurred_at"
    )


def test_a_case_closes_with_what_is_open_named() -> None:
    from tests.unit.people import h1_information

    closed = case.given(*FAMILY, take_child, h1_information).when(CloseCase(outcome=Outcome.REUNIFIED))
    closed.then(CaseClosed)
    assert len(closed.the(CaseClosed)[0].open_duty_ids) == 3


def test_what_is_learned_in_the_future_is_refused() -> None:
    late = NOON + timedelta(days=9)
    case.when(open_case, learned_at=late).then_refused(rule="THREE-TIMES", field="learned_at")


def test_what_occurred_after_it_was_learned_is_refused() -> None:
    case.when(open_case, at=NOON, occurred_at=NOON + timedelta(minutes=1)).then_refused(
        rule="THREE-TIMES", field="occurred_at"
    )
