"""What others answer comes out of order, twice, late and contradictory: all is kept and seen, and none settles itself."""
from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from domain.case.consular_service import RecordAcknowledgement, ServiceStage
from domain.case.court import CourtOrderEntered, OrderEffect, OrderStage
from domain.case.detention import DetentionWarning, IceDetaineeLocated
from domain.case.kin import (
    HomeStudyCompleted,
    HomeStudyFailed,
    StudyOutcome,
    StudyStage,
    StudyWarning,
)
from domain.case.petitions import PetitionDecision, ReliefPetitionDecided, ReliefStage, ReliefWarning, relief_stage
from domain.case.screening import TraffickingStage, trafficking_stage
from domain.case.trafficking import LetterKind, LetterWarning, OtipLetterReceived
from domain.case.unaccompanied import (
    IdentityResult,
    IdentityVerifiedByConsulate,
    IdentityWarning,
    MinorStage,
    stage_of,
)
from domain.personal import Known
from tests.specification import Scenario, an_id
from tests.unit import test_consular_service as services
from tests.unit import test_court as court
from tests.unit import test_detention as detention
from tests.unit import test_kin as kin
from tests.unit import test_placement as placement
from tests.unit import test_relief as relief
from tests.unit import test_trafficking as trafficking
from tests.unit import test_unaccompanied as minors
from tests.unit.abroad import family
from tests.unit.people import CHILD, FATHER

HOUR = timedelta(hours=1)


# ------------------------------------------------------------------ acknowledgements and answers
def test_an_acknowledgement_after_the_answer_undoes_no_answer_and_the_earliest_counts() -> None:
    answered = services.in_custody.given(services.ask, services.answer)
    late = replace(services.acknowledge, acknowledgement_id=an_id("late"))
    after = answered.when(late, occurred_at=answered.at - HOUR / 2).scenario().given(services.acknowledge)
    assert after.case.consular_services.stage(services.ask.request_id) is ServiceStage.DONE
    assert after.case.consular_services.acknowledged[services.ask.request_id] == answered.at - HOUR / 2
    assert isinstance(late, RecordAcknowledgement)


def test_nothing_is_acknowledged_before_it_was_sent() -> None:
    asked = services.in_custody.given(services.ask)
    early = asked.when(services.acknowledge, occurred_at=asked.at - HOUR / 2)
    early.then_refused(rule="P02", field="occurred_at")


# ------------------------------------------------------------------ home studies
other = replace(kin.report(), report_id=an_id("second report"), outcome=StudyOutcome.UNFAVOURABLE)
reported = kin.asked.given(kin.report())


def test_a_second_report_that_differs_is_kept_and_neither_counts_until_a_person_has_asked() -> None:
    outcome = reported.when(other).then(HomeStudyCompleted)
    [second] = outcome.the(HomeStudyCompleted)
    assert second.warnings == (StudyWarning.CONTRADICTS_EARLIER_REPORT,)
    after = outcome.scenario()
    assert after.case.kin.stage(kin.FIRST) is StudyStage.CONTRADICTED
    assert after.case.kin.studies[kin.FIRST].outcome is None


def test_in_whichever_order_two_reports_come_they_contradict_each_other() -> None:
    after = kin.asked.given(other, kin.report())
    assert after.case.kin.stage(kin.FIRST) is StudyStage.CONTRADICTED


def test_a_second_report_that_says_the_same_contradicts_nothing() -> None:
    same = replace(other, outcome=StudyOutcome.FAVOURABLE)
    [second] = reported.when(same).then(HomeStudyCompleted).the(HomeStudyCompleted)
    assert second.warnings == ()
    assert reported.given(same).case.kin.stage(kin.FIRST) is StudyStage.COMPLETED


def test_no_child_travels_on_reports_that_contradict_each_other() -> None:
    first = placement.study(FATHER)
    differs = replace(first, report_id=an_id("second report"), outcome=StudyOutcome.UNFAVOURABLE)
    with_plan = placement.in_custody.given(first, *placement.papers, placement.approve)
    with_plan.given(differs).when(placement.travel).then_refused(rule="P12", field="serves_id")


def test_a_later_study_that_finds_against_a_home_outdoes_an_earlier_one_and_not_the_other_way_round() -> None:
    with_plan = placement.in_custody.given(placement.study(FATHER), *placement.papers, placement.approve)
    against = placement.study(FATHER, StudyOutcome.UNFAVOURABLE)
    with_plan.given(against).when(placement.travel).then_refused(rule="P12", field="serves_id")
    before = with_plan.when(against, occurred_at=placement.in_custody.at + HOUR / 2).scenario()
    assert before.when(placement.travel).events()


def test_a_failure_from_before_the_report_may_arrive_after_it() -> None:
    late = reported.when(kin.failure(), occurred_at=kin.asked.at + HOUR / 2).then(HomeStudyFailed)
    assert late.scenario().case.kin.stage(kin.FIRST) is StudyStage.COMPLETED
    reported.when(kin.failure()).then_refused(rule="P03", field="request_id")


# ------------------------------------------------------------------ where a parent is held
def test_two_places_without_a_transfer_between_them_are_seen() -> None:
    elsewhere = replace(detention.locate, location_id=an_id("elsewhere"), facility="Torrance", facility_id="T-1")
    [second] = detention.located.when(elsewhere).then(IceDetaineeLocated).the(IceDetaineeLocated)
    assert second.warnings == (DetentionWarning.ELSEWHERE_BEFORE,)
    [again] = detention.located.when(replace(elsewhere, facility="otero")).then(IceDetaineeLocated).the(IceDetaineeLocated)
    assert again.warnings == ()
    moved = detention.located.given(detention.transfer)
    [third] = moved.when(elsewhere).then(IceDetaineeLocated).the(IceDetaineeLocated)
    assert third.warnings == ()


# ------------------------------------------------------------------ OTIP's letters
KINDS = {
    LetterKind.INTERIM_ASSISTANCE: TraffickingStage.INTERIM,
    LetterKind.DENIAL_OF_ASSISTANCE: TraffickingStage.DENIED_ASSISTANCE,
    LetterKind.DENIAL_OF_ELIGIBILITY: TraffickingStage.DENIED_ELIGIBILITY,
    LetterKind.ELIGIBILITY: TraffickingStage.ELIGIBLE,
}


@pytest.mark.parametrize(("kind", "expected"), KINDS.items())
def test_a_letter_of_each_kind_takes_the_place_of_one_that_it_names(kind: LetterKind, expected: TraffickingStage) -> None:
    later = replace(trafficking.longer, letter_kind=kind, benefits_from=None, benefits_until=None)
    outcome = trafficking.assisted.when(later).then(OtipLetterReceived)
    assert outcome.the(OtipLetterReceived)[0].warnings == Known(())
    assert trafficking_stage(outcome.scenario().case, CHILD) is expected
    assert outcome.scenario().case.trafficking.standing_letters(CHILD) == [
        outcome.scenario().case.trafficking.letters[later.letter_id]
    ]


def test_a_letter_that_names_none_beside_one_that_stands_is_seen_and_both_stand() -> None:
    denial = replace(
        trafficking.interim, letter_id=an_id("denial"), letter_kind=LetterKind.DENIAL_OF_ASSISTANCE, benefits_from=None,
        benefits_until=None, issued_on=date(2026, 9, 1),
    )
    outcome = trafficking.assisted.when(denial).then(OtipLetterReceived)
    assert outcome.the(OtipLetterReceived)[0].warnings == Known((LetterWarning.ANOTHER_STANDS,))
    assert len(outcome.scenario().case.trafficking.standing_letters(CHILD)) == 2


def test_a_letter_older_than_the_one_it_follows_is_recorded_with_a_warning() -> None:
    older = replace(trafficking.longer, issued_on=date(2026, 8, 1))
    [letter] = trafficking.assisted.when(older).then(OtipLetterReceived).the(OtipLetterReceived)
    assert letter.warnings == Known((LetterWarning.OLDER_THAN_FOLLOWED,))


# ------------------------------------------------------------------ court orders
def test_an_order_that_amends_says_what_it_says_and_leaves_the_rest_as_it_was() -> None:
    supervised = family.given(court.order(supervised=True))
    silent = supervised.given(court.order(court.LATER, changes=court.ORDER, effect=OrderEffect.AMENDS))
    assert silent.case.court.needs_supervision([CHILD], FATHER)
    lifted = supervised.given(court.order(court.LATER, changes=court.ORDER, effect=OrderEffect.AMENDS, supervised=False))
    assert not lifted.case.court.needs_supervision([CHILD], FATHER)


def test_an_amendment_from_before_the_order_was_vacated_may_arrive_after_it() -> None:
    ordered = family.given(court.order())
    vacated = ordered.given(court.order(court.LATER, changes=court.ORDER, effect=OrderEffect.VACATES))
    amends = court.order(court.LAST, changes=court.ORDER, effect=OrderEffect.AMENDS)
    vacated.when(amends).then_refused(rule="P10", field="earlier_order_id")
    late = vacated.when(amends, occurred_at=ordered.at + HOUR / 2).then(CourtOrderEntered).scenario()
    assert late.case.court.standing(court.ORDER) is OrderStage.VACATED


def test_a_stay_that_is_vacated_gives_the_order_its_force_back() -> None:
    stayed = family.given(
        court.order(supervised=True), court.order(court.LATER, changes=court.ORDER, effect=OrderEffect.STAYS)
    )
    assert stayed.case.court.standing(court.ORDER) is OrderStage.STAYED
    assert not stayed.case.court.needs_supervision([CHILD], FATHER)
    lifted = stayed.given(court.order(court.LAST, changes=court.LATER, effect=OrderEffect.VACATES))
    assert lifted.case.court.standing(court.ORDER) is OrderStage.IN_FORCE
    assert lifted.case.court.needs_supervision([CHILD], FATHER)


# ------------------------------------------------------------------ petitions
def test_decisions_that_differ_are_both_kept_and_the_second_says_that_there_was_a_first() -> None:
    granted = relief.filed.given(relief.decided)
    denied = replace(relief.decided, decision_id=an_id("denied"), decision=PetitionDecision.DENIED)
    outcome = granted.when(denied).then(ReliefPetitionDecided)
    assert outcome.the(ReliefPetitionDecided)[0].warnings == (ReliefWarning.DECIDED_BEFORE,)
    assert relief_stage(outcome.scenario().case, CHILD) is ReliefStage.DENIED
    late = granted.when(denied, occurred_at=relief.filed.at + HOUR / 2).scenario()
    assert relief_stage(late.case, CHILD) is ReliefStage.GRANTED


# ------------------------------------------------------------------ who somebody is
def test_a_consulate_that_says_two_things_of_one_person_has_verified_nobody() -> None:
    asked = minors.received.given(minors.ask, minors.answer)
    confirmed = asked.given(minors.verify)
    assert stage_of(confirmed.case, minors.RECEPTION) is MinorStage.VERIFIED
    denied = replace(minors.verify, verification_id=an_id("denied"), result=IdentityResult.NOT_CONFIRMED)
    outcome = confirmed.when(denied).then(IdentityVerifiedByConsulate)
    assert outcome.the(IdentityVerifiedByConsulate)[0].warnings == (IdentityWarning.CONTRADICTS_EARLIER_ANSWER,)
    assert stage_of(outcome.scenario().case, minors.RECEPTION) is MinorStage.RECEIVED
    other_way: Scenario = asked.given(denied, minors.verify)
    assert stage_of(other_way.case, minors.RECEPTION) is MinorStage.RECEIVED
