"""Whoever was told outside of every feed what does not stand any more is owed that until a person has told them so."""
from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as st

from adapters.reading.taken_back import explain_owing
from domain.agency.targets import CORRECTIONS, SetTarget, TargetUnit
from domain.case.citizenship import CitizenshipCorrected, CorrectCitizenship
from domain.case.consular import Way
from domain.case.corrections import OwedBecause, Owes
from domain.case.court import CourtOrderEntered, EnterCourtOrder, OrderEffect, OrderKind
from domain.case.erasure import BeginExpunge, CompleteExpunge, OrderExpunge, WithdrawExpungeOrder
from domain.case.intake import CaseClosed, CloseCase
from domain.case.intake import Outcome as CaseOutcome
from domain.case.mislinks import (
    CorrectTime,
    MislinkWithdrawn,
    ReportWithdrawn,
    TimeCorrected,
    WithdrawMislink,
    WithdrawReport,
)
from domain.case.outside_corrections import (
    OutsideCorrectionOwed,
    OutsideCorrectionSettled,
    RecallToldOutside,
    RecordCorrectedOutside,
)
from domain.case.particulars import CorrectFact, FactCorrected, FactSuperseded, SupersedeFact
from domain.case.state import fold
from domain.case.told import Outside, RecordToldOutside, ToldOutside
from domain.disclosure.items import AskedItem
from domain.disclosure.telling import PATHS, told_of
from domain.disclosure.vocabulary import WORDS
from domain.events import Compartment
from domain.people import PersonName
from domain.personal import Known
from tests.simulation.test_fold_properties import withhold
from tests.specification import Outcome, Scenario, an_id
from tests.unit.partners import having
from tests.unit.people import CHILD, FAMILY, MOTHER, SIBLING, h1_information, take_child, take_sibling
from tests.unit.test_corrections import added, birth_date
from tests.unit.whole_case import whole_case

TELLING = an_id("told")
SUBPOENA = RecordToldOutside(
    telling_id=TELLING, person_ids=(CHILD,), partner="LE", items=(AskedItem.CHILD_BIRTH_DATE, AskedItem.CUSTODY),
    why=Outside.SUBPOENA, authority="grand jury, 26-117",
)
in_custody = Scenario().given(*FAMILY, take_child, take_sibling, h1_information)
told = in_custody.given(SUBPOENA)
ORDER = EnterCourtOrder(order_id=an_id("order"), child_ids=(CHILD,), kind=OrderKind.OTHER, order_ref="D-1")
VACATES = replace(ORDER, order_id=an_id("later order"), earlier_order_id=ORDER.order_id, effect=OrderEffect.VACATES)
BY_ORDER = replace(SUBPOENA, why=Outside.COURT_ORDER, order_id=ORDER.order_id, authority="district court, D-1")
EXPUNGE = OrderExpunge(expunge_id=an_id("expunge"), order_ref="JQ-1", second_person="counsel-1")


def telling(*items: AskedItem, **changes: Any) -> RecordToldOutside:
    return replace(SUBPOENA, items=items, **changes)


def the_one(outcome: Outcome) -> OutsideCorrectionOwed:
    [owed] = outcome.the(OutsideCorrectionOwed)
    return owed


def owed(scenario: Scenario) -> list[OutsideCorrectionOwed]:
    return [one.owed for one, _ in scenario.case.outside_corrections.still_owed(scenario.case)]


def of_mother(scenario: Scenario, **changes: Any) -> CorrectCitizenship:
    wrong = scenario.case.citizenship.of(MOTHER).nationalities.current
    assert wrong is not None
    return CorrectCitizenship(**{
        "correction_id": an_id("not of Guatemala"), "person_id": MOTHER, "replaces_event_id": wrong.event_id,
        "nationalities": ("HN",), "birth_country": "HN", "evidence": "birth certificate", **changes,
    })


# -- what is owed, and for which cause

def test_a_told_item_that_was_never_true_is_owed_a_correction() -> None:
    outcome = told.when(birth_date(told)).then(FactCorrected, OutsideCorrectionOwed)
    one = the_one(outcome)
    assert (one.telling_id, one.person_ids) == (TELLING, (CHILD,))
    assert (one.owes, one.because) == (Owes.CORRECTION, OwedBecause.UNTRUE)
    assert one.cause_event_id == outcome.envelopes()[0].circumstances.event_id
    assert one.clock_start == outcome.submission.learned_at


def test_an_item_that_was_not_told_is_owed_nothing() -> None:
    other = in_custody.given(telling(AskedItem.CHILD_NAME))
    other.when(birth_date(other)).then(FactCorrected)
    of_sibling = in_custody.given(replace(SUBPOENA, person_ids=(SIBLING,)))
    of_sibling.when(birth_date(of_sibling)).then(FactCorrected)


def test_what_was_true_until_now_is_owed_to_nobody_told_outside() -> None:
    named = in_custody.given(telling(AskedItem.PARENT_SURNAMES, person_ids=(MOTHER,)))
    married = SupersedeFact(
        change_id=an_id("married"), person_id=MOTHER, name=PersonName(given_names="Lucía", surnames="Ochoa Paz")
    )
    named.when(married).then(FactSuperseded)


def test_a_corrected_citizenship_is_owed_to_who_was_told_the_nationality() -> None:
    known = in_custody.given(telling(AskedItem.CHILD_NATIONALITY))
    wrong = known.case.citizenship.of(CHILD).nationalities.current
    assert wrong is not None
    outcome = known.when(of_mother(known, person_id=CHILD, replaces_event_id=wrong.event_id))
    assert outcome.the(CitizenshipCorrected) and the_one(outcome).owes is Owes.CORRECTION


def test_a_time_that_was_never_right_is_owed_to_who_was_told_it() -> None:
    episode = told.case.custody.current(CHILD)
    assert episode is not None
    outcome = told.when(CorrectTime(
        correction_id=an_id("time"), replaces_event_id=episode.event_id, evidence="the removal's record",
        happened_at=episode.taken_at - timedelta(minutes=30),
    ))
    assert outcome.the(TimeCorrected) and the_one(outcome).owes is Owes.CORRECTION


def test_what_was_never_so_is_put_right_and_what_was_anothers_is_recalled_with_no_new_fact() -> None:
    episode = told.case.custody.current(CHILD)
    assert episode is not None
    wish: dict[str, Any] = {"withdrawal_id": an_id("withdrawn"), "event_id": episode.event_id, "evidence": "her mother"}
    never = told.when(WithdrawReport(**wish))
    assert never.the(ReportWithdrawn) and the_one(never).owes is Owes.CORRECTION
    anothers = told.when(WithdrawMislink(**wish))
    assert anothers.the(MislinkWithdrawn) and the_one(anothers).owes is Owes.RECALL


def test_a_case_file_is_everything_about_its_persons() -> None:
    file = in_custody.given(telling(AskedItem.CASE_FILE))
    assert the_one(file.when(birth_date(file))).because is OwedBecause.UNTRUE
    of_sibling = in_custody.given(telling(AskedItem.CASE_FILE, person_ids=(SIBLING,)))
    of_sibling.when(birth_date(of_sibling)).then(FactCorrected)


def test_an_item_that_fits_nobody_named_is_meant_of_whom_it_fits() -> None:
    of_child = in_custody.given(telling(AskedItem.PARENT_SURNAMES))
    wish = CorrectFact(
        correction_id=an_id("name"), person_id=MOTHER, replaces_event_id=added(of_child, MOTHER),
        name=PersonName(given_names="Lucía", surnames="Ochoa Paz"), evidence="her passport",
    )
    of_child.when(wish).then(FactCorrected, OutsideCorrectionOwed)


def test_nobody_is_owed_twice_for_one_cause_and_each_cause_is_owed() -> None:
    corrected = told.given(birth_date(told))
    again = birth_date(corrected, correction_id=an_id("again"), replaces_event_id=added(corrected, CHILD),
                       name=PersonName(given_names="Nahomy", surnames="Ochoa"), birth_date=None)
    assert len(owed(corrected.given(again))) == 1, "her name was not told, and the first cause is owed already"
    two = in_custody.given(telling(AskedItem.CHILD_BIRTH_DATE, AskedItem.CHILD_NAME)).given(birth_date(in_custody), again)
    assert len(owed(two)) == 2


# -- when it was told

def test_what_was_put_right_before_it_was_told_is_owed_to_nobody() -> None:
    assert owed(in_custody.given(birth_date(in_custody), SUBPOENA)) == []


def test_what_was_told_before_and_recorded_after_the_fact_proved_untrue_is_owed_too() -> None:
    corrected = in_custody.given(birth_date(in_custody))
    late = corrected.when(SUBPOENA, occurred_at=in_custody.at).then(ToldOutside, OutsideCorrectionOwed)
    assert the_one(late).cause_event_id == corrected.envelopes[-1].circumstances.event_id


def test_who_was_told_before_a_correction_was_recorded_is_owed_it_though_somebody_had_learned_it() -> None:
    somebody_knew = told.when(birth_date(told), occurred_at=in_custody.at, learned_at=in_custody.at)
    assert the_one(somebody_knew).because is OwedBecause.UNTRUE


def test_what_the_agency_learned_only_after_it_was_told_was_not_told() -> None:
    before_custody = told.at - timedelta(days=1)
    early = in_custody.when(SUBPOENA, at=told.at, occurred_at=before_custody).scenario()
    assert owed(early.given(birth_date(early))) == []


def test_what_somebody_knew_and_told_before_it_was_recorded_is_owed_when_it_proves_untrue() -> None:
    unrecorded = Scenario().given(*FAMILY, take_child, take_sibling)
    called = unrecorded.when(telling(AskedItem.CHILD_NATIONALITY), at=unrecorded.at + timedelta(hours=2)).scenario()
    told_what_was_known = called.when(h1_information, occurred_at=unrecorded.at, learned_at=unrecorded.at).scenario()
    wrong = told_what_was_known.case.citizenship.of(CHILD).nationalities.current
    assert wrong is not None
    wish = of_mother(told_what_was_known, person_id=CHILD, replaces_event_id=wrong.event_id)
    assert the_one(told_what_was_known.when(wish, at=called.at + timedelta(hours=1))).because is OwedBecause.UNTRUE


# -- the basis

def test_an_order_that_stands_no_more_takes_back_what_was_told_under_it() -> None:
    ordered = in_custody.given(ORDER, BY_ORDER)
    outcome = ordered.when(VACATES).then(CourtOrderEntered, OutsideCorrectionOwed)
    one = the_one(outcome)
    assert (one.owes, one.because) == (Owes.RECALL, OwedBecause.BASIS_FELL)
    assert one.cause_event_id == outcome.envelopes()[0].circumstances.event_id
    recalled = outcome.scenario()
    recalled.when(birth_date(recalled)).then(FactCorrected)  # They are to disregard all of it already.


def test_what_was_told_under_an_order_that_stood_no_more_should_never_have_been_told() -> None:
    one = the_one(in_custody.given(ORDER, VACATES).when(BY_ORDER))
    assert (one.owes, one.because) == (Owes.RECALL, OwedBecause.NOT_FOR_THEM)


def test_an_order_that_never_was_takes_back_what_was_told_under_it() -> None:
    ordered = in_custody.given(ORDER)
    entered = ordered.envelopes[-1].circumstances.event_id
    withdrawn = ordered.given(BY_ORDER).when(WithdrawReport(
        withdrawal_id=an_id("no order"), event_id=entered, evidence="another docket",
    ))
    one = the_one(withdrawn)
    assert (one.owes, one.because) == (Owes.RECALL, OwedBecause.NOT_FOR_THEM)


@pytest.mark.parametrize("partner", ["cons-gt.denver", "CONS-GT"])
def test_a_consulate_of_nobody_in_the_family_is_to_learn_nothing_new(partner: str) -> None:
    called = in_custody.given(telling(AskedItem.CUSTODY, partner=partner, why=Outside.PERSON, authority="liaison-1"))
    child = called.case.citizenship.of(CHILD).nationalities.current
    assert child is not None
    still = called.when(of_mother(called))
    assert still.the(OutsideCorrectionOwed) == [], "her child is its national still"
    mothers = still.scenario()
    outcome = mothers.when(of_mother(mothers, correction_id=an_id("nor the child"), person_id=CHILD,
                                     replaces_event_id=child.event_id))
    one = the_one(outcome)
    assert one.cause_event_id == outcome.envelopes()[0].circumstances.event_id
    assert (one.owes, one.because) == (Owes.RECALL, OwedBecause.NOT_FOR_THEM)


def test_a_person_decides_that_somebody_should_never_have_been_told_and_it_is_recalled_once() -> None:
    wish = RecallToldOutside(telling_id=TELLING)
    corrected = told.given(birth_date(told))
    outcome = corrected.when(wish).then(OutsideCorrectionOwed)
    one = the_one(outcome)
    assert (one.owes, one.because) == (Owes.RECALL, OwedBecause.NOT_FOR_THEM)
    assert one.cause_event_id == outcome.envelopes()[0].circumstances.event_id
    done = outcome.scenario().given(settle(outcome.scenario(), correction_id=one.correction_id))
    assert owed(done) == []
    done.when(wish).then_nothing()
    told.when(RecallToldOutside(telling_id=an_id("none"))).then_refused(rule="P19", field="telling_id")


def test_an_order_to_expunge_is_owed_to_whoever_was_told_of_these_persons() -> None:
    one = the_one(told.when(EXPUNGE))
    assert (one.owes, one.because) == (Owes.ERASURE, OwedBecause.EXPUNGED)
    of_sibling = in_custody.given(replace(SUBPOENA, person_ids=(SIBLING,)))
    assert of_sibling.when(replace(EXPUNGE, person_ids=(CHILD,))).the(OutsideCorrectionOwed) == []
    late = in_custody.given(EXPUNGE).when(SUBPOENA, occurred_at=in_custody.at)
    assert the_one(late).owes is Owes.ERASURE


def test_a_telling_that_never_was_owes_nothing() -> None:
    corrected = told.given(birth_date(told))
    recorded = told.envelopes[-1].circumstances.event_id
    wrong = WithdrawReport(withdrawal_id=an_id("not told"), event_id=recorded, evidence="the call was never made")
    assert owed(corrected) and owed(corrected.given(wrong)) == []


def test_what_is_owed_is_an_act_of_the_agency_and_no_report_to_withdraw() -> None:
    corrected = told.given(birth_date(told))
    raised = corrected.envelopes[-1].circumstances.event_id
    corrected.when(WithdrawReport(withdrawal_id=an_id("no"), event_id=raised, evidence="-")).then_refused(
        rule="P19", field="event_id")


def test_what_was_taken_back_for_a_cause_that_is_itself_taken_back_is_owed_no_more() -> None:
    ordered = told.given(EXPUNGE)
    assert owed(ordered) and owed(ordered.given(WithdrawExpungeOrder(expunge_id=EXPUNGE.expunge_id))) == []
    vacated = in_custody.given(ORDER, BY_ORDER, VACATES)
    restores = replace(VACATES, order_id=an_id("last order"), earlier_order_id=VACATES.order_id)
    assert owed(vacated) and owed(vacated.given(restores)) == []
    restored = vacated.given(restores)
    assert the_one(restored.when(birth_date(restored))).owes is Owes.CORRECTION
    corrected = told.given(birth_date(told))
    mistaken = WithdrawMislink(
        withdrawal_id=an_id("mistaken"), event_id=corrected.envelopes[-2].circumstances.event_id, evidence="another child",
    )
    assert owed(corrected) and owed(corrected.given(mistaken)) == []


# -- a person's word

def settle(scenario: Scenario, **changes: Any) -> RecordCorrectedOutside:
    return replace(RecordCorrectedOutside(
        correction_id=owed(scenario)[0].correction_id, how=Way.PAPER, receipt="Sgt. Invented, receipt 4",
    ), **changes)


def test_a_persons_word_settles_it_once_and_says_who_has_it() -> None:
    corrected = told.given(birth_date(told))
    outcome = corrected.when(settle(corrected)).then(OutsideCorrectionSettled)
    [settled] = outcome.the(OutsideCorrectionSettled)
    assert settled.receipt == Known("Sgt. Invented, receipt 4") and settled.how is Way.PAPER
    done = outcome.scenario()
    assert owed(done) == []
    done.when(settle(corrected, how=Way.MAIL)).then_refused(rule="IDEMPOTENCE", field="how")


def test_what_is_not_owed_and_what_no_person_told_is_refused() -> None:
    corrected = told.given(birth_date(told))
    corrected.when(settle(corrected, correction_id=an_id("none"))).then_refused(rule="P19", field="correction_id")
    corrected.when(settle(corrected, how=Way.WEBHOOK)).then_refused(rule="P19", field="how")
    for nobody in (None, " "):
        corrected.when(settle(corrected, receipt=nobody)).then_refused(rule="P19", field="receipt")


def test_who_has_disregarded_all_of_it_is_owed_no_part_of_it_and_is_still_to_erase_it() -> None:
    ordered = in_custody.given(ORDER, BY_ORDER)
    both = ordered.given(birth_date(ordered), VACATES)
    correction, recall = owed(both)
    assert (correction.owes, recall.owes) == (Owes.CORRECTION, Owes.RECALL)
    outcome = both.when(settle(both, correction_id=recall.correction_id))
    outcome.then(OutsideCorrectionSettled, OutsideCorrectionSettled)
    done = outcome.scenario()
    assert owed(done) == [] and owed(both.given(settle(both))) == [recall]
    assert the_one(done.when(EXPUNGE)).owes is Owes.ERASURE


def test_an_erasure_is_settled_after_the_keys_are_gone_and_nothing_is_written_of_it() -> None:
    ordered = told.given(EXPUNGE)
    begin, complete = BeginExpunge(expunge_id=EXPUNGE.expunge_id), CompleteExpunge(expunge_id=EXPUNGE.expunge_id)
    gone = ordered.given((begin, ordered.at + timedelta(days=8)), complete)
    gone.when(settle(gone)).then_refused(rule="P19", field="receipt")
    assert owed(gone.given(settle(gone, receipt=None))) == []


def test_its_age_shows_and_the_agencys_own_target_for_corrections_is_its() -> None:
    aiming = replace(told, standing=having(told.standing, SetTarget(rule_id=CORRECTIONS, amount=2, unit=TargetUnit.HOURS)))
    corrected = aiming.given(birth_date(aiming))
    for hours, is_late in ((1, False), (3, True)):
        [one] = explain_owing(corrected.case, corrected.standing, corrected.at + timedelta(hours=hours))
        assert one.is_late is is_late and f"open for {hours} h; the agency's own target" in one.state
        assert one.title == "Correct what LE was told outside of the feeds on 13 Aug 2026 about Nahomy Zúñiga Ochoa"
        assert one.fields == ("child birth date",)


def test_what_was_told_to_put_it_right_is_owed_again_where_it_was_never_true_either() -> None:
    corrected = told.given(birth_date(told))
    first = corrected.envelopes[-2].circumstances.event_id
    again = birth_date(corrected, correction_id=an_id("again"), replaces_event_id=first, birth_date=date(2015, 3, 9))
    assert len(owed(corrected.given(again))) == 1, "they have not heard the second date, and will hear the third"
    put_right = corrected.given(settle(corrected))
    assert the_one(put_right.when(again)).owes is Owes.CORRECTION


@for_any(steps=st.lists(st.sampled_from(("tell", "correct", "put right")), max_size=9))
@settings(max_examples=40, deadline=None)
def test_whoever_heard_a_date_that_proves_wrong_is_owed_it_until_told_and_nobody_else_is(steps: list[str]) -> None:
    scenario, told_by = in_custody, added(in_custody, CHILD)
    heard = dict[UUID, set[int]]()  # by telling: which dates, the first one being 0
    corrections = 0
    for number, step in enumerate(steps):
        if step == "tell":
            heard[an_id(f"telling {number}")] = {corrections}
            scenario = scenario.given(replace(SUBPOENA, telling_id=an_id(f"telling {number}")))
        elif step == "correct":
            corrections += 1
            scenario = scenario.given(birth_date(
                scenario, correction_id=an_id(f"date {number}"), replaces_event_id=told_by,
                birth_date=date(2016, 1, 1 + number),
            ))
            told_by = [e.circumstances.event_id for e in scenario.envelopes if isinstance(e.event, FactCorrected)][-1]
        elif owed(scenario):
            one = owed(scenario)[0]
            heard[one.telling_id].add(corrections)
            scenario = scenario.given(settle(scenario))
    ever = [one.owed.telling_id for one in scenario.case.outside_corrections.owed.values()]
    wrong = [telling_id for telling_id, dates in heard.items() for heard_date in dates if heard_date < corrections]
    assert sorted(ever) == sorted(wrong)


# -- what a reader cannot see

def test_what_is_withheld_is_not_guessed_and_what_stands_in_clear_is_owed_all_the_same() -> None:
    ordered = in_custody.given(ORDER, BY_ORDER)
    hidden = tuple(withhold(envelope, frozenset({Compartment.LEGAL})) for envelope in ordered.envelopes)
    blind = replace(ordered, envelopes=hidden, case=fold(hidden))
    assert blind.when(birth_date(blind)).the(OutsideCorrectionOwed) == []
    assert the_one(blind.when(VACATES)).owes is Owes.RECALL
    erased = blind.when(EXPUNGE)
    assert the_one(erased).owes is Owes.ERASURE
    [shown] = explain_owing(erased.scenario().case, blind.standing, blind.at)
    assert shown.title.startswith("Have (withheld) erase what it was told outside of the feeds on 13 Aug 2026 about ")


def test_what_one_reader_could_not_see_is_owed_by_the_next_who_can() -> None:
    hidden = tuple(withhold(envelope, frozenset({Compartment.LEGAL})) for envelope in told.envelopes)
    blind = replace(told, envelopes=hidden, case=fold(hidden)).given(birth_date(told))
    sighted = replace(blind, case=fold((*told.envelopes, blind.envelopes[-1])))
    name = CorrectFact(
        correction_id=an_id("name"), person_id=MOTHER, replaces_event_id=added(told, MOTHER),
        name=PersonName(given_names="Lucía", surnames="Ochoa Paz"), evidence="her passport",
    )
    assert owed(blind) == []
    assert the_one(sighted.when(name)).cause_event_id == blind.envelopes[-1].circumstances.event_id


# -- the items of the list

def test_every_item_with_a_word_is_found_in_a_whole_case_and_no_other() -> None:
    case = whole_case().case
    found = {item for item in AskedItem if list(told_of(case, item, tuple(case.intake.people)))}
    untold = {
        AskedItem.PARENT_STATUS, AskedItem.DEPORTATION_ORDER, AskedItem.CARER_STATUS, AskedItem.HEALTH_RECORDS,
        AskedItem.TRAFFICKING_ANSWERS, AskedItem.COUNSEL_COMMUNICATIONS,
    }
    assert untold == {item for item in AskedItem if not PATHS[item]} - {AskedItem.CASE_FILE}
    assert all(not word.is_told for word in WORDS.values() if word.item in untold)
    assert found >= set(AskedItem) - untold - {AskedItem.HOME_STUDY_REPORT} and not found & untold


def test_a_case_that_closes_names_what_is_still_owed() -> None:
    corrected = told.given(birth_date(told))
    [closed] = corrected.when(CloseCase(outcome=CaseOutcome.OTHER)).the(CaseClosed)
    assert closed.open_correction_ids == (owed(corrected)[0].correction_id,)
    [settled] = corrected.given(settle(corrected)).when(CloseCase(outcome=CaseOutcome.OTHER)).the(CaseClosed)
    assert settled.open_correction_ids == ()
