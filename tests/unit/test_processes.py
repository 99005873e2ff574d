"""The processes of a case: how each stands by the names of the field, and which commands may follow."""
from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from adapters.commands import parse_line
from domain.agency import decide as agency_decide
from domain.agency.agreements import ConsularService
from domain.agency.state import Agency
from domain.agency.state import evolve as evolve_agency
from domain.case.consular_service import AnswerConsularService, RequestConsularService, ServiceOutcome
from domain.case.decide import DECIDES, decide
from domain.case.detention import LocatorResult, ObtainANumber, RecordLocatorSearch, ReportParentDetained
from domain.case.kin import RecordHomeStudyFailure, RequestDifHomeStudy, RequestHomeStudy, StudyFailure
from domain.case.obligations import RecordMissedDeadline
from domain.case.processes import PROCESSES, ProcessStand, Stand, processes_of
from domain.case.processes import abroad as of_abroad
from domain.case.processes import children as of_children
from domain.case.processes import notices as of_notices
from domain.case.processes import parents as of_parents
from domain.case.processes.states import Step
from domain.case.relatives import ReceiveCourtesyEvaluationRequest
from domain.case.state import Case, fold
from domain.refusals import Refused
from domain.submission import envelopes
from tests.specification import NOON, ROOT, Scenario, an_id, submission
from tests.unit.abroad import address, family, family_in
from tests.unit.people import AUNT, CHILD, FAMILY, MOTHER, from_country, obtain, take_child

COMMANDS = {command.__name__ for command in DECIDES}
NOT_OF_A_PROCESS = frozenset({
    # What opens, holds or corrects a case as a whole; what workers and desks record; what is told once and awaits nothing.
    "OpenCase", "AddChild", "AddParty", "LinkPartyToChild", "CloseCase", "CorrectFact", "InformImmigrationUnit",
    "RecordMissedDeadline", "ReassignAct", "ReassignQuestion", "SetNeededByDate", "CorrectConsularNotification",
    "RecordCorrectionReceived", "RecordToldOutside", "RecordCorrectedOutside", "RecallToldOutside",
    "GiveConfidentialityAssurance", "RefuseDisclosure", "RecordDisclosureBreach",
    "SealRecord", "UnsealRecord", "PlaceLitigationHold", "LiftLitigationHold", "OrderExpunge", "WithdrawExpungeOrder",
    "BeginExpunge", "CompleteExpunge", "ConfirmErasure", "TakeExportRow", "NoteSourceSilence", "ExplainSilence",
    "AnswerConsularService", "RecordOtipExpiry", "ApplyPolicy", "SupersedeFact", "WithdrawMislink", "WithdrawReport",
    "CorrectTime",
    "RecordImmigrationStatus",
})


def stands(scenario: Scenario, process: str) -> list[Stand]:
    return list(PROCESSES[process].stands(scenario.case, scenario.standing, scenario.at))


ELSEWHERE = frozenset({"NotifyTaskForce", "CrossReportToLawEnforcement", "NotifyTraffickingHotline"})
"""Whom one place tells: a history that brings about every event tells them all."""


def states(scenario: Scenario, process: str) -> list[str]:
    return [stand.state for stand in stands(scenario, process)]


def offered(case: Case, standing: Agency, now: Any) -> set[str]:
    """Every command that some process offers."""
    found: list[ProcessStand] = processes_of(case, standing, now)
    steps = [step for one in found for stand in one.stands for step in stand.next]
    return {step.command for one in found for step in (*steps, *one.process.begins)}


def every_step() -> Iterator[Step]:
    for module in (of_abroad, of_children, of_notices, of_parents):
        for value in vars(module).values():
            if isinstance(value, Step):
                yield value
            if isinstance(value, dict):
                yield from (step for steps in value.values() if isinstance(steps, tuple) for step in steps
                            if isinstance(step, Step))
    yield from (step for process in PROCESSES.values() for step in process.begins)


def test_every_command_that_is_offered_exists() -> None:
    named = {step.command for step in every_step()}
    assert len(named) > 50 and named <= COMMANDS


def test_the_processes_are_those_of_the_field_in_their_order() -> None:
    assert list(PROCESSES) == [*(f"P{number:02}" for number in range(1, 17)), "P18"]


def test_an_empty_case_has_no_state_and_raises_nothing() -> None:
    assert all(not one.stands for one in processes_of(Case(), Scenario().standing, NOON))


# ------------------------------------------------------------------ states
def test_where_somebody_is_from_goes_from_unknown_to_obtained() -> None:
    in_custody = Scenario().given(*FAMILY, take_child)
    child = [stand for stand in stands(in_custody, "P01") if stand.person_ids == (CHILD,)]
    assert [(stand.what, stand.state) for stand in child] == [
        ("custody", "taken"), ("nationality and birth country", "unknown"),
    ]
    assert child[1].next[0].command == "RecordProxyAnswer"
    told = in_custody.given(obtain(from_country(CHILD, "MX")))
    assert [s.state for s in stands(told, "P01") if s.person_ids == (CHILD,)] == ["taken", "information_obtained"]


def test_a_notice_is_due_and_may_be_prepared() -> None:
    owed = Scenario().given(*FAMILY, take_child, obtain(from_country(CHILD, "MX")))
    [notice] = stands(owed, "P02")
    assert (notice.what, notice.state) == ("notice to cons-mx.el-paso", "due")
    assert [step.command for step in notice.next] == ["PrepareConsularNotification", "RecordNoticeUndeliverable"]


def test_a_notice_that_was_missed_may_still_be_prepared() -> None:
    owed = Scenario().given(*FAMILY, take_child, obtain(from_country(CHILD, "MX")))
    duty = next(d for d in owed.case.obligations.duties.values() if d.raised.due_at is not None)
    missed = owed.given((RecordMissedDeadline(duty_id=duty.duty_id), NOON + timedelta(days=4)))
    [notice] = stands(missed, "P02")
    assert notice.state == "missed" and notice.next[0].command == "PrepareConsularNotification"


def test_a_notice_without_an_office_is_routed_first() -> None:
    owed = Scenario().given(*FAMILY, take_child, obtain(from_country(CHILD, "LI")))
    [notice] = stands(owed, "P02")
    assert next(step.command for step in notice.next) == "RouteToOffice"


def test_a_home_study_that_failed_is_asked_for_again_elsewhere() -> None:
    home = address(street="Calle Sol", colonia="Centro", municipality="Saltillo", region="COA")
    asked = family.given(RequestDifHomeStudy(
        request_id=an_id("study"), subject_id=AUNT, child_ids=(CHILD,), attempt=1, address=home,
    ))
    assert states(asked, "P03") == ["requested"]
    failed = asked.given(RecordHomeStudyFailure(request_id=an_id("study"), reason=StudyFailure.NO_REPLY))
    assert states(failed, "P03") == ["failed"]
    again = RequestHomeStudy(
        request_id=an_id("iss"), subject_id=AUNT, child_ids=(CHILD,), attempt=1, address=home, reason_for_iss="no reply"
    )
    assert type(again).__name__ in {step.command for step in stands(failed, "P03")[0].next}
    assert states(failed.given(again), "P03") == ["failed", "requested"]


def test_what_a_consulate_cannot_do_is_asked_of_iss() -> None:
    ask = RequestConsularService(
        request_id=an_id("service"), office="cons-mx.el-paso", child_ids=(CHILD,), service=ConsularService.BIRTH_CERTIFICATE
    )
    asked = family.given(ask)
    assert [step.command for step in stands(asked, "P18")[0].next] == ["RecordAcknowledgement", "AnswerConsularService"]
    answer = AnswerConsularService(answer_id=an_id("answer"), request_id=ask.request_id, outcome=ServiceOutcome.UNABLE)
    [unable] = stands(asked.given(answer), "P18")
    assert (unable.state, unable.next) == ("unable", (Step("RequestDocument", "ask ISS to trace the document"),))


def test_a_home_that_dif_asks_the_agency_to_see_awaits_the_agencys_own_report() -> None:
    asked = family.given(ReceiveCourtesyEvaluationRequest(
        request_id=an_id("courtesy"), subject_id=AUNT, dif_ref="DIF-1",
        home_address=address("US", street="Main Street", number="1", city="Las Cruces", region="NM"),
    ))
    [stand] = stands(asked, "P03")
    assert (stand.what, stand.state) == ("home evaluation that DIF asks of the agency", "requested")
    assert [step.command for step in stand.next] == ["RecordHomeStudy", "RecordHomeStudyFailure"]


def test_a_parent_whom_no_search_finds_stays_searched_for_in_the_order_of_the_guide() -> None:
    place = family_in("NYC").given(ReportParentDetained(report_id=an_id("report"), party_id=MOTHER, source="a neighbour"))
    assert [step.command for step in stands(place, "P04")[0].next][:5] == [
        "ObtainANumber", "RecordFacilityContact", "ContactParentalInterestCoordinator", "LocateDetainee", "EndDetention",
    ]
    searched = place.given(
        ObtainANumber(party_id=MOTHER, a_number="A1234567", source="papers"),
        RecordLocatorSearch(search_id=an_id("search"), party_id=MOTHER, result=LocatorResult.NO_MATCH),
    )
    assert states(searched, "P04") == ["searching"]


# ------------------------------------------------------------------ what real cases did next
HISTORIES = sorted(path.name for path in (ROOT / "tests/histories").glob("*.jsonl"))


@pytest.mark.parametrize("name", HISTORIES)
def test_what_a_history_does_next_was_offered_before(name: str) -> None:
    """Each command of the bundled histories that a process has room for stood among those that might follow."""
    agencies: dict[str, Agency] = {}
    cases: dict[str, Case] = {}
    surprising: list[str] = []
    for number, text in enumerate((ROOT / "tests/histories" / name).read_text(encoding="utf-8").splitlines()):
        try:
            line = parse_line(json.loads(text))
        except Refused:
            continue
        agency = agencies.get(line.agency, Agency(code=line.agency))
        made = submission(
            line.command, at=line.occurred_at, standing=agency, number=number, case_id=line.case_id, actor=line.actor,
            learned_at=line.learned_at, received_at=line.learned_at, command_id=line.command_id,
        )
        if line.case_id is None:
            recordings = agency_decide.DECIDES[type(line.command)](made, agency)
            for envelope in envelopes(made, recordings, stream=line.stream, after=agency.version):
                agency = evolve_agency(agency, envelope)
            agencies[line.agency] = agency
            continue
        case = cases.get(line.stream, Case())
        try:
            decided = decide(made, case, line.stream)
        except Refused:
            continue  # It waits for a receipt of a worker, or the history shows how bad data is refused.
        wanted = type(line.command).__name__
        if case.intake.is_open and wanted not in NOT_OF_A_PROCESS | ELSEWHERE | offered(case, agency, line.learned_at):
            surprising.append(f"{number + 1}: {wanted}")
        cases[line.stream] = fold(decided, case)
    assert not surprising, "; ".join(surprising)
