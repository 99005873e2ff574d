"""The agency's own targets beside rules that give no number: policy, shown as such, never law and never missed."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from domain.events import Envelope, Event, clear, event
from domain.policy.clock import Limit, LimitKind, NotCovered, due_moment
from domain.policy.pack import Rule
from domain.refusals import Refused
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.agency.state import Agency

CORRECTIONS = "CORRECTION"
"""Stands for a rule where corrections and recalls owed to offices are meant: no law gives a number for them."""
POLICY = "the agency's own policy on a rule, nothing about a person"


class TargetUnit(StrEnum):
    HOURS = "hours"
    WORKING_DAYS = "working_days"
    MONTHS = "months"


KINDS = {
    TargetUnit.HOURS: LimitKind.ELAPSED, TargetUnit.WORKING_DAYS: LimitKind.BUSINESS_DAYS,
    TargetUnit.MONTHS: LimitKind.CALENDAR_MONTHS,
}
AMOUNTS_MAX = {TargetUnit.HOURS: 24 * 366, TargetUnit.WORKING_DAYS: 366, TargetUnit.MONTHS: 120}


@event("casebridge.agency.TargetSet")
class TargetSet(Event):
    """The agency set itself a target for a rule that gives no number. It counts for clocks that start from then on."""

    rule_id: str = clear(POLICY)
    amount: int = clear(POLICY)
    unit: TargetUnit = clear(POLICY)


@event("casebridge.agency.TargetEnded")
class TargetEnded(Event):
    """The agency gave up its target for a rule: clocks that start from then on have none."""

    rule_id: str = clear(POLICY)


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """One setting; without `limit`, the end of what was set before."""

    rule_id: str
    limit: Limit | None
    from_: datetime
    version: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """What the agency aims at for one duty. `at` is None where no adopted calendar covers the working days."""

    limit: Limit
    at: datetime | None


class Running(Protocol):
    """What a target is reckoned from: a duty, as it was raised or as a view has it."""

    @property
    def rule_id(self) -> str: ...
    @property
    def clock_start(self) -> datetime: ...
    @property
    def due_at(self) -> datetime | None: ...
    @property
    def due_zone(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Targets:
    settings: tuple[Setting, ...] = ()

    def in_force(self, rule_id: str, moment: datetime) -> Limit | None:
        settings = [setting for setting in self.settings if setting.rule_id == rule_id and setting.from_ <= moment]
        last = max(settings, key=lambda setting: (setting.from_, setting.version), default=None)
        return None if last is None else last.limit


@command
class SetTarget(Command):
    """Set the agency's own target for a rule whose limit is in words or not stated, or for CORRECTION, which stands for
    corrections and recalls owed to offices: hours, working days or months."""

    rule_id: str
    amount: int
    unit: TargetUnit


@command
class EndTarget(Command):
    """Give up the agency's target for a rule."""

    rule_id: str


def target_of(agency: Agency, duty: Running) -> Target | None:
    """The agency's target for a duty: the one in force when its clock started.

    None where none was set by then, or where the duty has a due moment: nothing stands beside the law's own number.
    """
    limit = agency.targets.in_force(duty.rule_id, duty.clock_start)
    if limit is None or duty.due_at is not None:
        return None
    calendar = agency.calendar_at(duty.clock_start)
    try:
        at = due_moment(limit, start=duty.clock_start, zone=duty.due_zone, calendar=calendar)
    except NotCovered:
        at = None
    return Target(limit=limit, at=at)


def set_target(submission: Submission[SetTarget], agency: Agency) -> Sequence[Recording]:
    wish = submission.command
    if wish.rule_id != CORRECTIONS and _rule(agency, wish.rule_id, submission.occurred_at).limit.amount is not None:
        because = "this rule gives a number of its own: the agency's would pass for law beside it"
        raise Refused(because, rule=wish.rule_id, field="rule_id")
    amount_max = AMOUNTS_MAX[wish.unit]
    if not 1 <= wish.amount <= amount_max:
        raise Refused(f"a target is 1 to {amount_max} {_words(wish.unit)}", rule="DECISION-9", field="amount")
    if agency.targets.in_force(wish.rule_id, submission.occurred_at) == _limit(wish.amount, wish.unit):
        return []
    return [Recording(event=TargetSet(rule_id=wish.rule_id, amount=wish.amount, unit=wish.unit))]


def end_target(submission: Submission[EndTarget], agency: Agency) -> Sequence[Recording]:
    rule_id = submission.command.rule_id
    if agency.targets.in_force(rule_id, submission.occurred_at) is None:
        return []  # Ended already, or never set.
    return [Recording(event=TargetEnded(rule_id=rule_id))]


def _rule(agency: Agency, rule_id: str, moment: datetime) -> Rule:
    for pack in agency.packs_at(moment):
        rule = pack.rule(rule_id)
        if rule is not None and rule.raises_duties:
            return rule
    raise Refused("no adopted rule of this id raises duties", rule="DECISION-9", field="rule_id")


def _limit(amount: int, unit: TargetUnit) -> Limit:
    return Limit(kind=KINDS[unit], amount=amount, words=f"{amount} {_words(unit)}")


def _words(unit: TargetUnit) -> str:
    return unit.replace("_", " ")


def _was_set(state: Targets, told: TargetSet, envelope: Envelope) -> Targets:
    return _with(state, told.rule_id, _limit(told.amount, told.unit), envelope)


def _was_ended(state: Targets, told: TargetEnded, envelope: Envelope) -> Targets:
    return _with(state, told.rule_id, None, envelope)


def _with(state: Targets, rule_id: str, limit: Limit | None, envelope: Envelope) -> Targets:
    from_, version = envelope.circumstances.occurred_at, envelope.version
    return Targets((*state.settings, Setting(rule_id=rule_id, limit=limit, from_=from_, version=version)))


INITIAL = Targets()
DECIDES: dict[type[Command], Callable[[Submission[Any], Agency], Sequence[Recording]]] = {
    SetTarget: set_target, EndTarget: end_target,
}
EVOLVES: dict[type[Event], Callable[[Targets, Any, Envelope], Targets]] = {TargetSet: _was_set, TargetEnded: _was_ended}
