"""From a limit and a start to a due moment (domain.md section 3.0)."""
from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from domain.policy.calendar import Calendar
from domain.refusals import Refused

LAST_INSTANT = timedelta(microseconds=1)


class LimitKind(StrEnum):
    ELAPSED = "elapsed"  # hours in UTC: weekends, holidays and clock changes neither lengthen nor shorten it
    BUSINESS_DAYS = "business_days"  # day 1 is the first working day after the start
    QUALITATIVE = "qualitative"  # words, no number: there is no due moment, only an age
    NONE = "none"  # the source states no limit


@dataclass(frozen=True, kw_only=True, slots=True)
class Limit:
    kind: LimitKind
    amount: int | None
    words: str

    @property
    def strictness(self) -> tuple[int, int]:
        """Sorts limits strictest first: numbers before words, words before none."""
        match self.kind:
            case LimitKind.ELAPSED:
                return 0, self.amount or 0
            case LimitKind.BUSINESS_DAYS:
                return 0, 24 * (self.amount or 0)
            case LimitKind.QUALITATIVE:
                return 1, 0
            case LimitKind.NONE:
                return 2, 0


class NotCovered(Refused):
    """Working days cannot be counted: no adopted calendar says anything about these days."""


def due_moment(limit: Limit, *, start: datetime, zone: str, calendar: Calendar | None) -> datetime | None:
    """The last instant in time, or None where no number stands.

    Elapsed hours: start + n h. Working days: the end of the n-th working day in `zone`, which is the last
    microsecond before the next local midnight, that midnight being too late. Raises NotCovered.
    """
    match limit.kind:
        case LimitKind.ELAPSED:
            assert limit.amount is not None
            return (start.astimezone(UTC) + timedelta(hours=limit.amount)).astimezone(ZoneInfo(zone))
        case LimitKind.BUSINESS_DAYS:
            assert limit.amount is not None
            if calendar is None:
                raise NotCovered("working days are counted by an adopted calendar: adopt one", rule="CALENDAR")
            local = ZoneInfo(zone)
            try:
                last_day = calendar.after(start.astimezone(local).date(), limit.amount)
            except Refused as refused:
                raise NotCovered(refused.because, rule=refused.rule) from refused
            midnight = datetime.combine(last_day + timedelta(days=1), time.min, tzinfo=local)
            return (midnight.astimezone(UTC) - LAST_INSTANT).astimezone(local)
        case LimitKind.QUALITATIVE | LimitKind.NONE:
            return None
