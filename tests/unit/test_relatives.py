"""Relatives: identified, considered whatever their status, licensed, evaluated for DIF."""
from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta
from typing import Any, cast

from domain.case.kin import HomeStudyCompleted, RecordHomeStudy, StudyMode, StudyOutcome, StudyProvider, StudyStage
from domain.case.relatives import (
    AssessRelativePlacement,
    CaregiverLicensed,
    CourtesyHomeEvaluationRequestedByDif,
    IdentifyRelative,
    LicenseCaregiver,
    PlacementAssessment,
    ReceiveCourtesyEvaluationRequest,
    RelativeIdentified,
    RelativePlacementAssessed,
)
from domain.personal import Known
from tests.specification import an_id
from tests.unit.abroad import address, family, family_in
from tests.unit.people import AUNT, CHILD

identify = IdentifyRelative(
    identification_id=an_id("identified"), party_id=AUNT, relation="aunt", country="MX", found_by="consulate"
)
assess = AssessRelativePlacement(
    assessment_id=an_id("assessed"), party_id=AUNT, child_ids=(CHILD,), result=PlacementAssessment.SUITABLE
)
courtesy = ReceiveCourtesyEvaluationRequest(
    request_id=an_id("courtesy"), subject_id=AUNT, dif_ref="DIF-31",
    home_address=address("US", street="Elm Street", number="4", city="San Diego"),
)


def test_a_relative_is_identified_with_the_country_where_they_live() -> None:
    scenario = family.when(identify).then(RelativeIdentified).scenario()
    assert scenario.case.relatives.of(AUNT).country.value == Known("MX")


def test_a_country_by_its_name_is_refused() -> None:
    family.when(replace(identify, country="México")).then_refused(rule="COUNTRY-CODE", field="country")


def test_a_relative_who_is_not_in_the_case_is_refused() -> None:
    family.when(replace(identify, party_id=an_id("stranger"))).then_refused(rule="P01", field="party_id")


def test_a_child_is_not_identified_as_a_relative() -> None:
    family.when(replace(identify, party_id=CHILD)).then_refused(rule="P01", field="party_id")


def test_an_assessment_never_weighs_status() -> None:
    [assessed] = family.when(assess).then(RelativePlacementAssessed).the(RelativePlacementAssessed)
    assert assessed.status_ignored is True
    assert "status_ignored" not in {item.name for item in fields(cast(Any, AssessRelativePlacement))}


def test_a_later_assessment_counts_in_whatever_order_the_two_arrive() -> None:
    scenario = family.given(assess)
    earlier = replace(assess, assessment_id=an_id("earlier"), result=PlacementAssessment.UNDECIDED)
    after = scenario.when(earlier, occurred_at=scenario.at - timedelta(days=3)).scenario()
    assert after.case.relatives.of(AUNT).assessment.value == Known(PlacementAssessment.SUITABLE)


def test_a_caregiver_is_licensed() -> None:
    licensed = family.when(LicenseCaregiver(licence_id=an_id("licence"), party_id=AUNT, licence_ref="L-1"))
    assert licensed.then(CaregiverLicensed).scenario().case.relatives.of(AUNT).is_licensed


def test_dif_asks_for_a_home_here_and_the_agency_answers_with_a_study() -> None:
    scenario = family_in("SDC").when(courtesy).then(CourtesyHomeEvaluationRequestedByDif).scenario()
    assert scenario.case.kin.stage(courtesy.request_id) is StudyStage.REQUESTED
    answer = RecordHomeStudy(
        request_id=courtesy.request_id, subject_id=AUNT, provider=StudyProvider.AGENCY, mode=StudyMode.IN_PERSON,
        outcome=StudyOutcome.FAVOURABLE,
    )
    scenario.when(answer).then(HomeStudyCompleted)


def test_dif_does_not_ask_the_agency_about_a_home_abroad() -> None:
    abroad = replace(courtesy, home_address=address(street="Calle Sur", colonia="Centro"))
    family_in("SDC").when(abroad).then_refused(rule="SDC-DIF-COURTESY", field="home_address.country")
