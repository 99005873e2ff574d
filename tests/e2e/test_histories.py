"""Histories H1 (from its entry 13 on), H2 and H3 of domain.md section 7, as commands through the real parts."""
from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from adapters.clocks import HistoryClock
from adapters.composition import Casebridge
from domain.agency.agreements import MouStatus
from domain.case.citizenship import CitizenshipCorrected
from domain.case.consular import ConsulateNotified, Way
from domain.case.consular_service import (
    ConsularNotificationUndeliverable,
    ConsularServiceAnswered,
    ServiceOutcome,
    UndeliverableBecause,
)
from domain.case.corrections import OwedBecause, Owes
from domain.case.court import (
    CourtOrderEntered,
    HearingStage,
    OrderKind,
    ParentParticipatedInHearing,
    RemoteParticipationArranged,
)
from domain.case.custody import CustodyEnded, CustodyPlanned, CustodyTaken
from domain.case.detainee import DetentionStage
from domain.case.documents import DocumentReceived, DocumentSource, DocumentStage, DocumentUnobtainable
from domain.case.intake import CaseClosed
from domain.case.kin import HomeStudyCompleted, IssHomeStudyRequested, StudyMode, StudyStage
from domain.case.language import LanguageServiceRejected
from domain.case.obligations import DeadlineMissed, Duty, DutyStage, WithdrawnBecause
from domain.case.outside_corrections import OutsideCorrectionOwed, OutsideCorrectionSettled
from domain.case.participation import ParentalInterestCoordinatorContacted
from domain.case.particulars import CorrectedField, FactCorrected
from domain.case.petitions import ReliefStage, relief_stage
from domain.case.privacy import DisclosureRefused
from domain.case.relatives import CaregiverLicensed, RelativePlacementAssessed
from domain.case.reunification import ReunificationPlanAbroadApproved
from domain.case.screening import ScreeningTool, TraffickingScreeningCompleted, TraffickingStage, trafficking_stage
from domain.case.service import Route, ServiceStage
from domain.case.trafficking import LetterKind, OtipBenefitPeriodExpired
from domain.case.trafficking_notices import OnwardBody, TraffickingHotlineNotified
from domain.case.visits import BorderVisitCoordinated, VisitHeld, VisitStage
from domain.personal import Known, known_or
from tests.e2e.cli_world import Program
from tests.e2e.histories import Played, lines_of, played

AFTERWARDS = datetime(2028, 3, 1, tzinfo=UTC)
Play = Callable[[str], Played]


@pytest.fixture(scope="module")
def h1(history: Play) -> Played:
    return history("h1")


@pytest.fixture(scope="module")
def h2(history: Play) -> Played:
    return history("h2")


@pytest.fixture(scope="module")
def h3(history: Play) -> Played:
    return history("h3")


@pytest.fixture(scope="module")
def h4(history: Play) -> Played:
    return history("h4")


def the_id(text: str) -> UUID:
    return UUID(text)


# ------------------------------------------------------------------ H1, New Mexico
def test_every_line_of_h1_is_accepted(h1: Played) -> None:
    assert h1.refused == []


def test_the_consulate_finds_no_record_of_the_birth(h1: Played) -> None:
    [answered] = h1.envelopes(ConsularServiceAnswered)
    assert isinstance(answered.event, ConsularServiceAnswered)
    assert answered.event.outcome is ServiceOutcome.UNABLE
    assert answered.circumstances.occurred_at == h1.at("2026-08-25T14:00")


def test_the_certificate_of_another_country_is_noted_and_overwrites_nothing(h1: Played) -> None:
    received = h1.envelopes(DocumentReceived)[0]
    assert isinstance(received.event, DocumentReceived)
    assert received.event.warnings == ("issuer_is_not_birth_country",)
    next_event = h1.envelopes()[received.version].event
    assert type(next_event).__name__ == "CitizenshipCorrected"


def test_enforcement_asked_for_an_order_and_was_refused_by_the_rule(h1: Played) -> None:
    [refused] = [e.event for e in h1.envelopes(DisclosureRefused)]
    assert isinstance(refused, DisclosureRefused)
    assert (refused.partner, refused.rule_id) == (Known("DHS-ENF"), "NM-PRIV-NO-DEPORT")


def test_the_father_is_served_by_the_unit_before_his_first_hearing(h1: Played) -> None:
    request = the_id(h1.line("RequestServiceOfProcess")["request_id"])
    serving = h1.case.service.servings[request]
    assert serving.requested.route is Route.NM_UNIT and h1.case.service.stage(request) is ServiceStage.SERVED
    [hearing] = h1.case.court.hearings.values()
    assert serving.served_at is not None and serving.served_at < hearing.scheduled_for
    for kind in (RemoteParticipationArranged, ParentParticipatedInHearing):
        [told] = [e.event for e in h1.envelopes(kind)]
        assert isinstance(told, RemoteParticipationArranged | ParentParticipatedInHearing)
        assert (told.channel.value, told.warnings) == ("whatsapp", ())
    [order] = [e.event for e in h1.envelopes(CourtOrderEntered)]
    assert isinstance(order, CourtOrderEntered) and order.kind == Known(OrderKind.REMOTE_PARTICIPATION)


def test_the_aunt_is_licensed_and_her_status_was_not_weighed(h1: Played) -> None:
    [assessed] = [e.event for e in h1.envelopes(RelativePlacementAssessed)]
    assert isinstance(assessed, RelativePlacementAssessed) and assessed.status_ignored
    assert len(h1.envelopes(CaregiverLicensed)) == 1
    assert h1.case.placement.carer_of(the_id(h1.line("PlaceChild")["child_id"])) == the_id(h1.line("PlaceChild")["carer_id"])


def test_three_were_to_be_at_the_border_and_three_were_there(h1: Played) -> None:
    [coordinated] = [e.event for e in h1.envelopes(BorderVisitCoordinated)]
    held = [e.event for e in h1.envelopes(VisitHeld)]
    assert isinstance(coordinated, BorderVisitCoordinated) and coordinated.warnings == ()
    assert len(held) == 2 and all(isinstance(visit, VisitHeld) and visit.warnings == () for visit in held)
    assert {visit.stage for visit in h1.case.visits.visits.values()} == {VisitStage.HELD}


def test_dif_fails_iss_is_asked_and_after_an_address_without_colonia_asked_again(h1: Played) -> None:
    dif = the_id(h1.line("RequestDifHomeStudy")["request_id"])
    first, second = (the_id(h1.line("RequestHomeStudy", number)["request_id"]) for number in (0, 1))
    kin = h1.case.kin
    assert [kin.stage(study) for study in (dif, first, second)] == [
        StudyStage.FAILED, StudyStage.RE_REQUESTED, StudyStage.COMPLETED
    ]
    asked = [e.event for e in h1.envelopes(IssHomeStudyRequested)]
    attempts = [(a.attempt, a.prior_request_id) for a in asked if isinstance(a, IssHomeStudyRequested)]
    assert attempts == [(1, None), (2, first)]
    [report] = [e.event for e in h1.envelopes(HomeStudyCompleted)]
    assert isinstance(report, HomeStudyCompleted) and report.request_id == second and report.warnings == ()
    [corrected] = [e.event for e in h1.envelopes(FactCorrected)]
    assert isinstance(corrected, FactCorrected) and corrected.field is CorrectedField.ADDRESS
    assert isinstance(corrected.address, Known) and corrected.address.value.colonia == "Colonia Los Nogales"


def test_the_child_is_found_eligible_and_petitioned_for(h1: Played) -> None:
    child = the_id(h1.line("FileSijsPetition")["child_id"])
    assert relief_stage(h1.case, child) is ReliefStage.FILED and h1.case.petitions.unfiled == []


def test_the_plan_abroad_has_all_its_four_parts(h1: Played) -> None:
    [approved] = [e.event for e in h1.envelopes(ReunificationPlanAbroadApproved)]
    assert isinstance(approved, ReunificationPlanAbroadApproved) and approved.warnings == ()
    assert h1.case.placement.travel_for(approved.plan_id) is not None


def test_the_younger_child_is_reunified_and_the_older_childs_custody_stands(h1: Played) -> None:
    [ended] = [e.event for e in h1.envelopes(CustodyEnded)]
    plan = h1.line("ApproveReunificationAbroad")
    assert isinstance(ended, CustodyEnded)
    assert (str(ended.child_id), str(ended.to_party_id)) == (plan["child_id"], plan["carer_id"])
    assert h1.case.custody.current(the_id(h1.line("PlaceChild")["child_id"])) is not None


def test_the_case_is_closed_with_no_eligible_child_left_behind(h1: Played) -> None:
    [closed] = [e.event for e in h1.envelopes(CaseClosed)]
    assert isinstance(closed, CaseClosed) and closed.unfiled_child_ids == Known(())


# ------------------------------------------------------------------ H2, New Jersey
def test_a_call_before_there_was_a_case_keeps_its_hour(h2: Played) -> None:
    first = h2.envelopes(TraffickingScreeningCompleted)[0]
    assert first.circumstances.occurred_at == h2.at("2026-09-09T20:15")
    assert first.circumstances.learned_at > first.circumstances.occurred_at


def test_custody_is_planned_and_then_taken(h2: Played) -> None:
    [planned] = h2.envelopes(CustodyPlanned)
    taken = h2.envelopes(CustodyTaken)
    assert planned.circumstances.occurred_at < taken[0].circumstances.occurred_at and len(taken) == 2


def test_two_tools_are_both_kept(h2: Played) -> None:
    child = the_id(h2.line("CompleteTraffickingScreening")["child_id"])
    assert [s.tool for s in h2.case.screening.of(child)] == [ScreeningTool.RHTAT, ScreeningTool.CSE_IT]


def test_polaris_passes_it_on_and_no_notice_could_hold_a_status(h2: Played) -> None:
    state, polaris = (e.event for e in h2.envelopes(TraffickingHotlineNotified))
    assert isinstance(state, TraffickingHotlineNotified) and state.onward_disclosure == ()
    assert isinstance(polaris, TraffickingHotlineNotified)
    assert set(polaris.onward_disclosure) == {OnwardBody.DHS, OnwardBody.FBI}


def test_polaris_asks_for_a_status_and_is_refused(h2: Played) -> None:
    [refused] = [e.event for e in h2.envelopes(DisclosureRefused)]
    assert isinstance(refused, DisclosureRefused) and (refused.partner, refused.rule_id) == (Known("POLARIS"), "B6")


def test_transport_is_refused_and_the_mother_takes_part_by_telephone(h2: Played) -> None:
    [transport] = h2.case.participation.transports.values()
    assert transport.state.value == "refused"
    [hearing] = h2.case.court.hearings
    mother = the_id(h2.line("ReportParentDetained")["party_id"])
    assert h2.case.court.stage(hearing, mother, h2.at("2026-12-01T00:00")) is HearingStage.ATTENDED


def test_papers_fail_once_by_iss_and_arrive_by_iss(h2: Played) -> None:
    request = the_id(h2.line("RequestServiceOfProcess")["request_id"])
    assert h2.case.service.stage(request) is ServiceStage.SERVED
    [attempt] = h2.case.service.servings[request].attempts
    assert attempt[2].next_route is Route.ISS


def test_a_longer_interim_letter_leaves_no_gap_and_the_final_one_no_expiry(h2: Played) -> None:
    assert h2.envelopes(OtipBenefitPeriodExpired) == []
    child = the_id(h2.line("ReceiveOtipLetter")["child_id"])
    current = h2.case.trafficking.current_letter(child)
    assert current is not None and current.kind is LetterKind.ELIGIBILITY and current.told.indefinite == Known(True)
    assert trafficking_stage(h2.case, child) is TraffickingStage.ELIGIBLE
    assert h2.case.trafficking.lapsing("America/New_York") == []


# ------------------------------------------------------------------ H3, New York City
def test_what_new_york_city_refuses_is_a_caseworkers_finding_and_nothing_else(h3: Played) -> None:
    assert h3.refused == [("CompleteReliefScreening", "NYC-LEGAL-ATTORNEY", "screened_by")]


def test_three_attempts_at_an_agreement_failed_and_none_is_in_force(h3: Played) -> None:
    agreements = h3.embedded.casebridge.backbone.agency("NYC-ACS").agreements
    assert [c.told.status for c in agreements.changes] == [MouStatus.ATTEMPT_FAILED] * 3
    assert agreements.in_force("MX", h3.at("2026-09-17T10:00")) is None


def test_an_uncertified_worker_does_not_interpret_and_a_contractor_does(h3: Played) -> None:
    assert len(h3.envelopes(LanguageServiceRejected)) == 1
    mother = the_id(h3.line("DeterminePreferredLanguage")["person_id"])
    assert h3.case.language.of(mother).served == (Known("fr"),)


def test_one_consulate_is_notified_and_the_country_without_one_ends_without_another_attempt(h3: Played) -> None:
    notified = [e.event for e in h3.envelopes(ConsulateNotified)]
    assert [n.country for n in notified if isinstance(n, ConsulateNotified)] == [Known("MX")]
    [gone] = [e.event for e in h3.envelopes(ConsularNotificationUndeliverable)]
    assert isinstance(gone, ConsularNotificationUndeliverable)
    assert gone.reason is UndeliverableBecause.NONE_IN_US and gone.duty_ids
    assert not h3.case.obligations.open_duties("CONS-KM")


def test_the_certificate_comes_through_iss_after_the_consulate_could_not_be_asked(h3: Played) -> None:
    child = the_id(h3.line("RequestDocument")["person_id"])
    assert len(h3.envelopes(DocumentUnobtainable)) == 1
    [paper] = h3.case.documents.received.values()
    asked = h3.case.documents.requests[paper.request_id] if paper.request_id else None
    assert asked is not None and asked.source is DocumentSource.ISS and paper.warnings == ()
    assert h3.case.documents.stage(child, paper.doc_type) is DocumentStage.RECEIVED


def test_a_message_serves_the_papers_in_new_york_city_alone(h3: Played) -> None:
    request = the_id(h3.line("RequestServiceOfProcess")["request_id"])
    routes = [attempt.route for _, _, attempt in h3.case.service.servings[request].attempts]
    assert routes == [Route.PROCESS_SERVER, Route.ELECTRONIC] and h3.case.service.stage(request) is ServiceStage.SERVED


def test_the_mother_is_located_by_telephone_and_released(h3: Played) -> None:
    mother = the_id(h3.line("ReportParentDetained")["party_id"])
    assert h3.case.detention.detainees[mother].stage is DetentionStage.RELEASED
    [contacted] = [e.event for e in h3.envelopes(ParentalInterestCoordinatorContacted)]
    assert isinstance(contacted, ParentalInterestCoordinatorContacted)
    assert [field.value for field in contacted.disclosed_fields] == ["parent_name", "a_number"]


def test_both_parents_take_part_by_zoom(h3: Played) -> None:
    took_part = [e.event for e in h3.envelopes(ParentParticipatedInHearing)]
    assert [(p.channel.value, p.warnings) for p in took_part if isinstance(p, ParentParticipatedInHearing)] == [
        ("zoom", ()), ("zoom", ())
    ]


def test_the_foster_agency_saw_the_home_over_a_screen_and_iss_was_asked_too(h3: Played) -> None:
    [report] = [e.event for e in h3.envelopes(HomeStudyCompleted)]
    assert isinstance(report, HomeStudyCompleted)
    assert (report.provider.value, report.mode) == ("foster_agency", StudyMode.VIRTUAL)
    request = the_id(h3.line("RequestHomeStudy")["request_id"])
    assert h3.case.kin.stage(request) is StudyStage.REQUESTED


def test_the_child_is_placed_with_the_mother(h3: Played) -> None:
    placed = h3.line("PlaceChild")
    assert h3.case.placement.carer_of(the_id(placed["child_id"])) == the_id(placed["carer_id"])


# ------------------------------------------------------------------ H4, San Diego
def test_a_consulate_that_was_called_about_no_national_of_its_own_is_to_disregard_it_by_a_persons_word(h4: Played) -> None:
    [corrected] = h4.envelopes(CitizenshipCorrected)
    [owed] = h4.envelopes(OutsideCorrectionOwed)
    [settled] = [e.event for e in h4.envelopes(OutsideCorrectionSettled)]
    assert isinstance(owed.event, OutsideCorrectionOwed) and isinstance(settled, OutsideCorrectionSettled)
    assert (owed.event.owes, owed.event.because) == (Owes.RECALL, OwedBecause.NOT_FOR_THEM)
    assert owed.event.cause_event_id == owed.circumstances.causation_id == corrected.circumstances.event_id
    assert owed.circumstances.command_id == corrected.circumstances.command_id, "in the same append"
    assert settled.how is Way.TELEPHONE and not list(h4.case.outside_corrections.still_owed(h4.case))


# ------------------------------------------------------------------ the same lines through the program
@pytest.mark.parametrize("name", ["h2", "h3", "h4"])
def test_the_program_answers_each_line_as_the_player_was_answered(name: str, history: Play, tmp_path: Path) -> None:
    told = history(name)
    program = Program(tmp_path / "home", lambda given: Casebridge(given, clock=HistoryClock(AFTERWARDS)))
    answers = program.submitted(told.lines)
    assert [(a["status"], a["rule"], a["events"]) for a in answers] == [
        (o.status, o.rule, list(o.events)) for o in told.outcomes
    ]


# ------------------------------------------------------------------ duties and clocks
def duties(played: Played, rule_id: str, line: str = "AddChild", number: int = 0) -> list[Duty]:
    """The duties of a rule for the child of the `number`-th AddChild, in the order in which they were raised."""
    child = the_id(played.line(line, number)["child_id"])
    found = played.case.obligations.duties.values()
    return [duty for duty in found if duty.raised.rule_id == rule_id and duty.raised.child_id == child]


def to(duty: Duty) -> str:
    return known_or(duty.raised.recipient_kind, "?")


def met_at(duty: Duty) -> datetime | None:
    return None if duty.met is None else duty.met.met_at


def test_new_jersey_owes_each_countrys_consulate_a_notice_from_planned_custody_on(h2: Played) -> None:
    owed = duties(h2, "NJ-CONSULATE-TWO-NAT")
    assert {to(duty) for duty in owed} == {"CONS-HN", "CONS-SV"} and len(owed) == 2
    taken = h2.envelopes(CustodyTaken)[0].circumstances.occurred_at
    for duty in owed:
        assert duty.raised.clock_start == h2.at("2026-09-10T09:30") < taken
        assert duty.raised.due_at is None and duty.raised.qualifier is not None, "no number is stated, so none is stored"


def test_the_unit_informed_of_a_plan_has_met_its_duty(h2: Played) -> None:
    [informed] = duties(h2, "NJ-CONSULATE-INFORM")
    assert met_at(informed) == h2.at("2026-09-10T09:20")


def test_two_notices_meet_two_duties_the_second_only_when_both_are_out(h2: Played) -> None:
    met = {to(duty): met_at(duty) for duty in duties(h2, "NJ-CONSULATE-TWO-NAT")}
    assert met == {"CONS-HN": h2.at("2026-09-11T10:30"), "CONS-SV": h2.at("2026-09-14T10:20")}


def test_for_the_citizen_brother_no_consulate_is_owed_anything(h2: Played) -> None:
    brother = the_id(h2.line("AddChild", 1)["child_id"])
    mine = [duty for duty in h2.case.obligations.duties.values() if duty.raised.child_id == brother]
    assert mine and not [duty for duty in mine if to(duty).startswith("CONS-")]


def test_a_call_with_a_concern_owes_both_hotlines_the_prosecutor_and_otip_and_each_is_told(h2: Played) -> None:
    assert {to(duty): met_at(duty) for duty in duties(h2, "NJ-TRAFFICK-HOTLINES")} == {
        "HOTLINE-NJ": h2.at("2026-09-10T11:00"), "POLARIS": h2.at("2026-09-10T11:05"),
    }
    assert [met_at(duty) for duty in duties(h2, "NJ-TRAFFICK-PROSECUTOR")] == [h2.at("2026-09-10T11:20")]
    assert [met_at(duty) for duty in duties(h2, "US-OTIP-REFER")] == [h2.at("2026-09-10T16:00")]
    for rule_id in ("NJ-TRAFFICK-CALLS", "NJ-TRAFFICK-RHTAT"):
        assert [met_at(duty) for duty in duties(h2, rule_id)] == [h2.at("2026-09-09T20:15")]


def test_nothing_without_a_number_is_ever_missed(h2: Played, h3: Played) -> None:
    assert not h2.envelopes(DeadlineMissed) and not h3.envelopes(DeadlineMissed)


def test_the_one_deadline_of_new_mexico_that_was_missed_stays_the_only_one(h1: Played) -> None:
    [missed] = h1.envelopes(DeadlineMissed)
    assert missed.circumstances.occurred_at == h1.at("2026-08-15T10:00")


def test_a_child_of_two_nationalities_is_owed_to_both_by_treaty_and_by_no_agreement(h3: Played) -> None:
    treaty, article = duties(h3, "US-CONSULATE-VCCR"), duties(h3, "US-CONSULATE-MX-ART6")
    assert {to(duty) for duty in treaty} == {"CONS-KM", "CONS-MX"} and [to(duty) for duty in article] == ["CONS-MX"]
    assert {duty.raised.clock_start for duty in treaty} == {h3.at("2026-09-17T10:00")}
    consular = [duty for duty in h3.case.obligations.duties.values() if to(duty).startswith("CONS-")]
    cited = {rule for duty in consular for rule in (duty.raised.rule_id, *duty.raised.cited_rule_ids)}
    bases = {rule for engagement in h3.case.engagements.engagements.values() for rule in engagement.rule_ids}
    assert not [rule for rule in cited | bases if "MOU" in rule]


def test_the_duty_toward_a_country_without_a_consulate_ends_with_nobody_to_tell(h3: Played) -> None:
    [gone] = [duty for duty in duties(h3, "US-CONSULATE-VCCR") if to(duty) == "CONS-KM"]
    assert (gone.stage, gone.withdrawn, gone.met) == (DutyStage.WITHDRAWN, WithdrawnBecause.NO_RECIPIENT, None)
    assert len(h3.envelopes(ConsularNotificationUndeliverable)) == 1
    assert [received.office for received in h3.embedded.receiver.received] == ["cons-mx.new-york"]
    assert not h3.case.obligations.open_duties()


def test_an_eligible_child_of_new_mexico_is_owed_a_petition_until_it_is_filed(h1: Played) -> None:
    [owed] = duties(h1, "NM-SIJS-FILE")
    assert owed.raised.clock_start == h1.at("2026-09-23T15:00") and met_at(owed) == h1.at("2026-10-15T12:00")


def test_the_first_look_meets_what_is_owed_for_the_child_who_had_it_and_for_no_other(h1: Played) -> None:
    for rule_id in ("NM-TRAFFICK-INITIAL", "US-TRAFFICK-SCREEN"):
        assert [met_at(duty) for duty in duties(h1, rule_id)] == [h1.at("2026-08-20T10:30")]
        assert [met_at(duty) for duty in duties(h1, rule_id, number=1)] == [None]


def test_a_father_abroad_who_took_part_had_what_he_was_owed_before_anyone_knew_where_he_lives(h1: Played) -> None:
    owed = duties(h1, "US-COURT-ABROAD", number=1)
    assert {to(duty) for duty in owed} == {"COURT", "PARENT"}
    assert all((met := met_at(duty)) is not None and met < duty.raised.clock_start for duty in owed)


def test_a_correction_owes_honduras_from_the_hour_it_was_learned_and_the_holiday_does_not_count(h1: Played) -> None:
    honduras = [duty for duty in h1.case.obligations.duties.values() if to(duty) == "CONS-HN"]
    assert {duty.raised.clock_start for duty in honduras} == {h1.at("2026-09-01T15:30")}
    due = {duty.raised.due_at for duty in honduras} - {None}
    assert due == {h1.at("2026-09-09T23:59:59.999999")} and all(duty.met is not None for duty in honduras)


def test_the_closed_case_names_what_was_still_open(h1: Played) -> None:
    [closed] = [e.event for e in h1.envelopes(CaseClosed)]
    assert isinstance(closed, CaseClosed)
    assert set(closed.open_duty_ids) == {duty.duty_id for duty in h1.case.obligations.open_duties()}


def test_without_the_longer_letter_the_interim_period_expires_by_itself(tmp_path: Path) -> None:
    longer = [line["data"] for line in lines_of("h2") if line["command"] == "ReceiveOtipLetter"][1]
    until = "2027-01-05"  # D+118, the day before the final letter
    lines = [
        line for line in lines_of("h2")
        if line["data"].get("letter_id") != longer["letter_id"] and line.get("learned_at", line["occurred_at"]) < until
    ]
    with played("h2", tmp_path, lines) as told:
        told.embedded.player.wait_until(told.at(until))
        [expired] = told.envelopes(OtipBenefitPeriodExpired)
        assert expired.circumstances.occurred_at == told.at("2026-12-18T00:00"), "the midnight after its last day, D+99"
        child = the_id(told.line("ReceiveOtipLetter")["child_id"])
        assert trafficking_stage(told.case, child) is TraffickingStage.EXPIRED
