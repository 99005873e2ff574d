"""Due moments, computed twice: by the clock, and by walking every hour or day."""
from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.policy.calendar import Calendar, parse_calendar
from domain.policy.clock import Limit, LimitKind, due_moment
from domain.refusals import Refused

ROOT = Path(__file__).resolve().parents[2]
ZONES = ["America/Denver", "America/Los_Angeles", "America/New_York", "America/Phoenix"]
HOURS = Limit(kind=LimitKind.ELAPSED, amount=24, words="24 hours elapsed")
DAYS = Limit(kind=LimitKind.BUSINESS_DAYS, amount=5, words="5 working days")
moments = st.integers(0, 60 * 24 * 690).map(lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes))


def calendar() -> Calendar:
    return parse_calendar((ROOT / "domain/calendars/NM.toml").read_text(encoding="utf-8"), "digest")


@given(start=moments, zone=st.sampled_from(ZONES))
def test_elapsed_hours_neither_gain_nor_lose_one_when_clocks_change(start: datetime, zone: str) -> None:
    due = due_moment(HOURS, start=start.astimezone(ZoneInfo(zone)), zone=zone, calendar=None)
    assert due is not None and due.astimezone(UTC) - start == timedelta(hours=24)


@settings(max_examples=200)
@given(start=moments, zone=st.sampled_from(ZONES), amount=st.integers(1, 12))
def test_working_days_by_the_clock_and_by_walking_agree(start: datetime, zone: str, amount: int) -> None:
    limit = Limit(kind=LimitKind.BUSINESS_DAYS, amount=amount, words=f"{amount} working days")
    due = due_moment(limit, start=start, zone=zone, calendar=calendar())
    assert due is not None
    local = start.astimezone(ZoneInfo(zone)).date()
    counted, day = 0, local
    while counted < amount:
        day += timedelta(days=1)
        if day.strftime("%a") not in {"Sat", "Sun"} and day not in calendar().days_off:
            counted += 1
    midnight = datetime.combine(day + timedelta(days=1), time.min, tzinfo=ZoneInfo(zone))
    assert midnight.astimezone(UTC) - due.astimezone(UTC) == timedelta(microseconds=1)


def test_the_day_of_the_start_never_counts_however_early_it_is() -> None:
    monday = datetime(2026, 8, 17, 0, 1, tzinfo=ZoneInfo("America/Denver"))
    due = due_moment(DAYS, start=monday, zone="America/Denver", calendar=calendar())
    assert due is not None and due.date() == date(2026, 8, 24)


def test_the_same_instant_may_be_another_day_in_another_zone() -> None:
    start = datetime(2026, 8, 18, 5, 30, tzinfo=UTC)  # Monday evening in Denver, Tuesday in New York
    denver, new_york = (
        due_moment(DAYS, start=start, zone=zone, calendar=calendar()) for zone in ("America/Denver", "America/New_York")
    )
    assert denver is not None and new_york is not None
    assert (denver.date(), new_york.date()) == (date(2026, 8, 24), date(2026, 8, 25))


@settings(max_examples=200)
@given(start=moments, zone=st.sampled_from(ZONES), amount=st.integers(1, 24))
def test_months_by_the_clock_and_by_walking_every_day_agree(start: datetime, zone: str, amount: int) -> None:
    limit = Limit(kind=LimitKind.CALENDAR_MONTHS, amount=amount, words=f"{amount} months")
    due = due_moment(limit, start=start, zone=zone, calendar=None)
    first = start.astimezone(ZoneInfo(zone)).date()
    day, turned = first, 0
    for _ in range(31 * 25):
        tomorrow = day + timedelta(days=1)
        if turned == amount and (day.day == first.day or tomorrow.day == 1):
            break
        turned += tomorrow.day == 1
        day = tomorrow
    assert due is not None and due.astimezone(ZoneInfo(zone)).date() == day
    assert (due.astimezone(UTC) + timedelta(microseconds=1)).astimezone(ZoneInfo(zone)).time() == time.min


@pytest.mark.parametrize("limit", [
    Limit(kind=LimitKind.QUALITATIVE, amount=None, words="without delay"),
    Limit(kind=LimitKind.NONE, amount=None, words="none stated"),
    Limit(kind=LimitKind.RANGE_DAYS, amount=None, words="90 to 120 days", amounts=(90, 120)),
    Limit(kind=LimitKind.FROM_DOCUMENT, amount=None, words="as the letter says", amounts=(3, 6)),
    Limit(kind=LimitKind.CALENDAR_MONTHS, amount=None, words="18 or 24 months", amounts=(18, 24)),
], ids=lambda limit: str(limit.kind))
def test_what_no_clock_counts_to_has_no_due_moment(limit: Limit) -> None:
    assert due_moment(limit, start=datetime(2026, 8, 18, tzinfo=UTC), zone="UTC", calendar=None) is None


def test_working_days_without_a_calendar_are_refused_and_so_are_days_it_says_nothing_about() -> None:
    start = datetime(2026, 8, 18, tzinfo=UTC)
    with pytest.raises(Refused, match="adopt"):
        due_moment(DAYS, start=start, zone="UTC", calendar=None)
    with pytest.raises(Refused, match="says nothing about"):
        due_moment(DAYS, start=start.replace(year=2031), zone="UTC", calendar=calendar())
