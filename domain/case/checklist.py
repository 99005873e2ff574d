"""What the adopted packs expect of a process beyond its duties: a checklist, what is not done, where the guide is silent."""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from domain.agency.state import Agency
from domain.case.facts import facts_of
from domain.case.happenings import Happening
from domain.case.state import Case
from domain.events import Event
from domain.personal import Known
from domain.policy.facts import ChildFacts
from domain.policy.pack import Role, Rule
from domain.policy.triggers import TRIGGERS, CannotTell, Yes


class Applies(StrEnum):
    YES = "yes"  # its trigger says so of a child of the case
    CANNOT_TELL = "cannot_tell"
    ALWAYS = "always"  # the pack names no trigger: whoever reads it judges


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """One thing that is done in such a case. Nothing is owed by it; `done` is the first event by which it counts as done."""

    rule: Rule
    as_reported: str | None
    applies: Applies
    done: Happening | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Expected:
    """Of one process: its checklist, what must not be done or is stated not to be had, and where the guide is silent."""

    items: tuple[Item, ...] = ()
    forbidden: tuple[Rule, ...] = ()
    silent: tuple[Rule, ...] = field(default=())


def expected_of(case: Case, standing: Agency, now: datetime) -> Mapping[str, Expected]:
    """By process, in the order of the packs. An item whose trigger says no of every child is left out."""
    children = list(facts_of(case, standing.zone))
    found: dict[str, Expected] = {}
    for pack in standing.packs_at(now):
        for rule in pack.rules:
            before = found.get(rule.process, Expected())
            if rule.role is Role.PROHIBITION:
                found[rule.process] = Expected(
                    items=before.items, forbidden=(*before.forbidden, rule), silent=before.silent
                )
            elif rule.role is Role.SILENCE:
                found[rule.process] = Expected(
                    items=before.items, forbidden=before.forbidden, silent=(*before.silent, rule)
                )
            elif rule.role is Role.CHECKLIST and (applies := _applies(rule, children)) is not None:
                item = Item(rule=rule, as_reported=pack.as_reported, applies=applies, done=_done(case, rule))
                found[rule.process] = Expected(
                    items=(*before.items, item), forbidden=before.forbidden, silent=before.silent
                )
    return found


def _applies(rule: Rule, children: Sequence[ChildFacts]) -> Applies | None:
    """None where the trigger says no of every child."""
    if rule.trigger is None:
        return Applies.ALWAYS
    answers = [answer for facts in children for answer in TRIGGERS[rule.trigger](facts)]
    if any(isinstance(answer, Yes) for answer in answers):
        return Applies.YES
    return Applies.CANNOT_TELL if any(isinstance(answer, CannotTell) for answer in answers) else None


def _done(case: Case, rule: Rule) -> Happening | None:
    """The first event that the pack names for it, about anybody in the case."""
    people = tuple(case.intake.people)
    happened: Iterable[Happening] = (
        happening for name in rule.met_by for happening in case.happenings.named(people, name)
        if _is_such(rule, happening.event)
    )
    return min(happened, key=lambda happening: happening.occurred_at, default=None)


def _is_such(rule: Rule, event: Event) -> bool:
    """Whether an event has one of the values that the rule asks for; what is withheld has none."""
    for name, wanted in rule.met_with:
        value = getattr(event, name, None)
        if str(value.value if isinstance(value, Known) else value) not in wanted:
            return False
    return True
