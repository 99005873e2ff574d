"""What is owed under a set of facts: pure, total, the same for the same facts."""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from domain.policy.calendar import Calendar
from domain.policy.clock import NotCovered, due_moment
from domain.policy.facts import ChildFacts, MissingFact, Since, later
from domain.policy.pack import Pack, Rule
from domain.policy.triggers import TRIGGERS, Answer, CannotTell, Trigger, Yes
from domain.refusals import Refused

ANY_CONSULATE = "CONS-xx"
NOBODY = "AGENCY"  # the agency owes an act of its own, and tells nobody by it


@dataclass(frozen=True, slots=True)
class DutyKey:
    """What makes two duties the same one, apart from the fact that started them."""

    rule_id: str
    recipient_kind: str
    child_id: UUID
    episode_id: UUID | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Owed:
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Missing:
    """A fact that rules wait for: which and whose, for which children, under which rules, since when."""

    person_id: UUID
    missing: MissingFact
    child_ids: tuple[UUID, ...]
    rule_ids: tuple[str, ...]
    since: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Assessment:
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
    found = _Found(packs, calendar)
    for facts in children:
        answers = _Answers(facts)
        for pack in packs:
            for rule in pack.raising:
                found.judge(rule, pack, answers)
    return Assessment(
        owed=found.owed, missing=found.missing, undecided=frozenset(found.undecided), withheld=frozenset(found.withheld)
    )


class _Found:
    """What was found so far."""

    def __init__(self, packs: tuple[Pack, ...], calendar: Calendar | None) -> None:
        self.zone, self.calendar = packs[-1].zone if packs else "UTC", calendar
        self.citing = [rule for pack in packs for rule in pack.citing]
        self.owed: dict[DutyKey, Owed] = {}
        self.missing: dict[tuple[UUID, MissingFact], Missing] = {}
        self.undecided: set[tuple[str, UUID, UUID]] = set()
        self.withheld: set[tuple[UUID, MissingFact]] = set()

    def judge(self, rule: Rule, pack: Pack, answers: _Answers) -> None:
        starts, given = answers.of(rule)
        if starts is None:
            return
        facts = answers.facts
        for answer in given:
            if isinstance(answer, Yes):
                for recipient in recipients(rule, answer.country):
                    key = DutyKey(rule.id, recipient, facts.child.person_id, starts.spell_id)
                    self._keep(self._owe(key, rule, pack, answers, starts, answer))
            elif isinstance(answer, CannotTell):
                self.undecided.add((rule.id, facts.child.person_id, answer.person_id))
                if answer.withheld:
                    self.withheld.add((answer.person_id, answer.missing))
                else:
                    self._miss(answer, rule, facts, starts)

    def _owe(self, key: DutyKey, rule: Rule, pack: Pack, answers: _Answers, starts: Since, answer: Yes) -> Owed:
        cause, calendar = later(starts, answer.since), self.calendar
        due_at, qualifier = _due(rule, cause.at, self.zone, calendar)
        return Owed(
            key=key, subject_ids=frozenset({answer.person_id}),
            cited_rule_ids=tuple(other.id for other in self.citing if _is_cited(other, rule, answers)),
            cause_event_id=cause.event_id, clock_start=cause.at, due_at=due_at, due_zone=self.zone,
            began_at=starts.occurred_at, qualifier=qualifier,
            calendar_digest=calendar.digest if calendar is not None and rule.limit.kind == "business_days" else None,
            pack_digest=pack.digest, owner=rule.owner or "caseworker",
        )

    def _keep(self, candidate: Owed) -> None:
        known = self.owed.get(candidate.key)
        if known is not None:
            first = min(known, candidate, key=lambda one: one.clock_start)
            candidate = replace(first, subject_ids=known.subject_ids | candidate.subject_ids)
        self.owed[candidate.key] = candidate

    def _miss(self, answer: CannotTell, rule: Rule, facts: ChildFacts, starts: Since) -> None:
        key, child = (answer.person_id, answer.missing), facts.child.person_id
        known = self.missing.get(key)
        self.missing[key] = Missing(
            person_id=answer.person_id, missing=answer.missing,
            child_ids=tuple(dict.fromkeys((*(known.child_ids if known else ()), child))),
            rule_ids=tuple(dict.fromkeys((*(known.rule_ids if known else ()), rule.id))),
            since=min(known.since, starts.at) if known else starts.at,
        )


def restarted(owed: Owed, rule: Rule, *, start: datetime, cause_event_id: UUID, calendar: Calendar | None) -> Owed:
    """The same duty with a clock that starts later, for another cause."""
    due_at, qualifier = _due(rule, start, owed.due_zone, calendar)
    return replace(owed, clock_start=start, cause_event_id=cause_event_id, due_at=due_at, qualifier=qualifier)


def _due(rule: Rule, start: datetime, zone: str, calendar: Calendar | None) -> tuple[datetime | None, str | None]:
    """The due moment, or the words that stand in its place."""
    try:
        due_at = due_moment(rule.limit, start=start, zone=zone, calendar=calendar)
    except NotCovered:  # A fact is recorded all the same; the act says what the policy desk has to do.
        return None, f"{rule.limit.words}; no adopted calendar covers them"
    return due_at, rule.limit.words if due_at is None else None


def _trigger(rule: Rule) -> Trigger:
    named = TRIGGERS.get(rule.trigger or "")
    if named is None:
        raise Refused(f"this version does not know the trigger {rule.trigger} of {rule.id}", rule="DECISION-7")
    return named


class _Answers:
    """What triggers say of one child, each asked once for all rules that have it."""

    def __init__(self, facts: ChildFacts) -> None:
        self.facts = facts
        self._given: dict[str | None, tuple[Since | None, tuple[Answer, ...]]] = {}

    def of(self, rule: Rule) -> tuple[Since | None, tuple[Answer, ...]]:
        """What the rule hangs on, and the answers of its trigger; none before that."""
        given = self._given.get(rule.trigger)
        if given is None:
            trigger = _trigger(rule)
            starts = trigger.starts(self.facts)
            answers = () if starts is None else tuple(trigger.judge(self.facts))
            given = self._given[rule.trigger] = starts, answers
        return given


def recipients(rule: Rule, country: str | None) -> list[str]:
    """The kinds that a rule means for a country: CONS-MX for Mexico, CONS-<country> where the rule says CONS-xx.

    A rule that names nobody asks the agency for an act of its own.
    """
    if country is None:
        return list(rule.recipients) or [NOBODY]
    kind = f"CONS-{country}"
    return [kind] if kind in rule.recipients or (ANY_CONSULATE in rule.recipients and kind != "CONS-MX") else []


def _is_cited(other: Rule, rule: Rule, answers: _Answers) -> bool:
    if rule.id not in other.cited_on:
        return False
    starts, given = answers.of(other)
    return starts is not None and all(isinstance(answer, Yes) for answer in given)
