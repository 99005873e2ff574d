"""Screening, the report to OTIP, its letters and their end, and who else is told; a letter's own dates hold."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from adapters.commands import parse_line
from adapters.reading.timeline import lines
from domain.case.screening import (
    TOOLS,
    WORRYING,
    CompleteTraffickingScreening,
    Question,
    ScreeningAnswer,
    ScreeningOutcome,
    ScreeningTool,
    ScreeningWarning,
    TraffickingScreeningCompleted,
    TraffickingStage,
    YesNo,
    is_sign,
    trafficking_stage,
)
from domain.case.trafficking import (
    Benefit,
    BenefitState,
    Exploitation,
    FlagTraffickingConcern,
    LetterKind,
    LetterWarning,
    OtipBenefitPeriodExpired,
    OtipBenefitRecorded,
    OtipLetterReceived,
    OtipReferralSubmitted,
    ReceiveOtipLetter,
    RecordOtipBenefit,
    RecordOtipExpiry,
    SubmitOtipReferral,
    TraffickingConcernFlagged,
)
from domain.case.trafficking_notices import (
    AdoptIndividualServicePlan,
    AvanzarPurpose,
    AvanzarReferralMade,
    CrossReportToLawEnforcement,
    HotlineNumber,
    IndividualServicePlanAdopted,
    LawEnforcementCrossReported,
    NotifyProsecutorLiaison,
    NotifyTaskForce,
    NotifyTraffickingHotline,
    NotifyTraffickingUnit,
    OnwardBody,
    PolarisReportReceived,
    ProsecutorLiaisonNotified,
    ReceivePolarisReport,
    ReferToAvanzar,
    TaskForceNotified,
    Told,
    TraffickingHotlineNotified,
    TraffickingUnitNotified,
)
from domain.personal import Known
from domain.refusals import Refused
from domain.submission import Command
from tests.specification import Scenario, an_id
from tests.unit.people import CHILD, FAMILY, MOTHER, SIBLING, from_country, obtain
from tests.unit.places import case_in
from tests.unit.test_commands import LINE

NEWARK = ZoneInfo("America/New_York")
FIRST_DAY, LAST_DAY = date(2026, 8, 20), date(2026, 11, 18)  # 90 days on
AFTER = datetime(2026, 11, 19, 0, 0, tzinfo=NEWARK)
screen = CompleteTraffickingScreening(
    screening_id=an_id("screening"), child_id=CHILD, tool=ScreeningTool.RHTAT, outcome=ScreeningOutcome.CONCERN
)
flag = FlagTraffickingConcern(concern_id=an_id("concern"), child_id=CHILD, kinds=(Exploitation.LABOUR,))
refer = SubmitOtipReferral(referral_id=an_id("referral"), child_id=CHILD, shepherd_ref="S-1")
interim = ReceiveOtipLetter(
    letter_id=an_id("interim"), child_id=CHILD, letter_kind=LetterKind.INTERIM_ASSISTANCE, issued_on=FIRST_DAY,
    benefits_from=FIRST_DAY, benefits_until=LAST_DAY,
)
longer = replace(
    interim, letter_id=an_id("longer"), issued_on=date(2026, 11, 16), benefits_until=date(2026, 12, 18),
    supersedes=interim.letter_id,
)
eligible = ReceiveOtipLetter(
    letter_id=an_id("eligible"), child_id=CHILD, letter_kind=LetterKind.ELIGIBILITY, issued_on=date(2026, 12, 8),
    benefits_from=date(2026, 12, 8), indefinite=True, supersedes=longer.letter_id,
)
expire = RecordOtipExpiry(letter_id=interim.letter_id)
benefit = RecordOtipBenefit(
    record_id=an_id("benefit"), child_id=CHILD, benefit=Benefit.MEDICAID, state=BenefitState.APPLIED
)
family = case_in("NJ").given(*FAMILY)
referred = family.given(screen, flag, refer)
assisted = referred.given(interim)


def stage(scenario: Scenario) -> TraffickingStage:
    return trafficking_stage(scenario.case, CHILD)


def test_every_command_is_recorded_once() -> None:
    family.when(screen).then(TraffickingScreeningCompleted)
    family.when(flag).then(TraffickingConcernFlagged)
    family.when(refer).then(OtipReferralSubmitted)
    referred.when(interim).then(OtipLetterReceived)
    assisted.when(expire, at=AFTER).then(OtipBenefitPeriodExpired)
    assisted.when(benefit).then(OtipBenefitRecorded)


def test_the_stages_follow_each_other() -> None:
    clear = family.given(replace(screen, outcome=ScreeningOutcome.CLEAR))
    flagged = clear.given(flag)
    reported = flagged.given(refer)
    extended = reported.given(interim, longer)
    stages = [stage(s) for s in (family, clear, flagged, reported, extended, extended.given(eligible))]
    assert stages == [
        TraffickingStage.NOT_SCREENED, TraffickingStage.CLEAR, TraffickingStage.FLAGGED, TraffickingStage.REPORTED,
        TraffickingStage.INTERIM, TraffickingStage.ELIGIBLE,
    ]
    assert stage(family.given(replace(screen, outcome=ScreeningOutcome.INCONCLUSIVE))) is TraffickingStage.SCREENED


@pytest.mark.parametrize(("kind", "expected"), [
    (LetterKind.DENIAL_OF_ASSISTANCE, TraffickingStage.DENIED_ASSISTANCE),
    (LetterKind.DENIAL_OF_ELIGIBILITY, TraffickingStage.DENIED_ELIGIBILITY),
])
def test_a_denial_is_a_stage_of_its_own(kind: LetterKind, expected: TraffickingStage) -> None:
    denial = replace(eligible, letter_kind=kind, benefits_from=None, indefinite=False, supersedes=None)
    assert stage(assisted.given(denial)) is expected


def test_a_letter_that_is_told_late_does_not_undo_a_later_one() -> None:
    final_first = referred.given(replace(eligible, supersedes=None), interim)
    assert stage(final_first) is TraffickingStage.ELIGIBLE


# The end of an interim letter.

def test_the_period_expires_at_the_midnight_after_its_last_day_where_the_agency_is() -> None:
    [envelope] = assisted.when(expire, at=AFTER + timedelta(days=3)).envelopes()
    assert envelope.circumstances.occurred_at == AFTER
    assert isinstance(envelope.event, OtipBenefitPeriodExpired)
    assert envelope.event.on == Known(LAST_DAY) and envelope.event.letter_id == interim.letter_id
    told = next(e for e in assisted.envelopes if isinstance(e.event, OtipLetterReceived))
    assert envelope.event.letter_event_id == told.circumstances.event_id
    assert stage(assisted.given((expire, AFTER))) is TraffickingStage.EXPIRED


def test_a_period_that_has_not_ended_does_not_expire() -> None:
    assisted.when(expire, at=AFTER - timedelta(seconds=1)).then_refused(rule="US-OTIP-TERM", field="letter_id")


@pytest.mark.parametrize("later", [
    longer, replace(eligible, supersedes=interim.letter_id, benefits_from=LAST_DAY + timedelta(days=1)),
    replace(eligible, supersedes=interim.letter_id, benefits_from=None),
    replace(eligible, letter_kind=LetterKind.DENIAL_OF_ELIGIBILITY, supersedes=None, indefinite=False),
])
def test_nothing_expires_where_a_later_letter_has_come(later: ReceiveOtipLetter) -> None:
    assisted.given(later).when(expire, at=AFTER).then_nothing()


def test_a_letter_whose_benefits_begin_after_a_gap_does_not_keep_the_period_from_ending() -> None:
    with_gap = assisted.given(replace(eligible, supersedes=interim.letter_id, benefits_from=LAST_DAY + timedelta(days=2)))
    with_gap.when(expire, at=AFTER).then(OtipBenefitPeriodExpired)
    assert stage(with_gap.given((expire, AFTER))) is TraffickingStage.ELIGIBLE


def test_of_three_letters_in_a_row_each_keeps_the_one_before_from_ending() -> None:
    three = assisted.given(longer, replace(eligible, benefits_from=date(2026, 12, 19)))
    three.when(expire, at=AFTER).then_nothing()
    assert three.case.trafficking.lapsing("America/New_York") == []


def test_a_final_letter_after_the_expiry_is_the_stage() -> None:
    late = assisted.given((expire, AFTER), (replace(eligible, supersedes=None), AFTER + timedelta(days=20)))
    assert stage(late) is TraffickingStage.ELIGIBLE


def test_only_an_interim_letter_with_an_end_expires() -> None:
    final = referred.given(replace(eligible, supersedes=None))
    final.when(RecordOtipExpiry(letter_id=eligible.letter_id), at=AFTER).then_refused(rule="US-OTIP-TERM", field="letter_id")
    open_end = referred.given(replace(interim, benefits_until=None, indefinite=True))
    open_end.when(expire, at=AFTER).then_refused(rule="US-OTIP-TERM", field="letter_id")
    referred.when(expire, at=AFTER).then_refused(rule="US-OTIP-INTERIM", field="letter_id")


def test_the_clock_is_told_of_interim_letters_that_nothing_followed() -> None:
    zone = "America/New_York"

    def lapsing(scenario: Scenario) -> list[tuple[UUID, datetime]]:
        return [(letter.told.letter_id, at) for letter, at in scenario.case.trafficking.lapsing(zone)]

    assert lapsing(assisted) == [(interim.letter_id, AFTER)]
    extended = assisted.given(longer)
    assert [letter_id for letter_id, _ in lapsing(extended)] == [longer.letter_id]
    assert lapsing(extended.given(eligible)) == [] == lapsing(assisted.given((expire, AFTER)))


def test_the_last_day_of_the_calendar_ends_nothing() -> None:
    for_ever = referred.given(replace(interim, benefits_until=date.max))
    assert for_ever.case.trafficking.lapsing("America/New_York") == []


# Bad data of letters.

@pytest.mark.parametrize(("until", "warnings"), [
    (FIRST_DAY + timedelta(days=88), (LetterWarning.INTERIM_SHORTER,)), (FIRST_DAY + timedelta(days=89), ()),
    (FIRST_DAY + timedelta(days=90), ()), (FIRST_DAY + timedelta(days=120), ()),
    (FIRST_DAY + timedelta(days=121), (LetterWarning.INTERIM_LONGER,)),
])
def test_an_interim_letter_of_an_odd_length_is_recorded_with_a_warning(until: date, warnings: Sequence[object]) -> None:
    [told] = referred.when(replace(interim, benefits_until=until)).the(OtipLetterReceived)
    assert told.warnings == Known(warnings) and told.benefits_until == Known(until)


def test_a_final_letter_has_any_length() -> None:
    [told] = referred.when(replace(interim, letter_kind=LetterKind.ELIGIBILITY, benefits_until=FIRST_DAY)).the(
        OtipLetterReceived
    )
    assert told.warnings == Known(())


def test_an_end_before_the_start_is_refused() -> None:
    referred.when(replace(interim, benefits_until=date(2026, 8, 19))).then_refused(
        rule="US-OTIP-TERM", field="benefits_until"
    )


def test_an_end_date_and_no_end_at_all_contradict_each_other() -> None:
    referred.when(replace(interim, indefinite=True)).then_refused(rule="US-OTIP-TERM", field="benefits_until")


def test_a_letter_about_an_unreported_child_is_refused() -> None:
    family.when(replace(eligible, supersedes=None)).then_refused(rule="US-OTIP-REFER", field="child_id")


def test_a_letter_follows_one_of_the_same_child() -> None:
    both = assisted.given(replace(refer, referral_id=an_id("other referral"), child_id=SIBLING))
    both.when(replace(longer, child_id=SIBLING)).then_refused(rule="US-OTIP-INTERIM", field="supersedes")
    referred.when(longer).then_refused(rule="US-OTIP-INTERIM", field="supersedes")


def refused_field(command: str, **data: Any) -> str | None:
    with pytest.raises(Refused) as refused:
        parse_line({**LINE, "command": command, "data": data})
    return refused.value.field


def test_a_letter_without_a_kind_is_refused() -> None:
    field = refused_field("ReceiveOtipLetter", letter_id=str(an_id("l")), child_id=str(CHILD), issued_on="2026-08-20")
    assert field == "data.letter_kind"


def test_a_security_number_that_is_valid_for_work_is_no_benefit() -> None:
    record = {"record_id": str(an_id("b")), "child_id": str(CHILD), "state": "granted"}
    assert refused_field("RecordOtipBenefit", benefit="ssn_valid_for_work", **record) == "data.benefit"


def test_a_benefit_needs_a_letter() -> None:
    referred.when(benefit).then_refused(rule="US-OTIP-BENEFITS", field="child_id")


def test_a_us_citizen_is_not_referred() -> None:
    citizen = family.given(obtain(from_country(CHILD, "US")))
    citizen.when(refer).then_refused(rule="US-OTIP-REFER", field="child_id")
    family.given(obtain(from_country(CHILD, "HN"))).when(refer).then(OtipReferralSubmitted)


# Screening.

@pytest.mark.parametrize("place", sorted(TOOLS))
@pytest.mark.parametrize("tool", list(ScreeningTool))
def test_a_tool_of_another_place_is_refused(place: str, tool: ScreeningTool) -> None:
    outcome = case_in(place).given(*FAMILY).when(replace(screen, tool=tool))
    if tool in TOOLS[place]:
        outcome.then(TraffickingScreeningCompleted)
    else:
        outcome.then_refused(rule="P05", field="tool")


def test_a_place_that_nobody_listed_chooses_its_own_tool() -> None:
    case_in("MADE-UP").given(*FAMILY).when(screen).then(TraffickingScreeningCompleted)


def test_a_second_screening_leaves_the_first() -> None:
    second = replace(
        screen, screening_id=an_id("second"), tool=ScreeningTool.CSE_IT, tool_version="2", outcome=ScreeningOutcome.CLEAR
    )
    both = family.given(screen, second)
    assert [s.tool for s in both.case.screening.of(CHILD)] == [ScreeningTool.RHTAT, ScreeningTool.CSE_IT]
    assert stage(both) is TraffickingStage.FLAGGED, "a clear screening does not undo a concern"


ANSWERS = tuple(
    ScreeningAnswer(question=question, words="an uncle") if worrying is None else ScreeningAnswer(
        question=question, answer=YesNo.YES if worrying is YesNo.NO else YesNo.NO
    )
    for question, worrying in WORRYING.items()
)
ten = replace(screen, tool=ScreeningTool.NM_10, outcome=ScreeningOutcome.CLEAR, answers=ANSWERS)
in_new_mexico = case_in("NM").given(*FAMILY)


def with_answer(answer: ScreeningAnswer) -> CompleteTraffickingScreening:
    return replace(ten, answers=tuple(answer if a.question is answer.question else a for a in ANSWERS))


def test_the_seventh_question_is_asked_the_other_way_round() -> None:
    signs = {q: [a for a in YesNo if is_sign(ScreeningAnswer(question=q, answer=a))] for q in Question}
    assert signs.pop(Question.FREE_TO_EAT_CALL_WASH) == [YesNo.NO]
    assert signs.pop(Question.WHO_ARRANGED_JOURNEY) == signs.pop(Question.JOURNEY_DEBT) == []
    assert set(map(tuple, signs.values())) == {(YesNo.YES,)} and len(signs) == 7


def test_ten_answers_without_a_sign_are_clear() -> None:
    [told] = in_new_mexico.when(ten).the(TraffickingScreeningCompleted)
    assert told.warnings == Known(()) and told.answers == Known(ANSWERS)


def test_not_being_free_is_a_sign_and_clear_beside_it_is_recorded_with_a_warning() -> None:
    kept_in = with_answer(ScreeningAnswer(question=Question.FREE_TO_EAT_CALL_WASH, answer=YesNo.NO))
    [told] = in_new_mexico.when(kept_in).the(TraffickingScreeningCompleted)
    assert told.warnings == Known((ScreeningWarning.CLEAR_DESPITE_SIGNS,))
    [flagged] = in_new_mexico.when(replace(kept_in, outcome=ScreeningOutcome.CONCERN)).the(TraffickingScreeningCompleted)
    assert flagged.warnings == Known(())


def test_questions_that_were_left_out_are_said_to_be() -> None:
    [told] = in_new_mexico.when(replace(ten, answers=ANSWERS[:9])).the(TraffickingScreeningCompleted)
    assert told.warnings == Known((ScreeningWarning.QUESTIONS_LEFT_OUT,))


@pytest.mark.parametrize("answers", [
    (*ANSWERS, ANSWERS[0]),
    (ScreeningAnswer(question=Question.JOURNEY_DEBT, answer=YesNo.NO),),
    (ScreeningAnswer(question=Question.JOURNEY_DEBT),),
    (ScreeningAnswer(question=Question.HURT_AT_WORK, words="sometimes"),),
])
def test_answers_fit_their_questions(answers: tuple[ScreeningAnswer, ...]) -> None:
    in_new_mexico.when(replace(ten, answers=answers)).then_refused(rule="NM-TRAFFICK-10Q", field="answers")


def test_answers_of_the_ten_questions_belong_to_that_tool() -> None:
    internal = replace(ten, tool=ScreeningTool.INTERNAL)
    in_new_mexico.when(internal).then_refused(rule="NM-TRAFFICK-10Q", field="answers")


# Who else is told.

NOTICES: list[tuple[Command, type, Told | None]] = [
    (NotifyTraffickingUnit(notice_id=an_id("n1"), child_id=CHILD, unit="CSEC unit"), TraffickingUnitNotified, Told.UNIT),
    (NotifyTaskForce(notice_id=an_id("n2"), child_id=CHILD), TaskForceNotified, Told.TASK_FORCE),
    (
        CrossReportToLawEnforcement(notice_id=an_id("n3"), child_id=CHILD, agency="sheriff", report_no="77"),
        LawEnforcementCrossReported, Told.LAW_ENFORCEMENT,
    ),
    (
        NotifyTraffickingHotline(notice_id=an_id("n4"), child_id=CHILD, line=HotlineNumber.NJ_STATE),
        TraffickingHotlineNotified, Told.STATE_HOTLINE,
    ),
    (
        NotifyTraffickingHotline(notice_id=an_id("n5"), child_id=CHILD, line=HotlineNumber.POLARIS),
        TraffickingHotlineNotified, Told.POLARIS,
    ),
    (ReceivePolarisReport(report_id=an_id("n6"), child_id=CHILD, polaris_ref="P-9"), PolarisReportReceived, None),
    (
        NotifyProsecutorLiaison(notice_id=an_id("n7"), child_id=CHILD, county="Essex"), ProsecutorLiaisonNotified,
        Told.PROSECUTOR,
    ),
    (
        ReferToAvanzar(referral_id=an_id("n8"), child_id=CHILD, purpose=AvanzarPurpose.SERVICES), AvanzarReferralMade,
        Told.AVANZAR,
    ),
    (
        AdoptIndividualServicePlan(plan_id=an_id("n9"), child_id=CHILD, goals_ref="file 4"), IndividualServicePlanAdopted,
        None,
    ),
]


@pytest.mark.parametrize(("command", "event", "told"), NOTICES)
def test_each_notice_is_recorded_once_about_a_child_of_the_case(command: Any, event: type, told: Told | None) -> None:
    family.when(command).then(event)
    notices = family.given(command).case.trafficking_notices.of(CHILD)
    assert [notice.told for notice in notices] == ([] if told is None else [told])
    family.when(replace(command, child_id=MOTHER)).then_refused(rule="P01", field="child_id")


def test_what_polaris_hears_reaches_homeland_security_and_the_fbi() -> None:
    notice = NotifyTraffickingHotline(
        notice_id=an_id("n"), child_id=CHILD, line=HotlineNumber.POLARIS, onward_disclosure=(OnwardBody.OTHER,)
    )
    [told] = family.when(notice).the(TraffickingHotlineNotified)
    assert told.onward_disclosure == (OnwardBody.DHS, OnwardBody.FBI, OnwardBody.OTHER)
    [state] = family.when(replace(notice, line=HotlineNumber.NJ_STATE, onward_disclosure=())).the(TraffickingHotlineNotified)
    assert state.onward_disclosure == ()


@pytest.mark.parametrize("command", [NOTICES[1][0], NOTICES[2][0]])
def test_a_sanctuary_county_tells_law_enforcement_nothing(command: Command) -> None:
    case_in("SCC").given(*FAMILY).when(command).then_refused(rule="SCC-PRIV-SANCTUARY")


def test_it_reads_as_sentences() -> None:
    odd = replace(interim, benefits_until=date(2027, 8, 20))
    all_of_it = referred.given(odd, benefit, *(command for command, _, _ in NOTICES))
    said = [line.text for line in lines(all_of_it.envelopes)]
    name = "Nahomy Zúñiga Ochoa"
    assert f"{name} with rhtat: concern" in said
    assert f"interim assistance for {name}, benefits 2026-08-20 to 2027-08-20; look again: " \
           "interim longer than 120 days" in said
    assert f"polaris about {name}, which passes it on to dhs, fbi" in said and f"medicaid for {name}: applied" in said
    expired = [line.text for line in lines(assisted.given((expire, AFTER)).envelopes)][-1]
    assert expired == f"of {name} on 2026-11-18, no letter followed"
