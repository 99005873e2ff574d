"""From a limit and a start to a due moment (domain.md section 3.0)."""
from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from domain.policy.calendar import Calendar
from domain.refusals import Refused

LAST_INSTANT = timedelta(microseconds=1)


class LimitKind(StrEnum):
    ELAPSED = "elapsed"  # hours in UTC: weekends, holidays and clock changes neither lengthen nor shorten it
    BUSINESS_DAYS = "business_days"  # day 1 is the first working day after the start
    CALENDAR_MONTHS = "calendar_months"  # the same day of a later month, or that month's last; over with that day
    RANGE_DAYS = "range_days"  # at least so many days and at most so many: which of them, a document says
    FROM_DOCUMENT = "from_document"  # a term that stands in a letter or an order, never computed from its kind
    QUALITATIVE = "qualitative"  # words, no number: there is no due moment, only an age
    NONE = "none"  # the source states no limit


@dataclass(frozen=True, kw_only=True, slots=True)
class Limit:
    """`amount` is the number that a clock counts to: hours, working days or months.

    `amounts` are the numbers between which somebody else decides: the months that a court may order, the ends of a
    range, the terms that a letter may state. No clock counts to them.
    """

    kind: LimitKind
    amount: int | None
    words: str
    amounts: tuple[int, ...] = ()


class NotCovered(Refused):
    """Working days cannot be counted: no adopted calendar says anything about these days."""


def months_after(day: date, count: int) -> date:
    """The same day of the month that many months on, or that month's last day (domain.md 3.0); never past date.max."""
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    if year > date.max.year:
        return date.max
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def midnight_after(day: date, zone: str) -> datetime | None:
    """The first instant of the day after `day` in `zone`; None after the calendar's own last year."""
    if day.year == date.max.year:
        return None
    return datetime.combine(day + timedelta(days=1), time.min, tzinfo=ZoneInfo(zone))


def last_instant_of(day: date, zone: str) -> datetime | None:
    """The last microsecond of `day` in `zone`: the next local midnight is too late."""
    midnight = midnight_after(day, zone)
    return None if midnight is None else (midnight.astimezone(UTC) - LAST_INSTANT).astimezone(midnight.tzinfo)


def due_moment(limit: Limit, *, start: datetime, zone: str, calendar: Calendar | None) -> datetime | None:
    """The last instant in time, or None where no number stands that a clock could count to.

    Elapsed hours: start + n h. Working days: the end of the n-th working day in `zone`. Months: the end of the
    day on which they are over in `zone`. Raises NotCovered where no calendar covers the working days.
    """
    local = ZoneInfo(zone)
    match limit.kind:
        case LimitKind.ELAPSED:
            assert limit.amount is not None
            return (start.astimezone(UTC) + timedelta(hours=limit.amount)).astimezone(local)
        case LimitKind.BUSINESS_DAYS:
            assert limit.amount is not None
            if calendar is None:
                raise NotCovered("working days are counted by an adopted calendar: adopt one", rule="CALENDAR")
            try:
                last_day = calendar.after(start.astimezone(local).date(), limit.amount)
            except Refused as refused:
                raise NotCovered(refused.because, rule=refused.rule) from refused
            return last_instant_of(last_day, zone)
        case LimitKind.CALENDAR_MONTHS:
            if limit.amount is None:
                return None
            return last_instant_of(months_after(start.astimezone(local).date(), limit.amount), zone)
        case LimitKind.RANGE_DAYS | LimitKind.FROM_DOCUMENT | LimitKind.QUALITATIVE | LimitKind.NONE:
            return None
