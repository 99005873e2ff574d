"""A sealed record takes no new fact without an order, and tells no partner anything; a part of it leaves the rest open."""
from __future__ import annotations

from datetime import date

from domain.case.custody import EndCustody
from domain.case.engagement import EngagementEnded, EngagementOpened
from domain.case.intake import AddParty
from domain.case.obligations import RecordMissedDeadline
from domain.case.particulars import CorrectFact
from domain.case.privacy import DisclosureRefused, RefuseDisclosure
from domain.case.sealing import RecordSealed, RecordUnsealed, SealRecord, UnsealRecord
from domain.disclosure.items import AskedItem
from domain.events import Compartment
from domain.people import Role
from tests.specification import Scenario, an_id
from tests.unit.people import CHILD, EPISODE, FAMILY, FATHER, MOTHER, h1_information, take_child, take_sibling

SEAL = SealRecord(seal_id=an_id("seal"), order_ref="JQ-2026-17", second_person="counsel-1")
UNSEAL = UnsealRecord(seal_id=an_id("seal"), order_ref="JQ-2027-3", second_person="counsel-1")
in_custody = Scenario().given(*FAMILY, take_child, take_sibling, h1_information)
sealed = in_custody.given(SEAL)


def test_sealing_names_everybody_and_everything_where_nothing_is_named_and_ends_what_partners_may_learn() -> None:
    outcome = in_custody.when(SEAL)
    [told] = outcome.the(RecordSealed)
    assert set(told.person_ids) == set(in_custody.case.intake.people) and set(told.compartments) == set(Compartment)
    open_before = [one for one in in_custody.case.engagements.engagements.values() if one.is_open]
    assert open_before and len(outcome.the(EngagementEnded)) == len(open_before)
    assert not any(one.is_open for one in outcome.scenario().case.engagements.engagements.values())


def test_a_second_person_confirms_who_is_neither_the_first_nor_whoever_runs_the_program() -> None:
    for name in ("caseworker-1", "tester"):
        wish = SealRecord(seal_id=an_id("seal"), order_ref="JQ-2026-17", second_person=name)
        in_custody.when(wish).then_refused(rule="DECISION-20", field="second_person")


def test_a_seal_that_names_a_stranger_is_refused() -> None:
    wish = SealRecord(seal_id=an_id("s"), person_ids=(an_id("stranger"),), order_ref="JQ-1", second_person="counsel-1")
    in_custody.when(wish).then_refused(rule="P01", field="person_ids")


def test_an_event_after_a_seal_without_an_order_is_refused() -> None:
    end = EndCustody(child_id=CHILD, episode_id=EPISODE, reason="reunified")
    sealed.when(end).then_refused(rule="P19", field="case")
    party = AddParty(party_id=an_id("new"), role=Role.RELATIVE, child_ids=(CHILD,))
    sealed.when(party).then_refused(rule="P19", field="case")


def test_clocks_run_on_and_a_partner_that_asks_is_refused_on_record() -> None:
    duty = next(one for one in sealed.case.obligations.open_duties() if one.raised.due_at is not None)
    assert duty.raised.due_at is not None
    later = sealed.given((RecordMissedDeadline(duty_id=duty.duty_id), duty.raised.due_at.replace(year=2027)))
    assert later.case.obligations.duties[duty.duty_id].was_missed
    sealed.when(RefuseDisclosure(
        refusal_id=an_id("refusal"), person_ids=(CHILD,), partner="DIF", fields=(AskedItem.CASE_FILE,), rule_id="P19",
    )).then(DisclosureRefused)


def test_an_order_opens_it_again_once() -> None:
    sealed.when(UNSEAL).then(RecordUnsealed, EngagementOpened, EngagementOpened)  # what is owed may be told again
    reopened = sealed.given(UNSEAL)
    assert reopened.case.sealing.pairs == frozenset()
    reopened.when(EndCustody(child_id=CHILD, episode_id=EPISODE, reason="reunified")).events()


def test_a_seal_that_does_not_stand_cannot_be_lifted() -> None:
    in_custody.when(UNSEAL).then_refused(rule="P19", field="seal_id")


def test_sealing_one_compartment_of_one_person_leaves_the_rest_of_the_case_open() -> None:
    part = SealRecord(
        seal_id=an_id("part"), person_ids=(FATHER,), compartments=(Compartment.IDENTITY,), order_ref="JQ-3",
        second_person="counsel-1",
    )
    partly = in_custody.given(part)
    event_id = partly.case.intake.people[MOTHER].event_id
    mother = CorrectFact(
        correction_id=an_id("c1"), person_id=MOTHER, replaces_event_id=event_id, phone="+1 505 555 0100", evidence="seen",
    )
    partly.when(mother).events()
    father = CorrectFact(
        correction_id=an_id("c2"), person_id=FATHER, replaces_event_id=partly.case.intake.people[FATHER].event_id,
        phone="+1 505 555 0101", evidence="seen",
    )
    partly.when(father).then_refused(rule="P19", field="data")


def test_two_seals_on_one_record_stand_and_fall_apart() -> None:
    other = SealRecord(
        seal_id=an_id("other"), compartments=(Compartment.TRAFFICKING,), order_ref="JQ-9", second_person="counsel-1"
    )
    both = in_custody.given(SEAL, other, UNSEAL)
    assert {compartment for _, compartment in both.case.sealing.pairs} == {Compartment.TRAFFICKING}
    assert date(2026, 1, 1) < both.at.date()
