"""What is owed under a set of facts: pure, total, the same for the same facts."""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from domain.policy.calendar import Calendar
from domain.policy.clock import NotCovered, due_moment
from domain.policy.pack import Pack, Rule
from domain.policy.triggers import TRIGGERS, CannotTell, ChildFacts, Yes
from domain.refusals import Refused

ANY_CONSULATE = "CONS-xx"


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

    `subject_ids` are the persons through whom the rule applies: the child, a parent.
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Missing:
    """A fact that rules wait for: whose, for which children, under which rules, since when."""

    person_id: UUID
    child_ids: tuple[UUID, ...]
    rule_ids: tuple[str, ...]
    since: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Assessment:
    """`undecided` holds what cannot be told, as (rule, child, person): nothing that rests on it is withdrawn."""

    owed: Mapping[DutyKey, Owed]
    missing: Mapping[UUID, Missing]
    undecided: frozenset[tuple[str, UUID, UUID]]


def assess(children: Iterable[ChildFacts], packs: tuple[Pack, ...], calendar: Calendar | None) -> Assessment:
    """Every duty that the tracked rules of `packs` raise for these children, and what cannot be told.

    The clock of a duty starts at the later of custody and the fact that made the rule apply, as the agency
    learned it (domain.md 3.0, N1). Raises Refused where a pack names a trigger that this version lacks. Where
    no adopted calendar covers the working days of a limit, the duty stands without a due moment and says so.
    """
    owed: dict[DutyKey, Owed] = {}
    missing: dict[UUID, Missing] = {}
    undecided: set[tuple[str, UUID, UUID]] = set()
    for facts in children:
        for pack in packs:
            for rule in pack.rules:
                if rule.raises_duties:
                    _judge(rule, pack, packs, facts, calendar, owed, missing, undecided)
    return Assessment(owed=owed, missing=missing, undecided=frozenset(undecided))


def _judge(
    rule: Rule, pack: Pack, packs: tuple[Pack, ...], facts: ChildFacts, calendar: Calendar | None,
    owed: dict[DutyKey, Owed], missing: dict[UUID, Missing], undecided: set[tuple[str, UUID, UUID]],
) -> None:
    for answer in _answers(rule, facts):
        if isinstance(answer, Yes):
            for recipient in recipients(rule, answer.country):
                key = DutyKey(rule.id, recipient, facts.child.person_id, facts.episode_id)
                candidate = _owe(key, rule, pack, packs, facts, answer, calendar)
                known = owed.get(key)
                if known is not None:
                    first = min(known, candidate, key=lambda one: one.clock_start)
                    candidate = replace(first, subject_ids=known.subject_ids | candidate.subject_ids)
                owed[key] = candidate
        elif isinstance(answer, CannotTell):
            undecided.add((rule.id, facts.child.person_id, answer.person_id))
            if not answer.withheld:
                _miss(missing, answer.person_id, rule, facts)


def _answers(rule: Rule, facts: ChildFacts) -> list[object]:
    assert rule.trigger is not None
    named = TRIGGERS.get(rule.trigger)
    if named is None:
        raise Refused(f"this version does not know the trigger {rule.trigger} of {rule.id}", rule="DECISION-7")
    return list(named(facts))


def recipients(rule: Rule, country: str | None) -> list[str]:
    """The kinds that a rule means for a country: CONS-MX for Mexico, CONS-<country> where the rule says CONS-xx."""
    if country is None:
        return list(rule.recipients)
    kind = f"CONS-{country}"
    return [kind] if kind in rule.recipients or (ANY_CONSULATE in rule.recipients and kind != "CONS-MX") else []


def _owe(
    key: DutyKey, rule: Rule, pack: Pack, packs: tuple[Pack, ...], facts: ChildFacts, answer: Yes, calendar: Calendar | None
) -> Owed:
    custody_first = facts.custody_at < answer.learned_at
    start = answer.learned_at if custody_first else facts.custody_at
    zone = packs[-1].zone
    qualifier: str | None = rule.limit.words
    try:
        due_at = due_moment(rule.limit, start=start, zone=zone, calendar=calendar)
    except NotCovered:  # A fact is recorded all the same; the act says what the policy desk has to do.
        due_at, qualifier = None, f"{rule.limit.words}; no adopted calendar covers them"
    return Owed(
        key=key, subject_ids=frozenset({answer.person_id}),
        cited_rule_ids=tuple(other.id for p in packs for other in p.rules if _is_cited(other, rule, facts)),
        cause_event_id=answer.event_id if custody_first else facts.custody_event_id,
        clock_start=start, due_at=due_at, due_zone=zone,
        qualifier=qualifier if due_at is None else None,
        calendar_digest=calendar.digest if calendar is not None and rule.limit.kind == "business_days" else None,
        pack_digest=pack.digest, owner=rule.owner or "caseworker",
    )


def _is_cited(other: Rule, rule: Rule, facts: ChildFacts) -> bool:
    return rule.id in other.cited_on and all(isinstance(answer, Yes) for answer in _answers(other, facts))


def _miss(missing: dict[UUID, Missing], person_id: UUID, rule: Rule, facts: ChildFacts) -> None:
    known = missing.get(person_id)
    child = facts.child.person_id
    missing[person_id] = Missing(
        person_id=person_id,
        child_ids=tuple(dict.fromkeys((*(known.child_ids if known else ()), child))),
        rule_ids=tuple(dict.fromkeys((*(known.rule_ids if known else ()), rule.id))),
        since=min(known.since, facts.custody_at) if known else facts.custody_at,
    )
