"""A calendar of working days: agency data, adopted, with the citation of every day off."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from domain.adopted import adopted
from domain.refusals import Refused

SEARCH_DAYS_MAX = 2 * 366  # as many days as the 366 working days that a pack may ask for can need


@dataclass(frozen=True, kw_only=True, slots=True)
class Calendar:
    """`days_off` maps a date to its name; weekends are days off too. Known from `first` to `last`, inclusive."""

    id: str
    digest: str
    citation: str
    first: date
    last: date
    days_off: Mapping[date, str]

    def is_working(self, day: date) -> bool:
        if not self.first <= day <= self.last:
            raise Refused(
                f"calendar {self.id} says nothing about {day}: adopt one that does", rule="CALENDAR", field="occurred_at"
            )
        return day.weekday() < 5 and day not in self.days_off

    def after(self, start: date, working_days: int) -> date:
        """The working_days-th working day after `start`, which itself never counts (domain.md 3.0)."""
        day, left = start, working_days
        for _ in range(SEARCH_DAYS_MAX):
            day += timedelta(days=1)
            left -= self.is_working(day)
            if left == 0:
                return day
        raise Refused(f"calendar {self.id} has too few working days", rule="CALENDAR")


@lru_cache(maxsize=64)
def parse_calendar(text: str, digest: str) -> Calendar:
    """A calendar from its TOML; raises Refused naming what is wrong."""
    whole = adopted(text, rule="CALENDAR", what="calendar")
    whole.only("calendar", "day_off")
    head = whole.table("calendar")
    head.only("id", "citation", "first", "last")
    first, last = head.day("first"), head.day("last")
    if last < first:
        head.refuse("the first day comes after the last")
    if not whole.has("day_off"):
        whole.refuse("it does not state day_off")
    days_off: dict[date, str] = {}
    for table in whole.tables("day_off"):
        table.only("day", "name")
        day, name = table.day("day"), table.text("name")
        if not first <= day <= last:
            table.refuse(f"{day} is outside of what the calendar covers")
        if day in days_off:
            table.refuse(f"{day} stands there twice")
        days_off[day] = name
    return Calendar(
        id=head.text("id"), digest=digest, citation=head.text("citation"), first=first, last=last, days_off=days_off
    )
