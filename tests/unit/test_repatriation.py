"""A child comes back to the US: who may ask, what the assessment rests on, and that it was away."""
from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from adapters.commands import parse_line
from domain.case.placement import ArrangeTravel, TravelArranged, TravelPurpose
from domain.case.repatriation import (
    AbductionWarning,
    AssessmentSource,
    BioPsychoSocialAssessmentCompleted,
    ChildAbductionReported,
    ChildRepatriatedToUs,
    CompleteBioPsychoSocialAssessment,
    Initiator,
    RecordRepatriation,
    RepatriationStage,
    RepatriationToUsRequested,
    ReportChildAbduction,
    RequestRepatriation,
    stage_of,
)
from domain.refusals import Refused
from tests.specification import NOON, Scenario, an_id
from tests.unit.people import CHILD, FAMILY, SIBLING, take_child

family = Scenario().given(*FAMILY)
REQUEST = an_id("return")
taken_away = ReportChildAbduction(report_id=an_id("report"), child_id=CHILD, in_custody=True)
request = RequestRepatriation(request_id=REQUEST, child_id=CHILD, initiator=Initiator.DOS, from_country="GT")
assess = CompleteBioPsychoSocialAssessment(
    assessment_id=an_id("assessment"), request_id=REQUEST, sources=(AssessmentSource.ISS, AssessmentSource.DIF)
)
travel = ArrangeTravel(
    travel_id=an_id("travel"), child_id=CHILD, purpose=TravelPurpose.RETURN, serves_id=REQUEST,
    travels_on=date(2026, 9, 1),
)
back = RecordRepatriation(request_id=REQUEST, via="an ISS escort to Los Angeles")


def test_a_child_that_was_abroad_is_asked_back_assessed_and_returned() -> None:
    asked = family.when(request).then(RepatriationToUsRequested).scenario()
    assessed = asked.when(assess).then(BioPsychoSocialAssessmentCompleted).scenario()
    set_out = assessed.when(travel).then(TravelArranged).scenario()
    returned = set_out.when(back).then(ChildRepatriatedToUs).scenario()
    assert [stage_of(s.case, REQUEST) for s in (asked, assessed, set_out, returned)] == list(RepatriationStage)


def test_a_child_taken_away_from_custody_is_asked_back() -> None:
    away = family.given(take_child).when(taken_away).then(ChildAbductionReported)
    assert away.the(ChildAbductionReported)[0].warnings == ()
    away.scenario().when(request).then(RepatriationToUsRequested)


def test_a_report_that_differs_from_the_record_on_custody_is_warned_of() -> None:
    [event] = family.when(taken_away).the(ChildAbductionReported)
    assert event.warnings == (AbductionWarning.CUSTODY_DIFFERS,)


def test_a_child_who_is_in_the_us_already_is_not_asked_back() -> None:
    family.given(take_child).when(request).then_refused(rule="P13", field="child_id")
    again = replace(request, request_id=an_id("again"))
    family.given(request, back).when(again).then_refused(rule="P13", field="child_id")


def test_a_child_does_not_come_back_twice() -> None:
    two = family.given(request, replace(request, request_id=an_id("two"), initiator=Initiator.ISS), back)
    two.when(replace(back, request_id=an_id("two"))).then_refused(rule="P13", field="request_id")


def test_an_old_report_that_arrives_late_does_not_send_the_child_abroad_again() -> None:
    returned = family.given((request, NOON + timedelta(days=2)), (back, NOON + timedelta(days=9)))
    late = returned.when(taken_away, at=NOON + timedelta(days=10), occurred_at=NOON + timedelta(days=1))
    assert late.scenario().case.repatriation.is_here(CHILD)


def test_nobody_but_three_kinds_of_body_may_ask() -> None:
    raw = {
        "command": "RequestRepatriation", "command_id": str(an_id("c")), "agency": "NM", "case": str(an_id("case")),
        "actor": {"agency": "NM", "role": "worker", "user": "w"}, "occurred_at": "2026-08-13T16:10:00-06:00",
        "data": {"request_id": str(REQUEST), "child_id": str(CHILD), "initiator": "neighbour"},
    }
    with pytest.raises(Refused) as refused:
        parse_line(raw)
    assert refused.value.field == "data.initiator"


def test_an_assessment_names_who_told_what_it_rests_on() -> None:
    family.given(request).when(replace(assess, sources=())).then_refused(rule="SDC-REPAT-ASSESS", field="sources")


def test_what_follows_needs_the_request() -> None:
    family.when(assess).then_refused(rule="P13", field="request_id")
    family.when(back).then_refused(rule="P13", field="request_id")
    family.when(travel).then_refused(rule="P13", field="serves_id")
    family.given(request).when(replace(travel, child_id=SIBLING)).then_refused(rule="P13", field="serves_id")


def test_a_return_comes_from_another_country_and_after_it_was_asked_for() -> None:
    family.when(replace(request, from_country="US")).then_refused(rule="P13", field="from_country")
    asked = family.given((request, NOON + timedelta(days=2)))
    asked.when(back, at=NOON + timedelta(days=3), occurred_at=NOON + timedelta(days=1)).then_refused(
        rule="P13", field="occurred_at"
    )
