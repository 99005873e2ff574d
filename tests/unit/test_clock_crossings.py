"""A miss and a correction cross: what was recorded of a clock is put right, whichever of the two came first."""
from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from adapters.reading.acts import explain_acts
from adapters.reading.words import span
from domain.case.consular import NoticeForm, PrepareConsularNotification, RecordConsulateNotified, ReleaseDisclosure, Way
from domain.case.custody import CustodyTaken
from domain.case.mislinks import CorrectTime, TimeCorrected, WithdrawReport
from domain.case.obligations import (
    DeadlineMissed,
    Duty,
    DutyClockCorrected,
    DutyMet,
    DutyRaised,
    DutyStage,
    DutyWithdrawn,
    MissWithdrawn,
    RecordMissedDeadline,
    WithdrawnBecause,
)
from domain.case.screening import (
    CompleteTraffickingScreening,
    ScreeningOutcome,
    ScreeningTool,
    TraffickingScreeningCompleted,
)
from domain.case.unaccompanied import ReceivedBecause, ReceivedFrom, ReceiveUnaccompaniedMinor
from domain.events import Event
from tests.specification import Scenario, all_of_new_mexico, an_id
from tests.unit.people import CHILD, FAMILY, SIBLING, from_country, obtain, take_child, take_sibling

DENVER = ZoneInfo("America/Denver")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
RULE = "NM-CONSULATE-MX-24H"
KNOWN_FIRST = datetime(2026, 10, 29, 9, 0, tzinfo=DENVER)
TAKEN = datetime(2026, 10, 31, 10, 0, tzinfo=DENVER)
"""A Saturday; on Sunday at two o'clock the clocks go back, so twenty-four hours end on Sunday at nine."""
DUE = datetime(2026, 11, 1, 9, 0, tzinfo=DENVER)
NOTICE = an_id("notice")

mexican = Scenario().given(
    *((command, KNOWN_FIRST) for command in (*FAMILY, obtain(from_country(CHILD, "MX")))), (take_child, TAKEN)
)
prepared = mexican.given(
    (PrepareConsularNotification(notice_id=NOTICE, office="cons-mx.el-paso", form=NoticeForm.NM_PLAIN), TAKEN + HOUR),
    (ReleaseDisclosure(notice_id=NOTICE), TAKEN + HOUR),
)


def duty(scenario: Scenario, rule_id: str = RULE) -> Duty:
    """The duty of this rule that was raised last."""
    return [one for one in scenario.case.obligations.duties.values() if one.raised.rule_id == rule_id][-1]


def missed(scenario: Scenario, at: datetime) -> Scenario:
    """The clock finds at this time what has passed."""
    return scenario.when(RecordMissedDeadline(duty_id=duty(scenario).duty_id), at=at).then(DeadlineMissed).scenario()


def handed_over(receipt: str | None = "r-1") -> RecordConsulateNotified:
    return RecordConsulateNotified(notice_id=NOTICE, channel=Way.WEBHOOK, entry=1, receipt=receipt)


def right_time(scenario: Scenario, kind: type[Event], happened: datetime, name: str = "right time") -> CorrectTime:
    told = next(e.circumstances.event_id for e in scenario.envelopes if isinstance(e.event, kind))
    return CorrectTime(
        correction_id=an_id(name), replaces_event_id=told, evidence="the log of the ward", happened_at=happened,
        known_at=happened,
    )


# ------------------------------------------------------------------ a miss, then proof
def test_twenty_four_hours_end_an_hour_sooner_by_the_wall_when_the_clocks_go_back() -> None:
    assert duty(mexican).raised.due_at == DUE
    refused = mexican.when(RecordMissedDeadline(duty_id=duty(mexican).duty_id), at=DUE)
    refused.then_refused(rule=RULE, field="duty_id")


def test_proof_of_a_hand_over_in_time_withdraws_a_miss_that_is_recorded() -> None:
    late = missed(prepared, DUE + DAY)
    proof = late.when(handed_over(), at=DUE + 2 * DAY, occurred_at=DUE)
    assert proof.the(MissWithdrawn) and {met.late_by_seconds for met in proof.the(DutyMet)} == {None}
    now = duty(proof.scenario())
    assert (now.stage, now.was_missed, now.met is not None and now.met.recorded_late) == (DutyStage.MET, False, True)


def test_a_hand_over_a_moment_too_late_leaves_the_miss() -> None:
    late = missed(prepared, DUE + DAY)
    proof = late.when(handed_over(), at=DUE + 2 * DAY, occurred_at=DUE + timedelta(seconds=1))
    assert not proof.the(MissWithdrawn)
    now = duty(proof.scenario())
    assert now.was_missed and now.met is not None and now.met.late_by_seconds == 1


def test_a_receipt_in_time_proves_wrong_what_a_person_said_was_late() -> None:
    said = missed(prepared, DUE + DAY).given((handed_over(receipt=None), DUE + DAY + HOUR))
    assert duty(said).was_missed and duty(said).stage is DutyStage.MET
    proof = said.when(handed_over(), at=DUE + 2 * DAY, occurred_at=DUE - HOUR)
    now = duty(proof.scenario())
    assert (now.was_missed, now.met is not None and now.met.late_by_seconds) == (False, None)


# ------------------------------------------------------------------ a corrected custody time, the duty open
@pytest.mark.parametrize("shift", [timedelta(hours=-30), -HOUR, timedelta(minutes=-1)])
def test_a_custody_that_was_earlier_is_due_earlier_and_its_miss_is_found_anew(shift: timedelta) -> None:
    late = missed(mexican, DUE + DAY)
    outcome = late.when(right_time(late, CustodyTaken, TAKEN + shift), at=DUE + DAY + HOUR)
    assert [one.reason for one in outcome.the(DutyWithdrawn) if one.duty_id == duty(late).duty_id] == [
        WithdrawnBecause.CORRECTED
    ]
    after = outcome.scenario()
    anew = duty(after)
    assert anew.duty_id != duty(late).duty_id and not anew.was_missed and anew.stage is DutyStage.OPEN
    assert anew.raised.due_at is not None and anew.raised.due_at.timestamp() == (TAKEN + shift).timestamp() + 24 * 3600
    assert duty(missed(after, DUE + DAY + 2 * HOUR)).was_missed


def test_a_custody_that_was_later_is_not_missed_until_its_own_day_has_passed() -> None:
    late = missed(mexican, DUE + HOUR)
    after = late.given((right_time(late, CustodyTaken, TAKEN + 20 * HOUR), DUE + 2 * HOUR))
    anew = duty(after)
    assert (anew.was_missed, anew.raised.due_at) == (False, datetime(2026, 11, 2, 6, 0, tzinfo=DENVER))
    early = after.when(RecordMissedDeadline(duty_id=anew.duty_id), at=DUE + 3 * HOUR)
    early.then_refused(rule=RULE, field="duty_id")
    again = after.when(RecordMissedDeadline(duty_id=duty(late).duty_id), at=DUE + 3 * HOUR)
    again.then_nothing()  # The clock's view may still have had the duty that ended.
    assert duty(missed(after, DUE + 2 * DAY)).was_missed


def test_a_correction_on_the_day_on_which_clocks_go_forward_keeps_twenty_four_hours() -> None:
    spring = datetime(2027, 3, 13, 22, 0, tzinfo=DENVER)
    known = Scenario().given(*((command, spring - DAY) for command in (*FAMILY, obtain(from_country(CHILD, "MX")))))
    late = missed(known.given((take_child, spring)), spring + 3 * DAY)
    after = late.given((right_time(late, CustodyTaken, spring + 4 * HOUR), spring + 4 * DAY))
    assert spring.utcoffset() != (spring + DAY).utcoffset()
    assert duty(after).raised.due_at == datetime(2027, 3, 15, 3, 0, tzinfo=DENVER)


# ------------------------------------------------------------------ the duty met already
def test_a_duty_met_in_time_was_late_by_the_right_clock() -> None:
    done = prepared.given((handed_over(), DUE - HOUR))
    outcome = done.when(right_time(done, CustodyTaken, TAKEN - 5 * HOUR), at=DUE + HOUR)
    now = duty(outcome.scenario())
    assert (now.duty_id, now.stage) == (duty(done).duty_id, DutyStage.MET)
    assert now.raised.due_at == DUE - 5 * HOUR
    assert now.met is not None and now.met.late_by_seconds == 4 * 3600 and not now.was_missed
    assert RULE not in {one.rule_id for one in outcome.the(DutyRaised)}
    assert {one.duty_id for one in outcome.the(DutyClockCorrected)} >= {now.duty_id}


def test_a_duty_met_late_was_in_time_by_the_right_clock_and_its_miss_is_gone() -> None:
    done = missed(prepared, DUE + HOUR).given((handed_over(), DUE + 2 * HOUR))
    assert duty(done).was_missed and duty(done).met is not None
    after = done.given((right_time(done, CustodyTaken, TAKEN + 3 * HOUR), DUE + 3 * HOUR))
    now = duty(after)
    assert now.duty_id == duty(done).duty_id and now.met is not None
    assert (now.was_missed, now.met.late_by_seconds, now.stage) == (False, None, DutyStage.MET)


def test_a_duty_met_late_stays_missed_where_the_right_clock_leaves_it_late() -> None:
    done = missed(prepared, DUE + HOUR).given((handed_over(), DUE + 6 * HOUR))
    now = duty(done.given((right_time(done, CustodyTaken, TAKEN + HOUR), DUE + 7 * HOUR)))
    assert now.was_missed and now.met is not None and now.met.late_by_seconds == 5 * 3600


def test_a_second_correction_counts_from_the_first() -> None:
    done = prepared.given((handed_over(), DUE - HOUR))
    once = done.given((right_time(done, CustodyTaken, TAKEN - 5 * HOUR), DUE + HOUR))
    twice = once.given((right_time(once, CustodyTaken, TAKEN, "second"), DUE + 2 * HOUR))
    now = duty(twice)
    assert now.raised.due_at == DUE and now.met is not None and now.met.late_by_seconds is None


def test_of_an_act_whose_time_was_wrong_the_duty_is_met_when_it_was_done_in_truth() -> None:
    screen = CompleteTraffickingScreening(
        screening_id=an_id("screening"), child_id=CHILD, tool=ScreeningTool.INTERNAL, outcome=ScreeningOutcome.CLEAR
    )
    done = Scenario(standing=all_of_new_mexico()).given(*((one, TAKEN) for one in FAMILY), (screen, TAKEN + 5 * HOUR))
    [met] = [one for one in done.case.obligations.duties.values() if one.met is not None]
    outcome = done.when(right_time(done, TraffickingScreeningCompleted, TAKEN + 2 * HOUR), at=TAKEN + DAY)
    outcome.then(TimeCorrected, DutyClockCorrected)
    now = outcome.scenario().case.obligations.duties[met.duty_id].met
    assert now is not None and (now.met_at, now.late_by_seconds) == (TAKEN + 2 * HOUR, None)


def test_a_correction_under_which_no_clock_ran_says_nothing_of_a_duty_that_was_met() -> None:
    done = prepared.given((handed_over(), DUE - 3 * HOUR), (take_sibling, DUE - 2 * HOUR))
    sibling = next(
        e.circumstances.event_id for e in done.envelopes if isinstance(e.event, CustodyTaken) and e.event.child_id == SIBLING
    )
    wish = replace(right_time(done, CustodyTaken, DUE - 4 * HOUR), replaces_event_id=sibling)
    assert not done.when(wish, at=DUE + HOUR).the(DutyClockCorrected)


# ------------------------------------------------------------------ no duty after all
def test_a_miss_of_a_custody_that_never_was_ends_with_its_duty_and_counts_nowhere() -> None:
    late = missed(mexican, DUE + DAY)
    told = next(e.circumstances.event_id for e in late.envelopes if isinstance(e.event, CustodyTaken))
    never = WithdrawReport(withdrawal_id=an_id("never"), event_id=told, evidence="the child was at home")
    outcome = late.when(never, at=DUE + 2 * DAY)
    assert not outcome.the(DutyRaised)
    after = outcome.scenario()
    assert (duty(after).stage, duty(after).withdrawn) == (DutyStage.WITHDRAWN, WithdrawnBecause.CORRECTED)
    assert not after.case.obligations.open_duties()
    again = replace(after, at=DUE + 2 * DAY).when(RecordMissedDeadline(duty_id=duty(after).duty_id), at=DUE + 3 * DAY)
    again.then_nothing()


# ------------------------------------------------------------------ at once
def test_immediately_is_never_missed_and_grows_older_in_plain_sight() -> None:
    receive = ReceiveUnaccompaniedMinor(
        reception_id=an_id("reception"), child_id=CHILD, received_from=ReceivedFrom.ORR,
        reason=ReceivedBecause.SPONSOR_BREAKDOWN,
    )
    known = (*FAMILY, obtain(from_country(CHILD, "MX")))
    scenario = Scenario(standing=all_of_new_mexico()).given(*((one, KNOWN_FIRST) for one in known), (receive, TAKEN))
    immediate = duty(scenario, "NM-UC-IMMEDIATE")
    assert (immediate.raised.due_at, immediate.raised.qualifier) == (None, "immediately")
    for at in (TAKEN + timedelta(minutes=1), TAKEN + 700 * DAY):
        never = scenario.when(RecordMissedDeadline(duty_id=immediate.duty_id), at=at)
        never.then_refused(rule="NM-UC-IMMEDIATE", field="duty_id")
        [told] = [
            one.state for one in explain_acts(scenario.case, scenario.standing, at)
            if immediate.duty_id in {each.duty_id for each in one.act.duties}
        ]
        age = span(at.astimezone(UTC) - TAKEN.astimezone(UTC))
        assert told == f"immediately, open for {age}" and age
