"""A calendar of working days: agency data, adopted, with the citation of every day off."""
from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from domain.refusals import Refused

SEARCH_DAYS_MAX = 366


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
    try:
        table = tomllib.loads(text)
        head = table["calendar"]
        return Calendar(
            id=head["id"], digest=digest, citation=head["citation"], first=head["first"], last=head["last"],
            days_off={item["day"]: item["name"] for item in table["day_off"]},
        )
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise Refused(f"this is no calendar: {error}", rule="CALENDAR", field="text") from error
