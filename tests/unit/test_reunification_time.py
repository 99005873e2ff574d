"""Reunification time runs 12 calendar months, and a court in California may make it 18 or 24."""
from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from domain.case.custody import EndCustody
from domain.case.reunification_time import (
    ExtendReunificationPeriod,
    RequestReunificationExtension,
    ReunificationClockStarted,
    ReunificationExtensionRequested,
    ReunificationPeriodExtended,
    StartReunificationClock,
    TimeStage,
    TimeWarning,
    stage_of,
)
from domain.policy.clock import months_after
from tests.specification import Scenario, an_id
from tests.unit.people import CHILD, EPISODE, FAMILY, MOTHER, take_child
from tests.unit.places import case_in

CLOCK = an_id("clock")
start = StartReunificationClock(clock_id=CLOCK, child_id=CHILD, start=date(2026, 8, 31))
ask = RequestReunificationExtension(request_id=an_id("ask"), clock_id=CLOCK, to_months=18)
extend = ExtendReunificationPeriod(extension_id=an_id("extend"), clock_id=CLOCK, to_months=18, order_ref="J-77")
extend_24 = replace(extend, extension_id=an_id("extend 24"), to_months=24)


def running(jurisdiction: str = "SDC") -> Scenario:
    return case_in(jurisdiction).given(*FAMILY, take_child, start)


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 17, tzinfo=UTC)


@pytest.mark.parametrize(("day", "months", "then"), [
    (date(2026, 8, 31), 6, date(2027, 2, 28)), (date(2027, 8, 31), 6, date(2028, 2, 29)),
    (date(2026, 8, 31), 12, date(2027, 8, 31)), (date(2028, 2, 29), 12, date(2029, 2, 28)),
    (date(2026, 12, 15), 1, date(2027, 1, 15)), (date(2026, 1, 31), 24, date(2028, 1, 31)),
])
def test_months_are_counted_in_the_calendar_and_end_with_the_month(day: date, months: int, then: date) -> None:
    assert months_after(day, months) == then


def test_the_clock_starts_for_a_child_with_twelve_months() -> None:
    begun = case_in("SDC").given(*FAMILY, take_child).when(start).then(ReunificationClockStarted).scenario()
    assert begun.case.reunification_time.clocks[CLOCK].ends_on == date(2027, 8, 31)
    assert stage_of(begun.case, CLOCK, date(2027, 8, 31)) is TimeStage.RUNNING
    assert stage_of(begun.case, CLOCK, date(2027, 9, 1)) is TimeStage.ENDED


def test_a_court_is_asked_and_extends_to_18_and_then_to_24() -> None:
    asked = running().when(ask).then(ReunificationExtensionRequested).scenario()
    extended = asked.when(extend).then(ReunificationPeriodExtended).scenario()
    assert stage_of(extended.case, CLOCK, date(2027, 9, 1)) is TimeStage.EXTENDED_18
    more = extended.when(extend_24, at=at(date(2028, 2, 29))).then(ReunificationPeriodExtended).scenario()
    assert stage_of(more.case, CLOCK, date(2028, 3, 1)) is TimeStage.EXTENDED_24
    assert more.case.reunification_time.clocks[CLOCK].ends_on == date(2028, 8, 31)


@pytest.mark.parametrize("months", [12, 15, 30])
def test_an_extension_is_to_18_or_24_months(months: int) -> None:
    running().when(replace(ask, to_months=months)).then_refused(rule="CA-SB1064-EXTEND", field="to_months")
    running().when(replace(extend, to_months=months)).then_refused(rule="CA-SB1064-EXTEND", field="to_months")


def test_24_months_need_a_ground() -> None:
    running().when(replace(ask, to_months=24)).then_refused(rule="CA-SB1064-EXTEND", field="ground")
    running().when(replace(ask, to_months=24, ground="the mother is held far away")).then(ReunificationExtensionRequested)


def test_nothing_is_extended_after_it_ran_out() -> None:
    late = at(date(2027, 9, 1))
    running().when(ask, at=late).then_refused(rule="CA-SB1064-EXTEND", field="occurred_at")
    running().when(extend, at=late).then_refused(rule="CA-SB1064-EXTEND", field="occurred_at")
    running().when(extend, at=at(date(2027, 8, 31))).then(ReunificationPeriodExtended)


def test_the_last_day_is_that_of_the_agency_and_not_of_greenwich() -> None:
    evening = datetime(2027, 9, 1, 2, tzinfo=UTC)  # 22:00 of the day before where the agency is
    running().when(extend, at=evening).then(ReunificationPeriodExtended)


def test_an_order_of_the_last_day_that_is_recorded_late_still_counts() -> None:
    late = running().when(extend, at=at(date(2027, 10, 1)), occurred_at=at(date(2027, 8, 31)))
    late.then(ReunificationPeriodExtended)


def test_an_extension_makes_it_longer() -> None:
    extended = running().given(extend_24)
    extended.when(extend).then_refused(rule="CA-SB1064-EXTEND", field="to_months")


@pytest.mark.parametrize("jurisdiction", ["NM", "NJ", "OR"])
def test_outside_california_an_extension_is_recorded_with_a_warning(jurisdiction: str) -> None:
    here = running(jurisdiction)
    assert here.when(ask).the(ReunificationExtensionRequested)[0].warnings == (TimeWarning.NO_RULE_HERE,)
    assert here.when(extend).the(ReunificationPeriodExtended)[0].warnings == (TimeWarning.NO_RULE_HERE,)


@pytest.mark.parametrize("jurisdiction", ["LAC", "SDC", "SCC"])
def test_in_california_it_is_not_warned_of(jurisdiction: str) -> None:
    assert running(jurisdiction).when(extend).the(ReunificationPeriodExtended)[0].warnings == ()


def ended(to: UUID | None = None) -> Scenario:
    return case_in("SDC").given(*FAMILY, take_child, EndCustody(child_id=CHILD, episode_id=EPISODE, to_party_id=to))


def test_the_clock_does_not_start_after_custody_ended() -> None:
    ended().when(start, at=at(date(2026, 9, 1))).then_refused(rule="P14", field="start")


def test_a_start_that_lies_within_custody_may_be_recorded_after_its_end() -> None:
    ended().when(replace(start, start=date(2026, 8, 13))).then(ReunificationClockStarted)


def test_it_begins_with_12_months_and_runs_once_at_a_time() -> None:
    case_in("SDC").given(*FAMILY).when(replace(start, months=18)).then_refused(rule="P14", field="months")
    running().when(replace(start, clock_id=an_id("second"))).then_refused(rule="P14", field="clock_id")


def test_an_extension_needs_its_clock() -> None:
    case_in("SDC").given(*FAMILY).when(ask).then_refused(rule="P14", field="clock_id")


def test_a_child_given_back_to_its_mother_is_reunified() -> None:
    home = running().given((EndCustody(child_id=CHILD, episode_id=EPISODE, to_party_id=MOTHER), at(date(2026, 12, 1))))
    assert stage_of(home.case, CLOCK, date(2027, 9, 1)) is TimeStage.REUNIFIED
    away = running().given((EndCustody(child_id=CHILD, episode_id=EPISODE), at(date(2026, 12, 1))))
    assert stage_of(away.case, CLOCK, date(2026, 12, 1) + timedelta(days=1)) is TimeStage.RUNNING
