"""The calendars that are shipped: made from their seed and their table, and counted as anybody would count on a wall."""
from __future__ import annotations

import hashlib
import tomllib
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from adapters.calendars import Override, Source, calendars, day_of, days_off, read
from adapters.cli.main import app
from domain.policy.calendar import Calendar, parse_calendar
from domain.refusals import Refused

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "domain/calendars").glob("*.toml"))
TEXTS = {path.stem: path.read_text(encoding="utf-8") for path in FILES}
AGENCIES = {"LAC", "SDC", "SCC", "NJ", "NM", "NYC", "OR"}
FIRST, LAST = date(2023, 1, 1), date(2030, 12, 31)
AMOUNT_MAX = 60


def parsed(name: str) -> Calendar:
    return parse_calendar(TEXTS[name], hashlib.sha256(TEXTS[name].encode()).hexdigest())


def off(name: str, day: date) -> bool:
    return not parsed(name).is_working(day)


def test_the_committed_calendars_are_current() -> None:
    committed = {path.name: path.read_text(encoding="utf-8") for path in FILES}
    assert committed == calendars(), "run `casebridge policy calendars domain/calendars`"


def test_the_command_writes_them(tmp_path: Path) -> None:
    told = CliRunner().invoke(app, ["policy", "calendars", str(tmp_path / "made")])
    assert told.exit_code == 0 and "7 calendars" in told.stdout
    assert {path.stem: path.read_text(encoding="utf-8") for path in (tmp_path / "made").iterdir()} == TEXTS


def test_each_agency_has_one_that_can_be_adopted_and_covers_eight_years() -> None:
    assert set(TEXTS) == AGENCIES
    for name in TEXTS:
        calendar = parsed(name)
        assert (calendar.id, calendar.first, calendar.last) == (name, FIRST, LAST)
        assert calendar.citation and all(day.weekday() < 5 for day in calendar.days_off)
        assert all(9 <= sum(day.year == year for day in calendar.days_off) <= 15 for year in range(2023, 2031))


@pytest.mark.parametrize("name", sorted(AGENCIES))
@given(start=st.integers(0, (LAST - FIRST).days - 2 * AMOUNT_MAX), amount=st.integers(1, AMOUNT_MAX))
def test_working_days_counted_and_crossed_off_one_by_one_agree(name: str, start: int, amount: int) -> None:
    holidays = {row["day"] for row in tomllib.loads(TEXTS[name])["day_off"]}
    every = [FIRST + timedelta(days=number) for number in range((LAST - FIRST).days + 1)]
    left = [day for day in every[start + 1:] if day.strftime("%a") not in ("Sat", "Sun") and day not in holidays]
    assert parsed(name).after(every[start], amount) == left[amount - 1]


def test_what_lies_outside_of_a_calendar_is_refused() -> None:
    for outside in (FIRST - timedelta(days=1), LAST + timedelta(days=1)):
        with pytest.raises(Refused):
            parsed("OR").is_working(outside)


def test_new_jersey_closes_on_the_third_friday_of_june_and_on_every_general_election() -> None:
    assert off("NJ", date(2025, 6, 20)) and not off("NJ", date(2025, 6, 19))
    assert [off("NJ", day) for day in (date(2025, 11, 4), date(2026, 11, 3), date(2027, 11, 2))] == [True] * 3
    assert not off("NJ", date(2024, 2, 12)), "Lincoln's Birthday"


def test_a_day_of_observance_on_which_offices_are_open_is_a_working_day() -> None:
    assert not any(off(name, date(2024, 2, 15)) for name in ("LAC", "SDC", "SCC", "NYC")), "Susan B. Anthony Day"
    assert not any(off(name, date(2027, 10, 29)) for name in ("LAC", "SDC", "SCC")), "Diwali"
    assert off("LAC", date(2027, 2, 15)), "Presidents' Day falls on it"


def test_counties_of_one_state_differ() -> None:
    last_monday, day = date(2026, 3, 30), date(2026, 3, 31)
    assert [(off(name, last_monday), off(name, day)) for name in ("LAC", "SDC", "SCC")] == [
        (True, False), (False, True), (False, True)
    ]
    assert [off(name, date(2026, 10, 12)) for name in ("LAC", "SDC", "SCC")] == [True, False, True]


def test_a_holiday_that_falls_on_a_sunday_is_kept_on_monday_and_one_of_the_next_year_on_the_last_day_of_this() -> None:
    assert off("OR", date(2027, 7, 5)) and off("OR", date(2027, 12, 31))


@pytest.mark.parametrize(("rule", "year", "day"), [
    ("third Friday of June", 2025, date(2025, 6, 20)), ("last Monday of March", 2027, date(2027, 3, 29)),
    ("day after first Monday of November", 2027, date(2027, 11, 2)),
    ("day after last Friday of May", 2024, date(2024, 6, 1)),
])
def test_a_day_of_each_year_is_found(rule: str, year: int, day: date) -> None:
    assert day_of(rule, year) == day


def test_an_override_counts_from_and_until_its_days() -> None:
    since, until = date(2024, 5, 1), date(2025, 5, 31)
    added = Override(name="Founders' Day", on="first Tuesday of May", citation="c", from_=since, until=until)
    gone = Override(name="Old Day", on=None, citation="c", from_=date(2025, 1, 1), until=date(2025, 12, 31))
    source = Source(id="X", place="X", seed="X", citation="c", overrides=(added, gone))
    every_year = {date(year, 9, 9): ["Old Day (observed)"] for year in range(2023, 2027)}
    found = days_off(source, date(2023, 1, 1), date(2026, 12, 31), seed=lambda _, __: every_year)
    assert sorted(found) == [
        date(2024, 5, 7), date(2024, 9, 9), date(2025, 5, 6), date(2026, 9, 9)
    ], "9 September 2023 is a Saturday"


@pytest.mark.parametrize("override", [
    'add = "X"\ncitation = "c"', 'remove = "X"\non = "first Monday of May"\ncitation = "c"',
    'add = "X"\non = "fifth Monday of May"\ncitation = "c"',
    'add = "X"\nremove = "X"\non = "first Monday of May"\ncitation = "c"',
    'remove = "X"\nuntill = 2027-01-01\ncitation = "c"',
])
def test_an_override_that_says_nothing_is_named(override: str) -> None:
    head = '[span]\nfirst = 2023-01-01\nlast = 2024-12-31\n[X]\nplace = "X"\nseed = "NM"\ncitation = "c"\n[[X.override]]\n'
    with pytest.raises(ValueError, match=r"an override|is no day"):
        read(head + override)
