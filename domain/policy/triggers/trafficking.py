"""Triggers of screening for trafficking, and of what follows a suspicion."""
from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time

from domain.policy.facts import ChildFacts, MissingFact, Since, later
from domain.policy.triggers.answers import (
    Answer,
    CannotTell,
    No,
    custody,
    foreign,
    is_us,
    known,
    nationalities,
    of_child,
    opened,
    suspicion,
    trigger,
    value,
)

SCREENED_FROM_YEARS = 12  # domain.md N9, inclusive
OF_AGE_YEARS = 18  # domain.md N10: a minor is under it


def birthday(born: date, years: int) -> date:
    """The day on which that age is reached; who was born on 29 February, on 1 March of a common year."""
    try:
        return born.replace(year=born.year + years)
    except ValueError:
        return date(born.year + years, 3, 1)


@trigger(opened)
def child_of_a_referral(facts: ChildFacts) -> Iterator[Answer]:
    """The case was opened on a referral, and the child belongs to it."""
    assert facts.opened is not None
    yield of_child(facts, facts.opened)


@trigger(custody)
def child_in_custody(facts: ChildFacts) -> Iterator[Answer]:
    """The child is, or was, in custody."""
    assert facts.custody is not None
    yield of_child(facts, facts.custody)


@trigger(custody, MissingFact.BIRTH_DATE)
def child_of_twelve_or_older(facts: ChildFacts) -> Iterator[Answer]:
    """The child is in custody and has reached the age of twelve, by its birth date or an estimate of it."""
    fact = known(facts.child, facts.child.birth_date, MissingFact.BIRTH_DATE)
    if isinstance(fact, CannotTell):
        yield fact
        return
    day = birthday(value(fact).day, SCREENED_FROM_YEARS)
    reached = datetime.combine(day, time.min, tzinfo=facts.as_of.tzinfo)
    is_reached = reached <= facts.as_of and (facts.custody_ended_at is None or reached < facts.custody_ended_at)
    if not is_reached:
        yield No()
        return
    yield of_child(facts, Since(at=max(reached, fact.learned_at), occurred_at=reached, event_id=fact.event_id))


@trigger(suspicion)
def trafficking_suspected(facts: ChildFacts) -> Iterator[Answer]:
    """A concern about the child was flagged, a screening found one, or a hotline reported one."""
    yield _suspected(facts) or CannotTell(person_id=facts.child.person_id, missing=MissingFact.ORIGIN, withheld=True)


def _suspected(facts: ChildFacts) -> Answer | None:
    return of_child(facts, min(facts.suspected, key=lambda one: one.at)) if facts.suspected else None


@trigger(suspicion, MissingFact.ORIGIN)
def trafficking_of_noncitizen_suspected(facts: ChildFacts) -> Iterator[Answer]:
    """A child who is no US citizen may have been trafficked."""
    yield from _of_noncitizen(facts)


@trigger(suspicion, MissingFact.ORIGIN, MissingFact.BIRTH_DATE)
def trafficking_of_noncitizen_minor_suspected(facts: ChildFacts) -> Iterator[Answer]:
    """A child who is no US citizen, and was under eighteen when the suspicion was learned, may have been trafficked."""
    fact = known(facts.child, facts.child.birth_date, MissingFact.BIRTH_DATE)
    is_minor = isinstance(fact, CannotTell) or any(
        one.at.astimezone(facts.as_of.tzinfo).date() < birthday(value(fact).day, OF_AGE_YEARS) for one in facts.suspected
    )
    answers: list[Answer] = list(_of_noncitizen(facts)) if is_minor else [No()]
    if isinstance(fact, CannotTell) and any(not isinstance(answer, No) for answer in answers):
        answers = [fact, *(answer for answer in answers if isinstance(answer, CannotTell))]
    yield from answers


def _of_noncitizen(facts: ChildFacts) -> Iterator[Answer]:
    fact = nationalities(facts.child)
    if isinstance(fact, CannotTell):
        yield fact
    elif is_us(value(fact)):
        yield No()
    elif not facts.suspected:
        yield CannotTell(person_id=facts.child.person_id, missing=MissingFact.ORIGIN, withheld=True)
    else:
        first = min(facts.suspected, key=lambda one: one.at)
        yield of_child(facts, later(first, foreign(facts.child).since))


@trigger(suspicion, MissingFact.ORIGIN)
def suspected_noncitizen_referred_to_unit(facts: ChildFacts) -> Iterator[Answer]:
    """The immigration unit was told of a child, no US citizen, after somebody suspected that it was trafficked."""
    first = min(facts.suspected, key=lambda one: one.at, default=None)
    told = [one for one in facts.unit_informed if first is not None and one.occurred_at >= first.occurred_at]
    if not told:
        yield No()
        return
    for answer in _of_noncitizen(facts):
        if isinstance(answer, No | CannotTell):
            yield answer
        else:
            yield of_child(facts, later(answer.since, min(told, key=lambda one: one.at)))
