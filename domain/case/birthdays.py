"""On which day a child reaches an age, as far as its birth date tells."""
from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from domain.people import BirthDate
from domain.policy.clock import months_after


@dataclass(frozen=True, kw_only=True, slots=True)
class Birthday:
    """One birthday of a child: its earliest and its latest day, two days only where the birth date is an estimate."""

    age: int
    earliest: date
    latest: date
    is_estimate: bool

    def told_from(self, zone: str) -> datetime:
        """The first instant of its month: nobody can read the day from when it is told (decision 0009)."""
        return datetime.combine(self.earliest.replace(day=1), time.min, tzinfo=ZoneInfo(zone))


def birthday(born: BirthDate, age: int) -> Birthday:
    """A birthday by the calendar; 29 February is kept on the 28th. An estimate tells hardly more than the year."""
    first, last = (born.day.replace(month=1, day=1), born.day.replace(month=12, day=31)) if born.is_estimate else (
        born.day, born.day
    )
    return Birthday(
        age=age, earliest=months_after(first, 12 * age), latest=months_after(last, 12 * age), is_estimate=born.is_estimate
    )
