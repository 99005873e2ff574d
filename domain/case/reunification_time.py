"""The months that a family has to reunify: the clock starts, a court is asked for more, a court extends it (SB 1064)."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.case.intake import OUR_ID, personal, require_child
from domain.case.keys import Keys
from domain.case.obligations import CLOCK
from domain.events import Compartment, Envelope, Event, boxed, clear, event
from domain.people import PARENTS
from domain.personal import Personal
from domain.policy.clock import months_after
from domain.refusals import Refused
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.case.state import Case

TYPICAL_MONTHS = 12  # domain.md N7
EXTENDED_MONTHS = (18, 24)
CALIFORNIA = frozenset({"CA", "LAC", "SDC", "SCC"})


class TimeWarning(StrEnum):
    NO_RULE_HERE = "no_rule_here"  # the source has a rule on more time for California only


@event("casebridge.reunification_time.ReunificationClockStarted")
class ReunificationClockStarted(Event):
    """The time that a family has for reunification services began to run."""

    clock_id: UUID = clear(OUR_ID)
    child_id: UUID = clear(OUR_ID)
    start: date = clear(CLOCK)
    months: int = clear(CLOCK)


@event("casebridge.reunification_time.ReunificationExtensionRequested")
class ReunificationExtensionRequested(Event):
    """The agency asked a court for more reunification time."""

    request_id: UUID = clear(OUR_ID)
    clock_id: UUID = clear(OUR_ID)
    child_id: UUID = clear(OUR_ID)
    to_months: int = clear(CLOCK)
    ground: Personal[str] = boxed(Compartment.IMMIGRATION, about="child_id", meaning="why more time is needed")
    warnings: tuple[TimeWarning, ...] = clear("codes of what no rule covers")


@event("casebridge.reunification_time.ReunificationPeriodExtended")
class ReunificationPeriodExtended(Event):
    """A court gave the family more reunification time."""

    extension_id: UUID = clear(OUR_ID)
    clock_id: UUID = clear(OUR_ID)
    child_id: UUID = clear(OUR_ID)
    to_months: int = clear(CLOCK)
    order_ref: Personal[str] = boxed(Compartment.LEGAL, about="child_id", meaning="reference of the court's order")
    warnings: tuple[TimeWarning, ...] = clear("codes of what no rule covers")


class TimeStage(StrEnum):
    RUNNING = "running"
    EXTENDED_18 = "extended_18"
    EXTENDED_24 = "extended_24"
    ENDED = "ended"
    REUNIFIED = "reunified"


@dataclass(frozen=True, kw_only=True, slots=True)
class ReunificationClock:
    """One clock. `ends_on` is its last day: its months counted from the start, as extended so far."""

    clock_id: UUID
    child_id: UUID
    start: date
    months: int
    requests: tuple[ReunificationExtensionRequested, ...] = ()

    @property
    def ends_on(self) -> date:
        return months_after(self.start, self.months)


@dataclass(frozen=True, kw_only=True, slots=True)
class ReunificationTime:
    clocks: Mapping[UUID, ReunificationClock] = field(default_factory=dict)

    def running(self, child_id: UUID, on: date) -> ReunificationClock | None:
        return next((c for c in self.clocks.values() if c.child_id == child_id and c.start <= on <= c.ends_on), None)


def stage_of(case: Case, clock_id: UUID, on: date) -> TimeStage | None:
    clock = case.reunification_time.clocks.get(clock_id)
    if clock is None:
        return None
    plans = case.reunification.plans.values()
    went_abroad = any(p.reunified_at is not None and p.approved.child_id == clock.child_id for p in plans)
    if went_abroad or _is_back_with_parent(case, clock):
        return TimeStage.REUNIFIED
    if on > clock.ends_on:
        return TimeStage.ENDED
    return {18: TimeStage.EXTENDED_18, 24: TimeStage.EXTENDED_24}.get(clock.months, TimeStage.RUNNING)


def _is_back_with_parent(case: Case, clock: ReunificationClock) -> bool:
    episodes = case.custody.episodes_of(clock.child_id)
    last = episodes[-1] if episodes else None
    if last is None or last.ended_at is None or last.ended_at.date() < clock.start or last.ended_to is None:
        return False
    person = case.intake.people.get(last.ended_to)
    return person is not None and person.role in PARENTS


@command
class StartReunificationClock(Command):
    """Start the time for reunification services: 12 months from the day that the agency's practice counts from."""

    clock_id: UUID
    child_id: UUID
    start: date
    months: int = TYPICAL_MONTHS


@command
class RequestReunificationExtension(Command):
    """Record that a court was asked to extend reunification time to 18 or 24 months in all, and why."""

    request_id: UUID
    clock_id: UUID
    to_months: int
    ground: str | None = None


@command
class ExtendReunificationPeriod(Command):
    """Record a court's order that extends reunification time to 18 or 24 months in all."""

    extension_id: UUID
    clock_id: UUID
    to_months: int
    order_ref: str


def start_clock(submission: Submission[StartReunificationClock], case: Case) -> Sequence[Recording]:
    wish = submission.command
    require_child(case, wish.child_id)
    if wish.months != TYPICAL_MONTHS:
        raise Refused("reunification time begins with 12 months; a court extends it", rule="P14", field="months")
    recordings = case.once(wish.clock_id, ReunificationClockStarted(
        clock_id=wish.clock_id, child_id=wish.child_id, start=wish.start, months=wish.months,
    ))
    if not recordings:
        return recordings
    episodes = case.custody.episodes_of(wish.child_id)
    zone = ZoneInfo(submission.standing.zone)
    is_over = bool(episodes) and case.custody.current(wish.child_id) is None
    if is_over and all(e.ended_at is not None and e.ended_at.astimezone(zone).date() < wish.start for e in episodes):
        raise Refused("custody had ended by that day: there is nothing left to reunify", rule="P14", field="start")
    if case.reunification_time.running(wish.child_id, wish.start) is not None:
        raise Refused("this child's reunification time is running already", rule="P14", field="clock_id")
    return recordings


def request_extension(submission: Submission[RequestReunificationExtension], case: Case) -> Sequence[Recording]:
    wish = submission.command
    clock = _clock(case, wish.clock_id)
    _check_months(wish.to_months)
    if wish.to_months == EXTENDED_MONTHS[-1] and wish.ground is None:
        raise Refused("24 months need a ground", rule="CA-SB1064-EXTEND", field="ground")
    recordings = case.once(wish.request_id, ReunificationExtensionRequested(
        request_id=wish.request_id, clock_id=wish.clock_id, child_id=clock.child_id, to_months=wish.to_months,
        ground=personal(wish.ground), warnings=_warnings(submission),
    ))
    if recordings:
        _check_time(submission, clock, wish.to_months)
    return recordings


def extend_period(submission: Submission[ExtendReunificationPeriod], case: Case) -> Sequence[Recording]:
    wish = submission.command
    clock = _clock(case, wish.clock_id)
    _check_months(wish.to_months)
    recordings = case.once(wish.extension_id, ReunificationPeriodExtended(
        extension_id=wish.extension_id, clock_id=wish.clock_id, child_id=clock.child_id, to_months=wish.to_months,
        order_ref=personal(wish.order_ref), warnings=_warnings(submission),
    ))
    if recordings:
        _check_time(submission, clock, wish.to_months)
    return recordings


def _clock(case: Case, clock_id: UUID) -> ReunificationClock:
    clock = case.reunification_time.clocks.get(clock_id)
    if clock is None:
        raise Refused("no such reunification time: record its start", rule="P14", field="clock_id")
    return clock


def _check_months(to_months: int) -> None:
    if to_months not in EXTENDED_MONTHS:
        raise Refused("reunification time is extended to 18 or 24 months", rule="CA-SB1064-EXTEND", field="to_months")


def _check_time(submission: Submission[Any], clock: ReunificationClock, to_months: int) -> None:
    day = submission.occurred_at.astimezone(ZoneInfo(submission.standing.zone)).date()
    if day > clock.ends_on:
        raise Refused("the time had run out by that day", rule="CA-SB1064-EXTEND", field="occurred_at")
    if to_months <= clock.months:
        raise Refused("the time runs that long already", rule="CA-SB1064-EXTEND", field="to_months")


def _warnings(submission: Submission[Any]) -> tuple[TimeWarning, ...]:
    return () if submission.standing.jurisdiction in CALIFORNIA else (TimeWarning.NO_RULE_HERE,)


def _started(state: ReunificationTime, told: ReunificationClockStarted, _: Envelope) -> ReunificationTime:
    clock = ReunificationClock(clock_id=told.clock_id, child_id=told.child_id, start=told.start, months=told.months)
    return ReunificationTime(clocks={**state.clocks, told.clock_id: clock})


def _with(state: ReunificationTime, clock_id: UUID, **changes: Any) -> ReunificationTime:
    clock = state.clocks.get(clock_id)
    if clock is None:
        return state  # A prefix or a filtered replay may lack the start; a fold never raises (I10).
    return ReunificationTime(clocks={**state.clocks, clock_id: replace(clock, **changes)})


def _asked(state: ReunificationTime, told: ReunificationExtensionRequested, _: Envelope) -> ReunificationTime:
    clock = state.clocks.get(told.clock_id)
    return state if clock is None else _with(state, told.clock_id, requests=(*clock.requests, told))


def _extended(state: ReunificationTime, told: ReunificationPeriodExtended, _: Envelope) -> ReunificationTime:
    clock = state.clocks.get(told.clock_id)
    return state if clock is None else _with(state, told.clock_id, months=max(clock.months, told.to_months))


INITIAL = ReunificationTime()
DECIDES = {
    StartReunificationClock: start_clock, RequestReunificationExtension: request_extension,
    ExtendReunificationPeriod: extend_period,
}
EVOLVES = {
    ReunificationClockStarted: _started, ReunificationExtensionRequested: _asked, ReunificationPeriodExtended: _extended,
}
KEYS: Keys = {
    ReunificationClockStarted: lambda e: e.clock_id, ReunificationExtensionRequested: lambda e: e.request_id,
    ReunificationPeriodExtended: lambda e: e.extension_id,
}
