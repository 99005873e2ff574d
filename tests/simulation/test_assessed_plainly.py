"""What is owed, found by the rulebook of the packs, is what every rule says when it is asked by itself."""
from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.case.assessing import InForce, assessed_under
from domain.case.facts import facts_of
from domain.case.state import fold
from domain.events import Compartment
from domain.policy.facts import ChildFacts, later
from domain.policy.owed import Assessment, DutyKey, assess, recipients
from domain.policy.pack import Pack, Rule
from domain.policy.triggers import TRIGGERS, Answer, CannotTell, Yes
from tests.simulation.test_fold_properties import hidden_sets, history, withhold
from tests.unit.rules.agencies import JURISDICTIONS, agency_of


class Plainly(NamedTuple):
    """What can be said without keeping anything between two rules."""

    owed: dict[DutyKey, tuple[Any, ...]]
    missing: dict[tuple[UUID, str], tuple[Any, ...]]
    undecided: set[tuple[str, UUID, UUID]]
    withheld: set[tuple[UUID, str]]


def answers(rule: Rule, facts: ChildFacts) -> list[Answer]:
    return list(TRIGGERS[rule.trigger or ""](facts))


def plainly(children: Iterable[ChildFacts], packs: tuple[Pack, ...]) -> Plainly:
    found = Plainly({}, {}, set(), set())
    asked = [(facts, pack, rule) for facts in children for pack in packs for rule in pack.rules if rule.raises_duties]
    for facts, pack, rule in asked:
        starts, child = TRIGGERS[rule.trigger or ""].starts(facts), facts.child.person_id
        for answer in answers(rule, facts) if starts is not None else []:
            assert starts is not None
            if isinstance(answer, Yes):
                cited = tuple(
                    other.id for one in packs for other in one.rules if rule.id in other.cited_on
                    and TRIGGERS[other.trigger or ""].starts(facts) is not None
                    and all(isinstance(said, Yes) for said in answers(other, facts))
                )
                cause = later(starts, answer.since)
                for kind in recipients(rule, answer.country):
                    key = DutyKey(rule.id, kind, child, starts.spell_id)
                    known = found.owed.get(key)
                    whose = frozenset({answer.person_id}) | (known[0] if known else frozenset())
                    if known is None or cause.at < known[1]:
                        known = (whose, cause.at, cause.event_id, starts.occurred_at, cited, pack.digest)
                    found.owed[key] = (whose, *known[1:])
            elif isinstance(answer, CannotTell):
                found.undecided.add((rule.id, child, answer.person_id))
                fact = answer.person_id, answer.missing
                if answer.withheld:
                    found.withheld.add(fact)
                    continue
                waits, rules, since = found.missing.get(fact, ((), (), starts.at))
                found.missing[fact] = (
                    tuple(dict.fromkeys((*waits, child))), tuple(dict.fromkeys((*rules, rule.id))), min(since, starts.at)
                )
    return found


def told(found: Assessment) -> Plainly:
    return Plainly(
        {key: (one.subject_ids, one.clock_start, one.cause_event_id, one.began_at, one.cited_rule_ids, one.pack_digest)
         for key, one in found.owed.items()},
        {key: (one.child_ids, one.rule_ids, one.since) for key, one in found.missing.items()},
        set(found.undecided), set(found.withheld),
    )


@settings(max_examples=60, deadline=None)
@given(upto=st.integers(0, 200), hidden=hidden_sets, jurisdiction=st.sampled_from(JURISDICTIONS), left=st.integers(1, 3))
def test_an_assessment_is_what_each_rule_says_by_itself(
    upto: int, hidden: frozenset[Compartment], jurisdiction: str, left: int
) -> None:
    case = fold([withhold(envelope, hidden) for envelope in history()[:upto]])
    agency = agency_of(jurisdiction)
    packs = agency.latest_packs()[-left:]
    found, by_each = told(assess(facts_of(case, agency.zone), packs, None)), plainly(facts_of(case, agency.zone), packs)
    assert found == by_each
    assert list(found.owed) == list(by_each.owed) and list(found.missing) == list(by_each.missing)  # ids follow the order


@settings(max_examples=60, deadline=None)
@given(
    earlier=st.integers(0, 200), later=st.integers(0, 200), hidden=hidden_sets, then_hidden=hidden_sets,
    jurisdictions=st.tuples(st.sampled_from(JURISDICTIONS), st.sampled_from(JURISDICTIONS)),
)
def test_what_was_assessed_before_is_given_again_only_where_it_would_be_found_again(
    earlier: int, later: int, hidden: frozenset[Compartment], then_hidden: frozenset[Compartment],
    jurisdictions: tuple[str, str],
) -> None:
    before, after = (
        fold([withhold(envelope, out_of_sight) for envelope in history()[:upto]])
        for upto, out_of_sight in ((earlier, hidden), (later, then_hidden))
    )
    then, now = (InForce(agency.zone, agency.latest_packs(), None) for agency in map(agency_of, jurisdictions))
    known = assessed_under(then, before, None)
    assert assessed_under(now, after, known).assessment == assessed_under(now, after, None).assessment


def test_the_history_behind_it_raises_duties_and_questions() -> None:
    found = assess(facts_of(fold(history()), "America/Denver"), agency_of("NM").latest_packs(), None)
    assert len(found.owed) > 5 and found.missing
