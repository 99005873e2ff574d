"""What an agency settles for itself where the guide is silent: who owns what, and how long it waits before asking again."""
from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from domain.events import Envelope, Event, clear, event
from domain.refusals import Refused
from domain.requests import NO_ANSWER_ASKED, AskedFor
from domain.submission import Command, Recording, Submission, command

if TYPE_CHECKING:
    from domain.agency.state import Agency

SETTING = "how an agency works, nothing about a person"
QUESTIONS = "questions"
PROCESS = re.compile(r"P(0[1-9]|1[0-9])")
UNIT_LENGTH_MAX = 80
WAIT_HOURS_MAX = 366 * 24


@event("casebridge.agency.OwnerSet")
class OwnerSet(Event):
    """The agency settled which of its units owns what a rule, a process or the open questions ask for."""

    of: str = clear("id of a rule, a process such as P05, or `questions`")
    unit: str = clear("a unit of the agency, nothing about a person")


@event("casebridge.agency.WaitingTimeSet")
class WaitingTimeSet(Event):
    """The agency settled how long it waits for others before it asks again. It is its own habit, and no legal limit."""

    asked_for: AskedFor = clear("a kind of request, nothing about a person")
    acknowledgement_hours: int | None = clear(SETTING)
    answer_hours: int | None = clear(SETTING)


@dataclass(frozen=True, kw_only=True, slots=True)
class Settled:
    """A setting, and from when it counts."""

    told: OwnerSet | WaitingTimeSet
    effective_at: datetime
    version: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    settled: tuple[Settled, ...] = ()

    def owner_of(self, of: str, moment: datetime) -> str | None:
        """The unit that owns this at `moment`, where the agency settled it."""
        told = self._last(lambda item: isinstance(item, OwnerSet) and item.of == of, moment)
        return told.unit if isinstance(told, OwnerSet) else None

    def waits(self, asked_for: AskedFor, moment: datetime) -> tuple[timedelta | None, timedelta | None]:
        """How long an acknowledgement and an answer may take before the agency asks again; None: it set no interval."""
        told = self._last(lambda item: isinstance(item, WaitingTimeSet) and item.asked_for is asked_for, moment)
        if not isinstance(told, WaitingTimeSet):
            return None, None
        return _hours(told.acknowledgement_hours), _hours(told.answer_hours)

    def _last(
        self, is_wanted: Callable[[OwnerSet | WaitingTimeSet], bool], moment: datetime
    ) -> OwnerSet | WaitingTimeSet | None:
        counted = [item for item in self.settled if item.effective_at <= moment and is_wanted(item.told)]
        last = max(counted, key=lambda item: (item.effective_at, item.version), default=None)
        return None if last is None else last.told


def _hours(hours: int | None) -> timedelta | None:
    return None if hours is None else timedelta(hours=hours)


@command
class SetOwner(Command):
    """Settle which unit owns a rule whose pack names nobody, a process such as P05, or `questions`."""

    of: str
    unit: str


@command
class SetWaitingTime(Command):
    """Settle after how many hours the agency asks again for an acknowledgement, and for an answer. Left out: never."""

    asked_for: AskedFor
    acknowledgement_hours: int | None = None
    answer_hours: int | None = None


def set_owner(submission: Submission[SetOwner], agency: Agency) -> Sequence[Recording]:
    wish = submission.command
    unit = wish.unit.strip()
    if not unit or len(unit) > UNIT_LENGTH_MAX:
        raise Refused(f"name the unit, in at most {UNIT_LENGTH_MAX} signs", rule="DECISION-9", field="unit")
    if wish.of != QUESTIONS and not PROCESS.fullmatch(wish.of):
        rules = [rule for pack in agency.packs_at(submission.occurred_at) for rule in pack.rules if rule.id == wish.of]
        if not rules:
            raise Refused(
                "name a rule of an adopted pack, a process such as P05, or questions", rule="DECISION-9", field="of"
            )
        if rules[0].owner is not None:
            raise Refused(f"its pack names its owner: {rules[0].owner}", rule=wish.of, field="of")
    if agency.settings.owner_of(wish.of, submission.occurred_at) == unit:
        return []
    return [Recording(event=OwnerSet(of=wish.of, unit=unit))]


def set_waiting_time(submission: Submission[SetWaitingTime], agency: Agency) -> Sequence[Recording]:
    wish = submission.command
    for name in ("acknowledgement_hours", "answer_hours"):
        hours = getattr(wish, name)
        if hours is not None and not 1 <= hours <= WAIT_HOURS_MAX:
            raise Refused(f"a waiting time is from 1 to {WAIT_HOURS_MAX} hours", rule="DECISION-9", field=name)
    if wish.asked_for in NO_ANSWER_ASKED and wish.answer_hours is not None:
        raise Refused("a notice asks for no answer", rule="DECISION-9", field="answer_hours")
    wanted = _hours(wish.acknowledgement_hours), _hours(wish.answer_hours)
    if agency.settings.waits(wish.asked_for, submission.occurred_at) == wanted:
        return []
    return [Recording(event=WaitingTimeSet(
        asked_for=wish.asked_for, acknowledgement_hours=wish.acknowledgement_hours, answer_hours=wish.answer_hours,
    ))]


def _settled(state: Settings, told: OwnerSet | WaitingTimeSet, envelope: Envelope) -> Settings:
    item = Settled(told=told, effective_at=envelope.circumstances.occurred_at, version=envelope.version)
    return Settings(settled=(*state.settled, item))


INITIAL = Settings()
DECIDES: dict[type[Command], Callable[[Submission[Any], Agency], Sequence[Recording]]] = {
    SetOwner: set_owner, SetWaitingTime: set_waiting_time,
}
EVOLVES: dict[type[Event], Callable[[Settings, Any, Envelope], Settings]] = {
    OwnerSet: _settled, WaitingTimeSet: _settled,
}
