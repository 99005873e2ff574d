"""What was true until now: whoever was given it, and may learn of it still, is owed what is so from now on."""
from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from adapters.reading.outside import told_outside
from adapters.reading.taken_back import explain_owing
from domain.agency import decide as agency_decide
from domain.agency.state import Agency
from domain.agency.state import evolve as evolve_agency
from domain.agency.targets import CORRECTIONS, SetTarget, TargetUnit
from domain.case.consular import (
    ConsularNotificationPrepared,
    RecordConsulateNotified,
    ReleaseDisclosure,
    TextCode,
    Way,
)
from domain.case.corrections import (
    CorrectionOwed,
    CorrectionPrepared,
    CorrectionSettled,
    OwedBecause,
    Owes,
    PrepareCorrection,
)
from domain.case.disclosures import DisclosurePrepared, DisclosureReceived, RecordDisclosureReceived
from domain.case.doubts import DisclosureDoubted, RecordDisclosureDoubted
from domain.case.erasure import OrderExpunge
from domain.case.given import fields_given, given
from domain.case.holds import HoldDisclosure, LiftDisclosureHold
from domain.case.intake import CaseClosed, CloseCase
from domain.case.intake import Outcome as CaseOutcome
from domain.case.mislinks import WithdrawMislink, WithdrawReport
from domain.case.obligations import DutyRaised, DutyWithdrawn
from domain.case.particulars import CorrectFact, FactCorrected, FactSuperseded, SupersedeFact
from domain.case.permission import CloseEngagement
from domain.case.recalls import RecallDisclosure
from domain.case.updates import still_owed
from domain.disclosure.basis import BasisKind
from domain.disclosure.purposes import Purpose
from domain.people import Address, PersonName
from domain.submission import envelopes
from tests.specification import NOON, Scenario, an_id, submission
from tests.unit.partners import having, latest, office_of
from tests.unit.people import MOTHER
from tests.unit.test_corrections import (
    AGAIN,
    GUATEMALA,
    NOTICE,
    PERSONS,
    birth_date,
    handed_over,
    home_study,
    in_custody,
    prepare,
    recalled,
    received,
)
from tests.unit.test_fulfilled import ended
from tests.unit.test_fulfilled import report as favourable
from tests.unit.test_permission import opening, release, study
from tests.unit.whole_case import AUNT, CARER, CHILD, home, whole_case

FIRST, SECOND, THIRD = (home(street) for street in ("Calle Una", "Calle Dos", "Calle Tres"))
STUDY = an_id("disclosure")
disregard = RecallDisclosure(disclosure_id=NOTICE, text_code=TextCode.DISREGARD)


def move(address: Address, person_id: UUID = MOTHER, **changes: Any) -> SupersedeFact:
    return SupersedeFact(**{
        "change_id": an_id(f"move to {address.street}"), "person_id": person_id, "address": address, **changes
    })


to_second, to_third = move(SECOND), move(THIRD)
released = in_custody.given(move(FIRST), prepare, ReleaseDisclosure(notice_id=NOTICE))
told = released.given(handed_over)
moved = told.given(to_second)
married = SupersedeFact(
    change_id=an_id("married"), person_id=MOTHER, name=PersonName(given_names="Lucía", surnames="Ochoa Paz")
)
number = SupersedeFact(change_id=an_id("number"), person_id=AUNT, phone="+1 505 555 0199")


def event_of(scenario: Scenario, command: SupersedeFact) -> UUID:
    """The event by which it was said what is so from now on."""
    return next(
        e.circumstances.event_id for e in scenario.envelopes
        if isinstance(e.event, FactSuperseded) and e.event.change_id == command.change_id
    )


def owed(scenario: Scenario) -> list[CorrectionOwed]:
    return [one.owed for one in still_owed(scenario.case, scenario.standing, scenario.at)]


def prepared(scenario: Scenario, disclosure_id: UUID = AGAIN) -> PrepareCorrection:
    [one] = owed(scenario)
    return PrepareCorrection(correction_id=one.correction_id, disclosure_id=disclosure_id)


def came(disclosure_id: UUID = AGAIN) -> RecordConsulateNotified:
    return replace(handed_over, notice_id=disclosure_id, entry=2, receipt="r-2")


def updated(scenario: Scenario, disclosure_id: UUID = AGAIN) -> Scenario:
    return scenario.given(
        prepared(scenario, disclosure_id), ReleaseDisclosure(notice_id=disclosure_id), came(disclosure_id)
    )


def tells(scenario: Scenario, disclosure_id: UUID) -> set[UUID]:
    """The events from which a disclosure told an address."""
    [one] = [one for one in given(scenario.case) if one.disclosure_id == disclosure_id]
    return {
        field.event_id for field in fields_given(scenario.case, scenario.standing, one) if field.path == "parent.address"
    }


# -- what is owed

def test_whoever_was_given_the_old_home_is_owed_the_new_one_and_disregards_nothing() -> None:
    outcome = told.when(to_second).then(FactSuperseded, CorrectionOwed)
    [one] = outcome.the(CorrectionOwed)
    assert (one.office, one.disclosure_id, one.person_ids) == (GUATEMALA, NOTICE, (MOTHER,))
    assert (one.owes, one.because, one.paths) == (Owes.UPDATE, OwedBecause.SUPERSEDED, ("parent.address",))
    assert one.cause_event_id == outcome.envelopes()[0].circumstances.event_id
    assert one.clock_start == outcome.submission.learned_at

    again = outcome.scenario().when(prepared(moved)).then(CorrectionPrepared, ConsularNotificationPrepared)
    [notice] = again.the(ConsularNotificationPrepared)
    assert notice == replace(told.case.consular.notices[NOTICE].prepared, notice_id=AGAIN)
    done = again.scenario().given(ReleaseDisclosure(notice_id=AGAIN)).when(came()).scenario()
    assert owed(done) == [] and tells(done, AGAIN) == {event_of(done, to_second)} != tells(done, NOTICE)
    assert [e for e in done.envelopes if isinstance(e.event, CorrectionSettled)]
    assert done.case.consular.notices[NOTICE].corrected is None
    assert not [e for e in done.envelopes[len(told.envelopes):] if isinstance(e.event, DutyRaised | DutyWithdrawn)]


def test_an_update_is_released_by_a_person_and_settled_by_a_persons_word_too() -> None:
    waits = moved.given(prepared(moved))
    assert waits.case.consular.notices[AGAIN].released is None and owed(waits) == owed(moved)
    on_paper = RecordConsulateNotified(notice_id=AGAIN, channel=Way.PAPER)
    assert owed(waits.given(ReleaseDisclosure(notice_id=AGAIN), on_paper)) == []


def test_a_disclosure_of_any_purpose_is_brought_up_to_date() -> None:
    changed = home_study().when(number).then(FactSuperseded, CorrectionOwed).scenario()
    [one] = owed(changed)
    assert (one.office, one.disclosure_id, one.paths) == (office_of("ISS"), STUDY, ("relative.phone",))
    again = changed.when(prepared(changed)).then(CorrectionPrepared, DisclosurePrepared).scenario()
    done = again.given(ReleaseDisclosure(notice_id=AGAIN))
    done.when(replace(received, disclosure_id=AGAIN, entry=2)).then(DisclosureReceived, CorrectionSettled)


def test_where_a_child_lives_is_told_anew_when_its_carer_moves() -> None:
    court, person_ids = office_of("COURT"), (CHILD,)
    reported = whole_case().given(
        opening(
            office=court, purpose=Purpose.COURT_REPORT, person_ids=person_ids, basis=BasisKind.STATUTE, citation="32A-4-18"
        ),
        replace(study, office=court, purpose=Purpose.COURT_REPORT, person_ids=person_ids, about=an_id("hearing")),
        release, received,
    )
    [one] = reported.when(move(SECOND, CARER)).the(CorrectionOwed)
    assert (one.office, one.person_ids) == (court, (CHILD,)) and "child.placement_address" in one.paths


def test_who_was_not_given_it_is_owed_nothing() -> None:
    told.when(SupersedeFact(change_id=an_id("phone"), person_id=MOTHER, phone="+52 614 000 0000")).then(FactSuperseded)
    in_custody.given(move(FIRST), prepare).when(to_second).then(FactSuperseded)
    first_home = in_custody.given(prepare, ReleaseDisclosure(notice_id=NOTICE), handed_over)
    first_home.when(move(FIRST)).then(FactSuperseded)
    before_it_left = in_custody.given(move(FIRST), prepare, to_second, ReleaseDisclosure(notice_id=NOTICE), handed_over)
    assert owed(before_it_left) == []


def test_what_was_on_its_way_is_owed_once_it_is_or_may_be_there() -> None:
    late = released.when(to_second).then(FactSuperseded).scenario()
    assert [one.owes for one in late.when(handed_over).the(CorrectionOwed)] == [Owes.UPDATE]
    late.when(RecordDisclosureDoubted(disclosure_id=NOTICE, entry=1)).then(DisclosureDoubted, CorrectionOwed)


def test_a_move_that_was_learned_late_is_judged_by_what_holds_when_it_was_learned() -> None:
    first = in_custody.when(move(FIRST), occurred_at=NOON - timedelta(days=900)).scenario()
    there = first.given(prepare, ReleaseDisclosure(notice_id=NOTICE), handed_over)
    late = there.when(to_second, occurred_at=NOON - timedelta(days=800))
    assert [one.owes for one in late.the(CorrectionOwed)] == [Owes.UPDATE], "no contract was in force when they moved"


def test_a_move_that_lies_before_what_was_told_is_owed_to_nobody() -> None:
    told.when(to_second, occurred_at=in_custody.at).then(FactSuperseded)


# -- and what is not

def test_nothing_is_owed_where_the_engagement_has_ended() -> None:
    close = CloseEngagement(engagement_id=an_id("engagement"))
    home_study().given(close).when(number).then(FactSuperseded)
    changed = home_study().given(number)
    late = changed.given(close)
    assert owed(changed) and owed(late) == []
    late.when(prepared(changed)).then_refused(rule="P19", field="correction_id")
    assert explain_owing(late.case, late.standing, late.at) == []


def carrying_no_home(scenario: Scenario) -> Agency:
    """The agency, whose next contract with consulates lets no address flow in a notice."""
    parts = latest("CONS-xx").replace("version = 3", "version = 9").split("\n  [[flow.field]]\n")
    parts.remove(next(part for part in parts if 'path = "parent.address"' in part))
    text = "\n  [[flow.field]]\n".join(parts)
    command = agency_decide.AdoptContract(text=text, second_person="counsel-1")
    made = submission(command, at=scenario.at, standing=scenario.standing, number=-99, case_id=None)
    recorded = agency_decide.DECIDES[type(command)](made, scenario.standing)
    agency = scenario.standing
    for envelope in envelopes(made, recorded, stream="agency-NM-CYFD", after=agency.version):
        agency = evolve_agency(agency, envelope)
    return agency


def test_nothing_is_owed_that_the_contract_in_force_carries_no_longer() -> None:
    replace(told, standing=carrying_no_home(told)).when(to_second).then(FactSuperseded)
    since = replace(moved, standing=carrying_no_home(moved))
    assert owed(moved) and owed(since) == []
    since.when(prepared(moved)).then_refused(rule="P19", field="correction_id")


def test_nothing_is_owed_to_an_office_that_is_no_more() -> None:
    gone = having(told.standing, agency_decide.EndOffice(office=GUATEMALA))
    replace(told, standing=gone).when(to_second).then(FactSuperseded)
    assert owed(replace(moved, standing=gone)) == []


def test_nothing_is_owed_of_what_the_office_was_asked_to_disregard() -> None:
    told.given(disregard).when(to_second).then(FactSuperseded)
    told.given(disregard, recalled).when(to_second).then(FactSuperseded)
    asked = moved.given(disregard)
    assert [(one.owes, one.because) for one in owed(asked)] == [(Owes.RECALL, OwedBecause.RECALLED)]
    assert owed(asked.given(recalled)) == []


def test_who_moves_back_before_anybody_was_told_has_not_moved_for_them() -> None:
    assert owed(moved.given(move(FIRST, change_id=an_id("back")))) == []


# -- one is owed, and it tells the newest

def test_who_moves_again_before_the_update_left_is_owed_once() -> None:
    twice = moved.when(to_third).then(FactSuperseded).scenario()
    assert owed(twice) == owed(moved)
    waits = moved.given(prepared(moved)).when(to_third).then(FactSuperseded).scenario()
    for done in (updated(twice), waits.given(ReleaseDisclosure(notice_id=AGAIN), came())):
        assert owed(done) == [] and tells(done, AGAIN) == {event_of(done, to_third)}


def test_who_moves_again_after_the_update_left_is_owed_that_of_the_update() -> None:
    on_its_way = moved.given(prepared(moved), ReleaseDisclosure(notice_id=AGAIN))
    again = on_its_way.when(to_third).then(FactSuperseded).scenario()
    [one] = owed(again.given(came()))
    assert one.disclosure_id == AGAIN
    renamed = on_its_way.when(married).then(FactSuperseded).scenario()
    assert [(one.disclosure_id, one.paths) for one in owed(renamed.given(came()))] == [(AGAIN, ("parent.name",))]
    later = updated(moved)
    [owing] = later.when(to_third).then(FactSuperseded, CorrectionOwed).the(CorrectionOwed)
    assert owing.disclosure_id == AGAIN, "the first is out of date twice, and no longer the last word"
    assert owed(updated(later.given(to_third), an_id("third"))) == []


def corrected_home(scenario: Scenario, of: UUID) -> CorrectFact:
    return CorrectFact(
        correction_id=an_id("right home"), person_id=MOTHER, replaces_event_id=of, address=THIRD, evidence="a bill"
    )


def test_a_new_home_that_is_put_right_before_the_update_left_is_owed_once() -> None:
    right = moved.when(corrected_home(moved, event_of(moved, to_second))).then(FactCorrected).scenario()
    assert owed(right) == owed(moved)
    done = updated(right)
    [fact] = [e.circumstances.event_id for e in done.envelopes if isinstance(e.event, FactCorrected)]
    assert owed(done) == [] and tells(done, AGAIN) == {fact}
    on_its_way = released.given(to_second)
    on_its_way = on_its_way.given(corrected_home(on_its_way, event_of(on_its_way, to_second)))
    assert [one.owes for one in on_its_way.when(handed_over).the(CorrectionOwed)] == [Owes.UPDATE]


def test_an_old_home_that_was_never_true_is_corrected_instead() -> None:
    untrue = moved.given(corrected_home(moved, event_of(moved, move(FIRST))))
    [one] = owed(untrue)
    assert (one.owes, one.because) == (Owes.CORRECTION, OwedBecause.UNTRUE)
    done = updated(untrue)
    assert [o.owed.owes for o in still_owed(done.case, done.standing, done.at)] == []
    assert done.case.consular.notices[NOTICE].corrected is not None


def test_what_proves_untrue_after_an_update_is_put_right_by_one_notice() -> None:
    done = updated(moved)
    outcome = done.when(birth_date(done))
    assert {(one.disclosure_id, one.owes) for one in outcome.the(CorrectionOwed)} == {
        (NOTICE, Owes.RECALL), (AGAIN, Owes.CORRECTION),
    }


def test_what_waits_to_leave_tells_of_another_field_too() -> None:
    waits = moved.given(prepared(moved)).when(married).then(FactSuperseded, CorrectionOwed).scenario()
    assert {one.paths for one in owed(waits)} == {("parent.address",), ("parent.name",)}
    assert {one.prepared_as for one in still_owed(waits.case, waits.standing, waits.at)} == {AGAIN}
    assert owed(waits.given(ReleaseDisclosure(notice_id=AGAIN), came())) == []


def test_of_one_thing_told_twice_the_last_is_brought_up_to_date() -> None:
    second = an_id("second")
    twice = home_study().given(
        replace(study, disclosure_id=second, person_ids=PERSONS), replace(received, disclosure_id=second, entry=2)
    )
    assert [one.disclosure_id for one in owed(twice.given(number))] == [second]
    on_its_way = home_study().given(replace(study, disclosure_id=second, person_ids=PERSONS), number)
    assert [one.disclosure_id for one in owed(on_its_way)] == [STUDY], "the second may never come"


# -- a wrong person, an erasure, a hold

@pytest.mark.parametrize("kind", [WithdrawMislink, WithdrawReport])
def test_a_move_that_was_nobodys_is_owed_no_longer(kind: type[WithdrawMislink] | type[WithdrawReport]) -> None:
    withdraw = kind(withdrawal_id=an_id("withdrawal"), event_id=event_of(moved, to_second), evidence="another family")
    assert owed(moved) and owed(moved.given(withdraw)) == []
    still = moved.given(to_third, withdraw)
    assert owed(still) == owed(moved), "it moved all the same"
    after = updated(moved)
    assert {(one.disclosure_id, one.because) for one in owed(after.given(withdraw))} == {(AGAIN, OwedBecause.UNTRUE)}


def test_a_record_that_a_court_orders_destroyed_is_erased_and_not_brought_up_to_date() -> None:
    order = OrderExpunge(
        expunge_id=an_id("expunge"), order_ref="JQ-1", second_person="counsel-1", person_ids=(MOTHER,)
    )
    assert {one.owes for one in owed(moved.given(order))} == {Owes.ERASURE}
    assert not told.given(order).when(to_second).the(CorrectionOwed)


def test_a_hold_on_the_address_holds_the_update() -> None:
    hold = HoldDisclosure(
        hold_id=an_id("hold"), person_id=MOTHER, path="address", review_on=date(2027, 1, 4), reason="a violent man"
    )
    held = moved.given(hold, prepared(moved))
    held.when(ReleaseDisclosure(notice_id=AGAIN)).then_refused(rule="DECISION-14", field="notice_id")
    assert owed(held) == owed(moved)
    free = held.given(LiftDisclosureHold(hold_id=an_id("hold"), reason="he is gone"))
    assert owed(free.given(ReleaseDisclosure(notice_id=AGAIN), came())) == []


# -- shown, and kept in mind

def test_it_says_what_to_tell_and_asks_nobody_to_disregard() -> None:
    [shown] = explain_owing(moved.case, moved.standing, moved.at)
    words = f"{shown.title}; {shown.state}; {shown.next}"
    assert "X Zúñiga Ochoa has moved: tell them the new address" in words and "PrepareCorrection" in shown.next
    assert not any(word in words for word in ("true", "disregard", "recall", "orrect what"))
    for command, before in ((number, home_study()), (married, told)):
        after = before.given(command)
        [one] = explain_owing(after.case, after.standing, after.at)
        assert "tell them the new one" in one.state and "true" not in one.state


def test_the_agencys_target_for_corrections_counts_for_it() -> None:
    agency = having(moved.standing, SetTarget(rule_id=CORRECTIONS, amount=2, unit=TargetUnit.HOURS))
    late = [explain_owing(moved.case, agency, moved.at + timedelta(hours=hours))[0].is_late for hours in (1, 3)]
    assert late == [False, True]


def test_what_a_person_told_shows_that_it_is_out_of_date() -> None:
    by_hand = released.given(RecordConsulateNotified(notice_id=NOTICE, channel=Way.PAPER), to_second)
    [line] = told_outside(by_hand.case, by_hand.standing, by_hand.at)
    assert line.still_owed == (Owes.UPDATE,)


def test_an_engagement_and_a_closed_case_name_what_is_owed() -> None:
    changed = home_study().given(number)
    assert not ended(changed, favourable)
    waits = changed.given(favourable, prepared(changed), ReleaseDisclosure(notice_id=AGAIN))
    assert ended(waits, RecordDisclosureReceived(disclosure_id=AGAIN, channel=Way.WEBHOOK, entry=2))
    moved_back = home_study().given(number, SupersedeFact(
        change_id=an_id("old number"), person_id=AUNT, phone="+1 505 555 0100",
    ))
    assert ended(moved_back, favourable), "what is owed no longer keeps nothing open"
    close = CloseCase(outcome=CaseOutcome.REUNIFIED)
    assert [told.open_correction_ids for told in moved.when(close).the(CaseClosed)] == [(owed(moved)[0].correction_id,)]
    assert [told.open_correction_ids for told in moved_back.when(close).the(CaseClosed)] == [()]
