"""Studies of relatives' homes: asked for, answered, failed, and asked again under the rules of P03."""
from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from domain.case.clearance import InternationalHomeClearanceRequested, RequestHomeClearance
from domain.case.kin import (
    DifHomeStudyRequested,
    HomeStudyCompleted,
    HomeStudyFailed,
    IssHomeStudyRequested,
    RecordHomeStudy,
    RecordHomeStudyFailure,
    RequestDifHomeStudy,
    RequestHomeStudy,
    StudyFailure,
    StudyMode,
    StudyOutcome,
    StudyProvider,
    StudyStage,
    StudyWarning,
)
from domain.case.state import fold
from domain.people import Address
from tests.specification import Scenario, an_id
from tests.unit.abroad import address, family
from tests.unit.people import AUNT, CHILD, FATHER, SIBLING

FIRST, SECOND, THIRD = an_id("study"), an_id("study 2"), an_id("study 3")
HOME = address(street="Calle Sur", number="8", municipality="Puebla", landmarks="by the mill")
ELSEWHERE = address(street="Calle Norte", number="1", colonia="Centro", municipality="Puebla")


def iss(id: UUID = FIRST, *, attempt: int = 1, prior: UUID | None = None, at: Address = HOME) -> RequestHomeStudy:
    return RequestHomeStudy(
        request_id=id, subject_id=FATHER, child_ids=(SIBLING,), address=at, attempt=attempt, prior_request_id=prior,
        reason_for_iss="DIF is unable",
    )


def dif(id: UUID = FIRST, *, at: Address = HOME) -> RequestDifHomeStudy:
    return RequestDifHomeStudy(request_id=id, subject_id=FATHER, child_ids=(SIBLING,), address=at, attempt=1)


def report(id: UUID = FIRST, provider: StudyProvider = StudyProvider.ISS, subject: UUID = FATHER) -> RecordHomeStudy:
    return RecordHomeStudy(
        request_id=id, subject_id=subject, provider=provider, mode=StudyMode.IN_PERSON, outcome=StudyOutcome.FAVOURABLE,
        report_ref="R-7",
    )


def failure(id: UUID = FIRST, reason: StudyFailure = StudyFailure.ADDRESS_NOT_FOUND) -> RecordHomeStudyFailure:
    return RecordHomeStudyFailure(request_id=id, reason=reason)


asked = family.given(iss())
failed = asked.given(failure())


def stage(scenario: Scenario, id: UUID = FIRST) -> StudyStage:
    return scenario.case.kin.stage(id)


def test_iss_is_asked_to_study_a_home() -> None:
    family.when(iss()).then(IssHomeStudyRequested)
    assert (stage(family), stage(asked)) == (StudyStage.NEEDED, StudyStage.REQUESTED)


def test_a_request_that_the_partner_acknowledged_is_no_answer_yet() -> None:
    assert asked.case.kin.stage(FIRST, acknowledged={FIRST}) is StudyStage.ACKNOWLEDGED
    assert failed.case.kin.stage(FIRST, acknowledged={FIRST}) is StudyStage.FAILED


def test_dif_is_asked_to_study_a_home_in_mexico() -> None:
    family.when(dif()).then(DifHomeStudyRequested)


def test_dif_is_not_asked_about_a_home_in_another_country() -> None:
    elsewhere = address("GT", street="6a Avenida", municipality="Mixco")
    family.when(dif(at=elsewhere)).then_refused(rule="US-REUNIFY-DIF", field="address.country")


def test_dif_needs_the_municipality() -> None:
    family.when(dif(at=address(colonia="Centro"))).then_refused(rule="P03", field="address.municipality")


def test_iss_is_asked_to_clear_a_home_before_a_visit_abroad() -> None:
    clearance = RequestHomeClearance(request_id=FIRST, subject_id=FATHER, child_ids=(SIBLING,), country="MX")
    scenario = family.when(clearance).then(InternationalHomeClearanceRequested).scenario()
    scenario.when(report()).then(HomeStudyCompleted)
    scenario.when(iss(SECOND)).then(IssHomeStudyRequested)


def test_a_home_here_needs_no_international_clearance() -> None:
    clearance = RequestHomeClearance(request_id=FIRST, subject_id=FATHER, child_ids=(SIBLING,), country="US")
    family.when(clearance).then_refused(rule="NYC-CLEARANCE-ISS", field="country")


@pytest.mark.parametrize(("home", "field"), [
    (address(), "address.colonia"),
    (address(street="Calle Sur", number="8", municipality="Puebla"), "address.colonia"),
    (address("GT", municipality="Mixco"), "address.street"),
    (address("GT", street="P.O. Box 12"), "address.street"),
    (address(street="Apartado Postal 31", colonia="Centro"), "address.street"),
    (address("GT", street="6a Avenida", number="PO Box 4"), "address.number"),
])
def test_a_request_without_a_dwelling_is_refused(home: Address, field: str) -> None:
    family.when(iss(at=home)).then_refused(rule="P03", field=field)


def test_a_street_that_sounds_like_a_post_box_is_a_street() -> None:
    family.when(iss(at=address(street="Calle Apartado 14", colonia="Centro"))).then(IssHomeStudyRequested)


def test_a_child_is_no_subject_of_a_home_study() -> None:
    family.when(replace(iss(), subject_id=CHILD)).then_refused(rule="P01", field="subject_id")


def test_a_home_study_is_for_at_least_one_child() -> None:
    family.when(replace(iss(), child_ids=())).then_refused(rule="P01", field="child_ids")


@pytest.mark.parametrize("again", [
    iss(SECOND), dif(SECOND), replace(iss(SECOND), subject_id=AUNT),
    iss(SECOND, at=address(street="CALLE SUR", number="8", municipality="Puebla", colonia="Vista Hermosa")),
])
def test_two_live_requests_for_one_home_are_refused(again: RequestHomeStudy | RequestDifHomeStudy) -> None:
    asked.when(again).then_refused(rule="P03", field="address")


def test_another_home_may_be_studied_at_the_same_time() -> None:
    asked.when(iss(SECOND, at=ELSEWHERE)).then(IssHomeStudyRequested)


def test_after_the_report_the_home_may_be_studied_once_more() -> None:
    asked.given(report()).when(iss(SECOND)).then(IssHomeStudyRequested)


def test_iss_is_asked_afresh_after_dif_failed() -> None:
    scenario = family.given(dif(), failure(reason=StudyFailure.NO_CAPACITY))
    scenario.when(iss(SECOND)).then(IssHomeStudyRequested)


def test_a_failed_request_is_followed_by_a_second_attempt_that_names_it() -> None:
    scenario = failed.when(iss(SECOND, attempt=2, prior=FIRST)).then(IssHomeStudyRequested).scenario()
    assert (stage(failed), stage(scenario)) == (StudyStage.FAILED, StudyStage.RE_REQUESTED)
    assert stage(scenario, SECOND) is StudyStage.REQUESTED


def test_a_request_that_was_withdrawn_is_abandoned_and_may_begin_anew() -> None:
    withdrawn = asked.given(failure(reason=StudyFailure.WITHDRAWN))
    assert stage(withdrawn) is StudyStage.ABANDONED
    withdrawn.when(iss(SECOND)).then(IssHomeStudyRequested)


def test_a_request_again_that_does_not_name_the_failed_one_is_refused() -> None:
    failed.when(iss(SECOND)).then_refused(rule="P03", field="prior_request_id")


def test_a_second_attempt_without_an_earlier_request_is_refused() -> None:
    failed.when(iss(SECOND, attempt=2)).then_refused(rule="P03", field="prior_request_id")


@pytest.mark.parametrize("attempt", [1, 3])
def test_the_number_of_the_attempt_must_follow(attempt: int) -> None:
    field = "prior_request_id" if attempt == 1 else "attempt"
    failed.when(iss(SECOND, attempt=attempt, prior=FIRST)).then_refused(rule="P03", field=field)


def test_a_second_attempt_of_a_request_that_has_not_failed_is_refused() -> None:
    again = iss(SECOND, attempt=2, prior=FIRST, at=ELSEWHERE)
    asked.when(again).then_refused(rule="P03", field="prior_request_id")
    asked.given(report()).when(again).then_refused(rule="P03", field="prior_request_id")


def test_one_failure_is_followed_by_one_attempt() -> None:
    scenario = failed.given(iss(SECOND, attempt=2, prior=FIRST))
    scenario.when(iss(THIRD, attempt=2, prior=FIRST, at=ELSEWHERE)).then_refused(rule="P03", field="prior_request_id")


def test_a_request_that_comes_again_after_all_is_over_is_still_nothing() -> None:
    failed.given(iss(SECOND, attempt=2, prior=FIRST), report(SECOND)).when(iss()).then_nothing()


def test_a_report_answers_its_request() -> None:
    scenario = asked.when(report()).then(HomeStudyCompleted).scenario()
    assert stage(scenario) is StudyStage.COMPLETED


@pytest.mark.parametrize("wrong", [
    report(SECOND), report(SECOND, StudyProvider.DIF), report(provider=StudyProvider.DIF), report(subject=AUNT),
    report(provider=StudyProvider.AGENCY),
])
def test_a_report_for_another_request_is_refused(wrong: RecordHomeStudy) -> None:
    asked.when(wrong).then_refused(rule="P03", field="request_id")


def test_a_study_that_a_foster_agency_made_unasked_stands_by_itself() -> None:
    family.when(report(provider=StudyProvider.FOSTER_AGENCY)).then(HomeStudyCompleted)


def test_a_report_dated_before_its_request_is_refused() -> None:
    asked.when(report(), occurred_at=asked.at - timedelta(days=1)).then_refused(rule="P03", field="occurred_at")


def test_a_favourable_report_on_an_adult_who_is_not_in_the_case_is_refused() -> None:
    family.when(report(provider=StudyProvider.AGENCY, subject=an_id("stranger"))).then_refused(
        rule="P01", field="subject_id"
    )


def test_a_report_after_the_failure_is_recorded_and_says_so() -> None:
    late = failed.when(report()).then(HomeStudyCompleted)
    assert late.the(HomeStudyCompleted)[0].warnings == (StudyWarning.REQUEST_HAD_FAILED,)
    assert stage(late.scenario()) is StudyStage.COMPLETED


def test_other_content_of_the_same_report_is_a_contradiction() -> None:
    other = replace(report(), outcome=StudyOutcome.UNFAVOURABLE)
    asked.given(report()).when(other).then_refused(rule="IDEMPOTENCE", field="outcome")


def test_a_study_fails_with_a_reason() -> None:
    asked.when(failure()).then(HomeStudyFailed)


def test_a_study_that_nobody_asked_for_cannot_fail() -> None:
    family.when(failure()).then_refused(rule="P03", field="request_id")


def test_a_study_cannot_fail_before_it_was_asked_for() -> None:
    asked.when(failure(), occurred_at=asked.at - timedelta(days=1)).then_refused(rule="P03", field="occurred_at")


def test_a_study_whose_report_is_there_did_not_fail() -> None:
    asked.given(report()).when(failure()).then_refused(rule="P03", field="request_id")


def test_answers_without_their_requests_fold_without_raising() -> None:
    told = [e for e in failed.given(report()).envelopes if type(e.event) is not IssHomeStudyRequested]
    assert fold(told).kin.stage(FIRST) is StudyStage.COMPLETED
