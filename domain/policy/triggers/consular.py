"""Triggers of notices to consulates, and of what is said inside the agency before them."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from domain.policy.facts import ChildFacts, MissingFact, Since, later
from domain.policy.triggers.answers import (
    MEXICO,
    UNITED_STATES,
    Answer,
    CannotTell,
    No,
    Yes,
    birth_country,
    custody,
    custody_or_its_plan,
    foreign,
    is_us,
    national,
    nationalities,
    of_child,
    since_told,
    trigger,
    value,
)


@trigger(custody, MissingFact.ORIGIN)
def child_is_no_us_citizen(facts: ChildFacts) -> Iterator[Answer]:
    """The child has a nationality and none of them is of the United States; yes for each country of nationality."""
    fact = nationalities(facts.child)
    if isinstance(fact, CannotTell):
        yield fact
    elif is_us(value(fact)):
        yield No()
    else:
        yield from (national(facts.child, country) for country in value(fact))


@trigger(custody, MissingFact.ORIGIN)
def child_is_mexican_national(facts: ChildFacts) -> Iterator[Answer]:
    """Mexico is among the child's nationalities, whatever the others."""
    fact = nationalities(facts.child)
    if isinstance(fact, CannotTell):
        yield fact
    elif MEXICO in value(fact):
        since = since_told(facts.child.nationalities, lambda told: MEXICO in told)
        yield Yes(person_id=facts.child.person_id, country=MEXICO, since=since)
    else:
        yield No()


@trigger(custody, MissingFact.ORIGIN)
def child_or_parent_is_foreign_national(facts: ChildFacts) -> Iterator[Answer]:
    """The child, or a recorded parent, has a nationality and none of them is of the United States."""
    yield from _foreign_nationals(facts)


def _foreign_nationals(facts: ChildFacts) -> Iterator[Answer]:
    for person in (facts.child, *facts.parents):
        fact = nationalities(person)
        if isinstance(fact, CannotTell):
            yield fact
        else:
            yield No() if is_us(value(fact)) else foreign(person)


# ------------------------------------------------------------------ New Mexico
def _new_mexico_countries(facts: ChildFacts) -> Iterator[Answer]:
    """The nationalities of a child who is no US citizen, and the birth country of each parent born abroad."""
    yield from child_is_no_us_citizen(facts)
    for parent in facts.parents:
        fact = birth_country(parent)
        if isinstance(fact, CannotTell):
            yield fact
        elif (country := value(fact)) in UNITED_STATES:
            yield No()
        else:
            since = since_told(parent.birth_country, country.__eq__)
            yield Yes(person_id=parent.person_id, country=country, since=since)


@trigger(custody, MissingFact.ORIGIN)
def origin_in_mexico(facts: ChildFacts) -> Iterator[Answer]:
    """The child, being no US citizen, is a national of Mexico, or a parent was born there (New Mexico)."""
    for answer in _new_mexico_countries(facts):
        yield No() if isinstance(answer, Yes) and answer.country != MEXICO else answer


@trigger(custody, MissingFact.ORIGIN)
def origin_in_another_country(facts: ChildFacts) -> Iterator[Answer]:
    """The child, being no US citizen, is a national of a country other than Mexico, or a parent was born in one."""
    for answer in _new_mexico_countries(facts):
        yield No() if isinstance(answer, Yes) and answer.country == MEXICO else answer


def _parents_born_abroad(facts: ChildFacts, wanted: Callable[[int], bool]) -> Iterator[Answer]:
    """How many recorded parents were born abroad, for a child who is a US citizen."""
    child = nationalities(facts.child)
    if isinstance(child, CannotTell):
        yield child
        return
    births = [birth_country(parent) for parent in facts.parents] if is_us(value(child)) else []
    unknown = [fact for fact in births if isinstance(fact, CannotTell)]
    abroad = sum(not isinstance(fact, CannotTell) and value(fact) not in UNITED_STATES for fact in births)
    if unknown:
        yield from unknown
    else:
        yield _always(facts) if wanted(abroad) else No()


def _always(facts: ChildFacts) -> Yes:
    assert facts.custody is not None
    return of_child(facts, facts.custody)


@trigger(custody, MissingFact.ORIGIN)
def citizen_child_with_both_parents_born_abroad(facts: ChildFacts) -> Iterator[Answer]:
    """The child is a US citizen and two recorded parents were born abroad."""
    yield from _parents_born_abroad(facts, lambda abroad: abroad >= 2)


@trigger(custody, MissingFact.ORIGIN)
def citizen_child_with_one_parent_born_abroad(facts: ChildFacts) -> Iterator[Answer]:
    """The child is a US citizen and exactly one recorded parent was born abroad."""
    yield from _parents_born_abroad(facts, lambda abroad: abroad == 1)


@trigger(custody)
def every_notice(facts: ChildFacts) -> Iterator[Answer]:
    """Always: the rule says what any notice carries."""
    yield _always(facts)


# ------------------------------------------------------------------ San Diego County
@trigger(lambda facts: facts.in_court or facts.custody, MissingFact.ORIGIN, MissingFact.COURT)
def foreign_national_in_court(facts: ChildFacts) -> Iterator[Answer]:
    """The child's case is before the court, and the child or a recorded parent is a foreign national.

    Of a child in custody of whom no hearing and no order is recorded, nobody can tell whether it is.
    """
    yield from _in_court(facts, list(_foreign_nationals(facts)))


@trigger(lambda facts: facts.in_court or facts.custody, MissingFact.ORIGIN, MissingFact.COURT)
def country_of_foreign_national_once_unit_informed(facts: ChildFacts) -> Iterator[Answer]:
    """The liaison office was told of a child before the court; yes for each country of a child or parent who is a
    foreign national."""
    if not facts.unit_informed:
        yield No()
        return
    answers: list[Answer] = []
    for person in (facts.child, *facts.parents):
        fact = nationalities(person)
        if isinstance(fact, CannotTell):
            answers.append(fact)
        elif not is_us(value(fact)):
            answers += [_since(national(person, country), facts) for country in value(fact)]
    yield from _in_court(facts, answers or [No()])


def _in_court(facts: ChildFacts, answers: list[Answer]) -> Iterator[Answer]:
    """These answers, where the case is before the court; whether it is, is asked once somebody may be concerned."""
    is_concerned = any(not isinstance(answer, No) for answer in answers)
    if facts.in_court is None and is_concerned:
        yield CannotTell(person_id=facts.child.person_id, missing=MissingFact.COURT, withheld=False)
    for answer in answers:
        yield No() if facts.in_court is None and isinstance(answer, Yes) else answer


def _since(yes: Yes, facts: ChildFacts) -> Yes:
    """This answer, counted from when the unit was told where that came later."""
    informed = min(facts.unit_informed, key=lambda one: one.at)
    return Yes(person_id=yes.person_id, country=yes.country, since=later(yes.since, informed))


# ------------------------------------------------------------------ New Jersey and Oregon
@trigger(custody_or_its_plan, MissingFact.ORIGIN)
def noncitizen_or_relief_candidate(facts: ChildFacts) -> Iterator[Answer]:
    """Custody is planned or taken, and the child is no US citizen, or counsel found that it may qualify for relief."""
    if facts.relief_candidate is not None:
        yield of_child(facts, facts.relief_candidate)
        return
    fact = nationalities(facts.child)
    if isinstance(fact, CannotTell):
        yield fact
    elif not is_us(value(fact)):
        yield foreign(facts.child)
    elif facts.is_relief_withheld:
        yield CannotTell(person_id=facts.child.person_id, missing=MissingFact.ORIGIN, withheld=True)
    else:
        yield No()


@trigger(custody_or_its_plan, MissingFact.ORIGIN)
def country_of_noncitizen_child_once_unit_informed(facts: ChildFacts) -> Iterator[Answer]:
    """The immigration specialist was told of a child whose custody is planned or taken; yes for each country of a child
    who is no US citizen."""
    if not facts.unit_informed:
        yield No()
        return
    fact = nationalities(facts.child)
    if isinstance(fact, CannotTell):
        yield fact
    elif is_us(value(fact)):
        yield No()
    else:
        yield from (_since(national(facts.child, country), facts) for country in value(fact))


@trigger(custody_or_its_plan, MissingFact.ORIGIN)
def countries_of_parents_of_noncitizen_child(facts: ChildFacts) -> Iterator[Answer]:
    """The child is no US citizen, and its recorded parents are nationals of two foreign countries or more; yes for each.

    Nothing is stated of a child who is a US citizen.
    """
    child = nationalities(facts.child)
    if isinstance(child, CannotTell):
        yield child
        return
    if is_us(value(child)):
        yield No()
        return
    told = [(parent, nationalities(parent)) for parent in facts.parents]
    found = [
        national(parent, country) for parent, fact in told
        if not isinstance(fact, CannotTell) and not is_us(value(fact)) for country in value(fact)
    ]
    yield from (fact for _, fact in told if isinstance(fact, CannotTell))
    if len({*_of(found)}) < 2:
        yield No()
        return
    told_first = {country: min((y.since for y in found if y.country == country), key=_at) for country in {*_of(found)}}
    second = sorted(told_first.values(), key=_at)[1]
    for yes in found:
        since = later(later(yes.since, second), foreign(facts.child).since)
        yield Yes(person_id=yes.person_id, country=yes.country, since=since)


def _at(since: Since) -> datetime:
    return since.at


def _of(answers: list[Yes]) -> list[str | None]:
    return [answer.country for answer in answers]


@trigger(custody, MissingFact.ORIGIN)
def citizen_child_of_mexican_national(facts: ChildFacts) -> Iterator[Answer]:
    """The child is a US citizen and a recorded parent is a citizen of Mexico, wherever that parent was born."""
    child = nationalities(facts.child)
    if isinstance(child, CannotTell):
        yield child
        return
    if not is_us(value(child)):
        yield No()
        return
    for parent in facts.parents:
        fact = nationalities(parent)
        if isinstance(fact, CannotTell):
            yield fact
        elif MEXICO in value(fact):
            since = later(
                since_told(parent.nationalities, lambda told: MEXICO in told), since_told(facts.child.nationalities, is_us)
            )
            yield Yes(person_id=parent.person_id, country=MEXICO, since=since)
        else:
            yield No()
