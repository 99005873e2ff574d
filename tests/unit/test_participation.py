"""A detained parent keeps a part in the case; the ICE coordinator learns what a request needs, and nothing of an order."""
from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.reading.timeline import lines
from domain.case.detention import ReportParentDetained
from domain.case.participation import (
    AdvocateRelease,
    ArrangeCourtTransport,
    ContactParentalInterestCoordinator,
    ContingencyDocument,
    ContingencyDocumentExecuted,
    CoordinatorField,
    CoordinatorPurpose,
    CounselCommunicationFacilitated,
    CounselKind,
    DetainedParentCourtTransportArranged,
    DetainedParentReferredToCounsel,
    DetainedParentReleaseAdvocated,
    ExecuteContingencyDocument,
    ExplainParentalInterestRights,
    FacilitateCounselCommunication,
    FamilyPreparednessPlanMade,
    MakeFamilyPreparednessPlan,
    ParentalInterestCoordinatorContacted,
    ParentalInterestCoordinatorResponded,
    ParentalInterestRightsExplained,
    RecordCoordinatorResponse,
    ReferDetainedParentToCounsel,
    TransportState,
)
from domain.submission import Command
from tests.specification import an_id
from tests.unit.people import CHILD, FAMILY, FATHER, MOTHER, SIBLING
from tests.unit.places import case_in

report = ReportParentDetained(report_id=an_id("report"), party_id=MOTHER, source="a neighbour")
ask = ContactParentalInterestCoordinator(
    request_id=an_id("coordinator request"), party_id=MOTHER, purpose=CoordinatorPurpose.COURT_ATTENDANCE,
    disclosed_fields=("parent_name", "a_number"),
)
answer = RecordCoordinatorResponse(
    response_id=an_id("response"), request_id=an_id("coordinator request"), party_id=MOTHER,
    outcome="a video link on Tuesday",
)
transport = ArrangeCourtTransport(
    transport_id=an_id("transport"), party_id=MOTHER, hearing_id=an_id("hearing"), state=TransportState.REQUESTED
)
advocate = AdvocateRelease(advocacy_id=an_id("advocacy"), party_id=MOTHER, ground="two children left alone", to="ICE")
refer = ReferDetainedParentToCounsel(referral_id=an_id("referral to counsel"), party_id=MOTHER, programme="a state project")
counsel = FacilitateCounselCommunication(
    communication_id=an_id("communication"), party_id=MOTHER, counsel_kind=CounselKind.IMMIGRATION
)
explain = ExplainParentalInterestRights(
    explanation_id=an_id("explanation"), party_id=MOTHER, stakeholders=("the court", "the carer")
)
paper = ExecuteContingencyDocument(
    document_id=an_id("paper"), party_id=MOTHER, kind=ContingencyDocument.POWER_OF_ATTORNEY
)
plan = MakeFamilyPreparednessPlan(
    plan_id=an_id("plan"), party_id=MOTHER, carer_id=FATHER, child_ids=(CHILD, SIBLING)
)
family = case_in("NYC").given(*FAMILY)
detained = family.given(report)


@pytest.mark.parametrize(("command", "event"), [
    (ask, ParentalInterestCoordinatorContacted), (transport, DetainedParentCourtTransportArranged),
    (advocate, DetainedParentReleaseAdvocated), (refer, DetainedParentReferredToCounsel),
    (counsel, CounselCommunicationFacilitated), (explain, ParentalInterestRightsExplained),
])
def test_what_is_done_for_a_detained_parent_is_recorded_once(command: Command, event: type) -> None:
    detained.when(command).then(event)
    family.when(command).then_refused(rule="P04", field="party_id")


def test_papers_and_plans_come_before_anyone_is_detained() -> None:
    family.when(paper).then(ContingencyDocumentExecuted)
    family.when(plan).then(FamilyPreparednessPlanMade)


def test_an_answer_needs_its_request_and_ends_the_waiting() -> None:
    asked = detained.given(ask)
    assert [request.request_id for request in asked.case.participation.unanswered] == [an_id("coordinator request")]
    asked.when(answer).then(ParentalInterestCoordinatorResponded)
    assert asked.given(answer).case.participation.unanswered == []
    detained.when(answer).then_refused(rule="P04", field="request_id")
    both = asked.given(replace(report, report_id=an_id("father's"), party_id=FATHER))
    both.when(replace(answer, party_id=FATHER)).then_refused(rule="P04", field="request_id")


@pytest.mark.parametrize(("place", "rule"), [("NM", "NM-PRIV-NO-DEPORT"), ("OR", "OR-PRIV-NO-REPORT"), ("NYC", "P04")])
@pytest.mark.parametrize("told", ["deportation_order", "immigration_status", "allegation"])
def test_the_coordinator_is_told_nothing_of_orders_status_or_allegations(place: str, rule: str, told: str) -> None:
    somewhere = case_in(place).given(*FAMILY, report)
    request = replace(ask, disclosed_fields=("parent_name", told))
    somewhere.when(request).then_refused(rule=rule, field="disclosed_fields")


def test_what_was_told_is_kept_by_the_names_of_its_fields() -> None:
    [asked] = detained.when(ask).the(ParentalInterestCoordinatorContacted)
    assert asked.disclosed_fields == (CoordinatorField.PARENT_NAME, CoordinatorField.A_NUMBER)


def test_transport_is_requested_and_then_granted_or_refused() -> None:
    requested = detained.given(transport)
    refused = replace(transport, state=TransportState.REFUSED)
    requested.when(refused).then(DetainedParentCourtTransportArranged)
    detained.when(refused).then_refused(rule="P04", field="transport_id")
    requested.when(replace(refused, hearing_id=an_id("another"))).then_refused(rule="P04", field="hearing_id")
    after = requested.given(refused)
    assert after.case.participation.transports[an_id("transport")].state is TransportState.REFUSED


def test_granted_and_refused_contradict_each_other() -> None:
    refused = detained.given(transport, replace(transport, state=TransportState.REFUSED))
    refused.when(replace(transport, state=TransportState.GRANTED)).then_refused(rule="IDEMPOTENCE", field="state")


def test_a_plan_names_another_adult_of_the_case() -> None:
    for carer in (MOTHER, CHILD, an_id("a stranger")):
        family.when(replace(plan, carer_id=carer)).then_refused(rule="P04", field="carer_id")
    family.when(replace(plan, child_ids=(FATHER,))).then_refused(rule="P01", field="child_ids")


def test_a_child_signs_no_such_paper() -> None:
    family.when(replace(paper, party_id=CHILD)).then_refused(rule="P04", field="party_id")


def test_rights_are_explained_to_someone() -> None:
    detained.when(replace(explain, stakeholders=())).then_refused(rule="P04", field="stakeholders")


def test_it_reads_as_sentences() -> None:
    all_of_it = detained.given(ask, answer, transport, advocate, refer, counsel, explain, paper, plan)
    said = [line.text for line in lines(all_of_it.envelopes)][-9:]
    name = "X Zúñiga Ochoa"
    assert said[:5] == [
        f"about {name}, court attendance; told: parent name, a number", f"about {name}: a video link on Tuesday",
        f"{name} to a hearing: requested", f"{name}, with ICE: two children left alone", f"{name} to a state project",
    ]
    assert said[5:8] == [f"{name}, immigration counsel", f"of {name}, to the court, the carer", f"by {name}: poa"]
    assert said[8].startswith(f"by {name}: person ") and "Nahomy" in said[8]
