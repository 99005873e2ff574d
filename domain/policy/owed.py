"""What is owed under a set of facts: pure, total, the same for the same facts."""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from domain.policy.calendar import Calendar
from domain.policy.clock import NotCovered, due_moment
from domain.policy.facts import ChildFacts, MissingFact, Since, later
from domain.policy.pack import Pack, Rule
from domain.policy.rulebook import Raising, rulebook
from domain.policy.triggers import Answer, CannotTell, Trigger, Yes

ANY_CONSULATE = "CONS-xx"
NOBODY = "AGENCY"  # the agency owes an act of its own, and tells nobody by it


class DutyKey(NamedTuple):
    """What makes two duties the same one, apart from the fact that started them."""

    rule_id: str
    recipient_kind: str
    child_id: UUID
    episode_id: UUID | None


class Owed(NamedTuple):
    """One duty as the rules have it now. `due_at` is None where no number stands; `qualifier` then has the words.

    `subject_ids` are the persons through whom the rule applies: the child, a parent. An act that was done since
    `began_at`, before the rule could be judged, meets the duty.
    """

    key: DutyKey
    subject_ids: frozenset[UUID]
    cited_rule_ids: tuple[str, ...]
    cause_event_id: UUID
    clock_start: datetime
    due_at: datetime | None
    due_zone: str
    qualifier: str | None
    calendar_digest: str | None
    pack_digest: str
    owner: str
    began_at: datetime


class Missing(NamedTuple):
    """A fact that rules wait for: which and whose, for which children, under which rules, since when."""

    person_id: UUID
    missing: MissingFact
    child_ids: tuple[UUID, ...]
    rule_ids: tuple[str, ...]
    since: datetime


class Assessment(NamedTuple):
    """`undecided` holds what cannot be told, as (rule, child, person): nothing that rests on it is withdrawn.

    `withheld` holds what was recorded and cannot be read, as (person, fact): no question about it opens or closes.
    """

    owed: Mapping[DutyKey, Owed]
    missing: Mapping[tuple[UUID, MissingFact], Missing]
    undecided: frozenset[tuple[str, UUID, UUID]]
    withheld: frozenset[tuple[UUID, MissingFact]]


def assess(children: Iterable[ChildFacts], packs: tuple[Pack, ...], calendar: Calendar | None) -> Assessment:
    """Every duty that the tracked rules of `packs` raise for these children, and what cannot be told.

    The clock of a duty starts at the later of what its rule hangs on, such as custody, and the fact that made the
    rule apply, as the agency learned it (domain.md 3.0, N1). Raises Refused where a pack names a trigger that this
    version lacks. Where no adopted calendar covers the working days of a limit, the duty stands without a due moment
    and says so.
    """
    found = _Found(packs[-1].zone if packs else "UTC", calendar)
    rules = rulebook(packs)
    for facts in children:
        answers = _Answers(facts)
        for raising in rules:
            found.judge(raising, answers)
    return found.assessment()


class _Found:
    """What was found so far."""

    def __init__(self, zone: str, calendar: Calendar | None) -> None:
        self._zone, self._calendar = zone, calendar
        self._owed: dict[DutyKey, Owed] = {}
        self._missing: dict[tuple[UUID, MissingFact], _Waiting] = {}
        self._undecided: set[tuple[str, UUID, UUID]] = set()
        self._withheld: set[tuple[UUID, MissingFact]] = set()

    def judge(self, raising: Raising, answers: _Answers) -> None:
        starts, given = answers.of(raising.trigger)
        if starts is None:
            return
        rule, child_id = raising.rule, answers.facts.child.person_id
        for answer in given:
            if isinstance(answer, CannotTell):
                self._undecided.add((rule.id, child_id, answer.person_id))
                self._wait(answer, rule, child_id, starts)
            elif isinstance(answer, Yes):
                for recipient in recipients(rule, answer.country):
                    key = DutyKey(rule.id, recipient, child_id, starts.spell_id)
                    self._keep(self._owe(key, raising, answers, starts, answer))

    def _owe(self, key: DutyKey, raising: Raising, answers: _Answers, starts: Since, answer: Yes) -> Owed:
        cause, calendar, rule = later(starts, answer.since), self._calendar, raising.rule
        due_at, qualifier = _due(rule, cause.at, self._zone, calendar)
        return Owed(
            key=key, subject_ids=frozenset({answer.person_id}),
            cited_rule_ids=tuple(rule_id for rule_id, trigger in raising.citing if answers.all_yes(trigger)),
            cause_event_id=cause.event_id, clock_start=cause.at, due_at=due_at, due_zone=self._zone,
            began_at=starts.occurred_at, qualifier=qualifier,
            calendar_digest=calendar.digest if calendar is not None and rule.limit.kind == "business_days" else None,
            pack_digest=raising.pack.digest, owner=rule.owner or "caseworker",
        )

    def _keep(self, candidate: Owed) -> None:
        known = self._owed.get(candidate.key)
        if known is not None:
            first = min(known, candidate, key=lambda one: one.clock_start)
            candidate = first._replace(subject_ids=known.subject_ids | candidate.subject_ids)
        self._owed[candidate.key] = candidate

    def _wait(self, answer: CannotTell, rule: Rule, child_id: UUID, starts: Since) -> None:
        key = answer.person_id, answer.missing
        if answer.withheld:
            self._withheld.add(key)
            return
        waiting = self._missing.get(key)
        if waiting is None:
            waiting = self._missing[key] = _Waiting({}, {}, [])
        waiting.child_ids[child_id] = waiting.rule_ids[rule.id] = None
        waiting.since.append(starts.at)

    def assessment(self) -> Assessment:
        missing = {
            (person_id, missing): Missing(
                person_id=person_id, missing=missing, child_ids=tuple(waiting.child_ids),
                rule_ids=tuple(waiting.rule_ids), since=min(waiting.since),
            )
            for (person_id, missing), waiting in self._missing.items()
        }
        return Assessment(
            owed=self._owed, missing=missing, undecided=frozenset(self._undecided), withheld=frozenset(self._withheld)
        )


class _Waiting(NamedTuple):
    """Who and what waits for a fact: children and rules in their order, each once, and since when each did."""

    child_ids: dict[UUID, None]
    rule_ids: dict[str, None]
    since: list[datetime]


def restarted(owed: Owed, rule: Rule, *, start: datetime, cause_event_id: UUID, calendar: Calendar | None) -> Owed:
    """The same duty with a clock that starts later, for another cause."""
    due_at, qualifier = _due(rule, start, owed.due_zone, calendar)
    return owed._replace(clock_start=start, cause_event_id=cause_event_id, due_at=due_at, qualifier=qualifier)


def _due(rule: Rule, start: datetime, zone: str, calendar: Calendar | None) -> tuple[datetime | None, str | None]:
    """The due moment, or the words that stand in its place."""
    try:
        due_at = due_moment(rule.limit, start=start, zone=zone, calendar=calendar)
    except NotCovered:  # A fact is recorded all the same; the act says what the policy desk has to do.
        return None, f"{rule.limit.words}; no adopted calendar covers them"
    return due_at, rule.limit.words if due_at is None else None


class _Answers:
    """What triggers say of one child, each asked once for all rules that have it."""

    def __init__(self, facts: ChildFacts) -> None:
        self.facts = facts
        self._given: dict[str, tuple[Since | None, tuple[Answer, ...]]] = {}

    def of(self, trigger: Trigger) -> tuple[Since | None, tuple[Answer, ...]]:
        """What its rules hang on, and its answers; none before that."""
        given = self._given.get(trigger.name)
        if given is None:
            starts = trigger.starts(self.facts)
            answers = () if starts is None else tuple(trigger.judge(self.facts))
            given = self._given[trigger.name] = starts, answers
        return given

    def all_yes(self, trigger: Trigger) -> bool:
        """Whether a rule with this trigger stands on the duties that it names."""
        starts, given = self.of(trigger)
        return starts is not None and all(isinstance(answer, Yes) for answer in given)


def recipients(rule: Rule, country: str | None) -> list[str]:
    """The kinds that a rule means for a country: CONS-MX for Mexico, CONS-<country> where the rule says CONS-xx.

    A rule that names nobody asks the agency for an act of its own.
    """
    if country is None:
        return list(rule.recipients) or [NOBODY]
    kind = f"CONS-{country}"
    return [kind] if kind in rule.recipients or (ANY_CONSULATE in rule.recipients and kind != "CONS-MX") else []
